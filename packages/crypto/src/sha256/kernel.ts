/**
 * SHA-256 (FIPS 180-4) as a WebAssembly module that is assembled here, all rounds unrolled.
 * Costs and the reasons for it are in sha256.ts.
 */
import {
  add,
  and,
  assembleModule,
  type Code,
  call,
  get,
  I32,
  i32,
  load,
  repeatWhile,
  rotr,
  set,
  shl,
  shr,
  store,
  storeByte,
  storeZero8,
  sub,
  swapBytes,
  type WasmFunction,
  xor,
} from './assembler.js';

/** The kernel's memory and entry points. The caller copies a message in, calls, and copies the digest out. */
export type Sha256Kernel = {
  /** All of the memory; never grows, so views on it stay valid. */
  readonly memory: Uint8Array;
  /** Digest of the `byteCount` bytes at {@link INPUT_OFFSET} (at most {@link INPUT_BYTES_MAX}) → {@link OUTPUT_OFFSET}. */
  readonly digest: (byteCount: number) => void;
  /** Sets the chaining value to that of an empty message. */
  readonly begin: () => void;
  /** Takes in `blockCount` > 0 whole blocks of 64 bytes at {@link INPUT_OFFSET}. */
  readonly absorb: (blockCount: number) => void;
  /** Takes in the last `tailBytes` bytes, pads for a message of 2^29·`totalHigh` + `totalLow` bytes and writes the digest. */
  readonly finish: (tailBytes: number, totalLow: number, totalHigh: number) => void;
};

export const OUTPUT_OFFSET = 32;
export const INPUT_OFFSET = 64;
/** Room for whole blocks of input between the offsets and the padding at the memory's end. */
export const INPUT_BYTES_MAX = 64 * 1021;

/** Locals in the roles a..h of the standard. */
export type Roles = [number, number, number, number, number, number, number, number];

/** The eight initial words, and the 64 round constants: fractional parts of square and cube roots of the first primes. */
export const INITIAL_WORDS: readonly number[] = firstPrimes(8).map((prime) => fractionBits(prime, 2n));
export const ROUND_WORDS: readonly number[] = firstPrimes(64).map((prime) => fractionBits(prime, 3n));

const MEMORY_PAGES = 1;
const FUNCTION_ABSORB = 0;
const FUNCTION_BEGIN = 1;
const FUNCTION_FINISH = 2;

/** Bytes of the module; about 11 kB, assembled in some milliseconds. */
export function assembleSha256(): Uint8Array {
  return assembleModule(MEMORY_PAGES, [
    absorbFunction(),
    { name: 'begin', parameterCount: 0, localType: I32, localCount: 0, body: storeState(INITIAL_WORDS.map(i32)) },
    finishFunction(),
    digestFunction(),
  ]);
}

/** absorb(blockCount): locals 0 count, 1 pointer, 2..9 working variables, 10..25 schedule, 26 scratch. */
function absorbFunction(): WasmFunction {
  const [count, pointer, scratch] = [0, 1, 26];
  const working = range(2, 8);
  const schedule = range(10, 16);
  const rounds: Code[] = [];
  for (let t = 0; t < 64; t++) {
    const word = schedule[t % 16]!;
    if (t < 16) rounds.push(set(word, swapBytes(load(get(pointer), INPUT_OFFSET + 4 * t), scratch)));
    else rounds.push(set(word, nextScheduleWord(schedule, t)));
    rounds.push(round(working, t, add(get(word), i32(ROUND_WORDS[t]!)), scratch));
  }
  const block = [
    loadState(working),
    rounds,
    addState(working),
    set(pointer, add(get(pointer), i32(64))),
    set(count, sub(get(count), i32(1))),
  ];
  return { name: 'absorb', parameterCount: 1, localType: I32, localCount: 26, body: repeatWhile(block, get(count)) };
}

/** finish(tailBytes, totalLow, totalHigh); 3 is scratch. */
function finishFunction(): WasmFunction {
  const [tail, low, high, scratch] = [0, 1, 2, 3];
  const body = [
    padMessage(i32(INPUT_OFFSET), get(tail), swapBytes(get(high), scratch), swapBytes(shl(get(low), 3), scratch)),
    call(FUNCTION_ABSORB, shr(add(get(tail), i32(72)), 6)),
    writeDigest(scratch),
  ];
  return { name: 'finish', parameterCount: 3, localType: I32, localCount: 1, body };
}

/**
 * Pads the last `tail` bytes of a message, which lie at `start`: a one bit, zeros to the end of a block, and the length
 * in bits in the block's last eight bytes. Overwrites 65 bytes after the tail before the length goes in.
 */
export function padMessage(start: Code, tail: Code, bitLengthHigh: Code, bitLengthLow: Code): Code {
  const tailEnd = add(start, tail);
  const lastBlock = add(start, and(add(tail, i32(8)), i32(-64)));
  return [
    storeByte(tailEnd, 0, i32(0x80)),
    range(0, 8).map((i) => storeZero8(tailEnd, 1 + 8 * i)),
    store(lastBlock, 56, bitLengthHigh),
    store(lastBlock, 60, bitLengthLow),
  ];
}

function digestFunction(): WasmFunction {
  const body = [call(FUNCTION_BEGIN), call(FUNCTION_FINISH, get(0), get(0), i32(0))];
  return { name: 'digest', parameterCount: 1, localType: I32, localCount: 0, body };
}

/**
 * One round. The eight variables keep their locals and change roles: in round t, role r is local (r - t) mod 8, so that
 * only d and h are written. `constant` is W[t] + K[t].
 */
function round(working: readonly number[], t: number, constant: Code, scratch: number): Code {
  const role = (r: number) => working[(r + 64 - t) % 8]!;
  const [a, b, c, d, e, f, g, h] = range(0, 8).map(role) as Roles;
  const choose = xor(get(g), and(get(e), xor(get(f), get(g))));
  const majority = xor(and(get(a), get(b)), and(get(c), xor(get(a), get(b))));
  return [
    set(scratch, add(add(add(get(h), constant), choose), bigSigma(e, 6, 11, 25))),
    set(d, add(get(d), get(scratch))),
    set(h, add(add(get(scratch), majority), bigSigma(a, 2, 13, 22))),
  ];
}

function bigSigma(local: number, x: number, y: number, z: number): Code {
  return xor(xor(rotr(get(local), x), rotr(get(local), y)), rotr(get(local), z));
}

/** W[t] = σ1(W[t-2]) + W[t-7] + σ0(W[t-15]) + W[t-16] in a ring of 16 locals. */
function nextScheduleWord(schedule: readonly number[], t: number): Code {
  const word = (back: number) => get(schedule[(t - back) % 16]!);
  const sigma0 = xor(xor(rotr(word(15), 7), rotr(word(15), 18)), shr(word(15), 3));
  const sigma1 = xor(xor(rotr(word(2), 17), rotr(word(2), 19)), shr(word(2), 10));
  return add(add(add(sigma1, word(7)), sigma0), word(16));
}

function loadState(working: readonly number[]): Code {
  return working.map((local, i) => set(local, load(i32(0), 4 * i)));
}

function storeState(words: readonly Code[]): Code {
  return words.map((word, i) => store(i32(0), 4 * i, word));
}

function addState(working: readonly number[]): Code {
  return storeState(working.map((local, i) => add(get(local), load(i32(0), 4 * i))));
}

function writeDigest(scratch: number): Code {
  return range(0, 8).map((i) => store(i32(0), OUTPUT_OFFSET + 4 * i, swapBytes(load(i32(0), 4 * i), scratch)));
}

/** The integers from `first`, `count` of them. */
export function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

function firstPrimes(count: number): bigint[] {
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0n)) primes.push(n);
  return primes;
}

/** First 32 fractional bits of the root of `value`: floor(root(value)·2^32) mod 2^32, by bisection on integers. */
function fractionBits(value: bigint, degree: bigint): number {
  const target = value << (32n * degree);
  let low = 0n;
  let high = value << 32n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= target) low = middle;
    else high = middle;
  }
  return Number(BigInt.asIntN(32, low));
}
