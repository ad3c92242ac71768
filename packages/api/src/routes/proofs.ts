/** Routes for clients that trust no node: final headers with their certificates, and proofs against them. */
import { query } from '../route.js';
import { flag, integer, list, nullable, optional, record, text } from '../schema.js';
import { checksum, hex } from '../schemas/primitives.js';
import { finalHeader, lightStep, proofPart } from '../schemas/proof.js';

const group = 'Bulk and proofs';
const verify =
  'Verify it with `verifyChainProof` of the SDK or `snapscale proof verify`, together with the steps of `get_light_client_update`. ' +
  'The block must be final, and shown as such by a certified header: a second or two after it was made.';

/** Proof routes under /v1/snap. */
export const proofRoutes = {
  getLightClientUpdate: query({
    path: '/v1/snap/get_light_client_update',
    group,
    summary: 'The changes of the schedule after one that a client trusts, and a final header of the last.',
    doc:
      'Each step has the header with which a schedule comes into force and the commit certificate by both electorates, so that ' +
      'whoever trusts the schedule before trusts it from then on. At most 16 steps an answer; ask again from ' +
      '`schedule_version` while `more` is true.',
    request: record({
      from_schedule: optional(
        integer('Version of the schedule that is trusted; 0 is that of the genesis.', { minimum: 0, default: 0 }),
      ),
    }),
    response: record(
      {
        chain_id: checksum('Id of the chain.'),
        genesis: optional(hex('Genesis, packed, when asked from 0; its SHA-256 is the chain id.')),
        steps: list(lightStep, 'Changes of the schedule, in order.'),
        schedule_version: integer('Version of the schedule after them.'),
        more: flag('Whether more changes follow.'),
        anchor: nullable(finalHeader),
      },
      { title: 'LightClientUpdate' },
    ),
    example: { from_schedule: 0 },
  }),
  getBlockProof: query({
    path: '/v1/snap/get_block_proof',
    group,
    summary: 'Proof that a block is final.',
    doc: verify,
    request: record({ block_num_or_id: text('Number or id of the block.', { maxLength: 64 }) }),
    response: proofPart,
    example: { block_num_or_id: '1' },
  }),
  getTransactionProof: query({
    path: '/v1/snap/get_transaction_proof',
    group,
    summary: 'Proof that a transaction is in a final block, and with what outcome.',
    doc: verify,
    request: record({ id: text('Transaction id, or its first 8 digits or more.', { maxLength: 64 }) }),
    response: proofPart,
  }),
  getActionProof: query({
    path: '/v1/snap/get_action_proof',
    group,
    summary: 'Proof that an account executed an action in a final block.',
    doc: `Inline actions and notifications have receipts too, hence ordinals as in the trace. ${verify}`,
    request: record({
      id: text('Id of the transaction that it was part of, or its first 8 digits or more.', { maxLength: 64 }),
      action_ordinal: optional(integer('Ordinal of the action in the trace, from 1.', { minimum: 1, default: 1 })),
    }),
    response: proofPart,
  }),
  getRowProof: query({
    path: '/v1/snap/get_row_proof',
    group,
    summary: 'Proof that a row, or another entry of the state, is or is not there, in a block that is final.',
    doc: `As get_state_proof, but the node waits until the block is final. ${verify}`,
    request: record({
      key: optional(text('Key of the entry in hex.', { maxLength: 400 })),
      code: optional(text('Instead of `key`, a row: contract.', { maxLength: 13 })),
      scope: optional(text('Scope.', { maxLength: 40 })),
      table: optional(text('Table.', { maxLength: 13 })),
      primary_key: optional(text('Primary key: a number or a name.', { maxLength: 20 })),
    }),
    response: proofPart,
  }),
};
