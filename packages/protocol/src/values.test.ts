/** Names, assets, symbols and times, beside what other implementations say. */
import { UInt64, Asset as WharfAsset, Name as WharfName } from '@wharfkit/antelope';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assetAmountMax,
  assetSchema,
  decode,
  encode,
  extendedAssetSchema,
  FormatError,
  formatAsset,
  formatName,
  formatSymbol,
  formatSymbolCode,
  isValidSymbol,
  isValidSymbolCode,
  microsToText,
  msToSlot,
  name,
  parseAsset,
  parseMicros,
  parseName,
  parseSeconds,
  parseSlot,
  parseSymbol,
  parseSymbolCode,
  secondsToText,
  slotToMicros,
  slotToMs,
  slotToSeconds,
  slotToText,
  symbolCode,
  symbolPrecision,
  symbolSchema,
} from './index.js';

describe('name', () => {
  it('any 64-bit value has a text that gives it back; others agree on it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }), (value) => {
        const text = formatName(value);
        expect(parseName(text)).toBe(value);
        expect(String(WharfName.from(UInt64.from(value.toString())))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it('any valid text is kept', () => {
    const body = fc.stringMatching(/^[.1-5a-z]{0,11}[1-5a-z]$/);
    const long = fc.stringMatching(/^[.1-5a-z]{12}[1-5a-j]$/);
    fc.assert(
      fc.property(fc.oneof(body, long), (text) => {
        expect(formatName(parseName(text))).toBe(text);
        expect(parseName(text)).toBe(BigInt(WharfName.from(text).value.toString()));
      }),
      { numRuns: 300 },
    );
  });

  it('constants', () => {
    expect(name('')).toBe(0n);
    expect(name('eosio')).toBe(6138663577826885632n);
    expect(name('foobar')).toBe(6712742083569909760n);
    expect(name('zzzzzzzzzzzzj')).toBe(0xffffffffffffffffn);
  });

  it.each(['A', 'a6', 'a0', 'ab_', 'toolongname123', 'aaaaaaaaaaaak', 'a.', '.', 'aaaaaaaaaaaa.', 'é', ' a'])(
    'refuses %j',
    (text) => {
      expect(() => parseName(text)).toThrow(FormatError);
    },
  );
});

describe('asset', () => {
  it.each([
    '1.0000 XST',
    '-0.0001 XST',
    '0.0000000000000 DUCKS',
    '99999999999 DUCKS',
    '-0.0000000000001 DUCKS',
    '4611686018427387903 A',
  ])('%s is kept, as by others', (text) => {
    const asset = parseAsset(text);
    expect(formatAsset(asset)).toBe(text);
    expect(WharfAsset.from(text).units.toString()).toBe(asset.amount.toString());
    expect(decode(assetSchema, encode(assetSchema, asset))).toEqual(asset);
  });

  it.each([
    '',
    '1POP',
    '1.0000000000000000000 BIGS',
    '1.2 horse',
    '1. XST',
    '.5 XST',
    '1.0 ',
    '1,0 XST',
    '+1 XST',
    '1e3 XST',
    '4611686018427387904 A',
    '1 ABCDEFGH',
    `${'9'.repeat(1000)} A`,
  ])('refuses %j', (text) => expect(() => parseAsset(text)).toThrow(FormatError));

  it('does not decode amounts out of range or invalid symbols', () => {
    const bad = { amount: assetAmountMax + 1n, symbol: parseSymbol('4,XST') };
    expect(() => decode(assetSchema, encode(assetSchema, bad))).toThrow('magnitude');
    expect(() => decode(assetSchema, encode(assetSchema, { amount: -bad.amount, symbol: bad.symbol }))).toThrow(
      'magnitude',
    );
    for (const symbol of [19n, 0x4100n | 19n, 0x6100n, 0x410041_00n, 0x00410000n]) {
      expect(() => decode(symbolSchema, encode(symbolSchema, symbol))).toThrow('invalid symbol');
      expect(isValidSymbol(symbol)).toBe(false);
    }
  });

  it('an empty code is on the wire but not a valid symbol', () => {
    expect(decode(symbolSchema, encode(symbolSchema, 4n))).toBe(4n);
    expect(formatSymbol(4n)).toBe('4,');
    expect(parseSymbol('4,')).toBe(4n);
    expect(isValidSymbol(4n)).toBe(false);
    expect(isValidSymbolCode(0n)).toBe(false);
  });

  it('symbols', () => {
    const symbol = parseSymbol('4,XST');
    expect(symbol).toBe(0x54535804n);
    expect(symbolPrecision(symbol)).toBe(4);
    expect(formatSymbolCode(symbolCode(symbol))).toBe('XST');
    expect(symbolCode(symbol)).toBe(parseSymbolCode('XST'));
    expect(isValidSymbol(symbol)).toBe(true);
    for (const bad of ['XST', '19,XST', '4,xst', '-1,XST', '4,ABCDEFGH', '4.XST']) {
      expect(() => parseSymbol(bad)).toThrow(FormatError);
    }
  });

  it('an extended asset is an object or a pair', () => {
    const value = { quantity: parseAsset('1.0000 XST'), contract: name('eosio.token') };
    expect(extendedAssetSchema.toJson(value)).toEqual({ quantity: '1.0000 XST', contract: 'eosio.token' });
    expect(extendedAssetSchema.fromJson(['1.0000 XST', 'eosio.token'])).toEqual(value);
    expect(() => extendedAssetSchema.fromJson(['1.0000 XST'])).toThrow(FormatError);
  });
});

describe('time', () => {
  it('agrees with the calendar of the platform', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), (ms) => {
        const text = microsToText(BigInt(ms) * 1000n);
        expect(text).toBe(new Date(ms).toISOString().slice(0, -1));
        expect(parseMicros(text)).toBe(BigInt(ms) * 1000n);
      }),
      { numRuns: 300 },
    );
  });

  it('slots', () => {
    expect(slotToText(0)).toBe('2000-01-01T00:00:00.000');
    expect(slotToText(1_553_760_187)).toBe('2024-08-13T16:01:33.500');
    expect(parseSlot('2024-08-13T16:01:33.500')).toBe(1_553_760_187);
    expect(parseSlot('2024-08-13T16:01:33.999Z')).toBe(1_553_760_187);
    expect(slotToText(0xffffffff)).toBe(new Date(slotToMs(0xffffffff)).toISOString().slice(0, -1));
    expect(msToSlot(slotToMs(77))).toBe(77);
    expect(msToSlot(slotToMs(77) - 1)).toBe(76);
    expect(slotToMicros(1)).toBe(946_684_800_500_000n);
    expect(slotToSeconds(3)).toBe(946_684_801);
    expect(() => parseSlot('1999-12-31T23:59:59')).toThrow(FormatError);
    expect(() => parseSlot('2100-01-01T00:00:00')).toThrow(FormatError);
  });

  it('seconds and microseconds', () => {
    expect(secondsToText(1_723_564_893)).toBe('2024-08-13T16:01:33');
    expect(parseSeconds('2024-08-13T16:01:33.999')).toBe(1_723_564_893);
    expect(parseMicros('2024-08-13T16:01:33.123456789')).toBe(1_723_564_893_123_456n);
    expect(microsToText(1_723_564_893_123_456n)).toBe('2024-08-13T16:01:33.123');
    expect(microsToText(-1n)).toBe('1969-12-31T23:59:59.999');
    expect(() => parseSeconds('2106-02-07T06:28:16')).toThrow(FormatError);
    expect(() => parseSeconds('1969-12-31T23:59:59')).toThrow(FormatError);
  });

  it.each([
    '2023-02-29T00:00:00',
    '2024-13-01T00:00:00',
    '2024-01-32T00:00:00',
    '2024-01-01T24:00:00',
    '2024-01-01',
    '2024-1-1T0:0:0',
    '',
  ])('refuses %j', (text) => expect(() => parseMicros(text)).toThrow(FormatError));
});
