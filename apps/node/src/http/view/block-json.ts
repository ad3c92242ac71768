/** Blocks and their headers as JSON. */
import { formatSignature, toHex } from '@snapscale/crypto';
import {
  type BlockHeader,
  blockHeaderSchema,
  blockNumOf,
  extensionsSchema,
  formatName,
  type JsonObject,
  packedTransactionSchema,
  refBlockPrefixOf,
  type SignedBlock,
  slotToText,
  transactionStatusSchema,
} from '@snapscale/protocol';
import type { StoredBlock } from '../backend.js';
import type { AbiSource } from './action-json.js';
import { packedTransactionJson } from './transaction-json.js';

/** The seven fields that every form of a block shows. */
export function headerFields(header: BlockHeader) {
  return {
    timestamp: slotToText(header.slot),
    producer: formatName(header.producer),
    confirmed: header.confirmed,
    previous: toHex(header.previous),
    transaction_mroot: toHex(header.transactionMroot),
    action_mroot: toHex(header.actionMroot),
    schedule_version: header.scheduleVersion,
  };
}

/** `get_block`. */
export function blockJson(source: AbiSource, { id, block }: StoredBlock): JsonObject {
  const { header } = block;
  return {
    ...headerFields(header),
    new_producers: (blockHeaderSchema.toJson(header) as JsonObject).new_producers ?? null,
    ...extensions('header_extensions', header.headerExtensions),
    producer_signature: formatSignature(block.producerSignature),
    transactions: block.transactions.map((receipt) => ({
      status: transactionStatusSchema.toJson(receipt.status),
      cpu_usage_us: receipt.cpuUsageUs,
      net_usage_words: receipt.netUsageWords,
      trx:
        receipt.transaction.kind === 'id'
          ? toHex(receipt.transaction.id)
          : packedTransactionJson(source, receipt.transaction.packed),
    })),
    ...extensions('block_extensions', block.blockExtensions),
    id: toHex(id),
    block_num: blockNumOf(id),
    ref_block_prefix: refBlockPrefixOf(id),
  };
}

/** `get_block_info`. */
export function blockInfoJson({ id, block }: StoredBlock) {
  const num = blockNumOf(id);
  return {
    block_num: num,
    ref_block_num: num & 0xffff,
    id: toHex(id),
    ...headerFields(block.header),
    producer_signature: formatSignature(block.producerSignature),
    ref_block_prefix: refBlockPrefixOf(id),
  };
}

/** A header with its signature, as `get_block_header` and `get_block_header_state` show it. */
export function signedHeaderJson({ header, producerSignature }: SignedBlock) {
  return {
    ...headerFields(header),
    header_extensions: extensionsSchema.toJson(header.headerExtensions) as never,
    producer_signature: formatSignature(producerSignature),
  };
}

/** `get_raw_block`: transactions as they are stored. */
export function rawBlockJson(block: SignedBlock): JsonObject {
  return {
    ...signedHeaderJson(block),
    transactions: block.transactions.map((receipt) => ({
      status: transactionStatusSchema.toJson(receipt.status),
      cpu_usage_us: receipt.cpuUsageUs,
      net_usage_words: receipt.netUsageWords,
      trx:
        receipt.transaction.kind === 'id'
          ? [0, toHex(receipt.transaction.id)]
          : [1, packedTransactionSchema.toJson(receipt.transaction.packed)],
    })),
    block_extensions: extensionsSchema.toJson(block.blockExtensions),
  };
}

function extensions(key: string, list: SignedBlock['blockExtensions']): JsonObject {
  return list.length === 0 ? {} : { [key]: extensionsSchema.toJson(list) };
}
