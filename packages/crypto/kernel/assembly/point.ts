/**
 * Points of the Edwards curve -x² + y² = 1 + d·x²·y² that represent ristretto255 elements: extended coordinates X, Y, Z, T
 * (Hisil and others 2008). The formulas are complete: no case distinctions, so secrets may pass.
 */
import {
  addField,
  carry,
  multiplyField,
  negateField,
  selectField,
  setField,
  squareField,
  subtractField,
} from './field';

/** Bytes of a point: X, Y, Z, T; and of a cached point: Y+X, Y-X, 2Z, 2dT. */
export const POINT_BYTES: usize = 320;

/** 2d. */
const TWICE_D: usize = memory.data<i64>([
  45281625, 27714825, 36363642, 13898781, 229458, 15978800, 54557047, 27058993, 29715967, 9444199,
]);

/** p = the identity. */
export function setIdentity(p: usize): void {
  memory.fill(p, 0, POINT_BYTES);
  store<i64>(p + 80, 1);
  store<i64>(p + 160, 1);
}

/** c = the identity in cached form. */
export function setCachedIdentity(c: usize): void {
  memory.fill(c, 0, POINT_BYTES);
  setField(c, 1);
  setField(c + 80, 1);
  setField(c + 160, 2);
}

/** c = p, prepared for {@link addCached}. */
export function toCached(c: usize, p: usize): void {
  addField(c, p + 80, p);
  subtractField(c + 80, p + 80, p);
  addField(c + 160, p + 160, p + 160);
  multiplyField(c + 240, p + 240, TWICE_D);
}

/** r = p + c; add-2008-hwcd-3. */
export function addCached(r: usize, p: usize, c: usize): void {
  addOrSubtract(r, p, c, c + 80, false);
}

/** r = p - c. */
export function subtractCached(r: usize, p: usize, c: usize): void {
  addOrSubtract(r, p, c + 80, c, true);
}

// biome-ignore format: the two roles of the cached point differ in order and sign only
@inline
function addOrSubtract(r: usize, p: usize, sum: usize, difference: usize, isNegative: boolean): void {
  const cached = isNegative ? difference : sum;
  const a = scratch;
  const b = scratch + 80;
  const c = scratch + 160;
  const d = scratch + 240;
  const e = scratch + 320;
  const f = scratch + 400;
  const g = scratch + 480;
  const h = scratch + 560;
  subtractField(a, p + 80, p);
  multiplyField(a, a, difference);
  addField(b, p + 80, p);
  multiplyField(b, b, sum);
  multiplyField(c, p + 240, cached + 240);
  multiplyField(d, p + 160, cached + 160);
  subtractField(e, b, a);
  addField(h, b, a);
  if (isNegative) {
    addField(f, d, c);
    subtractField(g, d, c);
  } else {
    subtractField(f, d, c);
    addField(g, d, c);
  }
  multiplyField(r, e, f);
  multiplyField(r + 80, g, h);
  multiplyField(r + 240, e, h);
  multiplyField(r + 160, f, g);
}

/** r = p + q. */
export function addPoints(r: usize, p: usize, q: usize): void {
  toCached(cachedScratch, q);
  addCached(r, p, cachedScratch);
}

/** r = p + p; dbl-2008-hwcd, all four intermediate signs turned. */
export function doublePoint(r: usize, p: usize): void {
  const a = scratch;
  const b = scratch + 80;
  const c = scratch + 160;
  const e = scratch + 240;
  const f = scratch + 320;
  const g = scratch + 400;
  const h = scratch + 480;
  squareField(a, p);
  squareField(b, p + 80);
  squareField(c, p + 160);
  addField(c, c, c);
  carry(c);
  addField(e, p, p + 80);
  squareField(e, e);
  addField(h, a, b);
  subtractField(e, h, e);
  subtractField(g, a, b);
  addField(f, c, g);
  multiplyField(r, e, f);
  multiplyField(r + 80, g, h);
  multiplyField(r + 240, e, h);
  multiplyField(r + 160, f, g);
}

/** c = other where mask is all ones. */
export function selectCached(c: usize, other: usize, mask: i64): void {
  for (let i: usize = 0; i < POINT_BYTES; i += 80) selectField(c + i, other + i, mask);
}

/** c = -c where mask is all ones: Y+X and Y-X change places, 2dT changes its sign. */
export function negateCached(c: usize, mask: i64): void {
  const other = negationScratch;
  memory.copy(other, c + 80, 80);
  memory.copy(other + 80, c, 80);
  memory.copy(other + 160, c + 160, 80);
  negateField(other + 240, c + 240);
  selectCached(c, other, mask);
}

const scratch: usize = memory.data(640, 8);
const cachedScratch: usize = memory.data(320, 8);
const negationScratch: usize = memory.data(320, 8);
