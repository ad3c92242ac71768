/**
 * SHA-256 of four messages at once: the same rounds as in kernel.ts on vectors of four 32-bit words, lane i
 * belonging to message i. Needs WebAssembly SIMD (every engine since 2023); the caller falls back when it is missing.
 */

import {
  add,
  assembleModule,
  type Code,
  get,
  i32,
  repeatWhile,
  set,
  shl,
  sub,
  swapBytes,
  V128,
  vectorAdd,
  vectorAnd,
  vectorConst,
  vectorLoad,
  vectorOr,
  vectorShl,
  vectorShr,
  vectorShuffle,
  vectorStore,
  vectorXor,
  type WasmFunction,
} from './assembler.js';
import { INITIAL_WORDS, padMessage, ROUND_WORDS, type Roles, range } from './kernel.js';

/** The kernel's memory and entry points. Lane i is written at {@link LANE_OFFSET} + i·{@link LANE_STRIDE}. */
export type Sha256Lanes = {
  /** All of the memory; never grows, so views on it stay valid. */
  readonly memory: Uint8Array;
  /**
   * Digests of the messages in the lanes, of `blockCount` > 0 blocks each with their padding → 4·32 bytes at
   * {@link LANE_DIGESTS_OFFSET}. The sizes are in bytes; the padding is written behind the messages.
   */
  readonly digest: (blockCount: number, size0: number, size1: number, size2: number, size3: number) => void;
};

export const LANES = 4;
export const LANE_DIGESTS_OFFSET = 128;
/** Three more than a multiple of four: what follows a one-byte tag can be written in words. */
export const LANE_OFFSET = 259;
export const LANE_BLOCKS_MAX = 64;
/** Room for the blocks and for what padding overwrites after them. */
export const LANE_STRIDE = 64 * (LANE_BLOCKS_MAX + 2);

/** 64 vectors, past the lanes: the schedule of the block at hand with the round constants added. */
const SCHEDULE_OFFSET = 20_480;
const WORDS_PER_VECTOR = 4;
/** Byte picks that swap the bytes of each word while interleaving the low or the high word pairs of two vectors. */
const INTERLEAVE_LOW_SWAPPED = [3, 2, 1, 0, 19, 18, 17, 16, 7, 6, 5, 4, 23, 22, 21, 20];
const INTERLEAVE_HIGH_SWAPPED = [11, 10, 9, 8, 27, 26, 25, 24, 15, 14, 13, 12, 31, 30, 29, 28];
const JOIN_LOW_HALVES = [...range(0, 8), ...range(16, 8)];
const JOIN_HIGH_HALVES = [...range(8, 8), ...range(24, 8)];

/** Bytes of the module. */
export function assembleSha256Lanes(): Uint8Array {
  return assembleModule(1, [digestFunction()]);
}

/**
 * digest(blockCount, size0..size3, pointer = 0, swap = 0): locals 7..14 working variables, 15..30 schedule, 31..38 scratch.
 * The last two parameters are locals in truth: a function has locals of one type only.
 * The schedule goes through memory: schedule and working variables together are more than the processor has registers,
 * and what the compiler does then costs a sixth of the time.
 */
function digestFunction(): WasmFunction {
  const [count, pointer, swap] = [0, 5, 6];
  const working = range(7, 8);
  const schedule = range(15, 16);
  const scratch = range(31, 8);
  const pads = range(0, LANES).map((lane) => {
    const size = get(1 + lane);
    return padMessage(i32(LANE_OFFSET + lane * LANE_STRIDE), size, i32(0), swapBytes(shl(size, 3), swap));
  });
  const block = [
    range(0, 4).map((g) => loadWords(pointer, 16 * g, schedule.slice(4 * g), scratch)),
    range(0, 64).map((t) => [
      t < 16 ? [] : set(schedule[t % 16]!, nextScheduleVector(schedule, t)),
      vectorStore(i32(0), SCHEDULE_OFFSET + 16 * t, vectorAdd(get(schedule[t % 16]!), vectorConst(ROUND_WORDS[t]!))),
    ]),
    working.map((local, i) => set(local, vectorLoad(i32(0), 16 * i))),
    range(0, 64).map((t) => vectorRound(working, t, scratch)),
    working.map((local, i) => vectorStore(i32(0), 16 * i, vectorAdd(get(local), vectorLoad(i32(0), 16 * i)))),
    set(pointer, add(get(pointer), i32(64))),
    set(count, sub(get(count), i32(1))),
  ];
  const body = [
    pads,
    INITIAL_WORDS.map((word, i) => vectorStore(i32(0), 16 * i, vectorConst(word))),
    repeatWhile(block, get(count)),
    range(0, 2).map((half) => storeDigestHalves(half, working, scratch)),
  ];
  return { name: 'digest', parameterCount: 7, localType: V128, localCount: 32, body };
}

/** Words 4g..4g+3 of every lane, as four vectors: a load from each lane, then a transposition of 4 by 4 words. */
function loadWords(pointer: number, offset: number, words: readonly number[], scratch: readonly number[]): Code {
  const rows = scratch.slice(0, 4);
  const loads = rows.map((row, lane) => set(row, vectorLoad(get(pointer), LANE_OFFSET + lane * LANE_STRIDE + offset)));
  return [loads, transposeSwapped(rows, scratch.slice(4), words)];
}

/** Writes words 4·half..4·half+3 of the four digests; `working` is used up. */
function storeDigestHalves(half: number, working: readonly number[], scratch: readonly number[]): Code {
  const rows = working.slice(0, 4);
  const columns = working.slice(4);
  return [
    rows.map((row, i) => set(row, vectorLoad(i32(0), 16 * (WORDS_PER_VECTOR * half + i)))),
    transposeSwapped(rows, scratch, columns),
    columns.map((column, lane) => vectorStore(i32(0), LANE_DIGESTS_OFFSET + 32 * lane + 16 * half, get(column))),
  ];
}

function transposeSwapped(rows: readonly number[], scratch: readonly number[], columns: readonly number[]): Code {
  const [r0, r1, r2, r3] = rows.map(get) as [Code, Code, Code, Code];
  const [low01, low23, high01, high23] = scratch as [number, number, number, number];
  return [
    set(low01, vectorShuffle(r0, r1, INTERLEAVE_LOW_SWAPPED)),
    set(low23, vectorShuffle(r2, r3, INTERLEAVE_LOW_SWAPPED)),
    set(high01, vectorShuffle(r0, r1, INTERLEAVE_HIGH_SWAPPED)),
    set(high23, vectorShuffle(r2, r3, INTERLEAVE_HIGH_SWAPPED)),
    set(columns[0]!, vectorShuffle(get(low01), get(low23), JOIN_LOW_HALVES)),
    set(columns[1]!, vectorShuffle(get(low01), get(low23), JOIN_HIGH_HALVES)),
    set(columns[2]!, vectorShuffle(get(high01), get(high23), JOIN_LOW_HALVES)),
    set(columns[3]!, vectorShuffle(get(high01), get(high23), JOIN_HIGH_HALVES)),
  ];
}

/**
 * As `round` of the scalar kernel, with one operation less: a ^ b of this round is b ^ c of the next, and
 * majority = b ^ ((a ^ b) & (b ^ c)).
 */
function vectorRound(working: readonly number[], t: number, scratch: readonly number[]): Code {
  const [a, b, c, d, e, f, g, h] = range(0, 8).map((r) => working[(r + 64 - t) % 8]!) as Roles;
  const [sum, now, before] = [scratch[0]!, scratch[1 + (t % 2)]!, scratch[2 - (t % 2)]!];
  const choose = vectorXor(get(g), vectorAnd(get(e), vectorXor(get(f), get(g))));
  const majority = vectorXor(get(b), vectorAnd(get(now), get(before)));
  const constant = vectorLoad(i32(0), SCHEDULE_OFFSET + 16 * t);
  return [
    t === 0 ? set(before, vectorXor(get(b), get(c))) : [],
    set(now, vectorXor(get(a), get(b))),
    set(sum, vectorAdd(vectorAdd(vectorAdd(get(h), constant), choose), vectorSigma(get(e), [6, 11, 25]))),
    set(d, vectorAdd(get(d), get(sum))),
    set(h, vectorAdd(vectorAdd(get(sum), majority), vectorSigma(get(a), [2, 13, 22]))),
  ];
}

function nextScheduleVector(schedule: readonly number[], t: number): Code {
  const word = (back: number) => get(schedule[(t - back) % 16]!);
  const sigma0 = vectorXor(vectorSigma(word(15), [7, 18]), vectorShr(word(15), 3));
  const sigma1 = vectorXor(vectorSigma(word(2), [17, 19]), vectorShr(word(2), 10));
  return vectorAdd(vectorAdd(vectorAdd(sigma1, word(7)), sigma0), word(16));
}

/** Exclusive or of the rotations of `value` to the right. */
function vectorSigma(value: Code, rotations: readonly number[]): Code {
  return rotations
    .map((bits) => vectorOr(vectorShr(value, bits), vectorShl(value, 32 - bits)))
    .reduce((sum, rotated) => vectorXor(sum, rotated));
}
