/** 128-bit integers of the compiler: results are written to a pointer, arguments come as 64-bit halves, low half first. */
import { reject } from '@snapscale/protocol';
import { declare, type HostFunction } from '../declaration.js';
import { gasPrices } from '../gas-prices.js';

const RESULT_BYTES = 16;
const WIDTH = 128;

type Binary = (a: bigint, b: bigint) => bigint;

export const int128Functions: readonly HostFunction[] = [
  shift('__ashlti3', 'Shifts left; 128 and more give 0.', (low, high, by) =>
    by >= WIDTH ? 0n : unsigned(low, high) << BigInt(by),
  ),
  shift(
    '__ashrti3',
    'Shifts right and keeps the sign; the distance counts modulo 128.',
    (low, high, by) => signed(low, high) >> BigInt(by % WIDTH),
  ),
  shift('__lshlti3', 'Shifts left; 128 and more give 0.', (low, high, by) =>
    by >= WIDTH ? 0n : unsigned(low, high) << BigInt(by),
  ),
  shift('__lshrti3', 'Shifts right without sign; 128 and more give 0.', (low, high, by) =>
    by >= WIDTH ? 0n : unsigned(low, high) >> BigInt(by),
  ),
  arithmetic('__divti3', 'Signed quotient, rounded towards zero. Rejects division by zero.', signed, divide),
  arithmetic('__udivti3', 'Unsigned quotient. Rejects division by zero.', unsigned, divide),
  arithmetic('__multi3', 'Product modulo 2^128.', unsigned, (a, b) => a * b),
  arithmetic('__modti3', 'Signed remainder, with the sign of the dividend. Rejects division by zero.', signed, modulo),
  arithmetic('__umodti3', 'Unsigned remainder. Rejects division by zero.', unsigned, modulo),
];

function shift(name: string, doc: string, compute: (low: bigint, high: bigint, by: number) => bigint): HostFunction {
  return declare(name, {
    params: ['result: i32', 'low: i64', 'high: i64', 'shift: i32'],
    contextFree: true,
    gas: gasPrices.int128,
    doc,
    make: (env) => (result, low, high, by) => {
      const out = env.reference(result, RESULT_BYTES);
      env.writeU128(out, compute(low, high, by >>> 0));
    },
  });
}

function arithmetic(
  name: string,
  doc: string,
  read: (low: bigint, high: bigint) => bigint,
  compute: Binary,
): HostFunction {
  return declare(name, {
    params: ['result: i32', 'lowA: i64', 'highA: i64', 'lowB: i64', 'highB: i64'],
    contextFree: true,
    gas: gasPrices.int128,
    doc,
    make: (env) => (result, lowA, highA, lowB, highB) => {
      const out = env.reference(result, RESULT_BYTES);
      env.writeU128(out, compute(read(lowA, highA), read(lowB, highB)));
    },
  });
}

function divide(a: bigint, b: bigint): bigint {
  return b === 0n ? refuseZero() : a / b;
}

function modulo(a: bigint, b: bigint): bigint {
  return b === 0n ? refuseZero() : a % b;
}

function refuseZero(): never {
  return reject('arithmetic_exception', 'divide by zero');
}

function unsigned(low: bigint, high: bigint): bigint {
  return (BigInt.asUintN(64, high) << 64n) | BigInt.asUintN(64, low);
}

function signed(low: bigint, high: bigint): bigint {
  return (BigInt.asIntN(64, high) << 64n) | BigInt.asUintN(64, low);
}
