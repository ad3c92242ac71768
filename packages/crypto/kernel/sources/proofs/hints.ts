/**
 * Ring signatures with hints (UTXO-37): challenges come from hashing alone, and the equations of all nodes of many signatures
 * are one sum with random weights. Public data: variable time.
 */

import { copyPoint, negatePoint, POINT } from '../group/point';
import { decode, isIdentity } from '../group/ristretto';
import {
  addScalars,
  copyScalar,
  fromForm,
  isZeroScalar,
  multiplyForm,
  negateScalar,
  SCALAR_ZERO,
  toForm,
} from '../group/scalar';
import { sumOfProducts } from '../group/sums';
import { append, challenge, startTranscript } from '../hash/strobe';
import { SLOT_GENERATOR, SLOT_SCALARS, TERM_POINTS, TERM_SCALARS } from '../layout';
import { nextWeight, startBatch } from './range-proof';
import {
  areEqualBytes,
  areResponsesCanonical,
  closeRings,
  imageBase,
  MEMBER,
  NODE,
  nodeChallenge,
  startChallenge,
  startNodes,
} from './ring';

/** A claim in IO: addresses of message, members, images, pseudo-outputs, signature, hints; then inputs and ring size. */
const CLAIM: usize = 32;

const BATCH: usize = memory.data(208, 8);
const DIGEST: usize = memory.data(208, 8);
const BUFFER: usize = memory.data(32, 8);
const CHALLENGE: usize = memory.data(32, 8);
const OF_L: usize = memory.data(32, 8);
const OF_R: usize = memory.data(32, 8);
const OF_M: usize = memory.data(32, 8);
const IN_FORM: usize = memory.data(32, 8);
const SUM_IMAGE: usize = memory.data(32, 8);
const SUM_PSEUDO: usize = memory.data(32, 8);
const POINT_A: usize = memory.data(160, 8);

/** Where the next term goes; -1 after a bad point. */
let terms: i32 = 0;

/** Adds weight·challenge or weight·response, both in form, on a point; or on its negative. */
function addTerm(point: usize, a: usize, b: usize, isNegative: bool): void {
  if (terms < 0) return;
  const at = TERM_POINTS + POINT * <usize>terms;
  if (isNegative) negatePoint(at, point);
  else copyPoint(at, point);
  const scalar = TERM_SCALARS + 32 * <usize>terms;
  multiplyForm(scalar, a, b);
  fromForm(scalar, scalar);
  terms++;
}

/** Decodes into POINT_A; a bad point ends the sum. */
function read(bytes: usize, mayBeIdentity: bool): void {
  if (decode(POINT_A, bytes) === 0 || (!mayBeIdentity && isIdentity(POINT_A) !== 0)) terms = -1;
}

/** Adds the negative of a hinted point; its weight stays as short as it was drawn. */
function addHint(bytes: usize, weight: usize): void {
  read(bytes, true);
  if (terms < 0) return;
  negatePoint(TERM_POINTS + POINT * <usize>terms, POINT_A);
  fromForm(TERM_SCALARS + 32 * <usize>terms, weight);
  terms++;
}

/** Adds the three equations of a member with challenge e. */
function addMember(member: usize, e: usize, response: usize, hint: usize): void {
  nextWeight(OF_L, BATCH);
  nextWeight(OF_R, BATCH);
  nextWeight(OF_M, BATCH);
  toForm(CHALLENGE, e);
  read(member, false);
  addTerm(POINT_A, OF_L, CHALLENGE, false);
  imageBase(POINT_A, member);
  toForm(IN_FORM, response);
  addTerm(POINT_A, OF_R, IN_FORM, false);
  multiplyForm(IN_FORM, IN_FORM, OF_L);
  addToGenerator();
  toForm(IN_FORM, response + 32);
  multiplyForm(IN_FORM, IN_FORM, OF_M);
  addToGenerator();
  multiplyForm(IN_FORM, OF_R, CHALLENGE);
  addScalars(SUM_IMAGE, SUM_IMAGE, IN_FORM);
  multiplyForm(IN_FORM, OF_M, CHALLENGE);
  addScalars(SUM_PSEUDO, SUM_PSEUDO, IN_FORM);
  read(member + 32, true);
  addTerm(POINT_A, OF_M, CHALLENGE, false);
  addHint(hint, OF_L);
  addHint(hint + 32, OF_R);
  addHint(hint + 64, OF_M);
}

function addToGenerator(): void {
  fromForm(IN_FORM, IN_FORM);
  addScalars(SLOT_SCALARS, SLOT_SCALARS, IN_FORM);
}

/** Adds a point of an input with the sum of its members' scalars. */
function addInputPoint(bytes: usize, sum: usize): void {
  read(bytes, false);
  if (terms < 0) return;
  copyPoint(TERM_POINTS + POINT * <usize>terms, POINT_A);
  fromForm(TERM_SCALARS + 32 * <usize>terms, sum);
  terms++;
}

/** Whether hints and responses have their forms and the hints lead to e0; the claim's digest goes into the batch. */
function readClaim(claim: usize): i32 {
  const message: usize = load<u32>(claim);
  const signature: usize = load<u32>(claim, 16);
  const hints: usize = load<u32>(claim, 20);
  const inputs: i32 = load<i32>(claim, 24);
  const ringSize: i32 = load<i32>(claim, 28);
  const count = inputs * ringSize;
  if (areResponsesCanonical(signature, count) === 0) return 0;
  const lastNode = hints + NODE * <usize>(ringSize - 1);
  closeRings(BUFFER, message, lastNode, NODE * <usize>ringSize, inputs);
  if (areEqualBytes(BUFFER, signature) === 0) return 0;
  startTranscript(DIGEST, 'SnapScale/v1/ring/hints');
  append(DIGEST, 'msg', message, 32);
  append(DIGEST, 'signature', signature, 32 + MEMBER * <usize>count);
  for (let i: usize = 0; i < <usize>count; i++) {
    append(DIGEST, 'L', hints + NODE * i, 32);
    append(DIGEST, 'R', hints + NODE * i + 32, 32);
    append(DIGEST, 'M', hints + NODE * i + 64, 32);
  }
  challenge(DIGEST, 'digest', BUFFER, 32);
  append(BATCH, 'digest', BUFFER, 32);
  return 1;
}

/** Adds all equations of a claim; 0 where a challenge is zero. */
function addClaim(claim: usize): i32 {
  const message: usize = load<u32>(claim);
  const signature: usize = load<u32>(claim, 16);
  const inputs: i32 = load<i32>(claim, 24);
  const ringSize: i32 = load<i32>(claim, 28);
  startNodes(message);
  for (let input: i32 = 0; input < inputs; input++) {
    copyScalar(SUM_IMAGE, SCALAR_ZERO);
    copyScalar(SUM_PSEUDO, SCALAR_ZERO);
    startChallenge(BUFFER, message, signature, input);
    for (let i: i32 = 0; i < ringSize; i++) {
      const number = <usize>(input * ringSize + i);
      const hint: usize = <usize>load<u32>(claim, 20) + NODE * number;
      if (isZeroScalar(BUFFER) !== 0) return 0;
      addMember(<usize>load<u32>(claim, 4) + MEMBER * number, BUFFER, signature + 32 + MEMBER * number, hint);
      if (i < ringSize - 1) nodeChallenge(BUFFER, input, i + 1, hint);
    }
    negateScalar(SUM_PSEUDO, SUM_PSEUDO);
    addInputPoint(<usize>load<u32>(claim, 8) + 32 * <usize>input, SUM_IMAGE);
    addInputPoint(<usize>load<u32>(claim, 12) + 32 * <usize>input, SUM_PSEUDO);
  }
  return terms < 0 ? 0 : 1;
}

/** 1: all signatures hold. 0: unknown, verify each without its hints. */
export function verifyHinted(claims: usize, count: i32, fresh: usize): i32 {
  startBatch(BATCH, fresh);
  for (let i: usize = 0; i < <usize>count; i++) if (readClaim(claims + CLAIM * i) === 0) return 0;
  copyScalar(SLOT_SCALARS + 32 * <usize>SLOT_GENERATOR, SCALAR_ZERO);
  terms = 0;
  for (let i: usize = 0; i < <usize>count; i++) if (addClaim(claims + CLAIM * i) === 0) return 0;
  sumOfProducts(POINT_A, 1, terms);
  return isIdentity(POINT_A) !== 0 ? 1 : 0;
}
