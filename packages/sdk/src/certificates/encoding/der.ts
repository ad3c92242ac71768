/**
 * The part of DER (X.690) that certificates need. Reading is strict and takes only what is asked for: definite, shortest
 * lengths, shortest integers, nothing left over. There is no recursion that input could drive, and no copy, so that a
 * stranger's bytes cost microseconds.
 */
import { concatBytes } from '@snapscale/crypto';
import { failCertificate } from '../certificate-error.js';

/** Tags as they stand in the encoding. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Tag of a field `[number]`: constructed where it holds other values, primitive where it holds bytes. */
export function contextTag(number: number, form: 'constructed' | 'primitive' = 'constructed'): number {
  return (form === 'constructed' ? 0xa0 : 0x80) | number;
}

/** A value with its tag and length. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const size = contents.reduce((sum, part) => sum + part.length, 0);
  const header =
    size < 0x80
      ? [tag, size]
      : size < 0x100
        ? [tag, 0x81, size]
        : size < 0x10000
          ? [tag, 0x82, size >> 8, size & 0xff]
          : [tag, 0x83, size >> 16, (size >> 8) & 0xff, size & 0xff];
  return concatBytes(Uint8Array.from(header), ...contents);
}

export function sequence(...contents: readonly Uint8Array[]): Uint8Array {
  return der(tags.sequence, ...contents);
}

/** SET OF: DER wants its elements in order of their encodings. */
export function setOf(...elements: readonly Uint8Array[]): Uint8Array {
  return der(tags.set, ...[...elements].sort(compareEncodings));
}

/** A number that is not negative, of big-endian bytes. */
export function unsignedInteger(bytes: Uint8Array): Uint8Array {
  const magnitude = withoutLeadingZeros(bytes);
  if (magnitude.length === 0) return der(tags.integer, Uint8Array.of(0));
  return (magnitude[0]! & 0x80) === 0 ? der(tags.integer, magnitude) : der(tags.integer, Uint8Array.of(0), magnitude);
}

export function smallInteger(value: number): Uint8Array {
  return bigInteger(BigInt(value));
}

export function bigInteger(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const digits = hex.length % 2 === 0 ? hex : `0${hex}`;
  return unsignedInteger(Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16)));
}

/** An object identifier, as `2.5.29.17`. */
export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(tags.oid, Uint8Array.from(bytes));
}

export function octetString(bytes: Uint8Array): Uint8Array {
  return der(tags.octetString, bytes);
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Uint8Array {
  return der(tags.bitString, Uint8Array.of(unusedBits), bytes);
}

export function utf8String(text: string): Uint8Array {
  return der(tags.utf8String, new TextEncoder().encode(text));
}

/** Text of ASCII, for names and addresses. */
export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A time in whole seconds: two digits of the year until 2049, four from then on (RFC 5280 section 4.1.2.5). */
export function time(seconds: number): Uint8Array {
  const digits = new Date(seconds * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
  return digits < '2050'
    ? der(tags.utcTime, asciiBytes(`${digits.slice(2)}Z`))
    : der(tags.generalizedTime, asciiBytes(`${digits}Z`));
}

/** The bytes without zeros in front: how serials are written. */
export function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length && bytes[start] === 0) start++;
  return bytes.subarray(start);
}

/** One value: its tag, what is in it, and all its bytes. */
export type DerValue = { readonly tag: number; readonly content: Uint8Array; readonly encoding: Uint8Array };

/** Reads values one after the other. `what` names the whole in errors. */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #offset = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** Whether all is read. */
  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** Whether the next value has this tag. */
  isNext(tag: number): boolean {
    return this.#bytes[this.#offset] === tag;
  }

  /** The next value, whatever it is. @throws CertificateError */
  any(): DerValue {
    const start = this.#offset;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) this.#fail('has a tag of several bytes');
    const size = this.#length();
    const from = this.#offset;
    const end = from + size;
    if (end > this.#bytes.length) this.#fail(`is cut short: ${end - this.#bytes.length} bytes are missing`);
    this.#offset = end;
    return { tag, content: this.#bytes.subarray(from, end), encoding: this.#bytes.subarray(start, end) };
  }

  /** The next value, which must have this tag. @throws CertificateError */
  value(tag: number): DerValue {
    const found = this.any();
    if (found.tag !== tag) this.#fail(`has the tag ${hex(found.tag)} where ${hex(tag)} belongs`);
    return found;
  }

  /** The next value when it has this tag. @throws CertificateError */
  optional(tag: number): DerValue | undefined {
    return this.isNext(tag) ? this.value(tag) : undefined;
  }

  /** Into the next value, which must have this tag. @throws CertificateError */
  enter(tag: number): DerReader {
    return new DerReader(this.value(tag).content, this.#what);
  }

  /** An integer that is not negative, without its leading zero. @throws CertificateError */
  unsigned(bytesMax: number): Uint8Array {
    const { content } = this.value(tags.integer);
    const [first, second] = content;
    if (first === undefined || (first & 0x80) !== 0) return this.#fail('has a negative or empty number');
    if (first === 0 && second !== undefined && (second & 0x80) === 0) this.#fail('has a number that is not shortest');
    const magnitude = withoutLeadingZeros(content);
    if (magnitude.length > bytesMax) this.#fail(`has a number of ${magnitude.length} bytes, at most ${bytesMax}`);
    return magnitude;
  }

  /** An integer below 2^31. @throws CertificateError */
  small(): number {
    const bytes = this.unsigned(4);
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return value < 0x80000000 ? value : this.#fail('has a number that is too large');
  }

  /** @throws CertificateError */
  boolean(): boolean {
    const { content } = this.value(tags.boolean);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) this.#fail('has a malformed boolean');
    return content[0] === 0xff;
  }

  /** An object identifier as text. @throws CertificateError */
  oid(): string {
    const { content } = this.value(tags.oid);
    if (content.length === 0 || content.length > 32) this.#fail('has a malformed object identifier');
    const arcs: number[] = [];
    let arc = 0;
    content.forEach((byte, i) => {
      if (arc === 0 && byte === 0x80) this.#fail('has an object identifier that is not shortest');
      arc = arc * 128 + (byte & 0x7f);
      if (arc > 0xffffffff) this.#fail('has an object identifier that is too large');
      if ((byte & 0x80) !== 0) {
        if (i === content.length - 1) this.#fail('has an object identifier that is cut short');
        return;
      }
      if (arcs.length === 0) arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)));
      else arcs.push(arc);
      arc = 0;
    });
    return arcs.join('.');
  }

  /** A bit string of whole bytes. @throws CertificateError */
  bytesOfBits(): Uint8Array {
    const { bytes, unusedBits } = this.bits();
    return unusedBits === 0 ? bytes : this.#fail('has a bit string that is not of whole bytes');
  }

  /** A bit string. @throws CertificateError */
  bits(): { readonly bytes: Uint8Array; readonly unusedBits: number } {
    const { content } = this.value(tags.bitString);
    const unusedBits = content[0];
    if (unusedBits === undefined || unusedBits > 7 || (content.length === 1 && unusedBits > 0)) {
      return this.#fail('has a malformed bit string');
    }
    if (((content.at(-1) ?? 0) & ((1 << unusedBits) - 1)) !== 0) this.#fail('has a bit string that is not canonical');
    return { bytes: content.subarray(1), unusedBits };
  }

  /** A time, in seconds since 1970. @throws CertificateError */
  time(): number {
    const { tag, content } = this.any();
    const text = String.fromCharCode(...content.subarray(0, 20));
    const digits = /^(\d{12}|\d{14})Z$/.exec(text)?.[1];
    if (digits === undefined || content.length > 20) return this.#fail('has a malformed time');
    if (tag !== (digits.length === 12 ? tags.utcTime : tags.generalizedTime)) return this.#fail('has a malformed time');
    const century = digits.length === 14 ? '' : digits < '50' ? '20' : '19';
    const [, year, month, day, hour, minute, second] = /^(....)(..)(..)(..)(..)(..)$/.exec(century + digits)!;
    const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
    const milliseconds = Date.parse(iso);
    if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString() !== iso) {
      return this.#fail('has a time that does not exist');
    }
    return milliseconds / 1000;
  }

  /** Checks that nothing follows. @throws CertificateError */
  end(): void {
    if (!this.isAtEnd) this.#fail(`has ${this.#bytes.length - this.#offset} bytes after its end`);
  }

  #byte(): number {
    const byte = this.#bytes[this.#offset++];
    return byte ?? this.#fail('is cut short');
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 3) return this.#fail('has a length that is indefinite or above 16 MB');
    let size = 0;
    for (let i = 0; i < count; i++) size = size * 256 + this.#byte();
    if (size < 0x80 || size < 2 ** (8 * (count - 1))) this.#fail('has a length that is not shortest');
    return size;
  }

  #fail(problem: string): never {
    return failCertificate('malformed', `the ${this.#what} ${problem}`);
  }
}

function compareEncodings(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

function hex(tag: number): string {
  return `0x${tag.toString(16).padStart(2, '0')}`;
}
