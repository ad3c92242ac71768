/** The accepted instructions: MVP, sign extension, saturating truncation, memory.copy and memory.fill. */

/** Value types by their codes in the binary format. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;

/** Code of a value type; 0 stands for "none" (block types) or "unknown" (unreachable code). */
export type ValueType = number;

/** Bytes of a value of the type as eos-vm counts locals, globals and operands. */
export function valueBytes(type: ValueType): number {
  return type === I64 || type === F64 ? 8 : 4;
}

/** Opcodes that the engine treats one by one. Those behind the prefix 0xfc are numbered from 0x100. */
export const op = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  f32Store: 0x38,
  f64Store: 0x39,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  f32Eq: 0x5b,
  f64Eq: 0x61,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32And: 0x71,
  i32LtS: 0x48,
  i64LtS: 0x53,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64ShrU: 0x88,
  i64ExtendI32U: 0xad,
  f64ConvertI64S: 0xb9,
  prefix: 0xfc,
  i64TruncSatF64S: 0x106,
  memoryCopy: 0x10a,
  memoryFill: 0x10b,
} as const;

/** Size of tables indexed by opcode. */
export const OPCODE_COUNT = 0x10c;

/** What follows an opcode in the binary format. */
export type Immediate =
  | 'none'
  | 'blockType'
  | 'label'
  | 'labels'
  | 'function'
  | 'type'
  | 'local'
  | 'global'
  | 'memoryArgument'
  | 'memory'
  | 'memories'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64';

/** One instruction of the whitelist. */
export type Opcode = {
  readonly code: number;
  readonly name: string;
  readonly immediate: Immediate;
  /** Operand types, first pushed first; undefined where they depend on the context (control, parametric, variable). */
  readonly operands: readonly ValueType[] | undefined;
  /** Result type, 0 for none. */
  readonly result: ValueType;
  /** Log2 of the access width, for loads and stores. */
  readonly alignmentMax: number;
  /** A result that is NaN has bits that differ between compilers and processors (specification: "NaN propagation"). */
  readonly arbitraryNan: boolean;
};

/** Rows: first code, signature (`operands>result` in letters, or `*` for context-dependent), immediate, names in order of code. */
type Row = readonly [first: number, signature: string, immediate: Immediate, names: string];

/** Letters of the signatures below. */
const TYPE_OF_LETTER: Readonly<Record<string, ValueType>> = { i: I32, l: I64, f: F32, d: F64 };

const CONTROL_ROWS: readonly Row[] = [
  [0x00, '*', 'none', 'unreachable nop'],
  [0x02, '*', 'blockType', 'block loop if'],
  [0x05, '*', 'none', 'else'],
  [0x0b, '*', 'none', 'end'],
  [0x0c, '*', 'label', 'br br_if'],
  [0x0e, '*', 'labels', 'br_table'],
  [0x0f, '*', 'none', 'return'],
  [0x10, '*', 'function', 'call'],
  [0x11, '*', 'type', 'call_indirect'],
  [0x1a, '*', 'none', 'drop select'],
  [0x20, '*', 'local', 'local.get local.set local.tee'],
  [0x23, '*', 'global', 'global.get global.set'],
  [0x41, '>i', 'i32', 'i32.const'],
  [0x42, '>l', 'i64', 'i64.const'],
  [0x43, '>f', 'f32', 'f32.const'],
  [0x44, '>d', 'f64', 'f64.const'],
];

/** The number after the slash is log2 of the bytes accessed. */
const MEMORY_ROWS: readonly Row[] = [
  [0x28, 'i>i', 'memoryArgument', 'i32.load/2'],
  [0x29, 'i>l', 'memoryArgument', 'i64.load/3'],
  [0x2a, 'i>f', 'memoryArgument', 'f32.load/2'],
  [0x2b, 'i>d', 'memoryArgument', 'f64.load/3'],
  [0x2c, 'i>i', 'memoryArgument', 'i32.load8_s/0 i32.load8_u/0 i32.load16_s/1 i32.load16_u/1'],
  [
    0x30,
    'i>l',
    'memoryArgument',
    'i64.load8_s/0 i64.load8_u/0 i64.load16_s/1 i64.load16_u/1 i64.load32_s/2 i64.load32_u/2',
  ],
  [0x36, 'ii>', 'memoryArgument', 'i32.store/2'],
  [0x37, 'il>', 'memoryArgument', 'i64.store/3'],
  [0x38, 'if>', 'memoryArgument', 'f32.store/2'],
  [0x39, 'id>', 'memoryArgument', 'f64.store/3'],
  [0x3a, 'ii>', 'memoryArgument', 'i32.store8/0 i32.store16/1'],
  [0x3c, 'il>', 'memoryArgument', 'i64.store8/0 i64.store16/1 i64.store32/2'],
  [0x3f, '>i', 'memory', 'memory.size'],
  [0x40, 'i>i', 'memory', 'memory.grow'],
  [0x10a, 'iii>', 'memories', 'memory.copy'],
  [0x10b, 'iii>', 'memory', 'memory.fill'],
];

const NUMERIC_ROWS: readonly Row[] = [
  [0x45, 'i>i', 'none', 'i32.eqz'],
  [0x46, 'ii>i', 'none', 'i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u'],
  [0x50, 'l>i', 'none', 'i64.eqz'],
  [0x51, 'll>i', 'none', 'i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u'],
  [0x5b, 'ff>i', 'none', 'f32.eq f32.ne f32.lt f32.gt f32.le f32.ge'],
  [0x61, 'dd>i', 'none', 'f64.eq f64.ne f64.lt f64.gt f64.le f64.ge'],
  [0x67, 'i>i', 'none', 'i32.clz i32.ctz i32.popcnt'],
  [0x6a, 'ii>i', 'none', 'i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor'],
  [0x74, 'ii>i', 'none', 'i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr'],
  [0x79, 'l>l', 'none', 'i64.clz i64.ctz i64.popcnt'],
  [0x7c, 'll>l', 'none', 'i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or i64.xor'],
  [0x86, 'll>l', 'none', 'i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr'],
  [0x8b, 'f>f', 'none', 'f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt'],
  [0x92, 'ff>f', 'none', 'f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign'],
  [0x99, 'd>d', 'none', 'f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt'],
  [0xa0, 'dd>d', 'none', 'f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign'],
];

const CONVERSION_ROWS: readonly Row[] = [
  [0xa7, 'l>i', 'none', 'i32.wrap_i64'],
  [0xa8, 'f>i', 'none', 'i32.trunc_f32_s i32.trunc_f32_u'],
  [0xaa, 'd>i', 'none', 'i32.trunc_f64_s i32.trunc_f64_u'],
  [0xac, 'i>l', 'none', 'i64.extend_i32_s i64.extend_i32_u'],
  [0xae, 'f>l', 'none', 'i64.trunc_f32_s i64.trunc_f32_u'],
  [0xb0, 'd>l', 'none', 'i64.trunc_f64_s i64.trunc_f64_u'],
  [0xb2, 'i>f', 'none', 'f32.convert_i32_s f32.convert_i32_u'],
  [0xb4, 'l>f', 'none', 'f32.convert_i64_s f32.convert_i64_u'],
  [0xb6, 'd>f', 'none', 'f32.demote_f64'],
  [0xb7, 'i>d', 'none', 'f64.convert_i32_s f64.convert_i32_u'],
  [0xb9, 'l>d', 'none', 'f64.convert_i64_s f64.convert_i64_u'],
  [0xbb, 'f>d', 'none', 'f64.promote_f32'],
  [0xbc, 'f>i', 'none', 'i32.reinterpret_f32'],
  [0xbd, 'd>l', 'none', 'i64.reinterpret_f64'],
  [0xbe, 'i>f', 'none', 'f32.reinterpret_i32'],
  [0xbf, 'l>d', 'none', 'f64.reinterpret_i64'],
  [0xc0, 'i>i', 'none', 'i32.extend8_s i32.extend16_s'],
  [0xc2, 'l>l', 'none', 'i64.extend8_s i64.extend16_s i64.extend32_s'],
  [0x100, 'f>i', 'none', 'i32.trunc_sat_f32_s i32.trunc_sat_f32_u'],
  [0x102, 'd>i', 'none', 'i32.trunc_sat_f64_s i32.trunc_sat_f64_u'],
  [0x104, 'f>l', 'none', 'i64.trunc_sat_f32_s i64.trunc_sat_f32_u'],
  [0x106, 'd>l', 'none', 'i64.trunc_sat_f64_s i64.trunc_sat_f64_u'],
];

const ARBITRARY_NAN = /^f(32|64)\.(ceil|floor|trunc|nearest|sqrt|add|sub|mul|div|min|max|demote_f64|promote_f32)$/;

/** By opcode; undefined = not accepted. */
export const opcodes: readonly (Opcode | undefined)[] = buildTable();

function buildTable(): (Opcode | undefined)[] {
  const table = new Array<Opcode | undefined>(OPCODE_COUNT).fill(undefined);
  for (const [first, signature, immediate, names] of [
    CONTROL_ROWS,
    MEMORY_ROWS,
    NUMERIC_ROWS,
    CONVERSION_ROWS,
  ].flat()) {
    names.split(' ').forEach((text, index) => {
      const [name, width] = text.split('/');
      table[first + index] = opcode(first + index, name!, signature, immediate, Number(width ?? 0));
    });
  }
  return table;
}

function opcode(code: number, name: string, signature: string, immediate: Immediate, alignmentMax: number): Opcode {
  const [operands, result] = signature.split('>');
  return {
    code,
    name,
    immediate,
    operands: signature === '*' ? undefined : [...operands!].map((letter) => TYPE_OF_LETTER[letter]!),
    result: result ? TYPE_OF_LETTER[result]! : 0,
    alignmentMax,
    arbitraryNan: ARBITRARY_NAN.test(name),
  };
}
