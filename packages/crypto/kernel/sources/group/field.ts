/**
 * The field of 2^255 - 19 without products: sums, encodings, choices by mask, inverse and square root. Nothing here branches
 * on a value.
 */
import { ONE, SQRT_M1 } from './constants';
import { multiply, square, squareTimes } from './field-products';

/** Bytes of an element in memory. */
export const ELEMENT: usize = 40;

const BYTES_A: usize = memory.data(32, 8);
const BYTES_B: usize = memory.data(32, 8);
const POWER_0: usize = memory.data(40, 8);
const POWER_1: usize = memory.data(40, 8);
const POWER_2: usize = memory.data(40, 8);
const ROOT_V3: usize = memory.data(40, 8);
const ROOT_R: usize = memory.data(40, 8);
const ROOT_CHECK: usize = memory.data(40, 8);
const ROOT_TEMP: usize = memory.data(40, 8);
const DIFFERENCE: usize = memory.data(40, 8);

/** h = f. */
export function copy(h: usize, f: usize): void {
  store<u64>(h, load<u64>(f));
  store<u64>(h, load<u64>(f, 8), 8);
  store<u64>(h, load<u64>(f, 16), 16);
  store<u64>(h, load<u64>(f, 24), 24);
  store<u64>(h, load<u64>(f, 32), 32);
}

/** h = f + g, limb by limb: a sum of two. */
export function add(h: usize, f: usize, g: usize): void {
  store<i32>(h, load<i32>(f) + load<i32>(g));
  store<i32>(h, load<i32>(f, 4) + load<i32>(g, 4), 4);
  store<i32>(h, load<i32>(f, 8) + load<i32>(g, 8), 8);
  store<i32>(h, load<i32>(f, 12) + load<i32>(g, 12), 12);
  store<i32>(h, load<i32>(f, 16) + load<i32>(g, 16), 16);
  store<i32>(h, load<i32>(f, 20) + load<i32>(g, 20), 20);
  store<i32>(h, load<i32>(f, 24) + load<i32>(g, 24), 24);
  store<i32>(h, load<i32>(f, 28) + load<i32>(g, 28), 28);
  store<i32>(h, load<i32>(f, 32) + load<i32>(g, 32), 32);
  store<i32>(h, load<i32>(f, 36) + load<i32>(g, 36), 36);
}

/** h = f - g, limb by limb: a sum of two. */
export function subtract(h: usize, f: usize, g: usize): void {
  store<i32>(h, load<i32>(f) - load<i32>(g));
  store<i32>(h, load<i32>(f, 4) - load<i32>(g, 4), 4);
  store<i32>(h, load<i32>(f, 8) - load<i32>(g, 8), 8);
  store<i32>(h, load<i32>(f, 12) - load<i32>(g, 12), 12);
  store<i32>(h, load<i32>(f, 16) - load<i32>(g, 16), 16);
  store<i32>(h, load<i32>(f, 20) - load<i32>(g, 20), 20);
  store<i32>(h, load<i32>(f, 24) - load<i32>(g, 24), 24);
  store<i32>(h, load<i32>(f, 28) - load<i32>(g, 28), 28);
  store<i32>(h, load<i32>(f, 32) - load<i32>(g, 32), 32);
  store<i32>(h, load<i32>(f, 36) - load<i32>(g, 36), 36);
}

/** h = -f. */
export function negate(h: usize, f: usize): void {
  for (let i: usize = 0; i < ELEMENT; i += 4) store<i32>(h + i, -load<i32>(f + i));
}

/** Takes f for h where mask is -1; leaves h where it is 0. */
export function select(h: usize, f: usize, mask: i32): void {
  for (let i: usize = 0; i < ELEMENT; i += 4) {
    const old = load<i32>(h + i);
    store<i32>(h + i, old ^ (mask & (old ^ load<i32>(f + i))));
  }
}

/** h = -h where mask is -1. */
export function negateIf(h: usize, mask: i32): void {
  for (let i: usize = 0; i < ELEMENT; i += 4) store<i32>(h + i, (load<i32>(h + i) ^ mask) - mask);
}

/** Swaps f and g where mask is -1. */
export function swapIf(f: usize, g: usize, mask: i32): void {
  for (let i: usize = 0; i < ELEMENT; i += 4) {
    const difference = mask & (load<i32>(f + i) ^ load<i32>(g + i));
    store<i32>(f + i, load<i32>(f + i) ^ difference);
    store<i32>(g + i, load<i32>(g + i) ^ difference);
  }
}

/** Reads 32 bytes, little-endian; bit 255 is ignored, and values of p and above are taken mod p. */
export function fromBytes(h: usize, bytes: usize): void {
  const w0 = load<u64>(bytes);
  const w1 = load<u64>(bytes, 8);
  const w2 = load<u64>(bytes, 16);
  const w3 = load<u64>(bytes, 24);
  store<u32>(h, <u32>(w0 & 0x3ffffff));
  store<u32>(h, <u32>((w0 >> 26) & 0x1ffffff), 4);
  store<u32>(h, <u32>(((w0 >> 51) | (w1 << 13)) & 0x3ffffff), 8);
  store<u32>(h, <u32>((w1 >> 13) & 0x1ffffff), 12);
  store<u32>(h, <u32>((w1 >> 38) & 0x3ffffff), 16);
  store<u32>(h, <u32>(w2 & 0x1ffffff), 20);
  store<u32>(h, <u32>((w2 >> 25) & 0x3ffffff), 24);
  store<u32>(h, <u32>(((w2 >> 51) | (w3 << 13)) & 0x1ffffff), 28);
  store<u32>(h, <u32>((w3 >> 12) & 0x3ffffff), 32);
  store<u32>(h, <u32>((w3 >> 38) & 0x1ffffff), 36);
}

/** Writes the 32 bytes of the value in [0, p). f may be a sum of seven. */
export function toBytes(bytes: usize, f: usize): void {
  multiply(POWER_0, f, ONE);
  const h = POWER_0;
  let q = (19 * load<i32>(h, 36) + (1 << 24)) >> 25;
  for (let i: usize = 0; i < ELEMENT; i += 8) {
    q = (load<i32>(h + i) + q) >> 26;
    q = (load<i32>(h + i, 4) + q) >> 25;
  }
  let carry: i64 = 19 * q;
  for (let i: usize = 0; i < ELEMENT; i += 8) {
    carry += load<i32>(h + i);
    store<i32>(h + i, <i32>(carry & 0x3ffffff));
    carry = (carry >> 26) + load<i32>(h + i, 4);
    store<i32>(h + i, <i32>(carry & 0x1ffffff), 4);
    carry >>= 25;
  }
  const limb2: u64 = load<u32>(h, 8);
  const limb7: u64 = load<u32>(h, 28);
  store<u64>(bytes, <u64>load<u32>(h) | ((<u64>load<u32>(h, 4)) << 26) | (limb2 << 51));
  store<u64>(bytes, (limb2 >> 13) | ((<u64>load<u32>(h, 12)) << 13) | ((<u64>load<u32>(h, 16)) << 38), 8);
  store<u64>(bytes, <u64>load<u32>(h, 20) | ((<u64>load<u32>(h, 24)) << 25) | (limb7 << 51), 16);
  store<u64>(bytes, (limb7 >> 13) | ((<u64>load<u32>(h, 32)) << 12) | ((<u64>load<u32>(h, 36)) << 38), 24);
}

/** -1 where f is zero, 0 where it is not. */
export function isZero(f: usize): i32 {
  toBytes(BYTES_A, f);
  const any = load<u64>(BYTES_A) | load<u64>(BYTES_A, 8) | load<u64>(BYTES_A, 16) | load<u64>(BYTES_A, 24);
  return <i32>((any | (0 - any)) >> 63) - 1;
}

/** -1 where f = g, 0 where it is not. */
export function areEqual(f: usize, g: usize): i32 {
  subtract(DIFFERENCE, f, g);
  return isZero(DIFFERENCE);
}

/** -1 where f is negative (odd in [0, p)), 0 where it is not. */
export function isNegative(f: usize): i32 {
  toBytes(BYTES_B, f);
  return -(<i32>load<u8>(BYTES_B) & 1);
}

/** h = |f|: -f where f is negative. */
export function absolute(h: usize, f: usize): void {
  if (h !== f) copy(h, f);
  negateIf(h, isNegative(h));
}

/** h = f^(2^250 - 1), and POWER_1 = f^11. h is not f. */
function powerOf250Ones(h: usize, f: usize): void {
  square(POWER_0, f);
  squareTimes(POWER_1, POWER_0, 2);
  multiply(POWER_1, f, POWER_1);
  multiply(POWER_0, POWER_0, POWER_1);
  copy(POWER_2, POWER_0);
  square(POWER_0, POWER_0);
  multiply(POWER_0, POWER_1, POWER_0);
  copy(POWER_1, POWER_2);
  squareTimes(POWER_2, POWER_0, 5);
  multiply(POWER_0, POWER_2, POWER_0);
  squareTimes(POWER_2, POWER_0, 10);
  multiply(POWER_2, POWER_2, POWER_0);
  squareTimes(h, POWER_2, 20);
  multiply(POWER_2, h, POWER_2);
  squareTimes(POWER_2, POWER_2, 10);
  multiply(POWER_0, POWER_2, POWER_0);
  squareTimes(POWER_2, POWER_0, 50);
  multiply(POWER_2, POWER_2, POWER_0);
  squareTimes(h, POWER_2, 100);
  multiply(POWER_2, h, POWER_2);
  squareTimes(POWER_2, POWER_2, 50);
  multiply(h, POWER_2, POWER_0);
}

/** h = 1/f, and 0 for 0. h is not f. */
export function invert(h: usize, f: usize): void {
  powerOf250Ones(h, f);
  squareTimes(h, h, 5);
  multiply(h, h, POWER_1);
}

/** h = f^((p - 5)/8). h is not f. */
function powerP58(h: usize, f: usize): void {
  powerOf250Ones(h, f);
  squareTimes(h, h, 2);
  multiply(h, h, f);
}

/**
 * SQRT_RATIO_M1 of RFC 9496, 4.2: h = √(u/v) where there is one, else √(i·u/v); never negative. -1 where u/v is a square, 0
 * where it is not. h is neither u nor v.
 */
export function sqrtRatio(h: usize, u: usize, v: usize): i32 {
  square(ROOT_V3, v);
  multiply(ROOT_V3, ROOT_V3, v);
  square(ROOT_R, ROOT_V3);
  multiply(ROOT_R, ROOT_R, v);
  multiply(ROOT_TEMP, ROOT_R, u);
  powerP58(ROOT_R, ROOT_TEMP);
  multiply(ROOT_R, ROOT_R, ROOT_V3);
  multiply(ROOT_R, ROOT_R, u);
  square(ROOT_CHECK, ROOT_R);
  multiply(ROOT_CHECK, ROOT_CHECK, v);
  const isRoot = areEqual(ROOT_CHECK, u);
  negate(ROOT_TEMP, u);
  const isRootOfMinus = areEqual(ROOT_CHECK, ROOT_TEMP);
  multiply(ROOT_TEMP, ROOT_TEMP, SQRT_M1);
  const isRootOfMinusI = areEqual(ROOT_CHECK, ROOT_TEMP);
  multiply(ROOT_TEMP, ROOT_R, SQRT_M1);
  select(ROOT_R, ROOT_TEMP, isRootOfMinus | isRootOfMinusI);
  absolute(h, ROOT_R);
  return isRoot | isRootOfMinus;
}
