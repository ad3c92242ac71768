/**
 * Gas of WASM instructions. 1000 gas are about one microsecond of one core of the reference machine. The numbers are part
 * of the protocol: a change is a new REWRITER_VERSION.
 */
import { OPCODE_COUNT, opcodes } from './format/opcodes.js';

/** Of running a contract at all: resetting its globals, entering it, reading the result. */
const APPLY_GAS = 1_000;

/** Of each of the first {@link SMALL_MEMORY_PAGES} pages of initial memory, which is restored before every action. */
const SMALL_PAGE_GAS = 1_500;
const SMALL_MEMORY_PAGES = 16;

/** Of each further page: large memories do not stay in the processor's cache, nor always in the pool of instances. */
const LARGE_PAGE_GAS = 10_000;

/** Gas of running a contract with so many initial pages, apart from its instructions. */
export function baseGas(initialPages: number): number {
  const small = Math.min(initialPages, SMALL_MEMORY_PAGES);
  return APPLY_GAS + small * SMALL_PAGE_GAS + (initialPages - small) * LARGE_PAGE_GAS;
}

/** Of a `memory.grow` that succeeds with at least one page: the instance cannot be used again. Charged as it happens. */
export const GROW_GAS = 100_000;

/** Of each page that `memory.grow` adds. */
export const GROWN_PAGE_GAS = 20_000;

/** Instructions are counted in parts of a gas: most take far less than a nanosecond. */
export const PARTS_PER_GAS = 4;

/** `memory.copy` and `memory.fill` cost, on top of the instruction, one part for every 2^BULK_BYTES_SHIFT bytes. */
export const BULK_BYTES_SHIFT = 1;

/**
 * Parts by name, by family, or else {@link DEFAULT_PARTS}. Measured in loops of 20 alike on the reference machine with both
 * of V8's compilers, a part never took more than 0.25 ns but for loads that miss the caches of a 33 MiB memory (0.6 ns).
 */
const DEFAULT_PARTS = 1;
const PARTS: Readonly<Record<string, number>> = {
  // Structure costs nothing by itself.
  unreachable: 0,
  nop: 0,
  block: 0,
  loop: 0,
  else: 0,
  end: 0,
  drop: 0,
  if: 4,
  // What keeps loops going. Code that has not been optimised yet, and a loop does not leave it while it runs, takes up to
  // 5 ns for the gas check alone.
  br: 12,
  br_if: 12,
  br_table: 14,
  select: 2,
  // With gas and depth accounting of the callee.
  call: 20,
  call_indirect: 32,
  'global.get': 2,
  'global.set': 4,
  'memory.size': 4,
  'memory.grow': 400,
  'memory.copy': 40,
  'memory.fill': 40,
};
const FAMILIES: readonly (readonly [RegExp, number])[] = [
  [/\.load/, 8],
  [/\.store/, 4],
  [/^i..\.mul/, 4],
  [/^i32\.(div|rem)/, 10],
  [/^i64\.(div|rem)/, 24],
  [/^i..\.(shl|shr|popcnt|clz|ctz)/, 3],
  [/^i..\.rot/, 16],
  // With making NaN canonical.
  [/^f..\.(add|sub|mul|min|max)/, 4],
  [/^f..\.(ceil|floor|trunc|nearest|demote_f64|promote_f32)$/, 8],
  [/^f..\.div/, 18],
  [/^f..\.sqrt/, 28],
  [/^f..\.(eq|ne|lt|gt|le|ge)$/, 6],
  [/^f..\.(copysign|convert)/, 6],
  [/\.(trunc_f|trunc_sat_f)/, 10],
];

/** Parts by opcode, of what is known before it runs; calls of host functions cost their own gas besides. */
export const instructionParts: Uint32Array = Uint32Array.from({ length: OPCODE_COUNT }, (_, code) => {
  const name = opcodes[code]?.name;
  if (name === undefined) return 0;
  return PARTS[name] ?? FAMILIES.find(([pattern]) => pattern.test(name))?.[1] ?? DEFAULT_PARTS;
});
