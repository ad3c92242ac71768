import { ristretto255 } from '@noble/curves/ed25519.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { BASES, makeProofGenerators } from '../private/generators.js';
import * as reference from '../private/group.js';
import { imageBase } from '../private/key-image.js';
import { plusOrder, readVectors, seeded } from '../private/testing/fixtures.js';
import { Transcript } from '../private/transcript.js';
import { compileKernel, type FixedPoints, PrivateKernel } from './index.js';
import { fixedPoints } from './testing/kernels.js';

const { BASE, encodePoint, encodeScalar, GROUP_ORDER: L } = reference;
const vectors = readVectors<{ multiplesOfGenerator: string[]; invalid: string[]; [name: string]: unknown }>(
  'ristretto255.json',
);
const merlin = readVectors<{ simple: string; complex: string }>('merlin.json');
const random = seeded('kernel');
const fixed: FixedPoints = fixedPoints(makeProofGenerators(8, 1), BASES);
const edges = [0n, 1n, 2n, 8n, 15n, 16n, 2n ** 128n, 2n ** 252n, L - 2n, L - 1n];
let module: object;
let kernel: PrivateKernel;

beforeAll(async () => {
  module = await compileKernel();
  kernel = await PrivateKernel.create(fixed, module);
});

describe('points', () => {
  test('RFC 9496, A.1 and A.2: multiples of the generator; every invalid encoding is refused', () => {
    vectors.multiplesOfGenerator.forEach((hex, i) => {
      expect(toHex(kernel.multiplyBaseSecret(encodeScalar(BigInt(i))))).toBe(hex);
      expect(kernel.classifyPoint(fromHex(hex))).toBe(i === 0 ? 'identity' : 'point');
    });
    const invalid = Object.values(vectors).flatMap((value) => JSON.stringify(value).match(/"[0-9a-f]{64}"/g) ?? []);
    let refused = 0;
    for (const hex of invalid.map((text) => text.slice(1, -1))) {
      const isPoint = canDecode(fromHex(hex));
      expect(kernel.classifyPoint(fromHex(hex)) !== 'no point').toBe(isPoint);
      if (!isPoint) refused++;
    }
    expect(refused).toBeGreaterThan(20);
  });

  test('random encodings, canonical or not: the verdict of the reference', () => {
    for (let i = 0; i < 150; i++) {
      const bytes = random.bytes(32);
      if (i % 3 !== 0) bytes[31]! &= 0x7f;
      if (i % 3 === 2) bytes[0]! &= 0xfe;
      expect(kernel.classifyPoint(bytes)).toBe(canDecode(bytes) ? 'point' : 'no point');
    }
  });

  test('the one-way map and the base of images', () => {
    for (const bytes of [new Uint8Array(64), new Uint8Array(64).fill(255), ...times(8, () => random.bytes(64))]) {
      expect(toHex(kernel.pointFromUniform(bytes))).toBe(toHex(encodePoint(reference.pointFromUniform(bytes))));
    }
    for (let i = 0; i < 8; i++) {
      const key = reference.multiply(BASE, random.scalar());
      expect(toHex(kernel.imageBase(encodePoint(key)))).toBe(toHex(encodePoint(imageBase(key))));
    }
  });
});

describe('scalars', () => {
  test('sums, differences, products, inverses, wide bytes: at the edges and at random', () => {
    const values = [...edges, ...times(4, () => random.scalar())];
    for (const a of values) {
      for (const b of values) {
        const [x, y] = [encodeScalar(a), encodeScalar(b)];
        expect(kernel.addScalars(x, y)).toEqual(encodeScalar(reference.modOrder(a + b)));
        expect(kernel.subtractScalars(x, y)).toEqual(encodeScalar(reference.modOrder(a - b)));
        expect(kernel.multiplyScalars(x, y)).toEqual(encodeScalar(reference.modOrder(a * b)));
      }
      if (a !== 0n) expect(kernel.invertScalar(encodeScalar(a))).toEqual(encodeScalar(reference.invertScalar(a)));
    }
    for (const wide of [new Uint8Array(64).fill(255), new Uint8Array(64), ...times(8, () => random.bytes(64))]) {
      expect(kernel.reduceWide(wide)).toEqual(encodeScalar(reference.reduceWide(wide)));
    }
  });

  test('only values below the order are scalars', () => {
    for (const value of edges) expect(kernel.isScalar(encodeScalar(value))).toBe(true);
    for (const value of [0n, 1n, L - 1n]) expect(kernel.isScalar(plusOrder(value, L))).toBe(false);
    expect(kernel.isScalar(new Uint8Array(32).fill(255))).toBe(false);
    for (const work of [
      () => kernel.addScalars(plusOrder(0n, L), encodeScalar(1n)),
      () => kernel.invertScalar(encodeScalar(0n)),
      () => kernel.multiplyBaseSecret(plusOrder(1n, L)),
    ]) {
      expect(work).toThrow(CryptoError);
    }
  });
});

describe('products', () => {
  test('with secret scalars, of any point and of the generator', () => {
    const point = reference.multiply(BASE, random.scalar());
    for (const scalar of [...edges, random.scalar(), random.scalar()]) {
      const bytes = encodeScalar(scalar);
      expect(kernel.multiplySecret(encodePoint(point), bytes)).toEqual(encodePoint(reference.multiply(point, scalar)));
      expect(kernel.multiplyBaseSecret(bytes)).toEqual(encodePoint(reference.multiply(BASE, scalar)));
    }
  });

  test.each([0, 1, 2, 7, 200, 201])('a sum of %d', (count) => {
    const points: reference.Point[] = [];
    const scalars: bigint[] = [];
    for (let i = 0, point = BASE; i < count; i++, point = point.double().add(BASE)) {
      // Equal points, opposite points and the identity too: their sums go through every case of the formulas.
      points.push(i % 10 === 8 ? ristretto255.Point.ZERO : i % 10 === 9 ? points[i - 2]!.negate() : point);
      scalars.push(i % 10 === 9 ? scalars[i - 2]! : i < edges.length ? edges[i]! : random.scalar());
    }
    const sum = kernel.sumOfProducts(points.map(encodePoint), scalars.map(encodeScalar));
    expect(toHex(sum)).toBe(toHex(encodePoint(reference.sumOfProducts(points, scalars))));
  });

  test('points and scalars that are none, and numbers of them that do not fit', () => {
    const [point, scalar] = [encodePoint(BASE), encodeScalar(1n)];
    for (const [points, scalars] of [
      [[point], []],
      [[point.slice(1)], [scalar]],
      [[new Uint8Array(32).fill(1)], [scalar]],
      [[point], [plusOrder(1n, L)]],
      [times(4097, () => point), times(4097, () => scalar)],
    ] as const) {
      expect(() => kernel.sumOfProducts(points, scalars)).toThrow(CryptoError);
    }
    expect(kernel.sumOfProducts([point], [scalar])).toEqual(point);
  });
});

describe('transcripts', () => {
  test('published Merlin vector', () => {
    const transcript = kernel.transcript('test protocol').append('some label', ascii('some data'));
    expect(toHex(transcript.challengeBytes('challenge', 32))).toBe(merlin.simple);
  });

  test('as the reference, for messages around the rate; copies are independent', () => {
    for (const size of [0, 1, 150, 165, 166, 167, 400]) {
      const message = random.bytes(size);
      const ours = kernel
        .transcript('x')
        .append('m', message)
        .appendU64('n', 2n ** 64n - 1n)
        .rekey('k', message);
      const theirs = new Transcript('x')
        .append('m', message)
        .appendU64('n', 2n ** 64n - 1n)
        .rekey('k', message);
      const copy = ours.clone();
      expect(ours.challengeBytes('c', 300)).toEqual(theirs.clone().challengeBytes('c', 300));
      expect(copy.challengeScalar('s')).toEqual(encodeScalar(theirs.challengeScalar('s')));
    }
  });

  test('a message larger than the kernel’s region is refused before anything is written', () => {
    const transcript = kernel.transcript('x');
    expect(() => transcript.append('m', new Uint8Array(2 ** 20))).toThrow(/full/);
    expect(transcript.challengeBytes('c', 8)).toEqual(new Transcript('x').challengeBytes('c', 8));
  });
});

test('fixed points that are none, or too many, make no kernel', async () => {
  const bad = new Uint8Array(32).fill(1);
  await expect(PrivateKernel.create({ ...fixed, valueBase: bad }, module)).rejects.toThrow(/fixed point 0/);
  await expect(PrivateKernel.create({ ...fixed, g: [] }, module)).rejects.toThrow(/generators/);
  await expect(PrivateKernel.create({ ...fixed, h: [...fixed.h.slice(1), bad.slice(1)] }, module)).rejects.toThrow(
    /31/,
  );
  const many = times(64 * 17, () => fixed.g[0]!);
  await expect(PrivateKernel.create({ ...fixed, bits: 64, g: many, h: many }, module)).rejects.toThrow(/at most/);
});

function canDecode(bytes: Uint8Array): boolean {
  try {
    reference.decodePoint(bytes);
    return true;
  } catch {
    return false;
  }
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
