/**
 * Decimal text of binary numbers as C's `%e` prints them: exact expansion, rounded to nearest, ties to even.
 * Contract consoles show it; it is not part of consensus, but equal on all nodes.
 */
import { type Float128, isInfinite, isNaN128, isNegative, magnitudeOf, roundMagnitude } from './float128.js';
import { fromNumber } from './float128-convert.js';

/** The 80-bit format of x87, to which Antelope rounds before it prints a `long double`. */
const EXTENDED = { precision: 64, bias: 16383 };
/** Magnitudes from 2^16384 on are infinite in that format. */
const EXTENDED_OVERFLOW_BITS = 16384;
const LOG10_OF_2 = Math.log10(2);

/** Digits after the point that Antelope prints for each type. */
export const printedDigits = { float32: 6, float64: 15, float128: 18 } as const;

/** A number in scientific notation with `digits` digits after the point: '-1.500000e+00', 'inf', 'nan'. */
export function formatNumber(value: number, digits: number): string {
  return formatScientific(fromNumber(value), digits);
}

/** A binary128 in scientific notation, rounded to the precision of x87 first. Cost: up to about 0.1 ms at the extremes. */
export function formatFloat128(value: Float128): string {
  if (isNaN128(value) || isInfinite(value)) return formatScientific(value, printedDigits.float128);
  const { significand, exponent } = magnitudeOf(value);
  const rounded = roundMagnitude(EXTENDED, significand, exponent, false);
  const sign = isNegative(value) ? '-' : '';
  if (rounded.exponent + EXTENDED.precision > EXTENDED_OVERFLOW_BITS && rounded.significand >> 63n === 1n) {
    return `${sign}inf`;
  }
  return sign + formatMagnitude(rounded.significand, rounded.exponent, printedDigits.float128);
}

function formatScientific(value: Float128, digits: number): string {
  const sign = isNegative(value) ? '-' : '';
  if (isNaN128(value)) return `${sign}nan`;
  if (isInfinite(value)) return `${sign}inf`;
  const { significand, exponent } = magnitudeOf(value);
  return sign + formatMagnitude(significand, exponent, digits);
}

function formatMagnitude(significand: bigint, exponent: number, digits: number): string {
  if (significand === 0n) return `${layOut('0'.repeat(digits + 1))}e+00`;
  // The decimal exponent is estimated from the binary one; the estimate is right or one too small.
  const bits = significand.toString(2).length;
  let power = Math.floor((exponent + bits - 1) * LOG10_OF_2);
  let text = scaledDigits(significand, exponent, digits - power);
  if (text.length > digits + 1) {
    power++;
    text = scaledDigits(significand, exponent, digits - power);
  }
  // Rounding 9.99… up gives one digit more than the scale was made for.
  if (text.length > digits + 1) {
    power++;
    text = text.slice(0, digits + 1);
  }
  const exponentText = String(Math.abs(power)).padStart(2, '0');
  return `${layOut(text)}e${power < 0 ? '-' : '+'}${exponentText}`;
}

/** significand · 2^exponent · 10^scale to the nearest integer, ties to even, in decimal. */
function scaledDigits(significand: bigint, exponent: number, scale: number): string {
  let numerator = significand;
  let denominator = 1n;
  if (scale >= 0) numerator *= 10n ** BigInt(scale);
  else denominator = 10n ** BigInt(-scale);
  if (exponent >= 0) numerator <<= BigInt(exponent);
  else denominator <<= BigInt(-exponent);
  const quotient = numerator / denominator;
  const twice = 2n * (numerator - quotient * denominator);
  const up = twice > denominator || (twice === denominator && (quotient & 1n) === 1n);
  return String(up ? quotient + 1n : quotient);
}

function layOut(digits: string): string {
  return `${digits[0]}.${digits.slice(1)}`;
}
