import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { BASES, DALEK_BASES } from './generators.js';
import {
  BASE,
  decodeNonIdentity,
  decodePoint,
  decodeScalar,
  encodePoint,
  encodeScalar,
  GROUP_ORDER,
  hashToGroup,
  IDENTITY,
  invertScalar,
  multiply,
  multiplySecret,
  type Point,
  pointFromUniform,
  reduceWide,
  sumOfProducts,
} from './group.js';
import { plusOrder, readVectors, seeded } from './testing/fixtures.js';

type Edwards = InstanceType<typeof ed25519.Point>;

const vectors = readVectors<{
  multiplesOfGenerator: string[];
  invalid: Record<string, string[]>;
  oneWayMap: { input: string; output: string }[];
  hashToGroup: { message: string; domain: string; output: string };
}>('ristretto255.json');

describe('ristretto255', () => {
  test('multiples of the generator have the encodings of RFC 9496, A.1', () => {
    vectors.multiplesOfGenerator.forEach((encoding, i) => {
      expect(toHex(encodePoint(multiply(BASE, BigInt(i))))).toBe(encoding);
      expect(toHex(encodePoint(multiplySecret(BASE, BigInt(i))))).toBe(encoding);
      expect(toHex(encodePoint(decodePoint(fromHex(encoding))))).toBe(encoding);
    });
  });

  test.each(Object.entries(vectors.invalid))(
    'UTXO-1: encodings that are %s are refused (RFC 9496, A.2)',
    (_, encodings) => {
      for (const encoding of encodings) expect(() => decodePoint(fromHex(encoding))).toThrow(CryptoError);
    },
  );

  test('UTXO-1: other lengths are refused, and the identity where a point is needed', () => {
    for (const size of [0, 31, 33, 64]) expect(() => decodePoint(new Uint8Array(size))).toThrow(/bytes, not 32/);
    expect(decodePoint(new Uint8Array(32)).is0()).toBe(true);
    expect(() => decodeNonIdentity(new Uint8Array(32))).toThrow(/identity/);
  });

  test('image + torsion: the four representatives of a point have one encoding', () => {
    // RFC 9496: an element is a coset of the 4-torsion. Adding a point of order 4 to the representative changes nothing, where
    // on the curve itself it made a second key image (CryptoNote 2017).
    const representativeOf = (point: Point) => (point as unknown as { ep: Edwards }).ep;
    const fromRepresentative = BASE.constructor as unknown as new (representative: Edwards) => Point;
    const order4 = ed25519.Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05').double();
    const first = representativeOf(multiply(BASE, 7n));
    let representative = first;
    for (let i = 0; i < 4; i++) {
      expect(toHex(encodePoint(new fromRepresentative(representative)))).toBe(vectors.multiplesOfGenerator[7]);
      representative = representative.add(order4);
    }
    expect(representative.equals(first)).toBe(true);
    expect(order4.double().is0()).toBe(false);
  });

  test('the one-way map gives the points of RFC 9496, A.3', () => {
    for (const { input, output } of vectors.oneWayMap) {
      expect(toHex(encodePoint(pointFromUniform(fromHex(input))))).toBe(output);
    }
    expect(() => pointFromUniform(new Uint8Array(63))).toThrow(CryptoError);
  });

  test('hash to the group as hash_to_ristretto255 of RFC 9380', () => {
    const { message, domain, output } = vectors.hashToGroup;
    expect(toHex(encodePoint(hashToGroup(fromHex(message), domain)))).toBe(output);
  });
});

describe('scalars', () => {
  test('UTXO-2: only values below the order are read', () => {
    for (const value of [0n, 1n, GROUP_ORDER - 1n]) expect(decodeScalar(encodeScalar(value))).toBe(value);
    for (const value of [0n, 1n, 5n]) expect(() => decodeScalar(plusOrder(value, GROUP_ORDER))).toThrow(/order/);
    expect(() => decodeScalar(new Uint8Array(32).fill(0xff))).toThrow(CryptoError);
    expect(() => decodeScalar(new Uint8Array(31))).toThrow(CryptoError);
  });

  test('wide reduction and inverses', () => {
    const wide = new Uint8Array(64).fill(0xff);
    expect(reduceWide(wide)).toBe((2n ** 512n - 1n) % GROUP_ORDER);
    expect(() => reduceWide(new Uint8Array(32))).toThrow(CryptoError);
    const scalar = seeded('inverse').scalar();
    expect((invertScalar(scalar) * scalar) % GROUP_ORDER).toBe(1n);
    expect(() => invertScalar(0n)).toThrow(/zero/);
  });

  test('sums of products agree with single products, for both methods', () => {
    const random = seeded('sums');
    for (const size of [0, 1, 2, 20]) {
      const points = Array.from({ length: size }, (_, i) => multiply(BASE, BigInt(i + 2)));
      const scalars = points.map((_, i) => (i === 1 ? 0n : random.scalar()));
      const expected = points.reduce((sum, point, i) => sum.add(multiply(point, scalars[i]!)), IDENTITY);
      expect(sumOfProducts(points, scalars).equals(expected)).toBe(true);
    }
  });
});

describe('generators', () => {
  test('commitment base with known relation: the value base is a hash, not a multiple that somebody chose', () => {
    const again = hashToGroup(
      new TextEncoder().encode('SnapScale/v1/value-base'),
      'SnapScale-v1-value-base-ristretto255',
    );
    expect(BASES.valueBase.equals(again)).toBe(true);
    expect(BASES.valueBase.equals(BASES.blindingBase)).toBe(false);
    expect(toHex(encodePoint(BASES.valueBase))).toBe(
      '481ad32bded4ae45466e6e3e9f94212119eb7222b2d0caf6db7b787bccbc3f04',
    );
  });

  test('dalek’s blinding base is the hash of its value base', () => {
    const { dalekBlindingBase } = readVectors<{ dalekBlindingBase: string }>('merlin.json');
    expect(toHex(encodePoint(DALEK_BASES.blindingBase))).toBe(dalekBlindingBase);
  });
});
