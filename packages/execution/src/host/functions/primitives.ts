/** Cryptographic building blocks shared with Ethereum. Where they return a status, 0 is success and -1 unacceptable input. */

import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak256, sha3_256 } from '@snapscale/crypto';
import { blake2f } from '../arithmetic/blake2f.js';
import {
  BN254_G1_BYTES,
  BN254_PAIR_BYTES,
  BN254_SCALAR_BYTES,
  bn254Add,
  bn254Mul,
  bn254PairingCheck,
} from '../arithmetic/bn254.js';
import { modexp, modexpSize } from '../arithmetic/modexp.js';
import { declare, type HostFunction } from '../declaration.js';
import type { HostEnvironment } from '../environment.js';
import { gasPrices } from '../gas-prices.js';

const SUCCESS = 0;
const FAILURE = -1;
const PAIRING_FALSE = 1;
const COMPACT_SIGNATURE_BYTES = 65;
const DIGEST_BYTES = 32;
/** Header bytes of compact signatures: 27 to 34. */
const HEADER_MIN = 27;
const HEADER_MAX = 34;

export const primitiveFunctions: readonly HostFunction[] = [
  declare('sha3', {
    params: ['data: i32', 'size: i32', 'hash: i32', 'hashSize: i32', 'keccak: i32'],
    contextFree: true,
    gas: gasPrices.sha3.base,
    doc: 'Writes the SHA3-256 hash, or Keccak-256 if keccak is 1, cut to hashSize bytes.',
    make: (env) => (data, size, hash, hashSize, keccak) => {
      const input = env.span(data, size);
      const out = env.span(hash, hashSize);
      env.requireDistinct(data, size, hash, hashSize);
      env.chargeGas(input.length * gasPrices.sha3.perByte);
      const digest = keccak === 1 ? keccak256(input) : sha3_256(input);
      out.set(digest.subarray(0, Math.min(out.length, digest.length)));
    },
  }),
  declare('k1_recover', {
    params: ['signature: i32', 'signatureSize: i32', 'digest: i32', 'digestSize: i32', 'key: i32', 'keySize: i32'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.k1Recover,
    doc: 'Writes the uncompressed secp256k1 key (65 bytes) that made a compact signature (65 bytes: 27 to 34, r, s) of a 32-byte digest.',
    make: (env) => (signature, signatureSize, digest, digestSize, key, keySize) => {
      const compact = env.span(signature, signatureSize);
      const hash = env.span(digest, digestSize);
      const out = env.span(key, keySize);
      env.requireDistinct(signature, signatureSize, digest, digestSize, key, keySize);
      return finish(out, recoverUncompressed(env, compact, hash));
    },
  }),
  declare('alt_bn128_add', {
    params: ['a: i32', 'aSize: i32', 'b: i32', 'bSize: i32', 'result: i32', 'resultSize: i32'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.bn254Add,
    doc: 'Adds two points of alt_bn128 G1 (64 bytes each, EIP-196).',
    make: (env) => (a, aSize, b, bSize, result, resultSize) => {
      const [left, right] = [env.span(a, aSize), env.span(b, bSize)];
      const out = env.span(result, resultSize);
      env.requireDistinct(a, aSize, b, bSize, result, resultSize);
      if (left.length !== BN254_G1_BYTES || right.length !== BN254_G1_BYTES) return FAILURE;
      return out.length < BN254_G1_BYTES ? FAILURE : finish(out, bn254Add(left, right));
    },
  }),
  declare('alt_bn128_mul', {
    params: ['point: i32', 'pointSize: i32', 'scalar: i32', 'scalarSize: i32', 'result: i32', 'resultSize: i32'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.bn254Mul,
    doc: 'Multiplies a point of alt_bn128 G1 (64 bytes) by a big-endian scalar (32 bytes, EIP-196).',
    make: (env) => (point, pointSize, scalar, scalarSize, result, resultSize) => {
      const [base, factor] = [env.span(point, pointSize), env.span(scalar, scalarSize)];
      const out = env.span(result, resultSize);
      env.requireDistinct(point, pointSize, scalar, scalarSize, result, resultSize);
      if (base.length !== BN254_G1_BYTES || factor.length !== BN254_SCALAR_BYTES) return FAILURE;
      return out.length < BN254_G1_BYTES ? FAILURE : finish(out, bn254Mul(base, factor));
    },
  }),
  declare('alt_bn128_pair', {
    params: ['pairs: i32', 'size: i32'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.bn254Pair.base,
    doc: 'Whether the product of the pairings of (G1, G2) points of alt_bn128 (192 bytes each, EIP-197) is one: 0 if it is, 1 if not, -1 for unacceptable input.',
    make: (env) => (pairs, size) => {
      const input = env.span(pairs, size);
      if (input.length % BN254_PAIR_BYTES !== 0) return FAILURE;
      env.chargeGas((input.length / BN254_PAIR_BYTES) * gasPrices.bn254Pair.perPair);
      const isOne = bn254PairingCheck(input);
      return isOne === undefined ? FAILURE : isOne ? SUCCESS : PAIRING_FALSE;
    },
  }),
  declare('mod_exp', {
    params: [
      'base: i32',
      'baseSize: i32',
      'exponent: i32',
      'exponentSize: i32',
      'modulus: i32',
      'modulusSize: i32',
      'result: i32',
      'resultSize: i32',
    ],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.modExp.base,
    doc: 'base^exponent mod modulus on big-endian integers of any size; writes as many bytes as the modulus has.',
    make: (env) => (base, baseSize, exponent, exponentSize, modulus, modulusSize, result, resultSize) => {
      const [b, e, m] = [env.span(base, baseSize), env.span(exponent, exponentSize), env.span(modulus, modulusSize)];
      const out = env.span(result, resultSize);
      env.requireDistinct(base, baseSize, exponent, exponentSize, modulus, modulusSize, result, resultSize);
      const { perByte, perStep, perProduct } = gasPrices.modExp;
      env.chargeGas((b.length + e.length + m.length) * perByte);
      const { exponentBits, words } = modexpSize(b, e, m);
      env.chargeGas(Math.ceil((exponentBits + 16) * (perStep + words * words * perProduct)));
      return finish(out, modexp(b, e, m));
    },
  }),
  declare('blake2_f', {
    params: [
      'rounds: i32',
      'state: i32',
      'stateSize: i32',
      'message: i32',
      'messageSize: i32',
      'low: i32',
      'lowSize: i32',
      'high: i32',
      'highSize: i32',
      'final: i32',
      'result: i32',
      'resultSize: i32',
    ],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.blake2f.base,
    doc: 'The compression function of BLAKE2b (EIP-152): state 64 bytes, message 128, the two counters 8 each, all little-endian; final if it is 1; writes 64 bytes.',
    make:
      (env) =>
      (rounds, state, stateSize, message, messageSize, low, lowSize, high, highSize, final, result, resultSize) => {
        const [h, m] = [env.span(state, stateSize), env.span(message, messageSize)];
        const [t0, t1] = [env.span(low, lowSize), env.span(high, highSize)];
        const out = env.span(result, resultSize);
        env.requireDistinct(state, stateSize, message, messageSize, low, lowSize, high, highSize, result, resultSize);
        env.chargeGas((rounds >>> 0) * gasPrices.blake2f.perRound);
        return finish(out, blake2f(rounds >>> 0, h, m, t0, t1, final === 1));
      },
  }),
];

/** Writes a result that there is and that fits. */
function finish(out: Uint8Array, result: Uint8Array | undefined): number {
  if (result === undefined || out.length < result.length) return FAILURE;
  out.set(result);
  return SUCCESS;
}

function recoverUncompressed(env: HostEnvironment, compact: Uint8Array, digest: Uint8Array): Uint8Array | undefined {
  if (compact.length !== COMPACT_SIGNATURE_BYTES || digest.length !== DIGEST_BYTES) return undefined;
  const header = compact[0]!;
  if (header < HEADER_MIN || header > HEADER_MAX) return undefined;
  try {
    const compressed = env.recover.recoverK1(compact.slice(1), (header - HEADER_MIN) & 3, digest.slice());
    return secp256k1.Point.fromBytes(compressed).toBytes(false);
  } catch {
    // The port throws for whatever belongs to no key, which contracts are told by the status.
    return undefined;
  }
}
