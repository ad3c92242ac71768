/**
 * Verification of aggregated Bulletproofs in the form of dalek's bulletproofs crate (docs/spec/private-transfers.md, UTXO-20 to
 * UTXO-24): each proof is one equation "a weighted sum of points is the identity"; many proofs are one with random weights.
 * Public data: variable time.
 */

import { POINT } from '../group/point';
import { decode, isIdentity } from '../group/ristretto';
import {
  addScalars,
  copyScalar,
  FORM_ONE,
  fromForm,
  invertForm,
  isCanonical,
  isZeroScalar,
  multiplyForm,
  negateScalar,
  reduceWide,
  SCALAR_ZERO,
  subtractScalars,
  toForm,
} from '../group/scalar';
import { sumOfProducts } from '../group/sums';
import { append, appendNumber, appendText, challenge, startTranscript, TRANSCRIPT } from '../hash/strobe';
import { PROOF, SLOT_BLINDING, SLOT_SCALARS, SLOT_VALUE, SLOT_VECTORS, TERM_POINTS, TERM_SCALARS } from '../layout';

/** A claim in IO: addresses of its transcript, commitments and proof, then bits and the number of values. */
export const CLAIM: usize = 20;

/** Challenges of a claim, all in form: x, y, z, w, c, then u of each round; 16 scalars. */
const CHALLENGES: usize = 512;
const X: usize = 0;
const Y: usize = 32;
const Z: usize = 64;
const W: usize = 96;
const C: usize = 128;
const U: usize = 160;
const CLAIMS_MAX: usize = 256;
const OF_CLAIMS: usize = PROOF;
const FOLDS: usize = OF_CLAIMS + CHALLENGES * CLAIMS_MAX;
const INVERSES: usize = FOLDS + 32 * 1024;

const STREAM: usize = memory.data(208, 8);
const BATCH: usize = memory.data(208, 8);
const WIDE: usize = memory.data(64, 8);
const BUFFER: usize = memory.data(32, 8);
const WEIGHT: usize = memory.data(32, 8);
const RESULT: usize = memory.data(160, 8);
const S0: usize = memory.data(32, 8);
const S1: usize = memory.data(32, 8);
const S2: usize = memory.data(32, 8);
const S3: usize = memory.data(32, 8);
const S4: usize = memory.data(32, 8);
const SUM_Y: usize = memory.data(32, 8);
const SUM_Z: usize = memory.data(32, 8);
const TWO: usize = memory.data(32, 8);

/** Draws a challenge into form; 0 where it is zero. */
export function draw(stream: usize, r: usize, label: string): i32 {
  challenge(stream, label, WIDE, 64);
  reduceWide(r, WIDE);
  toForm(r, r);
  return 1 - isZeroScalar(r);
}

/** log2 of a power of two. */
export function roundsOf(size: i32): i32 {
  return 31 - clz(size);
}

/** Absorbs domain and commitments. */
export function absorbStatement(stream: usize, bits: i32, parties: i32, commitments: usize): void {
  appendText(stream, 'dom-sep', 'rangeproof v1');
  appendNumber(stream, 'n', bits);
  appendNumber(stream, 'm', parties);
  for (let i: usize = 0; i < <usize>parties; i++) append(stream, 'V', commitments + 32 * i, 32);
}

/** Absorbs the domain of the inner-product argument. */
export function absorbInnerProduct(stream: usize, size: i32): void {
  appendText(stream, 'dom-sep', 'ipp v1');
  appendNumber(stream, 'n', size);
}

/** Runs the transcript of a claim, keeps its challenges, and adds its digest to the batch; 0 where a scalar is bad. */
function readClaim(claim: usize, challenges: usize): i32 {
  memory.copy(STREAM, load<u32>(claim), TRANSCRIPT);
  const commitments: usize = load<u32>(claim, 4);
  const proof: usize = load<u32>(claim, 8);
  const bits: i32 = load<i32>(claim, 12);
  const parties: i32 = load<i32>(claim, 16);
  const rounds = <usize>roundsOf(bits * parties);
  const last = proof + 224 + 64 * rounds;
  let isGood = isCanonical(proof + 128) & isCanonical(proof + 160) & isCanonical(proof + 192);
  isGood &= isCanonical(last) & isCanonical(last + 32);
  absorbStatement(STREAM, bits, parties, commitments);
  append(STREAM, 'A', proof, 32);
  append(STREAM, 'S', proof + 32, 32);
  isGood &= draw(STREAM, challenges + Y, 'y');
  draw(STREAM, challenges + Z, 'z');
  append(STREAM, 'T_1', proof + 64, 32);
  append(STREAM, 'T_2', proof + 96, 32);
  draw(STREAM, challenges + X, 'x');
  append(STREAM, 't_x', proof + 128, 32);
  append(STREAM, 't_x_blinding', proof + 160, 32);
  append(STREAM, 'e_blinding', proof + 192, 32);
  draw(STREAM, challenges + W, 'w');
  absorbInnerProduct(STREAM, bits * parties);
  for (let i: usize = 0; i < rounds; i++) {
    append(STREAM, 'L', proof + 224 + 64 * i, 32);
    append(STREAM, 'R', proof + 256 + 64 * i, 32);
    isGood &= draw(STREAM, challenges + U + 32 * i, 'u');
  }
  append(STREAM, 'a', last, 32);
  append(STREAM, 'b', last + 32, 32);
  challenge(STREAM, 'digest', BUFFER, 32);
  draw(STREAM, challenges + C, 'c');
  append(BATCH, 'digest', BUFFER, 32);
  return isGood;
}

/** The next weight of the batch, in form: 128 bits, big-endian, 1 for 0 (UTXO-24). */
export function nextWeight(r: usize, batch: usize): void {
  challenge(batch, 'weight', WIDE, 16);
  store<u64>(r, bswap(load<u64>(WIDE, 8)));
  store<u64>(r, bswap(load<u64>(WIDE)), 8);
  memory.fill(r + 16, 0, 16);
  if (isZeroScalar(r) !== 0) store<u64>(r, 1);
  toForm(r, r);
}

/** Starts the transcript that weights are drawn from. */
export function startBatch(batch: usize, fresh: usize): void {
  startTranscript(batch, 'SnapScale/v1/batch');
  append(batch, 'fresh', fresh, 32);
}

/** Adds weight·scalar, both in form, to the scalar of a slot, which is not in form. */
function addToSlot(slot: i32, scalar: usize): void {
  const at = SLOT_SCALARS + 32 * <usize>slot;
  multiplyForm(S4, scalar, WEIGHT);
  fromForm(S4, S4);
  addScalars(at, at, S4);
}

/** Reads a point into the next term, with weight·scalar; the number of terms, or -1 for a bad point. */
function addTerm(terms: i32, bytes: usize, scalar: usize, mayBeIdentity: bool): i32 {
  const point = TERM_POINTS + POINT * <usize>terms;
  const at = TERM_SCALARS + 32 * <usize>terms;
  if (terms < 0 || decode(point, bytes) === 0 || (!mayBeIdentity && isIdentity(point) !== 0)) return -1;
  multiplyForm(at, scalar, WEIGHT);
  fromForm(at, at);
  return terms + 1;
}

/** FOLDS = Π u_k^±1 for each index, in form; INVERSES = 1/u_k, then 1/y. */
function invertChallenges(challenges: usize, rounds: i32): void {
  // One inversion for all: products from the left, then back.
  copyScalar(S0, challenges + Y);
  for (let i: usize = 0; i < <usize>rounds; i++) {
    copyScalar(FOLDS + 32 * i, S0);
    multiplyForm(S0, S0, challenges + U + 32 * i);
  }
  invertForm(S0, S0);
  for (let i: i32 = rounds - 1; i >= 0; i--) {
    multiplyForm(INVERSES + 32 * <usize>i, S0, FOLDS + 32 * <usize>i);
    multiplyForm(S0, S0, challenges + U + 32 * <usize>i);
  }
  copyScalar(INVERSES + 32 * <usize>rounds, S0);
  copyScalar(FOLDS, FORM_ONE);
  for (let k: i32 = 0; k < rounds; k++) {
    for (let i: i32 = (1 << k) - 1; i >= 0; i--) {
      const fold = FOLDS + 32 * <usize>i;
      copyScalar(S0, fold);
      multiplyForm(FOLDS + 64 * <usize>i, S0, INVERSES + 32 * <usize>k);
      multiplyForm(FOLDS + 64 * <usize>i + 32, S0, challenges + U + 32 * <usize>k);
    }
  }
}

/** Adds the scalars of the vectors' generators, and SUM_Y = Σ y^i. */
function addVectors(challenges: usize, bits: i32, parties: i32, a: usize, b: usize): void {
  const size: i32 = bits * parties;
  const yInverse = INVERSES + 32 * <usize>roundsOf(size);
  const powerY = S0; // y^-i
  const ofBit = S1; // z^(2 + party)·2^bit
  const ofParty = S2;
  copyScalar(powerY, FORM_ONE);
  copyScalar(SUM_Y, SCALAR_ZERO);
  copyScalar(RESULT, FORM_ONE); // y^i
  multiplyForm(ofParty, challenges + Z, challenges + Z);
  for (let i: i32 = 0; i < size; i++) {
    if (i % bits === 0) {
      if (i > 0) multiplyForm(ofParty, ofParty, challenges + Z);
      copyScalar(ofBit, ofParty);
    } else addScalars(ofBit, ofBit, ofBit);
    multiplyForm(S3, a, FOLDS + 32 * <usize>i);
    addScalars(S3, S3, challenges + Z);
    negateScalar(S3, S3);
    addToSlot(SLOT_VECTORS + 2 * i, S3);
    multiplyForm(S3, b, FOLDS + 32 * <usize>(size - 1 - i));
    subtractScalars(S3, ofBit, S3);
    multiplyForm(S3, S3, powerY);
    addScalars(S3, S3, challenges + Z);
    addToSlot(SLOT_VECTORS + 2 * i + 1, S3);
    addScalars(SUM_Y, SUM_Y, RESULT);
    multiplyForm(RESULT, RESULT, challenges + Y);
    multiplyForm(powerY, powerY, yInverse);
  }
}

/** S0 = (z - z²)·Σ y^i - Σ_j z^(j+3)·(2^bits - 1). */
function computeDelta(challenges: usize, bits: i32, parties: i32): void {
  multiplyForm(S1, challenges + Z, challenges + Z);
  subtractScalars(S0, challenges + Z, S1);
  multiplyForm(S0, S0, SUM_Y);
  copyScalar(SUM_Z, SCALAR_ZERO);
  for (let j: i32 = 0; j < parties; j++) {
    multiplyForm(S1, S1, challenges + Z);
    addScalars(SUM_Z, SUM_Z, S1);
  }
  memory.fill(TWO, 0, 32);
  store<u64>(TWO, bits === 64 ? u64.MAX_VALUE : ((<u64>1) << (<u64>bits)) - 1);
  toForm(TWO, TWO);
  multiplyForm(SUM_Z, SUM_Z, TWO);
  subtractScalars(S0, S0, SUM_Z);
}

/** Adds the scalars of the two bases. A, B: the last scalars, in form. */
function addBases(challenges: usize, proof: usize, bits: i32, parties: i32, a: usize, b: usize): void {
  computeDelta(challenges, bits, parties);
  toForm(S1, proof + 128); // t_x
  subtractScalars(S0, S0, S1);
  multiplyForm(S0, S0, challenges + C);
  multiplyForm(S2, a, b);
  subtractScalars(S2, S1, S2);
  multiplyForm(S2, S2, challenges + W);
  addScalars(S0, S0, S2);
  addToSlot(SLOT_VALUE, S0);
  toForm(S0, proof + 160);
  multiplyForm(S0, S0, challenges + C);
  toForm(S1, proof + 192);
  addScalars(S0, S0, S1);
  negateScalar(S0, S0);
  addToSlot(SLOT_BLINDING, S0);
}

/** Adds the points of a proof and its commitments; the number of terms, or -1. */
function addPointsOfProof(challenges: usize, claim: usize, before: i32): i32 {
  const commitments: usize = load<u32>(claim, 4);
  const proof: usize = load<u32>(claim, 8);
  const parties: i32 = load<i32>(claim, 16);
  const rounds: usize = <usize>roundsOf(load<i32>(claim, 12) * parties);
  let terms = addTerm(before, proof, FORM_ONE, false);
  terms = addTerm(terms, proof + 32, challenges + X, false);
  multiplyForm(S0, challenges + C, challenges + X);
  terms = addTerm(terms, proof + 64, S0, false);
  multiplyForm(S0, S0, challenges + X);
  terms = addTerm(terms, proof + 96, S0, false);
  for (let i: usize = 0; i < rounds; i++) {
    multiplyForm(S0, challenges + U + 32 * i, challenges + U + 32 * i);
    terms = addTerm(terms, proof + 224 + 64 * i, S0, false);
    multiplyForm(S0, INVERSES + 32 * i, INVERSES + 32 * i);
    terms = addTerm(terms, proof + 256 + 64 * i, S0, false);
  }
  multiplyForm(S0, challenges + Z, challenges + C);
  for (let i: usize = 0; i < <usize>parties; i++) {
    multiplyForm(S0, S0, challenges + Z);
    terms = addTerm(terms, commitments + 32 * i, S0, true);
  }
  return terms;
}

const LAST_A: usize = memory.data(32, 8);
const LAST_B: usize = memory.data(32, 8);

function addClaim(claim: usize, challenges: usize, before: i32): i32 {
  const proof: usize = load<u32>(claim, 8);
  const bits: i32 = load<i32>(claim, 12);
  const parties: i32 = load<i32>(claim, 16);
  const rounds = roundsOf(bits * parties);
  toForm(LAST_A, proof + 224 + 64 * <usize>rounds);
  toForm(LAST_B, proof + 256 + 64 * <usize>rounds);
  invertChallenges(challenges, rounds);
  addVectors(challenges, bits, parties, LAST_A, LAST_B);
  addBases(challenges, proof, bits, parties, LAST_A, LAST_B);
  return addPointsOfProof(challenges, claim, before);
}

/**
 * 1 where all claims hold. With one, its weight is 1; with more, weights come from `fresh` (32 bytes of the caller's
 * generator) and from all claims, so that no errors can be chosen that cancel (UTXO-24).
 */
export function verifyRanges(claims: usize, count: i32, fresh: usize): i32 {
  startBatch(BATCH, fresh);
  let size: i32 = 0;
  for (let i: usize = 0; i < <usize>count; i++) {
    const claim = claims + CLAIM * i;
    size = max(size, load<i32>(claim, 12) * load<i32>(claim, 16));
    if (readClaim(claim, OF_CLAIMS + CHALLENGES * i) === 0) return 0;
  }
  const slots: i32 = SLOT_VECTORS + 2 * size;
  memory.fill(SLOT_SCALARS, 0, 32 * <usize>slots);
  let terms: i32 = 0;
  for (let i: usize = 0; i < <usize>count; i++) {
    if (count === 1) copyScalar(WEIGHT, FORM_ONE);
    else nextWeight(WEIGHT, BATCH);
    terms = addClaim(claims + CLAIM * i, OF_CLAIMS + CHALLENGES * i, terms);
    if (terms < 0) return 0;
  }
  sumOfProducts(RESULT, slots, terms);
  return isIdentity(RESULT) !== 0 ? 1 : 0;
}
