const utf8 = new TextEncoder();

/** Appends the scalars of the WebAssembly binary format to a growing buffer, each in its shortest form. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacityBytes = 256) {
    this.#bytes = new Uint8Array(capacityBytes);
  }

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  raw(source: Uint8Array, start = 0, end = source.length): void {
    const count = end - start;
    this.#reserve(count);
    if (count < 16) {
      for (let i = 0; i < count; i++) this.#bytes[this.#length + i] = source[start + i]!;
    } else {
      this.#bytes.set(source.subarray(start, end), this.#length);
    }
    this.#length += count;
  }

  /** Unsigned, below 2^32. */
  u32(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed, any integer of at most 53 bits; for i32 immediates pass the signed value. */
  signed(value: number): void {
    let rest = value;
    while (rest < -64 || rest > 63) {
      const low = ((rest % 128) + 128) % 128;
      this.byte(low | 0x80);
      rest = (rest - low) / 128;
    }
    this.byte(rest & 0x7f);
  }

  name(text: string): void {
    const bytes = utf8.encode(text);
    this.u32(bytes.length);
    this.raw(bytes);
  }

  /** Length-prefixed bytes of another writer. */
  sized(content: ByteWriter): void {
    this.u32(content.length);
    this.raw(content.#bytes, 0, content.#length);
  }

  /** Forgets the content and keeps the buffer. */
  clear(): void {
    this.#length = 0;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
