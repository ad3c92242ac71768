/** The types that every ABI knows without declaring them: their bytes, and their JSON as nodeos prints and reads it. */
import { fromHex, toHex } from '@snapscale/crypto';
import { assetSchema, extendedAssetSchema, symbolCodeSchema, symbolSchema } from '../asset.js';
import { FormatError } from '../codec/errors.js';
import {
  doubleFromJson,
  formatDouble,
  integerFromJson,
  type Json,
  show,
  smallIntegerFromJson,
  stringFromJson,
} from '../codec/json.js';
import { publicKeySchema, signatureSchema } from '../codec/keys.js';
import type { Reader } from '../codec/reader.js';
import { bytesFromJson, fixedBytes, i64, u8, u16, u32, u64, varuint32 } from '../codec/scalars.js';
import type { Schema } from '../codec/schema.js';
import { toWellFormedText } from '../codec/utf8.js';
import type { Writer } from '../codec/writer.js';
import { nameSchema } from '../name.js';
import { microsSchema, secondsSchema, slotSchema } from '../time.js';

/** Bytes to JSON and back. `decode` throws `DecodeError`, `encode` throws `FormatError`. */
export type BuiltIn = {
  readonly sizeMin: number;
  decode(reader: Reader): Json;
  encode(writer: Writer, json: Json): void;
};

const word = 64n;
const u128Max = (1n << 128n) - 1n;
const i128Max = (1n << 127n) - 1n;

function of<T>(schema: Schema<T>): BuiltIn {
  return {
    sizeMin: schema.sizeMin,
    decode: (reader) => schema.toJson(schema.read(reader)),
    encode: (writer, json) => schema.write(writer, schema.fromJson(json)),
  };
}

const int8: BuiltIn = {
  sizeMin: 1,
  decode: (reader) => reader.i8(),
  encode: (writer, json) => writer.i8(smallIntegerFromJson(json, 'int8', -0x80, 0x7f)),
};

const int16: BuiltIn = {
  sizeMin: 2,
  decode: (reader) => reader.i16(),
  encode: (writer, json) => writer.i16(smallIntegerFromJson(json, 'int16', -0x8000, 0x7fff)),
};

const int32: BuiltIn = {
  sizeMin: 4,
  decode: (reader) => reader.i32(),
  encode: (writer, json) => writer.i32(int32FromJson(json, 'int32')),
};

const int128: BuiltIn = {
  sizeMin: 16,
  decode(reader) {
    const low = reader.u64();
    return ((reader.i64() << word) | low).toString();
  },
  encode: (writer, json) => writeWide(writer, integerFromJson(json, 'int128', -i128Max - 1n, i128Max)),
};

const uint128: BuiltIn = {
  sizeMin: 16,
  decode(reader) {
    const low = reader.u64();
    return ((reader.u64() << word) | low).toString();
  },
  encode: (writer, json) => writeWide(writer, integerFromJson(json, 'uint128', 0n, u128Max)),
};

/** Zigzag: 0, -1, 1, -2 … → 0, 1, 2, 3 … */
const varint32: BuiltIn = {
  sizeMin: 1,
  decode(reader) {
    const value = reader.varuint32();
    return (value >>> 1) ^ -(value & 1);
  },
  encode(writer, json) {
    const value = int32FromJson(json, 'varint32');
    writer.varuint32(((value << 1) ^ (value >> 31)) >>> 0);
  },
};

const float32: BuiltIn = {
  sizeMin: 4,
  decode: (reader) => formatDouble(reader.f32()),
  encode: (writer, json) => writer.f32(doubleFromJson(json, 'float32')),
};

const float64: BuiltIn = {
  sizeMin: 8,
  decode: (reader) => formatDouble(reader.f64()),
  encode: (writer, json) => writer.f64(doubleFromJson(json, 'float64')),
};

/** The sixteen bytes in memory order, as hex with `0x` before them. */
const float128: BuiltIn = {
  sizeMin: 16,
  decode: (reader) => `0x${toHex(reader.raw(16))}`,
  encode(writer, json) {
    const text = stringFromJson(json, 'float128');
    if (!/^0x[0-9a-f]{32}$/i.test(text))
      throw new FormatError(`${show(text)} is not a float128 (0x and 32 hex digits)`);
    writer.raw(fromHex(text.slice(2)));
  },
};

/** nodeos keeps a bool as a byte and prints the number. */
const bool: BuiltIn = of(u8);

const bytes: BuiltIn = {
  sizeMin: 1,
  decode: (reader) => toHex(reader.bytes()),
  encode: (writer, json) => writer.bytes(bytesFromJson(json, 'bytes')),
};

/** nodeos turns numbers and booleans into text where a string is wanted. */
const text: BuiltIn = {
  sizeMin: 1,
  decode: (reader) => toWellFormedText(reader.string()),
  encode(writer, json) {
    const isPlain = typeof json === 'boolean' || (typeof json === 'number' && Number.isSafeInteger(json));
    writer.string(isPlain ? String(json) : stringFromJson(json, 'string'));
  },
};

/** By name. */
export const builtIns: ReadonlyMap<string, BuiltIn> = new Map<string, BuiltIn>([
  ['bool', bool],
  ['int8', int8],
  ['uint8', of(u8)],
  ['int16', int16],
  ['uint16', of(u16)],
  ['int32', int32],
  ['uint32', of(u32)],
  ['int64', of(i64)],
  ['uint64', of(u64)],
  ['int128', int128],
  ['uint128', uint128],
  ['varint32', varint32],
  ['varuint32', of(varuint32)],
  ['float32', float32],
  ['float64', float64],
  ['float128', float128],
  ['time_point', of(microsSchema)],
  ['time_point_sec', of(secondsSchema)],
  ['block_timestamp_type', of(slotSchema)],
  ['name', of(nameSchema)],
  ['bytes', bytes],
  ['string', text],
  ['checksum160', of(fixedBytes(20, 'checksum160'))],
  ['checksum256', of(fixedBytes(32, 'checksum256'))],
  ['checksum512', of(fixedBytes(64, 'checksum512'))],
  ['public_key', of(publicKeySchema)],
  ['signature', of(signatureSchema)],
  ['symbol', of(symbolSchema)],
  ['symbol_code', of(symbolCodeSchema)],
  ['asset', of(assetSchema)],
  ['extended_asset', of(extendedAssetSchema)],
]);

function int32FromJson(json: Json, type: string): number {
  return smallIntegerFromJson(json, type, -0x80000000, 0x7fffffff);
}

function writeWide(writer: Writer, value: bigint): void {
  writer.u64(BigInt.asUintN(64, value));
  writer.u64(BigInt.asUintN(64, value >> word));
}
