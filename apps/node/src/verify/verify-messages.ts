/** What the verify pool and its threads say to each other; both directions are buffers that move, not copies. */
import { Reader, type Rejection, rejectionSchema, Writer } from '@snapscale/protocol';

/** What a verifying thread is started with. */
export type VerifyWorkerOptions = { readonly chainId: Uint8Array };

/** From a verifying thread. Each batch is answered by one `done`, in order. */
export type FromVerifyWorker =
  | { readonly kind: 'ready'; readonly description: string }
  | {
      readonly kind: 'done';
      /** For the core: see verified-batch.ts. Empty when nothing was verified. */
      readonly verified: Uint8Array<ArrayBuffer>;
      readonly verifiedCount: number;
      /** See `readRejections`. Empty when nothing was rejected. */
      readonly rejected: Uint8Array<ArrayBuffer>;
    };

/** Whose a transaction is: `request` is the sender's number for it, `from` the peer that sent it, 0 for a client of this node. */
export type Origin = { readonly request: number; readonly from: number };

/** A transaction to verify: an encoded `packed_transaction`. */
export type VerifyRequest = Origin & { readonly bytes: Uint8Array };

/** To a verifying thread: per transaction request u32, from u32, length u32, bytes. */
export function encodeRequests(requests: readonly VerifyRequest[]): Uint8Array<ArrayBuffer> {
  const size = requests.reduce((sum, { bytes }) => sum + REQUEST_HEAD_BYTES + bytes.length, 0);
  const encoded = new Uint8Array(size);
  const view = new DataView(encoded.buffer);
  let at = 0;
  for (const { request, from, bytes } of requests) {
    view.setUint32(at, request, true);
    view.setUint32(at + 4, from, true);
    view.setUint32(at + 8, bytes.length, true);
    encoded.set(bytes, at + REQUEST_HEAD_BYTES);
    at += REQUEST_HEAD_BYTES + bytes.length;
  }
  return encoded;
}

const REQUEST_HEAD_BYTES = 12;

export function* readRequests(encoded: Uint8Array): Generator<VerifyRequest> {
  const reader = new Reader(encoded);
  while (reader.remaining > 0) {
    const request = reader.u32();
    const from = reader.u32();
    yield { request, from, bytes: reader.raw(reader.u32()) };
  }
}

/** Collects rejections. */
export class RejectionWriter {
  readonly #writer = new Writer(1024);

  add({ request, from }: Origin, rejection: Rejection): void {
    this.#writer.u32(request);
    this.#writer.u32(from);
    rejectionSchema.write(this.#writer, rejection);
  }

  /** The rejections in a buffer of their own, and a fresh start. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#writer.finish() as Uint8Array<ArrayBuffer>;
    this.#writer.reset();
    return bytes;
  }
}

export function* readRejections(encoded: Uint8Array): Generator<Origin & { rejection: Rejection }> {
  const reader = new Reader(encoded);
  while (reader.remaining > 0) {
    const request = reader.u32();
    const from = reader.u32();
    yield { request, from, rejection: rejectionSchema.read(reader) };
  }
}
