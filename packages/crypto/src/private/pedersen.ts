/** Pedersen commitments: hiding without condition, binding while nobody knows the logarithm of one base to the other. */
import { BASES, type CommitmentBases } from './generators.js';
import { IDENTITY, multiply, multiplySecret, type Point, type Scalar } from './group.js';

/** Values are unsigned 64-bit integers everywhere. */
export const AMOUNT_MAX: bigint = 2n ** 64n - 1n;

/** Blinding of the commitment to an amount that everybody sees (UTXO-7). */
export const VISIBLE_BLINDING: Scalar = 1n;

/** An opened commitment. */
export type Opening = { readonly value: bigint; readonly blinding: Scalar };

/** blinding·G + value·H (UTXO-6). A secret path: value and blinding. */
export function commit(opening: Opening, bases: CommitmentBases = BASES): Point {
  return multiplySecret(bases.blindingBase, opening.blinding).add(multiplySecret(bases.valueBase, opening.value));
}

/** The commitment of a visible amount: blinding 1, which every validator computes alike (UTXO-7). */
export function commitVisible(value: bigint): Point {
  return BASES.blindingBase.add(multiply(BASES.valueBase, value));
}

/** Sum of points. */
export function sumPoints(points: readonly Point[]): Point {
  return points.reduce((sum, point) => sum.add(point), IDENTITY);
}
