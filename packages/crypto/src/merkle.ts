/**
 * Merkle trees over lists of 32-byte digests: parent = sha256(left ‖ right); the last node of an odd level moves up unchanged.
 *
 * The tree has no domain separation between leaves and parents, because the leaves are digests of structures that a
 * verifier computes itself. A verifier must therefore know the leaf count (it is in {@link MerkleProof}) from a trusted
 * source, or the leaf's preimage must be unable to be a pair of digests.
 */
import { equalBytes } from './bytes.js';
import { failCrypto } from './errors.js';
import { type MessageSource, sha256Many, sha256Pair } from './hash.js';

/** Proof that a leaf is at `index` of `leafCount` leaves; `siblings` from the leaf's level up, promoted levels left out. */
export type MerkleProof = {
  readonly index: number;
  readonly leafCount: number;
  readonly siblings: readonly Uint8Array[];
};

/** Greatest leaf count that proofs may speak of; keeps index arithmetic in 32 bits. */
const LEAF_COUNT_MAX = 0x7fffffff;

/** Root of a list of 32-byte digests; 32 zero bytes for the empty list; the leaf itself for one leaf. Cost: n-1 hashes. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  for (const leaf of leaves) assertDigest(leaf);
  if (leaves.length === 0) return new Uint8Array(32);
  let nodes: Uint8Array = new Uint8Array(32 * leaves.length);
  leaves.forEach((leaf, i) => {
    nodes.set(leaf, 32 * i);
  });
  for (let count = leaves.length; count > 1; count = (count + 1) >>> 1) nodes = parentsOf(nodes, count);
  return nodes.slice(0, 32);
}

/** The level above `count` nodes that lie one after the other. */
function parentsOf(nodes: Uint8Array, count: number): Uint8Array {
  const pairs = count >>> 1;
  const parents = new Uint8Array(32 * (pairs + (count & 1)));
  const source: MessageSource = {
    sizeOf: () => 64,
    write: (index, target, offset) => target.set(nodes.subarray(64 * index, 64 * index + 64), offset),
  };
  sha256Many(pairs, source, parents);
  if ((count & 1) === 1) parents.set(nodes.subarray(64 * pairs, 64 * pairs + 32), 32 * pairs);
  return parents;
}

/** Proof for the leaf at `index`. @throws CryptoError when there is no such leaf. Cost: n-1 hashes. */
export function merkleProof(leaves: readonly Uint8Array[], index: number): MerkleProof {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    failCrypto(`cannot prove Merkle leaf ${index} of ${leaves.length}: no such leaf`);
  }
  for (const leaf of leaves) assertDigest(leaf);
  const siblings: Uint8Array[] = [];
  let position = index;
  for (let level = leaves; level.length > 1; level = parentLevel(level)) {
    const sibling = level[position ^ 1];
    if (sibling !== undefined) siblings.push(sibling.slice());
    position >>>= 1;
  }
  return { index, leafCount: leaves.length, siblings };
}

/** Whether `leaf` is at `proof.index` of the list of `proof.leafCount` digests with this root. Never throws on bad proofs. */
export function verifyMerkleProof(root: Uint8Array, leaf: Uint8Array, proof: MerkleProof): boolean {
  const { index, leafCount, siblings } = proof;
  if (!Number.isInteger(index) || !Number.isInteger(leafCount)) return false;
  if (index < 0 || index >= leafCount || leafCount > LEAF_COUNT_MAX) return false;
  if (root.length !== 32 || leaf.length !== 32) return false;
  let node = leaf;
  let position = index;
  let used = 0;
  for (let width = leafCount; width > 1; width = (width + 1) >>> 1) {
    if ((position ^ 1) < width) {
      const sibling = siblings[used++];
      if (sibling === undefined || sibling.length !== 32) return false;
      node = position % 2 === 0 ? sha256Pair(node, sibling) : sha256Pair(sibling, node);
    }
    position >>>= 1;
  }
  return used === siblings.length && equalBytes(node, root);
}

function parentLevel(level: readonly Uint8Array[]): Uint8Array[] {
  const parents: Uint8Array[] = [];
  for (let i = 0; i + 1 < level.length; i += 2) parents.push(sha256Pair(level[i]!, level[i + 1]!));
  if (level.length % 2 === 1) parents.push(level[level.length - 1]!);
  return parents;
}

function assertDigest(leaf: Uint8Array): void {
  if (leaf.length !== 32) failCrypto(`cannot build a Merkle tree: a leaf has ${leaf.length} bytes instead of 32`);
}
