/**
 * The few WebAssembly instructions that the SHA-256 kernels are made of, as functions from operand code to code,
 * and the frame of a module around them (WebAssembly core specification 1.0 section 5, and 2.0 for v128).
 *
 * A kernel reads like its formula: `xor(rotr(get(x), 7), rotr(get(x), 18))`. Code is a tree of bytes that is flattened
 * once, so that making a kernel of 15 kB takes about a millisecond.
 */

/** A sequence of instructions: bytes, and sequences of bytes. */
export type Code = readonly (number | Code)[];

/** Value types by their encoding. */
export const I32 = 0x7f;
export const V128 = 0x7b;

/** A function of the module: all parameters are i32, there is no result, locals of one type follow the parameters. */
export type WasmFunction = {
  readonly name: string;
  readonly parameterCount: number;
  readonly localType: typeof I32 | typeof V128;
  readonly localCount: number;
  readonly body: Code;
};

const MASK_LOW_HALVES = 0x00ff00ff;
const MASK_HIGH_HALVES = 0xff00ff00 | 0;
const ALIGNMENT_ANY = 0;

export const get = (local: number): Code => [0x20, unsigned(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)];
export const i32 = (value: number): Code => [0x41, signed(value | 0)];
export const add = (a: Code, b: Code): Code => [a, b, 0x6a];
export const sub = (a: Code, b: Code): Code => [a, b, 0x6b];
export const and = (a: Code, b: Code): Code => [a, b, 0x71];
export const or = (a: Code, b: Code): Code => [a, b, 0x72];
export const xor = (a: Code, b: Code): Code => [a, b, 0x73];
export const shl = (a: Code, bits: number): Code => [a, i32(bits), 0x74];
export const shr = (a: Code, bits: number): Code => [a, i32(bits), 0x76];
export const rotl = (a: Code, bits: number): Code => [a, i32(bits), 0x77];
export const rotr = (a: Code, bits: number): Code => [a, i32(bits), 0x78];
export const load = (address: Code, offset: number): Code => [address, 0x28, memoryOperand(offset)];
export const store = (address: Code, offset: number, value: Code): Code => [
  address,
  value,
  0x36,
  memoryOperand(offset),
];
export const storeByte = (address: Code, offset: number, value: Code): Code => [
  address,
  value,
  0x3a,
  memoryOperand(offset),
];
export const storeZero8 = (address: Code, offset: number): Code => [address, 0x42, 0, 0x37, memoryOperand(offset)];
export const call = (functionIndex: number, ...operands: readonly Code[]): Code => [
  operands,
  0x10,
  unsigned(functionIndex),
];

/** Repeats `body` while `condition`, tested after each turn, is not zero. */
export const repeatWhile = (body: Code, condition: Code): Code => [0x03, 0x40, body, condition, 0x0d, 0, 0x0b];

/** A big-endian word seen as little-endian, or back; `scratch` is a local that is overwritten. */
export const swapBytes = (value: Code, scratch: number): Code => [
  set(scratch, value),
  or(and(rotl(get(scratch), 8), i32(MASK_LOW_HALVES)), and(rotl(get(scratch), 24), i32(MASK_HIGH_HALVES))),
];

export const vectorConst = (word: number): Code => [i32(word), 0xfd, 0x11];
export const vectorAdd = (a: Code, b: Code): Code => [a, b, 0xfd, 0xae, 0x01];
export const vectorXor = (a: Code, b: Code): Code => [a, b, 0xfd, 0x51];
export const vectorAnd = (a: Code, b: Code): Code => [a, b, 0xfd, 0x4e];
export const vectorOr = (a: Code, b: Code): Code => [a, b, 0xfd, 0x50];
export const vectorShl = (a: Code, bits: number): Code => [a, i32(bits), 0xfd, 0xab, 0x01];
export const vectorShr = (a: Code, bits: number): Code => [a, i32(bits), 0xfd, 0xad, 0x01];
export const vectorLoad = (address: Code, offset: number): Code => [address, 0xfd, 0x00, memoryOperand(offset)];
export const vectorStore = (address: Code, offset: number, value: Code): Code => [
  address,
  value,
  0xfd,
  0x0b,
  memoryOperand(offset),
];

/** Picks 16 bytes of two vectors; byte numbers 0..15 are of `a`, 16..31 of `b`. */
export const vectorShuffle = (a: Code, b: Code, bytes: readonly number[]): Code => [a, b, 0xfd, 0x0d, bytes];

/** Bytes of a module with one memory of `pages` pages, exported as 'memory', and the given exported functions. */
export function assembleModule(pages: number, functions: readonly WasmFunction[]): Uint8Array {
  const types = functions.map((f) => [0x60, vector(Array<Code>(f.parameterCount).fill([I32])), 0]);
  const bodies = functions.map((f) => sized([1, unsigned(f.localCount), f.localType, f.body, 0x0b]));
  const exports = functions.map((f, index) => [text(f.name), 0, unsigned(index)]);
  const module = [
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, vector(types)),
    section(3, vector(functions.map((_, index) => unsigned(index)))),
    section(5, vector([[1, unsigned(pages), unsigned(pages)]])),
    section(7, vector([[text('memory'), 2, 0], ...exports])),
    section(10, vector(bodies)),
  ];
  return Uint8Array.from(flatten(module));
}

function memoryOperand(offset: number): Code {
  return [ALIGNMENT_ANY, unsigned(offset)];
}

function section(id: number, content: Code): Code {
  return [id, sized(content)];
}

function sized(content: Code): Code {
  const bytes = flatten(content);
  return [unsigned(bytes.length), bytes];
}

function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), items];
}

function text(value: string): Code {
  return vector(Array.from(value, (char) => [char.charCodeAt(0)]));
}

function flatten(code: Code, into: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === 'number') into.push(part);
    else flatten(part, into);
  }
  return into;
}

function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}

function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  while (rest < -64 || rest > 63) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  bytes.push(rest & 0x7f);
  return bytes;
}
