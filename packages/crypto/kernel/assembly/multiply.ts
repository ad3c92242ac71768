/**
 * Products of points and scalars. Scalars are 32 bytes, little-endian, below the group's order. Only {@link multiplySecret} is
 * for secrets: it does the same steps and reads the same addresses for every scalar. The others are for public data.
 */
import {
  addCached,
  addPoints,
  doublePoint,
  negateCached,
  POINT_BYTES,
  selectCached,
  setCachedIdentity,
  setIdentity,
  subtractCached,
  toCached,
} from './point';

const SECRET_DIGITS: i32 = 64;
const PAIR_DIGITS: i32 = 256;
const PAIR_WIDTH: i32 = 5;
const PAIR_TABLE: i32 = 8;

/** r = scalar·p for a secret scalar: 64 signed digits of four bits, each looked up by reading the whole table. */
export function multiplySecret(r: usize, p: usize, scalar: usize): void {
  const table = secretTable;
  memory.copy(multiple, p, POINT_BYTES);
  for (let i = 0; i < 8; i++) {
    toCached(table + POINT_BYTES * i, multiple);
    if (i < 7) addCached(multiple, p, table + POINT_BYTES * i);
  }
  recodeNibbles(scalar);
  setIdentity(r);
  for (let i = SECRET_DIGITS - 1; i >= 0; i--) {
    for (let k = 0; k < 4 && i < SECRET_DIGITS - 1; k++) doublePoint(r, r);
    const digit: i64 = load<i8>(digits + i);
    const sign: i64 = digit >> 63;
    const size: i64 = (digit ^ sign) - sign;
    setCachedIdentity(picked);
    for (let k: i64 = 1; k <= 8; k++) {
      const difference: i64 = size ^ k;
      const isPicked: i64 = ((difference | -difference) >> 63) ^ -1;
      selectCached(picked, table + POINT_BYTES * <usize>(k - 1), isPicked);
    }
    negateCached(picked, sign);
    addCached(r, r, picked);
  }
}

/** Digits in [-8, 8] of base 16: a borrow of 16 goes up as 1. The highest needs none, as scalars are below 2^253. */
function recodeNibbles(scalar: usize): void {
  let borrow: i32 = 0;
  for (let i = 0; i < SECRET_DIGITS; i++) {
    const byte = load<u8>(scalar + (i >> 1));
    const digit: i32 = ((byte >> ((i & 1) << 2)) & 15) + borrow;
    borrow = (digit + 7) >> 4;
    store<i8>(digits + i, <i8>(digit - (borrow << 4)));
  }
}

/** r = a·p + b·q for public scalars: both in one chain of doublings, with digits of wNAF of width 5. */
export function multiplyPair(r: usize, p: usize, a: usize, q: usize, b: usize): void {
  oddMultiples(pairTableP, p);
  oddMultiples(pairTableQ, q);
  recodeWnaf(digits, a);
  recodeWnaf(digits + PAIR_DIGITS, b);
  setIdentity(r);
  let i = PAIR_DIGITS - 1;
  while (i >= 0 && load<i8>(digits + i) == 0 && load<i8>(digits + PAIR_DIGITS + i) == 0) i--;
  for (; i >= 0; i--) {
    doublePoint(r, r);
    addDigit(r, pairTableP, load<i8>(digits + i));
    addDigit(r, pairTableQ, load<i8>(digits + PAIR_DIGITS + i));
  }
}

function addDigit(r: usize, table: usize, digit: i32): void {
  if (digit > 0) addCached(r, r, table + POINT_BYTES * (digit >> 1));
  else if (digit < 0) subtractCached(r, r, table + POINT_BYTES * (-digit >> 1));
}

/** 1, 3, 5 … 15 times p, cached. */
function oddMultiples(table: usize, p: usize): void {
  toCached(table, p);
  doublePoint(multiple, p);
  toCached(picked, multiple);
  memory.copy(multiple, p, POINT_BYTES);
  for (let i = 1; i < PAIR_TABLE; i++) {
    addCached(multiple, multiple, picked);
    toCached(table + POINT_BYTES * i, multiple);
  }
}

/** Odd digits in (-16, 16), at least four zeros behind each. */
function recodeWnaf(out: usize, scalar: usize): void {
  memory.fill(out, 0, PAIR_DIGITS);
  let carry: i32 = 0;
  let at: i32 = 0;
  while (at < PAIR_DIGITS) {
    if (bitsAt(scalar, at, 1) == carry) {
      at++;
      continue;
    }
    let digit = bitsAt(scalar, at, PAIR_WIDTH) + carry;
    carry = digit >> (PAIR_WIDTH - 1);
    digit -= carry << PAIR_WIDTH;
    store<i8>(out + at, <i8>digit);
    at += PAIR_WIDTH;
  }
}

/** `count` bits from bit `at` on; zeros beyond bit 255. */
function bitsAt(scalar: usize, at: i32, count: i32): i32 {
  const byte = at >> 3;
  let window: u32 = byte < 32 ? load<u8>(scalar + byte) : 0;
  if (byte + 1 < 32) window |= (<u32>load<u8>(scalar + byte + 1)) << 8;
  if (byte + 2 < 32) window |= (<u32>load<u8>(scalar + byte + 2)) << 16;
  return <i32>((window >> (at & 7)) & ((1 << count) - 1));
}

/** Bytes of scratch memory that {@link sumOfProducts} needs. */
export function sumScratchBytes(count: i32, bits: i32): usize {
  return POINT_BYTES * (count + (1 << (bits - 1))) + 2 * windowsOf(bits) * count;
}

/** r = Σ scalars[i]·points[i] for public scalars: buckets with signed digits of `bits` bits (Pippenger). */
export function sumOfProducts(r: usize, count: i32, scalars: usize, points: usize, bits: i32, scratch: usize): void {
  const windows = windowsOf(bits);
  const half = 1 << (bits - 1);
  const cached = scratch;
  const buckets = cached + POINT_BYTES * count;
  const digitsOf = buckets + POINT_BYTES * half;
  for (let i = 0; i < count; i++) {
    toCached(cached + POINT_BYTES * i, points + POINT_BYTES * i);
    recodeSigned(digitsOf + 2 * windows * i, scalars + 32 * i, bits, windows);
  }
  setIdentity(r);
  for (let w = windows - 1; w >= 0; w--) {
    for (let k = 0; k < bits && w < windows - 1; k++) doublePoint(r, r);
    for (let b = 0; b < half; b++) setIdentity(buckets + POINT_BYTES * b);
    for (let i = 0; i < count; i++) {
      const digit: i32 = load<i16>(digitsOf + 2 * (windows * i + w));
      const bucket = buckets + POINT_BYTES * ((digit < 0 ? -digit : digit) - 1);
      if (digit > 0) addCached(bucket, bucket, cached + POINT_BYTES * i);
      else if (digit < 0) subtractCached(bucket, bucket, cached + POINT_BYTES * i);
    }
    setIdentity(running);
    setIdentity(total);
    for (let b = half - 1; b >= 0; b--) {
      addPoints(running, running, buckets + POINT_BYTES * b);
      addPoints(total, total, running);
    }
    addPoints(r, r, total);
  }
}

function windowsOf(bits: i32): i32 {
  return (253 + bits) / bits;
}

function recodeSigned(out: usize, scalar: usize, bits: i32, windows: i32): void {
  const half = 1 << (bits - 1);
  let carry: i32 = 0;
  for (let w = 0; w < windows; w++) {
    let digit = bitsAt(scalar, w * bits, bits) + carry;
    carry = digit > half ? 1 : 0;
    digit -= carry << bits;
    store<i16>(out + 2 * w, <i16>digit);
  }
}

const secretTable: usize = memory.data(2560, 8);
const pairTableP: usize = memory.data(2560, 8);
const pairTableQ: usize = memory.data(2560, 8);
const multiple: usize = memory.data(320, 8);
const picked: usize = memory.data(320, 8);
const running: usize = memory.data(320, 8);
const total: usize = memory.data(320, 8);
const digits: usize = memory.data(512, 8);
