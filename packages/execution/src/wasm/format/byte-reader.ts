import { reject } from '@snapscale/protocol';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Refuses a module as not well-formed; `offset` counts from the module's first byte. */
export function malformed(what: string, offset: number): never {
  reject('wasm_serialization_error', `${what} at byte ${offset}`, { offset: String(offset) });
}

/**
 * Reads the scalars of the WebAssembly binary format (core specification 5.2) inside [position, end) of a module.
 * LEB128 numbers may be padded as the specification allows, which linkers do, and no further: at most ceil(bits / 7)
 * bytes, with the unused bits of the last byte equal to the sign. Every failure is a Reject.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;
  readonly end: number;

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  byte(): number {
    if (this.position >= this.end) malformed('unexpected end', this.position);
    return this.bytes[this.position++]!;
  }

  /** Moves past `count` bytes and returns where they begin. */
  skip(count: number): number {
    const start = this.position;
    if (count > this.end - start) malformed(`${count} bytes announced, ${this.end - start} left`, start);
    this.position = start + count;
    return start;
  }

  u32(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.byte();
    if (last > 0x0f) malformed('integer representation too long or too large', this.position - 1);
    return (value | (last << 28)) >>> 0;
  }

  /** Signed, 32 bits; returned as a signed number. */
  s32(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value << (25 - shift)) >> (25 - shift);
    }
    const last = this.byte();
    const unused = last & 0xf8;
    if (last > 0x7f || (unused !== 0 && unused !== 0x78)) {
      malformed('integer representation too long or too large', this.position - 1);
    }
    return value | (last << 28);
  }

  /** Checks and skips a signed number of 64 bits: the engine never needs the value. */
  skipS64(): void {
    for (let count = 0; count < 9; count++) {
      if (this.byte() < 0x80) return;
    }
    const last = this.byte();
    if (last !== 0 && last !== 0x7f) malformed('integer representation too long or too large', this.position - 1);
  }

  /** A length-prefixed name in UTF-8. */
  name(bytesMax: number): string {
    const length = this.u32();
    const start = this.skip(length);
    if (length > bytesMax) malformed(`name of ${length} bytes, ${bytesMax} allowed`, start);
    try {
      return utf8.decode(this.bytes.subarray(start, start + length));
    } catch {
      return malformed('malformed UTF-8 encoding', start);
    }
  }
}
