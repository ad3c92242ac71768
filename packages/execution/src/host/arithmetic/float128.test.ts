import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatFloat128, formatNumber, printedDigits } from './decimal.js';
import { add, bitLength, compare, DEFAULT_NAN, div, type Float128, isNaN128, mul, neg, sub } from './float128.js';
import {
  fromInteger,
  fromNumber,
  numberToI128,
  numberToU128,
  toFloat32,
  toFloat64,
  toI128,
  toSignedRounded,
  toU128,
  toUnsignedRounded,
} from './float128-convert.js';

type Vectors = { readonly cases: Readonly<Record<string, readonly (readonly string[])[]>> };

const vectors = JSON.parse(
  readFileSync(new URL('../../../../../vectors/execution/float128.json', import.meta.url), 'utf8'),
) as Vectors;

const hex = (text: string): bigint => BigInt(`0x${text}`);
const bits64 = (text: string): number => new DataView(BigUint64Array.of(hex(text)).buffer).getFloat64(0, true);
const bits32 = (text: string): number => new DataView(Uint32Array.of(Number(hex(text))).buffer).getFloat32(0, true);
const text128 = (value: Float128): string => (isNaN128(value) ? 'nan' : value.toString(16).padStart(32, '0'));
const text64 = (value: number): string =>
  Number.isNaN(value) ? 'nan' : new BigUint64Array(Float64Array.of(value).buffer)[0]!.toString(16).padStart(16, '0');
const text32 = (value: number): string =>
  Number.isNaN(value) ? 'nan' : new Uint32Array(Float32Array.of(value).buffer)[0]!.toString(16).padStart(8, '0');
const wide = (value: bigint): string => BigInt.asUintN(128, value).toString(16).padStart(32, '0');
const word = (value: bigint, bits: number): string => BigInt.asUintN(bits, value).toString(16).padStart(16, '0');

const orderNames = new Map([
  [-1, 'less'],
  [0, 'equal'],
  [1, 'greater'],
  [undefined, 'unordered'],
] as const);

const compute: Record<string, (a: string, b: string) => string> = {
  add: (a, b) => text128(add(hex(a), hex(b))),
  sub: (a, b) => text128(sub(hex(a), hex(b))),
  mul: (a, b) => text128(mul(hex(a), hex(b))),
  div: (a, b) => text128(div(hex(a), hex(b))),
  compare: (a, b) => orderNames.get(compare(hex(a), hex(b)))!,
  toFloat64: (a) => text64(toFloat64(hex(a))),
  toFloat32: (a) => text32(toFloat32(hex(a))),
  fromFloat64: (a) => text128(fromNumber(bits64(a))),
  fromFloat32: (a) => text128(fromNumber(bits32(a))),
  fromI64: (a) => text128(fromInteger(BigInt(a))),
  fromU64: (a) => text128(fromInteger(BigInt(a))),
  toI128: (a) => wide(toI128(hex(a))),
  toU128: (a) => wide(toU128(hex(a))),
  toI32Rounded: (a) => word(toSignedRounded(hex(a), 32), 32),
  toI64Rounded: (a) => word(toSignedRounded(hex(a), 64), 64),
  toU32Rounded: (a) => word(toUnsignedRounded(hex(a), 32), 32),
  toU64Rounded: (a) => word(toUnsignedRounded(hex(a), 64), 64),
  i128ToFloat64: (a) => text64(Number(BigInt.asIntN(128, hex(a)))),
  u128ToFloat64: (a) => text64(Number(hex(a))),
  printed18: (a) => formatFloat128(hex(a)),
  printed15: (a) => formatNumber(bits64(a), printedDigits.float64),
  printed6: (a) => formatNumber(bits32(a), printedDigits.float32),
};

describe('binary128 against libgcc', () => {
  for (const [name, cases] of Object.entries(vectors.cases)) {
    it(`${name}: ${cases.length} cases`, () => {
      const run = compute[name]!;
      for (const one of cases) {
        const got = run(one[0]!, one[1]!);
        if (got !== one.at(-1)) expect([one[0], one[1], got]).toEqual([one[0], one[1], one.at(-1)]);
      }
    });
  }
});

const SNAN = hex('7fff4000000000000000000000000005');
const QNAN = hex('ffff8000000000000000000000000007');
const ONE = hex('3fff0000000000000000000000000000');
const INF = hex('7fff0000000000000000000000000000');

describe('binary128 NaN and limits', () => {
  it('returns the first NaN operand, made quiet, sign and payload kept', () => {
    for (const operation of [add, sub, mul, div]) {
      expect(operation(SNAN, QNAN)).toBe(hex('7fffc000000000000000000000000005'));
      expect(operation(QNAN, SNAN)).toBe(QNAN);
      expect(operation(ONE, SNAN)).toBe(hex('7fffc000000000000000000000000005'));
    }
  });

  it('gives the negative default NaN for invalid operations', () => {
    expect(add(INF, neg(INF))).toBe(DEFAULT_NAN);
    expect(sub(INF, INF)).toBe(DEFAULT_NAN);
    expect(mul(0n, INF)).toBe(DEFAULT_NAN);
    expect(div(0n, 0n)).toBe(DEFAULT_NAN);
    expect(div(INF, neg(INF))).toBe(DEFAULT_NAN);
    expect(DEFAULT_NAN).toBe(hex('ffff8000000000000000000000000000'));
  });

  it('negates every pattern by its sign bit alone', () => {
    expect(neg(SNAN)).toBe(SNAN | (1n << 127n));
    expect(neg(neg(ONE))).toBe(ONE);
  });

  it('takes and returns NaN numbers as the canonical NaN', () => {
    expect(fromNumber(Number.NaN)).toBe(hex('7fff8000000000000000000000000000'));
    expect(toFloat64(QNAN)).toBeNaN();
    expect(toFloat32(SNAN)).toBeNaN();
  });

  it('turns what does not fit into the sentinels of Antelope', () => {
    for (const value of [QNAN, SNAN, INF, neg(INF), fromInteger(1n << 70n), fromInteger(-(1n << 70n))]) {
      expect(toSignedRounded(value, 32)).toBe(-(1n << 31n));
      expect(toSignedRounded(value, 64)).toBe(-(1n << 63n));
      expect(toUnsignedRounded(value, 32)).toBe((1n << 32n) - 1n);
      expect(toUnsignedRounded(value, 64)).toBe((1n << 64n) - 1n);
    }
    expect(toUnsignedRounded(fromNumber(-0.5), 32)).toBe(0n);
    expect(toUnsignedRounded(fromNumber(-0.75), 32)).toBe(0xffffffffn);
    expect(toSignedRounded(fromNumber(2.5), 32)).toBe(2n);
    expect(toSignedRounded(fromNumber(-3.5), 32)).toBe(-4n);
  });

  it('saturates 128-bit integers, a NaN by its sign', () => {
    const max = (1n << 127n) - 1n;
    expect(toI128(INF)).toBe(max);
    expect(toI128(neg(INF))).toBe(-max - 1n);
    expect(toI128(SNAN)).toBe(max);
    expect(toI128(QNAN)).toBe(-max - 1n);
    expect(toU128(INF)).toBe((1n << 128n) - 1n);
    expect(toU128(neg(ONE))).toBe(0n);
    expect(toU128(QNAN)).toBe(0n);
    expect(toU128(SNAN)).toBe((1n << 128n) - 1n);
    expect(numberToI128(-1.9)).toBe(-1n);
    expect(numberToI128(1e300)).toBe(max);
    expect(numberToI128(Number.NaN)).toBe(max);
    expect(numberToU128(-5)).toBe(0n);
    expect(numberToU128(2 ** 100)).toBe(1n << 100n);
  });

  it('prints zeros, infinities and NaN as C does', () => {
    expect(formatNumber(-0, 6)).toBe('-0.000000e+00');
    expect(formatNumber(-Infinity, 6)).toBe('-inf');
    expect(formatNumber(Number.NaN, 6)).toBe('nan');
    expect(formatNumber(9.9999999, 6)).toBe('1.000000e+01');
    expect(formatNumber(1e100, 15)).toBe('1.000000000000000e+100');
    expect(formatFloat128(QNAN)).toBe('-nan');
    expect(formatFloat128(hex('7ffeffffffffffffffffffffffffffff'))).toBe('inf');
    expect(formatFloat128(0n)).toBe('0.000000000000000000e+00');
  });
});

describe('binary128 properties', () => {
  const pattern = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
  it('agrees with binary64 when the exact result fits', () => {
    const int = fc.integer({ min: -(2 ** 25), max: 2 ** 25 });
    fc.assert(
      fc.property(int, int, (a, b) => {
        expect(toFloat64(add(fromNumber(a), fromNumber(b)))).toBe(a + b);
        expect(toFloat64(mul(fromNumber(a), fromNumber(b)))).toBe(a * b);
      }),
    );
  });
  it('adds and multiplies commutatively except for NaN payloads', () => {
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        expect(text128(add(a, b))).toBe(text128(add(b, a)));
        expect(text128(mul(a, b))).toBe(text128(mul(b, a)));
      }),
      { numRuns: 300 },
    );
  });
  it('measures bit lengths', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 300n }), (value) => {
        expect(bitLength(value)).toBe(value === 0n ? 0 : value.toString(2).length);
      }),
    );
  });
});
