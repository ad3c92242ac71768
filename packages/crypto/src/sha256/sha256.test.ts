import { readFileSync } from 'node:fs';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { concatBytes, toHex } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { keccak256, ripemd160, sha1, sha3_256, sha512 } from '../hash.js';
import { assembleSha256, INITIAL_WORDS, ROUND_WORDS } from './kernel.js';
import { assembleSha256Lanes, LANE_BLOCKS_MAX } from './lanes.js';
import { type MessageSource, sha256, sha256Many, sha256Pair } from './sha256.js';

const hashes = { sha256, sha512, sha1, ripemd160, sha3_256, keccak256 };

type Vectors = { digests: { hash: keyof typeof hashes; ascii: string; hex: string }[] };
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../../../vectors/crypto/hashes.json', import.meta.url), 'utf8'),
);

/** Bytes that differ at each length and position. */
function pattern(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = (size * 2654435761 + seed) >>> 0;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

function sourceOf(messages: readonly Uint8Array[]): MessageSource {
  return {
    sizeOf: (index) => messages[index]!.length,
    write: (index, target, offset) => target.set(messages[index]!, offset),
  };
}

function digestsOf(messages: readonly Uint8Array[]): string[] {
  const output = new Uint8Array(32 * messages.length);
  sha256Many(messages.length, sourceOf(messages), output);
  return messages.map((_, i) => toHex(output.subarray(32 * i, 32 * i + 32)));
}

test.each(vectors.digests)('$hash of "$ascii" is the published one', ({ hash, ascii, hex }) => {
  expect(toHex(hashes[hash](new TextEncoder().encode(ascii)))).toBe(hex);
});

test('the constants are those of FIPS 180-4', () => {
  expect(INITIAL_WORDS.map((word) => word >>> 0)[0]).toBe(0x6a09e667);
  expect(INITIAL_WORDS.map((word) => word >>> 0)[7]).toBe(0x5be0cd19);
  expect(ROUND_WORDS.map((word) => word >>> 0)[0]).toBe(0x428a2f98);
  expect(ROUND_WORDS.map((word) => word >>> 0)[63]).toBe(0xc67178f2);
});

test('both kernels are valid modules here, so that the tests below do not test the fallback', () => {
  expect(WebAssembly.validate(assembleSha256() as Uint8Array<ArrayBuffer>)).toBe(true);
  expect(WebAssembly.validate(assembleSha256Lanes() as Uint8Array<ArrayBuffer>)).toBe(true);
});

describe('sha256', () => {
  test('agrees with another implementation at every length from 0 to 300', () => {
    for (let size = 0; size <= 300; size++) {
      expect(toHex(sha256(pattern(size)))).toBe(toHex(nobleSha256(pattern(size))));
    }
  });

  test('agrees at lengths around the size of the kernel’s memory and for large random input', () => {
    const sizes = [65_271, 65_272, 65_280, 65_335, 65_336, 65_343, 65_344, 65_345, 65_408, 130_688, 130_689, 1_000_003];
    for (const size of sizes) expect(toHex(sha256(pattern(size)))).toBe(toHex(nobleSha256(pattern(size))));
  });

  test('agrees on random input, also when it is a view into a larger buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(50), (data, skip) => {
        const view = data.subarray(Math.min(skip, data.length));
        expect(sha256(view)).toEqual(nobleSha256(view));
      }),
    );
  });

  test('leaves nothing of a message behind for the next, and does not share its results', () => {
    const first = sha256(pattern(500));
    const short = sha256(pattern(3));
    expect(toHex(short)).toBe(toHex(nobleSha256(pattern(3))));
    expect(toHex(first)).toBe(toHex(nobleSha256(pattern(500))));
    expect(first.buffer).not.toBe(short.buffer);
  });
});

describe('sha256Pair', () => {
  test('is the hash of the concatenation', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (both) => {
        expect(sha256Pair(both.subarray(0, 32), both.subarray(32))).toEqual(nobleSha256(both));
      }),
    );
  });

  test.each([
    [31, 32],
    [32, 33],
    [0, 64],
  ])('rejects %i and %i bytes', (left, right) => {
    expect(() => sha256Pair(new Uint8Array(left), new Uint8Array(right))).toThrow(CryptoError);
  });
});

describe('sha256Many', () => {
  test('agrees message by message at every length from 0 to 300, in one batch', () => {
    const messages = Array.from({ length: 301 }, (_, size) => pattern(size));
    expect(digestsOf(messages)).toEqual(messages.map((message) => toHex(nobleSha256(message))));
  });

  test('agrees in mixed batches of any size and at the bound of the lanes', () => {
    const edge = LANE_BLOCKS_MAX * 64 - 9;
    const sizes = [edge, edge, edge, edge, edge + 1, edge + 1, edge + 1, edge + 1, edge - 1, 70_000, 0, 0, 0, 0, 0];
    const messages = sizes.map((size, i) => pattern(size, i));
    expect(digestsOf(messages)).toEqual(messages.map((message) => toHex(nobleSha256(message))));
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 40 }), (batch) => {
        expect(digestsOf(batch)).toEqual(batch.map((message) => toHex(nobleSha256(message))));
      }),
    );
  });

  test('rejects an output without room', () => {
    expect(() => sha256Many(2, sourceOf([pattern(1), pattern(2)]), new Uint8Array(63))).toThrow(CryptoError);
  });
});

describe('without WebAssembly', () => {
  test('the portable fallback gives the same digests', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    try {
      const path = './sha256.js?without-webassembly';
      const fallback: typeof import('./sha256.js') = await import(/* @vite-ignore */ path);
      expect(fallback.sha256).not.toBe(sha256);
      const messages = [0, 1, 64, 64, 64, 64, 5000].map((size) => pattern(size));
      const output = new Uint8Array(32 * messages.length);
      fallback.sha256Many(messages.length, sourceOf(messages), output);
      expect(output).toEqual(concatBytes(...messages.map((message) => nobleSha256(message))));
      expect(fallback.sha256(pattern(100_000))).toEqual(nobleSha256(pattern(100_000)));
      expect(fallback.sha256Pair(pattern(32), pattern(32, 2))).toEqual(sha256Pair(pattern(32), pattern(32, 2)));
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
