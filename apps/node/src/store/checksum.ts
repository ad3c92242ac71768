/** CRC-32 over a key and its value: finds flipped bits, and values that stand under another's key. */
import { crc32 } from 'node:zlib';
import type { StateKey } from '@snapscale/execution';

export const CHECKSUM_BYTES = 4;

/** From here on zlib is faster than the loop. */
const NATIVE_BYTES_MIN = 256;
const POLYNOMIAL = 0xedb88320;

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

/** A u32. */
export function checksumOf(key: StateKey, value: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < key.length; i++) crc = table[(crc ^ key.charCodeAt(i)) & 0xff]! ^ (crc >>> 8);
  if (value.length >= NATIVE_BYTES_MIN) return crc32(value, ~crc >>> 0);
  for (let i = 0; i < value.length; i++) crc = table[(crc ^ value[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The little-endian u32 at `offset`. */
export function readChecksum(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>> 0;
}

export function writeChecksum(bytes: Uint8Array, offset: number, checksum: number): void {
  for (let i = 0; i < CHECKSUM_BYTES; i++) bytes[offset + i] = (checksum >>> (8 * i)) & 0xff;
}
