/** Transactions as JSON: decoded, as blocks show them. */
import { formatSignature, toHex } from '@snapscale/crypto';
import {
  DecodeError,
  extensionsSchema,
  type JsonObject,
  type PackedTransaction,
  secondsToText,
  type Transaction,
  transactionId,
  unpackTransaction,
} from '@snapscale/protocol';
import { inflateBounded } from '../../verify/verify-transaction.js';
import { type AbiSource, actionJson } from './action-json.js';

/** A transaction with its actions decoded by their contracts' ABIs. */
export function transactionJson(source: AbiSource, transaction: Transaction): JsonObject {
  return {
    ...transactionHeaderJson(transaction),
    context_free_actions: transaction.contextFreeActions.map((action) => actionJson(source, action)),
    actions: transaction.actions.map((action) => actionJson(source, action)),
    ...(transaction.transactionExtensions.length === 0
      ? {}
      : { transaction_extensions: extensionsSchema.toJson(transaction.transactionExtensions) }),
  };
}

/** The part of a transaction before its actions. */
export function transactionHeaderJson(transaction: Transaction) {
  return {
    expiration: secondsToText(transaction.expiration),
    ref_block_num: transaction.refBlockNum,
    ref_block_prefix: transaction.refBlockPrefix,
    max_net_usage_words: transaction.maxNetUsageWords,
    max_cpu_usage_ms: transaction.maxCpuUsageMs,
    delay_sec: transaction.delaySec,
  };
}

/** A packed transaction as `transactions[].trx` of `get_block`. */
export function packedTransactionJson(source: AbiSource, packed: PackedTransaction): JsonObject {
  const common = {
    signatures: packed.signatures.map(formatSignature),
    compression: packed.compression === 0 ? 'none' : 'zlib',
    packed_context_free_data: toHex(packed.packedContextFreeData),
  };
  const opened = unpackTransaction(packed, inflateBounded);
  return {
    id: toHex(transactionId(opened.packed)),
    ...common,
    context_free_data: opened.contextFreeData.map(toHex),
    packed_trx: toHex(packed.packedTransaction),
    transaction: transactionJson(source, opened.transaction),
  };
}

/** The id of a packed transaction; undefined when it does not decompress. */
export function idOfPacked(packed: PackedTransaction): Uint8Array | undefined {
  try {
    return transactionId(unpackTransaction(packed, inflateBounded).packed);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
