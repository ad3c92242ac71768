/** The JSON dialect of nodeos: which numbers are quoted, how doubles print, and tolerant reading of both forms. */
import { FormatError } from './errors.js';
import { bitsOfDouble } from './words.js';

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

const plainMax = 0xffffffffn;
const integerPattern = /^[+-]?\d{1,40}$/;

/** An integer as nodeos prints it: a number up to ±0xffffffff, beyond that a decimal string. */
export function integerToJson(value: bigint): Json {
  return value > plainMax || value < -plainMax ? value.toString() : Number(value);
}

/**
 * Reads an integer from a number, a decimal string, or a boolean (1 and 0), as nodeos does.
 * @throws FormatError when it is none of these, has a fraction, or lies outside [min, max].
 */
export function integerFromJson(json: Json, type: string, min: bigint, max: bigint): bigint {
  let value: bigint;
  if (typeof json === 'number' && Number.isSafeInteger(json)) value = BigInt(json);
  else if (typeof json === 'string' && integerPattern.test(json)) value = BigInt(json.replace(/^\+/, ''));
  else if (typeof json === 'boolean') value = json ? 1n : 0n;
  else throw new FormatError(`${show(json)} is not a ${type}`);
  if (value < min || value > max) throw new FormatError(`${value} does not fit into ${type}`);
  return value;
}

/** As `integerFromJson`, for types that fit into a JS number. */
export function smallIntegerFromJson(json: Json, type: string, min: number, max: number): number {
  if (typeof json === 'number' && Number.isInteger(json) && json >= min && json <= max) return json === 0 ? 0 : json;
  return Number(integerFromJson(json, type, BigInt(min), BigInt(max)));
}

/** Whether a JSON value is an object. */
export function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** A JSON object, or `FormatError`. */
export function objectFromJson(json: Json | undefined, type: string): JsonObject {
  if (!isObject(json)) throw new FormatError(`${show(json)} is not an object (${type})`);
  return json;
}

/** A JSON array, or `FormatError`. */
export function arrayFromJson(json: Json | undefined, type: string): readonly Json[] {
  if (!Array.isArray(json)) throw new FormatError(`${show(json)} is not an array (${type})`);
  return json;
}

/** A JSON string, or `FormatError`. */
export function stringFromJson(json: Json | undefined, type: string): string {
  if (typeof json !== 'string') throw new FormatError(`${show(json)} is not a string (${type})`);
  return json;
}

/** A short picture of a JSON value for messages: never longer than about 60 characters. */
export function show(json: Json | undefined): string {
  if (json === undefined) return 'nothing';
  if (Array.isArray(json)) return `an array of ${json.length}`;
  if (typeof json === 'object' && json !== null) return 'an object';
  const text = JSON.stringify(json);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

const decimals = 17;
const scale = 10n ** BigInt(decimals);

/**
 * A double in fixed notation with 17 decimals, rounded half to even on its exact value, as C++ streams print it
 * (`toFixed` rounds ties away from zero and stops at 1e21). Infinities and NaN print as `inf`, `-inf`, `nan`, `-nan`.
 */
export function formatDouble(value: number): string {
  const bits = bitsOfDouble(value);
  const sign = bits >> 63n === 1n ? '-' : '';
  if (Number.isNaN(value)) return `${sign}nan`;
  if (!Number.isFinite(value)) return `${sign}inf`;
  const exponentBits = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = exponentBits === 0n ? fraction : fraction | 0x10000000000000n;
  const exponent = (exponentBits === 0n ? 1n : exponentBits) - 1075n;
  const scaled = exponent >= 0n ? (mantissa * scale) << exponent : shiftRoundHalfEven(mantissa * scale, -exponent);
  const digits = scaled.toString().padStart(decimals + 1, '0');
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

function shiftRoundHalfEven(value: bigint, shift: bigint): bigint {
  const quotient = value >> shift;
  const rest = value - (quotient << shift);
  const half = 1n << (shift - 1n);
  return rest > half || (rest === half && (quotient & 1n) === 1n) ? quotient + 1n : quotient;
}

const doublePattern = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
const specialDoubles: ReadonlyMap<string, number> = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
  ['nan', Number.NaN],
  ['-nan', Number.NaN],
]);

/** Reads a double from a number or a decimal string (`inf`, `-inf`, `nan` included). */
export function doubleFromJson(json: Json, type: string): number {
  if (typeof json === 'number') return json;
  if (typeof json === 'boolean') return json ? 1 : 0;
  if (typeof json === 'string') {
    const special = specialDoubles.get(json.toLowerCase());
    if (special !== undefined) return special;
    if (json.length <= 2000 && doublePattern.test(json)) return Number(json);
  }
  throw new FormatError(`${show(json)} is not a ${type}`);
}
