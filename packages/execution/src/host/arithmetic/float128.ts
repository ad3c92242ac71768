/**
 * IEEE 754-2019 binary128 with BigInt: the arithmetic behind `long double` of contracts.
 *
 * A value is its 128-bit pattern as an unsigned bigint: sign, 15 exponent bits, 112 fraction bits. Every operation rounds
 * to nearest, ties to even, and is exact otherwise, including subnormals. A NaN result is the first NaN operand made
 * quiet, as x86 does; an invalid operation gives the negative quiet NaN without payload. Both are visible to contracts.
 *
 * Finite values are handled as significand · 2^exponent with an unbounded exponent, so that there is one rounding
 * function for all operations and all formats. Cost: 1 to 3 microseconds an operation.
 */

/** Bit pattern of a binary128 value: 0 <= pattern < 2^128. */
export type Float128 = bigint;

/** A binary interchange format: width of the significand (with the hidden bit) and the exponent bias. */
export type BinaryFormat = { readonly precision: number; readonly bias: number; readonly bits: number };

/** A finite magnitude: significand · 2^exponent. */
export type Magnitude = { readonly significand: bigint; readonly exponent: number };

export const binary32: BinaryFormat = { precision: 24, bias: 127, bits: 32 };
export const binary64: BinaryFormat = { precision: 53, bias: 1023, bits: 64 };
export const binary128: BinaryFormat = { precision: 113, bias: 16383, bits: 128 };

const FRACTION_BITS = 112n;
const FRACTION_MASK = (1n << FRACTION_BITS) - 1n;
const EXPONENT_MASK = 0x7fffn;
const SIGN = 1n << 127n;
const INFINITY_PATTERN = EXPONENT_MASK << FRACTION_BITS;
const QUIET_BIT = 1n << 111n;
const WORD_MASK = 0xffffffffffffffffn;
/** Exponent of the last fraction bit of subnormals and of the smallest normal values. */
const EXPONENT_MIN = -16494;
/** Operands further apart than this round as if the smaller one were the smallest disturbance. */
const ALIGNMENT_MAX = 240;

/** What an invalid operation returns. */
export const DEFAULT_NAN: Float128 = SIGN | INFINITY_PATTERN | QUIET_BIT;

/** Pattern from the two halves that WASM passes (signed or unsigned i64). */
export function fromHalves(low: bigint, high: bigint): Float128 {
  return (BigInt.asUintN(64, high) << 64n) | BigInt.asUintN(64, low);
}

export function isNegative(a: Float128): boolean {
  return a >= SIGN;
}

export function isNaN128(a: Float128): boolean {
  return (a & ~SIGN) > INFINITY_PATTERN;
}

export function isInfinite(a: Float128): boolean {
  return (a & ~SIGN) === INFINITY_PATTERN;
}

function isZero(a: Float128): boolean {
  return (a & ~SIGN) === 0n;
}

/** The binary exponent of a pattern as it is stored: 0 for 1 <= |value| < 2. Subnormals, infinities and NaN at the ends. */
export function exponentOf(a: Float128): number {
  return Number((a >> FRACTION_BITS) & EXPONENT_MASK) - binary128.bias;
}

/** The magnitude of a finite value; a zero has significand 0. */
export function magnitudeOf(a: Float128): Magnitude {
  const biased = Number((a >> FRACTION_BITS) & EXPONENT_MASK);
  const fraction = a & FRACTION_MASK;
  if (biased === 0) return { significand: fraction, exponent: EXPONENT_MIN };
  return { significand: fraction | (1n << FRACTION_BITS), exponent: EXPONENT_MIN + biased - 1 };
}

/**
 * The nearest magnitude of `format`, ties to even, to (significand + r) · 2^exponent, where 0 < r < 1 when `inexact` and
 * r = 0 otherwise. Underflows gradually; the exponent has no upper bound. With `inexact`, the significand needs at least
 * two bits more than the format keeps.
 */
export function roundMagnitude(
  format: Pick<BinaryFormat, 'precision' | 'bias'>,
  significand: bigint,
  exponent: number,
  inexact: boolean,
): Magnitude {
  const { precision, bias } = format;
  const quantum = Math.max(exponent + bitLength(significand) - precision, 2 - bias - precision);
  const kept = shiftRounded(significand, quantum - exponent, inexact);
  if (kept >> BigInt(precision) === 0n) return { significand: kept, exponent: quantum };
  return { significand: kept >> 1n, exponent: quantum + 1 };
}

/** Pattern in `format` of a value given as for {@link roundMagnitude}, with its sign; overflows to infinity. */
export function roundToFormat(
  format: BinaryFormat,
  negative: boolean,
  significand: bigint,
  exponent: number,
  inexact: boolean,
): bigint {
  const fractionBits = BigInt(format.precision - 1);
  const sign = negative ? 1n << BigInt(format.bits - 1) : 0n;
  if (significand === 0n && !inexact) return sign;
  const rounded = roundMagnitude(format, significand, exponent, inexact);
  const hidden = 1n << fractionBits;
  if (rounded.significand < hidden) return sign | rounded.significand;
  const biased = rounded.exponent + format.bias + format.precision - 1;
  const biasedMax = 2 * format.bias + 1;
  if (biased >= biasedMax) return sign | (BigInt(biasedMax) << fractionBits);
  return sign | (BigInt(biased) << fractionBits) | (rounded.significand - hidden);
}

/** significand / 2^shift to the nearest integer, ties to even; a negative shift multiplies. `inexact` as in roundToFormat. */
export function shiftRounded(significand: bigint, shift: number, inexact: boolean): bigint {
  if (shift <= 0) return significand << BigInt(-shift);
  const by = BigInt(shift);
  const kept = significand >> by;
  const rest = significand - (kept << by);
  const half = 1n << (by - 1n);
  const up = rest > half || (rest === half && (inexact || (kept & 1n) === 1n));
  return up ? kept + 1n : kept;
}

/** Bits up to the highest one that is set; 0 for zero. */
export function bitLength(value: bigint): number {
  let rest = value;
  let bits = 0;
  while (rest > WORD_MASK) {
    rest >>= 64n;
    bits += 64;
  }
  const high = Number(rest >> 32n);
  return high !== 0 ? bits + 64 - Math.clz32(high) : bits + 32 - Math.clz32(Number(rest & 0xffffffffn));
}

export function neg(a: Float128): Float128 {
  return a ^ SIGN;
}

export function add(a: Float128, b: Float128): Float128 {
  if (isNaN128(a) || isNaN128(b)) return propagateNaN(a, b);
  if (isInfinite(a)) return isInfinite(b) && a !== b ? DEFAULT_NAN : a;
  if (isInfinite(b)) return b;
  return addFinite(a, b);
}

export function sub(a: Float128, b: Float128): Float128 {
  if (isNaN128(a) || isNaN128(b)) return propagateNaN(a, b);
  return add(a, neg(b));
}

export function mul(a: Float128, b: Float128): Float128 {
  if (isNaN128(a) || isNaN128(b)) return propagateNaN(a, b);
  const negative = isNegative(a) !== isNegative(b);
  if (isInfinite(a) || isInfinite(b)) return isZero(a) || isZero(b) ? DEFAULT_NAN : infinity(negative);
  const x = magnitudeOf(a);
  const y = magnitudeOf(b);
  return roundToFormat(binary128, negative, x.significand * y.significand, x.exponent + y.exponent, false);
}

export function div(a: Float128, b: Float128): Float128 {
  if (isNaN128(a) || isNaN128(b)) return propagateNaN(a, b);
  const negative = isNegative(a) !== isNegative(b);
  if (isInfinite(a)) return isInfinite(b) ? DEFAULT_NAN : infinity(negative);
  if (isInfinite(b)) return negative ? SIGN : 0n;
  if (isZero(b)) return isZero(a) ? DEFAULT_NAN : infinity(negative);
  const x = magnitudeOf(a);
  const y = magnitudeOf(b);
  if (x.significand === 0n) return negative ? SIGN : 0n;
  const shift = Math.max(0, binary128.precision + 3 + bitLength(y.significand) - bitLength(x.significand));
  const numerator = x.significand << BigInt(shift);
  const quotient = numerator / y.significand;
  const inexact = quotient * y.significand !== numerator;
  return roundToFormat(binary128, negative, quotient, x.exponent - shift - y.exponent, inexact);
}

/** -1, 0 or 1 as a < b, a == b, a > b; undefined when one is a NaN. -0 equals +0. */
export function compare(a: Float128, b: Float128): -1 | 0 | 1 | undefined {
  if (isNaN128(a) || isNaN128(b)) return undefined;
  const x = orderOf(a);
  const y = orderOf(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** An integer with the order of the value; both zeros map to 0. Not for NaN. */
function orderOf(a: Float128): bigint {
  return isNegative(a) ? -(a ^ SIGN) : a;
}

function addFinite(a: Float128, b: Float128): Float128 {
  const x = magnitudeOf(a);
  const y = magnitudeOf(b);
  if (x.significand === 0n && y.significand === 0n) return a === b ? a : 0n;
  const [big, small] = x.exponent >= y.exponent ? [x, y] : [y, x];
  const [bigNegative, smallNegative] =
    x.exponent >= y.exponent ? [isNegative(a), isNegative(b)] : [isNegative(b), isNegative(a)];
  let smallPart = small.significand;
  let distance = big.exponent - small.exponent;
  if (distance > ALIGNMENT_MAX) {
    distance = ALIGNMENT_MAX;
    smallPart = smallPart === 0n ? 0n : 1n;
  }
  const bigPart = big.significand << BigInt(distance);
  const sum = (bigNegative ? -bigPart : bigPart) + (smallNegative ? -smallPart : smallPart);
  if (sum === 0n) return 0n;
  return roundToFormat(binary128, sum < 0n, sum < 0n ? -sum : sum, big.exponent - distance, false);
}

function infinity(negative: boolean): Float128 {
  return negative ? SIGN | INFINITY_PATTERN : INFINITY_PATTERN;
}

function propagateNaN(a: Float128, b: Float128): Float128 {
  return (isNaN128(a) ? a : b) | QUIET_BIT;
}
