/**
 * Conversions of binary128 to and from integers and JavaScript numbers.
 *
 * Two families of rounding, which contracts can tell apart: conversion to 32 and 64 bits rounds to nearest even and
 * turns everything out of range, and NaN, into one sentinel (the least signed value, all ones for unsigned); conversion
 * to 128 bits truncates and saturates, with a NaN treated as a huge value of its sign. Both are what Antelope does.
 *
 * A NaN that crosses the boundary as a JavaScript number loses its payload and its sign there: V8 promises neither.
 * It is therefore always taken as, and returned as, the canonical positive quiet NaN.
 */
import {
  binary32,
  binary64,
  binary128,
  bitLength,
  type Float128,
  isInfinite,
  isNaN128,
  isNegative,
  magnitudeOf,
  roundToFormat,
  shiftRounded,
} from './float128.js';

/** What a NaN of another format becomes. */
const CANONICAL_NAN: Float128 = 0x7fff8000000000000000000000000000n;
const INFINITY_PATTERN: Float128 = 0x7fff0000000000000000000000000000n;
const SIGN: Float128 = 1n << 127n;
const I128_MAX = (1n << 127n) - 1n;
const I128_MIN = -(1n << 127n);
const U128_MAX = (1n << 128n) - 1n;

const scratch = new DataView(new ArrayBuffer(8));

/** Exact binary128 of a number (binary32 values are numbers too). */
export function fromNumber(value: number): Float128 {
  if (Number.isNaN(value)) return CANONICAL_NAN;
  scratch.setFloat64(0, value);
  const bits = scratch.getBigUint64(0);
  const sign = bits >> 63n === 1n ? SIGN : 0n;
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  if (biased === 0x7ff) return sign | INFINITY_PATTERN;
  const significand = biased === 0 ? fraction : fraction | (1n << 52n);
  return roundToFormat(binary128, sign !== 0n, significand, (biased === 0 ? 1 : biased) - 1075, false);
}

/** Nearest binary64. */
export function toFloat64(a: Float128): number {
  if (isNaN128(a)) return Number.NaN;
  if (isInfinite(a)) return isNegative(a) ? -Infinity : Infinity;
  const { significand, exponent } = magnitudeOf(a);
  scratch.setBigUint64(0, roundToFormat(binary64, isNegative(a), significand, exponent, false));
  return scratch.getFloat64(0);
}

/** Nearest binary32, as a number. Rounds once, not through binary64. */
export function toFloat32(a: Float128): number {
  if (isNaN128(a)) return Number.NaN;
  if (isInfinite(a)) return isNegative(a) ? -Infinity : Infinity;
  const { significand, exponent } = magnitudeOf(a);
  scratch.setUint32(0, Number(roundToFormat(binary32, isNegative(a), significand, exponent, false)));
  return scratch.getFloat32(0);
}

/** Nearest binary128 of an integer; exact up to 113 significant bits. */
export function fromInteger(value: bigint): Float128 {
  return roundToFormat(binary128, value < 0n, value < 0n ? -value : value, 0, false);
}

/** Signed integer of 32 or 64 bits, rounded to nearest even; out of range and NaN: -2^(bits-1). */
export function toSignedRounded(a: Float128, bits: 32 | 64): bigint {
  const limit = 1n << BigInt(bits - 1);
  const value = roundedInteger(a, bits);
  return value === undefined || value >= limit || value < -limit ? -limit : value;
}

/** Unsigned integer of 32 or 64 bits, rounded to nearest even; out of range and NaN: all ones. */
export function toUnsignedRounded(a: Float128, bits: 32 | 64): bigint {
  const limit = 1n << BigInt(bits);
  const value = roundedInteger(a, bits);
  return value === undefined || value >= limit || value < 0n ? limit - 1n : value;
}

/** i128, truncated towards zero and saturated; a NaN saturates by its sign bit. */
export function toI128(a: Float128): bigint {
  const value = truncatedInteger(a);
  if (value === undefined) return isNegative(a) ? I128_MIN : I128_MAX;
  return value > I128_MAX ? I128_MAX : value < I128_MIN ? I128_MIN : value;
}

/** u128, truncated towards zero and saturated; negative values give 0, a NaN saturates by its sign bit. */
export function toU128(a: Float128): bigint {
  const value = truncatedInteger(a);
  if (value === undefined) return isNegative(a) ? 0n : U128_MAX;
  return value > U128_MAX ? U128_MAX : value < 0n ? 0n : value;
}

/** i128 of a number, by the rules of {@link toI128}; every NaN is positive. */
export function numberToI128(value: number): bigint {
  return toI128(fromNumber(value));
}

/** u128 of a number, by the rules of {@link toU128}; every NaN is positive. */
export function numberToU128(value: number): bigint {
  return toU128(fromNumber(value));
}

function roundedInteger(a: Float128, bits: number): bigint | undefined {
  if (isNaN128(a) || isInfinite(a)) return undefined;
  const { significand, exponent } = magnitudeOf(a);
  if (exponent + bitLength(significand) > bits + 1) return undefined;
  if (exponent < -(binary128.precision + 1)) return 0n;
  const rounded = shiftRounded(significand, -exponent, false);
  return isNegative(a) ? -rounded : rounded;
}

function truncatedInteger(a: Float128): bigint | undefined {
  if (isNaN128(a) || isInfinite(a)) return undefined;
  const { significand, exponent } = magnitudeOf(a);
  if (exponent + bitLength(significand) > 129) return undefined;
  const whole = exponent >= 0 ? significand << BigInt(exponent) : significand >> BigInt(Math.min(-exponent, 128));
  return isNegative(a) ? -whole : whole;
}
