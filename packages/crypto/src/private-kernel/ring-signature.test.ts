import { beforeAll, describe, expect, test } from 'vitest';
import { concatBytes, toHex } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { viewTag } from '../private/address/derivations.js';
import { BASES, makeProofGenerators } from '../private/generators.js';
import { encodePoint, encodeScalar, GROUP_ORDER, modOrder, multiply } from '../private/group.js';
import { closeRings, startChallenge } from '../private/ring-signature/challenges.js';
import { makeHints } from '../private/ring-signature/hints.js';
import { signRings } from '../private/ring-signature/sign.js';
import { decodeRingSignature, encodeRingSignature } from '../private/ring-signature/signature.js';
import { verifyRings } from '../private/ring-signature/verify.js';
import { flipped, makeRing, plusOrder, readVectors, seeded } from '../private/testing/fixtures.js';
import { type KernelRingClaim, PrivateKernel } from './index.js';
import { encodeInput, encodeSecrets, fixedPoints } from './testing/kernels.js';

const SIZE = 3;
const random = seeded('kernel rings');
const fresh = random.bytes(64);
const weights = random.bytes(32);
const message = random.bytes(32);
const rings = [makeRing('a', SIZE, 0, 10n), makeRing('b', SIZE, 1, 7n), makeRing('c', SIZE, SIZE - 1, 2n ** 64n - 1n)];
const inputs = rings.map(encodeInput);
const secrets = rings.map(encodeSecrets);
let kernel: PrivateKernel;
let good: KernelRingClaim;
let hints: Uint8Array;

beforeAll(async () => {
  kernel = await PrivateKernel.create(fixedPoints(makeProofGenerators(8, 1), BASES));
  good = { message, inputs, signature: kernel.signRings(message, inputs, secrets, fresh) };
  const nodes = makeHints(message, rings, decodeRingSignature(good.signature, rings.length, SIZE));
  hints = concatBytes(...nodes.flat().flatMap(({ l, r, m }) => [l, r, m]));
});

/** The claim with one encoded point of one input changed. */
function withPoint(
  input: number,
  member: number | 'image' | 'pseudoOutput',
  row: 'key' | 'commitment',
  bytes: Uint8Array,
) {
  const changed = inputs.map((entry, i) => {
    if (i !== input) return entry;
    if (typeof member === 'string') return { ...entry, [member]: bytes };
    return { ...entry, ring: entry.ring.map((point, j) => (j === member ? { ...point, [row]: bytes } : point)) };
  });
  return { ...good, inputs: changed };
}

describe('ring signatures', () => {
  test('signing: byte for byte as the reference, from the same fresh bytes', () => {
    const theirs = signRings({ message, inputs: rings, random: () => fresh });
    expect(toHex(good.signature)).toBe(toHex(encodeRingSignature(theirs)));
    expect(kernel.verifyRings(good)).toBe(true);
  });

  test('any changed byte class: signature, message, keys, commitments, images, pseudo-outputs', () => {
    for (let item = 0; item < good.signature.length / 32; item++) {
      expect(
        kernel.verifyRings({ ...good, signature: flipped(good.signature, 32 * item + (item % 31), item % 8) }),
      ).toBe(false);
    }
    expect(kernel.verifyRings({ ...good, message: flipped(message, 5) })).toBe(false);
    const other = encodePoint(multiply(BASES.valueBase, 9n));
    for (const row of ['key', 'commitment'] as const) {
      for (const member of [0, 1, 2, 'image', 'pseudoOutput'] as const) {
        for (const bytes of [other, new Uint8Array(32).fill(255), new Uint8Array(32)]) {
          expect(kernel.verifyRings(withPoint(1, member, row, bytes))).toBe(false);
        }
      }
    }
    expect(kernel.verifyRings({ ...good, inputs: [...inputs].reverse() })).toBe(false);
  });

  test('non-canonical scalar: each response plus the order', () => {
    const { responses } = decodeRingSignature(good.signature, rings.length, SIZE);
    responses
      .flat()
      .flatMap(({ s, t }) => [s, t])
      .forEach((scalar, i) => {
        const signature = good.signature.slice();
        signature.set(plusOrder(scalar, GROUP_ORDER), 32 + 32 * i);
        expect(kernel.verifyRings({ ...good, signature })).toBe(false);
      });
  });

  test('shapes: no inputs, too many, rings of different sizes, other lengths', () => {
    const { signature } = good;
    const uneven = [{ ...inputs[0]!, ring: inputs[0]!.ring.slice(1) }, ...inputs.slice(1)];
    const many = Array.from({ length: 17 }, () => inputs[0]!);
    const empty = inputs.map((input) => ({ ...input, ring: [] }));
    for (const list of [[], uneven, many, empty, inputs.slice(1)]) {
      expect(kernel.verifyRings({ ...good, inputs: list })).toBe(false);
      expect(kernel.verifyHinted([{ ...good, inputs: list, hints }], weights)).toBe(false);
    }
    for (const bytes of [new Uint8Array(), signature.slice(1), new Uint8Array([...signature, 0])]) {
      expect(kernel.verifyRings({ ...good, signature: bytes })).toBe(false);
    }
    expect(() => kernel.verifyRings({ ...good, message: message.slice(1) })).toThrow(/31/);
    expect(() => kernel.verifyRings(withPoint(0, 0, 'key', new Uint8Array(33)))).toThrow(/33/);
    expect(kernel.verifyRings(good)).toBe(true);
  });

  test('secrets that do not belong to their input are not signed with', () => {
    const sign = (change: object) => () => {
      const list = secrets.map((secret, i) => (i === 1 ? { ...secret, ...change } : secret));
      return kernel.signRings(message, inputs, list, fresh);
    };
    const { secret, blindingDifference } = rings[1]!;
    expect(sign({ secret: encodeScalar(modOrder(secret + 1n)) })).toThrow(/sign input 1: not the key/);
    expect(sign({ secret: encodeScalar(0n) })).toThrow(/not the key/);
    expect(sign({ secret: plusOrder(secret, GROUP_ORDER) })).toThrow(/not the key/);
    expect(sign({ index: 0 })).toThrow(/not the key/);
    expect(sign({ index: SIZE })).toThrow(/one of its members/);
    expect(sign({ blindingDifference: encodeScalar(modOrder(blindingDifference + 1n)) })).toThrow(
      /does not hold the value/,
    );
    const { inputs: changed } = withPoint(1, 'image', 'key', inputs[0]!.image);
    expect(() => kernel.signRings(message, changed, secrets, fresh)).toThrow(/not its key image/);
    const { inputs: broken } = withPoint(1, 2, 'key', new Uint8Array(32).fill(255));
    expect(() => kernel.signRings(message, broken, secrets, fresh)).toThrow(/no point/);
    expect(() => kernel.signRings(message, inputs, secrets.slice(1), fresh)).toThrow(CryptoError);
  });

  test('nonce failure: a generator stuck at zero gives two messages different nonces', () => {
    const stuck = new Uint8Array(64);
    const sign = (text: Uint8Array) => kernel.signRings(text, [inputs[0]!], [secrets[0]!], stuck);
    const [one, two] = [sign(message), sign(flipped(message, 0))];
    for (let i = 32; i < one.length; i += 32) expect(one.slice(i, i + 32)).not.toEqual(two.slice(i, i + 32));
  });
});

test('nodes that are the identity: nonces of zero close a ring of one, as for the reference', () => {
  const { ring, image, pseudoOutput, secret, blindingDifference } = makeRing('one', 1, 0, 3n);
  const zero = new Uint8Array(32);
  const e0 = closeRings(message, [{ l: zero, r: zero, m: zero }]);
  const e = startChallenge(message, e0, 0);
  const response = { s: modOrder(-e * secret), t: modOrder(-e * blindingDifference) };
  const signature = { e0, responses: [[response]] };
  const input = { ring, image, pseudoOutput };
  expect(verifyRings(message, [input], signature)).toBe(true);
  const claim = { message, inputs: [encodeInput(input)], signature: encodeRingSignature(signature) };
  expect(kernel.verifyRings(claim)).toBe(true);
  expect(kernel.makeHints(claim)).toEqual(new Uint8Array(96));
  expect(kernel.verifyHinted([{ ...claim, hints: new Uint8Array(96) }], weights)).toBe(true);
});

describe('hints', () => {
  test('hold singly and together; with a wrong one nothing is decided', () => {
    const claim = { ...good, hints };
    expect(kernel.makeHints(good)).toEqual(hints);
    expect(kernel.makeHints({ ...good, signature: flipped(good.signature, 33) })).toBeUndefined();
    expect(kernel.verifyHinted([], weights)).toBe(true);
    expect(kernel.verifyHinted([claim], weights)).toBe(true);
    expect(kernel.verifyHinted([claim, claim, claim], weights)).toBe(true);
    for (let item = 0; item < hints.length / 32; item += 2) {
      expect(kernel.verifyHinted([claim, { ...claim, hints: flipped(hints, 32 * item + 1, item % 8) }], weights)).toBe(
        false,
      );
    }
    const swapped = concatBytes(hints.slice(96, 192), hints.slice(0, 96), hints.slice(192));
    expect(kernel.verifyHinted([{ ...claim, hints: swapped }], weights)).toBe(false);
    for (const bytes of [new Uint8Array(), hints.slice(1), new Uint8Array([...hints, 0])]) {
      expect(kernel.verifyHinted([{ ...claim, hints: bytes }], weights)).toBe(false);
    }
  });

  test('bad signatures with good-looking hints do not hold', () => {
    for (let item = 0; item < good.signature.length / 32; item++) {
      const signature = flipped(good.signature, 32 * item, 1);
      expect(kernel.verifyHinted([{ ...good, signature, hints }], weights)).toBe(false);
    }
    const other = encodePoint(multiply(BASES.valueBase, 9n));
    for (const member of [0, 2, 'image', 'pseudoOutput'] as const) {
      for (const row of ['key', 'commitment'] as const) {
        for (const bytes of [other, new Uint8Array(32).fill(255)]) {
          expect(kernel.verifyHinted([{ ...withPoint(2, member, row, bytes), hints }], weights)).toBe(false);
        }
      }
    }
  });
});

describe('scanning', () => {
  const x25519 = readVectors<{
    x25519: { secret: string; otherPublicKey: string; shared: string; lowOrder: string[] };
  }>('address.json').x25519;
  const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

  test('RFC 7748, and keys of low order', () => {
    expect(toHex(kernel.agree(bytes(x25519.secret), bytes(x25519.otherPublicKey))!)).toBe(x25519.shared);
    for (const key of x25519.lowOrder) expect(kernel.agree(bytes(x25519.secret), bytes(key))).toBeUndefined();
    expect(() => kernel.agree(bytes(x25519.secret), new Uint8Array(31))).toThrow(/31/);
  });

  test('view tags: an own output is found, also behind one of low order; a strange one is not', () => {
    const [viewSecret, ephemeralKey] = [bytes(x25519.secret), bytes(x25519.otherPublicKey)];
    const [context, key] = [random.bytes(33), random.bytes(32)];
    const tag = viewTag(bytes(x25519.shared), context, key);
    const output = { ephemeralKey, context, key, viewTag: tag };
    const outputs = [
      output,
      { ...output, viewTag: tag ^ 1 },
      { ...output, ephemeralKey: bytes(x25519.lowOrder[0]!) },
      output,
    ];
    const found = kernel.scan(viewSecret, outputs);
    expect(found.map(({ index }) => index)).toEqual([0, 3]);
    expect(found.map(({ shared }) => toHex(shared))).toEqual([x25519.shared, x25519.shared]);
    expect(() => kernel.scan(viewSecret, [{ ...output, context: new Uint8Array(257) }])).toThrow(/256/);
    expect(() => kernel.scan(viewSecret, [{ ...output, key: key.slice(1) }])).toThrow(/31/);
  });
});
