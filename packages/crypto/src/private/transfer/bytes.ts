/** Fields of transfers: little-endian integers, and LEB128 in its one shortest form. */
import { failCrypto } from '../../errors.js';

/** The bytes of one field. */
export type FieldBytes = Uint8Array;

/** Digits of LEB128 that 64 bits need. */
const VARUINT_BYTES_MAX = 10;

/** One byte. */
export function u8(value: number): FieldBytes {
  return Uint8Array.of(value);
}

/** Four bytes. */
export function u32(value: number): FieldBytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** Eight bytes. */
export function u64(value: bigint): FieldBytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

/** LEB128. */
export function varuint(value: bigint): FieldBytes {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** Reads fields in order. Nothing is read beyond the end, and {@link end} refuses what is left over. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #offset = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** A copy of the next bytes. */
  take(size: number): Uint8Array {
    const end = this.#offset + size;
    if (end > this.#bytes.length) this.fail(`it ends at byte ${this.#bytes.length}, ${end} are needed`);
    const field = this.#bytes.slice(this.#offset, end);
    this.#offset = end;
    return field;
  }

  u8(): number {
    return this.take(1)[0]!;
  }

  u32(): number {
    return new DataView(this.take(4).buffer).getUint32(0, true);
  }

  u64(): bigint {
    return new DataView(this.take(8).buffer).getBigUint64(0, true);
  }

  /** At most 64 bits, no needless digits. */
  varuint(): bigint {
    let value = 0n;
    for (let digit = 0; digit < VARUINT_BYTES_MAX; digit++) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << BigInt(7 * digit);
      if (byte < 0x80) {
        if (byte === 0 && digit > 0) this.fail('a number has needless digits');
        if (value >= 2n ** 64n) break;
        return value;
      }
    }
    return this.fail('a number has more than 64 bits');
  }

  /** One byte that must be one of a few. */
  expect(what: string, allowed: readonly number[]): number {
    const value = this.u8();
    return allowed.includes(value) ? value : this.fail(`its ${what} is ${value}, not ${allowed.join(', ')}`);
  }

  /** Refuses bytes that are left. */
  end(): void {
    const left = this.#bytes.length - this.#offset;
    if (left > 0) this.fail(`${left} bytes are left over`);
  }

  fail(why: string): never {
    return failCrypto(`cannot read ${this.#what}: ${why}`);
  }
}
