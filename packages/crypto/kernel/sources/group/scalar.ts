/**
 * Scalars mod L = 2^252 + 27742317777372353535851937790883648493: 32 bytes, little-endian, in [0, L). Products are by
 * Montgomery's method with R = 2^256, so a scalar may also be kept as s·R ("in form"). Nothing here branches on a value.
 */
const L0: u64 = 0x5cf5d3ed;
const L1: u64 = 0x5812631a;
const L2: u64 = 0xa2f79cd6;
const L3: u64 = 0x14def9de;
const L7: u64 = 0x10000000;
/** -1/L mod 2^32. */
const FACTOR: u64 = 0x12547e1b;
const LOW: u64 = 0xffffffff;

const ORDER: usize = memory.data<u32>([
  0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0x00000000, 0x00000000, 0x00000000, 0x10000000,
]);
/** R mod L: 1 in form. */
export const FORM_ONE: usize = memory.data<u32>([
  0x8d98951d, 0xd6ec3174, 0x737dcf70, 0xc6ef5bf4, 0xfffffffe, 0xffffffff, 0xffffffff, 0x0fffffff,
]);
/** R² mod L. */
const FORM_R: usize = memory.data<u32>([
  0x449c0f01, 0xa40611e3, 0x68859347, 0xd00e1ba7, 0x17f5be65, 0xceec73d2, 0x7c309a3d, 0x0399411b,
]);
/** 1. */
export const SCALAR_ONE: usize = memory.data<u32>([1, 0, 0, 0, 0, 0, 0, 0]);
/** 0. */
export const SCALAR_ZERO: usize = memory.data<u32>([0, 0, 0, 0, 0, 0, 0, 0]);
/** L - 2: the exponent of an inverse. */
const INVERSE_EXPONENT: usize = memory.data<u32>([
  0x5cf5d3eb, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0x00000000, 0x00000000, 0x00000000, 0x10000000,
]);

const PRODUCT: usize = memory.data(32, 8);
const HIGH: usize = memory.data(32, 8);
const POWERS: usize = memory.data(16 * 32, 8);

/** r = a. */
export function copyScalar(r: usize, a: usize): void {
  store<u64>(r, load<u64>(a));
  store<u64>(r, load<u64>(a, 8), 8);
  store<u64>(r, load<u64>(a, 16), 16);
  store<u64>(r, load<u64>(a, 24), 24);
}

/** 1 where the 32 bytes are below L, else 0. */
export function isCanonical(a: usize): i32 {
  let borrow: i64 = 0;
  for (let i: usize = 0; i < 32; i += 4) borrow = (<i64>load<u32>(a + i) - <i64>load<u32>(ORDER + i) + borrow) >> 32;
  return -(<i32>borrow);
}

/** 1 where a is zero, else 0. */
export function isZeroScalar(a: usize): i32 {
  const any = load<u64>(a) | load<u64>(a, 8) | load<u64>(a, 16) | load<u64>(a, 24);
  return 1 - <i32>((any | (0 - any)) >> 63);
}

/** Subtracts L once where r + 2^256·top is L or more. */
function reduceOnce(r: usize, top: i64): void {
  let borrow: i64 = 0;
  for (let i: usize = 0; i < 32; i += 4) borrow = (<i64>load<u32>(r + i) - <i64>load<u32>(ORDER + i) + borrow) >> 32;
  const mask: i64 = ~((top + borrow) >> 63);
  borrow = 0;
  for (let i: usize = 0; i < 32; i += 4) {
    borrow += <i64>load<u32>(r + i) - (<i64>load<u32>(ORDER + i) & mask);
    store<u32>(r + i, <u32>borrow);
    borrow >>= 32;
  }
}

/** r = a + b. */
export function addScalars(r: usize, a: usize, b: usize): void {
  let carry: u64 = 0;
  for (let i: usize = 0; i < 32; i += 4) {
    carry += <u64>load<u32>(a + i) + <u64>load<u32>(b + i);
    store<u32>(r + i, <u32>carry);
    carry >>= 32;
  }
  reduceOnce(r, 0);
}

/** r = a - b. */
export function subtractScalars(r: usize, a: usize, b: usize): void {
  let borrow: i64 = 0;
  for (let i: usize = 0; i < 32; i += 4) {
    borrow += <i64>load<u32>(a + i) - <i64>load<u32>(b + i);
    store<u32>(r + i, <u32>borrow);
    borrow >>= 32;
  }
  const mask = borrow;
  let carry: i64 = 0;
  for (let i: usize = 0; i < 32; i += 4) {
    carry += <i64>load<u32>(r + i) + (<i64>load<u32>(ORDER + i) & mask);
    store<u32>(r + i, <u32>carry);
    carry >>= 32;
  }
}

/** r = -a. */
export function negateScalar(r: usize, a: usize): void {
  subtractScalars(r, SCALAR_ZERO, a);
}

/** r = a/2: the half of a, or of a + L where a is odd. */
export function halveScalar(r: usize, a: usize): void {
  const mask: u64 = 0 - (load<u64>(a) & 1);
  let carry: u64 = 0;
  for (let i: usize = 0; i < 32; i += 4) {
    carry += <u64>load<u32>(a + i) + (<u64>load<u32>(ORDER + i) & mask);
    store<u32>(r + i, <u32>carry);
    carry >>= 32;
  }
  for (let i: usize = 0; i < 24; i += 8) store<u64>(r + i, (load<u64>(r + i) >> 1) | (load<u64>(r + i, 8) << 63));
  store<u64>(r, load<u64>(r, 24) >> 1, 24);
}

/** r = a·b/R for a below 2^256 and b below L. r may be a or b. */
export function multiplyForm(r: usize, a: usize, b: usize): void {
  const a0: u64 = load<u32>(a);
  const a1: u64 = load<u32>(a, 4);
  const a2: u64 = load<u32>(a, 8);
  const a3: u64 = load<u32>(a, 12);
  const a4: u64 = load<u32>(a, 16);
  const a5: u64 = load<u32>(a, 20);
  const a6: u64 = load<u32>(a, 24);
  const a7: u64 = load<u32>(a, 28);
  let t0: u64 = 0;
  let t1: u64 = 0;
  let t2: u64 = 0;
  let t3: u64 = 0;
  let t4: u64 = 0;
  let t5: u64 = 0;
  let t6: u64 = 0;
  let t7: u64 = 0;
  for (let i: usize = 0; i < 32; i += 4) {
    const limb: u64 = load<u32>(b + i);
    t0 += a0 * limb;
    t1 += a1 * limb + (t0 >> 32);
    t2 += a2 * limb + (t1 >> 32);
    t3 += a3 * limb + (t2 >> 32);
    t4 += a4 * limb + (t3 >> 32);
    t5 += a5 * limb + (t4 >> 32);
    t6 += a6 * limb + (t5 >> 32);
    const top = t7 >> 32;
    t7 = (t7 & LOW) + a7 * limb + (t6 >> 32);
    const m = ((t0 & LOW) * FACTOR) & LOW;
    let c = ((t0 & LOW) + m * L0) >> 32;
    c += (t1 & LOW) + m * L1;
    t0 = c & LOW;
    c = (c >> 32) + (t2 & LOW) + m * L2;
    t1 = c & LOW;
    c = (c >> 32) + (t3 & LOW) + m * L3;
    t2 = c & LOW;
    c = (c >> 32) + (t4 & LOW);
    t3 = c & LOW;
    c = (c >> 32) + (t5 & LOW);
    t4 = c & LOW;
    c = (c >> 32) + (t6 & LOW);
    t5 = c & LOW;
    c = (c >> 32) + (t7 & LOW) + m * L7;
    t6 = c & LOW;
    t7 = (c >> 32) + (t7 >> 32) + top;
  }
  store<u64>(r, t0 | (t1 << 32));
  store<u64>(r, t2 | (t3 << 32), 8);
  store<u64>(r, t4 | (t5 << 32), 16);
  store<u64>(r, t6 | (t7 << 32), 24);
  reduceOnce(r, <i64>(t7 >> 32));
}

/** r = a·R: into form. a may be any 32 bytes. */
export function toForm(r: usize, a: usize): void {
  multiplyForm(r, a, FORM_R);
}

/** r = a/R: out of form. */
export function fromForm(r: usize, a: usize): void {
  multiplyForm(r, a, SCALAR_ONE);
}

/** r = a·b, neither in form. */
export function multiplyScalars(r: usize, a: usize, b: usize): void {
  multiplyForm(PRODUCT, a, b);
  multiplyForm(r, PRODUCT, FORM_R);
}

/** r = 64 bytes mod L. */
export function reduceWide(r: usize, bytes: usize): void {
  multiplyForm(HIGH, bytes + 32, FORM_R);
  multiplyForm(PRODUCT, bytes, FORM_ONE);
  addScalars(r, HIGH, PRODUCT);
}

/** r = 1/a, both in form; 0 for 0. The exponent is no secret. */
export function invertForm(r: usize, a: usize): void {
  copyScalar(POWERS, FORM_ONE);
  for (let i: usize = 1; i < 16; i++) multiplyForm(POWERS + 32 * i, POWERS + 32 * (i - 1), a);
  copyScalar(PRODUCT, FORM_ONE);
  for (let i: i32 = 63; i >= 0; i--) {
    for (let j = 0; j < 4; j++) multiplyForm(PRODUCT, PRODUCT, PRODUCT);
    const digit: usize = (<i32>load<u8>(INVERSE_EXPONENT + <usize>(i >> 1)) >> (4 * (i & 1))) & 15;
    if (digit !== 0) multiplyForm(PRODUCT, PRODUCT, POWERS + 32 * digit);
  }
  copyScalar(r, PRODUCT);
}
