/**
 * Merlin transcripts (merlin.cool, "Merlin v1.0"): the Fiat-Shamir transform of every proof here, and the only hash with a
 * domain in this folder. Each message is framed by its label and length, so no two sequences of messages give one state.
 */
import { encodePoint, encodeScalar, type Point, reduceWide, type Scalar } from './group.js';
import { Strobe128 } from './strobe.js';

const MERLIN = ascii('Merlin v1.0');

/** A running transcript: append in order, then draw challenges. */
export class Transcript {
  readonly #strobe: Strobe128;

  /** Starts with the label of the purpose: 'SnapScale/v1/…', one per purpose (UTXO-3). */
  constructor(label: string | Transcript) {
    if (label instanceof Transcript) {
      this.#strobe = new Strobe128(label.#strobe);
      return;
    }
    this.#strobe = new Strobe128(MERLIN);
    this.append('dom-sep', ascii(label));
  }

  /** An independent copy. */
  clone(): Transcript {
    return new Transcript(this);
  }

  /** Absorbs bytes of at most 2^32 - 1. */
  append(label: string, message: Uint8Array): this {
    this.#strobe.metaAd(ascii(label), false);
    this.#strobe.metaAd(littleEndian(message.length, 4), true);
    this.#strobe.ad(message, false);
    return this;
  }

  /** Absorbs an unsigned 64-bit integer, little-endian. */
  appendU64(label: string, value: bigint | number): this {
    return this.append(label, littleEndian(value, 8));
  }

  /** Absorbs a point's encoding. */
  appendPoint(label: string, point: Point): this {
    return this.append(label, encodePoint(point));
  }

  /** Absorbs a scalar's encoding. */
  appendScalar(label: string, scalar: Scalar): this {
    return this.append(label, encodeScalar(scalar));
  }

  /** Draws bytes. */
  challengeBytes(label: string, size: number): Uint8Array {
    this.#strobe.metaAd(ascii(label), false);
    this.#strobe.metaAd(littleEndian(size, 4), true);
    return this.#strobe.prf(size, false);
  }

  /** Draws a scalar: 64 bytes mod L. May be zero with a chance of 2^-252; who divides by it checks. */
  challengeScalar(label: string): Scalar {
    return reduceWide(this.challengeBytes(label, 64));
  }

  /** Absorbs a secret as key material: what is drawn afterwards is unknown to who does not know it. */
  rekey(label: string, secret: Uint8Array): this {
    this.#strobe.metaAd(ascii(label), false);
    this.#strobe.metaAd(littleEndian(secret.length, 4), true);
    this.#strobe.key(secret, false);
    return this;
  }
}

function littleEndian(value: bigint | number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0, rest = BigInt(value); i < size; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
