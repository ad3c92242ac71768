/**
 * Where NaNs must be made canonical. The rule of the chain (spec: "a NaN that an arithmetic instruction makes is the
 * canonical positive one; moving a value never changes its bits") holds exactly, but a NaN is put right only where a
 * program could see its bits; putting it right after every instruction costs 2.5 times as much in float-heavy loops.
 *
 * Every operand and every float local is one of three kinds:
 * - exact: bits that must be kept (loaded from memory, parameters, results of calls, …);
 * - clean: never a NaN that arithmetic made (zero, converted integers);
 * - arithmetic: result of arithmetic; if NaN, its bits are arbitrary and no one has seen them.
 * Comparing, truncating and calculating with an arithmetic value is safe. Where it becomes visible (stored, reinterpreted,
 * negated, its sign copied, passed to or returned from functions, branched with, mixed with an exact value) the instruction
 * that pushed it gets a mark: behind it the rewriter makes the value canonical.
 */
import type { FunctionBody, InstructionList } from '../format/instructions.js';
import { F32, F64, type Opcode, op, opcodes, type ValueType } from '../format/opcodes.js';
import type { ModuleContext } from '../format/type-checker.js';

/** Kinds of operands; a number from 0 on is "whatever that local holds". */
const EXACT = -1;
const CLEAN = -2;
const ARITHMETIC = -3;

const F32_NEG = 0x8c;
const F64_NEG = 0x9a;
const F32_ABS = 0x8b;
const F64_ABS = 0x99;
const F32_COPYSIGN = 0x98;
const F64_COPYSIGN = 0xa6;
const F32_REINTERPRET = 0xbc;
const F64_REINTERPRET = 0xbd;
/** f32.convert_*, f64.convert_*. */
const CONVERSIONS: ReadonlySet<number> = new Set([0xb2, 0xb3, 0xb4, 0xb5, 0xb7, 0xb8, 0xb9, 0xba]);

/** Per opcode: does it show the bits of its float operands? */
const SHOWS_BITS = new Uint8Array(opcodes.length);
for (const code of [
  op.f32Store,
  op.f64Store,
  F32_NEG,
  F64_NEG,
  F32_COPYSIGN,
  F64_COPYSIGN,
  F32_REINTERPRET,
  F64_REINTERPRET,
]) {
  SHOWS_BITS[code] = 1;
}

/** Marks by instruction: 0, or the float type of the value on top of the stack to be made canonical behind it. */
export type NanMarks = Uint8Array;

/** Whether a body has instructions that make arbitrary NaNs. */
export function hasArbitraryNan(instructions: InstructionList): boolean {
  for (let i = 0; i < instructions.count; i++) {
    if (opcodes[instructions.opcodes[i]!]!.arbitraryNan) return true;
  }
  return false;
}

/** Marks of a validated body. `dead`: instructions that are left out. O(instructions + locals). */
export function markNans(body: FunctionBody, context: ModuleContext, dead: Uint8Array): NanMarks {
  return new Marker(body, context, dead).run();
}

/** The same rule put simply, for checking `markNans`: every arithmetic instruction is marked. */
export function markEveryNan(body: FunctionBody): NanMarks {
  const { count, opcodes: codes } = body.instructions;
  return Uint8Array.from({ length: count }, (_, i) => {
    const entry = opcodes[codes[i]!]!;
    return entry.arbitraryNan ? entry.result : 0;
  });
}

class Marker {
  readonly #bytes: Uint8Array;
  readonly #code: InstructionList;
  readonly #locals: Uint8Array;
  readonly #result: ValueType;
  readonly #context: ModuleContext;
  readonly #dead: Uint8Array;
  readonly #marks: Uint8Array;

  /** Operands: kind, the instruction that pushed it, and its float type (0 if it is no float). */
  readonly #kinds: number[] = [];
  readonly #producers: number[] = [];
  readonly #types: ValueType[] = [];
  /** Open structures: opcode, result, height of the stack below. */
  readonly #frames: { readonly code: number; readonly result: ValueType; readonly height: number }[] = [];

  /** Kind of each local: CLEAN until something else flows in. */
  readonly #localKinds: Int8Array;
  /** Facts that depend on the kinds of locals, settled at the end: triples of numbers. */
  readonly #flows: { readonly producer: number; readonly from: number; readonly to: number }[] = [];
  readonly #shown: { readonly producer: number; readonly local: number }[] = [];

  constructor(body: FunctionBody, context: ModuleContext, dead: Uint8Array) {
    this.#bytes = body.bytes;
    this.#code = body.instructions;
    this.#locals = body.locals;
    this.#result = body.type.result;
    this.#context = context;
    this.#dead = dead;
    this.#marks = new Uint8Array(body.instructions.count);
    this.#localKinds = new Int8Array(body.locals.length).fill(CLEAN);
    this.#localKinds.fill(EXACT, 0, body.type.params.length);
  }

  run(): NanMarks {
    const { count, opcodes: codes } = this.#code;
    this.#frames.push({ code: op.block, result: this.#result, height: 0 });
    for (let i = 0; i < count; i++) {
      if (this.#dead[i] === 1) continue;
      const entry = opcodes[codes[i]!]!;
      if (entry.operands === undefined) this.#contextual(i, entry.code);
      else this.#plain(i, entry, entry.operands.length);
    }
    this.#settleLocals();
    return this.#marks;
  }

  #plain(i: number, entry: Opcode, operandCount: number): void {
    if (SHOWS_BITS[entry.code] === 1) {
      for (let k = 1; k <= operandCount; k++) this.#show(this.#kinds.length - k);
    }
    const top = this.#kinds.length - 1;
    // Absolute values of arithmetic NaNs may wait: making them canonical comes to the same before and after.
    const waits = (entry.code === F32_ABS || entry.code === F64_ABS) && this.#kinds[top] === ARITHMETIC;
    if (waits) return;
    if (entry.code === F32_ABS || entry.code === F64_ABS) this.#show(top);
    this.#drop(operandCount);
    if (entry.result !== 0) this.#push(this.#resultKind(i, entry), i, entry.result);
  }

  #contextual(i: number, code: number): void {
    const immediate = this.#code.immediates[i]!;
    switch (code) {
      case op.block:
      case op.loop:
        this.#open(code, immediate);
        return;
      case op.if:
        this.#drop(1);
        this.#open(code, immediate);
        return;
      case op.else:
        this.#else(i);
        return;
      case op.end:
        this.#end(i);
        return;
      case op.brIf:
        this.#drop(1);
        this.#showResult(this.#labelType(immediate));
        return;
      case op.br:
        this.#showResult(this.#labelType(immediate));
        return;
      case op.brTable: {
        this.#drop(1);
        const { labels } = this.#code;
        this.#showResult(this.#labelType(labels[immediate + 1]!));
        return;
      }
      case op.return:
        this.#showResult(this.#result);
        return;
      default:
        this.#referring(i, code, immediate);
    }
  }

  #referring(i: number, code: number, immediate: number): void {
    switch (code) {
      case op.call:
        this.#call(i, this.#context.functions[immediate]!);
        return;
      case op.callIndirect:
        this.#drop(1);
        this.#call(i, this.#context.types[immediate]!);
        return;
      case op.drop:
        this.#drop(1);
        return;
      case op.select:
        this.#select(i);
        return;
      case op.localGet: {
        const type = this.#locals[immediate]!;
        this.#push(type === F32 || type === F64 ? immediate : EXACT, i, type);
        return;
      }
      case op.localSet:
        this.#assign(immediate);
        this.#drop(1);
        return;
      case op.localTee:
        this.#assign(immediate);
        return;
      case op.globalGet:
        this.#push(EXACT, i, this.#context.globals[immediate]!.type);
        return;
      case op.globalSet:
        this.#show(this.#kinds.length - 1);
        this.#drop(1);
        return;
    }
  }

  #open(code: number, result: ValueType): void {
    this.#frames.push({ code, result, height: this.#kinds.length });
  }

  #else(i: number): void {
    const frame = this.#frames[this.#frames.length - 1]!;
    this.#closeArm(i, frame);
  }

  #end(i: number): void {
    const frame = this.#frames.pop()!;
    this.#closeArm(i, frame);
    if (frame.result !== 0) this.#push(EXACT, i, frame.result);
  }

  /** Shows the result, unless the end is not reached, and clears the structure's operands. */
  #closeArm(i: number, frame: { readonly result: ValueType; readonly height: number }): void {
    const reached = i === 0 || (this.#dead[i - 1] === 0 && !isUnconditional(this.#code.opcodes[i - 1]!));
    if (reached) this.#showResult(frame.result);
    this.#drop(this.#kinds.length - frame.height);
  }

  #showResult(type: ValueType): void {
    if (type !== 0) this.#show(this.#kinds.length - 1);
  }

  #labelType(label: number): ValueType {
    const frame = this.#frames[this.#frames.length - 1 - label]!;
    return frame.code === op.loop ? 0 : frame.result;
  }

  #call(i: number, type: { readonly params: readonly ValueType[]; readonly result: ValueType }): void {
    for (let k = 1; k <= type.params.length; k++) this.#show(this.#kinds.length - k);
    this.#drop(type.params.length);
    if (type.result !== 0) this.#push(EXACT, i, type.result);
  }

  /** Two arithmetic values stay arithmetic; any other mix becomes exact. */
  #select(i: number): void {
    this.#drop(1);
    const top = this.#kinds.length - 1;
    const type = this.#types[top]!;
    const waits = [this.#kinds[top]!, this.#kinds[top - 1]!].every((kind) => kind === ARITHMETIC || kind === CLEAN);
    if (!waits) {
      this.#show(top);
      this.#show(top - 1);
    }
    this.#drop(2);
    this.#push(waits ? ARITHMETIC : EXACT, i, type);
  }

  /** The value on top flows into a local. */
  #assign(local: number): void {
    const type = this.#locals[local]!;
    if (type !== F32 && type !== F64) return;
    const top = this.#kinds.length - 1;
    const kind = this.#kinds[top]!;
    if (kind === EXACT) this.#localKinds[local] = EXACT;
    else if (kind !== CLEAN) this.#flows.push({ producer: this.#producers[top]!, from: kind, to: local });
  }

  /** The bits of the operand at `position` become visible. */
  #show(position: number): void {
    const kind = this.#kinds[position]!;
    const producer = this.#producers[position]!;
    if (kind === ARITHMETIC) this.#marks[producer] = this.#types[position]!;
    else if (kind >= 0) this.#shown.push({ producer, local: kind });
  }

  /** Spreads kinds over the flows between locals, then marks what they decide. */
  #settleLocals(): void {
    const outgoing = new Map<number, number[]>();
    for (const { from, to } of this.#flows) {
      const targets = outgoing.get(from);
      if (targets === undefined) outgoing.set(from, [to]);
      else targets.push(to);
    }
    const exact = [...this.#localKinds.keys()].filter((local) => this.#localKinds[local] === EXACT);
    this.#spread(exact, EXACT, outgoing);
    const arithmetic = (outgoing.get(ARITHMETIC) ?? []).filter((local) => this.#localKinds[local] === CLEAN);
    for (const local of arithmetic) this.#localKinds[local] = ARITHMETIC;
    this.#spread(arithmetic, ARITHMETIC, outgoing);
    for (const { producer, from, to } of this.#flows) {
      const arrives = from === ARITHMETIC || this.#localKinds[from] === ARITHMETIC;
      if (arrives && this.#localKinds[to] === EXACT) this.#marks[producer] = this.#locals[to]!;
    }
    for (const { producer, local } of this.#shown) {
      if (this.#localKinds[local] === ARITHMETIC) this.#marks[producer] = this.#locals[local]!;
    }
  }

  /** Gives `kind` to every local that a member of `pending` flows into, directly or not; exact ones stay exact. */
  #spread(pending: number[], kind: number, outgoing: ReadonlyMap<number, readonly number[]>): void {
    for (let local = pending.pop(); local !== undefined; local = pending.pop()) {
      for (const target of outgoing.get(local) ?? []) {
        if (this.#localKinds[target] === kind || this.#localKinds[target] === EXACT) continue;
        this.#localKinds[target] = kind;
        pending.push(target);
      }
    }
  }

  #resultKind(i: number, entry: Opcode): number {
    if (entry.arbitraryNan) return ARITHMETIC;
    if (entry.code === op.f32Const || entry.code === op.f64Const) {
      return isNanConstant(this.#bytes, this.#code.immediates[i]!, entry.result) ? EXACT : CLEAN;
    }
    return CONVERSIONS.has(entry.code) ? CLEAN : EXACT;
  }

  #push(kind: number, producer: number, type: ValueType): void {
    this.#kinds.push(kind);
    this.#producers.push(producer);
    this.#types.push(type);
  }

  #drop(count: number): void {
    if (count === 0) return;
    this.#kinds.length -= count;
    this.#producers.length -= count;
    this.#types.length -= count;
  }
}

function isUnconditional(code: number): boolean {
  return code === op.br || code === op.brTable || code === op.return || code === op.unreachable;
}

/** Bits of a little-endian f32 or f64 constant: is it NaN? */
function isNanConstant(bytes: Uint8Array, position: number, type: ValueType): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset + position);
  return Number.isNaN(type === F32 ? view.getFloat32(0, true) : view.getFloat64(0, true));
}
