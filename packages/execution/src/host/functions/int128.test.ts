import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Harness } from '../testing/harness.js';

const wide = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
  fc.constantFrom(0n, 1n, (1n << 127n) - 1n, 1n << 127n, (1n << 128n) - 1n, 1n << 64n),
);
const signed = (value: bigint): bigint => BigInt.asIntN(128, value);
const halves = (value: bigint): [bigint, bigint] => [BigInt.asIntN(64, value), BigInt.asIntN(64, value >> 64n)];

const host = new Harness();
const out = host.alloc(16);

function compute(name: string, a: bigint, b: bigint): bigint {
  host.call(name, out, ...halves(a), ...halves(b));
  return host.u128(out);
}

function shift(name: string, a: bigint, by: number): bigint {
  host.call(name, out, ...halves(a), by);
  return host.u128(out);
}

describe('128-bit arithmetic', () => {
  it('multiplies modulo 2^128', () => {
    fc.assert(
      fc.property(wide, wide, (a, b) => {
        expect(compute('__multi3', a, b)).toBe(BigInt.asUintN(128, a * b));
      }),
    );
  });

  it('divides unsigned and signed, towards zero', () => {
    fc.assert(
      fc.property(wide, wide, (a, b) => {
        fc.pre(b !== 0n);
        expect(compute('__udivti3', a, b)).toBe(a / b);
        expect(compute('__umodti3', a, b)).toBe(a % b);
        expect(compute('__divti3', a, b)).toBe(BigInt.asUintN(128, signed(a) / signed(b)));
        expect(compute('__modti3', a, b)).toBe(BigInt.asUintN(128, signed(a) % signed(b)));
      }),
    );
    expect(compute('__divti3', 1n << 127n, (1n << 128n) - 1n)).toBe(1n << 127n);
  });

  it('rejects division by zero', () => {
    for (const name of ['__divti3', '__udivti3', '__modti3', '__umodti3']) {
      expect(host.refusal(name, out, 1n, 1n, 0n, 0n)).toBe('arithmetic_exception: divide by zero');
    }
  });

  it('shifts', () => {
    fc.assert(
      fc.property(wide, fc.integer({ min: 0, max: 127 }), (a, by) => {
        expect(shift('__ashlti3', a, by)).toBe(BigInt.asUintN(128, a << BigInt(by)));
        expect(shift('__lshlti3', a, by)).toBe(BigInt.asUintN(128, a << BigInt(by)));
        expect(shift('__lshrti3', a, by)).toBe(a >> BigInt(by));
        expect(shift('__ashrti3', a, by)).toBe(BigInt.asUintN(128, signed(a) >> BigInt(by)));
      }),
    );
  });

  it('shifts far: everything out, except that the arithmetic shift counts modulo 128', () => {
    for (const by of [128, 200, -1]) {
      expect(shift('__ashlti3', 5n, by)).toBe(0n);
      expect(shift('__lshlti3', 5n, by)).toBe(0n);
      expect(shift('__lshrti3', 5n, by)).toBe(0n);
    }
    expect(shift('__ashrti3', 40n, 130)).toBe(10n);
    expect(shift('__ashrti3', 1n << 127n, -1)).toBe((1n << 128n) - 1n);
  });

  it('writes only through good references', () => {
    expect(host.refusal('__multi3', 0, 1n, 1n, 1n, 1n)).toMatch(/null pointers/);
    expect(host.refusal('__ashlti3', host.size - 15, 1n, 1n, 1)).toMatch(/access violation/);
  });
});
