/**
 * Products with secret scalars. The sequence of operations and of addresses depends on no secret: windows of fixed width,
 * tables that are read whole and chosen from by mask, signs by mask, complete formulas. WebAssembly has no guarantee beyond
 * that: the engine that translates it may, in principle, turn a mask into a branch. So these paths are few and small.
 */
import { BASE_POINT } from './constants';
import { copy, ELEMENT, negateIf, swapIf } from './field';
import { COMB, SUM } from './layout';
import {
  AFFINE,
  addAffine,
  addCached,
  copyPoint,
  double,
  POINT,
  setIdentity,
  toAffine,
  toCached,
} from './point';

const WINDOWS: i32 = 64;
const TABLE: usize = memory.data(8 * 160, 8);
const DIGITS: usize = memory.data(64, 8);
const CHOSEN: usize = memory.data(160, 8);
const IDENTITY_CACHED: usize = memory.data(160, 8);
const MULTIPLE: usize = memory.data(160, 8);

/** Scratch that holds traces of secrets. */
export const SECRET_SCRATCH: usize = TABLE;
export const SECRET_SCRATCH_BYTES: usize = MULTIPLE + 160 - TABLE;

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
  toCached(TABLE, p);
  copyPoint(MULTIPLE, p);
  for (let i: usize = 1; i < 8; i++) {
    addCached(MULTIPLE, MULTIPLE, TABLE, true);
    toCached(TABLE + POINT * i, MULTIPLE);
  }
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
