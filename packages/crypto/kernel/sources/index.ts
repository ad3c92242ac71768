/**
 * What the loader calls (packages/crypto/src/private-kernel). All addresses are inside IO, and the loader has checked every
 * length and every count.
 */
import { BASE_POINT } from './group/constants';
import { POINT } from './group/point';
import { decode, encode, fromUniform, isIdentity } from './group/ristretto';
import { copyScalar, fromForm, invertForm, isCanonical, isZeroScalar, toForm } from './group/scalar';
import { makeComb, multiplyBaseSecret, multiplySecret } from './group/secret';
import { makeFixedTable, sumOfProducts } from './group/sums';
import { SLOT_GENERATOR, TERM_POINTS, TERM_SCALARS } from './layout';
import { imageBase } from './proofs/ring';

export { addScalars, isCanonical, multiplyScalars, reduceWide, subtractScalars } from './group/scalar';
export {
  appendAt as append,
  challengeAt as challenge,
  rekeyAt as rekey,
  startTranscriptAt as startTranscript,
} from './hash/strobe';
export { COMB, IO, IO_BYTES, SLOTS_MAX, SUM, TABLE_BYTES, TABLES, TERMS_MAX } from './layout';
export { verifyHinted } from './proofs/hints';
export { proveRange } from './proofs/prove';
export { verifyRanges } from './proofs/range-proof';
export { NODES, verifyRings } from './proofs/ring';
export { viewTag, x25519 } from './proofs/scan';
export { signRings } from './proofs/sign';

const POINT_A: usize = memory.data(160, 8);
const POINT_B: usize = memory.data(160, 8);

/** Where scratch ends: the loader's tests compare it with IO. */
export function scratchEnd(): usize {
  return __heap_base;
}

/** Makes the tables of the generator. Before everything else. */
export function setUp(): void {
  makeComb();
  makeFixedTable(SLOT_GENERATOR, BASE_POINT);
}

/** Makes the table of the fixed point of a slot; 0 where the bytes are no point. */
export function setFixed(slot: i32, bytes: usize): i32 {
  if (decode(POINT_A, bytes) === 0) return 0;
  makeFixedTable(slot, POINT_A);
  return 1;
}

/** 0: no point; 1: a point; 2: the identity. */
export function checkPoint(bytes: usize): i32 {
  if (decode(POINT_A, bytes) === 0) return 0;
  return isIdentity(POINT_A) !== 0 ? 2 : 1;
}

/** Encodes the point of 64 uniform bytes. */
export function mapUniform(output: usize, bytes: usize): void {
  fromUniform(POINT_A, bytes);
  encode(output, POINT_A);
}

/** Encodes the base of the image of a one-time key. */
export function hashKey(output: usize, key: usize): void {
  imageBase(POINT_A, key);
  encode(output, POINT_A);
}

/** 1 where output = 1/a; 0 where a is zero. */
export function invertScalar(output: usize, a: usize): i32 {
  if (isZeroScalar(a) !== 0) return 0;
  toForm(output, a);
  invertForm(output, output);
  fromForm(output, output);
  return 1;
}

/** Encodes Σ scalar·point, for public scalars; 0 where a point or a scalar is not canonical. */
export function sum(output: usize, points: usize, scalars: usize, count: i32): i32 {
  for (let i: usize = 0; i < <usize>count; i++) {
    if (isCanonical(scalars + 32 * i) === 0) return 0;
    if (decode(TERM_POINTS + POINT * i, points + 32 * i) === 0) return 0;
    copyScalar(TERM_SCALARS + 32 * i, scalars + 32 * i);
  }
  sumOfProducts(POINT_A, 0, count);
  encode(output, POINT_A);
  return 1;
}

/** Encodes scalar·point for a secret scalar; 0 where the point or the scalar is not canonical. */
export function multiplySecretly(output: usize, point: usize, scalar: usize): i32 {
  if (isCanonical(scalar) === 0 || decode(POINT_A, point) === 0) return 0;
  multiplySecret(POINT_B, POINT_A, scalar);
  encode(output, POINT_B);
  return 1;
}

/** Encodes scalar·G for a secret scalar; 0 where it is not canonical. */
export function multiplyBaseSecretly(output: usize, scalar: usize): i32 {
  if (isCanonical(scalar) === 0) return 0;
  multiplyBaseSecret(POINT_B, scalar);
  encode(output, POINT_B);
  return 1;
}
