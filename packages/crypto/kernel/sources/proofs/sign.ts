/**
 * The signer of two-row Borromean signatures (UTXO-35). Secrets: which member is spent, x of its key, z of its commitment. Their
 * products are constant time. Which member is spent decides where the walk through the ring begins, so the order in which
 * members are read depends on it; the amount of work does not.
 */

import { subtractPoints } from '../group/point';
import { decode, encode } from '../group/ristretto';
import { isCanonical, isZeroScalar, multiplyScalars, subtractScalars } from '../group/scalar';
import { multiplyBaseSecret, multiplySecret } from '../group/secret';
import { addFresh, addSecret, nextNonce, startNonces } from '../hash/nonces';
import { PROOF } from '../layout';
import {
  areEqualBytes,
  closeRings,
  imageBase,
  MEMBER,
  makeNode,
  NODE,
  nodeChallenge,
  openInput,
  startChallenge,
  startNodes,
} from './ring';

const KEY: usize = memory.data(160, 8);
const RESULT: usize = memory.data(160, 8);
const PRODUCT: usize = memory.data(32, 8);
const BYTES: usize = memory.data(32, 8);
const OTHER: usize = memory.data(32, 8);
const CHALLENGE: usize = memory.data(32, 8);
/** Nonces of each input, 64 bytes; and last nodes. */
const NONCES: usize = PROOF;
const LAST: usize = NONCES + 64 * 16;
const WALK: usize = memory.data(96, 8);

/** 0 where x, z and the image belong to the member and the pseudo-output; else a number that says what does not. */
function checkSecrets(secret: usize, member: usize, image: usize, pseudo: usize): i32 {
  if (isCanonical(secret) === 0 || isZeroScalar(secret) !== 0 || isCanonical(secret + 32) === 0) return 1;
  multiplyBaseSecret(RESULT, secret);
  encode(BYTES, RESULT);
  if (areEqualBytes(BYTES, member) === 0) return 1;
  if (decode(KEY, member + 32) === 0 || decode(RESULT, pseudo) === 0) return 2;
  subtractPoints(KEY, KEY, RESULT);
  encode(OTHER, KEY);
  multiplyBaseSecret(RESULT, secret + 32);
  encode(BYTES, RESULT);
  if (areEqualBytes(BYTES, OTHER) === 0) return 2;
  imageBase(KEY, member);
  multiplySecret(RESULT, KEY, secret);
  encode(BYTES, RESULT);
  return areEqualBytes(BYTES, image) === 0 ? 3 : 0;
}

/** The node of the spent member, made of its nonces a and b: a·G, a·Hp(P), b·G. */
function startNode(node: usize, member: usize, nonces: usize): void {
  multiplyBaseSecret(RESULT, nonces);
  encode(node, RESULT);
  imageBase(KEY, member);
  multiplySecret(RESULT, KEY, nonces);
  encode(node + 32, RESULT);
  multiplyBaseSecret(RESULT, nonces + 32);
  encode(node + 64, RESULT);
}

/** From the spent member to the last; the last node's encoding goes to `last`. 0 for a member that is none. */
function walkToEnd(input: i32, ringSize: i32, index: i32, members: usize, responses: usize, last: usize): i32 {
  for (let i = index + 1; i < ringSize; i++) {
    nodeChallenge(CHALLENGE, input, i, last);
    const at = MEMBER * <usize>i;
    if (makeNode(last, members + at, CHALLENGE, responses + at) === 0) return 0;
  }
  return 1;
}

/** From the first member to the spent one, whose responses close the ring. */
function walkFromStart(input: i32, index: i32, members: usize, responses: usize): i32 {
  for (let i: i32 = 0; i < index; i++) {
    const at = MEMBER * <usize>i;
    if (makeNode(WALK, members + at, CHALLENGE, responses + at) === 0) return 0;
    nodeChallenge(CHALLENGE, input, i + 1, WALK);
  }
  return 1;
}

/**
 * Signs. `secrets`: x and z of each input; `indices`: 32-bit numbers of the spent members. Lists as for verification. The
 * signature goes to `signature`. 0 where all is well; else 4·input + 1: not the key of that member, + 2: not its value, + 3: not
 * its image, + 4: a member or an image is no point.
 */
export function signRings(
  message: usize,
  inputs: i32,
  ringSize: i32,
  members: usize,
  images: usize,
  pseudos: usize,
  secrets: usize,
  indices: usize,
  fresh: usize,
  signature: usize,
): i32 {
  startNonces('SnapScale/v1/nonce/ring-signature', message);
  const ringBytes = MEMBER * <usize>ringSize;
  for (let i: usize = 0; i < <usize>inputs; i++) {
    const member = members + ringBytes * i + MEMBER * <usize>load<u32>(indices + 4 * i);
    const fault = checkSecrets(secrets + 64 * i, member, images + 32 * i, pseudos + 32 * i);
    if (fault !== 0) return 4 * <i32>i + fault;
    addSecret(secrets + 64 * i);
    addSecret(secrets + 64 * i + 32);
  }
  addFresh(fresh);
  startNodes(message);
  for (let i: usize = 0; i < <usize>inputs; i++) {
    const responses = signature + 32 + ringBytes * i;
    const ring = members + ringBytes * i;
    const index: i32 = load<i32>(indices + 4 * i);
    nextNonce(NONCES + 64 * i);
    nextNonce(NONCES + 64 * i + 32);
    for (let j: usize = 0; j < ringBytes; j += 32) nextNonce(responses + j);
    if (openInput(images + 32 * i, pseudos + 32 * i) === 0) return 4 * <i32>i + 4;
    startNode(LAST + NODE * i, ring + MEMBER * <usize>index, NONCES + 64 * i);
    if (walkToEnd(<i32>i, ringSize, index, ring, responses, LAST + NODE * i) === 0) return 4 * <i32>i + 4;
  }
  closeRings(signature, message, LAST, NODE, inputs);
  for (let i: usize = 0; i < <usize>inputs; i++) {
    const responses = signature + 32 + ringBytes * i;
    const index: i32 = load<i32>(indices + 4 * i);
    openInput(images + 32 * i, pseudos + 32 * i);
    startChallenge(CHALLENGE, message, signature, <i32>i);
    if (walkFromStart(<i32>i, index, members + ringBytes * i, responses) === 0) return 4 * <i32>i + 4;
    for (let row: usize = 0; row < 64; row += 32) {
      multiplyScalars(PRODUCT, CHALLENGE, secrets + 64 * i + row);
      subtractScalars(responses + MEMBER * <usize>index + row, NONCES + 64 * i + row, PRODUCT);
    }
  }
  return 0;
}
