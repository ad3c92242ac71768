/**
 * Verified transactions on their way from a verifying thread to the core: one buffer, which is passed on by transfer.
 *
 * Per transaction: request u32, from u32, id 32 bytes, keys (varuint32 count, packed), the received `packed_transaction` with its
 * length, and, when that is compressed, the uncompressed transaction and context-free data with their lengths.
 * The format is between threads of one program and has no version.
 */
import type { VerifiedTransaction } from '@snapscale/execution';
import {
  array,
  contextFreeDataSchema,
  decode,
  limits,
  packedTransactionSchema,
  publicKeySchema,
  Reader,
  transactionSchema,
  Writer,
} from '@snapscale/protocol';
import type { Origin } from './verify-messages.js';
import type { CheckedTransaction } from './verify-transaction.js';

/** A verified transaction, and whose it is. */
export type VerifiedSubmission = Origin & { readonly transaction: VerifiedTransaction };

const keysSchema = array(publicKeySchema, limits.signaturesMax);
const ID_BYTES = 32;

/** Collects verified transactions into one buffer. */
export class VerifiedBatchWriter {
  readonly #writer = new Writer(16 * 1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param received the encoded packed transaction. */
  add({ request, from }: Origin, received: Uint8Array, { verified, packedContextFreeData }: CheckedTransaction): void {
    const writer = this.#writer;
    writer.u32(request);
    writer.u32(from);
    writer.raw(verified.id);
    keysSchema.write(writer, verified.keys);
    writer.bytes(received);
    if (verified.received.compression === 1) {
      writer.bytes(verified.packed);
      writer.bytes(packedContextFreeData);
    }
    this.#count++;
  }

  /** The batch in a buffer of its own, and a fresh start. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#writer.finish() as Uint8Array<ArrayBuffer>;
    this.#writer.reset();
    this.#count = 0;
    return bytes;
  }
}

/** Reads a batch, in order. The transactions hold views into `bytes`. */
export function* readVerifiedBatch(bytes: Uint8Array): Generator<VerifiedSubmission> {
  const reader = new Reader(bytes);
  while (reader.remaining > 0) {
    const request = reader.u32();
    const from = reader.u32();
    const id = reader.raw(ID_BYTES);
    const keys = keysSchema.read(reader);
    const received = decode(packedTransactionSchema, reader.bytes());
    const isCompressed = received.compression === 1;
    const packed = isCompressed ? reader.bytes() : received.packedTransaction;
    const packedContextFreeData = isCompressed ? reader.bytes() : received.packedContextFreeData;
    const contextFreeData =
      packedContextFreeData.length === 0 ? [] : decode(contextFreeDataSchema, packedContextFreeData);
    const transaction = decode(transactionSchema, packed);
    yield { request, from, transaction: { id, transaction, received, packed, contextFreeData, keys } };
  }
}
