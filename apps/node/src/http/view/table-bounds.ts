/**
 * Key bounds of table queries, from the texts that clients send, and back to text (antelope-core 4.3).
 *
 * | key_type        | index        | text of a bound                                      | text of next_key            |
 * |-----------------|--------------|------------------------------------------------------|-----------------------------|
 * | i64, name, none | idx64        | integer, name, symbol `4,XST`, symbol code           | decimal                     |
 * | i128            | idx128       | decimal, or 0x and hex                               | decimal                     |
 * | i256            | idx256       | decimal, or 0x and hex; with `hex` 64 hex digits     | 0x and 64 digits, or digits |
 * | sha256          | idx256       | 64 hex digits                                        | 64 hex digits               |
 * | ripemd160       | idx256       | 40 hex digits                                        | 40 hex digits               |
 * | float64         | idxDouble    | decimal                                              | 17 decimals, or more digits |
 * | float128        | idxLongDouble| decimal; with `hex` 0x and 32 hex digits             | the same, or hex            |
 *
 * A ripemd160 key is followed by 12 zero bytes, as `fixed_bytes<20>` of the CDT does.
 * Bounds become the bytes that a contract would store; their order is that of `KeyKind.sortable`.
 */
import { fromHex, toHex } from '@snapscale/crypto';
import { float128FromNumber, float128ToNumber, type KeyKind, keyKinds } from '@snapscale/execution';
import { FormatError, formatDouble, parseName, parseSymbol, parseSymbolCode, reject } from '@snapscale/protocol';

/** How the keys of a query are read and written. */
export type KeyCodec = {
  readonly kind: KeyKind;
  /** The bytes of a bound. Rejects when the text is none. @param bound which one, for the message */
  readonly parse: (text: string, bound: string) => Uint8Array;
  readonly format: (key: Uint8Array) => string;
};

const u64Max = 2n ** 64n - 1n;
const u128Max = 2n ** 128n - 1n;
const u256Max = 2n ** 256n - 1n;

/** The codec for secondary keys of a type. Rejects with `contract_table_query_exception` for unknown types. */
export function secondaryCodec(keyType: string, encodeType: string): KeyCodec {
  const hex = encodeType === 'hex';
  switch (keyType) {
    case 'i64':
      return integerCodec;
    case 'name':
      return nameCodec;
    case 'i128':
      return i128Codec;
    case 'i256':
      return hex ? sha256Codec : i256Codec;
    case 'sha256':
      return sha256Codec;
    case 'ripemd160':
      return ripemd160Codec;
    case 'float64':
      return float64Codec;
    case 'float128':
      return hex ? float128HexCodec : float128Codec;
    default:
      return reject('contract_table_query_exception', `Unsupported secondary index type: ${keyType}`);
  }
}

/** The bytes of a text as a u64: an integer, a name, a symbol, a symbol code, in this order. */
export function parseU64(text: string, what: string): bigint {
  if (/^\d{1,20}$/.test(text) && BigInt(text) <= u64Max) return BigInt(text);
  const attempts = [
    () => parseName(text.trim()),
    ...(text.includes(',') ? [() => parseSymbol(text)] : []),
    () => parseSymbolCode(text),
  ];
  for (const attempt of attempts) {
    try {
      return attempt();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
  return reject(
    'chain_type_exception',
    `Could not convert ${what} string '${text.slice(0, 80)}' to any of the following: uint64_t, valid name, or valid symbol (with or without the precision)`,
  );
}

/**
 * A name, for key type `name`; or, where it cannot be one, the decimal number that nodeos (and so this node) gives as
 * `next_key` even then. WharfKit turns that number back into a name, others send it as it is.
 */
export function parseNameBound(text: string, what: string): bigint {
  try {
    return parseName(text);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    if (/^\d{1,20}$/.test(text) && BigInt(text) <= u64Max) return BigInt(text);
    return reject('name_type_exception', `${what}: ${error.message}`);
  }
}

const integerCodec: KeyCodec = {
  kind: keyKinds.idx64,
  parse: (text, bound) => littleEndian(parseU64(text, bound), 8),
  format: (key) => integerOf(key).toString(),
};

const nameCodec: KeyCodec = {
  kind: keyKinds.idx64,
  parse: (text, bound) => littleEndian(parseNameBound(text, bound), 8),
  format: (key) => integerOf(key).toString(),
};

const i128Codec: KeyCodec = {
  kind: keyKinds.idx128,
  parse: (text, bound) => littleEndian(parseInteger(text, bound, u128Max), 16),
  format: (key) => integerOf(key).toString(),
};

const i256Codec: KeyCodec = {
  kind: keyKinds.idx256,
  parse: (text, bound) => words(bigEndian(parseInteger(text, bound, u256Max), 32)),
  format: (key) => `0x${toHex(words(key))}`,
};

const sha256Codec: KeyCodec = {
  kind: keyKinds.idx256,
  parse: (text, bound) => words(parseHex(text, bound, 32)),
  format: (key) => toHex(words(key)),
};

const ripemd160Codec: KeyCodec = {
  kind: keyKinds.idx256,
  parse(text, bound) {
    const padded = new Uint8Array(32);
    padded.set(parseHex(text, bound, 20));
    return words(padded);
  },
  format: (key) => toHex(words(key).subarray(0, 20)),
};

const float64Codec: KeyCodec = {
  kind: keyKinds.idxDouble,
  parse(text, bound) {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, parseDouble(text, bound), true);
    return bytes;
  },
  format: (key) => doubleText(new DataView(key.buffer, key.byteOffset, 8).getFloat64(0, true)),
};

const float128Codec: KeyCodec = {
  kind: keyKinds.idxLongDouble,
  parse: (text, bound) => littleEndian(float128FromNumber(parseDouble(text, bound)), 16),
  format: (key) => doubleText(float128ToNumber(integerOf(key))),
};

const float128HexCodec: KeyCodec = {
  kind: keyKinds.idxLongDouble,
  parse(text, bound) {
    const bytes = littleEndian(parseInteger(text, bound, u128Max), 16);
    if (keyKinds.idxLongDouble.isNaNKey(bytes)) rejectNaN(text, bound);
    return bytes;
  },
  format: (key) => `0x${integerOf(key).toString(16).padStart(32, '0')}`,
};

function parseInteger(text: string, bound: string, max: bigint): bigint {
  const trimmed = text.trim();
  const known = /^\d{1,78}$/.test(trimmed) || /^0x[0-9a-fA-F]{1,64}$/.test(trimmed);
  const value = known ? BigInt(trimmed) : -1n;
  if (value < 0n || value > max) {
    reject('chain_type_exception', `Could not convert ${bound} string '${text}' to key type.`);
  }
  return value;
}

function parseHex(text: string, bound: string, size: number): Uint8Array {
  const digits = text.trim().replace(/^0x/, '').toLowerCase();
  if (digits.length !== size * 2 || !/^[0-9a-f]*$/.test(digits)) {
    reject('chain_type_exception', `Could not convert ${bound} string '${text}' to ${size * 2} hex digits`);
  }
  return fromHex(digits);
}

function parseDouble(text: string, bound: string): number {
  const trimmed = text.trim().toLowerCase();
  if (/^[+-]?nan$/.test(trimmed)) rejectNaN(text, bound);
  const infinite = /^([+-]?)inf(inity)?$/.exec(trimmed);
  if (infinite !== null) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(trimmed)) {
    reject('chain_type_exception', `Could not convert ${bound} string '${text}' to key type.`);
  }
  return Number(trimmed);
}

/** nodeos's 17 decimals, or as many digits as it takes to come back to the same number: the next page begins with it. */
function doubleText(value: number): string {
  const text = formatDouble(value);
  return Number.isFinite(value) && Number(text) !== value ? String(value) : text;
}

function rejectNaN(text: string, bound: string): never {
  return reject(
    'contract_table_query_exception',
    `Converted ${bound} string '${text}' to NaN which is not a permitted value for the key type`,
  );
}

function littleEndian(value: bigint, size: number): Uint8Array {
  return bigEndian(value, size).reverse();
}

function bigEndian(value: bigint, size: number): Uint8Array {
  return fromHex(value.toString(16).padStart(size * 2, '0'));
}

/** The number that little-endian bytes stand for. */
function integerOf(key: Uint8Array): bigint {
  return BigInt(`0x${toHex(key.slice().reverse())}`);
}

/** From 32 big-endian bytes to two little-endian words of 16 bytes, high word first, or back. */
function words(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(32);
  result.set(bytes.slice(0, 16).reverse(), 0);
  result.set(bytes.slice(16, 32).reverse(), 16);
  return result;
}
