/**
 * The group of all private transfers: ristretto255 (RFC 9496), prime order L, 32-byte canonical encodings. Decoding is
 * full validation: no cofactor, no second encoding of a point or a scalar.
 *
 * This is the readable reference over BigInt. BigInt arithmetic is never constant time, so where a scalar is secret the
 * call is {@link multiplySecret} or {@link sumOfProductsSecret}: the two names are what a constant-time kernel replaces.
 */
import { mulAddUnsafe, pippenger } from '@noble/curves/abstract/curve.js';
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { failCrypto } from '../errors.js';

/** An element of the group, identity included. */
export type Point = InstanceType<typeof ristretto255.Point>;

/** An integer in [0, L). */
export type Scalar = bigint;

/** Bytes of an encoded point and of an encoded scalar. */
export const POINT_BYTES = 32;
export const SCALAR_BYTES = 32;

/** Order of the group: 2^252 + 27742317777372353535851937790883648493. */
export const GROUP_ORDER: bigint = ristretto255.Point.Fn.ORDER;

/** The generator of RFC 9496. */
export const BASE: Point = ristretto255.Point.BASE;

/** The neutral element. */
export const IDENTITY: Point = ristretto255.Point.ZERO;

const field = ristretto255.Point.Fn;
const UNIFORM_BYTES = 64;
/** From here on buckets (Pippenger) beat interleaved windows (Straus): measured with random scalars. */
const STRAUS_POINTS_MAX = 16;

/** Reads a point; RFC 9496, 4.3.1. @throws CryptoError for a length other than 32 and for every encoding that is not canonical. */
export function decodePoint(bytes: Uint8Array): Point {
  if (bytes.length !== POINT_BYTES) failCrypto(`cannot read a point: ${bytes.length} bytes, not ${POINT_BYTES}`);
  try {
    return ristretto255.Point.fromBytes(bytes);
  } catch (cause) {
    return failCrypto('cannot read a point: not a canonical ristretto255 encoding', cause);
  }
}

/** As {@link decodePoint}, and the identity is refused too. */
export function decodeNonIdentity(bytes: Uint8Array): Point {
  const point = decodePoint(bytes);
  if (point.is0()) failCrypto('cannot use a point: it is the identity');
  return point;
}

/** The 32 bytes of a point; RFC 9496, 4.3.2. */
export function encodePoint(point: Point): Uint8Array {
  return point.toBytes();
}

/** Reads a scalar: 32 bytes, little-endian. @throws CryptoError for another length and for values of L and above. */
export function decodeScalar(bytes: Uint8Array): Scalar {
  if (bytes.length !== SCALAR_BYTES) failCrypto(`cannot read a scalar: ${bytes.length} bytes, not ${SCALAR_BYTES}`);
  const value = littleEndian(bytes);
  if (value >= GROUP_ORDER) failCrypto('cannot read a scalar: not below the order of the group');
  return value;
}

/** The 32 bytes of a scalar, little-endian. */
export function encodeScalar(scalar: Scalar): Uint8Array {
  const bytes = new Uint8Array(SCALAR_BYTES);
  for (let i = 0, rest = scalar; i < SCALAR_BYTES; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

/** A scalar from 64 uniform bytes: little-endian, mod L. The bias is below 2^-250. */
export function reduceWide(bytes: Uint8Array): Scalar {
  if (bytes.length !== UNIFORM_BYTES)
    failCrypto(`cannot reduce to a scalar: ${bytes.length} bytes, not ${UNIFORM_BYTES}`);
  return littleEndian(bytes) % GROUP_ORDER;
}

/** Any integer mod L. */
export function modOrder(value: bigint): Scalar {
  const rest = value % GROUP_ORDER;
  return rest < 0n ? rest + GROUP_ORDER : rest;
}

/** Inverse mod L. @throws CryptoError for zero, which has none. */
export function invertScalar(scalar: Scalar): Scalar {
  if (scalar === 0n) failCrypto('cannot invert a scalar: it is zero');
  return field.inv(scalar);
}

/** scalar·point for public scalars: variable time. */
export function multiply(point: Point, scalar: Scalar): Point {
  return scalar === 0n ? IDENTITY : point.multiplyUnsafe(scalar);
}

/** scalar·point for secret scalars. A secret path: the kernel does it in constant time, here only the number of steps is fixed. */
export function multiplySecret(point: Point, scalar: Scalar): Point {
  return scalar === 0n ? IDENTITY : point.multiply(scalar);
}

/** Σ scalars[i]·points[i] for public scalars: variable time. */
export function sumOfProducts(points: readonly Point[], scalars: readonly Scalar[]): Point {
  if (points.length === 0) return IDENTITY;
  const multiplyAll = points.length <= STRAUS_POINTS_MAX ? mulAddUnsafe : pippenger;
  return multiplyAll(ristretto255.Point, [...points], [...scalars]);
}

/** Σ scalars[i]·points[i] for secret scalars. A secret path: the kernel does it in constant time, here it is as {@link sumOfProducts}. */
export function sumOfProductsSecret(points: readonly Point[], scalars: readonly Scalar[]): Point {
  return sumOfProducts(points, scalars);
}

/** Hash to the group: hash_to_ristretto255 of RFC 9380, appendix B (expand_message_xmd with SHA-512), under a domain of its own. */
export function hashToGroup(message: Uint8Array, domain: string): Point {
  return ristretto255_hasher.hashToCurve(message, { DST: domain });
}

/** A point from 64 uniform bytes: the one-way map of RFC 9496, 4.3.4. */
export function pointFromUniform(bytes: Uint8Array): Point {
  if (bytes.length !== UNIFORM_BYTES) failCrypto(`cannot map to a point: ${bytes.length} bytes, not ${UNIFORM_BYTES}`);
  return ristretto255_hasher.deriveToCurve!(bytes);
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}
