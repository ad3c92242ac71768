import { fromHex, toHex } from '@snapscale/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  array,
  bool,
  bytes,
  clipUtf8,
  DecodeError,
  decode,
  decodeUtf8,
  defaulted,
  EncodeError,
  encode,
  encodeUtf8,
  enumeration,
  FormatError,
  fixedBytes,
  formatDouble,
  i64,
  integerToJson,
  nullable,
  optional,
  Reader,
  string,
  struct,
  toWellFormedText,
  u8,
  u16,
  u32,
  u64,
  variant,
  varuint32,
  Writer,
} from '../index.js';

const raw = (hex: string) => fromHex(hex);

describe('varuint32', () => {
  it.each([
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [16_383, 'ff7f'],
    [16_384, '808001'],
    [0xffffffff, 'ffffffff0f'],
  ])('%i is %s', (value, hex) => {
    expect(toHex(encode(varuint32, value))).toBe(hex);
    expect(decode(varuint32, raw(hex))).toBe(value);
  });

  it.each(['8000', '808000', 'ff8000', '8080808000', 'ffffffff1f', 'ffffffff8f00', '80', 'ffffffffffffffffff01', ''])(
    'refuses %s',
    (hex) => expect(() => decode(varuint32, raw(hex))).toThrow(DecodeError),
  );
});

describe('Writer and Reader', () => {
  it('keep every width and sign', () => {
    const writer = new Writer(1);
    writer.u8(255);
    writer.i8(-128);
    writer.u16(65_535);
    writer.i16(-32_768);
    writer.u32(0xffffffff);
    writer.i32(-0x80000000);
    writer.u64(0xffffffffffffffffn);
    writer.i64(-0x8000000000000000n);
    writer.f32(-1.5);
    writer.f64(Math.PI);
    writer.raw(raw('abcd'));
    writer.bytes(raw('01'));
    writer.string('é');
    const reader = new Reader(writer.finish());
    expect([reader.u8(), reader.i8(), reader.u16(), reader.i16(), reader.u32(), reader.i32()]).toEqual([
      255, -128, 65_535, -32_768, 0xffffffff, -0x80000000,
    ]);
    expect([reader.u64(), reader.i64()]).toEqual([0xffffffffffffffffn, -0x8000000000000000n]);
    expect([reader.f32(), reader.f64()]).toEqual([-1.5, Math.PI]);
    expect([toHex(reader.raw(2)), toHex(reader.bytes()), reader.string()]).toEqual(['abcd', '01', 'é']);
    expect(reader.remaining).toBe(0);
    reader.assertEnd();
  });

  it('refuse values that do not fit', () => {
    const writer = new Writer();
    const attempts = [
      () => writer.u8(256),
      () => writer.u8(-1),
      () => writer.u8(1.5),
      () => writer.i8(128),
      () => writer.u16(-1),
      () => writer.i16(32_768),
      () => writer.u32(2 ** 32),
      () => writer.u32(Number.NaN),
      () => writer.i32(2 ** 31),
      () => writer.u64(1n << 64n),
      () => writer.u64(-1n),
      () => writer.i64(1n << 63n),
      () => writer.varuint32(-1),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(EncodeError);
  });

  it('start anywhere, name the offset of a failure, and give views', () => {
    const input = raw('0011223344');
    const reader = new Reader(input, 1);
    const view = reader.raw(2);
    expect(toHex(view)).toBe('1122');
    expect(view.buffer).toBe(input.buffer);
    expect(() => reader.u32()).toThrow(expect.objectContaining({ offset: 3, what: '4 bytes wanted, 2 left' }));
    expect(toHex(reader.slice(1, 3))).toBe('1122');
    expect(() => reader.assertEnd()).toThrow(DecodeError);
  });

  it('refuse counts that the input cannot hold, before they allocate', () => {
    const items = array(u64, 1_000_000);
    expect(() => decode(items, raw('ffff3f0000000000000000'))).toThrow('count 1048575 exceeds the limit of 1000000');
    expect(() => decode(items, raw('020000000000000000'))).toThrow('count 2 exceeds the 8 bytes left');
    expect(() => decode(bytes(10), raw('0b'))).toThrow('count 11 exceeds the limit of 10');
    expect(() => decode(bytes(10), raw('0a00'))).toThrow('count 10 exceeds the 1 bytes left');
    expect(() => decode(array(array(struct('nothing', {}), 3), 3), raw('0104'))).toThrow(DecodeError);
  });

  it('a nested or failing encode does not disturb others', () => {
    const failing = struct('failing', { a: u8, b: u8 });
    expect(() => encode(failing, { a: 1, b: 999 })).toThrow(EncodeError);
    const nesting = {
      ...u8,
      write: (writer: Writer, value: number) => writer.bytes(encode(u16, value)),
    };
    expect(toHex(encode(struct('outer', { a: nesting, b: u8 }), { a: 7, b: 9 }))).toBe('02070009');
  });
});

describe('text', () => {
  it('agrees with the platform on well-formed UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
        const utf8 = new TextEncoder().encode(text);
        expect(toHex(encodeUtf8(text))).toBe(toHex(utf8));
        expect(decodeUtf8(utf8, 0, utf8.length)).toBe(text);
      }),
    );
  });

  it('keeps arbitrary bytes, and shows them as the platform does', () => {
    const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), (input) => {
        const text = decodeUtf8(input, 0, input.length);
        expect(toHex(encodeUtf8(text))).toBe(toHex(input));
        expect(toWellFormedText(text)).not.toMatch(/\p{Surrogate}/u);
        if (/\p{Surrogate}/u.test(text)) expect(toWellFormedText(text)).toContain('\ufffd');
        else expect(text).toBe(lenient.decode(input));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['overlong', 'c0af', '\udcc0\udcaf'],
    ['surrogate', 'eda080', '\udced\udca0\udc80'],
    ['beyond Unicode', 'f4908080', '\udcf4\udc90\udc80\udc80'],
    ['cut short', '61e282', 'a\udce2\udc82'],
    ['byte order mark', 'efbbbf61', '\ufeffa'],
    ['emoji', 'f09f9880', '😀'],
  ])('%s', (_, hex, text) => {
    expect(decodeUtf8(raw(hex), 0, hex.length / 2)).toBe(text);
    expect(toHex(encodeUtf8(text))).toBe(hex);
  });

  it('replaces surrogates that stand for no byte', () => {
    expect(toHex(encodeUtf8('a\ud800'))).toBe('61efbfbd');
    expect(toWellFormedText('a\ud800b\udc80😀')).toBe('a\ufffdb\ufffd😀');
  });

  it('is cut between characters', () => {
    expect(clipUtf8('abc', 3)).toBe('abc');
    expect(clipUtf8('aé', 2)).toBe('a');
    expect(clipUtf8('a😀', 4)).toBe('a');
    expect(clipUtf8('a😀', 5)).toBe('a😀');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, max) => {
        const clipped = clipUtf8(text, max);
        expect(encodeUtf8(clipped).length).toBeLessThanOrEqual(max);
        expect(text.startsWith(clipped)).toBe(true);
      }),
    );
  });

  it('obeys the limit in bytes in all directions', () => {
    const short = string(3);
    expect(() => encode(short, 'éé')).toThrow(EncodeError);
    expect(() => short.fromJson('éé')).toThrow(FormatError);
    expect(() => decode(short, raw('0461616161'))).toThrow(DecodeError);
    expect(decode(short, encode(short, 'éa'))).toBe('éa');
  });
});

describe('numbers in JSON', () => {
  it.each([
    [0n, 0],
    [0xffffffffn, 0xffffffff],
    [0x100000000n, '4294967296'],
    [-0xffffffffn, -0xffffffff],
    [-0x100000000n, '-4294967296'],
    [0xffffffffffffffffn, '18446744073709551615'],
  ])('%s shows as %s', (value, json) => expect(integerToJson(value)).toBe(json));

  it('read from numbers, texts and booleans, but not beyond their range', () => {
    expect(u64.fromJson('18446744073709551615')).toBe(0xffffffffffffffffn);
    expect(u64.fromJson('+7')).toBe(7n);
    expect(i64.fromJson('-9223372036854775808')).toBe(-0x8000000000000000n);
    expect(u8.fromJson(true)).toBe(1);
    expect(u8.fromJson('255')).toBe(255);
    expect(Object.is(u8.fromJson(-0), 0)).toBe(true);
    for (const bad of ['256', 256, -1, 1.5, '', ' 1', '0x1', '1e1', null, [], {}]) {
      expect(() => u8.fromJson(bad)).toThrow(FormatError);
    }
    expect(() => u64.fromJson(2 ** 53)).toThrow(FormatError);
    expect(() => u64.fromJson('-1')).toThrow(FormatError);
    expect(() => i64.fromJson('9223372036854775808')).toThrow(FormatError);
  });

  it.each([
    [0, '0.00000000000000000'],
    [-0, '-0.00000000000000000'],
    [1, '1.00000000000000000'],
    [0.1, '0.10000000000000001'],
    [1 / 3, '0.33333333333333331'],
    [3.14, '3.14000000000000012'],
    [-2.5e-7, '-0.00000025000000000'],
    [2 ** -18, '0.00000381469726562'],
    [3 * 2 ** -18, '0.00001144409179688'],
    [123456789.123, '123456789.12299999594688416'],
    [1e22, '10000000000000000000000.00000000000000000'],
    [5e-324, '0.00000000000000000'],
    [Number.POSITIVE_INFINITY, 'inf'],
    [Number.NEGATIVE_INFINITY, '-inf'],
    [Number.NaN, 'nan'],
  ])('double %s prints as %s', (value, text) => expect(formatDouble(value)).toBe(text));

  it('doubles print as toFixed does where that is exact', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e20, max: 1e20 }), (value) => {
        const exact = Math.abs(value).toFixed(60);
        // toFixed rounds ties away from zero; those are the ones with a 5 and zeros behind the 17th decimal.
        if (/\.\d{17}50*$/.test(exact) || Object.is(value, -0)) return;
        expect(formatDouble(value).replace('-', '')).toBe(Math.abs(value).toFixed(17));
      }),
    );
  });
});

describe('composites', () => {
  const point = struct('point', { xAxis: u8, yAxis: defaulted(u8, 9), label: optional(string(9)), next: nullable(u8) });

  it('map fields to snake_case and back; optional ones may be left out', () => {
    expect(point.toJson({ xAxis: 1, yAxis: 2 })).toEqual({ x_axis: 1, y_axis: 2, next: null });
    expect(point.fromJson({ x_axis: 1, unknown: true })).toEqual({
      xAxis: 1,
      yAxis: 9,
      label: undefined,
      next: undefined,
    });
    expect(point.fromJson({ x_axis: 1, y_axis: 2, label: 'a', next: 3 })).toEqual({
      xAxis: 1,
      yAxis: 2,
      label: 'a',
      next: 3,
    });
    expect(() => point.fromJson({})).toThrow('point.x_axis is missing');
    expect(() => point.fromJson({ x_axis: 300 })).toThrow('point.x_axis: 300 does not fit into uint8');
    expect(() => point.fromJson([])).toThrow(FormatError);
  });

  it('do not take fields from the prototype of JSON objects', () => {
    const named = struct('named', { constructor: optional(u8), toString: optional(u8) });
    expect(named.fromJson({})).toEqual({ constructor: undefined, toString: undefined });
  });

  it('accept only 0 and 1 as flags', () => {
    expect(() => decode(optional(u8), raw('0200'))).toThrow(DecodeError);
    expect(() => decode(bool, raw('02'))).toThrow(DecodeError);
  });

  it('name the cases of a variant', () => {
    const shape = variant('shape', { circle: u8, square: u16 });
    expect(toHex(encode(shape, { kind: 'square', square: 5 }))).toBe('010500');
    expect(decode(shape, raw('0007'))).toEqual({ kind: 'circle', circle: 7 });
    expect(shape.toJson({ kind: 'circle', circle: 7 })).toEqual([0, 7]);
    expect(shape.fromJson([1, 5])).toEqual({ kind: 'square', square: 5 });
    expect(() => decode(shape, raw('0200'))).toThrow(DecodeError);
    expect(() => shape.fromJson([2, 5])).toThrow(FormatError);
  });

  it('bound enumerations, fixed bytes and arrays', () => {
    const color = enumeration('color', ['red', 'green']);
    expect(color.fromJson('green')).toBe(1);
    expect(color.fromJson(0)).toBe(0);
    expect(() => color.fromJson('blue')).toThrow(FormatError);
    expect(() => color.fromJson(2)).toThrow(FormatError);
    expect(() => decode(color, raw('02'))).toThrow(DecodeError);
    expect(() => encode(color, 2)).toThrow(EncodeError);
    expect(() => encode(fixedBytes(2), raw('00'))).toThrow(EncodeError);
    expect(() => fixedBytes(2).fromJson('000000')).toThrow(FormatError);
    expect(() => bytes(1).fromJson('0000')).toThrow(FormatError);
    expect(() => bytes(1).fromJson('0g')).toThrow(FormatError);
    expect(() => encode(bytes(1), raw('0000'))).toThrow(EncodeError);
    expect(() => encode(array(u32, 1), [1, 2])).toThrow(EncodeError);
    expect(() => array(u32, 1).fromJson([1, 2])).toThrow(FormatError);
  });
});
