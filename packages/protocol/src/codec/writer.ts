/** Appends little-endian wire values to a growing buffer. */
import { EncodeError } from './errors.js';
import { encodeUtf8 } from './utf8.js';
import { bitsOfDouble, bitsOfFloat, highHalf, lowHalf } from './words.js';

const u64Max = 0xffffffffffffffffn;
const i64Max = 0x7fffffffffffffffn;
const i64Min = -0x8000000000000000n;
const asciiFastMax = 64;

/**
 * One writer makes one encoding: write the fields in order, then `finish()`.
 * Values out of range throw `EncodeError` instead of being cut. Amortised O(1) per byte.
 */
export class Writer {
  private buffer: Uint8Array;
  private length = 0;

  /** @param capacity first size of the buffer in bytes. Up to 64 it costs next to nothing. */
  constructor(capacity = 64) {
    this.buffer = new Uint8Array(capacity);
  }

  /** Bytes written so far. */
  get position(): number {
    return this.length;
  }

  /** Bytes that fit before the buffer must grow. */
  get capacity(): number {
    return this.buffer.length;
  }

  u8(value: number): void {
    if (value >>> 0 !== value || value > 0xff) outOfRange('u8', value);
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  i8(value: number): void {
    if ((value << 24) >> 24 !== value) outOfRange('i8', value);
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  u16(value: number): void {
    if (value >>> 0 !== value || value > 0xffff) outOfRange('u16', value);
    this.put16(value);
  }

  i16(value: number): void {
    if ((value << 16) >> 16 !== value) outOfRange('i16', value);
    this.put16(value);
  }

  u32(value: number): void {
    if (value >>> 0 !== value) outOfRange('u32', value);
    this.put32(value);
  }

  i32(value: number): void {
    if ((value | 0) !== value) outOfRange('i32', value);
    this.put32(value);
  }

  u64(value: bigint): void {
    if (value < 0n || value > u64Max) outOfRange('u64', value);
    this.put32(lowHalf(value));
    this.put32(highHalf(value));
  }

  i64(value: bigint): void {
    if (value < i64Min || value > i64Max) outOfRange('i64', value);
    this.put32(lowHalf(value));
    this.put32(highHalf(value));
  }

  /** IEEE 754 single; the bits of a NaN are not kept (use `raw` for that). */
  f32(value: number): void {
    this.put32(bitsOfFloat(value));
  }

  /** IEEE 754 double; the bits of a NaN are not kept (use `raw` for that). */
  f64(value: number): void {
    const bits = bitsOfDouble(value);
    this.put32(lowHalf(bits));
    this.put32(highHalf(bits));
  }

  /** LEB128 of a u32, shortest form: 1 to 5 bytes. */
  varuint32(value: number): void {
    if (value >>> 0 !== value) outOfRange('varuint32', value);
    this.reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.buffer[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.length++] = rest;
  }

  /** The bytes alone, without a length. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** varuint32 length, then the bytes. */
  bytes(bytes: Uint8Array): void {
    this.varuint32(bytes.length);
    this.raw(bytes);
  }

  /** varuint32 length in bytes, then UTF-8 (see utf8.ts for what lone surrogates mean). */
  string(text: string): void {
    if (text.length > asciiFastMax || !this.shortAscii(text)) this.bytes(encodeUtf8(text));
  }

  /** A copy of exactly what was written. The writer may be reused after `reset`. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  /** Forgets what was written and keeps the buffer. */
  reset(): void {
    this.length = 0;
  }

  /** Writes text of at most 64 ASCII characters; writes nothing and gives false for other text. */
  private shortAscii(text: string): boolean {
    const size = text.length;
    this.reserve(1 + size);
    const start = this.length + 1;
    for (let i = 0; i < size; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return false;
      this.buffer[start + i] = unit;
    }
    this.buffer[this.length] = size;
    this.length = start + size;
    return true;
  }

  private put16(value: number): void {
    this.reserve(2);
    this.buffer[this.length++] = value;
    this.buffer[this.length++] = value >>> 8;
  }

  private put32(value: number): void {
    this.reserve(4);
    const { buffer, length } = this;
    buffer[length] = value;
    buffer[length + 1] = value >>> 8;
    buffer[length + 2] = value >>> 16;
    buffer[length + 3] = value >>> 24;
    this.length = length + 4;
  }

  private reserve(size: number): void {
    if (this.length + size > this.buffer.length) this.grow(size);
  }

  private grow(size: number): void {
    const next = new Uint8Array(Math.max(256, this.buffer.length * 2, this.length + size));
    next.set(this.buffer.subarray(0, this.length));
    this.buffer = next;
  }
}

function outOfRange(type: string, value: number | bigint): never {
  throw new EncodeError(`${value} does not fit into ${type}`);
}
