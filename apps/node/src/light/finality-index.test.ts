import { appendLeaf, emptyFinalityTree, type FinalityTree, finalityRoot } from '@snapscale/consensus';
import { merkleProof, sha256, verifyMerkleProof } from '@snapscale/crypto';
import { describe, expect, it } from 'vitest';
import { FinalityIndex, memoryGroups } from './finality-index.js';

const idOf = (num: number) => sha256(Uint8Array.of(num & 255, num >>> 8, num >>> 16));
const leaves = Array.from({ length: 1400 }, (_, i) => idOf(i + 1));

function treeOf(count: number): FinalityTree {
  let tree = emptyFinalityTree;
  for (let i = 0; i < count; i++) tree = appendLeaf(tree, leaves[i]!);
  return tree;
}

describe('FIN-11 paths over final blocks', () => {
  it('are those of the Merkle tree, for trees of all shapes', () => {
    const index = new FinalityIndex(idOf, memoryGroups());
    for (const count of [1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 1400]) {
      const root = finalityRoot(treeOf(count));
      for (const leaf of [0, 1, count >> 1, count - 2, count - 1].filter((at) => at >= 0 && at < count)) {
        const result = index.path(count, leaf);
        const expected = merkleProof(leaves.slice(0, count), leaf);
        expect(result).toEqual({ kind: 'path', siblings: expected.siblings });
        expect(verifyMerkleProof(root, leaves[leaf]!, { ...expected, ...result })).toBe(true);
      }
    }
  });

  it('need nothing older than the block that a node began from but its peaks', () => {
    for (const base of [1, 100, 255, 256, 300, 512, 777, 1024, 1100]) {
      const known = (num: number) => (num > base ? idOf(num) : undefined);
      const tree = treeOf(base);
      const index = new FinalityIndex(known, memoryGroups(FinalityIndex.firstGroup(tree)), tree);
      for (const count of [base + 1, base + 2, 1280, 1399].filter((size) => size > base)) {
        for (const leaf of [base, base + 1, count - 1].filter((at) => at < count)) {
          const { siblings } = merkleProof(leaves.slice(0, count), leaf);
          expect(index.path(count, leaf), `${base} ${count} ${leaf}`).toEqual({ kind: 'path', siblings });
        }
      }
      if (base > 2) expect(index.path(1399, 1)).toEqual({ kind: 'missing' });
    }
  });

  it('are refused where the ids are not here', () => {
    const index = new FinalityIndex((num) => (num > 300 ? idOf(num) : undefined), memoryGroups());
    expect(index.path(1000, 900)).toEqual({ kind: 'missing' });
  });

  it('cost a bounded amount of work, and what was done is kept', () => {
    let reads = 0;
    const groups = memoryGroups();
    const counted = (num: number) => {
      reads++;
      return idOf(num);
    };
    const count = 100 * 256 + 5;
    const index = new FinalityIndex(counted, groups);
    expect(index.path(count, 3)).toEqual({ kind: 'indexing', done: 32, of: 100 });
    expect(reads).toBe(32 * 256);
    index.advance(count, 100);
    expect(index.path(count, 3).kind).toBe('path');
    reads = 0;
    expect(index.path(count, 70 * 256).kind).toBe('path');
    expect(reads).toBeLessThan(600);
    const again = new FinalityIndex(counted, groups);
    reads = 0;
    expect(again.path(count, 3)).toEqual(index.path(count, 3));
    expect(reads).toBeLessThan(1200);
    expect(again.advance(count, 1000)).toBe(0);
  });
});
