/**
 * The prover of aggregated Bulletproofs (UTXO-21), one party that knows all openings. What depends on values, blindings and
 * nonces is constant time up to the opening of l(x) and r(x). From there on it is not: the protocol hides everything even from
 * who is sent both vectors (Bünz and others 2018, theorem 1), and the inner-product argument is no more than a short form of them.
 */

import { addAffine, addPoints, setIdentity } from '../group/point';
import { encode } from '../group/ristretto';
import {
  addScalars,
  copyScalar,
  FORM_ONE,
  fromForm,
  invertForm,
  isCanonical,
  multiplyForm,
  SCALAR_ZERO,
  subtractScalars,
  toForm,
} from '../group/scalar';
import { chooseBit, multiplySecret, sumSecretly } from '../group/secret';
import { sumOfProducts } from '../group/sums';
import { addFresh, addSecret, nextNonce, startNonces } from '../hash/nonces';
import { append, challenge, TRANSCRIPT } from '../hash/strobe';
import { PROOF, SLOT_BLINDING, SLOT_SCALARS, SLOT_VALUE, SLOT_VECTORS, SUM, TABLE_BYTES, TABLES } from '../layout';
import { absorbInnerProduct, absorbStatement, draw } from './range-proof';

const SIZE_MAX: usize = 1024;
/** Vectors of scalars, in form: l and r, then masks; powers of y, and products of challenges. */
const LEFT: usize = PROOF;
const RIGHT: usize = LEFT + 32 * SIZE_MAX;
const MASK_LEFT: usize = RIGHT + 32 * SIZE_MAX;
const MASK_RIGHT: usize = MASK_LEFT + 32 * SIZE_MAX;
const Y_INVERSE: usize = MASK_RIGHT + 32 * SIZE_MAX;
const FOLDS: usize = Y_INVERSE + 32 * SIZE_MAX;

const STREAM: usize = memory.data(208, 8);
const CONTEXT: usize = memory.data(208, 8);
const BYTES: usize = memory.data(32, 8);
const RESULT: usize = memory.data(160, 8);
const POINT_A: usize = memory.data(160, 8);
const CHOSEN: usize = memory.data(120, 8);
const NONCES: usize = memory.data(4 * 32, 8);
const ALPHA: usize = NONCES;
const RHO: usize = NONCES + 32;
const TAU_1: usize = NONCES + 64;
const TAU_2: usize = NONCES + 96;
const Y: usize = memory.data(32, 8);
const Z: usize = memory.data(32, 8);
const X: usize = memory.data(32, 8);
const W: usize = memory.data(32, 8);
const U: usize = memory.data(32, 8);
const U_INVERSE: usize = memory.data(32, 8);
const T_1: usize = memory.data(32, 8);
const T_2: usize = memory.data(32, 8);
const T_X: usize = memory.data(32, 8);
const S0: usize = memory.data(32, 8);
const S1: usize = memory.data(32, 8);
const S2: usize = memory.data(32, 8);
const POWER: usize = memory.data(32, 8);
const WEIGHT: usize = memory.data(32, 8);

/** r = the fixed point of a slot. */
function loadSlot(r: usize, slot: i32): void {
  setIdentity(r);
  addAffine(r, r, TABLES + TABLE_BYTES * <usize>slot, true);
}

/** Encodes value·H + blinding·B; both secret, not in form. */
function commit(output: usize, value: usize, blinding: usize): void {
  loadSlot(POINT_A, SLOT_VALUE);
  multiplySecret(RESULT, POINT_A, value);
  loadSlot(POINT_A, SLOT_BLINDING);
  multiplySecret(SUM, POINT_A, blinding);
  addPoints(RESULT, RESULT, SUM);
  encode(output, RESULT);
}

/** Bit `i` of all values, 64-bit numbers one behind the other. */
function bitOf(values: usize, bits: i32, i: i32): i32 {
  return <i32>((load<u64>(values + 8 * <usize>(i / bits)) >> <u64>(i % bits)) & 1);
}

/** Encodes A = α·B + Σ (bit ? g_i : -h_i). */
function commitBits(output: usize, values: usize, bits: i32, size: i32): void {
  loadSlot(POINT_A, SLOT_BLINDING);
  multiplySecret(RESULT, POINT_A, ALPHA);
  for (let i: i32 = 0; i < size; i++) {
    const g = TABLES + TABLE_BYTES * <usize>(SLOT_VECTORS + 2 * i);
    chooseBit(CHOSEN, g, g + TABLE_BYTES, bitOf(values, bits, i));
    addAffine(RESULT, RESULT, CHOSEN, true);
  }
  encode(output, RESULT);
}

/** Encodes S = ρ·B + Σ masks·generators; the masks are not yet in form. */
function commitMasks(output: usize, size: i32): void {
  copyScalar(SLOT_SCALARS + 32 * <usize>SLOT_BLINDING, RHO);
  for (let i: usize = 0; i < <usize>size; i++) {
    const at = SLOT_SCALARS + 32 * (<usize>SLOT_VECTORS + 2 * i);
    copyScalar(at, MASK_LEFT + 32 * i);
    copyScalar(at + 32, MASK_RIGHT + 32 * i);
  }
  sumSecretly(RESULT, SLOT_BLINDING, 2 * size + 1);
  encode(output, RESULT);
}

/** Draws all nonces, in the order that the reference draws them. */
function drawNonces(values: usize, blindings: usize, parties: i32, size: i32, fresh: usize): void {
  memory.copy(CONTEXT, STREAM, TRANSCRIPT);
  challenge(CONTEXT, 'context', BYTES, 32);
  startNonces('SnapScale/v1/nonce/range-proof', BYTES);
  for (let i: usize = 0; i < <usize>parties; i++) {
    memory.fill(S0, 0, 32);
    store<u64>(S0, load<u64>(values + 8 * i));
    addSecret(S0);
    addSecret(blindings + 32 * i);
  }
  addFresh(fresh);
  for (let i: usize = 0; i < <usize>size; i++) nextNonce(MASK_LEFT + 32 * i);
  for (let i: usize = 0; i < <usize>size; i++) nextNonce(MASK_RIGHT + 32 * i);
  for (let i: usize = 0; i < 4; i++) nextNonce(NONCES + 32 * i);
}

/** l_0 and r_0, masks into form, r_1 in place of the right masks; t_1 and t_2, in form. */
function makePolynomials(values: usize, bits: i32, size: i32): void {
  copyScalar(POWER, FORM_ONE);
  copyScalar(T_1, SCALAR_ZERO);
  copyScalar(T_2, SCALAR_ZERO);
  multiplyForm(WEIGHT, Z, Z);
  for (let i: i32 = 0; i < size; i++) {
    const at: usize = 32 * <usize>i;
    if (i > 0 && i % bits === 0) multiplyForm(WEIGHT, WEIGHT, Z);
    if (i % bits === 0) copyScalar(S2, WEIGHT);
    else addScalars(S2, S2, S2);
    memory.fill(S0, 0, 32);
    store<u32>(S0, bitOf(values, bits, i));
    toForm(S0, S0);
    subtractScalars(LEFT + at, S0, Z);
    subtractScalars(S0, S0, FORM_ONE);
    addScalars(S0, S0, Z);
    multiplyForm(S0, S0, POWER);
    addScalars(RIGHT + at, S0, S2);
    toForm(MASK_LEFT + at, MASK_LEFT + at);
    toForm(MASK_RIGHT + at, MASK_RIGHT + at);
    multiplyForm(MASK_RIGHT + at, MASK_RIGHT + at, POWER);
    multiplyForm(POWER, POWER, Y);
    multiplyForm(S0, LEFT + at, MASK_RIGHT + at);
    addScalars(T_1, T_1, S0);
    multiplyForm(S0, MASK_LEFT + at, RIGHT + at);
    addScalars(T_1, T_1, S0);
    multiplyForm(S0, MASK_LEFT + at, MASK_RIGHT + at);
    addScalars(T_2, T_2, S0);
  }
}

/** l(x), r(x) and t(x), and writes t_x, its blinding and the blinding of A and S. */
function openPolynomials(blindings: usize, parties: i32, size: i32, proof: usize): void {
  copyScalar(T_X, SCALAR_ZERO);
  for (let i: usize = 0; i < <usize>size; i++) {
    multiplyForm(S0, MASK_LEFT + 32 * i, X);
    addScalars(LEFT + 32 * i, LEFT + 32 * i, S0);
    multiplyForm(S0, MASK_RIGHT + 32 * i, X);
    addScalars(RIGHT + 32 * i, RIGHT + 32 * i, S0);
    multiplyForm(S0, LEFT + 32 * i, RIGHT + 32 * i);
    addScalars(T_X, T_X, S0);
  }
  fromForm(proof + 128, T_X);
  toForm(S0, TAU_2);
  multiplyForm(S0, S0, X);
  toForm(S1, TAU_1);
  addScalars(S0, S0, S1);
  multiplyForm(S0, S0, X);
  copyScalar(WEIGHT, Z);
  for (let i: usize = 0; i < <usize>parties; i++) {
    multiplyForm(WEIGHT, WEIGHT, Z);
    toForm(S1, blindings + 32 * i);
    multiplyForm(S1, S1, WEIGHT);
    addScalars(S0, S0, S1);
  }
  fromForm(proof + 160, S0);
  toForm(S0, RHO);
  multiplyForm(S0, S0, X);
  toForm(S1, ALPHA);
  addScalars(S0, S0, S1);
  fromForm(proof + 192, S0);
}

/** Encodes a cross term: a of one half on the g of the other, b of the other half on the h of the first, and their product on w·H. */
function crossTerm(output: usize, size: i32, current: i32, aHalf: i32, bHalf: i32): void {
  const half = current / 2;
  memory.fill(SLOT_SCALARS, 0, 32 * <usize>(SLOT_VECTORS + 2 * size));
  copyScalar(S1, SCALAR_ZERO);
  for (let j: i32 = 0; j < half; j++) {
    multiplyForm(S0, LEFT + 32 * <usize>(aHalf * half + j), RIGHT + 32 * <usize>(bHalf * half + j));
    addScalars(S1, S1, S0);
  }
  multiplyForm(S1, S1, W);
  fromForm(SLOT_SCALARS + 32 * <usize>SLOT_VALUE, S1);
  const prefixes = size / current;
  for (let prefix: i32 = 0; prefix < prefixes; prefix++) {
    for (let j: i32 = 0; j < half; j++) {
      const ofG = prefix * current + bHalf * half + j;
      const ofH = prefix * current + aHalf * half + j;
      const at = SLOT_SCALARS + 32 * <usize>(SLOT_VECTORS + 2 * ofG);
      multiplyForm(S0, LEFT + 32 * <usize>(aHalf * half + j), FOLDS + 32 * <usize>prefix);
      fromForm(at, S0);
      multiplyForm(S0, RIGHT + 32 * <usize>(bHalf * half + j), FOLDS + 32 * <usize>(prefixes - 1 - prefix));
      multiplyForm(S0, S0, Y_INVERSE + 32 * <usize>ofH);
      fromForm(SLOT_SCALARS + 32 * <usize>(SLOT_VECTORS + 2 * ofH + 1), S0);
    }
  }
  sumOfProducts(RESULT, SLOT_VECTORS + 2 * size, 0);
  encode(output, RESULT);
}

/** Halves both vectors with a challenge, and doubles the products of challenges. */
function fold(size: i32, current: i32): void {
  const half = current / 2;
  for (let j: usize = 0; j < <usize>half; j++) {
    const high: usize = 32 * (<usize>half + j);
    multiplyForm(S0, LEFT + 32 * j, U);
    multiplyForm(S1, LEFT + high, U_INVERSE);
    addScalars(LEFT + 32 * j, S0, S1);
    multiplyForm(S0, RIGHT + 32 * j, U_INVERSE);
    multiplyForm(S1, RIGHT + high, U);
    addScalars(RIGHT + 32 * j, S0, S1);
  }
  for (let i: i32 = size / current - 1; i >= 0; i--) {
    copyScalar(S0, FOLDS + 32 * <usize>i);
    multiplyForm(FOLDS + 64 * <usize>i, S0, U_INVERSE);
    multiplyForm(FOLDS + 64 * <usize>i + 32, S0, U);
  }
}

/** The inner-product argument, into the proof from its rounds on; 0 for a challenge of zero. */
function proveInnerProduct(size: i32, rounds: usize): i32 {
  absorbInnerProduct(STREAM, size);
  copyScalar(FOLDS, FORM_ONE);
  invertForm(S0, Y);
  copyScalar(Y_INVERSE, FORM_ONE);
  for (let i: usize = 1; i < <usize>size; i++) multiplyForm(Y_INVERSE + 32 * i, Y_INVERSE + 32 * (i - 1), S0);
  let output = rounds;
  for (let current = size; current > 1; current = current / 2) {
    crossTerm(output, size, current, 0, 1);
    crossTerm(output + 32, size, current, 1, 0);
    append(STREAM, 'L', output, 32);
    append(STREAM, 'R', output + 32, 32);
    if (draw(STREAM, U, 'u') === 0) return 0;
    invertForm(U_INVERSE, U);
    fold(size, current);
    output += 64;
  }
  fromForm(output, LEFT);
  fromForm(output + 32, RIGHT);
  return 1;
}

/**
 * Proves that the values, 64-bit numbers, are below 2^bits for the commitments that they and their blindings give. Nonces are
 * hedged with 64 fresh bytes. 0 where a value, a blinding or a challenge does not do; the proof goes to `proof`.
 */
export function proveRange(
  transcript: usize,
  bits: i32,
  parties: i32,
  values: usize,
  blindings: usize,
  fresh: usize,
  proof: usize,
): i32 {
  const size: i32 = bits * parties;
  memory.copy(STREAM, transcript, TRANSCRIPT);
  const commitments = SLOT_SCALARS;
  let isGood: i32 = 1;
  for (let i: usize = 0; i < <usize>parties; i++) {
    isGood &= isCanonical(blindings + 32 * i);
    if (bits < 64) isGood &= load<u64>(values + 8 * i) >> <u64>bits === 0 ? 1 : 0;
    memory.fill(S0, 0, 32);
    store<u64>(S0, load<u64>(values + 8 * i));
    if (isGood !== 0) commit(commitments + 32 * i, S0, blindings + 32 * i);
  }
  if (isGood === 0) return 0;
  absorbStatement(STREAM, bits, parties, commitments);
  drawNonces(values, blindings, parties, size, fresh);
  commitBits(proof, values, bits, size);
  commitMasks(proof + 32, size);
  append(STREAM, 'A', proof, 32);
  append(STREAM, 'S', proof + 32, 32);
  if (draw(STREAM, Y, 'y') === 0) return 0;
  draw(STREAM, Z, 'z');
  makePolynomials(values, bits, size);
  fromForm(T_1, T_1);
  fromForm(T_2, T_2);
  commit(proof + 64, T_1, TAU_1);
  commit(proof + 96, T_2, TAU_2);
  append(STREAM, 'T_1', proof + 64, 32);
  append(STREAM, 'T_2', proof + 96, 32);
  draw(STREAM, X, 'x');
  openPolynomials(blindings, parties, size, proof);
  append(STREAM, 't_x', proof + 128, 32);
  append(STREAM, 't_x_blinding', proof + 160, 32);
  append(STREAM, 'e_blinding', proof + 192, 32);
  draw(STREAM, W, 'w');
  return proveInnerProduct(size, proof + 224);
}
