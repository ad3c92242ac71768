import { merkleProof, merkleRoot, sha256, toHex, verifyMerkleProof } from '@snapscale/crypto';
import { DecodeError, decode, encode } from '@snapscale/protocol';
import { expect, it } from 'vitest';
import { appendLeaf, emptyFinalityTree, finalityRoot, finalityTreeSchema } from './finality-tree.js';

it('FIN-11 has the root of the list of its leaves after each of them, and proofs hold against it', () => {
  const leaves: Uint8Array[] = [];
  let tree = emptyFinalityTree;
  expect(toHex(finalityRoot(tree))).toBe(toHex(merkleRoot([])));
  for (let i = 0; i < 70; i++) {
    const leaf = sha256(Uint8Array.from([i]));
    leaves.push(leaf);
    tree = appendLeaf(tree, leaf);
    expect(toHex(finalityRoot(tree))).toBe(toHex(merkleRoot(leaves)));
    expect(verifyMerkleProof(finalityRoot(tree), leaves[i >> 1]!, merkleProof(leaves, i >> 1))).toBe(true);
    expect(decode(finalityTreeSchema, encode(finalityTreeSchema, tree))).toEqual(tree);
  }
  expect(() => decode(finalityTreeSchema, Uint8Array.from([1, 0, 0, 0, 33]))).toThrow(DecodeError);
});
