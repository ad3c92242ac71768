/**
 * Numbers mod p = 2^255 - 19 as ten signed limbs of 26 and 25 bits in turn, each in an i64: the product of two limbs needs no
 * widening. Nothing here branches on a value, so secrets may pass.
 *
 * Bounds, which every formula that calls this must keep: a product takes limbs up to 1.65·2^26 (even) and 1.65·2^25 (odd), and
 * gives limbs up to 1.01·2^25 and 1.01·2^24. So a sum or difference of up to three products may be multiplied again; more need
 * {@link carry} first.
 */

/** Bytes of a number. */
export const FIELD_BYTES: usize = 80;

const HALF_26: i64 = 1 << 25;
const HALF_25: i64 = 1 << 24;

/** r = f·g. */
export function multiplyField(r: usize, f: usize, g: usize): void {
  const f0 = load<i64>(f, 0);
  const f1 = load<i64>(f, 8);
  const f2 = load<i64>(f, 16);
  const f3 = load<i64>(f, 24);
  const f4 = load<i64>(f, 32);
  const f5 = load<i64>(f, 40);
  const f6 = load<i64>(f, 48);
  const f7 = load<i64>(f, 56);
  const f8 = load<i64>(f, 64);
  const f9 = load<i64>(f, 72);
  const g0 = load<i64>(g, 0);
  const g1 = load<i64>(g, 8);
  const g2 = load<i64>(g, 16);
  const g3 = load<i64>(g, 24);
  const g4 = load<i64>(g, 32);
  const g5 = load<i64>(g, 40);
  const g6 = load<i64>(g, 48);
  const g7 = load<i64>(g, 56);
  const g8 = load<i64>(g, 64);
  const g9 = load<i64>(g, 72);
  const n1 = 19 * g1;
  const n2 = 19 * g2;
  const n3 = 19 * g3;
  const n4 = 19 * g4;
  const n5 = 19 * g5;
  const n6 = 19 * g6;
  const n7 = 19 * g7;
  const n8 = 19 * g8;
  const n9 = 19 * g9;
  const d1 = 2 * f1;
  const d3 = 2 * f3;
  const d5 = 2 * f5;
  const d7 = 2 * f7;
  const d9 = 2 * f9;
  const h0 = f0 * g0 + d1 * n9 + f2 * n8 + d3 * n7 + f4 * n6 + d5 * n5 + f6 * n4 + d7 * n3 + f8 * n2 + d9 * n1;
  const h1 = f0 * g1 + f1 * g0 + f2 * n9 + f3 * n8 + f4 * n7 + f5 * n6 + f6 * n5 + f7 * n4 + f8 * n3 + f9 * n2;
  const h2 = f0 * g2 + d1 * g1 + f2 * g0 + d3 * n9 + f4 * n8 + d5 * n7 + f6 * n6 + d7 * n5 + f8 * n4 + d9 * n3;
  const h3 = f0 * g3 + f1 * g2 + f2 * g1 + f3 * g0 + f4 * n9 + f5 * n8 + f6 * n7 + f7 * n6 + f8 * n5 + f9 * n4;
  const h4 = f0 * g4 + d1 * g3 + f2 * g2 + d3 * g1 + f4 * g0 + d5 * n9 + f6 * n8 + d7 * n7 + f8 * n6 + d9 * n5;
  const h5 = f0 * g5 + f1 * g4 + f2 * g3 + f3 * g2 + f4 * g1 + f5 * g0 + f6 * n9 + f7 * n8 + f8 * n7 + f9 * n6;
  const h6 = f0 * g6 + d1 * g5 + f2 * g4 + d3 * g3 + f4 * g2 + d5 * g1 + f6 * g0 + d7 * n9 + f8 * n8 + d9 * n7;
  const h7 = f0 * g7 + f1 * g6 + f2 * g5 + f3 * g4 + f4 * g3 + f5 * g2 + f6 * g1 + f7 * g0 + f8 * n9 + f9 * n8;
  const h8 = f0 * g8 + d1 * g7 + f2 * g6 + d3 * g5 + f4 * g4 + d5 * g3 + f6 * g2 + d7 * g1 + f8 * g0 + d9 * n9;
  const h9 = f0 * g9 + f1 * g8 + f2 * g7 + f3 * g6 + f4 * g5 + f5 * g4 + f6 * g3 + f7 * g2 + f8 * g1 + f9 * g0;
  reduce(r, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9);
}

/** r = f². */
export function squareField(r: usize, f: usize): void {
  const f0 = load<i64>(f, 0);
  const f1 = load<i64>(f, 8);
  const f2 = load<i64>(f, 16);
  const f3 = load<i64>(f, 24);
  const f4 = load<i64>(f, 32);
  const f5 = load<i64>(f, 40);
  const f6 = load<i64>(f, 48);
  const f7 = load<i64>(f, 56);
  const f8 = load<i64>(f, 64);
  const f9 = load<i64>(f, 72);
  const d0 = 2 * f0;
  const d1 = 2 * f1;
  const d2 = 2 * f2;
  const d3 = 2 * f3;
  const d4 = 2 * f4;
  const d5 = 2 * f5;
  const d6 = 2 * f6;
  const d7 = 2 * f7;
  const d8 = 2 * f8;
  const d9 = 2 * f9;
  const n5 = 38 * f5;
  const n6 = 19 * f6;
  const n7 = 38 * f7;
  const n8 = 19 * f8;
  const n9 = 38 * f9;
  const h0 = f0 * f0 + d1 * n9 + d2 * n8 + d3 * n7 + d4 * n6 + f5 * n5;
  const h1 = d0 * f1 + f2 * n9 + d3 * n8 + f4 * n7 + d5 * n6;
  const h2 = d0 * f2 + d1 * f1 + d3 * n9 + d4 * n8 + d5 * n7 + f6 * n6;
  const h3 = d0 * f3 + d1 * f2 + f4 * n9 + d5 * n8 + f6 * n7;
  const h4 = d0 * f4 + d1 * d3 + f2 * f2 + d5 * n9 + d6 * n8 + f7 * n7;
  const h5 = d0 * f5 + d1 * f4 + d2 * f3 + f6 * n9 + d7 * n8;
  const h6 = d0 * f6 + d1 * d5 + d2 * f4 + d3 * f3 + d7 * n9 + f8 * n8;
  const h7 = d0 * f7 + d1 * f6 + d2 * f5 + d3 * f4 + f8 * n9;
  const h8 = d0 * f8 + d1 * d7 + d2 * f6 + d3 * d5 + f4 * f4 + f9 * n9;
  const h9 = d0 * f9 + d1 * f8 + d2 * f7 + d3 * f6 + d4 * f5;
  reduce(r, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9);
}

/** Carries from limb to limb, in two chains at once, and stores. */
// biome-ignore format: one carry a line
@inline
function reduce(r: usize, h0: i64, h1: i64, h2: i64, h3: i64, h4: i64, h5: i64, h6: i64, h7: i64, h8: i64, h9: i64): void {
  let c: i64 = 0;
  c = (h0 + HALF_26) >> 26;
  h0 -= c << 26;
  h1 += c;
  c = (h4 + HALF_26) >> 26;
  h4 -= c << 26;
  h5 += c;
  c = (h1 + HALF_25) >> 25;
  h1 -= c << 25;
  h2 += c;
  c = (h5 + HALF_25) >> 25;
  h5 -= c << 25;
  h6 += c;
  c = (h2 + HALF_26) >> 26;
  h2 -= c << 26;
  h3 += c;
  c = (h6 + HALF_26) >> 26;
  h6 -= c << 26;
  h7 += c;
  c = (h3 + HALF_25) >> 25;
  h3 -= c << 25;
  h4 += c;
  c = (h7 + HALF_25) >> 25;
  h7 -= c << 25;
  h8 += c;
  c = (h4 + HALF_26) >> 26;
  h4 -= c << 26;
  h5 += c;
  c = (h8 + HALF_26) >> 26;
  h8 -= c << 26;
  h9 += c;
  c = (h9 + HALF_25) >> 25;
  h9 -= c << 25;
  h0 += 19 * c;
  c = (h0 + HALF_26) >> 26;
  h0 -= c << 26;
  h1 += c;
  store<i64>(r, h0, 0);
  store<i64>(r, h1, 8);
  store<i64>(r, h2, 16);
  store<i64>(r, h3, 24);
  store<i64>(r, h4, 32);
  store<i64>(r, h5, 40);
  store<i64>(r, h6, 48);
  store<i64>(r, h7, 56);
  store<i64>(r, h8, 64);
  store<i64>(r, h9, 72);
}

/** r = f + g. */
@inline
export function addField(r: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < FIELD_BYTES; i += 8) store<i64>(r + i, load<i64>(f + i) + load<i64>(g + i));
}

/** r = f - g. */
@inline
export function subtractField(r: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < FIELD_BYTES; i += 8) store<i64>(r + i, load<i64>(f + i) - load<i64>(g + i));
}

/** r = -f. */
export function negateField(r: usize, f: usize): void {
  for (let i: usize = 0; i < FIELD_BYTES; i += 8) store<i64>(r + i, -load<i64>(f + i));
}

/** r = f. */
export function copyField(r: usize, f: usize): void {
  memory.copy(r, f, FIELD_BYTES);
}

/** r = a small number. */
export function setField(r: usize, value: i64): void {
  memory.fill(r, 0, FIELD_BYTES);
  store<i64>(r, value);
}

/** r = f where mask is all ones, unchanged where it is zero. */
export function selectField(r: usize, f: usize, mask: i64): void {
  for (let i: usize = 0; i < FIELD_BYTES; i += 8) {
    const kept = load<i64>(r + i);
    store<i64>(r + i, kept ^ ((kept ^ load<i64>(f + i)) & mask));
  }
}

/** Brings limbs back below their bounds after more than two additions. */
export function carry(r: usize): void {
  for (let i: usize = 0; i < 10; i++) {
    const bits: i64 = 26 - (i & 1);
    const limb = load<i64>(r + 8 * i);
    const c = (limb + ((<i64>1) << (bits - 1))) >> bits;
    store<i64>(r + 8 * i, limb - (c << bits));
    const next: usize = i == 9 ? r : r + 8 * i + 8;
    store<i64>(next, load<i64>(next) + (i == 9 ? 19 * c : c));
  }
}

/** The 32 bytes of the one representative in [0, p). */
export function encodeField(bytes: usize, f: usize): void {
  const h = encodeScratch;
  copyField(h, f);
  carry(h);
  // q = floor(h / p) in {-1, 0, 1}: what a carry through all limbs of h + 19·2^-255·h would leave.
  let q: i64 = (19 * load<i64>(h, 72) + HALF_25) >> 25;
  for (let i: usize = 0; i < 10; i++) q = (load<i64>(h + 8 * i) + q) >> (26 - (i & 1));
  store<i64>(h, load<i64>(h) + 19 * q);
  let buffer: u64 = 0;
  let held: u64 = 0;
  let c: i64 = 0;
  let at = bytes;
  for (let i: usize = 0; i < 10; i++) {
    const bits: i64 = 26 - (i & 1);
    const limb = load<i64>(h + 8 * i) + c;
    c = limb >> bits;
    buffer |= (<u64>(limb - (c << bits))) << held;
    for (held += bits; held >= 8; held -= 8) {
      store<u8>(at++, <u8>buffer);
      buffer >>= 8;
    }
  }
  store<u8>(at, <u8>buffer);
}

/** Reads 255 bits; the highest bit is ignored, values of p and above are reduced. */
export function decodeField(r: usize, bytes: usize): void {
  let buffer: u64 = 0;
  let held: u64 = 0;
  let at = bytes;
  for (let i: usize = 0; i < 10; i++) {
    const bits: u64 = 26 - (i & 1);
    for (; held < bits && at < bytes + 32; held += 8) buffer |= (<u64>load<u8>(at++)) << held;
    store<i64>(r + 8 * i, <i64>(buffer & (((<u64>1) << bits) - 1)));
    buffer >>= bits;
    held -= bits;
  }
  carry(r);
}

/** All ones where the number is odd ("negative" in RFC 9496), else zero. */
export function negativeMask(f: usize): i64 {
  encodeField(bytesScratch, f);
  return -(<i64>(load<u8>(bytesScratch) & 1));
}

/** All ones where both numbers are equal, else zero. */
export function equalMask(f: usize, g: usize): i64 {
  const difference = fieldScratch;
  subtractField(difference, f, g);
  encodeField(bytesScratch, difference);
  const any =
    load<u64>(bytesScratch) | load<u64>(bytesScratch, 8) | load<u64>(bytesScratch, 16) | load<u64>(bytesScratch, 24);
  return (<i64>((any | (0 - any)) >> 63)) - 1;
}

/** r = |f|: f or -f, whichever is even. */
export function absoluteField(r: usize, f: usize): void {
  const mask = negativeMask(f);
  negateField(fieldScratch, f);
  copyField(r, f);
  selectField(r, fieldScratch, mask);
}

/** r = f^((p-5)/8) = f^(2^252 - 3). */
function powerForRoot(r: usize, f: usize): void {
  const f2 = powerScratch;
  const a = powerScratch + 80;
  const b = powerScratch + 160;
  const c = powerScratch + 240;
  squareField(f2, f); // 2
  squareTimes(a, f2, 2); // 8
  multiplyField(a, f, a); // 9
  multiplyField(b, f2, a); // 11
  squareField(b, b); // 22
  multiplyField(a, a, b); // 2^5 - 1
  squareTimes(b, a, 5);
  multiplyField(a, b, a); // 2^10 - 1
  squareTimes(b, a, 10);
  multiplyField(b, b, a); // 2^20 - 1
  squareTimes(c, b, 20);
  multiplyField(b, c, b); // 2^40 - 1
  squareTimes(b, b, 10);
  multiplyField(a, b, a); // 2^50 - 1
  squareTimes(b, a, 50);
  multiplyField(b, b, a); // 2^100 - 1
  squareTimes(c, b, 100);
  multiplyField(b, c, b); // 2^200 - 1
  squareTimes(b, b, 50);
  multiplyField(a, b, a); // 2^250 - 1
  squareTimes(a, a, 2);
  multiplyField(r, a, f);
}

function squareTimes(r: usize, f: usize, times: i32): void {
  squareField(r, f);
  for (let i = 1; i < times; i++) squareField(r, r);
}

/**
 * SQRT_RATIO_M1 of RFC 9496, 4.2, for u = 1: r = |sqrt(1/v)| and all ones, or |sqrt(i/v)| and zero where 1/v is no square.
 * For v = 0 it gives zero and zero.
 */
export function inverseRoot(r: usize, v: usize): i64 {
  const v3 = rootScratch;
  const v7 = rootScratch + 80;
  const check = rootScratch + 160;
  const one = rootScratch + 240;
  squareField(v3, v);
  multiplyField(v3, v3, v);
  squareField(v7, v3);
  multiplyField(v7, v7, v);
  powerForRoot(v7, v7);
  multiplyField(v7, v7, v3);
  squareField(check, v7);
  multiplyField(check, check, v);
  setField(one, 1);
  const correct = equalMask(check, one);
  setField(one, -1);
  const flipped = equalMask(check, one);
  negateField(one, ROOT_OF_MINUS_ONE);
  const flippedByRoot = equalMask(check, one);
  multiplyField(one, v7, ROOT_OF_MINUS_ONE);
  selectField(v7, one, flipped | flippedByRoot);
  absoluteField(r, v7);
  return correct | flipped;
}

/** sqrt(-1), the even one. */
export const ROOT_OF_MINUS_ONE: usize = memory.data<i64>([
  34513072, 25610706, 9377949, 3500415, 12389472, 33281959, 41962654, 31548777, 326685, 11406482,
]);

const encodeScratch: usize = memory.data(80, 8);
const bytesScratch: usize = memory.data(32, 8);
const fieldScratch: usize = memory.data(80, 8);
const powerScratch: usize = memory.data(320, 8);
const rootScratch: usize = memory.data(320, 8);
