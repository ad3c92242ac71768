/**
 * Rewrites a valid module so that V8 runs it as the chain demands: metered, with bounded depth and memory, the same bits
 * everywhere, its memory in reach, its globals reset on entry. The output imports the host functions that the input
 * imported and one to grow the memory, and exports nothing of the input's under its own name.
 */
import { reject } from '@snapscale/protocol';
import {
  type FunctionType,
  type Global,
  type ParsedModule,
  writeElements,
  writeExport,
  writeFunctionType,
  writeGlobal,
  writeHeader,
  writeList,
  writeSection,
  writeSize,
  writeTable,
} from './binary.js';
import { ByteWriter } from './format/byte-writer.js';
import { decodeBody, InstructionList } from './format/instructions.js';
import { F64, I32, I64, op } from './format/opcodes.js';
import type { ModuleContext } from './format/type-checker.js';
import { PARTS_PER_GAS } from './gas.js';
import { REWRITTEN_BODY_BYTES_MAX, type WasmLimits } from './limits.js';
import { type Additions, BodyWriter, DEPTH_FRAME, depthStart } from './rewriting/function-body.js';
import { GasPlan, planGas } from './rewriting/gas-plan.js';
import { hasArbitraryNan, markNans } from './rewriting/nan-marks.js';
import { APPLY, type ImportTable, RESERVED_PREFIX } from './validate.js';

/** Changes whenever any module would be rewritten differently: such a change must be agreed on by the chain. */
export const REWRITER_VERSION = 1;

/** Module and names that the rewriter adds. */
export const added = {
  module: 'snapscale',
  /** (pages: i32) → i32, as memory.grow. */
  grow: 'grow',
  memory: `${RESERVED_PREFIX}memory`,
  /** (parts of gas: f64, receiver: i64, account: i64, action: i64) → f64: resets globals, runs, returns the parts left. */
  run: `${RESERVED_PREFIX}run`,
  /** () → f64: parts of gas left, negative when used up. */
  gas: `${RESERVED_PREFIX}gas`,
  /** () → i32: -1 after the depth was exceeded. */
  depth: `${RESERVED_PREFIX}depth`,
} as const;

/** How bodies are planned and marked; replaced in tests to compare with simpler rules. */
export type RewritingRules = { readonly planGas: typeof planGas; readonly markNans: typeof markNans };
export const rewritingRules: RewritingRules = { planGas, markNans };

/** Where the rewriter's own functions, types and globals are. */
type Layout = Additions & {
  readonly types: readonly FunctionType[];
  readonly growType: number;
  /** Imports that are used as values; each gets a function that stands in for it. */
  readonly standIns: readonly number[];
  /** Functions in index space before the stand-ins. */
  readonly functionCount: number;
};

const GROW_TYPE: FunctionType = { params: [I32], result: I32 };
const RUN_TYPE: FunctionType = { params: [F64, I64, I64, I64], result: F64 };
const GAS_TYPE: FunctionType = { params: [], result: F64 };
const DEPTH_TYPE: FunctionType = { params: [], result: I32 };

/** Bytes of the rewritten module. Rejects what would exceed V8's limits. O(bytes). */
export function rewriteModule(
  module: ParsedModule,
  context: ModuleContext,
  limits: WasmLimits,
  imports: ImportTable,
  rules: RewritingRules = rewritingRules,
): Uint8Array {
  const layout = planLayout(module);
  const out = new ByteWriter(module.bytes.length * 2 + 1024);
  writeHeader(out);
  writeList(out, 1, layout.types, writeFunctionType);
  writeImports(out, module, layout);
  writeList(out, 3, functionTypes(module, layout), (w, type) => w.u32(type));
  writeList(out, 4, module.table === undefined ? [] : [module.table], writeTable);
  writeList(out, 5, [memorySize(module, limits)], writeSize);
  writeList(out, 6, [...module.globals, ...addedGlobals()], writeGlobal);
  writeExports(out, layout);
  writeList(
    out,
    9,
    module.elements.map((segment) => ({ ...segment, functions: segment.functions.map((i) => valueIndex(layout, i)) })),
    writeElements,
  );
  writeCode(out, module, context, layout, limits, imports, rules);
  return out.finish();
}

function planLayout(module: ParsedModule): Layout {
  const importCount = module.imports.length;
  const apply = applyIndex(module);
  const values = [...module.elements.flatMap((segment) => segment.functions), apply, module.start ?? apply];
  const standIns = [...new Set(values.filter((index) => index < importCount))].sort((a, b) => a - b);
  return {
    gasGlobal: module.globals.length,
    depthGlobal: module.globals.length + 1,
    growFunction: importCount,
    importCount,
    importCountAfter: importCount + 1,
    types: [...module.types, GROW_TYPE, RUN_TYPE, GAS_TYPE, DEPTH_TYPE],
    growType: module.types.length,
    standIns,
    functionCount: importCount + 1 + module.functions.length,
  };
}

function applyIndex(module: ParsedModule): number {
  return module.exports.find((entry) => entry.name === APPLY)!.index;
}

/** New index of a function that is not called directly: in a table, or entered from outside. */
function valueIndex(layout: Layout, index: number): number {
  if (index >= layout.importCount) return index - layout.importCount + layout.importCountAfter;
  return layout.functionCount + layout.standIns.indexOf(index);
}

function functionTypes(module: ParsedModule, layout: Layout): number[] {
  const { growType, standIns } = layout;
  return [
    ...module.functions,
    ...standIns.map((i) => module.imports[i]!.type),
    growType + 1,
    growType + 2,
    growType + 3,
  ];
}

function memorySize(module: ParsedModule, limits: WasmLimits): { readonly initial: number; readonly maximum: number } {
  if (module.memory === undefined) return { initial: 0, maximum: 0 };
  const { initial, maximum } = module.memory;
  return { initial, maximum: Math.min(maximum ?? limits.maxPages, limits.maxPages) };
}

function addedGlobals(): Global[] {
  return [
    { type: I64, mutable: true, init: Uint8Array.of(op.i64Const, 0) },
    { type: I32, mutable: true, init: Uint8Array.of(op.i32Const, 0) },
  ];
}

function writeImports(out: ByteWriter, module: ParsedModule, layout: Layout): void {
  const all = [...module.imports, { module: added.module, name: added.grow, type: layout.growType }];
  writeList(out, 2, all, (w, entry) => {
    w.name(entry.module);
    w.name(entry.name);
    w.byte(0);
    w.u32(entry.type);
  });
}

function writeExports(out: ByteWriter, layout: Layout): void {
  const run = layout.functionCount + layout.standIns.length;
  writeList(
    out,
    7,
    [
      { name: added.memory, kind: 'memory', index: 0 },
      { name: added.run, kind: 'function', index: run },
      { name: added.gas, kind: 'function', index: run + 1 },
      { name: added.depth, kind: 'function', index: run + 2 },
    ],
    writeExport,
  );
}

function writeCode(
  out: ByteWriter,
  module: ParsedModule,
  context: ModuleContext,
  layout: Layout,
  limits: WasmLimits,
  imports: ImportTable,
  rules: RewritingRules,
): void {
  const importParts = module.imports.map((entry) => imports.get(entry.name)!.gas * PARTS_PER_GAS);
  const code = new ByteWriter(module.bytes.length * 2 + 1024);
  code.u32(module.bodies.length + layout.standIns.length + 3);
  const writer = new BodyWriter(layout);
  const instructions = new InstructionList();
  const plan = new GasPlan();
  for (const [index, range] of module.bodies.entries()) {
    const type = context.functions[layout.importCount + index]!;
    const body = decodeBody(module.bytes, range, type, limits.maxFuncLocalBytes, instructions);
    rules.planGas(instructions, importParts, plan);
    const marks = hasArbitraryNan(instructions) ? rules.markNans(body, context, plan.dead) : undefined;
    const content = writer.write(body, plan, marks);
    if (content.length > REWRITTEN_BODY_BYTES_MAX) {
      reject('wasm_serialization_error', `function of ${content.length} bytes after metering`);
    }
    code.sized(content);
  }
  for (const index of layout.standIns)
    code.sized(standInBody(layout, context.functions[index]!, index, importParts[index]!));
  code.sized(runBody(module, layout, limits));
  code.sized(readerBody(layout.gasGlobal, true));
  code.sized(readerBody(layout.depthGlobal, false));
  writeSection(out, 10, code);
}

/** A defined function that does what a call of an import costs and checks, then calls it. */
function standInBody(layout: Layout, type: FunctionType, index: number, parts: number): ByteWriter {
  const out = new ByteWriter();
  out.u32(0);
  withIndex(out, op.globalGet, layout.depthGlobal);
  i32Const(out, DEPTH_FRAME);
  out.byte(op.i32Add);
  i32Const(out, 0);
  out.byte(op.i32LtS);
  out.byte(op.if);
  out.byte(0x40);
  i32Const(out, -1);
  withIndex(out, op.globalSet, layout.depthGlobal);
  out.byte(op.unreachable);
  out.byte(op.end);
  withIndex(out, op.globalGet, layout.gasGlobal);
  i64Const(out, parts);
  out.byte(op.i64Sub);
  withIndex(out, op.globalSet, layout.gasGlobal);
  withIndex(out, op.globalGet, layout.gasGlobal);
  i64Const(out, 0);
  out.byte(op.i64LtS);
  out.byte(op.if);
  out.byte(0x40);
  out.byte(op.unreachable);
  out.byte(op.end);
  for (let i = 0; i < type.params.length; i++) withIndex(out, op.localGet, i);
  withIndex(out, op.call, index);
  out.byte(op.end);
  return out;
}

function runBody(module: ParsedModule, layout: Layout, limits: WasmLimits): ByteWriter {
  const out = new ByteWriter();
  out.u32(0);
  withIndex(out, op.localGet, 0);
  out.byte(op.prefix);
  out.u32(op.i64TruncSatF64S - 0x100);
  withIndex(out, op.globalSet, layout.gasGlobal);
  i32Const(out, depthStart(limits.maxCallDepth));
  withIndex(out, op.globalSet, layout.depthGlobal);
  for (const [index, global] of module.globals.entries()) {
    if (!global.mutable) continue;
    out.raw(global.init);
    withIndex(out, op.globalSet, index);
  }
  if (module.start !== undefined) withIndex(out, op.call, valueIndex(layout, module.start));
  for (let i = 1; i <= 3; i++) withIndex(out, op.localGet, i);
  withIndex(out, op.call, valueIndex(layout, applyIndex(module)));
  withIndex(out, op.globalGet, layout.gasGlobal);
  out.byte(op.f64ConvertI64S);
  out.byte(op.end);
  return out;
}

/** A function that returns a global, an i64 as f64. */
function readerBody(global: number, wide: boolean): ByteWriter {
  const out = new ByteWriter();
  out.u32(0);
  withIndex(out, op.globalGet, global);
  if (wide) out.byte(op.f64ConvertI64S);
  out.byte(op.end);
  return out;
}

function withIndex(out: ByteWriter, code: number, index: number): void {
  out.byte(code);
  out.u32(index);
}

function i32Const(out: ByteWriter, value: number): void {
  out.byte(op.i32Const);
  out.signed(value);
}

function i64Const(out: ByteWriter, value: number): void {
  out.byte(op.i64Const);
  out.signed(value);
}
