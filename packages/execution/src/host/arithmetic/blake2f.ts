/**
 * The compression function F of BLAKE2b (RFC 7693 section 3.2) with a free number of rounds (EIP-152).
 *
 * 64-bit words are pairs of 32-bit halves in typed arrays: low half at 2i, high half at 2i + 1.
 */

/** IV of BLAKE2b and SHA-512, low half before high half. */
const INITIAL = Uint32Array.of(
  0xf3bcc908,
  0x6a09e667,
  0x84caa73b,
  0xbb67ae85,
  0xfe94f82b,
  0x3c6ef372,
  0x5f1d36f1,
  0xa54ff53a,
  0xade682d1,
  0x510e527f,
  0x2b3e6c1f,
  0x9b05688c,
  0xfb41bd6b,
  0x1f83d9ab,
  0x137e2179,
  0x5be0cd19,
);

/** Message schedule: ten permutations, which rounds use in turn. */
const SIGMA = [
  '0123456789abcdef',
  'ea489fd61c02b753',
  'b8c052fdae367194',
  '7931dcbe265a40f8',
  '905724afe1bc683d',
  '2c6a0b834d75fe19',
  'c51fed4a0763928b',
  'db7ec13950f4862a',
  '6fe9b308c2d714a5',
  'a2847615fb9e3cd0',
].map((row) => Uint8Array.from(row, (digit) => Number.parseInt(digit, 16)));

const STATE_BYTES = 64;
const MESSAGE_BYTES = 128;
const COUNTER_BYTES = 8;

/**
 * The new state (64 bytes), or undefined when an input has the wrong size: state 64, message 128, counters 8 bytes each,
 * all little-endian. Cost: about a quarter of a microsecond a round; the caller bounds `rounds` (u32).
 */
export function blake2f(
  rounds: number,
  state: Uint8Array,
  message: Uint8Array,
  counterLow: Uint8Array,
  counterHigh: Uint8Array,
  final: boolean,
): Uint8Array | undefined {
  if (state.length !== STATE_BYTES || message.length !== MESSAGE_BYTES) return undefined;
  if (counterLow.length !== COUNTER_BYTES || counterHigh.length !== COUNTER_BYTES) return undefined;
  const h = halves(state);
  const m = halves(message);
  const v = new Uint32Array(32);
  v.set(h);
  v.set(INITIAL, 16);
  const counters = [...halves(counterLow), ...halves(counterHigh)];
  for (let i = 0; i < 4; i++) v[24 + i] = v[24 + i]! ^ counters[i]!;
  if (final) {
    v[28] = ~v[28]!;
    v[29] = ~v[29]!;
  }
  for (let round = 0; round < rounds; round++) mixRound(v, m, SIGMA[round % 10]!);
  const out = new Uint8Array(STATE_BYTES);
  const view = new DataView(out.buffer);
  for (let i = 0; i < 16; i++) view.setUint32(4 * i, h[i]! ^ v[i]! ^ v[i + 16]!, true);
  return out;
}

function mixRound(v: Uint32Array, m: Uint32Array, order: Uint8Array): void {
  mix(v, 0, 8, 16, 24, m, order[0]!, order[1]!);
  mix(v, 2, 10, 18, 26, m, order[2]!, order[3]!);
  mix(v, 4, 12, 20, 28, m, order[4]!, order[5]!);
  mix(v, 6, 14, 22, 30, m, order[6]!, order[7]!);
  mix(v, 0, 10, 20, 30, m, order[8]!, order[9]!);
  mix(v, 2, 12, 22, 24, m, order[10]!, order[11]!);
  mix(v, 4, 14, 16, 26, m, order[12]!, order[13]!);
  mix(v, 6, 8, 18, 28, m, order[14]!, order[15]!);
}

/** The quarter round G: a, b, c, d index the low halves of four words, x and y are message words. */
function mix(v: Uint32Array, a: number, b: number, c: number, d: number, m: Uint32Array, x: number, y: number): void {
  addMix(v, a, b, m[2 * x]!, m[2 * x + 1]!);
  const dLow = v[d]! ^ v[a]!;
  v[d] = v[d + 1]! ^ v[a + 1]!;
  v[d + 1] = dLow;
  addMix(v, c, d, 0, 0);
  rotateXor(v, b, c, 24);
  addMix(v, a, b, m[2 * y]!, m[2 * y + 1]!);
  rotateXor(v, d, a, 16);
  addMix(v, c, d, 0, 0);
  const low = v[b]! ^ v[c]!;
  const high = v[b + 1]! ^ v[c + 1]!;
  v[b] = (low << 1) | (high >>> 31);
  v[b + 1] = (high << 1) | (low >>> 31);
}

/** v[to] += v[from] + addend, modulo 2^64. */
function addMix(v: Uint32Array, to: number, from: number, addendLow: number, addendHigh: number): void {
  const low = v[to]! + v[from]! + addendLow;
  v[to] = low;
  v[to + 1] = v[to + 1]! + v[from + 1]! + addendHigh + Math.floor(low / 0x100000000);
}

/** v[to] = (v[to] xor v[with]) rotated right by 1..31 bits. */
function rotateXor(v: Uint32Array, to: number, other: number, bits: number): void {
  const low = v[to]! ^ v[other]!;
  const high = v[to + 1]! ^ v[other + 1]!;
  v[to] = (low >>> bits) | (high << (32 - bits));
  v[to + 1] = (high >>> bits) | (low << (32 - bits));
}

function halves(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}
