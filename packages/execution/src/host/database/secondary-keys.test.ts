import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare, isNaN128 } from '../arithmetic/float128.js';
import { keyKinds } from './secondary-keys.js';

const little = (value: bigint, bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const sign = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const order = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

describe('sortable secondary keys', () => {
  it('order integers as integers', () => {
    const u128 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
    fc.assert(
      fc.property(u128, u128, u128, u128, (a, b, c, d) => {
        const { idx64, idx128, idx256 } = keyKinds;
        const [a64, b64] = [BigInt.asUintN(64, a), BigInt.asUintN(64, b)];
        expect(sign(idx64.sortable(little(a64, 8)), idx64.sortable(little(b64, 8)))).toBe(order(a64, b64));
        expect(sign(idx128.sortable(little(a, 16)), idx128.sortable(little(b, 16)))).toBe(order(a, b));
        const first = idx256.sortable(Uint8Array.from([...little(a, 16), ...little(c, 16)]));
        const second = idx256.sortable(Uint8Array.from([...little(b, 16), ...little(d, 16)]));
        expect(sign(first, second)).toBe(order(a, b) || order(c, d));
        expect([first.length, second.length]).toEqual([32, 32]);
      }),
    );
  });

  it('order doubles by IEEE less-than', () => {
    const { idxDouble } = keyKinds;
    const bytes = (value: number) => new Uint8Array(Float64Array.of(value).buffer);
    fc.assert(
      fc.property(fc.double(), fc.double(), (a, b) => {
        expect(idxDouble.isNaNKey(bytes(a))).toBe(Number.isNaN(a));
        if (Number.isNaN(a) || Number.isNaN(b)) return;
        expect(sign(idxDouble.sortable(bytes(a)), idxDouble.sortable(bytes(b)))).toBe(order(a, b));
      }),
    );
  });

  it('order long doubles by IEEE less-than', () => {
    const { idxLongDouble } = keyKinds;
    const pattern = fc.oneof(
      fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
      fc.constantFrom(0n, 1n << 127n, 0x7fffn << 112n, 0xffffn << 112n, (0x7fffn << 112n) | 1n, 1n, (1n << 127n) | 1n),
    );
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        expect(idxLongDouble.isNaNKey(little(a, 16))).toBe(isNaN128(a));
        const expected = compare(a, b);
        if (expected === undefined) return;
        expect(sign(idxLongDouble.sortable(little(a, 16)), idxLongDouble.sortable(little(b, 16)))).toBe(expected);
      }),
    );
  });
});
