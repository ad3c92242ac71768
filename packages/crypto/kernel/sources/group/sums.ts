/**
 * Sums of products for public scalars: variable time, with branches and addresses that depend on them. Never for secrets.
 * Few points: interleaved windows (Straus); many: buckets (Pippenger); points that are known beforehand have tables.
 */
import {
  FIXED_ENTRIES,
  FIXED_WIDTH,
  SLOT_SCALARS,
  SUM,
  TABLE_BYTES,
  TABLES,
  TERM_POINTS,
  TERM_SCALARS,
} from '../layout';
import {
  AFFINE,
  addAffine,
  addCached,
  addPoints,
  copyPoint,
  double,
  POINT,
  setIdentity,
  subtractAffine,
  subtractCached,
  toAffine,
  toCached,
} from './point';

/** Signed digits of a scalar, one for each of 256 bits. */
export const DIGITS: i32 = 256;
/** Width of digits for points without a table: odd multiples 1 to 15. */
export const TERM_WIDTH: i32 = 5;
/** Bytes of a table of a point: eight cached points. */
export const TERM_TABLE: usize = 8 * POINT;
/** From here on buckets are faster: measured. */
const STRAUS_MAX: i32 = 200;

const MULTIPLE: usize = memory.data(160, 8);
const TWICE: usize = memory.data(160, 8);
const RUNNING: usize = memory.data(160, 8);
const TOTAL: usize = memory.data(160, 8);
const PARTIAL: usize = memory.data(160, 8);
const CACHED: usize = memory.data(160, 8);

/** Signed odd digits below 2^(width - 1), at least width - 1 zeros between two; digit i is at digits + i·stride. */
export function recode(digits: usize, stride: usize, scalar: usize, width: i32): void {
  for (let i = 0; i < DIGITS; i++) store<i8>(digits + stride * <usize>i, 0);
  const size = 1 << width;
  let position = 0;
  let carry = 0;
  while (position < DIGITS) {
    const window = carry + bitsAt(scalar, position, width);
    if ((window & 1) === 0) {
      position++;
      continue;
    }
    carry = window < size >> 1 ? 0 : 1;
    store<i8>(digits + stride * <usize>position, <i8>(carry === 0 ? window : window - size));
    position += width;
  }
}

/** `width` bits of a scalar from a position on, zeros behind its end. */
function bitsAt(scalar: usize, position: i32, width: i32): i32 {
  const word = position >> 6;
  const shift: u64 = position & 63;
  let bits = load<u64>(scalar + 8 * <usize>word) >> shift;
  if (shift > 54 && word < 3) bits |= load<u64>(scalar + 8 * <usize>word, 8) << (64 - shift);
  return <i32>bits & ((1 << width) - 1);
}

/** Table of a point: its odd multiples 1 to 15, cached. */
export function makeTable(table: usize, point: usize): void {
  double(TWICE, point, true);
  toCached(CACHED, TWICE);
  copyPoint(MULTIPLE, point);
  toCached(table, MULTIPLE);
  for (let i: usize = 1; i < 8; i++) {
    addCached(MULTIPLE, MULTIPLE, CACHED, true);
    toCached(table + POINT * i, MULTIPLE);
  }
}

/** Table of a fixed point, affine, for its slot. */
export function makeFixedTable(slot: i32, point: usize): void {
  double(TWICE, point, true);
  toCached(CACHED, TWICE);
  copyPoint(SUM, point);
  for (let i: usize = 1; i < FIXED_ENTRIES; i++) addCached(SUM + POINT * i, SUM + POINT * (i - 1), CACHED, true);
  const products = SUM + POINT * FIXED_ENTRIES;
  toAffine(TABLES + TABLE_BYTES * <usize>slot, SUM, <i32>FIXED_ENTRIES, products);
}

function addDigit(r: usize, table: usize, digit: i32, withT: bool): void {
  if (digit > 0) addCached(r, r, table + POINT * <usize>(digit >> 1), withT);
  else subtractCached(r, r, table + POINT * <usize>(-digit >> 1), withT);
}

function addFixedDigit(r: usize, table: usize, digit: i32, withT: bool): void {
  if (digit > 0) addAffine(r, r, table + AFFINE * <usize>(digit >> 1), withT);
  else subtractAffine(r, r, table + AFFINE * <usize>(-digit >> 1), withT);
}

/** r = a·A + b·B, from tables of A and B and the digits of a and b. */
export function sumOfTwo(r: usize, tableA: usize, digitsA: usize, tableB: usize, digitsB: usize): void {
  setIdentity(r);
  let isEmpty = true;
  for (let i = DIGITS - 1; i >= 0; i--) {
    const a: i32 = load<i8>(digitsA + <usize>i);
    const b: i32 = load<i8>(digitsB + <usize>i);
    if (!isEmpty) double(r, r, (a | b) !== 0 || i === 0);
    if (a !== 0) addDigit(r, tableA, a, b !== 0 || i === 0);
    if (b !== 0) addDigit(r, tableB, b, i === 0);
    if ((a | b) !== 0) isEmpty = false;
  }
}

/** r = a·A + b·B, where A is the fixed point of a slot; digits of a have {@link FIXED_WIDTH}. */
export function sumWithFixed(r: usize, slot: i32, digitsA: usize, tableB: usize, digitsB: usize): void {
  const table = TABLES + TABLE_BYTES * <usize>slot;
  setIdentity(r);
  let isEmpty = true;
  for (let i = DIGITS - 1; i >= 0; i--) {
    const a: i32 = load<i8>(digitsA + <usize>i);
    const b: i32 = load<i8>(digitsB + <usize>i);
    if (!isEmpty) double(r, r, (a | b) !== 0 || i === 0);
    if (a !== 0) addFixedDigit(r, table, a, b !== 0 || i === 0);
    if (b !== 0) addDigit(r, tableB, b, i === 0);
    if ((a | b) !== 0) isEmpty = false;
  }
}

/** r = Σ over the first `slots` fixed points and the first `terms` other terms, each with its scalar. */
export function sumOfProducts(r: usize, slots: i32, terms: i32): void {
  if (terms <= STRAUS_MAX) {
    straus(r, slots, terms);
    return;
  }
  buckets(PARTIAL, terms);
  if (slots === 0) {
    copyPoint(r, PARTIAL);
    return;
  }
  straus(r, slots, 0);
  addPoints(r, r, PARTIAL);
}

/** Interleaved windows: digits of all scalars side by side, so that eight zeros are one comparison. */
function straus(r: usize, slots: i32, terms: i32): void {
  const stride: usize = (<usize>(slots + terms) + 7) & ~7;
  const tables = SUM + stride * <usize>DIGITS;
  memory.fill(SUM, 0, stride * <usize>DIGITS);
  for (let i: usize = 0; i < <usize>slots; i++) recode(SUM + i, stride, SLOT_SCALARS + 32 * i, FIXED_WIDTH);
  for (let i: usize = 0; i < <usize>terms; i++) {
    recode(SUM + <usize>slots + i, stride, TERM_SCALARS + 32 * i, TERM_WIDTH);
    makeTable(tables + TERM_TABLE * i, TERM_POINTS + POINT * i);
  }
  setIdentity(r);
  let isEmpty = true;
  for (let bit = DIGITS - 1; bit >= 0; bit--) {
    const row = SUM + stride * <usize>bit;
    if (!isEmpty) double(r, r, true);
    for (let group: usize = 0; group < stride; group += 8) {
      if (load<u64>(row + group) === 0) continue;
      isEmpty = false;
      for (let i = group; i < group + 8; i++) {
        const digit: i32 = load<i8>(row + i);
        if (digit === 0) continue;
        if (i < <usize>slots) addFixedDigit(r, TABLES + TABLE_BYTES * i, digit, true);
        else addDigit(r, tables + TERM_TABLE * (i - <usize>slots), digit, true);
      }
    }
  }
}

/** Width of buckets for so many terms: measured. */
function bucketWidth(terms: i32): i32 {
  if (terms < 400) return 6;
  if (terms < 900) return 7;
  return terms < 2500 ? 8 : 9;
}

/** Buckets: for each window of digits, terms with one digit are summed first (Pippenger). */
function buckets(r: usize, terms: i32): void {
  const width = bucketWidth(terms);
  const windows = 254 / width + 1;
  const cached = SUM;
  const digits = cached + POINT * <usize>terms;
  const list = (digits + 2 * <usize>(windows * terms) + 7) & ~7;
  for (let i = 0; i < terms; i++) {
    toCached(cached + POINT * <usize>i, TERM_POINTS + POINT * <usize>i);
    let carry = 0;
    for (let w = 0; w < windows; w++) {
      let digit = carry + (w * width < DIGITS ? bitsAt(TERM_SCALARS + 32 * <usize>i, w * width, width) : 0);
      carry = digit >= 1 << (width - 1) && w < windows - 1 ? 1 : 0;
      digit -= carry << width;
      store<i16>(digits + 2 * <usize>(w * terms + i), <i16>digit);
    }
  }
  setIdentity(r);
  for (let w = windows - 1; w >= 0; w--) {
    if (w < windows - 1) for (let i = 0; i < width; i++) double(r, r, i === width - 1);
    const top = fillBuckets(list, digits + 2 * <usize>(w * terms), cached, terms);
    if (top > 0) addBuckets(r, list, top);
  }
}

/** Sums of the terms by digit; bucket d, for d from 1 on, is at list + 160·d. The highest that is in use. */
function fillBuckets(list: usize, digits: usize, cached: usize, terms: i32): usize {
  let top: usize = 0;
  for (let i: usize = 0; i < <usize>terms; i++) {
    const digit: i32 = load<i16>(digits + 2 * i);
    const bucket = <usize>(digit < 0 ? -digit : digit);
    while (top < bucket) setIdentity(list + POINT * ++top);
    const at = list + POINT * bucket;
    if (digit > 0) addCached(at, at, cached + POINT * i, true);
    else if (digit < 0) subtractCached(at, at, cached + POINT * i, true);
  }
  return top;
}

/** r += Σ d·bucket d, by running sums. */
function addBuckets(r: usize, list: usize, top: usize): void {
  copyPoint(RUNNING, list + POINT * top);
  copyPoint(TOTAL, RUNNING);
  for (let d = top - 1; d > 0; d--) {
    addPoints(RUNNING, RUNNING, list + POINT * d);
    addPoints(TOTAL, TOTAL, RUNNING);
  }
  addPoints(r, r, TOTAL);
}
