/**
 * Two-row Borromean signatures over all inputs (docs/spec/private-transfers.md, UTXO-30 to UTXO-37): verification, member
 * after member, and with hints. Public data: variable time.
 */
import { hashToGroup } from '../group/hash-to-group';
import { POINT, subtractPoints } from '../group/point';
import { decode, encodeDoubles, isIdentity } from '../group/ristretto';
import { halveScalar, isCanonical, isZeroScalar, reduceWide } from '../group/scalar';
import { makeTable, recode, sumOfTwo, sumWithFixed, TERM_WIDTH } from '../group/sums';
import { append, appendNumber, challenge, startTranscript, TRANSCRIPT } from '../hash/strobe';
import { FIXED_WIDTH, PROOF, SLOT_GENERATOR } from '../layout';

/** An encoded node: L, R, M. */
export const NODE: usize = 96;
/** A member, key and commitment; and its responses, s and t. */
export const MEMBER: usize = 64;

const KEY: usize = memory.data(160, 8);
const BASE: usize = memory.data(160, 8);
const IMAGE: usize = memory.data(160, 8);
const COMMITMENT: usize = memory.data(160, 8);
const PSEUDO: usize = memory.data(160, 8);
const HALF: usize = memory.data(32, 8);
const HALVES: usize = memory.data(3 * 160, 8);
const KEY_TABLE: usize = memory.data(8 * 160, 8);
const BASE_TABLE: usize = memory.data(8 * 160, 8);
const IMAGE_TABLE: usize = memory.data(8 * 160, 8);
const DIFFERENCE_TABLE: usize = memory.data(8 * 160, 8);
const DIGITS_E: usize = memory.data(256, 8);
const DIGITS_S: usize = memory.data(256, 8);
const DIGITS_S_FIXED: usize = memory.data(256, 8);
const DIGITS_T: usize = memory.data(256, 8);
const CHALLENGE: usize = memory.data(32, 8);
const WIDE: usize = memory.data(64, 8);
const CLOSED: usize = memory.data(32, 8);
const STREAM: usize = memory.data(208, 8);
/** Transcripts that are the same for all nodes of a signature: with the message appended. */
const NODE_START: usize = memory.data(208, 8);
/** The nodes of all rings, as the last verification computed them: hints for others. */
export const NODES: usize = PROOF;

/** Hp(P) (UTXO-8), from the key's encoding. */
export function imageBase(r: usize, key: usize): void {
  hashToGroup(r, key, 32, 'SnapScale-v1-keyimage-ristretto255');
}

/** e of the first member of a ring (UTXO-32). */
export function startChallenge(e: usize, message: usize, e0: usize, input: i32): void {
  startTranscript(STREAM, 'SnapScale/v1/ring/start');
  append(STREAM, 'msg', message, 32);
  append(STREAM, 'e0', e0, 32);
  appendNumber(STREAM, 'input', input);
  challenge(STREAM, 'e', WIDE, 64);
  reduceWide(e, WIDE);
}

/** Begins what {@link nodeChallenge} goes on from. */
export function startNodes(message: usize): void {
  startTranscript(NODE_START, 'SnapScale/v1/ring/node');
  append(NODE_START, 'msg', message, 32);
}

/** e of a member, from the encoded node before it (UTXO-33). */
export function nodeChallenge(e: usize, input: i32, member: i32, node: usize): void {
  memory.copy(STREAM, NODE_START, TRANSCRIPT);
  appendNumber(STREAM, 'input', input);
  appendNumber(STREAM, 'member', member);
  append(STREAM, 'L', node, 32);
  append(STREAM, 'R', node + 32, 32);
  append(STREAM, 'M', node + 64, 32);
  challenge(STREAM, 'e', WIDE, 64);
  reduceWide(e, WIDE);
}

/** e0 from the last node of each ring; node i is at nodes + i·stride (UTXO-34). */
export function closeRings(e0: usize, message: usize, nodes: usize, stride: usize, inputs: i32): void {
  startTranscript(STREAM, 'SnapScale/v1/ring/close');
  append(STREAM, 'msg', message, 32);
  appendNumber(STREAM, 'inputs', inputs);
  for (let i: usize = 0; i < <usize>inputs; i++) {
    append(STREAM, 'L', nodes + stride * i, 32);
    append(STREAM, 'R', nodes + stride * i + 32, 32);
    append(STREAM, 'M', nodes + stride * i + 64, 32);
  }
  challenge(STREAM, 'e0', e0, 32);
}

/** 1 where all 32 bytes are equal. */
export function areEqualBytes(a: usize, b: usize): i32 {
  let difference: u64 = 0;
  for (let i: usize = 0; i < 32; i += 8) difference |= load<u64>(a + i) ^ load<u64>(b + i);
  return difference === 0 ? 1 : 0;
}

/** Reads a point that may not be the identity. */
function decodeNonIdentity(r: usize, bytes: usize): i32 {
  return decode(r, bytes) !== 0 && isIdentity(r) === 0 ? 1 : 0;
}

/** Reads what all nodes of a ring share: image and pseudo-output, both encoded. */
export function openInput(image: usize, pseudo: usize): i32 {
  if (decodeNonIdentity(IMAGE, image) === 0 || decodeNonIdentity(PSEUDO, pseudo) === 0) return 0;
  makeTable(IMAGE_TABLE, IMAGE);
  return 1;
}

/**
 * Encodes the node of a member with challenge e and responses s, t (UTXO-33). Its points are computed by halves, because three
 * doubled points are encoded with one inversion. 0 where its key or commitment is no point.
 */
export function makeNode(node: usize, member: usize, e: usize, response: usize): i32 {
  if (decodeNonIdentity(KEY, member) === 0 || decode(COMMITMENT, member + 32) === 0) return 0;
  imageBase(BASE, member);
  subtractPoints(COMMITMENT, COMMITMENT, PSEUDO);
  makeTable(KEY_TABLE, KEY);
  makeTable(BASE_TABLE, BASE);
  makeTable(DIFFERENCE_TABLE, COMMITMENT);
  halveScalar(HALF, e);
  recode(DIGITS_E, 1, HALF, TERM_WIDTH);
  halveScalar(HALF, response);
  recode(DIGITS_S, 1, HALF, TERM_WIDTH);
  recode(DIGITS_S_FIXED, 1, HALF, FIXED_WIDTH);
  halveScalar(HALF, response + 32);
  recode(DIGITS_T, 1, HALF, FIXED_WIDTH);
  sumWithFixed(HALVES, SLOT_GENERATOR, DIGITS_S_FIXED, KEY_TABLE, DIGITS_E);
  sumOfTwo(HALVES + POINT, BASE_TABLE, DIGITS_S, IMAGE_TABLE, DIGITS_E);
  sumWithFixed(HALVES + 2 * POINT, SLOT_GENERATOR, DIGITS_T, DIFFERENCE_TABLE, DIGITS_E);
  encodeDoubles(node, HALVES, 3);
  return 1;
}

/** 1 where all 2·n·m responses are canonical. */
export function areResponsesCanonical(signature: usize, count: i32): i32 {
  for (let i: usize = 0; i < 2 * <usize>count; i++) if (isCanonical(signature + 32 + 32 * i) === 0) return 0;
  return 1;
}

/**
 * 1 where a signature holds (UTXO-36). `members`: 64 bytes each, key and commitment, ring after ring; `inputs` times image,
 * and `inputs` times pseudo-output; signature: e0, then s and t of each member.
 */
export function verifyRings(
  message: usize,
  inputs: i32,
  ringSize: i32,
  members: usize,
  images: usize,
  pseudos: usize,
  signature: usize,
): i32 {
  if (areResponsesCanonical(signature, inputs * ringSize) === 0) return 0;
  startNodes(message);
  for (let input: i32 = 0; input < inputs; input++) {
    if (openInput(images + 32 * <usize>input, pseudos + 32 * <usize>input) === 0) return 0;
    startChallenge(CHALLENGE, message, signature, input);
    for (let i: i32 = 0; i < ringSize; i++) {
      if (isZeroScalar(CHALLENGE) !== 0) return 0;
      const at = MEMBER * <usize>(input * ringSize + i);
      const node = NODES + NODE * <usize>(input * ringSize + i);
      if (makeNode(node, members + at, CHALLENGE, signature + 32 + at) === 0) return 0;
      if (i < ringSize - 1) nodeChallenge(CHALLENGE, input, i + 1, node);
    }
  }
  closeRings(CLOSED, message, NODES + NODE * <usize>(ringSize - 1), NODE * <usize>ringSize, inputs);
  return areEqualBytes(CLOSED, signature);
}
