/**
 * Points of edwards25519, which stand for elements of ristretto255. Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z,
 * XY = ZT (Hisil and others 2008): 160 bytes. A point that is added often is kept as Y + X, Y - X, 2Z, 2dT ("cached", 160
 * bytes), or as y + x, y - x, 2dxy ("affine", 120 bytes). Formulas are complete: no branch for equal points or the identity.
 */
import { D2, ONE, ZERO } from './constants';
import { add, copy, ELEMENT, invert, negate, subtract } from './field';
import { multiply, square } from './field-products';

/** Bytes of a point and of a cached point. */
export const POINT: usize = 160;
/** Bytes of an affine point. */
export const AFFINE: usize = 120;

const A: usize = memory.data(40, 8);
const B: usize = memory.data(40, 8);
const C: usize = memory.data(40, 8);
const E: usize = memory.data(40, 8);
const F: usize = memory.data(40, 8);
const G: usize = memory.data(40, 8);
const H: usize = memory.data(40, 8);
const CACHED: usize = memory.data(160, 8);

/** r = the identity. */
export function setIdentity(r: usize): void {
  copy(r, ZERO);
  copy(r + 40, ONE);
  copy(r + 80, ONE);
  copy(r + 120, ZERO);
}

/** r = p. */
export function copyPoint(r: usize, p: usize): void {
  memory.copy(r, p, POINT);
}

/** r = -p. */
export function negatePoint(r: usize, p: usize): void {
  negate(r, p);
  copy(r + 40, p + 40);
  copy(r + 80, p + 80);
  negate(r + 120, p + 120);
}

/** The products that end each formula; T only where an addition follows. */
function finish(r: usize, withT: bool): void {
  multiply(r, E, F);
  multiply(r + 40, G, H);
  multiply(r + 80, F, G);
  if (withT) multiply(r + 120, E, H);
}

/** r = 2·p; needs no T of p. */
export function double(r: usize, p: usize, withT: bool): void {
  square(A, p);
  square(B, p + 40);
  square(C, p + 80);
  add(E, p, p + 40);
  square(E, E);
  combineSquares();
  finish(r, withT);
}

/** H = A + B, G = B - A, E -= H, F = 2·C - G: in one pass, as it is a tenth of a doubling otherwise. */
function combineSquares(): void {
  for (let i: usize = 0; i < ELEMENT; i += 4) {
    const a = load<i32>(A + i);
    const b = load<i32>(B + i);
    store<i32>(H + i, b + a);
    store<i32>(G + i, b - a);
    store<i32>(E + i, load<i32>(E + i) - b - a);
    store<i32>(F + i, 2 * load<i32>(C + i) - b + a);
  }
}

/** r = p + q for a cached q. */
export function addCached(r: usize, p: usize, q: usize, withT: bool): void {
  start(p, q, q + 40, q + 120);
  multiply(F, p + 80, q + 80);
  join(r, false, withT);
}

/** r = p - q for a cached q. */
export function subtractCached(r: usize, p: usize, q: usize, withT: bool): void {
  start(p, q + 40, q, q + 120);
  multiply(F, p + 80, q + 80);
  join(r, true, withT);
}

/** r = p + q for an affine q. */
export function addAffine(r: usize, p: usize, q: usize, withT: bool): void {
  start(p, q, q + 40, q + 80);
  add(F, p + 80, p + 80);
  join(r, false, withT);
}

/** r = p - q for an affine q. */
export function subtractAffine(r: usize, p: usize, q: usize, withT: bool): void {
  start(p, q + 40, q, q + 80);
  add(F, p + 80, p + 80);
  join(r, true, withT);
}

/** A = (Y - X)·minus, B = (Y + X)·plus, C = T·xy. */
function start(p: usize, plus: usize, minus: usize, xy: usize): void {
  subtract(A, p + 40, p);
  multiply(A, A, minus);
  add(B, p + 40, p);
  multiply(B, B, plus);
  multiply(C, p + 120, xy);
}

/** From A, B, C and F = 2·Z·Z′. */
function join(r: usize, isMinus: bool, withT: bool): void {
  const g = isMinus ? F : G;
  const f = isMinus ? G : F;
  for (let i: usize = 0; i < ELEMENT; i += 4) {
    const a = load<i32>(A + i);
    const b = load<i32>(B + i);
    const c = load<i32>(C + i);
    const z = load<i32>(F + i);
    store<i32>(E + i, b - a);
    store<i32>(H + i, b + a);
    store<i32>(g + i, z + c);
    store<i32>(f + i, z - c);
  }
  finish(r, withT);
}

/** r = p as a cached point. */
export function toCached(r: usize, p: usize): void {
  add(r, p + 40, p);
  subtract(r + 40, p + 40, p);
  add(r + 80, p + 80, p + 80);
  multiply(r + 120, p + 120, D2);
}

/** r = p + q. */
export function addPoints(r: usize, p: usize, q: usize): void {
  toCached(CACHED, q);
  addCached(r, p, CACHED, true);
}

/** r = p - q. */
export function subtractPoints(r: usize, p: usize, q: usize): void {
  toCached(CACHED, q);
  subtractCached(r, p, CACHED, true);
}

/**
 * Makes `count` points affine with one inversion for all. `products` has room for `count` elements. The results are 120 bytes
 * apart.
 */
export function toAffine(r: usize, points: usize, count: i32, products: usize): void {
  copy(A, ONE);
  for (let i = 0; i < count; i++) {
    copy(products + 40 * <usize>i, A);
    multiply(A, A, points + POINT * <usize>i + 80);
  }
  invert(B, A);
  for (let i = count - 1; i >= 0; i--) {
    const p = points + POINT * <usize>i;
    const q = r + AFFINE * <usize>i;
    multiply(C, B, products + 40 * <usize>i);
    multiply(B, B, p + 80);
    multiply(E, p, C);
    multiply(F, p + 40, C);
    multiply(G, E, F);
    add(q, F, E);
    subtract(q + 40, F, E);
    multiply(q + 80, G, D2);
  }
}
