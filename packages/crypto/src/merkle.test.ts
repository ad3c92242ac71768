import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from './bytes.js';
import { CryptoError } from './errors.js';
import { sha256, sha256Pair } from './hash.js';
import { merkleProof, merkleRoot, verifyMerkleProof } from './merkle.js';

const leavesOf = (count: number) => Array.from({ length: count }, (_, i) => sha256(Uint8Array.of(i & 255, i >> 8)));

describe('merkleRoot', () => {
  test('is zero for nothing and the leaf for one', () => {
    expect(merkleRoot([])).toEqual(new Uint8Array(32));
    const [leaf] = leavesOf(1);
    expect(merkleRoot([leaf!])).toEqual(leaf);
    expect(merkleRoot([leaf!])).not.toBe(leaf);
  });

  test('moves the odd node up unchanged', () => {
    const [a, b, c, d, e] = leavesOf(5) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    expect(toHex(merkleRoot([a, b, c]))).toBe(toHex(sha256Pair(sha256Pair(a, b), c)));
    const four = sha256Pair(sha256Pair(a, b), sha256Pair(c, d));
    expect(toHex(merkleRoot([a, b, c, d, e]))).toBe(toHex(sha256Pair(four, e)));
  });

  test('rejects a leaf that is no digest', () => {
    expect(() => merkleRoot([new Uint8Array(31)])).toThrow(CryptoError);
  });
});

describe('merkleProof', () => {
  test('verifies for each leaf of trees of 1 to 40 leaves', () => {
    for (let count = 1; count <= 40; count++) {
      const leaves = leavesOf(count);
      const root = merkleRoot(leaves);
      for (let i = 0; i < count; i++) expect(verifyMerkleProof(root, leaves[i]!, merkleProof(leaves, i))).toBe(true);
    }
  });

  test('rejects each way of bending a proof', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(), fc.nat(), (count, indexSeed, bitSeed) => {
        const leaves = leavesOf(count);
        const root = merkleRoot(leaves);
        const index = indexSeed % count;
        const leaf = leaves[index]!;
        const proof = merkleProof(leaves, index);
        const other = leaves[(index + 1) % count]!;
        const bent = proof.siblings.map((sibling) => sibling.slice());
        bent[bitSeed % bent.length]![bitSeed % 32]! ^= 1 << (bitSeed % 8);
        expect(verifyMerkleProof(root, other, proof)).toBe(false);
        expect(verifyMerkleProof(root, leaf, { ...proof, siblings: bent })).toBe(false);
        expect(verifyMerkleProof(root, leaf, { ...proof, siblings: proof.siblings.slice(1) })).toBe(false);
        expect(verifyMerkleProof(root, leaf, { ...proof, siblings: [...proof.siblings, leaf] })).toBe(false);
        expect(verifyMerkleProof(root, leaf, { ...proof, index: proof.index + count })).toBe(false);
        expect(verifyMerkleProof(root.slice(1), leaf, proof)).toBe(false);
      }),
    );
  });

  test.each([-1, 1.5, 4, Number.NaN])('there is no leaf %d of 4', (index) => {
    expect(() => merkleProof(leavesOf(4), index)).toThrow(CryptoError);
    expect(verifyMerkleProof(merkleRoot(leavesOf(4)), leavesOf(4)[0]!, { index, leafCount: 4, siblings: [] })).toBe(
      false,
    );
  });
});
