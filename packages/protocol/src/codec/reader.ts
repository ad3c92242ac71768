/** Takes little-endian wire values from a buffer, refusing every non-canonical or truncated form. */
import { DecodeError } from './errors.js';
import { decodeUtf8 } from './utf8.js';
import { doubleOfBits, floatOfBits, joinI64, joinU64 } from './words.js';

/**
 * A cursor over untrusted bytes. Every method either consumes a complete canonical value or throws `DecodeError`;
 * nothing is allocated in proportion to a length before that length was compared with the bytes that are left.
 * Byte results are views into the input: copy them to keep them longer than it.
 */
export class Reader {
  private readonly input: Uint8Array;
  private offset: number;

  /** @param offset byte at which to start. */
  constructor(bytes: Uint8Array, offset = 0) {
    this.input = bytes;
    this.offset = offset;
  }

  /** Offset of the next byte. */
  get position(): number {
    return this.offset;
  }

  /** Bytes that are left. */
  get remaining(): number {
    return this.input.length - this.offset;
  }

  u8(): number {
    const at = this.take(1);
    return this.input[at]!;
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  u16(): number {
    const at = this.take(2);
    return this.input[at]! | (this.input[at + 1]! << 8);
  }

  i16(): number {
    return (this.u16() << 16) >> 16;
  }

  u32(): number {
    return this.word(this.take(4)) >>> 0;
  }

  i32(): number {
    return this.word(this.take(4));
  }

  u64(): bigint {
    const at = this.take(8);
    return joinU64(this.word(at), this.word(at + 4));
  }

  i64(): bigint {
    const at = this.take(8);
    return joinI64(this.word(at), this.word(at + 4));
  }

  f32(): number {
    return floatOfBits(this.word(this.take(4)));
  }

  f64(): number {
    const at = this.take(8);
    return doubleOfBits(this.word(at), this.word(at + 4));
  }

  /** One byte that must be 0 or 1. */
  bool(): boolean {
    const value = this.u8();
    if (value > 1) this.fail(`bool must be 0 or 1, not ${value}`);
    return value === 1;
  }

  /** LEB128 of a u32: at most 5 bytes, no padding, no bits beyond 32. */
  varuint32(): number {
    const first = this.u8();
    return first < 0x80 ? first : this.longVaruint32(first & 0x7f);
  }

  /** The next `size` bytes as a view into the input. */
  raw(size: number): Uint8Array {
    const at = this.take(size);
    return this.input.subarray(at, at + size);
  }

  /** Length-prefixed bytes as a view into the input. @param max most bytes that are accepted. */
  bytes(max = 0xffffffff): Uint8Array {
    return this.raw(this.count(max, 1));
  }

  /** Length-prefixed text (see utf8.ts for bytes that are not UTF-8). @param max most bytes that are accepted. */
  string(max = 0xffffffff): string {
    const size = this.count(max, 1);
    const at = this.take(size);
    return decodeUtf8(this.input, at, at + size);
  }

  /**
   * A count of elements, checked before anything is allocated.
   * @param max most elements that are accepted
   * @param sizeMin fewest bytes one element takes
   */
  count(max: number, sizeMin: number): number {
    const count = this.varuint32();
    if (count > max) this.fail(`count ${count} exceeds the limit of ${max}`);
    if (count * sizeMin > this.remaining) this.fail(`count ${count} exceeds the ${this.remaining} bytes left`);
    return count;
  }

  /** The input between two positions that were already read, as a view. */
  slice(start: number, end: number): Uint8Array {
    return this.input.subarray(start, end);
  }

  /** Throws when bytes are left over. */
  assertEnd(): void {
    if (this.offset !== this.input.length) this.fail(`${this.remaining} bytes left over`);
  }

  /** Throws a `DecodeError` at the current position. */
  fail(what: string): never {
    throw new DecodeError(what, this.offset);
  }

  private word(at: number): number {
    const { input } = this;
    return input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24);
  }

  private take(size: number): number {
    const at = this.offset;
    if (size > this.input.length - at) this.fail(`${size} bytes wanted, ${this.remaining} left`);
    this.offset = at + size;
    return at;
  }

  private longVaruint32(low: number): number {
    let value = low;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.u8();
      if (shift === 28 && byte > 0x0f) this.fail('varuint32 overflows 32 bits');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (byte === 0) this.fail('varuint32 is not in shortest form');
        return value;
      }
    }
    return this.fail('varuint32 overflows 32 bits');
  }
}
