import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitAt, decodePath, encodePath } from './bucket-path.js';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const depth = fc.integer({ min: 0, max: 256 });

function bitsOf(bytes: Uint8Array, count: number): string {
  return Array.from({ length: count }, (_, i) => bitAt(bytes, 0, i)).join('');
}

describe('paths', () => {
  test('are as documented for a few', () => {
    const bits = Uint8Array.of(0b1011_0001, 0b0100_0000, ...new Uint8Array(30));
    expect(encodePath(bits, 0, 0)).toBe('\x80');
    expect(encodePath(bits, 0, 1)).toBe('\xc0');
    expect(encodePath(bits, 0, 4)).toBe('\xb8');
    expect(encodePath(bits, 0, 8)).toBe('\xb1\x80');
    expect(encodePath(bits, 0, 10)).toBe('\xb1\x60');
  });

  test('come back as they were', () => {
    fc.assert(
      fc.property(hash, depth, fc.nat(9), (bytes, d, offset) => {
        const shifted = new Uint8Array(offset + 32);
        shifted.set(bytes, offset);
        const decoded = decodePath(encodePath(shifted, offset, d))!;
        expect(decoded.depth).toBe(d);
        expect(bitsOf(decoded.bits, 256)).toBe(bitsOf(bytes, d).padEnd(256, '0'));
      }),
    );
  });

  test('are ordered as the key hashes below them', () => {
    fc.assert(
      fc.property(hash, hash, depth, depth, (a, b, depthA, depthB) => {
        const [bitsA, bitsB] = [bitsOf(a, depthA), bitsOf(b, depthB)];
        if (bitsA.startsWith(bitsB) || bitsB.startsWith(bitsA)) return;
        expect(encodePath(a, 0, depthA) < encodePath(b, 0, depthB)).toBe(bitsA < bitsB);
      }),
    );
  });

  test('are different for different bits or depths', () => {
    fc.assert(
      fc.property(hash, depth, depth, (bytes, d, e) => {
        expect(encodePath(bytes, 0, d) === encodePath(bytes, 0, e)).toBe(d === e);
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['no end mark', '\x80\x00'],
    ['too long', `${'\x01'.repeat(33)}\x80`],
    ['257 bits', `${'\x01'.repeat(32)}\x40`],
    ['not latin1', '\u0180'],
    ['not latin1 inside', '\u0180\x80'],
  ])('%s is no path', (_, path) => {
    expect(decodePath(path)).toBeUndefined();
  });
});
