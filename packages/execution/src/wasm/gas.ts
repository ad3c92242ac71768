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

/** `memory.copy` and `memory.fill` cost, on top of the instruction, one gas for every 2^BULK_BYTES_SHIFT bytes. */
export const BULK_BYTES_SHIFT = 2;

/** Gas by name; `*` stands for the type. What is not named costs {@link DEFAULT_GAS}. */
const DEFAULT_GAS = 1;
const GAS: Readonly<Record<string, number>> = {
  // Structure costs nothing by itself.
  unreachable: 0,
  nop: 0,
  block: 0,
  loop: 0,
  else: 0,
  end: 0,
  drop: 0,
  if: 2,
  br_if: 2,
  br_table: 6,
  select: 2,
  // With gas and depth accounting of the callee.
  call: 8,
  call_indirect: 20,
  'memory.size': 3,
  'memory.grow': 100,
  'memory.copy': 40,
  'memory.fill': 40,
  'i32.mul': 2,
  'i64.mul': 2,
  'i32.div_s': 12,
  'i32.div_u': 12,
  'i32.rem_s': 12,
  'i32.rem_u': 12,
  'i64.div_s': 16,
  'i64.div_u': 16,
  'i64.rem_s': 16,
  'i64.rem_u': 16,
};

/** Families by pattern, after the names above. */
const FAMILIES: readonly (readonly [RegExp, number])[] = [
  [/\.(load|store)/, 2],
  // With making NaN canonical.
  [/^f..\.(add|sub|mul|min|max|ceil|floor|trunc|nearest|demote_f64|promote_f32)$/, 4],
  [/^f..\.(div|sqrt)$/, 12],
  [/^f..\.(eq|ne|lt|gt|le|ge|copysign|convert)/, 3],
  [/\.(trunc_f|trunc_sat_f)/, 5],
];

/** Gas by opcode, of what is known before it runs; calls of host functions cost their own gas besides. */
export const instructionGas: Uint32Array = Uint32Array.from({ length: OPCODE_COUNT }, (_, code) => {
  const name = opcodes[code]?.name;
  if (name === undefined) return 0;
  return GAS[name] ?? FAMILIES.find(([pattern]) => pattern.test(name))?.[1] ?? DEFAULT_GAS;
});
