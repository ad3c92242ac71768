/** ristretto255 (RFC 9496): encodings, equality, and the one-way map. No step depends on a value; verdicts do. */
import {
  D,
  D_MINUS_ONE_SQ,
  INVSQRT_A_MINUS_D,
  ONE,
  ONE_MINUS_D_SQ,
  SQRT_AD_MINUS_ONE,
  SQRT_M1,
  ZERO,
} from './constants';
import {
  absolute,
  add,
  copy,
  fromBytes,
  invert,
  isNegative,
  isZero,
  negate,
  negateIf,
  select,
  sqrtRatio,
  subtract,
  toBytes,
} from './field';
import { multiply, square } from './field-products';
import { addPoints } from './point';

const A: usize = memory.data(40, 8);
const B: usize = memory.data(40, 8);
const C: usize = memory.data(40, 8);
const D1: usize = memory.data(40, 8);
const E: usize = memory.data(40, 8);
const F: usize = memory.data(40, 8);
const G: usize = memory.data(40, 8);
const H: usize = memory.data(40, 8);
const BYTES: usize = memory.data(32, 8);
const HALF: usize = memory.data(160, 8);
/** Seven elements for each point that is encoded with others. */
const DOUBLE: usize = 280;
const DOUBLES: usize = memory.data(3 * 280, 8);

/** Reads 32 bytes: 1, or 0 for an encoding that is not canonical or not of the group. RFC 9496, 4.3.1. */
export function decode(r: usize, bytes: usize): i32 {
  fromBytes(A, bytes);
  toBytes(BYTES, A);
  let difference: u64 = 0;
  for (let i: usize = 0; i < 32; i += 8) difference |= load<u64>(BYTES + i) ^ load<u64>(bytes + i);
  const isOdd: i32 = <i32>load<u8>(bytes) & 1;
  square(B, A);
  subtract(C, ONE, B); // u1 = 1 - s²
  add(D1, ONE, B); // u2 = 1 + s²
  square(E, D1); // u2²
  square(F, C);
  multiply(F, F, D);
  negate(F, F);
  subtract(F, F, E); // v = -d·u1² - u2²
  multiply(G, F, E);
  const isSquare = sqrtRatio(H, ONE, G);
  multiply(G, H, D1); // denominator of x
  multiply(H, H, G);
  multiply(H, H, F); // denominator of y
  multiply(A, A, G);
  add(A, A, A);
  absolute(r, A);
  multiply(r, r, ONE);
  multiply(r + 40, C, H);
  copy(r + 80, ONE);
  multiply(r + 120, r, r + 40);
  const isBad = (isSquare ^ -1) | isNegative(r + 120) | isZero(r + 40) | -isOdd;
  return (difference === 0 ? 1 : 0) & (isBad + 1);
}

/** Writes the 32 bytes of a point. RFC 9496, 4.3.2. */
export function encode(bytes: usize, p: usize): void {
  add(A, p + 80, p + 40);
  subtract(B, p + 80, p + 40);
  multiply(A, A, B); // u1
  multiply(B, p, p + 40); // u2
  square(C, B);
  multiply(C, C, A);
  sqrtRatio(D1, ONE, C);
  multiply(C, D1, A); // den1
  multiply(D1, D1, B); // den2
  multiply(E, C, D1);
  multiply(E, E, p + 120); // 1/z
  multiply(F, p, SQRT_M1);
  multiply(G, p + 40, SQRT_M1);
  multiply(H, C, INVSQRT_A_MINUS_D);
  multiply(A, p + 120, E);
  const rotate = isNegative(A);
  copy(A, p);
  copy(B, p + 40);
  select(A, G, rotate);
  select(B, F, rotate);
  select(D1, H, rotate);
  multiply(C, A, E);
  negateIf(B, isNegative(C));
  subtract(C, p + 80, B);
  multiply(C, C, D1);
  absolute(C, C);
  toBytes(bytes, C);
}

/**
 * Writes the encodings of 2·p for `count` points (at most three), 32 bytes each, with one inversion for all: a doubled point has
 * an encoding without a square root (Hamburg; dalek's double_and_compress_batch). Public data: branches on the identity.
 */
export function encodeDoubles(bytes: usize, points: usize, count: i32): void {
  copy(A, ONE);
  for (let i: usize = 0; i < <usize>count; i++) {
    const at = DOUBLES + DOUBLE * i;
    startDouble(at, points + 160 * i);
    copy(at + 240, A);
    if (isZero(at + 200) === 0) multiply(A, A, at + 200);
  }
  invert(B, A);
  for (let i: i32 = count - 1; i >= 0; i--) {
    const at = DOUBLES + DOUBLE * <usize>i;
    if (isZero(at + 200) !== 0) {
      memory.fill(bytes + 32 * <usize>i, 0, 32);
      continue;
    }
    multiply(C, B, at + 240);
    multiply(B, B, at + 200);
    finishDouble(bytes + 32 * <usize>i, at);
  }
}

/** e = 2XY, f = Z² + dT², g = Y² + X², h = Z² - dT², e·g, and e·f·g·h; one behind the other. */
function startDouble(at: usize, p: usize): void {
  multiply(at, p, p + 40);
  add(at, at, at);
  square(C, p + 80);
  square(E, p + 120);
  multiply(E, E, D);
  add(at + 40, C, E);
  subtract(at + 120, C, E);
  square(C, p);
  square(E, p + 40);
  add(at + 80, C, E);
  multiply(at + 160, at, at + 80);
  multiply(E, at + 40, at + 120);
  multiply(at + 200, at + 160, E);
}

/** The encoding, from what {@link startDouble} left and C = 1/(e·f·g·h). */
function finishDouble(bytes: usize, at: usize): void {
  multiply(E, at + 160, C); // 1/z = 1/(f·h)
  multiply(F, at + 40, at + 120);
  multiply(F, F, C); // 1/t = 1/(e·g)
  multiply(G, at + 160, E);
  const rotate = isNegative(G);
  copy(G, INVSQRT_A_MINUS_D);
  select(G, SQRT_M1, rotate);
  negate(H, at);
  select(at, at + 80, rotate);
  select(at + 80, H, rotate);
  multiply(H, at + 40, SQRT_M1);
  select(at + 120, H, rotate);
  multiply(H, at + 120, at);
  multiply(H, H, E);
  negateIf(at + 80, isNegative(H));
  subtract(H, at + 120, at + 80);
  multiply(G, G, at + 80);
  multiply(G, G, F);
  multiply(G, G, H);
  absolute(G, G);
  toBytes(bytes, G);
}

/** -1 where p stands for the identity: X = 0 or Y = 0. */
export function isIdentity(p: usize): i32 {
  return isZero(p) | isZero(p + 40);
}

/** The map of RFC 9496, 4.3.4, of one field element. */
function mapElement(r: usize, t: usize): void {
  square(A, t);
  multiply(A, A, SQRT_M1); // r
  add(B, A, ONE);
  multiply(B, B, ONE_MINUS_D_SQ); // u
  multiply(C, A, D);
  negate(C, C);
  subtract(C, C, ONE); // -1 - r·d
  add(D1, A, D);
  multiply(C, C, D1); // v
  const wasSquare = sqrtRatio(D1, B, C); // s
  multiply(E, D1, t);
  absolute(E, E);
  negate(E, E); // s′
  select(D1, E, wasSquare ^ -1);
  subtract(F, ZERO, ONE); // c
  select(F, A, wasSquare ^ -1);
  subtract(G, A, ONE);
  multiply(G, G, F);
  multiply(G, G, D_MINUS_ONE_SQ);
  subtract(G, G, C); // N
  multiply(E, D1, C);
  add(E, E, E); // w0
  multiply(F, G, SQRT_AD_MINUS_ONE); // w1
  square(A, D1);
  subtract(B, ONE, A); // w2
  add(C, ONE, A); // w3
  multiply(r, E, C);
  multiply(r + 40, B, F);
  multiply(r + 80, F, C);
  multiply(r + 120, E, B);
}

/** A point from 64 uniform bytes: RFC 9496, 4.3.4. */
export function fromUniform(r: usize, bytes: usize): void {
  fromBytes(H, bytes);
  mapElement(HALF, H);
  fromBytes(H, bytes + 32);
  mapElement(r, H);
  addPoints(r, r, HALF);
}
