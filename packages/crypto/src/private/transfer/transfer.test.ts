import { x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from 'vitest';
import { concatBytes, fromHex, toHex } from '../../bytes.js';
import { CryptoError } from '../../errors.js';
import { contextOfImage } from '../address/derivations.js';
import { openOutput, sharedSecretOf } from '../address/output.js';
import { openAuditorSeal, readDisclosure } from '../disclosure.js';
import { BASES, makeProofGenerators } from '../generators.js';
import { decodePoint, encodePoint, encodeScalar, GROUP_ORDER } from '../group.js';
import { flipped, readVectors, seeded, stuckAtZero } from '../testing/fixtures.js';
import { makeScene, type Scene } from '../testing/scene.js';
import { buildTransfer } from './build.js';
import { decodeTransfer, encodeParts, encodeTransfer } from './codec.js';
import { transferId } from './hashes.js';
import { ephemeralKeyOf, type PrivateTransfer } from './transfer.js';
import { findFault, findFaults, openClaim } from './verify.js';

const golden = readVectors<{
  chainId: string;
  rings: { key: string; commitment: string }[][];
  transfer: string;
  id: string;
}>('transfer.json');
const generators = makeProofGenerators(64, 2);
const scene: Scene = makeScene();
const { transfer, made } = buildTransfer(scene.plan, generators, stuckAtZero);
const bytes = encodeTransfer(transfer);
const { chainId } = scene.plan;
const claim = (changed: PrivateTransfer = transfer) => ({ chainId, transfer: changed, rings: scene.rings });

/** Where the parts of the encoding begin. */
const { prefix, base } = encodeParts(transfer);
const baseAt = prefix.length;
const rangeAt = baseAt + base.length;
const signatureAt = rangeAt + transfer.rangeProof.length;

describe('a transfer of two inputs and two outputs', () => {
  test('golden: the same plan with a stuck generator gives the bytes that are on record', () => {
    expect(toHex(chainId)).toBe(golden.chainId);
    expect(toHex(bytes)).toBe(golden.transfer);
    expect(toHex(transferId(chainId, transfer))).toBe(golden.id);
    const rings = scene.rings.map((ring) =>
      ring.map(({ key, commitment }) => ({ key: toHex(encodePoint(key)), commitment: toHex(encodePoint(commitment)) })),
    );
    expect(rings).toEqual(golden.rings);
  });

  test('UTXO-80: it holds, has at most 2,650 bytes, and comes back from its bytes', () => {
    const seals = concatBytes(...transfer.auditorSeals);
    expect(bytes.length - seals.length).toBeLessThanOrEqual(2650);
    const decoded = decodeTransfer(bytes);
    expect(decoded).toEqual(transfer);
    expect(findFault(generators, claim(decoded))).toBeUndefined();
  });

  test('receiver and sender find their outputs, the auditor reads both', () => {
    const { bob, alice, auditorSecret } = scene;
    const context = contextOfImage(transfer.inputs[0]!.image);
    const found = transfer.outputs.map((output, index) => {
      const ephemeralKey = ephemeralKeyOf(transfer, index);
      const place = { context, ephemeralKey, index };
      return [bob, alice].map((keys) => openOutput(keys, output, place, sharedSecretOf(keys, ephemeralKey)!)?.amount);
    });
    expect(found.filter(([ofBob]) => ofBob !== undefined)).toEqual([[70n, undefined]]);
    expect(found.filter(([, ofAlice]) => ofAlice !== undefined)).toEqual([[undefined, 28n]]);
    const amounts = transfer.auditorSeals.map((sealed, index) => {
      const output = transfer.outputs[index]!;
      const secret = openAuditorSeal(auditorSecret, ephemeralKeyOf(transfer, index), output, sealed)!;
      return readDisclosure(secret, output, index)!.amount;
    });
    expect(amounts.sort()).toEqual([28n, 70n]);
    expect(made.map(({ amount }) => amount).sort()).toEqual([28n, 70n]);
    expect(x25519.getPublicKey(auditorSecret)).toEqual(scene.plan.auditorKey);
  });

  test('cross-chain replay: the same bytes do not hold on another chain', () => {
    const elsewhere = { ...claim(), chainId: flipped(chainId, 0) };
    expect(findFault(generators, elsewhere)).toBe('range_proof');
    expect(toHex(transferId(elsewhere.chainId, transfer))).not.toBe(golden.id);
  });

  test('decoy statistics, reorg changes ring: other members under the same numbers do not hold', () => {
    const rings = scene.rings.map((ring, i) => (i === 0 ? [ring[1]!, ring[0]!, ...ring.slice(2)] : ring));
    expect(findFault(generators, { ...claim(), rings })).toBe('ring_signature');
    expect(openClaim({ ...claim(), rings: scene.rings.slice(1) })).toBe('malformed');
    expect(openClaim({ ...claim(), rings: scene.rings.map((ring) => ring.slice(1)) })).toBe('malformed');
  });

  test('a transfer that does not hold takes no other with it', () => {
    const bad = { ...transfer, rangeProof: flipped(transfer.rangeProof, 32 * 4) };
    expect(findFaults(generators, [claim(), claim(bad)], seeded('f').bytes)).toEqual([undefined, 'range_proof']);
  });
});

describe('sums', () => {
  const withdrawal = (amount: bigint) => ({ account: 1n, amount, memo: new Uint8Array() });

  test('inflation by overflow: amounts above 64 bits and fees that wrap are refused before any proof', () => {
    expect(openClaim(claim({ ...transfer, fee: 2n ** 64n - 1n }))).toBe('unbalanced');
    // A validator that adds in 64 bits would see the fee of 2 that balances, and pay out 2^64 - 1.
    const wraps = { ...transfer, fee: 3n, withdrawal: withdrawal(2n ** 64n - 1n) };
    expect((wraps.fee + wraps.withdrawal.amount) % 2n ** 64n).toBe(transfer.fee);
    expect(openClaim(claim(wraps))).toBe('overflow');
    expect(openClaim(claim({ ...transfer, fee: GROUP_ORDER + 2n }))).toBe('overflow');
  });

  test('UTXO-83: each side of the balance counts', () => {
    const moved = (i: number, encoded: Uint8Array) =>
      transfer.inputs.map((input, j) => (i === j ? { ...input, pseudoOutput: encoded } : input));
    const more = encodePoint(decodePoint(transfer.inputs[0]!.pseudoOutput).add(BASES.valueBase));
    expect(openClaim(claim({ ...transfer, fee: transfer.fee + 1n }))).toBe('unbalanced');
    expect(openClaim(claim({ ...transfer, withdrawal: withdrawal(1n) }))).toBe('unbalanced');
    expect(openClaim(claim({ ...transfer, inputs: moved(0, more) }))).toBe('unbalanced');
    // Balanced again, with one unit more on both sides: the ring does not hold that unit.
    const forged = { ...transfer, inputs: moved(0, more), fee: transfer.fee + 1n };
    expect(typeof openClaim(claim(forged))).toBe('object');
    expect(findFault(generators, claim(forged))).toBe('range_proof');
  });

  test('a plan that spends more than it has, or nothing, is not made', () => {
    const { plan } = scene;
    expect(() => buildTransfer({ ...plan, fee: 31n }, generators, stuckAtZero)).toThrow(/coins hold 100/);
    expect(() => buildTransfer({ ...plan, spends: [] }, generators, stuckAtZero)).toThrow(/spends nothing/);
    const many = Array.from({ length: 16 }, () => plan.payments[0]!);
    expect(() => buildTransfer({ ...plan, payments: many, fee: 0n }, generators, stuckAtZero)).toThrow(CryptoError);
  });
});

describe('bytes', () => {
  test('encoding malleability: truncated, extended, and other forms of one number are refused', () => {
    for (const size of [0, 1, 30, prefix.length, bytes.length - 1]) {
      expect(() => decodeTransfer(bytes.subarray(0, size))).toThrow(CryptoError);
    }
    expect(() => decodeTransfer(concatBytes(bytes, Uint8Array.of(0)))).toThrow(/left over/);
    // The first ring number, 3, as two digits of LEB128.
    const at = 33;
    expect(bytes[at]).toBe(3);
    const longer = concatBytes(bytes.subarray(0, at), Uint8Array.of(0x83, 0), bytes.subarray(at + 1));
    expect(() => decodeTransfer(longer)).toThrow(/needless digits/);
  });

  test('each header field has its few values; rings ascend; images ascend; keys differ', () => {
    const changed = (at: number, value: number) => {
      const copy = bytes.slice();
      copy[at] = value;
      return () => decodeTransfer(copy);
    };
    expect(changed(0, 2)).toThrow(/version/);
    expect(changed(1, 2)).toThrow(/scheme/);
    expect(changed(2, 1)).toThrow(/kind/);
    expect(changed(31, 0)).toThrow(/inputs/);
    expect(changed(31, 17)).toThrow(/inputs/);
    expect(changed(32, 12)).toThrow(/ring size/);
    expect(changed(34, 0)).toThrow(/twice/);
    const swapped = { ...transfer, inputs: [...transfer.inputs].reverse() };
    expect(() => decodeTransfer(encodeTransfer(swapped))).toThrow(/ascend/);
    const twice = { ...transfer, inputs: [transfer.inputs[0]!, transfer.inputs[0]!] };
    expect(() => decodeTransfer(encodeTransfer(twice))).toThrow(/ascend/);
    const same = { ...transfer, outputs: [transfer.outputs[0]!, transfer.outputs[0]!] };
    expect(() => decodeTransfer(encodeTransfer(same))).toThrow(/one key/);
  });

  test('a mutation of each class of bytes is refused or faulty (all bytes: tests/private/mutations.ts)', () => {
    const outputsAt = prefix.length - 32 - 2 * (89 + 48);
    const classes: Record<string, number> = {
      fee: 23,
      'ring number': 40,
      image: 33 + 11,
      'output key': outputsAt,
      'output commitment': outputsAt + 32,
      'auditor seal': outputsAt + 89,
      'ephemeral key': prefix.length - 32,
      'pseudo-output': baseAt + 1,
      'range proof scalar': rangeAt + 32 * 4 + 1,
      response: signatureAt + 32 + 64 * 15,
    };
    const held = Object.entries(classes).filter(([, at]) => {
      try {
        return findFault(generators, claim(decodeTransfer(flipped(bytes, at, 1)))) === undefined;
      } catch (error) {
        if (error instanceof CryptoError) return false;
        throw error;
      }
    });
    expect(held).toEqual([]);
  });

  test('identity and non-canonical points inside a well-formed transfer are malformed', () => {
    const zero = new Uint8Array(32);
    const wide = new Uint8Array(32).fill(0xff);
    const [first, second] = transfer.outputs;
    const [one, two] = transfer.inputs;
    const bad: PrivateTransfer[] = [
      { ...transfer, outputs: [{ ...first!, key: zero }, second!] },
      { ...transfer, outputs: [{ ...first!, commitment: wide }, second!] },
      { ...transfer, inputs: [{ ...one!, image: zero }, two!] },
      { ...transfer, inputs: [one!, { ...two!, image: wide }] },
      { ...transfer, inputs: [{ ...one!, pseudoOutput: zero }, two!] },
      { ...transfer, rangeProof: transfer.rangeProof.slice(32) },
      {
        ...transfer,
        signature: concatBytes(transfer.signature.slice(0, -32), fromHex(toHex(encodeScalar(5n)).replace(/00$/, 'ff'))),
      },
    ];
    for (const changed of bad) expect(openClaim(claim(changed))).toBe('malformed');
  });
});
