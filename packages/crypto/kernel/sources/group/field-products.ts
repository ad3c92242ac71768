/**
 * Products mod 2^255 - 19. An element is ten signed limbs of 26, 25, 26, … bits in 32-bit words (radix 2^25.5); products are
 * summed in 64 bits. A result's limbs are below 1.02·2^25 and 2^24; a product may take sums of up to seven results on each side
 * (7·7·1.04·2^57 < 2^63), and 32 of them fit a word. No branch and no address depends on a value.
 */
const HALF_26: i64 = 1 << 25;
const HALF_25: i64 = 1 << 24;

/** h = f·g. h may be f or g. */
export function multiply(h: usize, f: usize, g: usize): void {
  const f0: i64 = load<i32>(f, 0);
  const f1: i64 = load<i32>(f, 4);
  const f2: i64 = load<i32>(f, 8);
  const f3: i64 = load<i32>(f, 12);
  const f4: i64 = load<i32>(f, 16);
  const f5: i64 = load<i32>(f, 20);
  const f6: i64 = load<i32>(f, 24);
  const f7: i64 = load<i32>(f, 28);
  const f8: i64 = load<i32>(f, 32);
  const f9: i64 = load<i32>(f, 36);
  const g0: i64 = load<i32>(g, 0);
  const g1: i64 = load<i32>(g, 4);
  const g2: i64 = load<i32>(g, 8);
  const g3: i64 = load<i32>(g, 12);
  const g4: i64 = load<i32>(g, 16);
  const g5: i64 = load<i32>(g, 20);
  const g6: i64 = load<i32>(g, 24);
  const g7: i64 = load<i32>(g, 28);
  const g8: i64 = load<i32>(g, 32);
  const g9: i64 = load<i32>(g, 36);
  const d1 = f1 << 1;
  const d3 = f3 << 1;
  const d5 = f5 << 1;
  const d7 = f7 << 1;
  const d9 = f9 << 1;
  let h0 = f0 * g0 + 19 * (d1 * g9 + f2 * g8 + d3 * g7 + f4 * g6 + d5 * g5 + f6 * g4 + d7 * g3 + f8 * g2 + d9 * g1);
  let h1 = f0 * g1 + f1 * g0 + 19 * (f2 * g9 + f3 * g8 + f4 * g7 + f5 * g6 + f6 * g5 + f7 * g4 + f8 * g3 + f9 * g2);
  let h2 = f0 * g2 + d1 * g1 + f2 * g0 + 19 * (d3 * g9 + f4 * g8 + d5 * g7 + f6 * g6 + d7 * g5 + f8 * g4 + d9 * g3);
  let h3 = f0 * g3 + f1 * g2 + f2 * g1 + f3 * g0 + 19 * (f4 * g9 + f5 * g8 + f6 * g7 + f7 * g6 + f8 * g5 + f9 * g4);
  let h4 = f0 * g4 + d1 * g3 + f2 * g2 + d3 * g1 + f4 * g0 + 19 * (d5 * g9 + f6 * g8 + d7 * g7 + f8 * g6 + d9 * g5);
  let h5 = f0 * g5 + f1 * g4 + f2 * g3 + f3 * g2 + f4 * g1 + f5 * g0 + 19 * (f6 * g9 + f7 * g8 + f8 * g7 + f9 * g6);
  let h6 = f0 * g6 + d1 * g5 + f2 * g4 + d3 * g3 + f4 * g2 + d5 * g1 + f6 * g0 + 19 * (d7 * g9 + f8 * g8 + d9 * g7);
  let h7 = f0 * g7 + f1 * g6 + f2 * g5 + f3 * g4 + f4 * g3 + f5 * g2 + f6 * g1 + f7 * g0 + 19 * (f8 * g9 + f9 * g8);
  let h8 = f0 * g8 + d1 * g7 + f2 * g6 + d3 * g5 + f4 * g4 + d5 * g3 + f6 * g2 + d7 * g1 + f8 * g0 + 19 * (d9 * g9);
  let h9 = f0 * g9 + f1 * g8 + f2 * g7 + f3 * g6 + f4 * g5 + f5 * g4 + f6 * g3 + f7 * g2 + f8 * g1 + f9 * g0;
  let c: i64 = 0;
  h1 += c = (h0 + HALF_26) >> 26;
  h0 -= c << 26;
  h5 += c = (h4 + HALF_26) >> 26;
  h4 -= c << 26;
  h2 += c = (h1 + HALF_25) >> 25;
  h1 -= c << 25;
  h6 += c = (h5 + HALF_25) >> 25;
  h5 -= c << 25;
  h3 += c = (h2 + HALF_26) >> 26;
  h2 -= c << 26;
  h7 += c = (h6 + HALF_26) >> 26;
  h6 -= c << 26;
  h4 += c = (h3 + HALF_25) >> 25;
  h3 -= c << 25;
  h8 += c = (h7 + HALF_25) >> 25;
  h7 -= c << 25;
  h5 += c = (h4 + HALF_26) >> 26;
  h4 -= c << 26;
  h9 += c = (h8 + HALF_26) >> 26;
  h8 -= c << 26;
  h0 += 19 * (c = (h9 + HALF_25) >> 25);
  h9 -= c << 25;
  h1 += c = (h0 + HALF_26) >> 26;
  h0 -= c << 26;
  store<i32>(h, <i32>h0, 0);
  store<i32>(h, <i32>h1, 4);
  store<i32>(h, <i32>h2, 8);
  store<i32>(h, <i32>h3, 12);
  store<i32>(h, <i32>h4, 16);
  store<i32>(h, <i32>h5, 20);
  store<i32>(h, <i32>h6, 24);
  store<i32>(h, <i32>h7, 28);
  store<i32>(h, <i32>h8, 32);
  store<i32>(h, <i32>h9, 36);
}

/** h = f². h may be f. */
export function square(h: usize, f: usize): void {
  const f0: i64 = load<i32>(f, 0);
  const f1: i64 = load<i32>(f, 4);
  const f2: i64 = load<i32>(f, 8);
  const f3: i64 = load<i32>(f, 12);
  const f4: i64 = load<i32>(f, 16);
  const f5: i64 = load<i32>(f, 20);
  const f6: i64 = load<i32>(f, 24);
  const f7: i64 = load<i32>(f, 28);
  const f8: i64 = load<i32>(f, 32);
  const f9: i64 = load<i32>(f, 36);
  const d0 = f0 << 1;
  const d1 = f1 << 1;
  const d2 = f2 << 1;
  const d3 = f3 << 1;
  const d4 = f4 << 1;
  const d5 = f5 << 1;
  const d6 = f6 << 1;
  const d7 = f7 << 1;
  const d8 = f8 << 1;
  const d9 = f9 << 1;
  const q1 = f1 << 2;
  const q3 = f3 << 2;
  const q5 = f5 << 2;
  const q7 = f7 << 2;
  let h0 = f0 * f0 + 19 * (q1 * f9 + d2 * f8 + q3 * f7 + d4 * f6 + d5 * f5);
  let h1 = d0 * f1 + 19 * (d2 * f9 + d3 * f8 + d4 * f7 + d5 * f6);
  let h2 = d0 * f2 + d1 * f1 + 19 * (q3 * f9 + d4 * f8 + q5 * f7 + f6 * f6);
  let h3 = d0 * f3 + d1 * f2 + 19 * (d4 * f9 + d5 * f8 + d6 * f7);
  let h4 = d0 * f4 + q1 * f3 + f2 * f2 + 19 * (q5 * f9 + d6 * f8 + d7 * f7);
  let h5 = d0 * f5 + d1 * f4 + d2 * f3 + 19 * (d6 * f9 + d7 * f8);
  let h6 = d0 * f6 + q1 * f5 + d2 * f4 + d3 * f3 + 19 * (q7 * f9 + f8 * f8);
  let h7 = d0 * f7 + d1 * f6 + d2 * f5 + d3 * f4 + 19 * (d8 * f9);
  let h8 = d0 * f8 + q1 * f7 + d2 * f6 + q3 * f5 + f4 * f4 + 19 * (d9 * f9);
  let h9 = d0 * f9 + d1 * f8 + d2 * f7 + d3 * f6 + d4 * f5;
  let c: i64 = 0;
  h1 += c = (h0 + HALF_26) >> 26;
  h0 -= c << 26;
  h5 += c = (h4 + HALF_26) >> 26;
  h4 -= c << 26;
  h2 += c = (h1 + HALF_25) >> 25;
  h1 -= c << 25;
  h6 += c = (h5 + HALF_25) >> 25;
  h5 -= c << 25;
  h3 += c = (h2 + HALF_26) >> 26;
  h2 -= c << 26;
  h7 += c = (h6 + HALF_26) >> 26;
  h6 -= c << 26;
  h4 += c = (h3 + HALF_25) >> 25;
  h3 -= c << 25;
  h8 += c = (h7 + HALF_25) >> 25;
  h7 -= c << 25;
  h5 += c = (h4 + HALF_26) >> 26;
  h4 -= c << 26;
  h9 += c = (h8 + HALF_26) >> 26;
  h8 -= c << 26;
  h0 += 19 * (c = (h9 + HALF_25) >> 25);
  h9 -= c << 25;
  h1 += c = (h0 + HALF_26) >> 26;
  h0 -= c << 26;
  store<i32>(h, <i32>h0, 0);
  store<i32>(h, <i32>h1, 4);
  store<i32>(h, <i32>h2, 8);
  store<i32>(h, <i32>h3, 12);
  store<i32>(h, <i32>h4, 16);
  store<i32>(h, <i32>h5, 20);
  store<i32>(h, <i32>h6, 24);
  store<i32>(h, <i32>h7, 28);
  store<i32>(h, <i32>h8, 32);
  store<i32>(h, <i32>h9, 36);
}

/** h = f^(2^count), count > 0. */
export function squareTimes(h: usize, f: usize, count: i32): void {
  square(h, f);
  for (let i = 1; i < count; i++) square(h, h);
}
