/** Makes random valid contracts that always end, for comparing ways of running them. */
import { F32, F64, I32, I64, type Opcode, opcodes, type ValueType } from '../format/opcodes.js';
import { APPLY_PARAMS, type AssemblyFunction, assemble } from './assembler.js';
import { Random } from './random.js';

/** `none`: integers only; `values`: floats, but no instruction shows the bits of a NaN; `bits`: everything. */
export type Floats = 'none' | 'values' | 'bits';

const NAMES: Readonly<Record<ValueType, string>> = { [I32]: 'i32', [I64]: 'i64', [F32]: 'f32', [F64]: 'f64' };
const SHOWS_BITS = /reinterpret_f|copysign|f32.store|f64.store|f32.load|f64.load|reinterpret_i/;
const MAY_TRAP = /^i..\.(div|rem|trunc_f)/;
const IMPORTS = { note: 'i64>', double: 'i64>i64', poke: 'i32 i32>' } as const;
const IMPORT_COUNT = 3;
const [NOTE, DOUBLE] = [0, 1];
const FUNCTIONS = 4;
/** Where `apply` writes globals at its end. */
const GLOBALS_AT = 1024;
const COUNTERS = 4;
/** Locals behind the counters that hold nothing but results of arithmetic. */
const CALCULATED = [F32, F32, F64, F64, F64];

type Signature = { readonly params: readonly ValueType[]; readonly result: ValueType };

/** A contract; memory is also exported as `memory`, so that it can be run without rewriting. */
export function randomContract(seed: number, floats: Floats): Uint8Array {
  const random = new Random(seed);
  const types = floats === 'none' ? [I32, I64] : [I32, I64, F32, F64];
  const signatures = Array.from({ length: FUNCTIONS }, () => randomSignature(random, types));
  const functions = signatures.map((signature, index) =>
    new FunctionMaker(random, floats, types, signatures.slice(0, index), signature).make(),
  );
  const apply: Signature = { params: [I64, I64, I64], result: 0 };
  const last = new FunctionMaker(random, floats, types, signatures, apply).make();
  const globals = types.map((type) => `var ${NAMES[type]} = ${constant(random, type)}`);
  const showGlobals = types
    .slice(0, 2)
    .map((type, i) => `i32.const ${GLOBALS_AT + 8 * i} global.get ${i} ${NAMES[type]}.store`);
  return assemble({
    imports: IMPORTS,
    memory: { initial: 1, maximum: random.once(2) ? 3 : undefined },
    table: { initial: 8, maximum: undefined },
    elements: [{ offset: 1, functions: [IMPORT_COUNT, IMPORT_COUNT + 1, NOTE, DOUBLE, IMPORT_COUNT + 2] }],
    globals,
    functions: [...functions, { ...last, params: APPLY_PARAMS, code: `${last.code} ${showGlobals.join(' ')}` }],
    exports: [{ name: 'memory', kind: 'memory', index: 0 }],
    data: [{ offset: 16, bytes: Uint8Array.from({ length: 64 }, () => random.below(256)) }],
  });
}

function randomSignature(random: Random, types: readonly ValueType[]): Signature {
  const params = Array.from({ length: random.below(4) }, () => random.pick(types));
  return { params, result: random.once(4) ? 0 : random.pick(types) };
}

function constant(random: Random, type: ValueType): string {
  if (type === I32) return `i32.const ${random.pick([0, 1, -1, 7, 65535, -2147483648, random.next() | 0])}`;
  if (type === I64)
    return `i64.const ${random.pick(['0', '1', '-1', '-9223372036854775808', String(random.next() * 65537)])}`;
  return `${NAMES[type]}.const ${random.pick(['0', '-0', '1', '-1.5', 'Infinity', '-Infinity', '1e30', '0.1'])}`;
}

/** Not-a-numbers of all kinds, for floats. */
function nan(random: Random, type: ValueType): string {
  if (type === F32)
    return `f32.const ${random.pick(['0x7fc00000', '0xffc00000', '0x7fc12345', '0x7f800001', '0xff923456'])}`;
  if (type !== F64) return constant(random, type);
  return `f64.const ${random.pick(['0x7ff8000000000000', '0xfff8000000000000', '0x7ff8000000012345', '0xfff0000000000001'])}`;
}

class FunctionMaker {
  readonly #random: Random;
  readonly #floats: Floats;
  readonly #types: readonly ValueType[];
  /** Functions that may be called. */
  readonly #callees: readonly Signature[];
  readonly #signature: Signature;
  readonly #locals: readonly ValueType[];
  readonly #byResult: ReadonlyMap<ValueType, readonly Opcode[]>;
  /** Open structures, innermost last: whether a branch may go there, and what it must carry. */
  readonly #labels: { readonly loop: boolean; readonly result: ValueType }[] = [];
  #fuel = 90;
  #countersUsed = 0;
  #calls = 0;

  constructor(
    random: Random,
    floats: Floats,
    types: readonly ValueType[],
    callees: readonly Signature[],
    signature: Signature,
  ) {
    this.#random = random;
    this.#floats = floats;
    this.#types = types;
    this.#callees = callees;
    this.#signature = signature;
    this.#locals = [...signature.params, ...Array.from({ length: random.below(6) }, () => random.pick(types))];
    this.#byResult = usableOpcodes(types, floats);
  }

  make(): AssemblyFunction {
    const { params, result } = this.#signature;
    this.#labels.push({ loop: false, result });
    const body = this.#statements(3);
    const value = result === 0 ? '' : this.#expression(result, 3);
    const own = this.#locals.slice(params.length).map((type) => NAMES[type]);
    return {
      params: params.map((type) => NAMES[type]).join(' '),
      result: NAMES[result] ?? '',
      locals: [...own, ...new Array<string>(COUNTERS).fill('i32'), ...CALCULATED.map((type) => NAMES[type])].join(' '),
      code: `${body} ${value}`,
    };
  }

  #statements(depth: number): string {
    return Array.from({ length: 1 + this.#random.below(5) }, () => this.#statement(depth)).join(' ');
  }

  #statement(depth: number): string {
    if (this.#fuel-- <= 0) return 'nop';
    if (this.#floats === 'bits' && this.#random.once(2)) return this.#floatFlow();
    const choice = this.#random.below(depth > 0 ? 16 : 7);
    switch (choice) {
      case 0:
      case 1:
        return this.#setLocal();
      case 2:
        return this.#setGlobal();
      case 3:
      case 4:
        return this.#store();
      case 5:
        return `${this.#expression(I64, 2)} call ${NOTE}`;
      case 6:
        return `${this.#expression(this.#random.pick(this.#types), 3)} drop`;
      case 7:
        return this.#inside(`${this.#expression(I32, 2)} if`, depth);
      case 8:
        return this.#inside(`${this.#expression(I32, 2)} if`, depth, true);
      case 9:
        return this.#inside('block', depth);
      case 10:
      case 11:
        return this.#loop(depth);
      case 12:
        return this.#branch();
      case 13:
        return this.#bulk();
      case 14:
        return this.#rare();
      default:
        return this.#branchTable(depth);
    }
  }

  #inside(open: string, depth: number, withElse = false): string {
    this.#labels.push({ loop: false, result: 0 });
    const first = this.#statements(depth - 1);
    const second = withElse ? `else ${this.#statements(depth - 1)}` : '';
    this.#labels.pop();
    return `${open} ${first} ${second} end`;
  }

  #loop(depth: number): string {
    if (this.#countersUsed === COUNTERS) return 'nop';
    const counter = this.#locals.length + this.#countersUsed++;
    this.#labels.push({ loop: true, result: 0 });
    const body = this.#statements(depth - 1);
    this.#labels.pop();
    const rounds = 1 + this.#random.below(4);
    return `i32.const ${rounds} local.set ${counter} loop ${body} local.get ${counter} i32.const 1 i32.sub local.tee ${counter} br_if 0 end`;
  }

  /** A branch out of some enclosing structure, conditional or not, with dead code behind. */
  #branch(): string {
    const label = this.#random.below(this.#labels.length);
    const target = this.#labels[this.#labels.length - 1 - label]!;
    if (target.loop) return 'nop';
    const value = target.result === 0 ? '' : this.#expression(target.result, 2);
    if (this.#random.once(3)) {
      const dead = this.#random.pick([
        '',
        'i32.const 1 drop',
        'block i32.const 5 drop br 0 end',
        'loop br 0 end',
        'unreachable',
      ]);
      const leave = target.result === this.#signature.result && this.#random.once(3) ? 'return' : `br ${label + 1}`;
      return `block ${value} ${leave} ${dead} end`;
    }
    return `${value} ${this.#expression(I32, 2)} br_if ${label} ${target.result === 0 ? '' : 'drop'}`;
  }

  #branchTable(depth: number): string {
    this.#labels.push({ loop: false, result: 0 }, { loop: false, result: 0 });
    const body = this.#statements(depth - 1);
    const index = this.#expression(I32, 1);
    this.#labels.pop();
    const between = this.#statements(depth - 1);
    this.#labels.pop();
    return `block block ${body} ${index} i32.const 3 i32.and br_table:0,1,0,1 end ${between} end`;
  }

  /** Arithmetic results on their way through locals to where their bits show. */
  #floatFlow(): string {
    const type = this.#random.pick([F32, F64]);
    const name = NAMES[type];
    const value = this.#arithmetic(type, 2);
    const held = `local.get ${this.#calculated(type)}`;
    const target = `local.set ${this.#calculated(type)}`;
    const store = `${name}.store+${this.#random.below(64)}`;
    switch (this.#random.below(9)) {
      case 0:
      case 1:
        return `${value} ${target}`;
      case 2:
        return `${held} ${target}`;
      case 3:
        return `${this.#address()} ${held} ${this.#random.pick(['', `${name}.neg`, `${name}.abs`])} ${store}`;
      case 4:
        return `${this.#address()} ${this.#leaf(type)} ${held} ${name}.copysign ${store}`;
      case 5:
        return `${this.#address()} ${value} local.tee ${this.#calculated(type)} ${store}`;
      case 6:
        return `${this.#address()} ${held} ${this.#random.pick([value, this.#leaf(type)])} ${this.#leaf(I32)} select ${store}`;
      case 7:
        return `${held} ${type === F32 ? 'i32.reinterpret_f32 i64.extend_i32_u' : 'i64.reinterpret_f64'} call ${NOTE}`;
      default:
        return `${held} ${value} ${this.#leaf(I32)} select ${target}`;
    }
  }

  #calculated(type: ValueType): number {
    const first = this.#locals.length + COUNTERS;
    return first + this.#random.pick([...CALCULATED.keys()].filter((i) => CALCULATED[i] === type));
  }

  #arithmetic(type: ValueType, depth: number): string {
    const entry = this.#random.pick(this.#byResult.get(type)!.filter(({ arbitraryNan }) => arbitraryNan));
    const operands = entry.operands!.map((operand) => {
      if (depth > 0 && this.#random.once(3)) return this.#arithmetic(operand, depth - 1);
      return this.#random.once(2) ? `local.get ${this.#calculated(operand)}` : this.#leaf(operand);
    });
    return `${operands.join(' ')} ${entry.name}`;
  }

  #setLocal(): string {
    if (this.#locals.length === 0) return 'nop';
    const local = this.#random.below(this.#locals.length);
    return `${this.#expression(this.#locals[local]!, 3)} local.set ${local}`;
  }

  #setGlobal(): string {
    const global = this.#random.below(this.#types.length);
    return `${this.#expression(this.#types[global]!, 3)} global.set ${global}`;
  }

  #store(): string {
    const type = this.#random.pick(this.#floats === 'bits' ? this.#types : [I32, I64]);
    const names: Readonly<Record<ValueType, readonly string[]>> = {
      [I32]: ['i32.store', 'i32.store8', 'i32.store16'],
      [I64]: ['i64.store', 'i64.store8', 'i64.store32'],
      [F32]: ['f32.store'],
      [F64]: ['f64.store'],
    };
    return `${this.#address()} ${this.#expression(type, 3)} ${this.#random.pick(names[type]!)}+${this.#random.below(64)}`;
  }

  #address(): string {
    const wild = this.#random.once(200);
    return wild ? this.#expression(I32, 1) : `${this.#expression(I32, 1)} i32.const 4095 i32.and`;
  }

  #bulk(): string {
    const length = this.#random.once(100) ? '-1' : String(this.#random.below(300));
    const name = this.#random.pick(['memory.copy', 'memory.fill']);
    const source = name === 'memory.copy' ? this.#address() : this.#expression(I32, 1);
    return `${this.#address()} ${source} i32.const ${length} ${name}`;
  }

  #rare(): string {
    switch (this.#random.below(12)) {
      case 0:
        return 'unreachable';
      case 1:
        return `i32.const ${this.#random.pick([0, 1, 100000, -1])} memory.grow i64.extend_i32_s call ${NOTE}`;
      case 2:
        return `memory.size i64.extend_i32_u call ${NOTE}`;
      case 3:
        return this.#signature.result === 0 ? `${this.#expression(I32, 1)} if return end` : 'nop';
      default:
        return 'nop';
    }
  }

  #expression(type: ValueType, depth: number): string {
    if (depth === 0 || this.#fuel-- <= 0) return this.#leaf(type);
    switch (this.#random.below(12)) {
      case 0:
      case 1:
        return this.#leaf(type);
      case 2:
        return `${this.#expression(type, depth - 1)} ${this.#expression(type, depth - 1)} ${this.#expression(I32, depth - 1)} select`;
      case 3:
        return this.#valueBlock(type, depth);
      case 4:
        return this.#tee(type, depth);
      case 5:
      case 6:
        return this.#call(type, depth);
      case 7:
        return this.#load(type);
      default: {
        const entry = this.#operation(type);
        return `${entry.operands!.map((operand) => this.#expression(operand, depth - 1)).join(' ')} ${entry.name}`;
      }
    }
  }

  /** Instructions that can trap are made rare. */
  #operation(type: ValueType): Opcode {
    const entry = this.#random.pick(this.#byResult.get(type)!);
    return MAY_TRAP.test(entry.name) && !this.#random.once(20) ? this.#operation(type) : entry;
  }

  #leaf(type: ValueType): string {
    const locals = [...this.#locals.keys()].filter((i) => this.#locals[i] === type);
    const choice = this.#random.below(4);
    if (choice < 2 && locals.length > 0) return `local.get ${this.#random.pick(locals)}`;
    if (choice === 2) return `global.get ${this.#types.indexOf(type)}`;
    if (this.#floats === 'bits' && this.#random.once(4)) return nan(this.#random, type);
    return constant(this.#random, type);
  }

  #tee(type: ValueType, depth: number): string {
    const locals = [...this.#locals.keys()].filter((i) => this.#locals[i] === type);
    if (locals.length === 0) return this.#leaf(type);
    return `${this.#expression(type, depth - 1)} local.tee ${this.#random.pick(locals)}`;
  }

  #load(type: ValueType): string {
    if ((type === F32 || type === F64) && this.#floats !== 'bits') return this.#leaf(type);
    return `${this.#address()} ${NAMES[type]}.load+${this.#random.below(64)}`;
  }

  #valueBlock(type: ValueType, depth: number): string {
    const name = NAMES[type];
    this.#labels.push({ loop: false, result: type });
    const first = this.#expression(type, depth - 1);
    const second = this.#expression(type, depth - 1);
    const condition = this.#expression(I32, depth - 1);
    this.#labels.pop();
    switch (this.#random.below(3)) {
      case 0:
        return `${condition} if:${name} ${first} else ${second} end`;
      case 1:
        return `block:${name} ${first} ${condition} br_if 0 drop ${second} end`;
      default:
        return `block:${name} ${first} br 0 ${this.#random.pick(['', 'drop unreachable', second])} end`;
    }
  }

  #call(type: ValueType, depth: number): string {
    const candidates = [...this.#callees.keys()].filter((i) => this.#callees[i]!.result === type);
    if (candidates.length === 0 || this.#calls++ > 4) return type === I64 ? this.#double(depth) : this.#leaf(type);
    const index = this.#random.pick(candidates);
    const callee = this.#callees[index]!;
    const values = callee.params.map((param) => this.#expression(param, depth - 1)).join(' ');
    const slot = [1, 2, 5][index];
    if (slot === undefined || this.#random.once(2)) return `${values} call ${IMPORT_COUNT + index}`;
    const element = this.#random.once(40) ? this.#random.pick([0, 3, 6, 9]) : slot;
    return `${values} i32.const ${element} call_indirect ${IMPORT_COUNT + index}`;
  }

  #double(depth: number): string {
    const value = this.#expression(I64, depth - 1);
    return this.#random.once(2) ? `${value} call ${DOUBLE}` : `${value} i32.const 4 call_indirect ${DOUBLE}`;
  }
}

function usableOpcodes(types: readonly ValueType[], floats: Floats): ReadonlyMap<ValueType, readonly Opcode[]> {
  const usable = opcodes.filter(
    (entry): entry is Opcode =>
      entry?.operands !== undefined &&
      entry.immediate === 'none' &&
      entry.operands.every((type) => types.includes(type)) &&
      types.includes(entry.result) &&
      (floats === 'bits' || !SHOWS_BITS.test(entry.name)),
  );
  return new Map(types.map((type) => [type, usable.filter((entry) => entry.result === type)]));
}
