/** Blocks: header, receipts of transactions, ids and digests. */
import { sha256, sha256Each } from '@snapscale/crypto';
import { extensionsSchema } from './action.js';
import { array, defaulted, enumeration, nullable, struct, variant } from './codec/composites.js';
import type { JsonObject } from './codec/json.js';
import { signatureSchema } from './codec/keys.js';
import { Reader } from './codec/reader.js';
import { checksum256, u16, u32, varuint32 } from './codec/scalars.js';
import { encode, type Schema, type TypeOf } from './codec/schema.js';
import { Writer } from './codec/writer.js';
import { producerScheduleSchema } from './consensus/producer.js';
import { limits } from './limits.js';
import { nameSchema } from './name.js';
import { slotSchema } from './time.js';
import { packedTransactionDigests, packedTransactionSchema } from './transaction.js';

/** Wire type of a block header. */
export const blockHeaderSchema = struct(
  'block_header',
  {
    slot: slotSchema,
    producer: nameSchema,
    confirmed: u16,
    previous: checksum256,
    transactionMroot: checksum256,
    actionMroot: checksum256,
    scheduleVersion: u32,
    newProducers: nullable(producerScheduleSchema),
    headerExtensions: defaulted(extensionsSchema, []),
  },
  { slot: 'timestamp' },
);

/** What a producer signs. `newProducers` is the schedule that this block puts into force, if any. */
export type BlockHeader = TypeOf<typeof blockHeaderSchema>;

/** Header extension that holds the 32-byte root of the state after the block. */
export const stateRootExtension = 0x5352;

/** Names of `TransactionReceipt.status`. */
export const transactionStatusNames = ['executed', 'soft_fail', 'hard_fail', 'delayed', 'expired'] as const;

/** 0 executed, 1 soft_fail, 2 hard_fail, 3 delayed, 4 expired. */
export type TransactionStatus = 0 | 1 | 2 | 3 | 4;

/** Wire type of a transaction status. JSON is the name. */
export const transactionStatusSchema = enumeration('status', transactionStatusNames) as Schema<TransactionStatus>;

const receiptBodyVariant = variant('transaction_receipt_body', { id: checksum256, packed: packedTransactionSchema });
type ReceiptBody = TypeOf<typeof receiptBodyVariant>;

/** JSON is the id as hex, or the packed transaction as an object (nodeos's `[index, value]` is read too). */
const receiptBodySchema: Schema<ReceiptBody> = {
  ...receiptBodyVariant,
  toJson: (value) =>
    value.kind === 'id' ? checksum256.toJson(value.id) : packedTransactionSchema.toJson(value.packed),
  fromJson(json) {
    if (Array.isArray(json)) return receiptBodyVariant.fromJson(json);
    if (typeof json === 'string') return { kind: 'id', id: checksum256.fromJson(json) };
    return { kind: 'packed', packed: packedTransactionSchema.fromJson(json) };
  },
};

/** Wire type of a transaction's receipt in a block. */
export const transactionReceiptSchema = struct(
  'transaction_receipt',
  {
    status: transactionStatusSchema,
    cpuUsageUs: u32,
    netUsageWords: varuint32,
    transaction: receiptBodySchema,
  },
  { transaction: 'trx' },
);

/** What became of a transaction in a block, and the transaction itself (or only its id when it was implicit). */
export type TransactionReceipt = TypeOf<typeof transactionReceiptSchema>;

const blockStruct = struct('signed_block', {
  header: blockHeaderSchema,
  producerSignature: signatureSchema,
  transactions: array(transactionReceiptSchema, limits.transactionsPerBlockMax),
  blockExtensions: defaulted(extensionsSchema, []),
});

/** A block with its producer's signature. */
export type SignedBlock = TypeOf<typeof blockStruct>;

/** Wire type of a signed block. JSON has the header's fields and the others side by side, as nodeos. */
export const signedBlockSchema: Schema<SignedBlock> = {
  ...blockStruct,
  toJson(value) {
    const { header, ...rest } = blockStruct.toJson(value) as JsonObject;
    return { ...(header as JsonObject), ...rest };
  },
  fromJson: (json) => blockStruct.fromJson({ ...(json as JsonObject), header: json }),
};

/** What a block says before its transactions. */
export type BlockSummary = { readonly header: BlockHeader; readonly transactionCount: number };

/** Reads the beginning of an encoded block; its transactions are neither read nor checked. @throws DecodeError */
export function decodeBlockSummary(encoded: Uint8Array): BlockSummary {
  const reader = new Reader(encoded);
  const header = blockHeaderSchema.read(reader);
  signatureSchema.read(reader);
  return { header, transactionCount: reader.count(limits.transactionsPerBlockMax, transactionReceiptSchema.sizeMin) };
}

/** Number of the block with this id: its first four bytes, big-endian. */
export function blockNumOf(id: Uint8Array): number {
  return ((id[0]! << 24) | (id[1]! << 16) | (id[2]! << 8) | id[3]!) >>> 0;
}

/** What a transaction that refers to this block must carry as `refBlockPrefix`: bytes 8…11 of the id, little-endian. */
export function refBlockPrefixOf(id: Uint8Array): number {
  return (id[8]! | (id[9]! << 8) | (id[10]! << 16) | (id[11]! << 24)) >>> 0;
}

/** Number of the block with this header: one more than its parent's. */
export function blockNumOfHeader(header: BlockHeader): number {
  return (blockNumOf(header.previous) + 1) >>> 0;
}

/** Digest that the producer signs: SHA-256 of the header. */
export function blockDigest(header: BlockHeader): Uint8Array {
  return sha256(encode(blockHeaderSchema, header));
}

/** Id of a block: the header's SHA-256 with the block number in its first four bytes. */
export function blockId(header: BlockHeader): Uint8Array {
  const id = Uint8Array.from(blockDigest(header));
  const num = blockNumOfHeader(header);
  id[0] = num >>> 24;
  id[1] = (num >>> 16) & 0xff;
  id[2] = (num >>> 8) & 0xff;
  id[3] = num & 0xff;
  return id;
}

/** Digest of a receipt; the leaves of `transactionMroot`, in block order. */
export function receiptDigest(receipt: TransactionReceipt): Uint8Array {
  return receiptDigests([receipt])[0]!;
}

/** Digests of many receipts, in their order; faster than one by one. */
export function receiptDigests(receipts: readonly TransactionReceipt[]): Uint8Array[] {
  const packed = receipts.flatMap(({ transaction }) => (transaction.kind === 'packed' ? [transaction.packed] : []));
  const packedDigests = packedTransactionDigests(packed);
  let next = 0;
  return sha256Each(
    receipts.map(({ status, cpuUsageUs, netUsageWords, transaction }) => {
      const writer = new Writer(64);
      writer.u8(status);
      writer.u32(cpuUsageUs);
      writer.varuint32(netUsageWords);
      writer.raw(transaction.kind === 'id' ? transaction.id : packedDigests[next++]!);
      return writer.finish();
    }),
  );
}

/** The state root that a header carries, if it does. */
export function stateRootOf(header: BlockHeader): Uint8Array | undefined {
  return header.headerExtensions.find((extension) => extension.type === stateRootExtension)?.data;
}
