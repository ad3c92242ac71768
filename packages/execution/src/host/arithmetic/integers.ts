/** Integers as byte strings, both orders. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Unsigned integer of big-endian bytes; no bytes are 0. */
export function fromBigEndian(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  let text = '0x';
  for (let i = 0; i < bytes.length; i++) text += HEX[bytes[i]!]!;
  return BigInt(text);
}

/** Unsigned integer of little-endian bytes; no bytes are 0. */
export function fromLittleEndian(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  let text = '0x';
  for (let i = bytes.length - 1; i >= 0; i--) text += HEX[bytes[i]!]!;
  return BigInt(text);
}

/** Writes 0 <= value < 256^out.length into all of `out`, most significant byte first. */
export function writeBigEndian(out: Uint8Array, value: bigint): void {
  const text = value.toString(16).padStart(2 * out.length, '0');
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
}

/** Writes 0 <= value < 256^out.length into all of `out`, least significant byte first. */
export function writeLittleEndian(out: Uint8Array, value: bigint): void {
  writeBigEndian(out, value);
  out.reverse();
}
