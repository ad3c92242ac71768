/**
 * Prover of aggregated range proofs: one party that knows all openings. A secret path from end to end; see group.ts for what
 * that means here.
 */
import { failCrypto } from '../../errors.js';
import type { CommitmentBases, ProofGenerators } from '../generators.js';
import {
  IDENTITY,
  invertScalar,
  modOrder,
  multiplySecret,
  type Point,
  type Scalar,
  sumOfProductsSecret,
} from '../group.js';
import { commit, type Opening } from '../pedersen.js';
import { hedgedNonces, type NonceSource, type RandomSource } from '../randomness.js';
import type { Transcript } from '../transcript.js';
import type { InnerProductProof, InnerProductRound, RangeProof } from './proof.js';
import { roundsOf } from './proof.js';
import {
  absorbBits,
  absorbInnerProduct,
  absorbOpenings,
  absorbPolynomial,
  absorbRound,
  absorbStatement,
  powers,
} from './protocol.js';

/**
 * Proves that each opening's value is in [0, 2^bits), for the commitments that the openings give under `bases`. The
 * transcript is advanced as the verifier's will be. @throws CryptoError for a value out of range or a number of values that
 * is no power of two. Cost here: about 0.7 s for each 64-bit value.
 */
export function proveRange(options: {
  readonly generators: ProofGenerators;
  readonly bases: CommitmentBases;
  readonly transcript: Transcript;
  readonly openings: readonly Opening[];
  readonly random: RandomSource;
}): RangeProof {
  const { bases, transcript, openings } = options;
  const { bits } = options.generators;
  const generators = takeParties(options.generators, openings.length);
  roundsOf(bits, openings.length);
  for (const { value } of openings) {
    if (value < 0n || value >= 2n ** BigInt(bits)) failCrypto(`cannot prove a range: a value is not below 2^${bits}`);
  }
  absorbStatement(
    transcript,
    bits,
    openings.map((opening) => commit(opening, bases)),
  );
  const nonces = hedgedNonces(
    options.random,
    'range-proof',
    transcript.clone().challengeBytes('context', 32),
    openings.flatMap(({ value, blinding }) => [value, blinding]),
  );
  return proveStatement({ generators, bases, transcript, openings, nonces });
}

/** The first parties' generators of a longer list. @throws CryptoError where the list is too short. */
export function takeParties(generators: ProofGenerators, parties: number): ProofGenerators {
  if (parties > generators.parties) {
    failCrypto(`generators for ${generators.parties} values do not reach for a proof of ${parties}`);
  }
  const size = parties * generators.bits;
  return { bits: generators.bits, parties, g: generators.g.slice(0, size), h: generators.h.slice(0, size) };
}

type Run = {
  readonly generators: ProofGenerators;
  readonly bases: CommitmentBases;
  readonly transcript: Transcript;
  readonly openings: readonly Opening[];
  readonly nonces: NonceSource;
};

function proveStatement({ generators, bases, transcript, openings, nonces }: Run): RangeProof {
  const { bits, g, h } = generators;
  const size = bits * openings.length;
  const bitsLeft = openings.flatMap(({ value }) => Array.from({ length: bits }, (_, i) => (value >> BigInt(i)) & 1n));
  const bitsRight = bitsLeft.map((bit) => modOrder(bit - 1n));
  const maskLeft = bitsLeft.map(() => nonces.scalar());
  const maskRight = bitsLeft.map(() => nonces.scalar());
  const [alpha, rho, tau1, tau2] = [nonces.scalar(), nonces.scalar(), nonces.scalar(), nonces.scalar()];
  const vectorCommitment = (blinding: Scalar, left: Scalar[], right: Scalar[]) =>
    sumOfProductsSecret([bases.blindingBase, ...g, ...h], [blinding, ...left, ...right]);

  const a = vectorCommitment(alpha, bitsLeft, bitsRight);
  const s = vectorCommitment(rho, maskLeft, maskRight);
  const { y, z } = absorbBits(transcript, a, s);

  const yPowers = powers(y, size);
  const weights = valueWeights(z, openings.length);
  const left0 = bitsLeft.map((bit) => modOrder(bit - z));
  const right0 = bitsRight.map((bit, i) =>
    modOrder(yPowers[i]! * (bit + z) + weights[Math.floor(i / bits)]! * 2n ** BigInt(i % bits)),
  );
  const right1 = maskRight.map((mask, i) => modOrder(yPowers[i]! * mask));
  const t1 = modOrder(innerProduct(left0, right1) + innerProduct(maskLeft, right0));
  const t2 = innerProduct(maskLeft, right1);
  const commitment1 = commit({ value: t1, blinding: tau1 }, bases);
  const commitment2 = commit({ value: t2, blinding: tau2 }, bases);
  const x = absorbPolynomial(transcript, commitment1, commitment2);

  const left = left0.map((entry, i) => modOrder(entry + x * maskLeft[i]!));
  const right = right0.map((entry, i) => modOrder(entry + x * right1[i]!));
  const tx = innerProduct(left, right);
  const ofValues = openings.reduce((sum, { blinding }, j) => sum + weights[j]! * blinding, 0n);
  const txBlinding = modOrder(ofValues + x * tau1 + x * x * tau2);
  const eBlinding = modOrder(alpha + x * rho);
  const w = absorbOpenings(transcript, tx, txBlinding, eBlinding);

  const yInverse = powers(invertScalar(y), size);
  const hScaled = h.map((point, i) => multiplySecret(point, yInverse[i]!));
  const inner = proveInnerProduct(transcript, multiplySecret(bases.valueBase, w), g, hScaled, left, right);
  return { a, s, t1: commitment1, t2: commitment2, tx, txBlinding, eBlinding, inner };
}

/** z²·z^j for each value j. */
export function valueWeights(z: Scalar, parties: number): Scalar[] {
  return powers(z, parties + 2).slice(2);
}

/** <left, right> mod L. */
export function innerProduct(left: readonly Scalar[], right: readonly Scalar[]): Scalar {
  return modOrder(left.reduce((sum, entry, i) => sum + entry * right[i]!, 0n));
}

/** Halves the vectors until one entry is left (Bünz and others 2018, protocol 2). */
function proveInnerProduct(
  transcript: Transcript,
  q: Point,
  g: readonly Point[],
  h: readonly Point[],
  a: readonly Scalar[],
  b: readonly Scalar[],
): InnerProductProof {
  absorbInnerProduct(transcript, a.length);
  const rounds: InnerProductRound[] = [];
  let state = { g, h, a, b };
  while (state.a.length > 1) {
    const half = state.a.length / 2;
    const low = <T>(list: readonly T[]) => list.slice(0, half);
    const high = <T>(list: readonly T[]) => list.slice(half);
    const cross = (
      aPart: readonly Scalar[],
      gPart: readonly Point[],
      bPart: readonly Scalar[],
      hPart: readonly Point[],
    ) => sumOfProductsSecret([...gPart, ...hPart, q], [...aPart, ...bPart, innerProduct(aPart, bPart)]);
    const left = cross(low(state.a), high(state.g), high(state.b), low(state.h));
    const right = cross(high(state.a), low(state.g), low(state.b), high(state.h));
    rounds.push({ left, right });
    const u = absorbRound(transcript, left, right);
    const inverse = invertScalar(u);
    state = {
      a: foldScalars(low(state.a), u, high(state.a), inverse),
      b: foldScalars(low(state.b), inverse, high(state.b), u),
      g: foldPoints(low(state.g), inverse, high(state.g), u),
      h: foldPoints(low(state.h), u, high(state.h), inverse),
    };
  }
  return { rounds, a: state.a[0] ?? 0n, b: state.b[0] ?? 0n };
}

function foldScalars(low: readonly Scalar[], byLow: Scalar, high: readonly Scalar[], byHigh: Scalar): Scalar[] {
  return low.map((entry, i) => modOrder(entry * byLow + high[i]! * byHigh));
}

/** Public data: variable time. */
function foldPoints(low: readonly Point[], byLow: Scalar, high: readonly Point[], byHigh: Scalar): Point[] {
  return low.map((point, i) => (high[i] ?? IDENTITY).multiplyUnsafe(byHigh).add(point.multiplyUnsafe(byLow)));
}
