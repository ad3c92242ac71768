/** The equations of one member of a ring (UTXO-33). */
import { BASE, encodePoint, type Point, type Scalar, sumOfProducts } from '../group.js';
import { imageBase } from '../key-image.js';
import type { RingNode } from './challenges.js';
import type { RingInput, RingResponse } from './signature.js';

/** L = s·G + e·P, R = s·Hp(P) + e·I, M = t·G + e·(C - C'). Public data: variable time. */
export function nodeOf(input: RingInput, member: number, e: Scalar, { s, t }: RingResponse): RingNode {
  const { key, commitment } = input.ring[member]!;
  return {
    l: twoTerms(BASE, s, key, e),
    r: twoTerms(imageBase(key), s, input.image, e),
    m: twoTerms(BASE, t, commitment.subtract(input.pseudoOutput), e),
  };
}

/** The encodings of a node. */
export function encodeNode({ l, r, m }: RingNode): RingNode<Uint8Array> {
  return { l: encodePoint(l), r: encodePoint(r), m: encodePoint(m) };
}

function twoTerms(first: Point, firstScalar: Scalar, second: Point, secondScalar: Scalar): Point {
  return sumOfProducts([first, second], [firstScalar, secondScalar]);
}
