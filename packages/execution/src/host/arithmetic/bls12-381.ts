/**
 * BLS12-381 on byte strings as Antelope lays them out: affine coordinates, plain (not Montgomery) little-endian.
 *
 * Sizes: field element 48, its quadratic extension c0 ‖ c1 96, G1 x ‖ y 96, G2 x.c0 ‖ x.c1 ‖ y.c0 ‖ y.c1 192, GT 576,
 * scalar 32. All zeros are the point at infinity. Coordinates must be below the field's order and on the curve; points
 * need not be in the prime-order subgroup, so scalars are never reduced. Functions give undefined for bad input.
 */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { fromLittleEndian, writeLittleEndian } from './integers.js';

type G1 = InstanceType<typeof bls12_381.G1.Point>;
type G2 = InstanceType<typeof bls12_381.G2.Point>;
type Fp2Value = { c0: bigint; c1: bigint };
type Fp6Value = { c0: Fp2Value; c1: Fp2Value; c2: Fp2Value };

export const BLS_FP_BYTES = 48;
export const BLS_FP2_BYTES = 96;
export const BLS_G1_BYTES = 96;
export const BLS_G2_BYTES = 192;
export const BLS_GT_BYTES = 576;
export const BLS_SCALAR_BYTES = 32;
/** Size of the integers that `blsFpMod` reduces and of the exponents of `blsFpExp`. */
export const BLS_WIDE_BYTES = 64;

const { Fp, Fp2, Fp12 } = bls12_381.fields;
const SCALAR_WINDOWS = 64;

// The library's declared types describe the map inside a hasher; what it exports clears the cofactor and gives a point.
const mapToG1 = bls12_381.G1.mapToCurve as unknown as (element: bigint) => G1;
const mapToG2 = bls12_381.G2.mapToCurve as unknown as (element: [bigint, bigint]) => G2;

/** Whether the bytes are a point of the curve of G1 other than infinity. */
export function blsIsG1Point(bytes: Uint8Array): boolean {
  const point = bytes.length === BLS_G1_BYTES ? readG1(bytes) : undefined;
  return point !== undefined && !point.is0();
}

/** Sum of two points of G1. */
export function blsG1Add(a: Uint8Array, b: Uint8Array): Uint8Array | undefined {
  const p = readG1(a);
  const q = readG1(b);
  return p === undefined || q === undefined ? undefined : writeG1(p.add(q));
}

/** Sum of two points of G2. */
export function blsG2Add(a: Uint8Array, b: Uint8Array): Uint8Array | undefined {
  const p = readG2(a);
  const q = readG2(b);
  return p === undefined || q === undefined ? undefined : writeG2(p.add(q));
}

/** Sum of scalar · point over G1; `points` and `scalars` are arrays of equal length. */
export function blsG1WeightedSum(points: Uint8Array, scalars: Uint8Array): Uint8Array | undefined {
  const read = readAll(points, BLS_G1_BYTES, readG1);
  return read === undefined ? undefined : writeG1(weightedSum(bls12_381.G1.Point.ZERO, read, scalars));
}

/** Sum of scalar · point over G2; `points` and `scalars` are arrays of equal length. */
export function blsG2WeightedSum(points: Uint8Array, scalars: Uint8Array): Uint8Array | undefined {
  const read = readAll(points, BLS_G2_BYTES, readG2);
  return read === undefined ? undefined : writeG2(weightedSum(bls12_381.G2.Point.ZERO, read, scalars));
}

/**
 * Product of the pairings of the points of two arrays of equal length, as an element of GT. Pairs with a point at
 * infinity contribute one. The Miller loop is run without subgroup checks, which Antelope does not make either.
 */
export function blsPairing(g1Points: Uint8Array, g2Points: Uint8Array): Uint8Array | undefined {
  const g1 = readAll(g1Points, BLS_G1_BYTES, readG1);
  const g2 = readAll(g2Points, BLS_G2_BYTES, readG2);
  if (g1 === undefined || g2 === undefined) return undefined;
  const pairs: Parameters<typeof bls12_381.millerLoopBatch>[0] = [];
  for (let i = 0; i < g1.length; i++) {
    const p = g1[i]!;
    const q = g2[i]!;
    if (p.is0() || q.is0()) continue;
    const { x, y } = p.toAffine();
    pairs.push([bls12_381.utils.calcPairingPrecomputes(q), x, y]);
  }
  const product = bls12_381.millerLoopBatch(pairs);
  const out = new Uint8Array(BLS_GT_BYTES);
  // Points of small order can make the product zero, which has no inverse; zero stays zero then.
  if (Fp12.is0(product)) return out;
  const { c0, c1 } = Fp12.finalExponentiate(product);
  writeFp6(out.subarray(0, BLS_GT_BYTES / 2), c0);
  writeFp6(out.subarray(BLS_GT_BYTES / 2), c1);
  return out;
}

/** Maps a field element to G1 (RFC 9380: simplified SWU, isogeny, clearing of the cofactor). */
export function blsG1Map(element: Uint8Array): Uint8Array | undefined {
  const e = readFp(element, 0);
  return e === undefined ? undefined : writeG1(mapToG1(e));
}

/** Maps an element of the quadratic extension to G2. */
export function blsG2Map(element: Uint8Array): Uint8Array | undefined {
  const e = readFp2(element, 0);
  return e === undefined ? undefined : writeG2(mapToG2([e.c0, e.c1]));
}

/** A 64-byte integer modulo the order of the field. */
export function blsFpMod(wide: Uint8Array): Uint8Array {
  return writeFp(Fp.create(fromLittleEndian(wide)));
}

/** Product of two field elements. */
export function blsFpMul(a: Uint8Array, b: Uint8Array): Uint8Array | undefined {
  const x = readFp(a, 0);
  const y = readFp(b, 0);
  return x === undefined || y === undefined ? undefined : writeFp(Fp.mul(x, y));
}

/** A field element to a 64-byte power. */
export function blsFpExp(base: Uint8Array, exponent: Uint8Array): Uint8Array | undefined {
  const x = readFp(base, 0);
  return x === undefined ? undefined : writeFp(Fp.pow(x, fromLittleEndian(exponent)));
}

/** The group operations that both curves share. */
type Group<P> = { add(other: P): P; double(): P };

/** Straus's method with windows of four bits: one chain of doublings for all points. */
function weightedSum<P extends Group<P>>(zero: P, points: readonly P[], scalars: Uint8Array): P {
  const tables = points.map((point) => {
    const multiples = [zero, point];
    for (let i = 2; i < 16; i++) multiples.push(i & 1 ? multiples[i - 1]!.add(point) : multiples[i >> 1]!.double());
    return multiples;
  });
  let sum = zero;
  let started = false;
  for (let window = SCALAR_WINDOWS - 1; window >= 0; window--) {
    if (started) sum = sum.double().double().double().double();
    for (let i = 0; i < points.length; i++) {
      const byte = scalars[BLS_SCALAR_BYTES * i + (window >> 1)]!;
      const digit = window & 1 ? byte >> 4 : byte & 15;
      if (digit === 0) continue;
      sum = sum.add(tables[i]![digit]!);
      started = true;
    }
  }
  return sum;
}

function readAll<P>(bytes: Uint8Array, size: number, read: (bytes: Uint8Array) => P | undefined): P[] | undefined {
  const points: P[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const point = read(bytes.subarray(at, at + size));
    if (point === undefined) return undefined;
    points.push(point);
  }
  return points;
}

function readG1(bytes: Uint8Array): G1 | undefined {
  const x = readFp(bytes, 0);
  const y = readFp(bytes, BLS_FP_BYTES);
  if (x === undefined || y === undefined) return undefined;
  if (x === 0n && y === 0n) return bls12_381.G1.Point.ZERO;
  const { b } = bls12_381.G1.Point.CURVE();
  if (!Fp.eql(Fp.sqr(y), Fp.add(Fp.mul(Fp.sqr(x), x), b))) return undefined;
  return bls12_381.G1.Point.fromAffine({ x, y });
}

function readG2(bytes: Uint8Array): G2 | undefined {
  const x = readFp2(bytes, 0);
  const y = readFp2(bytes, BLS_FP2_BYTES);
  if (x === undefined || y === undefined) return undefined;
  if (Fp2.is0(x) && Fp2.is0(y)) return bls12_381.G2.Point.ZERO;
  const { b } = bls12_381.G2.Point.CURVE();
  if (!Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), b))) return undefined;
  return bls12_381.G2.Point.fromAffine({ x, y });
}

function readFp2(bytes: Uint8Array, offset: number): Fp2Value | undefined {
  const c0 = readFp(bytes, offset);
  const c1 = readFp(bytes, offset + BLS_FP_BYTES);
  return c0 === undefined || c1 === undefined ? undefined : Fp2.create({ c0, c1 });
}

function readFp(bytes: Uint8Array, offset: number): bigint | undefined {
  const value = fromLittleEndian(bytes.subarray(offset, offset + BLS_FP_BYTES));
  return value < Fp.ORDER ? value : undefined;
}

function writeFp(value: bigint): Uint8Array {
  const out = new Uint8Array(BLS_FP_BYTES);
  writeLittleEndian(out, value);
  return out;
}

function writeFp2(out: Uint8Array, value: Fp2Value): void {
  writeLittleEndian(out.subarray(0, BLS_FP_BYTES), value.c0);
  writeLittleEndian(out.subarray(BLS_FP_BYTES, BLS_FP2_BYTES), value.c1);
}

function writeFp6(out: Uint8Array, value: Fp6Value): void {
  writeFp2(out, value.c0);
  writeFp2(out.subarray(BLS_FP2_BYTES), value.c1);
  writeFp2(out.subarray(2 * BLS_FP2_BYTES), value.c2);
}

function writeG1(point: G1): Uint8Array {
  const out = new Uint8Array(BLS_G1_BYTES);
  const { x, y } = point.toAffine();
  writeLittleEndian(out.subarray(0, BLS_FP_BYTES), x);
  writeLittleEndian(out.subarray(BLS_FP_BYTES), y);
  return out;
}

function writeG2(point: G2): Uint8Array {
  const out = new Uint8Array(BLS_G2_BYTES);
  const { x, y } = point.toAffine();
  writeFp2(out, x);
  writeFp2(out.subarray(BLS_FP2_BYTES), y);
  return out;
}
