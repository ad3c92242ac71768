/** Modular exponentiation of big-endian integers of any length (EIP-198 semantics, as libfc's modexp). */
import { fromBigEndian, writeBigEndian } from './integers.js';

const WINDOW_BITS = 4;

/** What a computation will cost: the unit is one product of two 64-bit words. */
export type ModexpSize = { readonly exponentBits: number; readonly words: number };

/** The size of base^exponent mod modulus, from which its price is computed before the work is done. */
export function modexpSize(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): ModexpSize {
  let first = 0;
  while (first < exponent.length && exponent[first] === 0) first++;
  const whole = exponent.length - first;
  const exponentBits = whole === 0 ? 0 : 8 * whole - Math.clz32(exponent[first]!) + 24;
  return { exponentBits, words: Math.ceil(Math.max(base.length, modulus.length) / 8) };
}

/**
 * base^exponent mod modulus in as many bytes as the modulus has; a modulus of zero gives zeros, 0^0 is 1.
 * Undefined when the modulus has no bytes. Cost: about 1.25 · exponentBits products and reductions.
 */
export function modexp(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): Uint8Array | undefined {
  if (modulus.length === 0) return undefined;
  const result = new Uint8Array(modulus.length);
  const m = fromBigEndian(modulus);
  if (m !== 0n) writeBigEndian(result, power(fromBigEndian(base) % m, exponent, m));
  return result;
}

/** Fixed windows of four bits, from the most significant. */
function power(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  const powers = [1n % modulus];
  for (let i = 1; i < 1 << WINDOW_BITS; i++) powers.push((powers[i - 1]! * base) % modulus);
  let result = powers[0]!;
  let started = false;
  for (let i = 0; i < 2 * exponent.length; i++) {
    const byte = exponent[i >> 1]!;
    const digit = i & 1 ? byte & 15 : byte >> 4;
    if (started) for (let k = 0; k < WINDOW_BITS; k++) result = (result * result) % modulus;
    if (digit === 0) continue;
    result = started ? (result * powers[digit]!) % modulus : powers[digit]!;
    started = true;
  }
  return result;
}
