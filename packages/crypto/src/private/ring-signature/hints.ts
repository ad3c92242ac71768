/**
 * Verification hints (UTXO-37): all nodes of a ring signature, sent beside a transaction and never part of it. With them the
 * challenges come from hashing alone, and the equations of many signatures are one sum with random weights.
 *
 * Why this is sound: where the check passes, each hinted node equals the node that the plain verifier computes (else a random
 * combination of non-zero errors would vanish: 2^-128), so the plain verifier accepts as well. Where it fails, nothing follows:
 * the hints may be wrong and the signature good, so the plain verifier decides. Hints never reject.
 */
import { equalBytes } from '../../bytes.js';
import { CryptoError } from '../../errors.js';
import { batchWeights } from '../batch-weights.js';
import { BASE, decodePoint, modOrder, type Point, type Scalar, sumOfProducts } from '../group.js';
import { imageBase } from '../key-image.js';
import type { RandomSource } from '../randomness.js';
import { Transcript } from '../transcript.js';
import { closeRings, nodeChallenge, type RingNode, startChallenge } from './challenges.js';
import { encodeNode, nodeOf } from './node.js';
import { encodeRingSignature, type RingInput, type RingResponse, type RingSignature } from './signature.js';
import { isWellFormed } from './verify.js';

/** Encoded nodes, input by input, member by member. */
export type RingHints = readonly (readonly RingNode<Uint8Array>[])[];

/** A signature to verify with its hints. */
export type HintedClaim = {
  readonly message: Uint8Array;
  readonly inputs: readonly RingInput[];
  readonly signature: RingSignature;
  readonly hints: RingHints;
};

/** The hints of a signature that was verified: what its verifier computed on the way. */
export function makeHints(message: Uint8Array, inputs: readonly RingInput[], signature: RingSignature): RingHints {
  return inputs.map((input, number) => {
    let e = startChallenge(message, signature.e0, number);
    return input.ring.map((_, member) => {
      const node = encodeNode(nodeOf(input, member, e, signature.responses[number]![member]!));
      e = nodeChallenge(message, number, member + 1, node);
      return node;
    });
  });
}

/** True: all signatures hold. False: unknown; use the plain verifier for each. */
export function verifyWithHints(claims: readonly HintedClaim[], random: RandomSource): boolean {
  const nodes: HintedNode[] = [];
  for (const claim of claims) {
    const found = nodesOf(claim);
    if (found === undefined) return false;
    nodes.push(...found);
  }
  const weights = batchWeights(claims.map(digestOf), 3 * nodes.length, random);
  const points: Point[] = [BASE];
  const scalars: Scalar[] = [0n];
  nodes.forEach(({ node, response: { s, t }, e, input, member }, i) => {
    const [ofL, ofR, ofM] = [weights[3 * i]!, weights[3 * i + 1]!, weights[3 * i + 2]!];
    const { key, commitment } = input.ring[member]!;
    scalars[0] = modOrder(scalars[0]! + ofL * s + ofM * t);
    points.push(key, imageBase(key), input.image, commitment.subtract(input.pseudoOutput), node.l, node.r, node.m);
    scalars.push(...[ofL * e, ofR * s, ofR * e, ofM * e, -ofL, -ofR, -ofM].map(modOrder));
  });
  return sumOfProducts(points, scalars).is0();
}

type HintedNode = {
  readonly input: RingInput;
  readonly member: number;
  readonly e: Scalar;
  readonly response: RingResponse;
  readonly node: RingNode;
};

/** All nodes with their challenges; undefined where the hints do not lead to e0 or are no hints at all. */
function nodesOf({ message, inputs, signature, hints }: HintedClaim): HintedNode[] | undefined {
  if (!isWellFormed(inputs, signature) || hints.length !== inputs.length) return undefined;
  if (inputs.some(({ ring }, number) => hints[number]!.length !== ring.length)) return undefined;
  const last = hints.map((ring) => ring.at(-1)!);
  if (!equalBytes(closeRings(message, last), signature.e0)) return undefined;
  const nodes: HintedNode[] = [];
  for (const [number, input] of inputs.entries()) {
    let e = startChallenge(message, signature.e0, number);
    for (const [member, hint] of hints[number]!.entries()) {
      const node = decodeNode(hint);
      if (node === undefined || e === 0n) return undefined;
      nodes.push({ input, member, e, response: signature.responses[number]![member]!, node });
      e = nodeChallenge(message, number, member + 1, hint);
    }
  }
  return nodes;
}

function decodeNode({ l, r, m }: RingNode<Uint8Array>): RingNode | undefined {
  try {
    return { l: decodePoint(l), r: decodePoint(r), m: decodePoint(m) };
  } catch (error) {
    if (error instanceof CryptoError) return undefined;
    throw error;
  }
}

/** 32 bytes that depend on the whole claim; the message commits to rings, images and pseudo-outputs. */
function digestOf({ message, signature, hints }: HintedClaim): Uint8Array {
  const transcript = new Transcript('SnapScale/v1/ring/hints').append('msg', message);
  transcript.append('signature', encodeRingSignature(signature));
  for (const { l, r, m } of hints.flat()) transcript.append('L', l).append('R', r).append('M', m);
  return transcript.challengeBytes('digest', 32);
}
