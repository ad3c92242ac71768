/**
 * The hashes and the node equation that signer and verifier share. Each hash has the number of the ring and of the member
 * inside, so that a node of one ring is none of another.
 */
import type { Point, Scalar } from '../group.js';
import { Transcript } from '../transcript.js';

/** The three points of a node: key row L and R, commitment row M. */
export type RingNode<P = Point> = { readonly l: P; readonly r: P; readonly m: P };

/** e_i0: the challenge of a ring's first member (UTXO-32). */
export function startChallenge(message: Uint8Array, e0: Uint8Array, input: number): Scalar {
  return new Transcript('SnapScale/v1/ring/start')
    .append('msg', message)
    .append('e0', e0)
    .appendU64('input', input)
    .challengeScalar('e');
}

/** The challenge of `member`, from the node of the member before it (UTXO-33). */
export function nodeChallenge(message: Uint8Array, input: number, member: number, node: RingNode<Uint8Array>): Scalar {
  return new Transcript('SnapScale/v1/ring/node')
    .append('msg', message)
    .appendU64('input', input)
    .appendU64('member', member)
    .append('L', node.l)
    .append('R', node.r)
    .append('M', node.m)
    .challengeScalar('e');
}

/** e0: the hash that closes all rings, from each ring's last node (UTXO-34). */
export function closeRings(message: Uint8Array, last: readonly RingNode<Uint8Array>[]): Uint8Array {
  const transcript = new Transcript('SnapScale/v1/ring/close').append('msg', message).appendU64('inputs', last.length);
  for (const { l, r, m } of last) transcript.append('L', l).append('R', r).append('M', m);
  return transcript.challengeBytes('e0', 32);
}
