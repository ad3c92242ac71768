import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { checksumOf } from './checksum.js';

it('is the CRC-32 of key and value for short and long values', () => {
  for (const size of [0, 1, 63, 255, 256, 257, 5000]) {
    const value = Uint8Array.from({ length: size }, (_, i) => (i * 31) & 0xff);
    const key = 'k\u0000\u00ffabc';
    expect(checksumOf(key, value)).toBe(crc32(value, crc32(Buffer.from(key, 'latin1'))));
  }
});
