import { describe, expect, it } from 'vitest';
import { webAssembly } from '../../wasm/engine.js';
import { Harness } from '../testing/harness.js';

const host = new Harness();
const out = host.alloc(16);
const halves = (pattern: bigint): [bigint, bigint] => [
  BigInt.asIntN(64, pattern),
  BigInt.asIntN(64, BigInt.asUintN(128, pattern) >> 64n),
];

const ONE = 0x3fff0000000000000000000000000000n;
const TWO = 0x40000000000000000000000000000000n;
const HALF = 0x3ffe0000000000000000000000000000n;
const MINUS_ONE = ONE | (1n << 127n);
const MINUS_ZERO = 1n << 127n;
const NAN = 0x7fff8000000000000000000000000001n;

function toPointer(name: string, ...args: (number | bigint)[]): bigint {
  host.call(name, out, ...args);
  return host.u128(out);
}

describe('arithmetic of long double', () => {
  it('reads halves low first and writes to the pointer', () => {
    expect(toPointer('__addtf3', ...halves(ONE), ...halves(ONE))).toBe(TWO);
    expect(toPointer('__subtf3', ...halves(ONE), ...halves(TWO))).toBe(MINUS_ONE);
    expect(toPointer('__multf3', ...halves(TWO), ...halves(HALF))).toBe(ONE);
    expect(toPointer('__divtf3', ...halves(ONE), ...halves(TWO))).toBe(HALF);
    expect(toPointer('__negtf2', ...halves(NAN))).toBe(NAN | (1n << 127n));
    expect(toPointer('__addtf3', ...halves(NAN), ...halves(ONE))).toBe(NAN);
  });

  it('writes only through good references', () => {
    for (const name of ['__addtf3', '__subtf3', '__multf3', '__divtf3']) {
      expect(host.refusal(name, 0, 0n, 0n, 0n, 0n)).toMatch(/null pointers/);
      expect(host.refusal(name, host.size - 15, 0n, 0n, 0n, 0n)).toMatch(/access violation/);
    }
    for (const name of ['__negtf2', '__fixtfti', '__fixunstfti']) {
      expect(host.refusal(name, 0, 0n, 0n)).toMatch(/null pointers/);
    }
    for (const name of ['__extendsftf2', '__extenddftf2', '__fixsfti', '__fixdfti', '__fixunssfti', '__fixunsdfti']) {
      expect(host.refusal(name, 0, 1)).toMatch(/null pointers/);
    }
    for (const name of ['__floatsitf', '__floatunsitf']) expect(host.refusal(name, 0, 1)).toMatch(/null pointers/);
    for (const name of ['__floatditf', '__floatunditf']) expect(host.refusal(name, 0, 1n)).toMatch(/null pointers/);
  });
});

describe('conversions', () => {
  it('from floats and doubles', () => {
    expect(toPointer('__extendsftf2', 0.5)).toBe(HALF);
    expect(toPointer('__extenddftf2', -1)).toBe(MINUS_ONE);
    expect(toPointer('__extenddftf2', -0)).toBe(MINUS_ZERO);
    expect(toPointer('__fixsfti', -7.9)).toBe((1n << 128n) - 7n);
    expect(toPointer('__fixdfti', 2 ** 100)).toBe(1n << 100n);
    expect(toPointer('__fixunssfti', 7.9)).toBe(7n);
    expect(toPointer('__fixunsdfti', -7.9)).toBe(0n);
  });

  it('from integers', () => {
    expect(toPointer('__floatsitf', -1)).toBe(MINUS_ONE);
    expect(toPointer('__floatunsitf', -1)).toBe(toPointer('__extenddftf2', 0xffffffff));
    expect(toPointer('__floatditf', -1n)).toBe(MINUS_ONE);
    expect(toPointer('__floatunditf', -1n)).toBe(0x403efffffffffffffffe000000000000n);
    expect(host.call('__floatsidf', -3)).toBe(-3);
    expect(host.call('__floattidf', -1n, -1n)).toBe(-1);
    expect(host.call('__floatuntidf', -1n, -1n)).toBe(2 ** 128);
    expect(host.call('__floattidf', (1n << 53n) + 1n, 0n)).toBe(2 ** 53);
  });

  it('to floats, doubles and integers', () => {
    expect(host.call('__trunctfdf2', ...halves(HALF))).toBe(0.5);
    expect(host.call('__trunctfsf2', ...halves(MINUS_ONE))).toBe(-1);
    expect(host.call('__trunctfdf2', ...halves(NAN))).toBeNaN();
    expect(host.call('__fixtfsi', ...halves(MINUS_ONE))).toBe(-1);
    expect(host.call('__fixtfsi', ...halves(NAN))).toBe(-(2 ** 31));
    expect(host.call('__fixunstfsi', ...halves(NAN))).toBe(-1);
    expect(host.call('__fixtfdi', ...halves(TWO))).toBe(2n);
    expect(host.call('__fixunstfdi', ...halves(NAN))).toBe((1n << 64n) - 1n);
    expect(toPointer('__fixtfti', ...halves(MINUS_ONE))).toBe((1n << 128n) - 1n);
    expect(toPointer('__fixunstfti', ...halves(TWO))).toBe(2n);
  });
});

describe('comparisons', () => {
  const table: readonly [string, number, number, number, number][] = [
    // less, equal, greater, unordered
    ['__cmptf2', -1, 0, 1, 1],
    ['__eqtf2', -1, 0, 1, 1],
    ['__netf2', -1, 0, 1, 1],
    ['__getf2', -1, 0, 1, -1],
    ['__gttf2', -1, 0, 1, 0],
    ['__letf2', -1, 0, 1, 1],
    ['__lttf2', -1, 0, 1, 0],
    ['__unordtf2', 0, 0, 0, 1],
  ];
  it.each(table)('%s', (name, less, equal, greater, unordered) => {
    const call = (a: bigint, b: bigint) => host.call(name, ...halves(a), ...halves(b));
    expect(call(ONE, TWO)).toBe(less);
    expect(call(MINUS_ONE, ONE)).toBe(less);
    expect(call(TWO, TWO)).toBe(equal);
    expect(call(MINUS_ZERO, 0n)).toBe(equal);
    expect(call(TWO, ONE)).toBe(greater);
    expect(call(NAN, ONE)).toBe(unordered);
    expect(call(ONE, NAN)).toBe(unordered);
  });
});

describe('NaN at the boundary to WASM', () => {
  it('arrives as the canonical one, whatever NaN was truncated, before and after optimisation', () => {
    // (module (import "env" "f" (func (param i64 i64) (result f64))) (func (export "run") (param i64 i64) (result i64)
    //   local.get 0 local.get 1 call 0 i64.reinterpret_f64))
    const code = Uint8Array.from([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 13, 2, 96, 2, 126, 126, 1, 124, 96, 2, 126, 126, 1, 126, 2, 9, 1, 3, 101, 110,
      118, 1, 102, 0, 0, 3, 2, 1, 1, 7, 7, 1, 3, 114, 117, 110, 0, 1, 10, 11, 1, 9, 0, 32, 0, 32, 1, 16, 0, 189, 11,
    ]);
    const { Module, Instance } = webAssembly;
    const f = host.env.functions.get('__trunctfdf2')!;
    const run = new Instance(new Module(code), { env: { f } }).exports.run as (low: bigint, high: bigint) => bigint;
    for (let i = 0; i < 20_000; i++) {
      const bits = BigInt.asUintN(64, run(BigInt(i), i % 2 === 0 ? -1n : 0x7fffc00000000000n));
      if (bits !== 0x7ff8000000000000n) expect(bits.toString(16)).toBe('7ff8000000000000');
    }
  });
});
