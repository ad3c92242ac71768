/**
 * `long double` (binary128) and wide conversions of the compiler. Values come as two 64-bit halves, low half first, and
 * go to a pointer.
 *
 * Numbers that cross as f32 or f64 lose the bits of a NaN at the JavaScript boundary; functions that return one give the
 * canonical NaN, so that all nodes agree.
 */
import { add, compare, div, type Float128, fromHalves, mul, neg, sub } from '../arithmetic/float128.js';
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
} from '../arithmetic/float128-convert.js';
import { declare, type HostFunction } from '../declaration.js';
import { gasPrices } from '../gas-prices.js';

const WIDE_BYTES = 16;

export const quadFloatFunctions: readonly HostFunction[] = [
  binary('__addtf3', 'a + b', add),
  binary('__subtf3', 'a - b', sub),
  binary('__multf3', 'a · b', mul),
  binary('__divtf3', 'a / b', div),
  declare('__negtf2', {
    params: ['result: i32', 'low: i64', 'high: i64'],
    contextFree: true,
    gas: gasPrices.quadCompare,
    doc: 'Changes the sign bit, of a NaN too.',
    make: (env) => (result, low, high) => {
      const out = env.reference(result, WIDE_BYTES);
      env.writeU128(out, neg(fromHalves(low, high)));
    },
  }),
  fromFloat('__extendsftf2', 'f32', 'The float, exactly.', fromNumber),
  fromFloat('__extenddftf2', 'f64', 'The double, exactly.', fromNumber),
  fromFloat('__fixsfti', 'f32', 'The float as i128, truncated and saturated.', numberToI128),
  fromFloat('__fixdfti', 'f64', 'The double as i128, truncated and saturated.', numberToI128),
  fromFloat('__fixunssfti', 'f32', 'The float as u128, truncated and saturated.', numberToU128),
  fromFloat('__fixunsdfti', 'f64', 'The double as u128, truncated and saturated.', numberToU128),
  toNumber('__trunctfdf2', 'f64', 'The nearest double.', toFloat64),
  toNumber('__trunctfsf2', 'f32', 'The nearest float.', toFloat32),
  toInteger32('__fixtfsi', 'i32', (a) => toSignedRounded(a, 32)),
  toInteger32('__fixunstfsi', 'u32', (a) => toUnsignedRounded(a, 32)),
  toInteger64('__fixtfdi', 'i64', (a) => toSignedRounded(a, 64)),
  toInteger64('__fixunstfdi', 'u64', (a) => toUnsignedRounded(a, 64)),
  toWide('__fixtfti', 'The value as i128, truncated and saturated.', toI128),
  toWide('__fixunstfti', 'The value as u128, truncated and saturated.', toU128),
  declare('__floatsidf', {
    params: ['value: i32'],
    result: 'f64',
    contextFree: true,
    gas: gasPrices.call,
    doc: 'The i32 as double.',
    make: () => (value) => value,
  }),
  fromInteger32('__floatsitf', 'i32', (value) => value),
  fromInteger32('__floatunsitf', 'u32', (value) => value >>> 0),
  fromInteger64('__floatditf', 'i64', (value) => value),
  fromInteger64('__floatunditf', 'u64', (value) => BigInt.asUintN(64, value)),
  wideToDouble('__floattidf', 'i128', (wide) => Number(BigInt.asIntN(128, wide))),
  wideToDouble('__floatuntidf', 'u128', Number),
  comparison('__cmptf2', 'Order of a and b: -1, 0 or 1; 1 with a NaN.', 1),
  comparison('__eqtf2', '0 if a equals b; not 0 with a NaN.', 1),
  comparison('__netf2', 'Not 0 if a and b differ or one is a NaN.', 1),
  comparison('__getf2', 'Not below 0 if a >= b; -1 with a NaN.', -1),
  comparison('__gttf2', 'Above 0 if a > b; 0 with a NaN.', 0),
  comparison('__letf2', 'Not above 0 if a <= b; 1 with a NaN.', 1),
  comparison('__lttf2', 'Below 0 if a < b; 0 with a NaN.', 0),
  declare('__unordtf2', {
    params: ['lowA: i64', 'highA: i64', 'lowB: i64', 'highB: i64'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.quadCompare,
    doc: '1 if a or b is a NaN, else 0.',
    make: () => (lowA, highA, lowB, highB) =>
      compare(fromHalves(lowA, highA), fromHalves(lowB, highB)) === undefined ? 1 : 0,
  }),
];

function binary(name: string, formula: string, compute: (a: Float128, b: Float128) => Float128): HostFunction {
  return declare(name, {
    params: ['result: i32', 'lowA: i64', 'highA: i64', 'lowB: i64', 'highB: i64'],
    contextFree: true,
    gas: gasPrices.quadArithmetic,
    doc: `${formula}, rounded to nearest, ties to even. A NaN operand is returned quiet, a before b.`,
    make: (env) => (result, lowA, highA, lowB, highB) => {
      const out = env.reference(result, WIDE_BYTES);
      env.writeU128(out, compute(fromHalves(lowA, highA), fromHalves(lowB, highB)));
    },
  });
}

function comparison(name: string, doc: string, unordered: number): HostFunction {
  return declare(name, {
    params: ['lowA: i64', 'highA: i64', 'lowB: i64', 'highB: i64'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.quadCompare,
    doc,
    make: () => (lowA, highA, lowB, highB) => compare(fromHalves(lowA, highA), fromHalves(lowB, highB)) ?? unordered,
  });
}

function fromFloat(name: string, type: 'f32' | 'f64', doc: string, convert: (value: number) => bigint): HostFunction {
  return declare(name, {
    params: type === 'f32' ? ['result: i32', 'value: f32'] : ['result: i32', 'value: f64'],
    contextFree: true,
    gas: gasPrices.quadConvert,
    doc,
    make: (env) => (result, value) => {
      const out = env.reference(result, WIDE_BYTES);
      env.writeU128(out, convert(value));
    },
  });
}

function toNumber(name: string, result: 'f32' | 'f64', doc: string, convert: (a: Float128) => number): HostFunction {
  return declare(name, {
    params: ['low: i64', 'high: i64'],
    result,
    contextFree: true,
    gas: gasPrices.quadConvert,
    doc: `${doc} Rounds to nearest, ties to even; a NaN becomes the canonical one.`,
    make: () => (low, high) => convert(fromHalves(low, high)),
  });
}

function toInteger32(name: string, type: string, convert: (a: Float128) => bigint): HostFunction {
  return declare(name, {
    params: ['low: i64', 'high: i64'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.quadConvert,
    doc: roundedDoc(type),
    make: () => (low, high) => Number(BigInt.asIntN(32, convert(fromHalves(low, high)))),
  });
}

function toInteger64(name: string, type: string, convert: (a: Float128) => bigint): HostFunction {
  return declare(name, {
    params: ['low: i64', 'high: i64'],
    result: 'i64',
    contextFree: true,
    gas: gasPrices.quadConvert,
    doc: roundedDoc(type),
    make: () => (low, high) => convert(fromHalves(low, high)),
  });
}

function roundedDoc(type: string): string {
  return `The nearest ${type}, ties to even. Values out of range and NaN give the least ${type} if it is signed, else the greatest.`;
}

function toWide(name: string, doc: string, convert: (a: Float128) => bigint): HostFunction {
  return declare(name, {
    params: ['result: i32', 'low: i64', 'high: i64'],
    contextFree: true,
    gas: gasPrices.quadConvert,
    doc: `${doc} A NaN saturates by its sign.`,
    make: (env) => (result, low, high) => {
      const out = env.reference(result, WIDE_BYTES);
      env.writeU128(out, convert(fromHalves(low, high)));
    },
  });
}

function fromInteger32(name: string, type: string, read: (value: number) => number): HostFunction {
  return declare(name, {
    params: ['result: i32', 'value: i32'],
    contextFree: true,
    gas: gasPrices.quadConvert,
    doc: `The ${type}, exactly.`,
    make: (env) => (result, value) => {
      const out = env.reference(result, WIDE_BYTES);
      env.writeU128(out, fromInteger(BigInt(read(value))));
    },
  });
}

function fromInteger64(name: string, type: string, read: (value: bigint) => bigint): HostFunction {
  return declare(name, {
    params: ['result: i32', 'value: i64'],
    contextFree: true,
    gas: gasPrices.quadConvert,
    doc: `The ${type}, exactly.`,
    make: (env) => (result, value) => {
      const out = env.reference(result, WIDE_BYTES);
      env.writeU128(out, fromInteger(read(value)));
    },
  });
}

function wideToDouble(name: string, type: string, convert: (wide: bigint) => number): HostFunction {
  return declare(name, {
    params: ['low: i64', 'high: i64'],
    result: 'f64',
    contextFree: true,
    gas: gasPrices.quadConvert,
    doc: `The double nearest to the ${type}, ties to even.`,
    make: () => (low, high) => convert(fromHalves(low, high)),
  });
}
