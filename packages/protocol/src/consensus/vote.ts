/** Votes of finalizers: what is signed, and the message that carries it. */
import { sha256 } from '@snapscale/crypto';
import { blsPublicKeySchema, blsSignatureSchema } from '../codec/bls.js';
import { enumeration, struct } from '../codec/composites.js';
import { checksum256 } from '../codec/scalars.js';
import type { Schema, TypeOf } from '../codec/schema.js';
import { Writer } from '../codec/writer.js';
import { slotSchema } from '../time.js';

/** Names of the phases, in the order of their numbers. */
export const votePhaseNames = ['prepare', 'commit'] as const;

/** 0 prepare: I executed this block and it is valid. 1 commit: I hold a prepare certificate for it. */
export type VotePhase = 0 | 1;

/** Wire type of a phase. JSON is the name. */
export const votePhaseSchema = enumeration('vote_phase', votePhaseNames) as Schema<VotePhase>;

/** Wire type of a vote. */
export const voteSchema = struct('vote', {
  phase: votePhaseSchema,
  slot: slotSchema,
  blockId: checksum256,
  finalizerKey: blsPublicKeySchema,
  signature: blsSignatureSchema,
});

/** One finalizer's vote for a block. `signature` is that of `finalizerKey` on {@link voteDigest}. */
export type Vote = TypeOf<typeof voteSchema>;

/** What a vote is for. */
export type VoteSubject = Pick<Vote, 'phase' | 'slot' | 'blockId'>;

/** The 32 bytes that a finalizer signs: SHA-256 of 'SNAP/VOTE/1', chain id, phase, slot (little-endian) and block id. */
export function voteDigest(chainId: Uint8Array, { phase, slot, blockId }: VoteSubject): Uint8Array {
  const writer = new Writer(domain.length + 32 + 1 + 4 + 32);
  writer.raw(domain);
  writer.raw(chainId);
  writer.u8(phase);
  writer.u32(slot);
  writer.raw(blockId);
  return sha256(writer.finish());
}

const domain = Uint8Array.from('SNAP/VOTE/1', (char) => char.charCodeAt(0));
