/**
 * Products with secret scalars. The sequence of operations and of addresses depends on no secret: windows of fixed width,
 * tables that are read whole and chosen from by mask, signs by mask, complete formulas. WebAssembly has no guarantee beyond
 * that: the engine that translates it may, in principle, turn a mask into a branch. So these paths are few and small.
 */

import { COMB, SLOT_SCALARS, SUM, TABLE_BYTES, TABLES } from '../layout';
import { BASE_POINT } from './constants';
import { copy, ELEMENT, negateIf, swapIf } from './field';
import { AFFINE, addAffine, addCached, copyPoint, double, POINT, setIdentity, toAffine, toCached } from './point';

const WINDOWS: i32 = 64;
const TABLE: usize = memory.data(8 * 160, 8);
const DIGITS: usize = memory.data(64, 8);
const CHOSEN: usize = memory.data(160, 8);
const IDENTITY_CACHED: usize = memory.data(160, 8);
const MULTIPLE: usize = memory.data(160, 8);

/** 64 digits from -8 to 7, the last from 0 to 8, of 4 bits each. */
function recodeSecret(digits: usize, stride: usize, scalar: usize): void {
  let carry: i32 = 0;
  for (let i: i32 = 0; i < WINDOWS; i++) {
    const digit = ((<i32>load<u8>(scalar + <usize>(i >> 1)) >> (4 * (i & 1))) & 15) + carry;
    carry = i < WINDOWS - 1 ? (digit + 8) >> 4 : 0;
    store<i8>(digits + stride * <usize>i, <i8>(digit - (carry << 4)));
  }
}

/** -1 where a = b, else 0; both small. */
function sameMask(a: i32, b: i32): i32 {
  return ((a ^ b) - 1) >> 31;
}

/** CHOSEN = digit·P as a cached point, from the whole table of 1·P to 8·P. */
function chooseCached(table: usize, digit: i32): void {
  const sign = digit >> 31;
  const size = (digit ^ sign) - sign;
  memory.copy(CHOSEN, IDENTITY_CACHED, POINT);
  for (let i = 1; i <= 8; i++) selectWords(CHOSEN, table + POINT * <usize>(i - 1), POINT, sameMask(size, i));
  swapIf(CHOSEN, CHOSEN + 40, sign);
  negateIf(CHOSEN + 120, sign);
}

/** CHOSEN = digit·P as an affine point. */
function chooseAffine(table: usize, digit: i32): void {
  const sign = digit >> 31;
  const size = (digit ^ sign) - sign;
  setIdentity(CHOSEN);
  copy(CHOSEN, CHOSEN + 40);
  memory.fill(CHOSEN + 80, 0, ELEMENT);
  for (let i = 1; i <= 8; i++) selectWords(CHOSEN, table + AFFINE * <usize>(i - 1), AFFINE, sameMask(size, i));
  swapIf(CHOSEN, CHOSEN + 40, sign);
  negateIf(CHOSEN + 80, sign);
}

function selectWords(r: usize, p: usize, size: usize, mask: i32): void {
  const wide: u64 = <u64>(<i64>mask);
  for (let i: usize = 0; i < size; i += 8) {
    const old = load<u64>(r + i);
    store<u64>(r + i, old ^ (wide & (old ^ load<u64>(p + i))));
  }
}

/** r = scalar·p for a secret scalar below L. */
export function multiplySecret(r: usize, p: usize, scalar: usize): void {
  copyPoint(MULTIPLE, p);
  makeMultiples(TABLE);
  recodeSecret(DIGITS, 1, scalar);
  setIdentity(r);
  for (let i = WINDOWS - 1; i >= 0; i--) {
    for (let j = 0; j < 4; j++) double(r, r, j === 3);
    chooseCached(TABLE, load<i8>(DIGITS + <usize>i));
    addCached(r, r, CHOSEN, true);
  }
}

/** r = scalar·G for a secret scalar below L: even and odd windows apart, so that four doublings are enough. */
export function multiplyBaseSecret(r: usize, scalar: usize): void {
  recodeSecret(DIGITS, 1, scalar);
  setIdentity(r);
  for (let odd: i32 = 1; odd >= 0; odd--) {
    for (let row: i32 = 0; row < 32; row++) {
      chooseAffine(COMB + 8 * AFFINE * <usize>row, load<i8>(DIGITS + <usize>(2 * row + odd)));
      addAffine(r, r, CHOSEN, true);
    }
    if (odd === 1) for (let j = 0; j < 4; j++) double(r, r, j === 3);
  }
}

/** r = g where the bit is 1, else -h; affine points, and the bit a secret. */
export function chooseBit(r: usize, g: usize, h: usize, bit: i32): void {
  copy(r, h + ELEMENT);
  copy(r + ELEMENT, h);
  copy(r + 2 * ELEMENT, h + 2 * ELEMENT);
  negateIf(r + 2 * ELEMENT, -1);
  selectWords(r, g, AFFINE, -bit);
}

/**
 * r = Σ scalar·fixed point over `count` slots from `first` on, for secret scalars: fixed windows of four bits, with a table of
 * eight multiples for each point.
 */
export function sumSecretly(r: usize, first: i32, count: i32): void {
  const digits = SUM;
  const stride = <usize>count;
  const tables = (SUM + stride * <usize>WINDOWS + 7) & ~7;
  for (let i: usize = 0; i < stride; i++) {
    const slot = <usize>first + i;
    recodeSecret(digits + i, stride, SLOT_SCALARS + 32 * slot);
    setIdentity(MULTIPLE);
    addAffine(MULTIPLE, MULTIPLE, TABLES + TABLE_BYTES * slot, true);
    makeMultiples(tables + 8 * POINT * i);
  }
  setIdentity(r);
  for (let w = WINDOWS - 1; w >= 0; w--) {
    for (let j = 0; j < 4; j++) double(r, r, j === 3);
    for (let i: usize = 0; i < stride; i++) {
      chooseCached(tables + 8 * POINT * i, load<i8>(digits + stride * <usize>w + i));
      addCached(r, r, CHOSEN, true);
    }
  }
}

/** Table of 1 to 8 times MULTIPLE, cached. */
function makeMultiples(table: usize): void {
  toCached(table, MULTIPLE);
  for (let i: usize = 1; i < 8; i++) {
    addCached(MULTIPLE, MULTIPLE, table, true);
    toCached(table + POINT * i, MULTIPLE);
  }
}

/** Makes what the secret paths read: multiples 1 to 8 of 256^row·G. Once for an instance. */
export function makeComb(): void {
  setIdentity(MULTIPLE);
  toCached(IDENTITY_CACHED, MULTIPLE);
  copyPoint(MULTIPLE, BASE_POINT);
  for (let row: usize = 0; row < 32; row++) {
    toCached(CHOSEN, MULTIPLE);
    copyPoint(SUM, MULTIPLE);
    for (let i: usize = 1; i < 8; i++) addCached(SUM + POINT * i, SUM + POINT * (i - 1), CHOSEN, true);
    toAffine(COMB + 8 * AFFINE * row, SUM, 8, SUM + 8 * POINT);
    for (let j = 0; j < 8; j++) double(MULTIPLE, MULTIPLE, true);
  }
}
