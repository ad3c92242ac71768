/** Bounds of contract code: the chain's own (`wasm_config` of nodeos) and those that keep V8 out of its private limits. */

/**
 * Limits that a chain sets for contracts; the fields, their order and the defaults are nodeos' `wasm_config`.
 * All of them are checked when code is set, `maxPages` and `maxCallDepth` also when it runs.
 */
export type WasmLimits = {
  /** Bytes of all mutable globals together. */
  readonly maxMutableGlobalBytes: number;
  readonly maxTableElements: number;
  /** Entries of each section. */
  readonly maxSectionElements: number;
  /** End of the last data segment. */
  readonly maxLinearMemoryInit: number;
  /** Of each function: parameters and locals together, and likewise locals and operands together. */
  readonly maxFuncLocalBytes: number;
  /** Open control structures, the function's own body included. */
  readonly maxNestedStructures: number;
  /** Bytes of each import and export name. */
  readonly maxSymbolBytes: number;
  readonly maxModuleBytes: number;
  /** Bytes of each function body. */
  readonly maxCodeBytes: number;
  /** Memory in units of 64 KiB. */
  readonly maxPages: number;
  /** Nested frames, `apply` and host functions included. */
  readonly maxCallDepth: number;
};

/** The values that a chain starts with. */
export const defaultWasmLimits: WasmLimits = {
  maxMutableGlobalBytes: 1024,
  maxTableElements: 1024,
  maxSectionElements: 8192,
  maxLinearMemoryInit: 64 * 1024,
  maxFuncLocalBytes: 8192,
  maxNestedStructures: 1024,
  maxSymbolBytes: 8192,
  maxModuleBytes: 20 * 1024 * 1024,
  maxCodeBytes: 20 * 1024 * 1024,
  maxPages: 528,
  maxCallDepth: 251,
};

/** The greatest values that this engine can keep its promises for; `set_wasm_parameters` must refuse greater ones. */
export const wasmLimitsBounds: WasmLimits = {
  maxMutableGlobalBytes: 64 * 1024,
  maxTableElements: 64 * 1024,
  maxSectionElements: 64 * 1024,
  maxLinearMemoryInit: 16 * 1024 * 1024,
  maxFuncLocalBytes: 64 * 1024,
  maxNestedStructures: 2 * 1024,
  maxSymbolBytes: 64 * 1024,
  maxModuleBytes: 64 * 1024 * 1024,
  maxCodeBytes: 64 * 1024 * 1024,
  maxPages: 4096,
  maxCallDepth: 1023,
};

export const PAGE_BYTES = 65_536;

/** Entries of one `br_table`, its default not counted. */
export const BRANCH_TABLE_ENTRIES_MAX = 8191;

/** Parameters of one function type: V8's limit. */
export const PARAMETERS_MAX = 1000;

/** Bytes of one function body after rewriting: V8's limit. */
export const REWRITTEN_BODY_BYTES_MAX = 7_654_321;

/**
 * Native stack that the nested frames of one action may take by the estimate of {@link frameUnits}, in units of 16 bytes:
 * 16 MiB. Frames of V8's optimising compiler grow with the code, measured up to 1 byte for each instruction, so that a
 * count of calls alone would let a few huge functions exhaust any native stack, which would stop nodes. Contract threads
 * need a stack of at least 32 MB.
 */
const STACK_UNITS_MAX = 1 << 20;

/** Estimated frame in units of 16 bytes: 8 bytes for each parameter and local, 4 for each instruction that can run. */
export function frameUnits(locals: number, instructions: number): number {
  return Math.min(STACK_UNITS_MAX, Math.ceil((8 * locals + 4 * instructions) / 16));
}
