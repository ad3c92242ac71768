import type { FunctionType, Global } from '../binary.js';
import type { WasmLimits } from '../limits.js';
import { malformed } from './byte-reader.js';
import { type FunctionBody, type InstructionList, opcodeName } from './instructions.js';
import { I32, type Opcode, op, opcodes, type ValueType, valueBytes } from './opcodes.js';

/** What function bodies may refer to. */
export type ModuleContext = {
  readonly types: readonly FunctionType[];
  /** Of all functions, the imported first. */
  readonly functions: readonly FunctionType[];
  readonly importCount: number;
  readonly globals: readonly Global[];
  readonly hasMemory: boolean;
  readonly hasTable: boolean;
};

const UNKNOWN: ValueType = 0;

/**
 * Validates function bodies: the algorithm of the WebAssembly specification (appendix "Validation Algorithm") with explicit
 * stacks, so that no input can exhaust the native one. One instance checks many bodies. Time and space O(instructions).
 */
export class TypeChecker {
  readonly #context: ModuleContext;
  readonly #limits: WasmLimits;
  #body!: FunctionBody;
  #code!: InstructionList;
  #index = 0;

  /** Operand types, and bytes of the operands below each. */
  #operands: Uint8Array = new Uint8Array(256);
  #bytesBelow: Float64Array = new Float64Array(257);
  #height = 0;
  #operandBytesPeak = 0;

  /** Open control structures; the function itself is number 0. */
  readonly #frameOpcode: number[] = [];
  readonly #frameResult: ValueType[] = [];
  readonly #frameHeight: number[] = [];
  #unreachable: boolean[] = [];

  constructor(context: ModuleContext, limits: WasmLimits) {
    this.#context = context;
    this.#limits = limits;
  }

  /** Rejects a body that is not valid, nests too deeply, or whose locals and operands take more bytes than allowed. */
  check(body: FunctionBody): void {
    this.#begin(body);
    const { count, opcodes: codes, offsets } = body.instructions;
    for (let index = 0; index < count; index++) {
      if (this.#frameOpcode.length === 0) malformed('instruction after the end of a function', offsets[index]!);
      this.#index = index;
      const entry = opcodes[codes[index]!]!;
      if (entry.operands === undefined) this.#checkContextual(entry.code);
      else this.#checkPlain(entry, entry.operands);
    }
    if (this.#frameOpcode.length !== 0) malformed('function body without end', offsets[count]!);
    this.#checkFrameBytes();
  }

  #begin(body: FunctionBody): void {
    this.#body = body;
    this.#code = body.instructions;
    this.#height = 0;
    this.#operandBytesPeak = 0;
    this.#frameOpcode.length = 0;
    this.#frameResult.length = 0;
    this.#frameHeight.length = 0;
    this.#unreachable.length = 0;
    this.#open(op.block, body.type.result);
  }

  #checkPlain(entry: Opcode, operands: readonly ValueType[]): void {
    for (let i = operands.length - 1; i >= 0; i--) this.#pop(operands[i]!);
    if (entry.result !== 0) this.#push(entry.result);
    if (entry.immediate.startsWith('memor') && !this.#context.hasMemory) this.#fail('unknown memory 0');
  }

  #checkContextual(code: number): void {
    const immediate = this.#code.immediates[this.#index]!;
    switch (code) {
      case op.nop:
        return;
      case op.block:
      case op.loop:
        this.#open(code, immediate);
        return;
      case op.if:
        this.#pop(I32);
        this.#open(code, immediate);
        return;
      case op.else:
        this.#else();
        return;
      case op.end:
        this.#end();
        return;
      case op.br:
        this.#popLabel(immediate);
        this.#markUnreachable();
        return;
      case op.brIf:
        this.#pop(I32);
        this.#push(this.#popLabel(immediate));
        return;
      case op.brTable:
        this.#branchTable(immediate);
        return;
      case op.return:
        this.#popLabel(this.#frameOpcode.length - 1);
        this.#markUnreachable();
        return;
      case op.unreachable:
        this.#markUnreachable();
        return;
      default:
        this.#checkReferring(code, immediate);
    }
  }

  #checkReferring(code: number, immediate: number): void {
    switch (code) {
      case op.call:
        this.#call(this.#context.functions[immediate] ?? this.#fail(`unknown function ${immediate}`));
        return;
      case op.callIndirect:
        if (!this.#context.hasTable) this.#fail('unknown table 0');
        this.#pop(I32);
        this.#call(this.#context.types[immediate] ?? this.#fail(`unknown type ${immediate}`));
        return;
      case op.drop:
        this.#pop(UNKNOWN);
        return;
      case op.select:
        this.#select();
        return;
      case op.localGet:
        this.#push(this.#local(immediate));
        return;
      case op.localSet:
        this.#pop(this.#local(immediate));
        return;
      case op.localTee:
        this.#pop(this.#local(immediate));
        this.#push(this.#local(immediate));
        return;
      case op.globalGet:
        this.#push(this.#global(immediate).type);
        return;
      case op.globalSet: {
        const global = this.#global(immediate);
        if (!global.mutable) this.#fail(`global ${immediate} is immutable`);
        this.#pop(global.type);
        return;
      }
    }
  }

  #open(code: number, result: ValueType): void {
    if (this.#frameOpcode.length >= this.#limits.maxNestedStructures) this.#fail('nested structures too deep');
    this.#frameOpcode.push(code);
    this.#frameResult.push(result);
    this.#frameHeight.push(this.#height);
    this.#unreachable.push(false);
  }

  #else(): void {
    const frame = this.#frameOpcode.length - 1;
    if (this.#frameOpcode[frame] !== op.if) this.#fail('else without if');
    this.#popResult(frame);
    this.#frameOpcode[frame] = op.else;
    this.#unreachable[frame] = false;
  }

  #end(): void {
    const frame = this.#frameOpcode.length - 1;
    const result = this.#frameResult[frame]!;
    if (this.#frameOpcode[frame] === op.if && result !== 0) this.#fail('if with a result needs an else');
    this.#popResult(frame);
    this.#frameOpcode.pop();
    this.#frameResult.pop();
    this.#frameHeight.pop();
    this.#unreachable.pop();
    if (frame > 0) this.#push(result);
  }

  /** Pops the result at the end of a control structure; nothing else may be left on its stack. */
  #popResult(frame: number): void {
    const result = this.#frameResult[frame]!;
    if (result !== 0) this.#pop(result);
    if (this.#height !== this.#frameHeight[frame]) this.#fail('values remain on the stack at the end of a block');
  }

  #branchTable(start: number): void {
    this.#pop(I32);
    const { labels } = this.#code;
    const count = labels[start]!;
    const result = this.#labelType(labels[start + count + 1]!);
    for (let i = 1; i <= count; i++) {
      if (this.#labelType(labels[start + i]!) !== result) this.#fail('labels of a br_table differ in type');
    }
    if (result !== 0) this.#pop(result);
    this.#markUnreachable();
  }

  #call(type: FunctionType): void {
    for (let i = type.params.length - 1; i >= 0; i--) this.#pop(type.params[i]!);
    this.#push(type.result);
  }

  #select(): void {
    this.#pop(I32);
    const second = this.#pop(UNKNOWN);
    const first = this.#pop(second);
    this.#pushKnownOrUnknown(first === UNKNOWN ? second : first);
  }

  /** Pops what a branch to the label carries; returns its type. */
  #popLabel(label: number): ValueType {
    const type = this.#labelType(label);
    if (type !== 0) this.#pop(type);
    return type;
  }

  #labelType(label: number): ValueType {
    const frame = this.#frameOpcode.length - 1 - label;
    if (frame < 0) this.#fail(`unknown label ${label}`);
    return this.#frameOpcode[frame] === op.loop ? 0 : this.#frameResult[frame]!;
  }

  #local(index: number): ValueType {
    return this.#body.locals[index] ?? this.#fail(`unknown local ${index}`);
  }

  #global(index: number): Global {
    return this.#context.globals[index] ?? this.#fail(`unknown global ${index}`);
  }

  /** Pushes a value; type 0 stands for none. */
  #push(type: ValueType): void {
    if (type !== 0) this.#pushKnownOrUnknown(type);
  }

  #pushKnownOrUnknown(type: ValueType): void {
    const height = this.#height;
    if (height === this.#operands.length) this.#growOperands();
    this.#operands[height] = type;
    this.#height = height + 1;
    const bytes = this.#bytesBelow[height]! + (type === UNKNOWN ? 0 : valueBytes(type));
    this.#bytesBelow[height + 1] = bytes;
    if (bytes > this.#operandBytesPeak && !this.#unreachable[this.#unreachable.length - 1])
      this.#operandBytesPeak = bytes;
  }

  /** Pops a value of the type (0: of any type) and returns its type, 0 when code that is never reached leaves it open. */
  #pop(expected: ValueType): ValueType {
    const frame = this.#frameOpcode.length - 1;
    if (this.#height === this.#frameHeight[frame]) {
      if (this.#unreachable[frame]) return UNKNOWN;
      this.#fail('operand missing');
    }
    const actual = this.#operands[--this.#height]!;
    if (actual !== expected && actual !== UNKNOWN && expected !== UNKNOWN) this.#fail('operand of another type');
    return actual;
  }

  #markUnreachable(): void {
    const frame = this.#frameOpcode.length - 1;
    this.#height = this.#frameHeight[frame]!;
    this.#unreachable[frame] = true;
  }

  #growOperands(): void {
    const operands = new Uint8Array(this.#operands.length * 2);
    operands.set(this.#operands);
    this.#operands = operands;
    const bytesBelow = new Float64Array(operands.length + 1);
    bytesBelow.set(this.#bytesBelow);
    this.#bytesBelow = bytesBelow;
  }

  /** The rule of nodeos since configurable limits: locals and operands, parameters not counted. */
  #checkFrameBytes(): void {
    const bytes = this.#body.localBytes + this.#operandBytesPeak;
    if (bytes > this.#limits.maxFuncLocalBytes) {
      this.#fail(`locals and operands of ${bytes} bytes, ${this.#limits.maxFuncLocalBytes} allowed`);
    }
  }

  #fail(what: string): never {
    const { opcodes: codes, offsets } = this.#code;
    const offset = offsets[this.#index] ?? 0;
    return malformed(`${what} (${opcodeName(codes[this.#index] ?? op.end)})`, offset);
  }
}
