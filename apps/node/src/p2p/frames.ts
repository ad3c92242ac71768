/**
 * Messages on a stream of bytes: four bytes of length, big-endian, then the message, whose first byte says its kind.
 * A length that the kind does not allow is refused as soon as these five bytes are there.
 */
import { encode, type PeerMessage, peerMessageBytesMax, peerMessageKind, peerMessageSchema } from '@snapscale/protocol';

const LENGTH_BYTES = 4;
/** Chunks that may wait one by one: whoever sends a byte at a time would have each of them cost a hundred. */
const LOOSE_CHUNKS_MAX = 512;

/** A stream that is not one of frames. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** A message with its length before it, ready for any number of connections. */
export function encodeFrame(message: PeerMessage): Uint8Array {
  const body = encode(peerMessageSchema, message);
  const frame = new Uint8Array(LENGTH_BYTES + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, LENGTH_BYTES);
  return frame;
}

/** Cuts a stream into messages. Holds at most one message that is not complete yet. */
export class FrameReader {
  #chunks: Uint8Array[] = [];
  /** So many of the first chunks have been joined from others. */
  #joined = 0;
  #held = 0;
  /** Length of the message under way, once known. */
  #length: number | undefined;

  /** Bytes that wait for the rest of their message. */
  get held(): number {
    return this.#held;
  }

  /**
   * Takes the next bytes of the stream and yields the messages that they complete, as bytes.
   * @throws FrameError when a message is longer than its kind allows, empty, or of no known kind
   */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#chunks.length - this.#joined >= LOOSE_CHUNKS_MAX) this.#joinLoose();
    while (true) {
      this.#length ??= this.#readLength();
      if (this.#length === undefined || this.#held < LENGTH_BYTES + this.#length) return;
      const frame = this.#take(LENGTH_BYTES + this.#length);
      this.#length = undefined;
      // Chunks of sockets are Buffers; what leaves here is plain bytes.
      yield new Uint8Array(frame.buffer, frame.byteOffset + LENGTH_BYTES, frame.length - LENGTH_BYTES);
    }
  }

  #readLength(): number | undefined {
    if (this.#held < LENGTH_BYTES + 1) return undefined;
    const head = this.#peek(LENGTH_BYTES + 1);
    const length = new DataView(head.buffer, head.byteOffset).getUint32(0);
    const kind = peerMessageKind(head[LENGTH_BYTES]!);
    if (kind === undefined) throw new FrameError(`${head[LENGTH_BYTES]} is not a kind of message`);
    if (length === 0) throw new FrameError('a message without bytes');
    const max = peerMessageBytesMax(kind);
    if (length > max) throw new FrameError(`a ${kind} message of ${length} bytes: at most ${max} are allowed`);
    return length;
  }

  #peek(count: number): Uint8Array {
    if (this.#chunks[0]!.length < count) this.#join();
    return this.#chunks[0]!.subarray(0, count);
  }

  #take(count: number): Uint8Array {
    if (this.#chunks[0]!.length < count) this.#join();
    const first = this.#chunks[0]!;
    if (first.length === count) {
      this.#chunks.shift();
      this.#joined = Math.max(0, this.#joined - 1);
    } else this.#chunks[0] = first.subarray(count);
    this.#held -= count;
    return first.subarray(0, count);
  }

  /** Chunks are joined once for each message that spans several, not once for each chunk that arrives. */
  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks)];
    this.#joined = 1;
  }

  #joinLoose(): void {
    this.#chunks.push(Buffer.concat(this.#chunks.splice(this.#joined)));
    this.#joined = this.#chunks.length;
  }
}
