/** BLS12-381 (see arithmetic/bls12-381.ts for the layout): each function returns 0, or -1 for unacceptable input. */
import {
  BLS_FP_BYTES,
  BLS_FP2_BYTES,
  BLS_G1_BYTES,
  BLS_G2_BYTES,
  BLS_GT_BYTES,
  BLS_SCALAR_BYTES,
  BLS_WIDE_BYTES,
  blsFpExp,
  blsFpMod,
  blsFpMul,
  blsG1Add,
  blsG1Map,
  blsG1WeightedSum,
  blsG2Add,
  blsG2Map,
  blsG2WeightedSum,
  blsPairing,
} from '../arithmetic/bls12-381.js';
import { declare, type HostFunction } from '../declaration.js';
import { gasPrices } from '../gas-prices.js';

const SUCCESS = 0;
const FAILURE = -1;

type Unary = (a: Uint8Array) => Uint8Array | undefined;
type Binary = (a: Uint8Array, b: Uint8Array) => Uint8Array | undefined;
type PricedByCount = { readonly base: number; readonly perPoint: number };

export const blsFunctions: readonly HostFunction[] = [
  binary(
    'bls_g1_add',
    'Adds two points of G1.',
    gasPrices.blsG1Add,
    BLS_G1_BYTES,
    BLS_G1_BYTES,
    BLS_G1_BYTES,
    blsG1Add,
  ),
  binary(
    'bls_g2_add',
    'Adds two points of G2.',
    gasPrices.blsG2Add,
    BLS_G2_BYTES,
    BLS_G2_BYTES,
    BLS_G2_BYTES,
    blsG2Add,
  ),
  counted(
    'bls_g1_weighted_sum',
    'The sum of count points of G1, each times its 32-byte scalar.',
    gasPrices.blsG1Sum,
    [BLS_G1_BYTES, BLS_SCALAR_BYTES, BLS_G1_BYTES],
    blsG1WeightedSum,
  ),
  counted(
    'bls_g2_weighted_sum',
    'The sum of count points of G2, each times its 32-byte scalar.',
    gasPrices.blsG2Sum,
    [BLS_G2_BYTES, BLS_SCALAR_BYTES, BLS_G2_BYTES],
    blsG2WeightedSum,
  ),
  counted(
    'bls_pairing',
    'The product of the pairings of count points of G1 and G2, an element of GT.',
    gasPrices.blsPairing,
    [BLS_G1_BYTES, BLS_G2_BYTES, BLS_GT_BYTES],
    blsPairing,
  ),
  unary('bls_g1_map', 'Maps a field element to G1.', gasPrices.blsG1Map, BLS_FP_BYTES, BLS_G1_BYTES, blsG1Map),
  unary(
    'bls_g2_map',
    'Maps an element of the extension to G2.',
    gasPrices.blsG2Map,
    BLS_FP2_BYTES,
    BLS_G2_BYTES,
    blsG2Map,
  ),
  unary(
    'bls_fp_mod',
    'A 64-byte integer modulo the order of the field.',
    gasPrices.blsFpMod,
    BLS_WIDE_BYTES,
    BLS_FP_BYTES,
    blsFpMod,
  ),
  binary(
    'bls_fp_mul',
    'The product of two field elements.',
    gasPrices.blsFpMul,
    BLS_FP_BYTES,
    BLS_FP_BYTES,
    BLS_FP_BYTES,
    blsFpMul,
  ),
  binary(
    'bls_fp_exp',
    'A field element to the power of a 64-byte integer.',
    gasPrices.blsFpExp,
    BLS_FP_BYTES,
    BLS_WIDE_BYTES,
    BLS_FP_BYTES,
    blsFpExp,
  ),
];

function unary(
  name: string,
  doc: string,
  gas: number,
  inputBytes: number,
  resultBytes: number,
  compute: Unary,
): HostFunction {
  return declare(name, {
    params: ['input: i32', 'inputSize: i32', 'result: i32', 'resultSize: i32'],
    result: 'i32',
    contextFree: true,
    gas,
    doc,
    make: (env) => (input, inputSize, result, resultSize) => {
      const bytes = env.span(input, inputSize);
      const out = env.span(result, resultSize);
      env.requireDistinct(input, inputSize, result, resultSize);
      if (bytes.length !== inputBytes || out.length !== resultBytes) return FAILURE;
      return finish(out, compute(bytes));
    },
  });
}

function binary(
  name: string,
  doc: string,
  gas: number,
  aBytes: number,
  bBytes: number,
  resultBytes: number,
  compute: Binary,
): HostFunction {
  return declare(name, {
    params: ['a: i32', 'aSize: i32', 'b: i32', 'bSize: i32', 'result: i32', 'resultSize: i32'],
    result: 'i32',
    contextFree: true,
    gas,
    doc,
    make: (env) => (a, aSize, b, bSize, result, resultSize) => {
      const left = env.span(a, aSize);
      const right = env.span(b, bSize);
      const out = env.span(result, resultSize);
      env.requireDistinct(a, aSize, b, bSize, result, resultSize);
      if (left.length !== aBytes || right.length !== bBytes || out.length !== resultBytes) return FAILURE;
      return finish(out, compute(left, right));
    },
  });
}

/** `sizes`: of an element of the first array, of the second, and of the result. */
function counted(
  name: string,
  doc: string,
  price: PricedByCount,
  sizes: readonly [number, number, number],
  compute: Binary,
): HostFunction {
  const [aBytes, bBytes, resultBytes] = sizes;
  return declare(name, {
    params: ['a: i32', 'aSize: i32', 'b: i32', 'bSize: i32', 'count: i32', 'result: i32', 'resultSize: i32'],
    result: 'i32',
    contextFree: true,
    gas: price.base,
    doc: `${doc} count must not be 0.`,
    make: (env) => (a, aSize, b, bSize, count, result, resultSize) => {
      const left = env.span(a, aSize);
      const right = env.span(b, bSize);
      const out = env.span(result, resultSize);
      env.requireDistinct(a, aSize, b, bSize, result, resultSize);
      const n = count >>> 0;
      if (n === 0 || left.length !== n * aBytes || right.length !== n * bBytes) return FAILURE;
      if (out.length !== resultBytes) return FAILURE;
      env.chargeGas(n * price.perPoint);
      return finish(out, compute(left, right));
    },
  });
}

function finish(out: Uint8Array, result: Uint8Array | undefined): number {
  if (result === undefined) return FAILURE;
  out.set(result);
  return SUCCESS;
}
