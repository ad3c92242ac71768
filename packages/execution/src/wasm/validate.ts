/** Validation of modules: WebAssembly's rules, the chain's limits, and what a contract must and may contain. */
import { reject } from '@snapscale/protocol';
import type { Export, ExportKind, FunctionImport, FunctionType, ParsedModule } from './binary.js';
import { malformed } from './format/byte-reader.js';
import { decodeBody, InstructionList } from './format/instructions.js';
import { F32, F64, I32, I64, type ValueType, valueBytes } from './format/opcodes.js';
import { type ModuleContext, TypeChecker } from './format/type-checker.js';
import { PAGE_BYTES, type WasmLimits } from './limits.js';

/** Value types as host functions are declared with. */
export type WasmType = 'i32' | 'i64' | 'f32' | 'f64';

/** The host functions that contracts may import from module `env`, by name. */
export type ImportTable = ReadonlyMap<
  string,
  {
    readonly params: readonly WasmType[];
    readonly result?: WasmType | undefined;
    /** Gas of a call apart from what depends on lengths; charged by the calling code. */
    readonly gas: number;
  }
>;

/** Modules may not use names that begin so: the rewriter adds imports and exports of its own. */
export const RESERVED_PREFIX = 'snapscale:';

/** Name of the function that the chain calls: apply(receiver, account, action). */
export const APPLY = 'apply';

const TYPE_CODES: Readonly<Record<WasmType, ValueType>> = { i32: I32, i64: I64, f32: F32, f64: F64 };
const PAGES_MAX = 65_536;

/**
 * Checks a whole module and returns what its bodies refer to. Rejects with `wasm_serialization_error`.
 * O(bytes), with bounded stack and memory whatever the input.
 */
export function validateModule(module: ParsedModule, limits: WasmLimits, imports: ImportTable): ModuleContext {
  const context = moduleContext(module, imports);
  checkMemoryAndTable(module, limits);
  checkGlobals(module, limits);
  checkExports(module, context);
  checkStart(module, context);
  checkSegments(module, context, limits);
  checkBodies(module, context, limits);
  return context;
}

function moduleContext(module: ParsedModule, imports: ImportTable): ModuleContext {
  for (const entry of module.imports) checkImport(entry, typeAt(module, entry.type), imports);
  return {
    types: module.types,
    functions: [
      ...module.imports.map((entry) => typeAt(module, entry.type)),
      ...module.functions.map((type) => typeAt(module, type)),
    ],
    importCount: module.imports.length,
    globals: module.globals,
    hasMemory: module.memory !== undefined,
    hasTable: module.table !== undefined,
  };
}

function typeAt(module: ParsedModule, index: number): FunctionType {
  return module.types[index] ?? invalid(`unknown type ${index}`);
}

function checkImport(entry: FunctionImport, type: FunctionType, imports: ImportTable): void {
  const declared = entry.module === 'env' ? imports.get(entry.name) : undefined;
  const evidence = { import: entry.name };
  if (declared === undefined) {
    reject('wasm_serialization_error', `${entry.module}.${entry.name} unresolveable`, evidence);
  }
  const result = declared.result === undefined ? 0 : TYPE_CODES[declared.result];
  const same =
    type.result === result &&
    type.params.length === declared.params.length &&
    declared.params.every((param, i) => TYPE_CODES[param] === type.params[i]);
  if (!same) reject('wasm_serialization_error', `env.${entry.name} is imported with a wrong signature`, evidence);
}

function checkMemoryAndTable(module: ParsedModule, limits: WasmLimits): void {
  const { memory, table } = module;
  if (memory !== undefined) {
    if (memory.initial > limits.maxPages) {
      invalid(`memory of ${memory.initial} pages, ${limits.maxPages} allowed`);
    }
    if (memory.maximum !== undefined && memory.maximum > PAGES_MAX) invalid('memory maximum above 65536 pages');
  }
  if (table !== undefined && table.initial > limits.maxTableElements) {
    invalid(`table of ${table.initial} elements, ${limits.maxTableElements} allowed`);
  }
}

function checkGlobals(module: ParsedModule, limits: WasmLimits): void {
  let bytes = 0;
  for (const global of module.globals) {
    if (global.mutable) bytes += valueBytes(global.type);
  }
  if (bytes > limits.maxMutableGlobalBytes) {
    invalid(`mutable globals of ${bytes} bytes, ${limits.maxMutableGlobalBytes} allowed`);
  }
}

function checkExports(module: ParsedModule, context: ModuleContext): void {
  const counts: Readonly<Record<ExportKind, number>> = {
    function: context.functions.length,
    table: context.hasTable ? 1 : 0,
    memory: context.hasMemory ? 1 : 0,
    global: context.globals.length,
  };
  const names = new Set<string>();
  let apply: Export | undefined;
  for (const entry of module.exports) {
    if (entry.index >= counts[entry.kind]) invalid(`export ${entry.name} of an unknown ${entry.kind}`);
    if (names.has(entry.name)) invalid(`duplicate export ${entry.name}`);
    if (entry.name.startsWith(RESERVED_PREFIX)) invalid(`export name ${entry.name} is reserved`);
    names.add(entry.name);
    if (entry.name === APPLY) apply = entry;
  }
  if (apply === undefined || apply.kind !== 'function') {
    invalid('no function apply is exported');
    return;
  }
  const type = context.functions[apply.index]!;
  const valid = type.result === 0 && type.params.length === 3 && type.params.every((param) => param === I64);
  if (!valid) invalid('apply must take three i64 and return nothing');
}

function checkStart(module: ParsedModule, context: ModuleContext): void {
  if (module.start === undefined) return;
  const type = context.functions[module.start] ?? invalid(`unknown start function ${module.start}`);
  if (type.params.length > 0 || type.result !== 0) invalid('the start function must take and return nothing');
}

/** Segments must fit, so that instantiation cannot fail. */
function checkSegments(module: ParsedModule, context: ModuleContext, limits: WasmLimits): void {
  for (const segment of module.elements) {
    const end = segment.offset + segment.functions.length;
    if (module.table === undefined || end > module.table.initial) invalid('element segment does not fit the table');
    for (const index of segment.functions) {
      if (index >= context.functions.length) invalid(`unknown function ${index} in an element segment`);
    }
  }
  for (const segment of module.data) {
    const end = segment.offset + segment.bytes.length;
    if (module.memory === undefined || end > module.memory.initial * PAGE_BYTES) {
      invalid('data segment does not fit the memory');
    }
    if (end > limits.maxLinearMemoryInit) {
      invalid(`data segment ends at ${end}, ${limits.maxLinearMemoryInit} allowed`);
    }
  }
}

function checkBodies(module: ParsedModule, context: ModuleContext, limits: WasmLimits): void {
  const checker = new TypeChecker(context, limits);
  const instructions = new InstructionList();
  for (const [index, range] of module.bodies.entries()) {
    const type = context.functions[context.importCount + index]!;
    if (range.start === range.end) malformed('empty function body', range.start);
    checker.check(decodeBody(module.bytes, range, type, limits.maxFuncLocalBytes, instructions));
  }
}

function invalid(what: string): never {
  reject('wasm_serialization_error', what);
}
