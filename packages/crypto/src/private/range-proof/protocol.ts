/**
 * What prover and verifier of a range proof hash, in dalek's order and with dalek's labels (UTXO-21). Everything that the
 * prover sends is absorbed before the challenge after it is drawn: leaving something out is how weak Fiat-Shamir transforms
 * were broken.
 */
import type { Point, Scalar } from '../group.js';
import { modOrder } from '../group.js';
import type { Transcript } from '../transcript.js';

/** Domain and commitments. */
export function absorbStatement(transcript: Transcript, bits: number, commitments: readonly Point[]): void {
  transcript.append('dom-sep', new TextEncoder().encode('rangeproof v1'));
  transcript.appendU64('n', bits).appendU64('m', commitments.length);
  for (const commitment of commitments) transcript.appendPoint('V', commitment);
}

/** Commitments to the bits; gives y and z. */
export function absorbBits(transcript: Transcript, a: Point, s: Point): { y: Scalar; z: Scalar } {
  transcript.appendPoint('A', a).appendPoint('S', s);
  return { y: transcript.challengeScalar('y'), z: transcript.challengeScalar('z') };
}

/** Commitments to the polynomial; gives x. */
export function absorbPolynomial(transcript: Transcript, t1: Point, t2: Point): Scalar {
  return transcript.appendPoint('T_1', t1).appendPoint('T_2', t2).challengeScalar('x');
}

/** Openings at x; gives w. */
export function absorbOpenings(transcript: Transcript, tx: Scalar, txBlinding: Scalar, eBlinding: Scalar): Scalar {
  return transcript
    .appendScalar('t_x', tx)
    .appendScalar('t_x_blinding', txBlinding)
    .appendScalar('e_blinding', eBlinding)
    .challengeScalar('w');
}

/** Domain of the inner-product argument over vectors of `size` entries. */
export function absorbInnerProduct(transcript: Transcript, size: number): void {
  transcript.append('dom-sep', new TextEncoder().encode('ipp v1')).appendU64('n', size);
}

/** Cross terms of one halving; gives its u. */
export function absorbRound(transcript: Transcript, left: Point, right: Point): Scalar {
  return transcript.appendPoint('L', left).appendPoint('R', right).challengeScalar('u');
}

/** 1, base, base², … mod L. */
export function powers(base: Scalar, size: number): Scalar[] {
  const list: Scalar[] = [];
  for (let i = 0, power = 1n; i < size; i++, power = modOrder(power * base)) list.push(power);
  return list;
}
