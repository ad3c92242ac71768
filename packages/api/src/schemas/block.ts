/** Blocks as JSON. */
import { anything, integer, list, nullable, optional, pair, record, text } from '../schema.js';
import { accountName, checksum, publicKey, signingAuthority, time } from './primitives.js';
import { blockReceipt, extension } from './transaction.js';

const legacySchedule = record({
  version: integer('Version of the schedule.'),
  producers: list(record({ producer_name: accountName('Producer.'), block_signing_key: publicKey('Its key.') })),
});

/** The fields of a block header. */
const headerFields = {
  timestamp: time('Slot of the block.'),
  producer: accountName('Who made it.'),
  confirmed: integer('Always 0.'),
  previous: checksum('Id of the block before.'),
  transaction_mroot: checksum('Merkle root of the receipts.'),
  action_mroot: checksum('Merkle root of the action receipts.'),
  schedule_version: integer('Version of the producer schedule.'),
};

/** A header with its signature. */
export const signedHeader = record(
  {
    ...headerFields,
    new_producers: optional(nullable(legacySchedule)),
    header_extensions: optional(list(extension, 'Extensions.')),
    producer_signature: text('Signature of the producer.'),
  },
  { title: 'SignedBlockHeader' },
);

/** A block with decoded transactions. */
export const block = record(
  {
    ...headerFields,
    new_producers: nullable(legacySchedule),
    header_extensions: optional(list(extension, 'Extensions.')),
    producer_signature: text('Signature of the producer.'),
    transactions: list(blockReceipt, 'Transactions in order.'),
    block_extensions: optional(list(extension, 'Extensions.')),
    id: checksum('Block id.'),
    block_num: integer('Block number.'),
    ref_block_prefix: integer('For the `ref_block_prefix` of transactions.'),
  },
  { title: 'Block' },
);

/** The short form of a block. */
export const blockInfo = record(
  {
    block_num: integer('Block number.'),
    ref_block_num: integer('Its low 16 bits.'),
    id: checksum('Block id.'),
    ...headerFields,
    producer_signature: text('Signature of the producer.'),
    ref_block_prefix: integer('For the `ref_block_prefix` of transactions.'),
  },
  { title: 'BlockInfo' },
);

const producerAuthority = record({
  producer_name: accountName('Producer.'),
  authority: pair(integer('0.'), signingAuthority, 'Who signs its blocks.'),
});

/** Who produces blocks. */
export const producerSchedule = record(
  { version: integer('Version of the schedule.'), producers: list(producerAuthority, 'Producers in order.') },
  { title: 'ProducerSchedule' },
);

/** A block with what the chain knew at it. */
export const blockHeaderState = record(
  {
    block_num: integer('Block number.'),
    id: checksum('Block id.'),
    header: signedHeader,
    dpos_proposed_irreversible_blocknum: integer('Number of the final block.'),
    dpos_irreversible_blocknum: integer('Number of the final block.'),
    active_schedule: producerSchedule,
    pending_schedule: record({
      schedule_lib_num: integer('0.'),
      schedule_hash: checksum('Zero.'),
      schedule: producerSchedule,
    }),
    blockroot_merkle: record({
      _active_nodes: list(checksum('Node.')),
      _node_count: integer('Number of blocks below.'),
    }),
    producer_to_last_produced: list(pair(text('Producer.'), integer('Block number.')), 'Always empty.'),
    producer_to_last_implied_irb: list(pair(text('Producer.'), integer('Block number.')), 'Always empty.'),
    valid_block_signing_authority: pair(integer('0.'), signingAuthority),
    confirm_count: list(integer('Count.'), 'Always empty.'),
    activated_protocol_features: record({ protocol_features: list(checksum('Feature digest.')) }),
    additional_signatures: list(text('Signature.'), 'Always empty.'),
  },
  { title: 'BlockHeaderState' },
);

/** A block as it is stored, transactions packed. */
export const rawBlock = record(
  {
    ...headerFields,
    new_producers: optional(nullable(legacySchedule)),
    header_extensions: list(extension, 'Extensions.'),
    producer_signature: text('Signature of the producer.'),
    transactions: list(
      record({
        status: text('Status.'),
        cpu_usage_us: integer('CPU billed.'),
        net_usage_words: integer('NET billed.'),
        trx: pair(integer('0: an id; 1: a packed transaction.'), anything('Id or packed transaction.')),
      }),
      'Transactions in order.',
    ),
    block_extensions: list(extension, 'Extensions.'),
  },
  { title: 'RawBlock' },
);
