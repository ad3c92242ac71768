import type { BodyRange, FunctionType } from '../binary.js';
import { BRANCH_TABLE_ENTRIES_MAX } from '../limits.js';
import { ByteReader, malformed } from './byte-reader.js';
import { F64, I32, type Immediate, OPCODE_COUNT, op, opcodes, type ValueType, valueBytes } from './opcodes.js';

/** Immediates as small numbers, by opcode; 0 = opcode not accepted. */
const IMMEDIATE_KINDS: readonly Immediate[] = [
  'none',
  'blockType',
  'label',
  'labels',
  'function',
  'type',
  'local',
  'global',
  'memoryArgument',
  'memory',
  'memories',
  'i32',
  'i64',
  'f32',
  'f64',
];
const KIND_OF_OPCODE = Uint8Array.from({ length: OPCODE_COUNT }, (_, code) => {
  const entry = opcodes[code];
  return entry === undefined ? 0 : IMMEDIATE_KINDS.indexOf(entry.immediate) + 1;
});

/**
 * The instructions of one function body as parallel arrays, indexed by instruction. Instruction `i` occupies the bytes
 * [offsets[i], offsets[i + 1]) of the module. Reused from body to body: the content is valid until the next `decodeBody`.
 */
export class InstructionList {
  count = 0;
  opcodes: Uint16Array = new Uint16Array(1024);
  offsets: Uint32Array = new Uint32Array(1025);
  /**
   * By opcode: index of local, global, function, type or label; block type (0 or a value type); position in the module of
   * a float constant; and for `br_table` the index in `labels` of its count, which the labels follow, the default last.
   */
  immediates: Uint32Array = new Uint32Array(1024);
  readonly labels: number[] = [];

  /** Makes room for one more instruction. */
  reserve(): void {
    if (this.count < this.opcodes.length) return;
    this.opcodes = enlarge(this.opcodes, new Uint16Array(this.count * 2));
    this.offsets = enlarge(this.offsets, new Uint32Array(this.count * 2 + 1));
    this.immediates = enlarge(this.immediates, new Uint32Array(this.count * 2));
  }
}

/** A function body, decoded. */
export type FunctionBody = {
  /** The whole module. */
  readonly bytes: Uint8Array;
  readonly type: FunctionType;
  /** Types of the parameters and the locals after them. */
  readonly locals: Uint8Array;
  /** Bytes of the locals without the parameters. */
  readonly localBytes: number;
  /** First byte of the locals' declaration, and the byte after it. */
  readonly localsStart: number;
  readonly localsEnd: number;
  /** Groups in the declaration. */
  readonly localGroups: number;
  readonly instructions: InstructionList;
};

/**
 * Decodes the body at `range` into `instructions`. Rejects unknown instructions, malformed immediates, and locals that
 * together with the parameters take more than `localBytesMax` bytes. O(bytes); nothing is allocated before it is bounded.
 */
export function decodeBody(
  bytes: Uint8Array,
  range: BodyRange,
  type: FunctionType,
  localBytesMax: number,
  instructions: InstructionList,
): FunctionBody {
  const reader = new ByteReader(bytes, range.start, range.end);
  const locals = readLocals(reader, type, localBytesMax);
  const localsEnd = reader.position;
  instructions.count = 0;
  instructions.labels.length = 0;
  while (!reader.atEnd) readInstruction(reader, instructions);
  instructions.offsets[instructions.count] = reader.position;
  return {
    bytes,
    type,
    locals: locals.types,
    localBytes: locals.bytes,
    localsStart: range.start,
    localsEnd,
    localGroups: locals.groups,
    instructions,
  };
}

/** Opcode as it stands in `InstructionList.opcodes` to its name, for messages. */
export function opcodeName(code: number): string {
  return opcodes[code]?.name ?? `0x${code.toString(16)}`;
}

function readLocals(
  reader: ByteReader,
  type: FunctionType,
  bytesMax: number,
): { readonly types: Uint8Array; readonly bytes: number; readonly groups: number } {
  const groups = reader.u32();
  const runs: number[] = [];
  let count = type.params.length;
  let parameterBytes = 0;
  for (const param of type.params) parameterBytes += valueBytes(param);
  let bytes = parameterBytes;
  for (let group = 0; group < groups; group++) {
    const run = reader.u32();
    const local = reader.byte();
    if (local < F64 || local > I32) malformed('invalid local type', reader.position - 1);
    count += run;
    bytes += run * valueBytes(local);
    if (bytes > bytesMax) malformed(`parameters and locals of more than ${bytesMax} bytes`, reader.position);
    runs.push(run, local);
  }
  if (bytes > bytesMax) malformed(`parameters of ${bytes} bytes, ${bytesMax} allowed`, reader.position);
  const types = new Uint8Array(count);
  types.set(type.params);
  let next = type.params.length;
  for (let i = 0; i < runs.length; i += 2) {
    types.fill(runs[i + 1]!, next, next + runs[i]!);
    next += runs[i]!;
  }
  return { types, bytes: bytes - parameterBytes, groups };
}

function readInstruction(reader: ByteReader, list: InstructionList): void {
  const offset = reader.position;
  let code = reader.byte();
  if (code === op.prefix) {
    const extended = reader.u32();
    code = extended < OPCODE_COUNT - 0x100 ? 0x100 + extended : OPCODE_COUNT;
  }
  const kind = KIND_OF_OPCODE[code] ?? 0;
  if (kind === 0) malformed(`instruction 0x${reader.bytes[offset]!.toString(16)} is not supported`, offset);
  list.reserve();
  const index = list.count++;
  list.opcodes[index] = code;
  list.offsets[index] = offset;
  if (kind !== 1) list.immediates[index] = readImmediate(reader, code, IMMEDIATE_KINDS[kind - 1]!, list);
}

function readImmediate(reader: ByteReader, code: number, kind: Immediate, list: InstructionList): number {
  switch (kind) {
    case 'blockType':
      return readBlockType(reader);
    case 'label':
    case 'function':
    case 'local':
    case 'global':
      return reader.u32();
    case 'labels':
      return readLabels(reader, list);
    case 'type':
      return readIndirectType(reader);
    case 'memoryArgument':
      return readMemoryArgument(reader, code);
    case 'memories':
      zeroByte(reader);
      return zeroByte(reader);
    case 'memory':
      return zeroByte(reader);
    case 'i32':
      reader.s32();
      return 0;
    case 'i64':
      reader.skipS64();
      return 0;
    case 'f32':
      return reader.skip(4);
    case 'f64':
      return reader.skip(8);
    case 'none':
      return 0;
  }
}

function readBlockType(reader: ByteReader): ValueType {
  const type = reader.byte();
  if (type === 0x40) return 0;
  if (type < F64 || type > I32) malformed('invalid block type', reader.position - 1);
  return type;
}

function readLabels(reader: ByteReader, list: InstructionList): number {
  const count = reader.u32();
  if (count > BRANCH_TABLE_ENTRIES_MAX) {
    malformed(`br_table of ${count} entries, ${BRANCH_TABLE_ENTRIES_MAX} allowed`, reader.position);
  }
  const start = list.labels.length;
  list.labels.push(count);
  for (let i = 0; i <= count; i++) list.labels.push(reader.u32());
  return start;
}

/** The table index after the type may be padded: linkers write it as a relocatable number. */
function readIndirectType(reader: ByteReader): number {
  const type = reader.u32();
  if (reader.u32() !== 0) malformed('table 0 expected', reader.position - 1);
  return type;
}

function readMemoryArgument(reader: ByteReader, code: number): number {
  const alignment = reader.u32();
  if (alignment > opcodes[code]!.alignmentMax) {
    malformed(`alignment of ${opcodeName(code)} must not be larger than natural`, reader.position - 1);
  }
  return reader.u32();
}

function zeroByte(reader: ByteReader): number {
  if (reader.byte() !== 0) malformed('zero byte expected', reader.position - 1);
  return 0;
}

function enlarge<T extends Uint16Array | Uint32Array>(source: T, target: T): T {
  target.set(source);
  return target;
}
