/**
 * The binary format of modules (WebAssembly core specification 1.0 chapter 5, function bodies excepted): bounded parser and
 * emitter. What it accepts is well-formed; what the parts mean for each other is checked in validate.ts.
 */
import { reject } from '@snapscale/protocol';
import { ByteReader, malformed } from './format/byte-reader.js';
import { ByteWriter } from './format/byte-writer.js';
import { F32, F64, I32, I64, op, type ValueType } from './format/opcodes.js';
import { PARAMETERS_MAX, type WasmLimits } from './limits.js';

export type FunctionType = {
  readonly params: readonly ValueType[];
  /** 0 = no result. */
  readonly result: ValueType;
};

export type FunctionImport = { readonly module: string; readonly name: string; readonly type: number };

/** Size of a memory (pages) or table (elements). */
export type Size = { readonly initial: number; readonly maximum: number | undefined };

export type Global = {
  readonly type: ValueType;
  readonly mutable: boolean;
  /** The constant instruction that gives the first value, without its `end`. */
  readonly init: Uint8Array;
};

export type ExportKind = 'function' | 'table' | 'memory' | 'global';
export type Export = { readonly name: string; readonly kind: ExportKind; readonly index: number };

/** Functions put into the table from `offset` on. */
export type ElementSegment = { readonly offset: number; readonly functions: readonly number[] };

/** Bytes put into memory from `offset` on. */
export type DataSegment = { readonly offset: number; readonly bytes: Uint8Array };

/** Position of a function body, its locals included, in the module's bytes. */
export type BodyRange = { readonly start: number; readonly end: number };

/** A module taken apart. Indices are not yet checked. */
export type ParsedModule = {
  readonly bytes: Uint8Array;
  readonly types: readonly FunctionType[];
  readonly imports: readonly FunctionImport[];
  /** Type of each defined function. */
  readonly functions: readonly number[];
  readonly table: Size | undefined;
  readonly memory: Size | undefined;
  readonly globals: readonly Global[];
  readonly exports: readonly Export[];
  readonly start: number | undefined;
  readonly elements: readonly ElementSegment[];
  readonly bodies: readonly BodyRange[];
  readonly data: readonly DataSegment[];
};

type Draft = { -readonly [K in keyof ParsedModule]: ParsedModule[K] } & { dataCount: number | undefined };

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00] as const;
const FORM_FUNCTION = 0x60;
const FORM_FUNCREF = 0x70;
const SECTION_CUSTOM = 0;
const EXPORT_KINDS: readonly ExportKind[] = ['function', 'table', 'memory', 'global'];

/** Section ids in the order in which sections must come; the data count, 12, stands before the code. */
const SECTION_ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11] as const;

/**
 * Takes a module apart. Rejects with `wasm_serialization_error` what is not well-formed, what goes beyond the size limits
 * that concern the format itself, and imports that are not functions. O(bytes).
 */
export function parseModule(bytes: Uint8Array, limits: WasmLimits): ParsedModule {
  if (bytes.length > limits.maxModuleBytes) malformed(`module of ${bytes.length} bytes`, limits.maxModuleBytes);
  const reader = new ByteReader(bytes);
  for (const [offset, expected] of HEADER.entries()) {
    if (reader.byte() !== expected) malformed('magic header or version not detected', offset);
  }
  const draft = emptyModule(bytes);
  let rankMin = 0;
  while (!reader.atEnd) {
    const offset = reader.position;
    const id = reader.byte();
    const size = reader.u32();
    const start = reader.skip(size);
    const section = new ByteReader(bytes, start, start + size);
    if (id === SECTION_CUSTOM) {
      section.name(limits.maxSymbolBytes);
      continue;
    }
    const rank = SECTION_ORDER.indexOf(id as (typeof SECTION_ORDER)[number]);
    if (rank < 0) malformed(`unknown section ${id}`, offset);
    if (rank < rankMin) malformed(`section ${id} repeated or out of order`, offset);
    rankMin = rank + 1;
    readSection(section, id, draft, limits);
    if (!section.atEnd) malformed(`section ${id} is longer than its content`, section.position);
  }
  checkCounts(draft);
  const { dataCount: _, ...module } = draft;
  return module;
}

/** One section around its content. */
export function writeSection(target: ByteWriter, id: number, content: ByteWriter): void {
  target.byte(id);
  target.sized(content);
}

/** A section that is a list of entries; nothing when the list is empty. */
export function writeList<T>(
  target: ByteWriter,
  id: number,
  items: readonly T[],
  write: (target: ByteWriter, item: T, index: number) => void,
): void {
  if (items.length === 0) return;
  const content = new ByteWriter(1024);
  content.u32(items.length);
  for (const [index, item] of items.entries()) write(content, item, index);
  writeSection(target, id, content);
}

export function writeHeader(target: ByteWriter): void {
  for (const byte of HEADER) target.byte(byte);
}

export function writeFunctionType(target: ByteWriter, type: FunctionType): void {
  target.byte(FORM_FUNCTION);
  target.u32(type.params.length);
  for (const param of type.params) target.byte(param);
  target.byte(type.result === 0 ? 0 : 1);
  if (type.result !== 0) target.byte(type.result);
}

/** A memory, or behind its element type a table. */
export function writeSize(target: ByteWriter, size: Size): void {
  target.byte(size.maximum === undefined ? 0 : 1);
  target.u32(size.initial);
  if (size.maximum !== undefined) target.u32(size.maximum);
}

export function writeTable(target: ByteWriter, size: Size): void {
  target.byte(FORM_FUNCREF);
  writeSize(target, size);
}

export function writeGlobal(target: ByteWriter, global: Global): void {
  target.byte(global.type);
  target.byte(global.mutable ? 1 : 0);
  target.raw(global.init);
  target.byte(op.end);
}

export function writeExport(target: ByteWriter, entry: Export): void {
  target.name(entry.name);
  target.byte(EXPORT_KINDS.indexOf(entry.kind));
  target.u32(entry.index);
}

export function writeElements(target: ByteWriter, segment: ElementSegment): void {
  target.byte(0);
  target.byte(op.i32Const);
  target.signed(segment.offset | 0);
  target.byte(op.end);
  target.u32(segment.functions.length);
  for (const index of segment.functions) target.u32(index);
}

function emptyModule(bytes: Uint8Array): Draft {
  return {
    bytes,
    types: [],
    imports: [],
    functions: [],
    table: undefined,
    memory: undefined,
    globals: [],
    exports: [],
    start: undefined,
    elements: [],
    bodies: [],
    data: [],
    dataCount: undefined,
  };
}

function readSection(reader: ByteReader, id: number, draft: Draft, limits: WasmLimits): void {
  const list = <T>(read: (reader: ByteReader) => T) => readList(reader, limits.maxSectionElements, read);
  switch (id) {
    case 1:
      draft.types = list(readFunctionType);
      return;
    case 2:
      draft.imports = list((r) => readImport(r, limits));
      return;
    case 3:
      draft.functions = list((r) => r.u32());
      return;
    case 4:
      draft.table = readSingle(reader, 'table', readTable);
      return;
    case 5:
      draft.memory = readSingle(reader, 'memory', readSize);
      return;
    case 6:
      draft.globals = list(readGlobal);
      return;
    case 7:
      draft.exports = list((r) => readExport(r, limits));
      return;
    case 8:
      draft.start = reader.u32();
      return;
    case 9:
      draft.elements = list((r) => readElements(r, limits));
      return;
    case 10:
      draft.bodies = list((r) => readBodyRange(r, limits));
      return;
    case 11:
      draft.data = list(readData);
      return;
    default:
      draft.dataCount = reader.u32();
  }
}

function checkCounts(draft: Draft): void {
  const end = draft.bytes.length;
  if (draft.functions.length !== draft.bodies.length) {
    malformed(`${draft.functions.length} functions declared, ${draft.bodies.length} bodies`, end);
  }
  if (draft.dataCount !== undefined && draft.dataCount !== draft.data.length) {
    malformed(`${draft.dataCount} data segments announced, ${draft.data.length} found`, end);
  }
}

function readList<T>(reader: ByteReader, countMax: number, read: (reader: ByteReader) => T): T[] {
  const count = reader.u32();
  if (count > countMax) malformed(`section of ${count} entries, ${countMax} allowed`, reader.position);
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(read(reader));
  return items;
}

function readSingle<T>(reader: ByteReader, what: string, read: (reader: ByteReader) => T): T | undefined {
  const count = reader.u32();
  if (count > 1) malformed(`more than one ${what}`, reader.position);
  return count === 0 ? undefined : read(reader);
}

function readValueType(reader: ByteReader): ValueType {
  const type = reader.byte();
  if (type !== I32 && type !== I64 && type !== F32 && type !== F64)
    malformed('invalid value type', reader.position - 1);
  return type;
}

function readFunctionType(reader: ByteReader): FunctionType {
  if (reader.byte() !== FORM_FUNCTION) malformed('function type expected', reader.position - 1);
  const count = reader.u32();
  if (count > PARAMETERS_MAX) malformed(`function type with ${count} parameters`, reader.position);
  const params: ValueType[] = [];
  for (let i = 0; i < count; i++) params.push(readValueType(reader));
  const results = reader.u32();
  if (results > 1) malformed(`function type with ${results} results`, reader.position);
  return { params, result: results === 0 ? 0 : readValueType(reader) };
}

function readImport(reader: ByteReader, limits: WasmLimits): FunctionImport {
  const module = reader.name(limits.maxSymbolBytes);
  const name = reader.name(limits.maxSymbolBytes);
  if (reader.byte() !== 0) reject('wasm_serialization_error', `${module}.${name} unresolveable`, { import: name });
  return { module, name, type: reader.u32() };
}

function readTable(reader: ByteReader): Size {
  if (reader.byte() !== FORM_FUNCREF) malformed('table of functions expected', reader.position - 1);
  return readSize(reader);
}

function readSize(reader: ByteReader): Size {
  const flags = reader.byte();
  if (flags > 1) malformed('invalid limits flags', reader.position - 1);
  const initial = reader.u32();
  if (flags === 0) return { initial, maximum: undefined };
  const maximum = reader.u32();
  if (maximum < initial) malformed('size minimum must not be greater than maximum', reader.position);
  return { initial, maximum };
}

function readGlobal(reader: ByteReader): Global {
  const type = readValueType(reader);
  const mutability = reader.byte();
  if (mutability > 1) malformed('invalid mutability', reader.position - 1);
  const start = reader.position;
  const offset = skipConstant(reader);
  if (offset !== type) malformed('initial value of another type than its global', start);
  return { type, mutable: mutability === 1, init: reader.bytes.subarray(start, reader.position - 1) };
}

/** Reads a constant instruction and its `end`; returns the type. */
function skipConstant(reader: ByteReader): ValueType {
  const code = reader.byte();
  let type: ValueType = 0;
  if (code === op.i32Const) {
    reader.s32();
    type = I32;
  } else if (code === op.i64Const) {
    reader.skipS64();
    type = I64;
  } else if (code === op.f32Const) {
    reader.skip(4);
    type = F32;
  } else if (code === op.f64Const) {
    reader.skip(8);
    type = F64;
  } else {
    malformed('constant expected', reader.position - 1);
  }
  expectEnd(reader);
  return type;
}

/** The offset of a segment: an i32 constant, taken as unsigned. */
function readOffset(reader: ByteReader): number {
  if (reader.byte() !== op.i32Const) malformed('constant i32 offset expected', reader.position - 1);
  const offset = reader.s32() >>> 0;
  expectEnd(reader);
  return offset;
}

function expectEnd(reader: ByteReader): void {
  if (reader.byte() !== op.end) malformed('end of constant expression expected', reader.position - 1);
}

function readExport(reader: ByteReader, limits: WasmLimits): Export {
  const name = reader.name(limits.maxSymbolBytes);
  const kind = EXPORT_KINDS[reader.byte()];
  if (kind === undefined) return malformed('invalid export kind', reader.position - 1);
  return { name, kind, index: reader.u32() };
}

function readElements(reader: ByteReader, limits: WasmLimits): ElementSegment {
  if (reader.byte() !== 0) malformed('active element segment of table 0 expected', reader.position - 1);
  const offset = readOffset(reader);
  const functions = readList(reader, limits.maxTableElements, (r) => r.u32());
  return { offset, functions };
}

function readBodyRange(reader: ByteReader, limits: WasmLimits): BodyRange {
  const size = reader.u32();
  const start = reader.skip(size);
  if (size > limits.maxCodeBytes) malformed(`function body of ${size} bytes`, start);
  return { start, end: start + size };
}

function readData(reader: ByteReader): DataSegment {
  if (reader.byte() !== 0) malformed('active data segment of memory 0 expected', reader.position - 1);
  const offset = readOffset(reader);
  const size = reader.u32();
  const start = reader.skip(size);
  return { offset, bytes: reader.bytes.subarray(start, start + size) };
}
