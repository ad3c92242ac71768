/** Header extensions of consensus: finality as the proposer knows it, and schedules with their finalizers' keys. */

import type { Extension } from '../action.js';
import type { BlockHeader } from '../block.js';
import { blsPublicKeySchema } from '../codec/bls.js';
import { array, nullable, struct } from '../codec/composites.js';
import { DecodeError } from '../codec/errors.js';
import { publicKeySchema } from '../codec/keys.js';
import { bool, checksum256, u32 } from '../codec/scalars.js';
import { decode, encode, type Schema, type TypeOf } from '../codec/schema.js';
import { limits } from '../limits.js';
import { nameSchema } from '../name.js';
import { quorumCertificateSchema } from './quorum-certificate.js';

/** Header extension with {@link finalityExtensionSchema}; in every block from the second on. */
export const finalityExtension = 0x5346;

/** Header extension with the {@link votingScheduleSchema} that the block proposes. */
export const proposedScheduleExtension = 0x5350;

/** Header extension with the {@link votingScheduleSchema} that comes into force with the block; `newProducers` repeats its producers. */
export const activeScheduleExtension = 0x5341;

/** Header extensions that consensus decides, in the order of headers; all others follow from execution. */
export const consensusExtensions: readonly number[] = [finalityExtension, activeScheduleExtension];

/** Wire type of what a header says about finality. */
export const finalityExtensionSchema = struct('finality', {
  justify: nullable(quorumCertificateSchema),
  finalized: nullable(quorumCertificateSchema),
  finalityMroot: checksum256,
  joint: bool,
});

/**
 * `justify`: the prepare certificate with the highest slot that the proposer knows on this chain; `finalized`: the same of
 * commit certificates; `finalityMroot`: Merkle root over the ids of all blocks that `finalized` makes final, in order;
 * `joint`: certificates for this block need a quorum of the schedule before as well.
 */
export type FinalityExtension = TypeOf<typeof finalityExtensionSchema>;

/** Wire type of a producer with both its keys. */
export const votingProducerSchema = struct(
  'voting_producer',
  { name: nameSchema, key: publicKeySchema, finalizerKey: blsPublicKeySchema },
  { name: 'producer_name', key: 'block_signing_key' },
);

/** A producer, the key that signs its blocks and the key that signs its votes. */
export type VotingProducer = TypeOf<typeof votingProducerSchema>;

/** Wire type of a schedule whose producers vote. */
export const votingScheduleSchema: Schema<{
  readonly version: number;
  readonly producers: readonly VotingProducer[];
}> = struct('voting_schedule', { version: u32, producers: array(votingProducerSchema, limits.producersMax) });

/** Producers in the order of their turns; also the finalizers, whose positions are those of the bitmaps. */
export type VotingSchedule = TypeOf<typeof votingScheduleSchema>;

/** The only extension of this type as a value; undefined when there is none. @throws DecodeError for malformed bytes or when there are two. */
export function headerExtension<T>(
  header: Pick<BlockHeader, 'headerExtensions'>,
  type: number,
  schema: Schema<T>,
): T | undefined {
  const [first, ...others] = header.headerExtensions.filter((extension) => extension.type === type);
  if (first === undefined) return undefined;
  if (others.length > 0) throw new DecodeError(`header extension ${type} is there ${others.length + 1} times`, 0);
  return decode(schema, first.data);
}

/** A value as a header extension. */
export function makeHeaderExtension<T>(type: number, schema: Schema<T>, value: T): Extension {
  return { type, data: encode(schema, value) };
}
