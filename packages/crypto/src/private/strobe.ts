/**
 * STROBE-128 (strobe.sourceforge.io, version 1.0.2), the part that Merlin transcripts use: AD, meta-AD, PRF and KEY over
 * Keccak-f[1600]. No transport operations.
 */
import { keccakP } from '@noble/hashes/sha3.js';
import { concatBytes } from '../bytes.js';

/** Rate of the sponge that data may fill; two bytes behind it are padding. */
const RATE = 166;
const STATE_BYTES = 200;

const FLAG_INBOUND = 1;
const FLAG_APPLICATION = 2;
const FLAG_CIPHER = 4;
const FLAG_META = 16;

/** A STROBE object: a sponge and the position of the running operation. Copies are independent. */
export class Strobe128 {
  readonly #state: Uint8Array;
  #position = 0;
  #begin = 0;
  #flags = 0;

  /** Starts with the protocol's label. */
  constructor(protocol: Uint8Array | Strobe128) {
    if (protocol instanceof Strobe128) {
      this.#state = protocol.#state.slice();
      this.#position = protocol.#position;
      this.#begin = protocol.#begin;
      this.#flags = protocol.#flags;
      return;
    }
    this.#state = new Uint8Array(STATE_BYTES);
    const version = new TextEncoder().encode('STROBEv1.0.2');
    this.#state.set(concatBytes(Uint8Array.of(1, RATE + 2, 1, 0, 1, 96), version));
    permute(this.#state);
    this.metaAd(protocol, false);
  }

  /** Absorbs framing data; `more` continues the operation before. */
  metaAd(data: Uint8Array, more: boolean): void {
    this.#start(FLAG_META | FLAG_APPLICATION, more);
    this.#absorb(data);
  }

  /** Absorbs data. */
  ad(data: Uint8Array, more: boolean): void {
    this.#start(FLAG_APPLICATION, more);
    this.#absorb(data);
  }

  /** Squeezes `size` bytes. */
  prf(size: number, more: boolean): Uint8Array {
    this.#start(FLAG_INBOUND | FLAG_APPLICATION | FLAG_CIPHER, more);
    const output = new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      output[i] = this.#state[this.#position]!;
      this.#state[this.#position] = 0;
      this.#step();
    }
    return output;
  }

  /** Overwrites the state with a key. */
  key(data: Uint8Array, more: boolean): void {
    this.#start(FLAG_APPLICATION | FLAG_CIPHER, more);
    for (const byte of data) {
      this.#state[this.#position] = byte;
      this.#step();
    }
  }

  #start(flags: number, more: boolean): void {
    if (more) return;
    const before = this.#begin;
    this.#begin = this.#position + 1;
    this.#flags = flags;
    this.#absorb(Uint8Array.of(before, this.#flags));
    if ((flags & FLAG_CIPHER) !== 0 && this.#position !== 0) this.#run();
  }

  #absorb(data: Uint8Array): void {
    for (const byte of data) {
      this.#state[this.#position]! ^= byte;
      this.#step();
    }
  }

  #step(): void {
    this.#position++;
    if (this.#position === RATE) this.#run();
  }

  #run(): void {
    this.#state[this.#position]! ^= this.#begin;
    this.#state[this.#position + 1]! ^= 0x04;
    this.#state[RATE + 1]! ^= 0x80;
    permute(this.#state);
    this.#position = 0;
    this.#begin = 0;
  }
}

/** Keccak-f[1600] on 200 bytes, lanes little-endian on every host. */
function permute(state: Uint8Array): void {
  const view = new DataView(state.buffer, state.byteOffset, STATE_BYTES);
  const words = new Uint32Array(STATE_BYTES / 4);
  for (let i = 0; i < words.length; i++) words[i] = view.getUint32(4 * i, true);
  keccakP(words);
  for (let i = 0; i < words.length; i++) view.setUint32(4 * i, words[i]!, true);
}
