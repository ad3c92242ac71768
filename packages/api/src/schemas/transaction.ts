/** Transactions as JSON: as they are sent, and decoded. */
import {
  anything,
  bigInteger,
  either,
  flag,
  integer,
  list,
  nullable,
  optional,
  pair,
  record,
  text,
} from '../schema.js';
import { accountName, checksum, hex, permissionLevel, time } from './primitives.js';

/** `[type, hex]`, as transactions, headers and blocks carry them. */
export const extension = pair(integer('Type.'), hex('Data.'), 'Extension.');

/** An action whose data was decoded by the contract's ABI. */
const decodedAction = record(
  {
    account: accountName('Contract.'),
    name: accountName('Action.'),
    authorization: list(permissionLevel, 'Declared permissions.'),
    data: anything('Fields by the ABI, or hex when there is no ABI or the bytes do not fit it.'),
    hex_data: optional(hex('The bytes.')),
  },
  { title: 'Action' },
);

const transactionFields = {
  expiration: time('Last moment at which it may enter a block.'),
  ref_block_num: integer('Low 16 bits of the number of a recent block.'),
  ref_block_prefix: integer('Bytes 8 to 11 of that block’s id, as a little-endian number.'),
  max_net_usage_words: integer('Bound on its size in words of 8 bytes; 0 is none.'),
  max_cpu_usage_ms: integer('Bound on its CPU time; 0 is none.'),
  delay_sec: integer('Always 0.'),
  context_free_actions: list(decodedAction, 'Actions that read no state.'),
  actions: list(decodedAction, 'Actions.'),
  transaction_extensions: optional(list(extension, 'Extensions.')),
};

/** A decoded transaction. */
const decodedTransaction = record(transactionFields, { title: 'Transaction' });

/** A packed transaction with its decoded form, inside blocks. */
const blockTransaction = record(
  {
    id: checksum('Transaction id.'),
    signatures: list(text('Signature.'), 'Signatures.'),
    compression: text('`none` or `zlib`.'),
    packed_context_free_data: hex('Packed context-free data.'),
    context_free_data: list(hex('Item.'), 'Context-free data.'),
    packed_trx: hex('Packed transaction.'),
    transaction: decodedTransaction,
  },
  { title: 'BlockTransaction' },
);

/**
 * What a request may give as a transaction: packed, or with its fields and the data of actions as hex or as fields. The
 * server tells which and says what is wrong; here the parts are only named.
 */
export const anyTransaction = record(
  {
    signatures: optional(list(text('Signature.'), 'Signatures.', { maxItems: 256 })),
    compression: optional(either(integer('0 or 1.'), text('`none` or `zlib`.'), 'How `packed_trx` is compressed.')),
    packed_context_free_data: optional(text('Packed context-free data in hex.')),
    packed_trx: optional(text('Packed transaction in hex.')),
    transaction: optional(anything('Instead of `packed_trx`: the fields of the transaction.')),
    expiration: optional(text('Instead of `packed_trx`, fields of the transaction here: expiration.')),
    ref_block_num: optional(integer('See `expiration`.', { minimum: 0, maximum: 0xffff_ffff })),
    ref_block_prefix: optional(integer('See `expiration`.', { minimum: 0, maximum: 0xffff_ffff })),
    max_net_usage_words: optional(integer('See `expiration`.', { minimum: 0, maximum: 0xffff_ffff })),
    max_cpu_usage_ms: optional(integer('See `expiration`.', { minimum: 0, maximum: 255 })),
    delay_sec: optional(integer('See `expiration`.', { minimum: 0, maximum: 0xffff_ffff })),
    context_free_actions: optional(anything('See `expiration`.')),
    context_free_data: optional(anything('See `expiration`: items in hex.')),
    actions: optional(anything('See `expiration`.')),
    transaction_extensions: optional(anything('See `expiration`.')),
  },
  { title: 'TransactionInput' },
);

const receiptHeader = {
  status: text('`executed`, `soft_fail`, `hard_fail`, `delayed` or `expired`.'),
  cpu_usage_us: integer('CPU billed, in microseconds (from gas, the same on every node).'),
  net_usage_words: integer('NET billed, in words of 8 bytes.'),
};

/** A receipt with its decoded transaction. */
export const blockReceipt = record(
  { ...receiptHeader, trx: either(text('Transaction id.'), blockTransaction, 'Transaction, or its id.') },
  { title: 'TransactionReceipt' },
);

const actionReceipt = record(
  {
    receiver: accountName('Account whose contract ran.'),
    act_digest: checksum('Digest of the action and what it returned.'),
    global_sequence: bigInteger('Number of the action on the chain.'),
    recv_sequence: bigInteger('Number of the action at the receiver.'),
    auth_sequence: list(pair(text('Account.'), bigInteger('Its sequence.')), 'Sequences of the authorisers.'),
    code_sequence: integer('How often the contract’s code was set.'),
    abi_sequence: integer('How often its ABI was set.'),
  },
  { title: 'ActionReceipt' },
);

const exceptionContext = record({
  level: text('`error`.'),
  file: text('Part of the node.'),
  line: integer('0.'),
  method: text('Step.'),
  hostname: text('Empty.'),
  thread_name: text('Thread.'),
  timestamp: text('Empty.'),
});

/** Why a transaction or an action failed. */
const exception = record(
  {
    code: integer('Number of the error, as in EOSIO.'),
    name: text('Its name, as in EOSIO.'),
    message: text('What is wrong in general.'),
    stack: list(
      record({ context: exceptionContext, format: text('Message.'), data: anything('Values of the message.') }),
      'Details, outermost first.',
    ),
  },
  { title: 'Exception' },
);

const ramDelta = record({ account: accountName('Who pays.'), delta: bigInteger('Change in billable bytes.') });

const actionTraceFields = {
  action_ordinal: integer('Number of the action in the transaction, from 1.'),
  creator_action_ordinal: integer('Action that sent it, 0 for top level.'),
  closest_unnotified_ancestor_action_ordinal: integer('Nearest ancestor that is no notification, 0 for none.'),
  receipt: nullable(actionReceipt),
  receiver: accountName('Account whose contract ran.'),
  act: decodedAction,
  context_free: flag('Whether it reads no state.'),
  elapsed: integer('Wall time on this node, in microseconds.'),
  console: text('What the contract printed.'),
  trx_id: checksum('Transaction id.'),
  block_num: integer('Block number.'),
  block_time: time('Time of the block.'),
  producer_block_id: nullable(checksum('Block id; null while it is not in a block.')),
  account_ram_deltas: list(ramDelta, 'Changes of billable RAM.'),
  except: nullable(exception),
  error_code: nullable(bigInteger('Code of `eosio_assert_code`.')),
  return_value_hex_data: optional(text('What the action returned, in hex.')),
  return_value_data: optional(anything('The same by the ABI.')),
  inline_traces: optional(list(anything('Action trace.'), 'Actions it caused (push_transaction only).')),
};

/** What one action did. */
const actionTrace = record(actionTraceFields, { title: 'ActionTrace' });

/** What a transaction did. */
const transactionTrace = record(
  {
    id: checksum('Transaction id.'),
    block_num: integer('Block number.'),
    block_time: time('Time of the block.'),
    producer_block_id: nullable(checksum('Block id; null while it is not in a block.')),
    receipt: nullable(record(receiptHeader)),
    elapsed: integer('Wall time on this node, in microseconds.'),
    net_usage: integer('Size in bytes.'),
    scheduled: flag('Always false.'),
    action_traces: list(actionTrace, 'Actions in order of execution.'),
    account_ram_delta: anything('Always null.'),
    except: nullable(exception),
    error_code: nullable(bigInteger('Code of `eosio_assert_code`.')),
    bill: optional(
      record({
        payer: accountName('Who was billed.'),
        sponsor: optional(accountName('Who paid for the payer.')),
        cpu_fee: bigInteger('Fee for CPU in the smallest unit.'),
        net_fee: bigInteger('Fee for NET in the smallest unit.'),
        edge: optional(accountName('Edge node that is credited.')),
      }),
    ),
  },
  { title: 'TransactionTrace' },
);

/** Answer to sent transactions. */
export const transactionResult = record(
  { transaction_id: checksum('Transaction id.'), processed: transactionTrace },
  { title: 'TransactionResult' },
);
