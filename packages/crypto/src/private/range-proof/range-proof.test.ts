import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes.js';
import { CryptoError } from '../../errors.js';
import { BASES, DALEK_BASES, makeProofGenerators } from '../generators.js';
import { decodePoint, encodePoint, GROUP_ORDER, modOrder, multiply, type Point, type Scalar } from '../group.js';
import { commit, type Opening } from '../pedersen.js';
import { flipped, plusOrder, readVectors, seeded, stuckAtZero } from '../testing/fixtures.js';
import { Transcript } from '../transcript.js';
import { decodeRangeProof, encodeRangeProof, type RangeProof, rangeProofBytes } from './proof.js';
import { proveRange } from './prove.js';
import { type RangeClaim, verifyRange, verifyRanges, verifyRangesWithWeights } from './verify.js';

const dalek = readVectors<{
  label: string;
  commitments: string[];
  proofs: { bits: number; values: number; proof: string }[];
}>('dalek-range-proofs.json');
const aptos = readVectors<{
  label: string;
  bits: number;
  values: number[];
  blindings: string[];
  commitments: string[];
  proof: string;
}>('aptos-range-proof.json');

/** The sizes and the shapes; all sixteen are in tests/private/dalek-proofs.ts, too slow for here. */
const quickest = dalek.proofs.filter(
  ({ bits, values }) => values === 1 || (bits === 64 && values === 2) || (bits === 8 && values === 8),
);

const generators = makeProofGenerators(8, 2);
const parameters = { generators, bases: BASES };
const points = (encodings: readonly string[]) => encodings.map((encoding) => decodePoint(fromHex(encoding)));
const openings: Opening[] = [
  { value: 255n, blinding: seeded('r').scalar() },
  { value: 0n, blinding: 5n },
];

function prove(transcript: Transcript, made: readonly Opening[] = openings): RangeProof {
  return proveRange({ generators, bases: BASES, transcript, openings: made, random: stuckAtZero });
}

function claimOf(proof: RangeProof, made: readonly Opening[] = openings, label = 'test'): RangeClaim {
  return { commitments: made.map((opening) => commit(opening)), proof, transcript: new Transcript(label) };
}

const good = prove(new Transcript('test'));
const goodBytes = encodeRangeProof(good);

describe('published proofs', () => {
  test.each(quickest)('dalek: $values of $bits bits', ({ bits, values, proof }) => {
    const claim = {
      commitments: points(dalek.commitments.slice(0, values)),
      proof: decodeRangeProof(fromHex(proof), bits, values),
      transcript: new Transcript(dalek.label),
    };
    const ofDalek = { generators: makeProofGenerators(bits, values), bases: DALEK_BASES };
    expect(verifyRange(ofDalek, claim)).toBe(true);
    if (bits === 8) expect(verifyRange({ ...ofDalek, bases: BASES }, claim)).toBe(false);
    expect(toHex(encodeRangeProof(claim.proof))).toBe(proof);
  });

  test('Aptos: a proof with its openings', () => {
    aptos.values.forEach((value, i) => {
      const blinding = modOrder(BigInt(`0x${aptos.blindings[i]!}`));
      expect(toHex(encodePoint(commit({ value: BigInt(value), blinding }, DALEK_BASES)))).toBe(aptos.commitments[i]);
    });
    const claim = {
      commitments: points(aptos.commitments),
      proof: decodeRangeProof(fromHex(aptos.proof), aptos.bits, aptos.values.length),
      transcript: new Transcript(aptos.label),
    };
    expect(verifyRange({ generators: makeProofGenerators(32, 2), bases: DALEK_BASES }, claim)).toBe(true);
  });
});

describe('own proofs', () => {
  test('UTXO-20: prove, encode, decode, verify; bytes of one run', () => {
    expect(goodBytes.length).toBe(rangeProofBytes(8, 2));
    expect(verifyRange(parameters, claimOf(decodeRangeProof(goodBytes, 8, 2)))).toBe(true);
    expect(toHex(encodeRangeProof(prove(new Transcript('test'))))).toBe(toHex(goodBytes));
  });

  test('values out of range and odd numbers of values are not proven', () => {
    expect(() => prove(new Transcript('t'), [{ value: 256n, blinding: 1n }])).toThrow(CryptoError);
    expect(() => prove(new Transcript('t'), [{ value: -1n, blinding: 1n }])).toThrow(CryptoError);
    expect(() => prove(new Transcript('t'), [...openings, ...openings])).toThrow(/generators/);
    expect(() => prove(new Transcript('t'), [])).toThrow(/power|values/);
    expect(() => rangeProofBytes(12, 1)).toThrow(CryptoError);
    expect(() => rangeProofBytes(64, 32)).toThrow(CryptoError);
  });

  test('UTXO-23: commitments, their order, and the transcript’s beginning are bound', () => {
    const claim = claimOf(good);
    expect(verifyRange(parameters, { ...claim, commitments: [...claim.commitments].reverse() })).toBe(false);
    expect(verifyRange(parameters, claimOf(good, openings, 'other'))).toBe(false);
    const moved = [claim.commitments[0]!.add(BASES.valueBase), claim.commitments[1]!.subtract(BASES.valueBase)];
    expect(verifyRange(parameters, { ...claim, commitments: moved })).toBe(false);
    expect(() => verifyRange(parameters, { ...claim, commitments: claim.commitments.slice(1) })).toThrow(CryptoError);
  });

  test('every item of a proof counts: one flipped bit in each is refused or does not verify', () => {
    const single = [openings[0]!];
    const bytes = encodeRangeProof(prove(new Transcript('test'), single));
    for (let item = 0; item < bytes.length / 32; item++) {
      const changed = flipped(bytes, 32 * item + 7, item % 8);
      expect(holds(() => verifyRange(parameters, claimOf(decodeRangeProof(changed, 8, 1), single)))).toBe(false);
    }
  });

  test('non-canonical scalars, identities and other lengths are refused', () => {
    const scalars = [4, 5, 6, goodBytes.length / 32 - 2, goodBytes.length / 32 - 1];
    const values = [good.tx, good.txBlinding, good.eBlinding, good.inner.a, good.inner.b];
    scalars.forEach((item, i) => {
      const bytes = goodBytes.slice();
      bytes.set(plusOrder(values[i]!, GROUP_ORDER), 32 * item);
      expect(() => decodeRangeProof(bytes, 8, 2)).toThrow(/order/);
    });
    for (let item = 0; item < goodBytes.length / 32; item++) {
      if (scalars.includes(item)) continue;
      const bytes = goodBytes.slice();
      bytes.fill(0, 32 * item, 32 * item + 32);
      expect(() => decodeRangeProof(bytes, 8, 2)).toThrow(/identity/);
    }
    for (const bytes of [goodBytes.slice(1), new Uint8Array([...goodBytes, 0]), new Uint8Array()]) {
      expect(() => decodeRangeProof(bytes, 8, 2)).toThrow(/bytes, not/);
    }
  });
});

function holds(verify: () => boolean): boolean {
  try {
    return verify();
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

/** A transcript that a forger, or a verifier with a defence removed, would run. */
class Hooked extends Transcript {
  readonly drawn = new Map<string, Scalar>();
  readonly hooks: {
    point?: (label: string, point: Point) => Point | undefined;
    scalar?: (label: string, scalar: Scalar) => Scalar;
  };

  constructor(label: string | Transcript, hooks: Hooked['hooks']) {
    super(label);
    this.hooks = hooks;
  }

  override clone(): Hooked {
    return new Hooked(this, this.hooks);
  }

  override appendPoint(label: string, point: Point): this {
    const hook = this.hooks.point;
    const seen = hook === undefined ? point : hook(label, point);
    return seen === undefined ? this : super.appendPoint(label, seen);
  }

  override appendScalar(label: string, scalar: Scalar): this {
    return super.appendScalar(label, this.hooks.scalar?.(label, scalar) ?? scalar);
  }

  override challengeScalar(label: string): Scalar {
    const challenge = super.challengeScalar(label);
    this.drawn.set(label, challenge);
    return challenge;
  }
}

describe('forgers', () => {
  test('weak Fiat-Shamir: with commitments left out of the transcript a forger wins, with them it does not', () => {
    // The forger shifts T_1 by d·H, so the equation at x wants V - (x·d/z²)·H: a value far out of range.
    const d = 1n;
    const opening = { value: 3n, blinding: 9n };
    const forge = (omit: boolean) => {
      const transcript = new Hooked('test', {
        point: (label, point) =>
          label === 'V' && omit ? undefined : label === 'T_1' ? point.add(multiply(BASES.valueBase, d)) : point,
      });
      const proof = prove(transcript, [opening]);
      const [x, z] = [transcript.drawn.get('x')!, transcript.drawn.get('z')!];
      const inverse = powerMod(modOrder(z * z), GROUP_ORDER - 2n);
      const value = modOrder(opening.value - x * d * inverse);
      const commitment = commit({ value, blinding: opening.blinding });
      return { value, commitments: [commitment], proof: { ...proof, t1: proof.t1.add(multiply(BASES.valueBase, d)) } };
    };
    const weak = forge(true);
    expect(weak.value > 2n ** 64n).toBe(true);
    const omitting = new Hooked('test', { point: (label, point) => (label === 'V' ? undefined : point) });
    expect(verifyRange(parameters, { ...weak, transcript: omitting })).toBe(true);
    expect(verifyRange(parameters, { ...weak, transcript: new Transcript('test') })).toBe(false);
    expect(verifyRange(parameters, { ...forge(false), transcript: new Transcript('test') })).toBe(false);
  });

  test('UTXO-24: batch verification cancellation: equal weights accept two opposite errors, ours do not', () => {
    // e_blinding is off by ±δ when it is sent: the equations are off by ∓δ·G, whatever the challenges.
    const off = (delta: Scalar): RangeClaim => {
      const transcript = new Hooked('test', {
        scalar: (label, scalar) => (label === 'e_blinding' ? modOrder(scalar + delta) : scalar),
      });
      const proof = prove(transcript, [openings[0]!]);
      return claimOf({ ...proof, eBlinding: modOrder(proof.eBlinding + delta) }, [openings[0]!]);
    };
    const pair = [off(77n), off(-77n)];
    expect(pair.map((claim) => verifyRange(parameters, claim))).toEqual([false, false]);
    expect(verifyRangesWithWeights(parameters, pair, [1n, 1n])).toBe(true);
    expect(verifyRanges(parameters, pair, stuckAtZero)).toBe(false);
    expect(verifyRanges(parameters, pair, seeded('weights').bytes)).toBe(false);
  });

  test('UTXO-24: a batch holds if and only if each claim does', () => {
    const bad = claimOf({ ...good, tx: modOrder(good.tx + 1n) });
    const one = { ...claimOf(prove(new Transcript('one'), [openings[0]!]), [openings[0]!], 'one') };
    const random = seeded('mix').bytes;
    expect(verifyRanges(parameters, [], random)).toBe(true);
    expect(verifyRanges(parameters, [claimOf(good), one, claimOf(good)], random)).toBe(true);
    expect(verifyRanges(parameters, [claimOf(good), bad], random)).toBe(false);
    expect(verifyRanges(parameters, [bad, claimOf(good)], random)).toBe(false);
  });

  test('modular inverse of zero: challenges of zero are an error, not an acceptance', () => {
    class Zero extends Transcript {
      override clone(): Zero {
        return new Zero(this);
      }

      override challengeScalar(): Scalar {
        return 0n;
      }
    }
    expect(() => verifyRange(parameters, { ...claimOf(good), transcript: new Zero('test') })).toThrow(/zero/);
  });
});

function powerMod(base: Scalar, exponent: bigint): Scalar {
  let result = 1n;
  for (let b = base, e = exponent; e > 0n; e >>= 1n, b = modOrder(b * b)) if (e & 1n) result = modOrder(result * b);
  return result;
}
