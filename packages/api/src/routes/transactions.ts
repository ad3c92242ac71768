/** Routes that take transactions. */
import { command, query } from '../route.js';
import type { ValueOf } from '../schema.js';
import { anything, choice, flag, integer, list, nullable, optional, record, type Schema, text } from '../schema.js';
import { checksum, hex, time } from '../schemas/primitives.js';
import { anyTransaction, transactionResult } from '../schemas/transaction.js';

const group = 'Transactions';
const wrapped = record({ transaction: anyTransaction });

/** A transaction with its fields, or packed. */
export type TransactionInput = ValueOf<typeof anyTransaction>;

/** Transaction routes under /v1/chain. */
export const chainTransactionRoutes = {
  sendTransaction: command({
    path: '/v1/chain/send_transaction',
    group,
    summary: 'Sends a signed transaction; answers with its trace.',
    doc: 'The trace is that of executing it on top of the newest block. It is final once `get_transaction_status` says IRREVERSIBLE.',
    request: anyTransaction,
    response: transactionResult,
  }),
  sendTransaction2: command({
    path: '/v1/chain/send_transaction2',
    group,
    summary: 'Sends a signed transaction, optionally waiting until it is in a block or final.',
    request: record({
      return_failure_trace: optional(flag('Answer 202 with the trace when it fails.', { default: true })),
      retry_trx: optional(flag('Send it again until it is in a block, and wait for that.', { default: false })),
      retry_trx_num_blocks: optional(
        integer('With `retry_trx`: wait until so many blocks follow; without it, until it is final.', { minimum: 0 }),
      ),
      transaction: anyTransaction,
    }),
    response: transactionResult,
  }),
  pushTransaction: command({
    path: '/v1/chain/push_transaction',
    group,
    summary: 'As send_transaction, with the traces of inline actions nested.',
    request: anyTransaction,
    response: transactionResult,
  }),
  pushTransactions: command({
    path: '/v1/chain/push_transactions',
    group,
    summary: 'Sends up to 1000 signed transactions.',
    request: list(anyTransaction, 'Transactions.', { maxItems: 1000 }),
    response: list(
      record({
        transaction_id: checksum('Transaction id, zero when it failed.'),
        processed: anything('Trace, or `{error}`.'),
      }),
      'Results in order.',
    ),
  }),
  computeTransaction: query({
    path: '/v1/chain/compute_transaction',
    methods: ['POST'],
    group,
    summary: 'Executes a transaction without changing anything; signatures are not needed.',
    request: wrapped,
    response: transactionResult,
  }),
  sendReadOnlyTransaction: query({
    path: '/v1/chain/send_read_only_transaction',
    methods: ['POST'],
    group,
    summary: 'Executes a transaction that only reads: no authorizations, no signatures, no changes.',
    request: wrapped,
    response: transactionResult,
  }),
  getTransactionId: query({
    path: '/v1/chain/get_transaction_id',
    methods: ['POST'],
    group,
    summary: 'Id of a transaction given by its fields.',
    request: anyTransaction,
    response: checksum('Transaction id.'),
  }),
  getTransactionStatus: query({
    path: '/v1/chain/get_transaction_status',
    group,
    summary: 'Where a transaction is: accepted, in a block, final, failed, unknown.',
    request: record({ id: text('Transaction id.', { maxLength: 64 }) }),
    response: record(
      {
        state: choice(
          ['LOCALLY_APPLIED', 'IN_BLOCK', 'FORKED_OUT', 'IRREVERSIBLE', 'FAILED', 'UNKNOWN'],
          'Where it is.',
        ),
        block_number: optional(integer('Block it is in.')),
        block_id: optional(checksum('Id of that block.')),
        block_timestamp: optional(time('Time of that block.')),
        expiration: optional(time('Its expiration.')),
        head_number: integer('Newest block.'),
        head_id: checksum('Its id.'),
        head_timestamp: time('Its time.'),
        irreversible_number: integer('Newest final block.'),
        irreversible_id: checksum('Its id.'),
        irreversible_timestamp: time('Its time.'),
        earliest_tracked_block_id: checksum('Oldest block that is searched.'),
        earliest_tracked_block_number: integer('Its number.'),
      },
      { title: 'TransactionStatus' },
    ),
  }),
};

/** Routes of our own. */
export const snapRoutes = {
  submit: command({
    path: '/v1/snap/submit',
    group: 'Bulk and proofs',
    summary: 'Sends many signed transactions at once, in binary.',
    doc: 'The body is a sequence of (varuint32 length, packed_transaction). All are handed in before the answer is made; the answer says which were refused. For gateways and load generators.',
    request: {} as Schema<Uint8Array>,
    requestType: 'application/octet-stream',
    response: record(
      {
        accepted: integer('How many were accepted.'),
        rejected: list(
          record({
            index: integer('Position in the request, from 0.'),
            code: integer('Number of the error, as in EOSIO.'),
            message: text('What is wrong.'),
          }),
          'The others.',
        ),
      },
      { title: 'SubmitResult' },
    ),
  }),
  getStateProof: query({
    path: '/v1/snap/get_state_proof',
    group: 'Bulk and proofs',
    summary: 'Proof that an entry is, or is not, part of the state that a block commits to.',
    doc: 'On chains that commit to their state. The entry is named by its key in hex, or as a row of a table. Verify it with `verifyStateProof`: the header hashes to the block id and carries the state root, to which the proof leads.',
    request: record({
      key: optional(text('Key of the entry in hex.', { maxLength: 400 })),
      code: optional(text('Instead of `key`, a row: contract.', { maxLength: 13 })),
      scope: optional(text('Scope.', { maxLength: 40 })),
      table: optional(text('Table.', { maxLength: 13 })),
      primary_key: optional(text('Primary key: a number or a name.', { maxLength: 20 })),
    }),
    response: record(
      {
        block_num: integer('Block that the proof is for.'),
        block_id: checksum('Its id.'),
        block_time: time('Its time.'),
        block_header: optional(hex('Its header, packed, where the block can be read already.')),
        state_root: checksum('Root in its header.'),
        key: hex('Key of the entry.'),
        value: nullable(hex('Value of the entry, or null: there is none.')),
        proof: hex('Leaves and siblings, as `decodeStateProof` reads them.'),
      },
      { title: 'StateProof' },
    ),
  }),
  stream: query({
    path: '/v1/stream',
    methods: ['GET'],
    group: 'Streams',
    summary: 'Blocks, traces and finality as they happen (server-sent events).',
    doc:
      'Events: `block` {num, id, previous, timestamp, producer, transactions}, `trace` {block_num, transaction_id, trace}, `final` {num, id}, ' +
      '`undo` {to_num}: forget what came after block to_num, and `dropped` {reason} before the server hangs up. ' +
      'Each event has an id; to go on after a break, send the last one as `Last-Event-ID` or `cursor`. A plain block number is a cursor too: the stream goes on after that block.',
    request: record({
      topics: optional(text('Of blocks, traces, final, with commas.', { default: 'blocks,final', maxLength: 100 })),
      account: optional(
        text('Traces only: actions that one of these accounts received or authorised, with commas.', {
          maxLength: 500,
        }),
      ),
      action: optional(
        text('Traces only: one of these actions, as `transfer` or `eosio.token::transfer`, with commas.', {
          maxLength: 500,
        }),
      ),
      cursor: optional(text('Event id or block number to go on after.', { maxLength: 120 })),
    }),
    response: text('Events.'),
    responseType: 'text/event-stream',
  }),
};
