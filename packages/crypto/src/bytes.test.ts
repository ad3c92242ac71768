import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBase58, decodeBase58Check, encodeBase58, encodeBase58Check } from './base58.js';
import { decodeBase64Url, encodeBase64Url } from './base64url.js';
import { compareBytes, concatBytes, equalBytes, fromHex, toHex } from './bytes.js';
import { CryptoError } from './errors.js';

const bytes = fc.uint8Array({ maxLength: 80 });

describe('hex', () => {
  test('round trips and agrees with Buffer', () => {
    fc.assert(
      fc.property(bytes, (b) => {
        expect(toHex(b)).toBe(Buffer.from(b).toString('hex'));
        expect(fromHex(toHex(b))).toEqual(b);
        expect(fromHex(toHex(b).toUpperCase())).toEqual(b);
      }),
    );
  });

  test.each(['0', '0g', 'zz', '0x00', ' 00 ', '０0'])('rejects %j', (text) => {
    expect(() => fromHex(text)).toThrow(CryptoError);
  });
});

describe('byte strings', () => {
  test('order and equality are those of memcmp', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(concatBytes(a, b, a)).toEqual(new Uint8Array(Buffer.concat([a, b, a])));
      }),
    );
  });
});

describe('base58', () => {
  test('round trips, leading zeros included', () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 4 }), (b, zeros) => {
        const padded = concatBytes(new Uint8Array(zeros), b);
        expect(decodeBase58(encodeBase58(padded), 200, 'test')).toEqual(padded);
      }),
    );
  });

  test('matches published pairs', () => {
    const ascii = (text: string) => new TextEncoder().encode(text);
    expect(encodeBase58(ascii('Hello World!'))).toBe('2NEpo7TZRRrLZSi2U');
    expect(encodeBase58(fromHex('0000287fb4cd'))).toBe('11233QC4');
  });

  test.each(['0', 'O', 'I', 'l', '1 1', 'é'])('rejects the character in %j', (text) => {
    expect(() => decodeBase58(text, 100, 'test')).toThrow(/base58 digit/);
  });

  test('rejects an overlong text before working on it', () => {
    expect(() => decodeBase58('1'.repeat(1_000_000), 100, 'test')).toThrow(/at most 100/);
  });

  test('a changed character, another suffix and a missing checksum are noticed', () => {
    const text = encodeBase58Check(fromHex('0102030405'), 'K1');
    expect(decodeBase58Check(text, 'K1', 100, 'test')).toEqual(fromHex('0102030405'));
    expect(() => decodeBase58Check(text, 'R1', 100, 'test')).toThrow(/checksum/);
    expect(() => decodeBase58Check(`${text.slice(0, -1)}1`, 'K1', 100, 'test')).toThrow(/checksum/);
    expect(() => decodeBase58Check(encodeBase58(fromHex('01020304')), 'K1', 100, 'test')).toThrow(/too short/);
    expect(() => decodeBase58Check('', 'K1', 100, 'test')).toThrow(/too short/);
  });
});

describe('base64url', () => {
  test('round trips and agrees with Buffer', () => {
    fc.assert(
      fc.property(bytes, (b) => {
        expect(encodeBase64Url(b)).toBe(Buffer.from(b).toString('base64url'));
        expect(decodeBase64Url(encodeBase64Url(b), 'test')).toEqual(b);
      }),
    );
  });

  test.each(['A', 'AAAAA', 'AA==', 'A+AA', 'A/AA', 'AB', 'AAB', 'A A'])('rejects %j', (text) => {
    expect(() => decodeBase64Url(text, 'test')).toThrow(CryptoError);
  });
});
