/** Transactions: what is signed, what is sent, and the hashes over them. */
import { concatBytes, type Signature, sha256, sha256Each } from '@snapscale/crypto';
import { actionSchema, type Extension, extensionsSchema } from './action.js';
import { array, defaulted, enumeration, struct } from './codec/composites.js';
import { DecodeError } from './codec/errors.js';
import { signatureSchema } from './codec/keys.js';
import { Reader } from './codec/reader.js';
import { bytes, u8, u16, u32, varuint32 } from './codec/scalars.js';
import { decode, encode, type Schema, type TypeOf } from './codec/schema.js';
import { Writer } from './codec/writer.js';
import { limits } from './limits.js';
import { type Name, nameSchema } from './name.js';
import { secondsSchema } from './time.js';

const noBytes = new Uint8Array(0);
const noHash = new Uint8Array(32);

const transactionFields = {
  expiration: secondsSchema,
  refBlockNum: u16,
  refBlockPrefix: u32,
  maxNetUsageWords: defaulted(varuint32, 0),
  maxCpuUsageMs: defaulted(u8, 0),
  delaySec: defaulted(varuint32, 0),
  contextFreeActions: defaulted(array(actionSchema, limits.actionsMax), []),
  actions: array(actionSchema, limits.actionsMax),
  transactionExtensions: defaulted(extensionsSchema, []),
};

/** Wire type of a transaction. */
export const transactionSchema = struct('transaction', transactionFields);

/** What is signed: reference block, expiration (seconds since 1970), limits and actions. */
export type Transaction = TypeOf<typeof transactionSchema>;

/** Wire type of the context-free data. */
export const contextFreeDataSchema: Schema<readonly Uint8Array[]> = array(
  bytes(limits.transactionBytesMax),
  limits.contextFreeDataItemsMax,
);

const signaturesSchema = array(signatureSchema, limits.signaturesMax);

/** Wire type of a transaction followed by its signatures and context-free data. */
export const signedTransactionSchema = struct('signed_transaction', {
  ...transactionFields,
  signatures: signaturesSchema,
  contextFreeData: defaulted(contextFreeDataSchema, []),
});

/** A transaction with its signatures and context-free data. */
export type SignedTransaction = TypeOf<typeof signedTransactionSchema>;

/** How the packed parts of a transaction travel. */
export type Compression = 0 | 1;

/** Wire type of a packed transaction. */
export const packedTransactionSchema = struct(
  'packed_transaction',
  {
    signatures: signaturesSchema,
    compression: defaulted(enumeration('compression', ['none', 'zlib']) as Schema<Compression>, 0),
    packedContextFreeData: defaulted(bytes(limits.transactionBytesMax), noBytes),
    packedTransaction: bytes(limits.transactionBytesMax),
  },
  { packedTransaction: 'packed_trx' },
);

/** A transaction as it is sent; both byte fields are deflated (zlib) when `compression` is 1. */
export type PackedTransaction = TypeOf<typeof packedTransactionSchema>;

/** Inflates zlib data. Must throw when the result would exceed `bytesMax`, without producing more than that. */
export type Inflate = (deflated: Uint8Array, bytesMax: number) => Uint8Array;

/** The parts of a packed transaction. */
export type UnpackedTransaction = {
  readonly transaction: Transaction;
  /** The transaction's bytes, not compressed: what the id and the signatures cover. */
  readonly packed: Uint8Array;
  readonly contextFreeData: readonly Uint8Array[];
  /** The context-free data's bytes, not compressed; empty when there are none (also when an empty list was sent). */
  readonly packedContextFreeData: Uint8Array;
};

/**
 * Opens a packed transaction.
 * @param inflate needed for compressed transactions; without it they are refused
 * @throws DecodeError
 */
export function unpackTransaction(packed: PackedTransaction, inflate?: Inflate): UnpackedTransaction {
  const transactionBytes = inflated(packed.packedTransaction, packed.compression, inflate);
  const cfdBytes =
    packed.packedContextFreeData.length === 0
      ? packed.packedContextFreeData
      : inflated(packed.packedContextFreeData, packed.compression, inflate);
  const contextFreeData = cfdBytes.length === 0 ? [] : decode(contextFreeDataSchema, cfdBytes);
  return {
    transaction: decode(transactionSchema, transactionBytes),
    packed: transactionBytes,
    contextFreeData,
    packedContextFreeData: contextFreeData.length === 0 ? noBytes : cfdBytes,
  };
}

/** Packs a transaction without compression. */
export function packTransaction(
  transaction: Transaction,
  signatures: readonly Signature[],
  contextFreeData: readonly Uint8Array[] = [],
): PackedTransaction {
  return {
    signatures,
    compression: 0,
    packedContextFreeData: contextFreeData.length === 0 ? noBytes : encode(contextFreeDataSchema, contextFreeData),
    packedTransaction: encode(transactionSchema, transaction),
  };
}

/** Id of a transaction: SHA-256 of its uncompressed bytes. */
export function transactionId(packed: Uint8Array): Uint8Array {
  return sha256(packed);
}

/**
 * What the signatures of a transaction cover.
 * @param packed the transaction's uncompressed bytes
 * @param packedContextFreeData the uncompressed, packed `bytes[]`; nothing, or an empty list (one zero byte), when there is none
 */
export function signingDigest(chainId: Uint8Array, packed: Uint8Array, packedContextFreeData?: Uint8Array): Uint8Array {
  const hasData = packedContextFreeData !== undefined && packedContextFreeData.length > 1;
  return sha256(concatBytes(chainId, packed, hasData ? sha256(packedContextFreeData) : noHash));
}

/** Type of the transaction extension that names the edge node which served the transaction. */
export const edgeNodeExtension = 0x5350;

/** The account of the edge node that a transaction names, if it does. @throws DecodeError for a malformed extension */
export function edgeNodeOf(transaction: Transaction): Name | undefined {
  for (const extension of transaction.transactionExtensions) {
    if (extension.type === edgeNodeExtension) return decode(nameSchema, extension.data);
  }
  return undefined;
}

/** The extension that names an edge node. */
export function edgeNodeExtensionFor(account: Name): Extension {
  return { type: edgeNodeExtension, data: encode(nameSchema, account) };
}

/**
 * The digest of a packed transaction that a block's receipt commits to. Signatures and context-free data enter through
 * their own hash, so that they can be pruned.
 */
export function packedTransactionDigest(packed: PackedTransaction): Uint8Array {
  return packedTransactionDigests([packed])[0]!;
}

/** Digests of many packed transactions, in their order; faster than one by one. */
export function packedTransactionDigests(list: readonly PackedTransaction[]): Uint8Array[] {
  const prunable = sha256Each(
    list.map(({ signatures, packedContextFreeData }) => {
      const writer = new Writer(128);
      signaturesSchema.write(writer, signatures);
      writer.bytes(packedContextFreeData);
      return writer.finish();
    }),
  );
  return sha256Each(
    list.map(({ compression, packedTransaction }, index) => {
      const writer = new Writer(packedTransaction.length + 48);
      writer.u8(compression);
      writer.bytes(packedTransaction);
      writer.raw(prunable[index]!);
      return writer.finish();
    }),
  );
}

/**
 * Bytes of a packed transaction that count for NET: `unprunable` (fixed overhead not included) in full, `prunable` at the
 * chain's discount.
 */
export function netSizes(packed: PackedTransaction): { unprunable: number; prunable: number } {
  const signatures = encode(signaturesSchema, packed.signatures).length;
  return { unprunable: packed.packedTransaction.length, prunable: signatures + packed.packedContextFreeData.length };
}

function inflated(data: Uint8Array, compression: Compression, inflate: Inflate | undefined): Uint8Array {
  if (compression === 0) return data;
  if (inflate === undefined) throw new DecodeError('compressed transactions are not accepted here', 0);
  let result: Uint8Array;
  try {
    result = inflate(data, limits.transactionBytesMax);
  } catch (error) {
    throw new DecodeError(`cannot decompress: ${error instanceof Error ? error.message : String(error)}`, 0);
  }
  if (result.length > limits.transactionBytesMax) throw new DecodeError('decompressed transaction is too large', 0);
  return result;
}

/** The header fields of a packed transaction without decoding its actions. @throws DecodeError */
export function peekTransactionHeader(packed: Uint8Array): {
  expiration: number;
  refBlockNum: number;
  refBlockPrefix: number;
} {
  const reader = new Reader(packed);
  return { expiration: reader.u32(), refBlockNum: reader.u16(), refBlockPrefix: reader.u32() };
}
