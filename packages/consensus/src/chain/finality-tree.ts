/**
 * An append-only Merkle tree over the ids of final blocks, of which only the peaks are kept: the roots of its full
 * subtrees, largest first (FIN-11). The root is that of `merkleRoot` over all leaves.
 */
import { sha256Pair } from '@snapscale/crypto';
import { array, checksum256, struct, type TypeOf, u32 } from '@snapscale/protocol';

/** Wire type of the tree. */
export const finalityTreeSchema = struct('finality_tree', { leafCount: u32, peaks: array(checksum256, 32) });

/** How many leaves, and one peak for each bit set in that number, highest first. */
export type FinalityTree = TypeOf<typeof finalityTreeSchema>;

/** The tree without leaves. */
export const emptyFinalityTree: FinalityTree = { leafCount: 0, peaks: [] };

/** The tree with one leaf more. Cost: as many hashes as the leaf count has trailing ones. */
export function appendLeaf({ leafCount, peaks }: FinalityTree, leaf: Uint8Array): FinalityTree {
  const left = [...peaks];
  let node = leaf;
  for (let rest = leafCount; (rest & 1) === 1; rest >>>= 1) node = sha256Pair(left.pop()!, node);
  return { leafCount: leafCount + 1, peaks: [...left, node] };
}

/** Root over all leaves: 32 zero bytes for none. */
export function finalityRoot({ peaks }: FinalityTree): Uint8Array {
  return peaks.length === 0 ? new Uint8Array(32) : peaks.reduceRight((right, left) => sha256Pair(left, right));
}
