/** Schemas of the primitive wire types. */
import { fromHex, toHex } from '@snapscale/crypto';
import { EncodeError, FormatError } from './errors.js';
import {
  doubleFromJson,
  formatDouble,
  integerFromJson,
  integerToJson,
  type Json,
  show,
  smallIntegerFromJson,
  stringFromJson,
} from './json.js';
import type { Schema } from './schema.js';
import { clipUtf8, encodeUtf8, toWellFormedText } from './utf8.js';

/** Unsigned 8-bit integer. */
export const u8: Schema<number> = {
  name: 'uint8',
  sizeMin: 1,
  sizeMax: 1,
  write: (writer, value) => writer.u8(value),
  read: (reader) => reader.u8(),
  toJson: (value) => value,
  fromJson: (json) => smallIntegerFromJson(json, 'uint8', 0, 0xff),
};

/** Unsigned 16-bit integer. */
export const u16: Schema<number> = {
  name: 'uint16',
  sizeMin: 2,
  sizeMax: 2,
  write: (writer, value) => writer.u16(value),
  read: (reader) => reader.u16(),
  toJson: (value) => value,
  fromJson: (json) => smallIntegerFromJson(json, 'uint16', 0, 0xffff),
};

/** Unsigned 32-bit integer. */
export const u32: Schema<number> = {
  name: 'uint32',
  sizeMin: 4,
  sizeMax: 4,
  write: (writer, value) => writer.u32(value),
  read: (reader) => reader.u32(),
  toJson: (value) => value,
  fromJson: (json) => smallIntegerFromJson(json, 'uint32', 0, 0xffffffff),
};

/** Unsigned 64-bit integer. */
export const u64: Schema<bigint> = {
  name: 'uint64',
  sizeMin: 8,
  sizeMax: 8,
  write: (writer, value) => writer.u64(value),
  read: (reader) => reader.u64(),
  toJson: integerToJson,
  fromJson: (json) => integerFromJson(json, 'uint64', 0n, 0xffffffffffffffffn),
};

/** Signed 64-bit integer. */
export const i64: Schema<bigint> = {
  name: 'int64',
  sizeMin: 8,
  sizeMax: 8,
  write: (writer, value) => writer.i64(value),
  read: (reader) => reader.i64(),
  toJson: integerToJson,
  fromJson: (json) => integerFromJson(json, 'int64', -0x8000000000000000n, 0x7fffffffffffffffn),
};

/** Unsigned 32-bit integer in LEB128, shortest form. */
export const varuint32: Schema<number> = {
  name: 'varuint32',
  sizeMin: 1,
  sizeMax: 5,
  write: (writer, value) => writer.varuint32(value),
  read: (reader) => reader.varuint32(),
  toJson: (value) => value,
  fromJson: (json) => smallIntegerFromJson(json, 'varuint32', 0, 0xffffffff),
};

/** One byte, 0 or 1. */
export const bool: Schema<boolean> = {
  name: 'bool',
  sizeMin: 1,
  sizeMax: 1,
  write: (writer, value) => writer.u8(value ? 1 : 0),
  read: (reader) => reader.bool(),
  toJson: (value) => value,
  fromJson: (json) => smallIntegerFromJson(json, 'bool', 0, 1) === 1,
};

/** IEEE 754 double. NaN decodes to JavaScript's one NaN, so only that bit pattern encodes identically; do not sign it. */
export const f64: Schema<number> = {
  name: 'float64',
  sizeMin: 8,
  sizeMax: 8,
  write: (writer, value) => writer.f64(value),
  read: (reader) => reader.f64(),
  toJson: formatDouble,
  fromJson: (json) => doubleFromJson(json, 'float64'),
};

/** Length-prefixed bytes, at most `sizeMax`; JSON is lower-case hex. Decoding gives a view into the input. */
export function bytes(sizeMax: number): Schema<Uint8Array> {
  return {
    name: 'bytes',
    sizeMin: 1,
    sizeMax: sizeMax + 5,
    write: (writer, value) => {
      if (value.length > sizeMax) throw new EncodeError(`${value.length} bytes exceed the limit of ${sizeMax}`);
      writer.bytes(value);
    },
    read: (reader) => reader.bytes(sizeMax),
    toJson: toHex,
    fromJson: (json) => {
      const value = bytesFromJson(json, 'bytes');
      if (value.length > sizeMax) throw new FormatError(`${value.length} bytes exceed the limit of ${sizeMax}`);
      return value;
    },
  };
}

/** Exactly `size` bytes without a length; JSON is lower-case hex. Decoding gives a view into the input. */
export function fixedBytes(size: number, name = `bytes[${size}]`): Schema<Uint8Array> {
  return {
    name,
    sizeMin: size,
    sizeMax: size,
    write: (writer, value) => {
      if (value.length !== size) throw new EncodeError(`${name} takes ${size} bytes, not ${value.length}`);
      writer.raw(value);
    },
    read: (reader) => reader.raw(size),
    toJson: toHex,
    fromJson: (json) => {
      const value = bytesFromJson(json, name);
      if (value.length !== size) throw new FormatError(`${name} takes ${size} bytes, not ${value.length}`);
      return value;
    },
  };
}

/** 32 bytes: a SHA-256 hash, a block or transaction id. */
export const checksum256: Schema<Uint8Array> = fixedBytes(32, 'checksum256');

/** Length-prefixed text of at most `sizeMax` bytes (utf8.ts says what happens to bytes that are not UTF-8). */
export function string(sizeMax: number): Schema<string> {
  return {
    name: 'string',
    sizeMin: 1,
    sizeMax: sizeMax + 5,
    write(writer, value) {
      if (exceeds(value, sizeMax))
        throw new EncodeError(`text of ${value.length} characters exceeds the limit of ${sizeMax} bytes`);
      writer.string(value);
    },
    read: (reader) => reader.string(sizeMax),
    toJson: toWellFormedText,
    fromJson(json) {
      const value = stringFromJson(json, 'string');
      if (exceeds(value, sizeMax))
        throw new FormatError(`text of ${value.length} characters exceeds the limit of ${sizeMax} bytes`);
      return value;
    },
  };
}

/** As `string`, but what is too long is cut when encoding: for texts that contracts and users make and nobody hashes. */
export function clippedString(sizeMax: number): Schema<string> {
  return {
    ...string(sizeMax),
    write: (writer, value) => writer.string(exceeds(value, sizeMax) ? clipUtf8(value, sizeMax) : value),
  };
}

function exceeds(text: string, sizeMax: number): boolean {
  return text.length * 3 > sizeMax && encodeUtf8(text).length > sizeMax;
}

/** Bytes from hex text. @throws FormatError */
export function bytesFromJson(json: Json, type: string): Uint8Array {
  const text = stringFromJson(json, type);
  try {
    return fromHex(text);
  } catch {
    throw new FormatError(`${show(text)} is not hex (${type})`);
  }
}
