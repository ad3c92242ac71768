/**
 * Where a bucket is: the bits from the root to it, as the key under which a store keeps the bucket.
 *
 * The bits are packed into bytes, first bit first, then a one bit and zeros up to a whole byte; the bytes are a latin1
 * string. So paths are told apart by length, and the buckets of one tree, of which none is above another, are ordered as
 * the key hashes in them. The root's path is '\x80'.
 */

/** Bits of a key hash: no path is longer. */
export const PATH_BITS_MAX = 256;

/** Bit `depth` of the 32 bytes at `offset`: 0 to go left, 1 to go right. */
export function bitAt(hashes: Uint8Array, offset: number, depth: number): 0 | 1 {
  return ((hashes[offset + (depth >>> 3)]! >>> (7 - (depth & 7))) & 1) as 0 | 1;
}

/** Path of `depth` bits that begins as the 32 bytes at `offset` do. */
export function encodePath(hashes: Uint8Array, offset: number, depth: number): string {
  const whole = depth >>> 3;
  const rest = depth & 7;
  const kept = rest === 0 ? 0 : hashes[offset + whole]! & (0xff00 >>> rest) & 0xff;
  const last = kept | (0x80 >>> rest);
  // The depths of trees of 64 thousand to 256 million leaves, without the array.
  if (whole === 1) return String.fromCharCode(hashes[offset]!, last);
  if (whole === 2) return String.fromCharCode(hashes[offset]!, hashes[offset + 1]!, last);
  return String.fromCharCode(...hashes.subarray(offset, offset + whole), last);
}

/** The bits of a path as the beginning of 32 bytes, and their number; undefined when the text is no path. */
export function decodePath(path: string): { bits: Uint8Array; depth: number } | undefined {
  const last = path.charCodeAt(path.length - 1);
  if (path.length === 0 || path.length > 33 || last === 0 || last > 0xff) return undefined;
  const trailingZeros = 31 - Math.clz32(last & -last);
  const depth = 8 * (path.length - 1) + 7 - trailingZeros;
  if (depth > PATH_BITS_MAX) return undefined;
  const bits = new Uint8Array(33);
  for (let i = 0; i < path.length; i++) {
    const byte = path.charCodeAt(i);
    if (byte > 0xff) return undefined;
    bits[i] = byte;
  }
  bits[path.length - 1] = last & (last - 1);
  return { bits: bits.subarray(0, 32), depth };
}
