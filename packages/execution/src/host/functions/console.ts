/** Text that a contract prints. It goes into traces and does not take part in consensus. */

import { toHex } from '@snapscale/crypto';
import { decodeUtf8, formatName } from '@snapscale/protocol';
import { formatFloat128, formatNumber, printedDigits } from '../arithmetic/decimal.js';
import { exponentOf } from '../arithmetic/float128.js';
import { declare, type HostFunction } from '../declaration.js';
import type { HostEnvironment } from '../environment.js';
import { gasPrices } from '../gas-prices.js';

const WIDE_BYTES = 16;
/** More of one text is not even decoded: the console of an action is bounded too. */
const TEXT_BYTES_MAX = 64 * 1024;
/** Bytes that a character can take. */
const CHARACTER_BYTES_MAX = 3;

export const consoleFunctions: readonly HostFunction[] = [
  declare('prints', {
    params: ['text: i32'],
    contextFree: true,
    gas: gasPrices.print,
    doc: 'Prints a NUL-terminated string.',
    make: (env) => (text) => {
      const offset = text >>> 0;
      const end = Math.min(env.cStringEnd(text), offset + TEXT_BYTES_MAX);
      env.chargeGas((end - offset) * gasPrices.printedByte);
      printText(env, env.bytes, offset, end);
    },
  }),
  declare('prints_l', {
    params: ['text: i32', 'size: i32'],
    contextFree: true,
    gas: gasPrices.print,
    doc: 'Prints a string of size bytes.',
    make: (env) => (text, size) => {
      const bytes = env.span(text, size);
      const shown = Math.min(bytes.length, TEXT_BYTES_MAX);
      env.chargeGas(shown * gasPrices.printedByte);
      printText(env, bytes, 0, shown);
    },
  }),
  declare('printi', {
    params: ['value: i64'],
    contextFree: true,
    gas: gasPrices.print,
    doc: 'Prints a signed integer.',
    make: (env) => (value) => print(env, () => String(value)),
  }),
  declare('printui', {
    params: ['value: i64'],
    contextFree: true,
    gas: gasPrices.print,
    doc: 'Prints an unsigned integer.',
    make: (env) => (value) => print(env, () => String(BigInt.asUintN(64, value))),
  }),
  declare('printi128', {
    params: ['value: i32'],
    contextFree: true,
    gas: gasPrices.print,
    doc: 'Prints a signed 128-bit integer.',
    make: (env) => (value) => {
      const wide = env.readU128(env.reference(value, WIDE_BYTES));
      print(env, () => String(BigInt.asIntN(128, wide)));
    },
  }),
  declare('printui128', {
    params: ['value: i32'],
    contextFree: true,
    gas: gasPrices.print,
    doc: 'Prints an unsigned 128-bit integer.',
    make: (env) => (value) => {
      const wide = env.readU128(env.reference(value, WIDE_BYTES));
      print(env, () => String(wide));
    },
  }),
  declare('printsf', {
    params: ['value: f32'],
    contextFree: true,
    gas: gasPrices.printFloat,
    doc: 'Prints a float in scientific notation with 6 digits after the point.',
    make: (env) => (value) => print(env, () => formatNumber(value, printedDigits.float32)),
  }),
  declare('printdf', {
    params: ['value: f64'],
    contextFree: true,
    gas: gasPrices.printFloat,
    doc: 'Prints a double in scientific notation with 15 digits after the point.',
    make: (env) => (value) => print(env, () => formatNumber(value, printedDigits.float64)),
  }),
  declare('printqf', {
    params: ['value: i32'],
    contextFree: true,
    gas: gasPrices.printLongDouble,
    doc: 'Prints a long double, rounded to 64 significant bits, in scientific notation with 18 digits after the point.',
    make: (env) => (value) => {
      const wide = env.readU128(env.reference(value, WIDE_BYTES));
      env.chargeGas(Math.abs(exponentOf(wide)) * gasPrices.printExponentBit);
      print(env, () => formatFloat128(wide));
    },
  }),
  declare('printn', {
    params: ['name: i64'],
    contextFree: true,
    gas: gasPrices.print,
    doc: 'Prints a name.',
    make: (env) => (name) => print(env, () => formatName(BigInt.asUintN(64, name))),
  }),
  declare('printhex', {
    params: ['data: i32', 'size: i32'],
    contextFree: true,
    gas: gasPrices.print,
    doc: 'Prints bytes as lower-case hex digits.',
    make: (env) => (data, size) => {
      const bytes = env.span(data, size);
      const shown = Math.min(bytes.length, TEXT_BYTES_MAX);
      env.chargeGas(shown * gasPrices.printedHexByte);
      print(env, () => toHex(bytes.subarray(0, shown)));
    },
  }),
];

/** Appends a text, which is not even made when nothing more is kept. */
function print(env: HostEnvironment, text: () => string): void {
  const { context } = env;
  if (context.consoleRoom > 0) context.consoleAppend(text());
}

function printText(env: HostEnvironment, bytes: Uint8Array, start: number, end: number): void {
  const kept = Math.min(end, start + CHARACTER_BYTES_MAX * env.context.consoleRoom);
  print(env, () => decodeUtf8(bytes, start, kept));
}
