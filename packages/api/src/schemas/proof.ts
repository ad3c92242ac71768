/** Proofs that a client checks without trusting the node: pieces of the chain as hex, in the packed form of the protocol. */
import { integer, list, nullable, optional, record, type Schema, type ValueOf } from '../schema.js';
import { checksum, hex } from './primitives.js';

/** Version of the proof document. */
export const proofVersion = 1;

/** Of what stands in a proof: more than any chain has, and little enough to be looked at digit by digit. */
const headerBytesMax = 64 * 1024;
const certificateBytesMax = 1024;
const packedBytesMax = 3 * 1024 * 1024;
const stateProofBytesMax = 5 + 64 * 16 + 32 * 256;

const certificate = bytesOf('Commit certificate, packed (`quorum_certificate`).', certificateBytesMax);

function bytesOf(description: string, bytesMax: number): Schema<string> {
  return { ...hex(description), maxLength: 2 * bytesMax };
}

/** A change of the schedule. */
export const lightStep = record(
  {
    headers: list(
      bytesOf('Block header, packed.', headerBytesMax),
      'From the block that brings the schedule into force, block by block, to the one that the certificate is for.',
    ),
    certificate,
  },
  { title: 'LightStep' },
);

/** A header with its commit certificate. */
export const finalHeader = record(
  { header: bytesOf('Block header, packed.', headerBytesMax), certificate },
  { title: 'FinalHeader' },
);

const siblings = list(checksum('Hash.'), 'Hashes beside the way to the root, the leaf’s level first.', {
  maxItems: 64,
});

const merklePath = record(
  { index: integer('Position of the leaf.'), leaf_count: integer('Number of leaves.'), siblings },
  { title: 'MerklePath' },
);

const provenBlock = record(
  {
    header: bytesOf('Header of the block that is proved, packed.', headerBytesMax),
    path: nullable(
      record({ leaf_count: integer('Blocks that the anchor shows as final.'), siblings }, { title: 'FinalityPath' }),
    ),
  },
  {
    title: 'ProvenBlock',
    description: 'With a `path` under the `finalityMroot` of the anchor; null: it is the anchor.',
  },
);

const provenTransaction = record(
  { receipt: bytesOf('`transaction_receipt` with the packed transaction.', packedBytesMax), path: merklePath },
  { title: 'ProvenTransaction', description: 'Leads to the block’s `transaction_mroot`.' },
);

const provenAction = record(
  {
    receipt: bytesOf('`action_receipt`, packed.', headerBytesMax),
    action: bytesOf('`action`, packed.', packedBytesMax),
    return_value: bytesOf('What the action returned.', packedBytesMax),
    path: merklePath,
  },
  { title: 'ProvenAction', description: 'Leads to the block’s `action_mroot`.' },
);

const provenEntry = record(
  {
    key: bytesOf('Key of the entry.', certificateBytesMax),
    value: nullable(bytesOf('Its value, or null: there is none.', packedBytesMax)),
    proof: bytesOf('Leaves and siblings.', stateProofBytesMax),
  },
  { title: 'ProvenEntry', description: 'Leads to the state root in the block’s header.' },
);

/** What a node answers to a request for a proof: everything but the way to the anchor's schedule. */
export const proofPart = record(
  {
    chain_id: checksum('Id of the chain.'),
    anchor: finalHeader,
    block: provenBlock,
    transaction: optional(provenTransaction),
    action: optional(provenAction),
    entry: optional(provenEntry),
  },
  { title: 'ProofPart' },
);

/** A proof as a document of its own: what a file of `snapscale proof get` holds. */
export const chainProof = record(
  {
    version: integer('Of this format: 1.', { minimum: proofVersion, maximum: proofVersion }),
    chain_id: checksum('Id of the chain.'),
    genesis: optional(bytesOf('Genesis, packed; its SHA-256 is the chain id.', headerBytesMax)),
    steps: list(lightStep, 'Changes of the schedule up to that of the anchor.'),
    anchor: finalHeader,
    block: provenBlock,
    transaction: optional(provenTransaction),
    action: optional(provenAction),
    entry: optional(provenEntry),
  },
  { title: 'ChainProof' },
);

/** A proof as a document of its own. */
export type ChainProof = ValueOf<typeof chainProof>;

/** The part of a proof that a node answers with. */
export type ProofPart = ValueOf<typeof proofPart>;

const producer = record({
  producer_name: { type: 'string' } as Schema<string>,
  block_signing_key: { type: 'string' } as Schema<string>,
  finalizer_key: { type: 'string' } as Schema<string>,
});

const schedule = record(
  { version: integer('Version.', { minimum: 0 }), producers: list(producer, 'In the order of their turns.') },
  { title: 'VotingSchedule' },
);

/** What a client trusts, as a file. */
export const checkpoint = record(
  {
    version: integer('Of this format: 1.', { minimum: 1, maximum: 1 }),
    chain_id: checksum('Id of the chain.'),
    schedule,
    previous_schedule: optional(schedule),
    block: optional(
      record({
        num: integer('Number of the newest block that is known to be final.'),
        id: checksum('Its id.'),
        timestamp: { type: 'string' } as Schema<string>,
      }),
    ),
  },
  { title: 'Checkpoint' },
);

/** What a client trusts. */
export type Checkpoint = ValueOf<typeof checkpoint>;
