/**
 * Proofs that an entry is in, or is not in, the state that a header commits to, and their verification.
 * A light client needs this file and the three that it imports, and trusts nothing but the root.
 *
 * Tree: leaves are (sha256(key), sha256(value)), placed by the bits of sha256(key). A subtree of at most 16 leaves is a
 * bucket: sha256(0x00 ‖ its leaves in order), or 32 zero bytes when it is empty. A larger one is sha256(0x01 ‖ left ‖ right).
 * The shape follows from the set of keys, so two states with the same entries have the same root whatever their history.
 */
import { CryptoError, equalBytes, sha256 } from '@snapscale/crypto';
import { bitAt, PATH_BITS_MAX } from './bucket-path.js';
import { areBucketLeaves, BUCKET_LEAVES_MAX, HASH_BYTES, LEAF_BYTES, latin1Bytes, valueHashAt } from './leaves.js';
import { bucketHash, interiorHash } from './node-hash.js';

/** A proof for one key. Who verifies it brings the root, the key and the value. */
export type StateProof = {
  readonly kind: 'member' | 'absent';
  /** The bucket to which the key's bits lead: its leaves of 64 bytes. */
  readonly leaves: Uint8Array;
  /** Hashes beside the way from the root to the bucket, the root's child first. */
  readonly siblings: readonly Uint8Array[];
};

/** Longest encoded proof: 1,028 bytes of bucket and head, and 256 siblings. */
export const STATE_PROOF_BYTES_MAX = 5 + LEAF_BYTES * BUCKET_LEAVES_MAX + HASH_BYTES * PATH_BITS_MAX;

const VERSION = 1;
/** What is not latin1 would be taken for another key. */
const LATIN1 = /^[\0-\xff]*$/;
const HEAD_BYTES = 5;
const KINDS = ['absent', 'member'] as const;

/**
 * Whether the state with this root has `value` at `key`, or, when `value` is null, has nothing at `key`.
 * Never throws on a proof, whatever is in it. Cost: the hash of a bucket and one hash for each sibling.
 * @param key latin1, as in the state.
 */
export function verifyStateProof(root: Uint8Array, key: string, value: Uint8Array | null, proof: StateProof): boolean {
  const { kind, leaves, siblings } = proof;
  if (kind !== (value === null ? 'absent' : 'member') || siblings.length > PATH_BITS_MAX) return false;
  if (!LATIN1.test(key)) return false;
  const keyHash = sha256(latin1Bytes(key));
  if (!areBucketLeaves(leaves, keyHash, siblings.length)) return false;
  const found = valueHashAt(leaves, keyHash);
  if (value === null ? found !== undefined : found === undefined || !equalBytes(found, sha256(value))) return false;
  let node = bucketHash(leaves);
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth]!;
    if (sibling.length !== HASH_BYTES) return false;
    node = bitAt(keyHash, 0, depth) === 0 ? interiorHash(node, sibling) : interiorHash(sibling, node);
  }
  return equalBytes(node, root);
}

/** Bytes of a proof: u8 version, u8 kind (0 absent, 1 member), u8 leaves, u16 little-endian siblings, leaves, siblings. */
export function encodeStateProof(proof: StateProof): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + proof.leaves.length + HASH_BYTES * proof.siblings.length);
  const count = proof.siblings.length;
  bytes.set([VERSION, KINDS.indexOf(proof.kind), proof.leaves.length / LEAF_BYTES, count & 0xff, count >>> 8]);
  bytes.set(proof.leaves, HEAD_BYTES);
  proof.siblings.forEach((sibling, i) => {
    bytes.set(sibling, HEAD_BYTES + proof.leaves.length + HASH_BYTES * i);
  });
  return bytes;
}

/** Inverse of {@link encodeStateProof}; each proof has one encoding. @throws CryptoError on anything else. */
export function decodeStateProof(bytes: Uint8Array): StateProof {
  if (bytes.length < HEAD_BYTES)
    throw new CryptoError(`cannot read state proof: cut short after ${bytes.length} bytes`);
  const [version, kindByte, leafCount] = bytes as unknown as [number, number, number];
  const siblingCount = bytes[3]! | (bytes[4]! << 8);
  const kind = KINDS[kindByte];
  if (version !== VERSION) throw new CryptoError(`cannot read state proof: unknown version ${version}`);
  if (kind === undefined) throw new CryptoError(`cannot read state proof: unknown kind ${kindByte}`);
  if (leafCount > BUCKET_LEAVES_MAX || siblingCount > PATH_BITS_MAX) {
    throw new CryptoError(`cannot read state proof: ${leafCount} leaves and ${siblingCount} siblings are too many`);
  }
  const leavesEnd = HEAD_BYTES + LEAF_BYTES * leafCount;
  const size = leavesEnd + HASH_BYTES * siblingCount;
  if (bytes.length !== size) throw new CryptoError(`cannot read state proof: ${bytes.length} bytes instead of ${size}`);
  const siblings: Uint8Array[] = [];
  for (let at = leavesEnd; at < size; at += HASH_BYTES) siblings.push(bytes.slice(at, at + HASH_BYTES));
  return { kind, leaves: bytes.slice(HEAD_BYTES, leavesEnd), siblings };
}
