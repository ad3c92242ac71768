/**
 * Verifier of aggregated range proofs. Each proof is one equation "a weighted sum of points is the identity" (UTXO-23);
 * many proofs are one equation too, with random weights, and share the work for the generators (UTXO-24).
 */
import { failCrypto } from '../../errors.js';
import { batchWeights } from '../batch-weights.js';
import type { CommitmentBases, ProofGenerators } from '../generators.js';
import { invertScalar, modOrder, type Point, type Scalar, sumOfProducts } from '../group.js';
import type { RandomSource } from '../randomness.js';
import type { Transcript } from '../transcript.js';
import { type RangeProof, roundsOf } from './proof.js';
import {
  absorbBits,
  absorbInnerProduct,
  absorbOpenings,
  absorbPolynomial,
  absorbRound,
  absorbStatement,
  powers,
} from './protocol.js';
import { takeParties, valueWeights } from './prove.js';

/** A claim: the commitments hold values in range. The transcript is as the prover's was before its proof; it is not changed. */
export type RangeClaim = {
  readonly commitments: readonly Point[];
  readonly proof: RangeProof;
  readonly transcript: Transcript;
};

/** What generators and bases all claims are about. */
export type RangeParameters = { readonly generators: ProofGenerators; readonly bases: CommitmentBases };

/** One equation: weights of the shared points, and terms of its own. */
type Equation = {
  readonly valueBase: Scalar;
  readonly blindingBase: Scalar;
  readonly g: readonly Scalar[];
  readonly h: readonly Scalar[];
  readonly points: readonly Point[];
  readonly scalars: readonly Scalar[];
  /** 32 bytes that depend on the whole claim. */
  readonly digest: Uint8Array;
};

/** Whether one claim holds. Deterministic. Cost here: 50 ms for each 64-bit value. */
export function verifyRange(parameters: RangeParameters, claim: RangeClaim): boolean {
  return holds(parameters, [equationOf(parameters, claim)], [1n]);
}

/**
 * Whether all claims hold. A false verdict does not say which one fails: verify them singly then. The weights come from the
 * port and from all claims, so nobody who makes proofs can choose two errors that cancel, even with a broken port (UTXO-24).
 */
export function verifyRanges(
  parameters: RangeParameters,
  claims: readonly RangeClaim[],
  random: RandomSource,
): boolean {
  const equations = claims.map((claim) => equationOf(parameters, claim));
  const digests = equations.map(({ digest }) => digest);
  return holds(parameters, equations, batchWeights(digests, equations.length, random));
}

/** {@link verifyRanges} with weights that somebody else chose. Not sound unless they are random: for tests of exactly that. */
export function verifyRangesWithWeights(
  parameters: RangeParameters,
  claims: readonly RangeClaim[],
  weights: readonly Scalar[],
): boolean {
  const equations = claims.map((claim) => equationOf(parameters, claim));
  return holds(parameters, equations, weights);
}

function equationOf(parameters: RangeParameters, claim: RangeClaim): Equation {
  const { commitments, proof } = claim;
  const transcript = claim.transcript.clone();
  const { bits } = parameters.generators;
  const parties = commitments.length;
  const size = bits * parties;
  if (proof.inner.rounds.length !== roundsOf(bits, parties))
    failCrypto('a range proof is not of its commitments’ size');
  const generators = takeParties(parameters.generators, parties);
  absorbStatement(transcript, bits, commitments);
  const { y, z } = absorbBits(transcript, proof.a, proof.s);
  const x = absorbPolynomial(transcript, proof.t1, proof.t2);
  const w = absorbOpenings(transcript, proof.tx, proof.txBlinding, proof.eBlinding);
  absorbInnerProduct(transcript, size);
  const u = proof.inner.rounds.map(({ left, right }) => absorbRound(transcript, left, right));
  // The weight between the two halves depends on everything that was sent, so both hold or neither does.
  const digest = transcript
    .appendScalar('a', proof.inner.a)
    .appendScalar('b', proof.inner.b)
    .challengeBytes('digest', 32);
  const c = transcript.challengeScalar('c');

  const uInverse = u.map(invertScalar);
  const folds = foldWeights(u, uInverse);
  const yInverse = powers(invertScalar(y), size);
  const weights = valueWeights(z, parties);
  const { a, b } = proof.inner;
  return {
    digest,
    g: generators.g.map((_, i) => modOrder(-z - a * folds[i]!)),
    h: generators.h.map((_, i) => {
      const ofBit = weights[Math.floor(i / bits)]! * 2n ** BigInt(i % bits);
      return modOrder(z + yInverse[i]! * (ofBit - b * folds[size - 1 - i]!));
    }),
    valueBase: modOrder(w * (proof.tx - a * b) + c * (delta(bits, y, z, parties) - proof.tx)),
    blindingBase: modOrder(-proof.eBlinding - c * proof.txBlinding),
    points: [
      proof.a,
      proof.s,
      proof.t1,
      proof.t2,
      ...proof.inner.rounds.flatMap(({ left, right }) => [left, right]),
      ...commitments,
    ],
    scalars: [
      1n,
      x,
      modOrder(c * x),
      modOrder(c * x * x),
      ...u.flatMap((challenge, k) => [modOrder(challenge * challenge), modOrder(uInverse[k]! * uInverse[k]!)]),
      ...weights.map((weight) => modOrder(c * weight)),
    ],
  };
}

/** s_i = Π u_k^±1, plus where bit k of i, counted from the top, is set. */
function foldWeights(u: readonly Scalar[], uInverse: readonly Scalar[]): Scalar[] {
  let folds: Scalar[] = [1n];
  u.forEach((challenge, k) => {
    folds = folds.flatMap((fold) => [modOrder(fold * uInverse[k]!), modOrder(fold * challenge)]);
  });
  return folds;
}

/** (z - z²)·Σ y^i - Σ_j z^(j+3)·(2^bits - 1). */
function delta(bits: number, y: Scalar, z: Scalar, parties: number): Scalar {
  const ofY = powers(y, bits * parties).reduce((sum, power) => sum + power, 0n);
  const ofZ = powers(z, parties + 3)
    .slice(3)
    .reduce((sum, power) => sum + power, 0n);
  return modOrder((z - z * z) * ofY - ofZ * (2n ** BigInt(bits) - 1n));
}

function holds(
  { generators, bases }: RangeParameters,
  equations: readonly Equation[],
  weights: readonly Scalar[],
): boolean {
  const size = Math.max(0, ...equations.map(({ g }) => g.length));
  const sum = (pick: (equation: Equation) => Scalar) =>
    modOrder(equations.reduce((total, equation, i) => total + weights[i]! * pick(equation), 0n));
  const points = [bases.valueBase, bases.blindingBase, ...generators.g.slice(0, size), ...generators.h.slice(0, size)];
  const scalars = [
    sum(({ valueBase }) => valueBase),
    sum(({ blindingBase }) => blindingBase),
    ...Array.from({ length: size }, (_, i) => sum(({ g }) => g[i] ?? 0n)),
    ...Array.from({ length: size }, (_, i) => sum(({ h }) => h[i] ?? 0n)),
  ];
  equations.forEach((equation, i) => {
    points.push(...equation.points);
    scalars.push(...equation.scalars.map((scalar) => modOrder(scalar * weights[i]!)));
  });
  return sumOfProducts(points, scalars).is0();
}
