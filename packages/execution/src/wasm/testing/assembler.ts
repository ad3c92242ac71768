/** Assembles small modules from text, for tests. Accepts what the format can express, valid or not. */
import {
  type ElementSegment,
  type Export,
  type FunctionType,
  type Global,
  type Size,
  writeElements,
  writeExport,
  writeFunctionType,
  writeGlobal,
  writeHeader,
  writeList,
  writeSection,
  writeSize,
  writeTable,
} from '../binary.js';
import { ByteWriter } from '../format/byte-writer.js';
import { F32, F64, I32, I64, type Opcode, op, opcodes, type ValueType } from '../format/opcodes.js';

const TYPES: Readonly<Record<string, ValueType>> = { i32: I32, i64: I64, f32: F32, f64: F64 };
const BY_NAME: ReadonlyMap<string, Opcode> = new Map(
  opcodes.filter((entry) => entry !== undefined).map((entry) => [entry.name, entry]),
);

/** Types and locals are lists of type names separated by blanks. */
export type AssemblyFunction = {
  readonly params?: string;
  readonly result?: string;
  readonly locals?: string;
  /** Instructions separated by blanks, see {@link encodeCode}; the final `end` is added. */
  readonly code: string;
};

export type Assembly = {
  /** Functions of module env, by name: `params>result`. */
  readonly imports?: Readonly<Record<string, string>>;
  readonly functions: readonly AssemblyFunction[];
  /** Further types, behind those of imports and functions. */
  readonly types?: readonly string[];
  readonly table?: Size;
  readonly memory?: Size;
  /** `type = constant`, with `var` in front when mutable: `var i32 = i32.const 5`. */
  readonly globals?: readonly string[];
  /** Index of the function exported as apply; by default the last one. */
  readonly apply?: number;
  readonly exports?: readonly Export[];
  readonly start?: number;
  readonly elements?: readonly ElementSegment[];
  readonly data?: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
};

/** Parameters of `apply`. */
export const APPLY_PARAMS = 'i64 i64 i64';

/** A function that can be exported as `apply`. */
export function applyFunction(code: string, locals = ''): AssemblyFunction {
  return { params: APPLY_PARAMS, locals, code };
}

/** A contract with one page of memory whose `apply` is `code`. */
export function applyModule(
  code: string,
  rest: Omit<Assembly, 'functions'> & { readonly locals?: string } = {},
): Uint8Array {
  const { locals, ...assembly } = rest;
  return assemble({
    memory: { initial: 1, maximum: undefined },
    ...assembly,
    functions: [applyFunction(code, locals)],
  });
}

export function assemble(assembly: Assembly): Uint8Array {
  const imports = Object.entries(assembly.imports ?? {});
  const signatures = [
    ...imports.map(([, signature]) => signature),
    ...assembly.functions.map(({ params, result }) => `${params ?? ''}>${result ?? ''}`),
    ...(assembly.types ?? []),
  ];
  const out = new ByteWriter();
  writeHeader(out);
  writeList(out, 1, signatures.map(functionType), writeFunctionType);
  writeList(out, 2, imports, (w, [name], index) => {
    w.name('env');
    w.name(name);
    w.byte(0);
    w.u32(index);
  });
  writeList(out, 3, assembly.functions, (w, _, index) => w.u32(imports.length + index));
  writeList(out, 4, assembly.table === undefined ? [] : [assembly.table], writeTable);
  writeList(out, 5, assembly.memory === undefined ? [] : [assembly.memory], writeSize);
  writeList(out, 6, (assembly.globals ?? []).map(parseGlobal), writeGlobal);
  const apply = assembly.apply ?? imports.length + assembly.functions.length - 1;
  writeList(out, 7, [{ name: 'apply', kind: 'function', index: apply }, ...(assembly.exports ?? [])], writeExport);
  if (assembly.start !== undefined) writeSection(out, 8, numberContent(assembly.start));
  writeList(out, 9, assembly.elements ?? [], writeElements);
  writeList(out, 10, assembly.functions, (w, fn) => w.sized(encodeBody(fn)));
  writeList(out, 11, assembly.data ?? [], (w, { offset, bytes }) => {
    w.byte(0);
    w.byte(op.i32Const);
    w.signed(offset | 0);
    w.byte(op.end);
    w.u32(bytes.length);
    w.raw(bytes);
  });
  return out.finish();
}

/** A module from raw sections, each `[id, ...content]`. */
export function rawModule(...sections: readonly (readonly number[])[]): Uint8Array {
  const out = new ByteWriter();
  writeHeader(out);
  for (const [id, ...content] of sections) {
    const body = new ByteWriter();
    body.raw(Uint8Array.from(content));
    writeSection(out, id!, body);
  }
  return out.finish();
}

/**
 * Instructions as bytes. Immediates follow the name; block types are joined by a colon (`block:i64`), offsets of memory
 * accesses by a plus (`i32.load+16`), labels of br_table by a colon, the default last (`br_table:0,1,2`). Float constants
 * may be bits (`f32.const 0x7fc00000`).
 */
function encodeCode(code: string): Uint8Array {
  const out = new ByteWriter();
  const tokens = code.split(/\s+/).filter((token) => token !== '');
  for (let i = 0; i < tokens.length; i++) {
    const [, name, detail] = /^([^:+]+)(?:[:+](.*))?$/.exec(tokens[i]!)!;
    const entry = BY_NAME.get(name!);
    if (entry === undefined) throw new Error(`unknown instruction ${name}`);
    if (entry.code >= 0x100) {
      out.byte(op.prefix);
      out.u32(entry.code - 0x100);
    } else {
      out.byte(entry.code);
    }
    if (writeDetail(out, entry, detail)) continue;
    writeImmediate(out, entry, tokens[++i] ?? '');
  }
  return out.finish();
}

/** Writes immediates that are part of the name's token; false when one is to follow. */
function writeDetail(out: ByteWriter, entry: Opcode, detail: string | undefined): boolean {
  switch (entry.immediate) {
    case 'none':
      return true;
    case 'blockType':
      out.byte(detail === undefined ? 0x40 : TYPES[detail]!);
      return true;
    case 'labels': {
      const labels = detail!.split(',').map(Number);
      out.u32(labels.length - 1);
      for (const label of labels) out.u32(label);
      return true;
    }
    case 'memoryArgument':
      out.u32(0);
      out.u32(Number(detail ?? 0));
      return true;
    case 'memory':
      out.byte(0);
      return true;
    case 'memories':
      out.byte(0);
      out.byte(0);
      return true;
    default:
      return false;
  }
}

function writeImmediate(out: ByteWriter, entry: Opcode, token: string): void {
  switch (entry.immediate) {
    case 'i32':
      out.signed(Number(token) | 0);
      return;
    case 'i64':
      out.raw(signed64(BigInt.asIntN(64, BigInt(token))));
      return;
    case 'f32':
    case 'f64':
      out.raw(floatBytes(token, entry.immediate === 'f64'));
      return;
    default:
      out.u32(Number(token));
      if (entry.immediate === 'type') out.byte(0);
  }
}

function signed64(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest < -64n || rest > 63n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest & 0x7fn));
  return Uint8Array.from(bytes);
}

function floatBytes(token: string, wide: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  const bits = /^0x/.test(token);
  if (wide && bits) view.setBigUint64(0, BigInt(token), true);
  else if (wide) view.setFloat64(0, Number(token), true);
  else if (bits) view.setUint32(0, Number(token), true);
  else view.setFloat32(0, Number(token), true);
  return new Uint8Array(view.buffer, 0, wide ? 8 : 4);
}

function encodeBody(fn: AssemblyFunction): ByteWriter {
  const body = new ByteWriter();
  const locals = typeList(fn.locals ?? '');
  body.u32(locals.length);
  for (const type of locals) {
    body.u32(1);
    body.byte(type);
  }
  body.raw(encodeCode(fn.code));
  body.byte(op.end);
  return body;
}

function functionType(signature: string): FunctionType {
  const [params, result] = signature.split('>');
  return { params: typeList(params ?? ''), result: result ? TYPES[result]! : 0 };
}

function typeList(text: string): ValueType[] {
  return text
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => TYPES[name]!);
}

function parseGlobal(text: string): Global {
  const [, mutable, type, init] = /^(var )?(\w+) = (.*)$/.exec(text)!;
  return { type: TYPES[type!]!, mutable: mutable !== undefined, init: encodeCode(init!) };
}

function numberContent(value: number): ByteWriter {
  const content = new ByteWriter();
  content.u32(value);
  return content;
}
