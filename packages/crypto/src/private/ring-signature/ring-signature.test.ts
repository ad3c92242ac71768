import { describe, expect, test } from 'vitest';
import { toHex } from '../../bytes.js';
import { CryptoError } from '../../errors.js';
import { BASES } from '../generators.js';
import { BASE, encodePoint, GROUP_ORDER, IDENTITY, modOrder, multiply } from '../group.js';
import { imageBase } from '../key-image.js';
import { flipped, makeRing, plusOrder, seeded, stuckAtZero } from '../testing/fixtures.js';
import { type HintedClaim, makeHints, verifyWithHints } from './hints.js';
import { type SecretInput, signRings } from './sign.js';
import {
  decodeRingSignature,
  encodeRingSignature,
  type RingInput,
  type RingSignature,
  ringSignatureBytes,
} from './signature.js';
import { verifyRings } from './verify.js';

const SIZE = 3;
const message = new Uint8Array(32).fill(7);
const secrets = [makeRing('a', SIZE, 0, 10n), makeRing('b', SIZE, SIZE - 1, 2n ** 64n - 1n)];
const inputs: RingInput[] = secrets.map(({ ring, image, pseudoOutput }) => ({ ring, image, pseudoOutput }));
const signature = signRings({ message, inputs: secrets, random: stuckAtZero });
const bytes = encodeRingSignature(signature);

/** The inputs with one of them changed. */
const withInput = (number: number, change: Partial<RingInput>) =>
  inputs.map((input, i) => (i === number ? { ...input, ...change } : input));
const withMember = (number: number, member: number, change: Partial<RingInput['ring'][number]>) =>
  withInput(number, { ring: inputs[number]!.ring.map((entry, i) => (i === member ? { ...entry, ...change } : entry)) });

describe('two-row Borromean ring signature', () => {
  test('UTXO-36: signatures hold wherever the spent member stands', () => {
    expect(verifyRings(message, inputs, signature)).toBe(true);
    for (let index = 0; index < SIZE; index++) {
      const secret = makeRing(`position ${index}`, SIZE, index, 5n);
      const single = signRings({ message, inputs: [secret], random: seeded('r').bytes });
      expect(verifyRings(message, [secret], single)).toBe(true);
    }
  });

  test('UTXO-30: bytes, length and order of an encoding', () => {
    expect(bytes.length).toBe(ringSignatureBytes(2, SIZE));
    expect(ringSignatureBytes(2, 11)).toBe(1440);
    expect(verifyRings(message, inputs, decodeRingSignature(bytes, 2, SIZE))).toBe(true);
    expect(toHex(encodeRingSignature(decodeRingSignature(bytes, 2, SIZE)))).toBe(toHex(bytes));
    for (const wrong of [bytes.slice(1), new Uint8Array([...bytes, 0]), new Uint8Array()]) {
      expect(() => decodeRingSignature(wrong, 2, SIZE)).toThrow(/bytes, not/);
    }
  });

  test('non-canonical scalar: each response plus the order is refused', () => {
    signature.responses.flat().forEach(({ s, t }, i) => {
      [s, t].forEach((scalar, row) => {
        const copy = bytes.slice();
        copy.set(plusOrder(scalar, GROUP_ORDER), 32 + 64 * i + 32 * row);
        expect(() => decodeRingSignature(copy, 2, SIZE)).toThrow(/order/);
      });
    });
  });

  test('a flipped bit in e0 or in any response does not verify', () => {
    const secret = makeRing('flipped', 2, 1, 5n);
    const single = encodeRingSignature(signRings({ message, inputs: [secret], random: stuckAtZero }));
    for (let item = 0; item < single.length / 32; item++) {
      const changed = decodeRingSignature(flipped(single, 32 * item + item, item % 8), 1, 2);
      expect(verifyRings(message, [secret], changed)).toBe(false);
    }
  });

  test('message, members, images and pseudo-outputs are bound', () => {
    const other = multiply(BASE, 99n);
    const changes: (readonly RingInput[])[] = [
      withMember(0, 1, { key: other }),
      withMember(1, 0, { commitment: other }),
      withInput(0, { image: other }),
      withInput(1, { pseudoOutput: other }),
      withInput(0, { ring: [...inputs[0]!.ring].reverse() }),
      [...inputs].reverse(),
      inputs.slice(1),
    ];
    for (const changed of changes) expect(verifyRings(message, changed, signature)).toBe(false);
    expect(verifyRings(flipped(message, 0), inputs, signature)).toBe(false);
    expect(verifyRings(message, [], { e0: signature.e0, responses: [] })).toBe(false);
  });

  test('inflation by pseudo-output: one that holds more by 1 does not verify, and is not signed', () => {
    const more = secrets[0]!.pseudoOutput.add(BASES.valueBase);
    expect(verifyRings(message, withInput(0, { pseudoOutput: more }), signature)).toBe(false);
    expect(() =>
      signRings({ message, inputs: [{ ...secrets[0]!, pseudoOutput: more }, secrets[1]!], random: stuckAtZero }),
    ).toThrow(/pseudo-output/);
  });

  test('identity keys, images and pseudo-outputs are refused', () => {
    expect(verifyRings(message, withInput(0, { image: IDENTITY }), signature)).toBe(false);
    expect(verifyRings(message, withInput(0, { pseudoOutput: IDENTITY }), signature)).toBe(false);
    expect(verifyRings(message, withMember(0, 0, { key: IDENTITY }), signature)).toBe(false);
  });

  test('secrets that do not belong to their input are not used', () => {
    const wrong: Partial<SecretInput>[] = [
      { index: 1 },
      { index: SIZE },
      { secret: 0n },
      { secret: 5n },
      { blindingDifference: 5n },
      { image: multiply(BASE, 5n) },
    ];
    for (const change of wrong) {
      const changed = [{ ...secrets[0]!, ...change }, secrets[1]!];
      expect(() => signRings({ message, inputs: changed, random: stuckAtZero })).toThrow(CryptoError);
    }
  });

  test('UTXO-8: one key has one image, another key another', () => {
    const [first, second] = secrets;
    expect(first!.image.equals(multiply(imageBase(first!.ring[0]!.key), first!.secret))).toBe(true);
    expect(toHex(encodePoint(first!.image))).not.toBe(toHex(encodePoint(second!.image)));
  });

  test('duplicate image: one coin in two inputs signs and verifies, so only the order of images (UTXO-72) refuses it', () => {
    const twice = [secrets[0]!, secrets[0]!];
    const made = signRings({ message, inputs: twice, random: stuckAtZero });
    expect(verifyRings(message, twice, made)).toBe(true);
    expect(twice[0]!.image.equals(twice[1]!.image)).toBe(true);
  });

  test('nonce failure: with a generator stuck at zero no two signatures share a nonce', () => {
    // Two signatures with one nonce give the key: x = (s' - s) / (e - e'). Equal commitments of nonces would show it.
    const nodes = [7, 8].map((fill) => {
      const own = new Uint8Array(32).fill(fill);
      const made = signRings({ message: own, inputs: secrets, random: stuckAtZero });
      return makeHints(own, inputs, made);
    });
    const spent = (run: number) => [nodes[run]![0]![0]!, nodes[run]![1]![SIZE - 1]!];
    const all = [...spent(0), ...spent(1)].flatMap(({ l, m }) => [toHex(l), toHex(m)]);
    expect(new Set(all).size).toBe(8);
  });
});

describe('verification hints', () => {
  const hints = makeHints(message, inputs, signature);
  const claim: HintedClaim = { message, inputs, signature, hints };
  const random = seeded('hints').bytes;

  test('UTXO-37: good hints show good signatures, several at once', () => {
    expect(verifyWithHints([claim], random)).toBe(true);
    const secret = makeRing('second', SIZE, 1, 5n);
    const second = signRings({ message, inputs: [secret], random });
    const other = { message, inputs: [secret], signature: second, hints: makeHints(message, [secret], second) };
    expect(verifyWithHints([claim, other], stuckAtZero)).toBe(true);
  });

  test('hints abused: hints of a bad signature never show it to be good', () => {
    const bad: RingSignature = {
      e0: signature.e0,
      responses: signature.responses.map((ring) => ring.map(({ s, t }) => ({ s: modOrder(s + 1n), t }))),
    };
    expect(verifyWithHints([{ ...claim, signature: bad }], random)).toBe(false);
    expect(verifyWithHints([{ ...claim, signature: bad, hints: makeHints(message, inputs, bad) }], random)).toBe(false);
    const more = withInput(0, { pseudoOutput: inputs[0]!.pseudoOutput.add(BASES.valueBase) });
    expect(verifyWithHints([{ ...claim, inputs: more }], random)).toBe(false);
  });

  test('hints abused: wrong hints show nothing, and the plain verifier is not concerned', () => {
    const swapped = [hints[0]!.map((node, i) => (i === 1 ? { ...node, l: node.m, m: node.l } : node)), hints[1]!];
    const garbage = hints.map((ring) => ring.map((node) => ({ ...node, r: new Uint8Array(32).fill(255) })));
    for (const wrong of [swapped, garbage, hints.slice(1), hints.map((ring) => ring.slice(1)), []]) {
      expect(verifyWithHints([{ ...claim, hints: wrong }], random)).toBe(false);
    }
    expect(verifyRings(message, inputs, signature)).toBe(true);
  });
});
