/** Hashes of the state commitment's nodes, one at a time; `hash-tree.ts` does the same in batches. */
import { sha256 } from '@snapscale/crypto';
import { HASH_BYTES } from './leaves.js';

/** First byte of the preimage of a bucket, and of an interior node: neither can be taken for the other. */
export const BUCKET_TAG = 0x00;
export const INTERIOR_TAG = 0x01;

/** Hash of a bucket; zero when it is empty. */
export function bucketHash(leaves: Uint8Array): Uint8Array {
  if (leaves.length === 0) return new Uint8Array(HASH_BYTES);
  const preimage = new Uint8Array(1 + leaves.length);
  preimage[0] = BUCKET_TAG;
  preimage.set(leaves, 1);
  return sha256(preimage);
}

/** Hash of an interior node. */
export function interiorHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(1 + 2 * HASH_BYTES);
  preimage[0] = INTERIOR_TAG;
  preimage.set(left, 1);
  preimage.set(right, 1 + HASH_BYTES);
  return sha256(preimage);
}
