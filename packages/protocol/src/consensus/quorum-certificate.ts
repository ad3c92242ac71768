/** Quorum certificates: many finalizers' votes for one block as one signature and a bitmap of who signed. */
import { blsSignatureSchema } from '../codec/bls.js';
import { struct } from '../codec/composites.js';
import { bytes, checksum256 } from '../codec/scalars.js';
import type { TypeOf } from '../codec/schema.js';
import { limits } from '../limits.js';
import { slotSchema } from '../time.js';
import { votePhaseSchema } from './vote.js';

/** Wire type of a certificate. */
export const quorumCertificateSchema = struct('quorum_certificate', {
  phase: votePhaseSchema,
  slot: slotSchema,
  blockId: checksum256,
  signers: bytes(limits.signerBitmapBytesMax),
  signature: blsSignatureSchema,
});

/**
 * Votes of one phase for one block. Bit `i mod 8` of byte `i div 8` of `signers` is set when finalizer `i` of those who
 * vote on the block signed; see {@link signersOf} for the one form that is accepted.
 */
export type QuorumCertificate = TypeOf<typeof quorumCertificateSchema>;

/** Votes that make a certificate among `count` finalizers: more than two thirds. */
export function quorumOf(count: number): number {
  return Math.floor((2 * count) / 3) + 1;
}

/** The bitmap of these positions among `count` finalizers. */
export function signerBitmap(positions: Iterable<number>, count: number): Uint8Array {
  const bitmap = new Uint8Array((count + 7) >>> 3);
  for (const position of positions) bitmap[position >>> 3]! |= 1 << (position & 7);
  return bitmap;
}

/** Positions that a bitmap names, ascending; undefined when it has another size than `count` needs or names a higher position. */
export function signersOf(bitmap: Uint8Array, count: number): number[] | undefined {
  if (bitmap.length !== (count + 7) >>> 3) return undefined;
  const positions: number[] = [];
  for (let position = 0; position < 8 * bitmap.length; position++) {
    if ((bitmap[position >>> 3]! & (1 << (position & 7))) !== 0) positions.push(position);
  }
  return (positions.at(-1) ?? 0) < count ? positions : undefined;
}
