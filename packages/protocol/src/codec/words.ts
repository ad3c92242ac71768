/**
 * 64-bit values as two 32-bit halves and floats as bits, through eight scratch bytes. BigInt shifts allocate for each step,
 * and a DataView per buffer moves small arrays out of V8's heap: both cost many times what this does (measured).
 */

const scratch = new DataView(new ArrayBuffer(8));

/** Unsigned value of two halves (any 32-bit representation). */
export function joinU64(low: number, high: number): bigint {
  scratch.setInt32(0, low, true);
  scratch.setInt32(4, high, true);
  return scratch.getBigUint64(0, true);
}

/** Signed value of two halves. */
export function joinI64(low: number, high: number): bigint {
  scratch.setInt32(0, low, true);
  scratch.setInt32(4, high, true);
  return scratch.getBigInt64(0, true);
}

/** Low half, 0 … 2^32 - 1. */
export function lowHalf(value: bigint): number {
  scratch.setBigUint64(0, value, true);
  return scratch.getUint32(0, true);
}

/** High half, 0 … 2^32 - 1. */
export function highHalf(value: bigint): number {
  scratch.setBigUint64(0, value, true);
  return scratch.getUint32(4, true);
}

/** The single-precision float with these bits. */
export function floatOfBits(bits: number): number {
  scratch.setInt32(0, bits, true);
  return scratch.getFloat32(0, true);
}

/** Bits of the nearest single-precision float. */
export function bitsOfFloat(value: number): number {
  scratch.setFloat32(0, value, true);
  return scratch.getInt32(0, true);
}

/** The double with these bits. */
export function doubleOfBits(low: number, high: number): number {
  scratch.setInt32(0, low, true);
  scratch.setInt32(4, high, true);
  return scratch.getFloat64(0, true);
}

/** Bits of a double. */
export function bitsOfDouble(value: number): bigint {
  scratch.setFloat64(0, value, true);
  return scratch.getBigUint64(0, true);
}
