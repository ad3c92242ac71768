import { beforeAll, describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { BASES, DALEK_BASES, makeProofGenerators } from '../private/generators.js';
import { encodePoint, encodeScalar, GROUP_ORDER } from '../private/group.js';
import { commit, type Opening } from '../private/pedersen.js';
import { encodeRangeProof } from '../private/range-proof/proof.js';
import { proveRange } from '../private/range-proof/prove.js';
import { flipped, plusOrder, readVectors, seeded } from '../private/testing/fixtures.js';
import { Transcript } from '../private/transcript.js';
import { type KernelRangeClaim, PrivateKernel } from './index.js';
import { fixedPoints } from './testing/kernels.js';

const dalek = readVectors<{
  label: string;
  commitments: string[];
  proofs: { bits: number; values: number; proof: string }[];
}>('dalek-range-proofs.json');
const aptos = readVectors<{ label: string; commitments: string[]; proof: string }>('aptos-range-proof.json');

const random = seeded('kernel range proofs');
const fresh = random.bytes(64);
const weights = random.bytes(32);
const generators = makeProofGenerators(8, 2);
const openings: Opening[] = [
  { value: 255n, blinding: random.scalar() },
  { value: 0n, blinding: random.scalar() },
];
const asBytes = (list: readonly Opening[]) =>
  list.map(({ value, blinding }) => ({ value, blinding: encodeScalar(blinding) }));
const commitments = (list: readonly Opening[]) => list.map((opening) => encodePoint(commit(opening)));
let kernel: PrivateKernel;
let good: KernelRangeClaim;

beforeAll(async () => {
  kernel = await PrivateKernel.create(fixedPoints(generators, BASES));
  const transcript = kernel.transcript('test');
  const proof = kernel.proveRange(transcript, asBytes(openings), fresh);
  good = { transcript, commitments: commitments(openings), proof };
});

describe('published proofs', () => {
  test.each([8, 16, 32, 64])('dalek: all proofs of %d bits', async (bits) => {
    const ofDalek = await PrivateKernel.create(fixedPoints(makeProofGenerators(bits, bits === 8 ? 8 : 1), DALEK_BASES));
    const proofs = dalek.proofs.filter((entry) => entry.bits === bits && (bits === 8 || entry.values === 1));
    expect(proofs.length).toBe(bits === 8 ? 4 : 1);
    const claims = proofs.map(({ values, proof }) => ({
      transcript: ofDalek.transcript(dalek.label),
      commitments: dalek.commitments.slice(0, values).map(fromHex),
      proof: fromHex(proof),
    }));
    expect(claims.map((claim) => ofDalek.verifyRange(claim))).toEqual(claims.map(() => true));
    expect(ofDalek.verifyRanges(claims, weights)).toBe(true);
    const other = { ...claims[0]!, transcript: ofDalek.transcript('other') };
    expect(ofDalek.verifyRange(other)).toBe(false);
    expect(ofDalek.verifyRanges([...claims, other], weights)).toBe(false);
  });

  test('Aptos: two values of 32 bits', async () => {
    const ofDalek = await PrivateKernel.create(fixedPoints(makeProofGenerators(32, 2), DALEK_BASES));
    const transcript = ofDalek.transcript(aptos.label);
    const claim = { transcript, commitments: aptos.commitments.map(fromHex), proof: fromHex(aptos.proof) };
    expect(ofDalek.verifyRange(claim)).toBe(true);
    expect(ofDalek.verifyRange({ ...claim, proof: flipped(claim.proof, 130) })).toBe(false);
  });
});

describe('own proofs', () => {
  test('byte for byte those of the reference, from the same fresh bytes', () => {
    const transcript = new Transcript('test');
    const theirs = proveRange({ generators, bases: BASES, transcript, openings, random: () => fresh });
    expect(toHex(good.proof)).toBe(toHex(encodeRangeProof(theirs)));
    expect(kernel.verifyRange(good)).toBe(true);
  });

  test('64 bits, the largest and the smallest value', async () => {
    const large = await PrivateKernel.create(fixedPoints(makeProofGenerators(64, 2), BASES));
    const made = [
      { value: 2n ** 64n - 1n, blinding: random.scalar() },
      { value: 0n, blinding: 0n },
    ];
    const transcript = large.transcript('64');
    const proof = large.proveRange(transcript, asBytes(made), fresh);
    const claim = { transcript, commitments: commitments(made), proof };
    expect(proof.length).toBe(736);
    expect(large.verifyRange(claim)).toBe(true);
    expect(large.verifyRange({ ...claim, commitments: [...claim.commitments].reverse() })).toBe(false);
  });

  test('a value or a blinding out of range is not proven', () => {
    const blinding = encodeScalar(1n);
    for (const opening of [
      { value: 256n, blinding },
      { value: 2n ** 64n, blinding },
      { value: -1n, blinding },
      { value: 1n, blinding: plusOrder(1n, GROUP_ORDER) },
      { value: 1n, blinding: blinding.slice(1) },
    ]) {
      expect(() => kernel.proveRange(good.transcript, [opening], fresh)).toThrow(CryptoError);
    }
    expect(() => kernel.proveRange(good.transcript, asBytes([...openings, ...openings]), fresh)).toThrow(/reach/);
    expect(() => kernel.proveRange(good.transcript, asBytes(openings), fresh.slice(1))).toThrow(/63/);
  });
});

describe('bad proofs', () => {
  test('weak transcript, malleability: a changed bit in any item of proof or commitments', () => {
    for (let item = 0; item < good.proof.length / 32; item++) {
      for (const byte of [0, 15, 31]) {
        const proof = flipped(good.proof, 32 * item + byte, byte === 31 ? 7 : item % 8);
        expect(kernel.verifyRange({ ...good, proof })).toBe(false);
      }
    }
    const [first, second] = good.commitments as [Uint8Array, Uint8Array];
    for (const changed of [
      [second, first],
      [first, first],
      [first, new Uint8Array(32)],
      [first, flipped(second, 3)],
    ]) {
      expect(kernel.verifyRange({ ...good, commitments: changed })).toBe(false);
    }
  });

  test('identity points, and scalars plus the order', () => {
    for (const item of [0, 1, 2, 3, 7, 8]) {
      const proof = good.proof.slice();
      proof.fill(0, 32 * item, 32 * item + 32);
      expect(kernel.verifyRange({ ...good, proof })).toBe(false);
    }
    for (const item of [4, 5, 6, good.proof.length / 32 - 2, good.proof.length / 32 - 1]) {
      const proof = good.proof.slice();
      const value = proof.slice(32 * item, 32 * item + 32).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
      proof.set(plusOrder(value, GROUP_ORDER), 32 * item);
      expect(kernel.verifyRange({ ...good, proof })).toBe(false);
    }
  });

  test('lengths: no proof, a short one, a long one; numbers of values that no proof has', () => {
    for (const proof of [new Uint8Array(), good.proof.slice(32), new Uint8Array([...good.proof, 0])]) {
      expect(kernel.verifyRange({ ...good, proof })).toBe(false);
      expect(kernel.verifyRanges([good, { ...good, proof }], weights)).toBe(false);
    }
    const [first] = good.commitments as [Uint8Array];
    for (const list of [[], [first, first, first], [first, first, first, first]]) {
      expect(() => kernel.verifyRange({ ...good, commitments: list })).toThrow(CryptoError);
    }
    expect(() => kernel.verifyRange({ ...good, commitments: [first, first.slice(1)] })).toThrow(/31/);
    expect(() =>
      kernel.verifyRanges(
        Array.from({ length: 257 }, () => good),
        weights,
      ),
    ).toThrow(/at most 256/);
    expect(kernel.verifyRange(good)).toBe(true);
  });

  test('batch cancellation: opposite errors in two proofs do not cancel', () => {
    // t_x_blinding enters linearly on one point: +1 and -1 cancel in an unweighted sum.
    const changed = (by: bigint) => {
      const proof = good.proof.slice();
      const scalar = proof.slice(160, 192);
      const add = by < 0n ? kernel.subtractScalars : kernel.addScalars;
      proof.set(add.call(kernel, scalar, encodeScalar(1n)), 160);
      return { ...good, proof };
    };
    expect(kernel.verifyRanges([good, good, good], weights)).toBe(true);
    for (let i = 0; i < 4; i++) {
      expect(kernel.verifyRanges([changed(1n), good, changed(-1n)], random.bytes(32))).toBe(false);
    }
    expect(kernel.verifyRanges([], weights)).toBe(true);
  });
});
