/**
 * An aggregated Bulletproof (Bünz and others 2018, section 4.2) in the byte form of dalek's bulletproofs crate:
 * A | S | T_1 | T_2 | t_x | t_x_blinding | e_blinding | L_0 | R_0 | … | a | b, 32 bytes each (UTXO-20).
 */
import { concatBytes } from '../../bytes.js';
import { failCrypto } from '../../errors.js';
import { decodeNonIdentity, decodeScalar, encodePoint, encodeScalar, type Point, type Scalar } from '../group.js';

/** A decoded proof; no point is the identity. */
export type RangeProof = {
  readonly a: Point;
  readonly s: Point;
  readonly t1: Point;
  readonly t2: Point;
  readonly tx: Scalar;
  readonly txBlinding: Scalar;
  readonly eBlinding: Scalar;
  readonly inner: InnerProductProof;
};

/** The recursive half of a proof: one pair of points for each halving, then the last scalars. */
export type InnerProductProof = {
  readonly rounds: readonly InnerProductRound[];
  readonly a: Scalar;
  readonly b: Scalar;
};

/** The cross terms of one halving. */
export type InnerProductRound = { readonly left: Point; readonly right: Point };

/** Bits that may be proven; the chain uses 64. */
const BITS: readonly number[] = [8, 16, 32, 64];

/** Values in one proof at most. */
export const RANGE_PROOF_VALUES_MAX = 16;

const ITEM_BYTES = 32;
const FIXED_ITEMS = 9;

/** Bytes of a proof of `parties` values of `bits` bits. @throws CryptoError unless both are allowed powers of two. */
export function rangeProofBytes(bits: number, parties: number): number {
  return ITEM_BYTES * (FIXED_ITEMS + 2 * roundsOf(bits, parties));
}

/** Reads a proof. The length is checked before anything is decoded. @throws CryptoError also for identity points and scalars of L and above. */
export function decodeRangeProof(bytes: Uint8Array, bits: number, parties: number): RangeProof {
  const expected = rangeProofBytes(bits, parties);
  if (bytes.length !== expected) failCrypto(`cannot read a range proof: ${bytes.length} bytes, not ${expected}`);
  const item = (index: number) => bytes.subarray(ITEM_BYTES * index, ITEM_BYTES * (index + 1));
  const rounds = Array.from({ length: roundsOf(bits, parties) }, (_, round) => ({
    left: decodeNonIdentity(item(7 + 2 * round)),
    right: decodeNonIdentity(item(8 + 2 * round)),
  }));
  const last = 7 + 2 * rounds.length;
  return {
    a: decodeNonIdentity(item(0)),
    s: decodeNonIdentity(item(1)),
    t1: decodeNonIdentity(item(2)),
    t2: decodeNonIdentity(item(3)),
    tx: decodeScalar(item(4)),
    txBlinding: decodeScalar(item(5)),
    eBlinding: decodeScalar(item(6)),
    inner: { rounds, a: decodeScalar(item(last)), b: decodeScalar(item(last + 1)) },
  };
}

/** The bytes of a proof. */
export function encodeRangeProof(proof: RangeProof): Uint8Array {
  const { a, s, t1, t2, tx, txBlinding, eBlinding, inner } = proof;
  return concatBytes(
    ...[a, s, t1, t2].map(encodePoint),
    ...[tx, txBlinding, eBlinding].map(encodeScalar),
    ...inner.rounds.flatMap(({ left, right }) => [encodePoint(left), encodePoint(right)]),
    ...[inner.a, inner.b].map(encodeScalar),
  );
}

/** Halvings of a vector of bits·parties entries. @throws CryptoError unless both are allowed powers of two. */
export function roundsOf(bits: number, parties: number): number {
  const isPower = parties >= 1 && parties <= RANGE_PROOF_VALUES_MAX && (parties & (parties - 1)) === 0;
  if (!BITS.includes(bits) || !isPower) {
    failCrypto(`no range proof has ${parties} values of ${bits} bits: 1, 2, 4, 8 or 16 values of 8, 16, 32 or 64 bits`);
  }
  return Math.log2(bits * parties);
}
