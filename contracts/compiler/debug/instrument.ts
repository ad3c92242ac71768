/**
 * A debug build that tells which lines it runs: before the code of each line of the user's files stands a call of
 * `env.debug_line` with a number, which `hooks` translates.
 */
import {
  ByteReader,
  ByteWriter,
  decodeBody,
  InstructionList,
  op,
  parseModule,
  wasmLimitsBounds,
} from '@snapscale/execution/wasm';
import { type LineRow, readLineTable } from './line-table.js';

/** The function that instrumented code calls. */
export const debugLineImport = 'debug_line';

/** A place of a source file; its number is its position in the list. */
export type LineHook = { readonly file: string; readonly line: number };

export type InstrumentedCode = { readonly wasm: Uint8Array; readonly hooks: readonly LineHook[] };

const SECTION_CUSTOM = 0;
const SECTION_CODE = 10;
const HEADER_BYTES = 8;

/**
 * @param code of a debug build, with its line table and an import of `debug_line`
 * @param fileOf the user's name of a file of the table; undefined for files that are not theirs
 * @throws Error when the code has no line table or no such import, LineTableError
 */
export function instrument(code: Uint8Array, fileOf: (path: string) => string | undefined): InstrumentedCode {
  const module = parseModule(code, wasmLimitsBounds);
  const hookFunction = module.imports.findIndex(({ name }) => name === debugLineImport);
  if (hookFunction < 0) throw new Error(`the debug build does not import ${debugLineImport}`);
  const hooks: LineHook[] = [];
  const places = placesOf(code, fileOf, hooks);
  const target = new ByteWriter(code.length * 2);
  target.raw(code, 0, HEADER_BYTES);
  for (const { id, start, end } of sectionsOf(code)) {
    if (id === SECTION_CUSTOM) continue;
    const content = new ByteWriter(end - start);
    if (id === SECTION_CODE) {
      content.u32(module.bodies.length);
      for (const [i, range] of module.bodies.entries()) {
        const type = module.types[module.functions[i]!]!;
        const body = decodeBody(code, range, type, wasmLimitsBounds.maxFuncLocalBytes, instructions);
        content.sized(withCalls(body, places, hookFunction));
      }
    } else content.raw(code, start, end);
    target.byte(id);
    target.sized(content);
  }
  return { wasm: target.finish(), hooks };
}

const instructions = new InstructionList();

/** Numbers of the lines that begin at positions of the module, in the order of the positions. */
function placesOf(
  code: Uint8Array,
  fileOf: (path: string) => string | undefined,
  hooks: LineHook[],
): { readonly positions: readonly number[]; readonly ids: readonly number[] } {
  const sections = sectionsOf(code);
  const table = sections.find(({ name }) => name === '.debug_line');
  const codeSection = sections.find(({ id }) => id === SECTION_CODE);
  if (table === undefined || codeSection === undefined) throw new Error('the debug build has no line table');
  const idOf = new Map<string, number>();
  const rows = readLineTable(code.subarray(table.start, table.end))
    .map((row) => ({ ...row, file: fileOf(row.file) }))
    .filter((row): row is LineRow => row.file !== undefined && row.line > 0)
    .sort((a, b) => a.address - b.address);
  const positions: number[] = [];
  const ids: number[] = [];
  for (const { address, file, line } of rows) {
    const key = `${file}:${line}`;
    const id = idOf.get(key) ?? hooks.push({ file, line }) - 1;
    idOf.set(key, id);
    positions.push(codeSection.start + address);
    ids.push(id);
  }
  return { positions, ids };
}

function withCalls(
  body: ReturnType<typeof decodeBody>,
  { positions, ids }: ReturnType<typeof placesOf>,
  hookFunction: number,
): ByteWriter {
  const { bytes, localsStart, localsEnd } = body;
  const { count, offsets, opcodes } = body.instructions;
  const target = new ByteWriter((offsets[count]! - localsStart) * 2);
  target.raw(bytes, localsStart, localsEnd);
  let next = firstFrom(positions, localsStart);
  for (let i = 0; i < count; i++) {
    const offset = offsets[i]!;
    // The end of a block runs nothing, and its `else` belongs to the other branch: what begins there begins after it.
    const isStart = opcodes[i] !== op.end && opcodes[i] !== op.else;
    let last = -1;
    while (isStart && next < positions.length && positions[next]! <= offset) {
      const id = ids[next++]!;
      if (id === last) continue;
      last = id;
      target.byte(op.i32Const);
      target.signed(id);
      target.byte(op.call);
      target.u32(hookFunction);
    }
    target.raw(bytes, offset, offsets[i + 1]!);
  }
  return target;
}

function firstFrom(positions: readonly number[], position: number): number {
  let [low, high] = [0, positions.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (positions[middle]! < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

type Section = { readonly id: number; readonly name: string; readonly start: number; readonly end: number };

/** Sections with the ranges of their contents, for custom ones without their names. */
function sectionsOf(code: Uint8Array): Section[] {
  const reader = new ByteReader(code, HEADER_BYTES);
  const sections: Section[] = [];
  while (!reader.atEnd) {
    const id = reader.byte();
    const size = reader.u32();
    const start = reader.skip(size);
    const content = new ByteReader(code, start, start + size);
    const name = id === SECTION_CUSTOM ? content.name(wasmLimitsBounds.maxSymbolBytes) : '';
    sections.push({ id, name, start: content.position, end: start + size });
  }
  return sections;
}
