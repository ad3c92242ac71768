/** Routes about blocks and what they did. */
import { query } from '../route.js';
import { anything, bigInteger, flag, integer, list, nullable, optional, record, text } from '../schema.js';
import { block, blockHeaderState, blockInfo, rawBlock, signedHeader } from '../schemas/block.js';
import { accountName, checksum, hex, time } from '../schemas/primitives.js';
import { extension } from '../schemas/transaction.js';

const group = 'Blocks';
const byNumberOrId = record({
  block_num_or_id: text('Number or id of the block.', { maxLength: 64, examples: ['1'] }),
});

/** Block routes under /v1/chain. */
export const chainBlockRoutes = {
  getBlock: query({
    path: '/v1/chain/get_block',
    group,
    summary: 'A block with its transactions, decoded by the contracts’ ABIs.',
    request: byNumberOrId,
    response: block,
    example: { block_num_or_id: 1 },
  }),
  getBlockInfo: query({
    path: '/v1/chain/get_block_info',
    group,
    summary: 'The short form of a block; enough for the reference of a transaction.',
    request: record({ block_num: integer('Block number.', { minimum: 0, maximum: 0xffff_ffff }) }),
    response: blockInfo,
    example: { block_num: 1 },
  }),
  getBlockHeader: query({
    path: '/v1/chain/get_block_header',
    group,
    summary: 'The signed header of a block.',
    request: record({
      block_num_or_id: text('Number or id of the block.', { maxLength: 64 }),
      include_extensions: optional(flag('With the block’s extensions.', { default: false })),
    }),
    response: record({
      id: checksum('Block id.'),
      signed_block_header: signedHeader,
      block_extensions: optional(list(extension, 'Extensions.')),
    }),
    example: { block_num_or_id: 1 },
  }),
  getBlockHeaderState: query({
    path: '/v1/chain/get_block_header_state',
    group,
    summary: 'A block that is not final yet (or the newest final one), with the schedule at it.',
    request: byNumberOrId,
    response: blockHeaderState,
  }),
  getRawBlock: query({
    path: '/v1/chain/get_raw_block',
    group,
    summary: 'A block as it is stored: transactions packed.',
    request: byNumberOrId,
    response: rawBlock,
    example: { block_num_or_id: 1 },
  }),
};

const tracedAction = record(
  {
    global_sequence: bigInteger('Number of the action on the chain.'),
    receiver: accountName('Account whose contract ran.'),
    account: accountName('Contract.'),
    action: accountName('Action.'),
    authorization: list(
      record({ account: accountName('Account.'), permission: accountName('Permission.') }),
      'Declared permissions.',
    ),
    data: hex('Packed data.'),
    return_value: hex('What it returned.'),
    params: optional(anything('Data by the ABI.')),
    return_data: optional(anything('What it returned, by the ABI.')),
  },
  { title: 'TracedAction' },
);

const tracedTransaction = record(
  {
    id: checksum('Transaction id.'),
    block_num: integer('Block number.'),
    block_time: time('Time of the block.'),
    producer_block_id: nullable(checksum('Block id.')),
    actions: list(tracedAction, 'Actions by global sequence.'),
    status: text('Status.'),
    cpu_usage_us: integer('CPU billed.'),
    net_usage_words: integer('NET billed.'),
    signatures: list(text('Signature.'), 'Signatures.'),
    transaction_header: record({
      expiration: time('Expiration.'),
      ref_block_num: integer('Reference.'),
      ref_block_prefix: integer('Reference.'),
      max_net_usage_words: integer('Bound.'),
      max_cpu_usage_ms: integer('Bound.'),
      delay_sec: integer('0.'),
    }),
  },
  { title: 'TracedTransaction' },
);

/** Routes of the trace API. */
export const traceRoutes = {
  getBlock: query({
    path: '/v1/trace_api/get_block',
    group: 'Traces',
    summary: 'What a block did, action by action.',
    doc: '404 when the node does not hold the block.',
    request: record({ block_num: integer('Block number.', { minimum: 0, maximum: 0xffff_ffff }) }),
    response: record(
      {
        id: checksum('Block id.'),
        number: integer('Block number.'),
        previous_id: checksum('Id of the block before.'),
        status: text('`irreversible` or `pending`.'),
        timestamp: time('Time of the block.'),
        producer: accountName('Producer.'),
        transaction_mroot: checksum('Root of the receipts.'),
        action_mroot: checksum('Root of the action receipts.'),
        schedule_version: integer('Version of the schedule.'),
        transactions: list(tracedTransaction, 'Transactions in order.'),
      },
      { title: 'TracedBlock' },
    ),
    example: { block_num: 2 },
  }),
  getTransactionTrace: query({
    path: '/v1/trace_api/get_transaction_trace',
    group: 'Traces',
    summary: 'What a transaction did, action by action.',
    doc: '404 when the node does not hold it.',
    request: record({ id: text('Transaction id.', { maxLength: 64 }) }),
    response: tracedTransaction,
  }),
};

/** Routes of the former history plugin that follow from what a node holds. */
export const historyRoutes = {
  getTransaction: query({
    path: '/v1/history/get_transaction',
    group: 'History',
    summary: 'A transaction and its traces, by id or the beginning of an id (8 digits or more).',
    request: record({
      id: text('Transaction id, or its beginning.', { maxLength: 64 }),
      block_num_hint: optional(integer('Not needed.', { minimum: 0 })),
      traces: optional(flag('With traces.', { default: true })),
    }),
    response: record({
      id: checksum('Transaction id.'),
      trx: anything('`{receipt, trx}`: what the block says, and the decoded transaction with its signatures.'),
      block_time: time('Time of the block.'),
      block_num: integer('Block number.'),
      last_irreversible_block: integer('Newest final block.'),
      traces: list(anything('Action trace.'), 'Action traces in order.'),
    }),
  }),
  getKeyAccounts: query({
    path: '/v1/history/get_key_accounts',
    group: 'History',
    summary: 'Accounts with a permission that a key is part of.',
    request: record({ public_key: text('Public key.', { maxLength: 400 }) }),
    response: record({ account_names: list(accountName('Account.'), 'Sorted.') }),
    example: { public_key: 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV' },
  }),
  getControlledAccounts: query({
    path: '/v1/history/get_controlled_accounts',
    group: 'History',
    summary: 'Accounts with a permission that another account is part of.',
    request: record({ controlling_account: text('Account.', { maxLength: 13 }) }),
    response: record({ controlled_accounts: list(accountName('Account.'), 'Sorted.') }),
    example: { controlling_account: 'eosio' },
  }),
};
