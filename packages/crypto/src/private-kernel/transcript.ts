/** Merlin transcripts that the kernel runs: see ../private/transcript.ts for what they are. */
import { failCrypto } from '../errors.js';
import type { Frame, KernelInstance } from './instance.js';

const STATE_BYTES = 208;
const SCALAR_BYTES = 32;
const WIDE_BYTES = 64;

/** A running transcript. Its state lies outside of the kernel's memory; copies are independent. */
export class KernelTranscript {
  readonly #instance: KernelInstance;
  #state: Uint8Array;

  private constructor(instance: KernelInstance, state: Uint8Array) {
    this.#instance = instance;
    this.#state = state;
  }

  /** Starts with the label of the purpose. */
  static start(instance: KernelInstance, label: string): KernelTranscript {
    const state = instance.use((frame) => {
      const at = frame.reserve(STATE_BYTES);
      const text = ascii(label);
      instance.exports.startTranscript(at, frame.putAny(text), text.length);
      return frame.read(at, STATE_BYTES);
    });
    return new KernelTranscript(instance, state);
  }

  /** An independent copy. */
  clone(): KernelTranscript {
    return new KernelTranscript(this.#instance, this.#state.slice());
  }

  /** Absorbs bytes; at most what the kernel's region takes, about a megabyte. */
  append(label: string, message: Uint8Array): this {
    this.#step(label, message.length, (exports, state, at, size, frame) => {
      exports.append(state, at, size, frame.putAny(message), message.length);
    });
    return this;
  }

  /** Absorbs an unsigned 64-bit integer, little-endian. */
  appendU64(label: string, value: bigint | number): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
    return this.append(label, bytes);
  }

  /** Absorbs a secret as key material. */
  rekey(label: string, secret: Uint8Array): this {
    this.#step(label, secret.length, (exports, state, at, size, frame) => {
      exports.rekey(state, at, size, frame.putAny(secret), secret.length);
    });
    return this;
  }

  /** Draws bytes. */
  challengeBytes(label: string, size: number): Uint8Array {
    return this.#step(label, size, (exports, state, at, labelSize, frame) => {
      const output = frame.reserve(size);
      exports.challenge(state, at, labelSize, output, size);
      return frame.read(output, size);
    });
  }

  /** Draws a scalar: 64 bytes mod L. */
  challengeScalar(label: string): Uint8Array {
    return this.#step(label, WIDE_BYTES, (exports, state, at, labelSize, frame) => {
      const wide = frame.reserve(WIDE_BYTES);
      exports.challenge(state, at, labelSize, wide, WIDE_BYTES);
      exports.reduceWide(wide, wide);
      return frame.read(wide, SCALAR_BYTES);
    });
  }

  /** Copies the state into a frame; its address. */
  put(frame: Frame): number {
    return frame.put(this.#state, STATE_BYTES, 'a transcript');
  }

  /** One operation on the state. Messages may be secret, so the memory is cleared behind it. */
  #step<T>(
    label: string,
    size: number,
    work: (exports: KernelInstance['exports'], state: number, label: number, labelSize: number, frame: Frame) => T,
  ): T {
    if (!Number.isInteger(size) || size < 0) failCrypto(`a transcript takes no ${size} bytes`);
    return this.#instance.useSecretly((frame) => {
      const state = this.put(frame);
      const text = ascii(label);
      const result = work(this.#instance.exports, state, frame.putAny(text), text.length, frame);
      this.#state = frame.read(state, STATE_BYTES);
      return result;
    });
  }
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
