/**
 * What must be known of a transaction before the core sees it: that its bytes decode within the limits, its id, and the
 * keys that signed it. All of it follows from the bytes and the chain id alone, so that it can be done on any thread.
 */
import { inflateSync, type ZlibOptions } from 'node:zlib';
import {
  CryptoError,
  formatLegacyPublicKey,
  type PublicKey,
  type RecoverPort,
  recoverPublicKey,
} from '@snapscale/crypto';
import type { VerifiedTransaction } from '@snapscale/execution';
import {
  DecodeError,
  decode,
  limits,
  type PackedTransaction,
  packedTransactionSchema,
  Reject,
  type Rejection,
  reject,
  signingDigest,
  transactionId,
  type UnpackedTransaction,
  unpackTransaction,
} from '@snapscale/protocol';

/** Longest packed transaction with signatures that is looked at: both parts at their limits, and room for the rest. */
export const RECEIVED_BYTES_MAX = 2 * limits.transactionBytesMax + 256 * 1024;

/** A verified transaction, and the uncompressed bytes of its context-free data (empty when there are none). */
export type CheckedTransaction = { readonly verified: VerifiedTransaction; readonly packedContextFreeData: Uint8Array };

export type CheckResult =
  | { readonly kind: 'verified'; readonly checked: CheckedTransaction }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

/**
 * Checks an encoded `packed_transaction`. The result holds views into `bytes`.
 * Cost: one key recovery per signature, and inflating at most 1 MiB twice.
 */
export function checkTransaction(bytes: Uint8Array, chainId: Uint8Array, recover: RecoverPort): CheckResult {
  try {
    if (bytes.length > RECEIVED_BYTES_MAX) {
      reject('tx_too_big', `a transaction of ${bytes.length} bytes, at most ${RECEIVED_BYTES_MAX} are accepted`);
    }
    return { kind: 'verified', checked: verifyReceived(decodeReceived(bytes), chainId, recover) };
  } catch (error) {
    if (error instanceof Reject) return { kind: 'rejected', rejection: error.rejection };
    throw error;
  }
}

/** As `checkTransaction`, for a transaction that is decoded already, as in a block. @throws Reject */
export function verifyReceived(
  received: PackedTransaction,
  chainId: Uint8Array,
  recover: RecoverPort,
): CheckedTransaction {
  const { transaction, packed, contextFreeData, packedContextFreeData } = unpack(received);
  const digest = signingDigest(chainId, packed, packedContextFreeData);
  const keys = received.signatures.map((signature) => {
    try {
      return recoverPublicKey(signature, digest, recover);
    } catch (error) {
      if (error instanceof CryptoError) reject('assert_exception', error.message);
      throw error;
    }
  });
  refuseDuplicates(keys);
  const verified = { id: transactionId(packed), transaction, received, packed, contextFreeData, keys };
  return { verified, packedContextFreeData };
}

/** Inflates zlib data that must end where its stream ends. Never produces more than `bytesMax`. */
export function inflateBounded(deflated: Uint8Array, bytesMax: number): Uint8Array {
  const options: ZlibOptions = { maxOutputLength: bytesMax, info: true };
  const { buffer, engine } = inflateSync(deflated, options) as unknown as InflateInfo;
  if (engine.bytesWritten !== deflated.length) throw new Error(`${deflated.length - engine.bytesWritten} bytes follow`);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** What zlib answers with the option `info`. `bytesWritten` counts the input that was consumed. */
type InflateInfo = { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };

function decodeReceived(bytes: Uint8Array): PackedTransaction {
  try {
    return decode(packedTransactionSchema, bytes);
  } catch (error) {
    if (error instanceof DecodeError) reject('packed_transaction_type_exception', error.message);
    throw error;
  }
}

function unpack(received: PackedTransaction): UnpackedTransaction {
  let isInflateFault = false;
  const inflate = (deflated: Uint8Array, bytesMax: number) => {
    try {
      return inflateBounded(deflated, bytesMax);
    } catch (error) {
      isInflateFault = true;
      throw error;
    }
  };
  try {
    return unpackTransaction(received, inflate);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return reject(isInflateFault ? 'tx_decompression_error' : 'packed_transaction_type_exception', error.message);
  }
}

function refuseDuplicates(keys: readonly PublicKey[]): void {
  if (keys.length < 2) return;
  const seen = new Set<string>();
  for (const key of keys) {
    const text = formatLegacyPublicKey(key);
    if (seen.has(text)) {
      reject('tx_duplicate_sig', `transaction includes more than one signature of the key ${text}`, { key: text });
    }
    seen.add(text);
  }
}
