import { ByteWriter } from '../format/byte-writer.js';
import type { FunctionBody } from '../format/instructions.js';
import { F32, F64, I32, I64, op, type ValueType } from '../format/opcodes.js';
import { BULK_BYTES_SHIFT } from '../gas.js';
import { frameUnits } from '../limits.js';
import type { GasPlan } from './gas-plan.js';
import type { NanMarks } from './nan-marks.js';

/** Indices of what the rewriter adds to a module. */
export type Additions = {
  /** Mutable i64: parts of gas left; negative when used up. */
  readonly gasGlobal: number;
  /** Mutable i32: see {@link DEPTH_FRAME}; -1 once the depth was exceeded. */
  readonly depthGlobal: number;
  /** Imported function that grows the memory. */
  readonly growFunction: number;
  /** Imported functions that the module had, and functions now imported before the defined ones. */
  readonly importCount: number;
  readonly importCountAfter: number;
};

/**
 * The depth counter holds the number of frames in bits 21 to 30 and their estimated size in units of 16 bytes in bits 0 to
 * 19. It starts so high that the first frame too many sets bit 31, and the first unit too many bit 20.
 */
export const DEPTH_FRAME = 1 << 21;
const DEPTH_EXCEEDED = (1 << 31) | (1 << 20);

/** First value of the depth counter for so many frames (at most 1023). */
export function depthStart(framesMax: number): number {
  return (1023 - framesMax) * DEPTH_FRAME;
}

/** f64 and f32 canonical NaN, little endian. */
const NAN_64 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0xf8, 0x7f);
const NAN_32 = Uint8Array.of(0, 0, 0xc0, 0x7f);

/**
 * Writes the body of a function again, with gas, depth and NaN rules built in:
 *
 *     block                       ;; left when the depth is exceeded
 *       block                     ;; left when gas is used up
 *         block (result …)        ;; the body; `return` leaves this block
 *           charge the first segment, count the frame
 *           …
 *         end
 *         give gas back, uncount the frame, return
 *       end
 *       note that gas is used up, trap
 *     end
 *     note that the depth was exceeded, trap
 *
 * In functions with loops, or with many segments for their calls, the gas left is kept in a local between calls ("cached"),
 * so that V8 keeps it in a register. Functions that call no defined function do not count their frame, only check it.
 */
export class BodyWriter {
  readonly #additions: Additions;
  readonly #out = new ByteWriter(4096);
  #body!: FunctionBody;
  #plan!: GasPlan;
  #marks: NanMarks | undefined;
  /** Open structures in the body: the label of the block around the body. */
  #nesting = 0;
  #cached = false;
  #countsFrame = false;
  #frame = 0;
  #copiedTo = 0;
  #gasLocal = 0;
  #i32Local = 0;
  #f32Local = 0;
  #f64Local = 0;

  constructor(additions: Additions) {
    this.#additions = additions;
  }

  /** The content of the new body; valid until the next call. */
  write(body: FunctionBody, plan: GasPlan, marks: NanMarks | undefined): ByteWriter {
    this.#body = body;
    this.#plan = plan;
    this.#marks = marks;
    this.#nesting = 0;
    this.#cached = plan.loops > 0 || plan.bulkOperations > 0 || plan.segments > plan.calls + 2;
    this.#countsFrame = plan.calls > 0;
    this.#frame = DEPTH_FRAME + frameUnits(body.locals.length, plan.liveInstructions);
    this.#out.clear();
    this.#writeLocals();
    this.#begin();
    this.#copiedTo = body.localsEnd;
    const { count } = body.instructions;
    // The last instruction is the function's own `end`, which closes the block around the body.
    for (let i = 0; i < count; i++) this.#instruction(i);
    this.#copyUpTo(body.instructions.offsets[count]!);
    this.#finish();
    return this.#out;
  }

  #writeLocals(): void {
    const { bytes, locals, localGroups, localsStart, localsEnd } = this.#body;
    const added: ValueType[] = [I64, I32, ...(this.#marks === undefined ? [] : [F32, F64])];
    this.#gasLocal = locals.length;
    this.#i32Local = locals.length + 1;
    this.#f32Local = locals.length + 2;
    this.#f64Local = locals.length + 3;
    const out = this.#out;
    out.u32(localGroups + added.length);
    out.raw(bytes, skipNumber(bytes, localsStart), localsEnd);
    for (const type of added) {
      out.u32(1);
      out.byte(type);
    }
  }

  #begin(): void {
    const out = this.#out;
    const { depthGlobal, gasGlobal } = this.#additions;
    const { result } = this.#body.type;
    this.#open(0);
    this.#open(0);
    this.#open(result);
    this.#withIndex(op.globalGet, gasGlobal);
    this.#subtractGas(this.#plan.charges[0]!);
    this.#withIndex(op.localTee, this.#gasLocal);
    if (!this.#cached) {
      this.#withIndex(op.globalSet, gasGlobal);
      this.#withIndex(op.localGet, this.#gasLocal);
    }
    this.#leaveIfNegative();
    this.#withIndex(op.globalGet, depthGlobal);
    this.#i32Const(this.#frame);
    out.byte(op.i32Add);
    if (this.#countsFrame) {
      this.#withIndex(op.localTee, this.#i32Local);
      this.#withIndex(op.globalSet, depthGlobal);
      this.#withIndex(op.localGet, this.#i32Local);
    }
    this.#i32Const(DEPTH_EXCEEDED);
    out.byte(op.i32And);
    this.#withIndex(op.brIf, 2);
  }

  #finish(): void {
    const out = this.#out;
    const { depthGlobal, gasGlobal } = this.#additions;
    if (this.#cached) this.#giveGasBack();
    if (this.#countsFrame) {
      this.#withIndex(op.globalGet, depthGlobal);
      this.#i32Const(this.#frame);
      out.byte(op.i32Sub);
      this.#withIndex(op.globalSet, depthGlobal);
    }
    out.byte(op.return);
    out.byte(op.end);
    this.#withIndex(op.localGet, this.#gasLocal);
    this.#withIndex(op.globalSet, gasGlobal);
    out.byte(op.unreachable);
    out.byte(op.end);
    this.#i32Const(-1);
    this.#withIndex(op.globalSet, depthGlobal);
    out.byte(op.unreachable);
    out.byte(op.end);
  }

  #instruction(i: number): void {
    const { instructions } = this.#body;
    if (this.#plan.dead[i] === 1) {
      this.#copyUpTo(instructions.offsets[i]!);
      this.#copiedTo = instructions.offsets[i + 1]!;
      return;
    }
    if (i > 0 && (this.#plan.charges[i] !== 0 || this.#plan.checks[i] === 1)) this.#charge(i);
    const code = instructions.opcodes[i]!;
    if (code <= op.callIndirect) this.#control(i, code);
    else if (code >= op.memoryCopy) this.#bulk(i);
    else if (code === op.memoryGrow) this.#grow(i);
    const mark = this.#marks?.[i] ?? 0;
    if (mark !== 0) this.#makeCanonical(i, mark);
  }

  #charge(i: number): void {
    const { gasGlobal } = this.#additions;
    const checked = this.#plan.checks[i] === 1;
    this.#copyUpTo(this.#body.instructions.offsets[i]!);
    this.#withIndex(this.#cached ? op.localGet : op.globalGet, this.#cached ? this.#gasLocal : gasGlobal);
    this.#subtractGas(this.#plan.charges[i]!);
    if (checked) this.#withIndex(op.localTee, this.#gasLocal);
    else if (this.#cached) this.#withIndex(op.localSet, this.#gasLocal);
    if (!this.#cached) this.#withIndex(op.globalSet, gasGlobal);
    if (checked && !this.#cached) this.#withIndex(op.localGet, this.#gasLocal);
    if (checked) this.#leaveIfNegative();
  }

  #control(i: number, code: number): void {
    switch (code) {
      case op.block:
      case op.loop:
      case op.if:
        this.#nesting++;
        return;
      case op.end:
        this.#nesting--;
        return;
      case op.return:
        this.#replace(i);
        this.#withIndex(op.br, this.#nesting);
        return;
      case op.call:
        this.#call(i);
        return;
      case op.callIndirect:
        this.#callIndirect(i);
        return;
    }
  }

  #call(i: number): void {
    const { importCount, importCountAfter } = this.#additions;
    const index = this.#body.instructions.immediates[i]!;
    this.#replace(i);
    if (this.#cached) this.#giveGasBack();
    if (index < importCount) {
      this.#checkHostDepth();
      this.#withIndex(op.call, index);
    } else {
      this.#withIndex(op.call, index - importCount + importCountAfter);
      if (this.#cached) this.#takeGasAgain();
    }
  }

  #callIndirect(i: number): void {
    this.#replace(i);
    if (this.#cached) this.#giveGasBack();
    this.#withIndex(op.callIndirect, this.#body.instructions.immediates[i]!);
    this.#out.byte(0);
    if (this.#cached) this.#takeGasAgain();
  }

  /** A host function is one more frame, but of no weight. */
  #checkHostDepth(): void {
    this.#withIndex(op.globalGet, this.#additions.depthGlobal);
    this.#i32Const(this.#countsFrame ? DEPTH_FRAME : 2 * DEPTH_FRAME);
    this.#out.byte(op.i32Add);
    this.#i32Const(0);
    this.#out.byte(op.i32LtS);
    this.#withIndex(op.brIf, this.#nesting + 2);
  }

  /** The pages are charged by the function that grows the memory. */
  #grow(i: number): void {
    this.#replace(i);
    if (this.#cached) this.#giveGasBack();
    this.#withIndex(op.call, this.#additions.growFunction);
  }

  /** memory.copy and memory.fill: the length is on top of the stack; functions with them keep their gas cached. */
  #bulk(i: number): void {
    const out = this.#out;
    this.#copyUpTo(this.#body.instructions.offsets[i]!);
    this.#withIndex(op.localSet, this.#i32Local);
    this.#withIndex(op.localGet, this.#gasLocal);
    this.#withIndex(op.localGet, this.#i32Local);
    out.byte(op.i64ExtendI32U);
    out.byte(op.i64Const);
    out.signed(BULK_BYTES_SHIFT);
    out.byte(op.i64ShrU);
    out.byte(op.i64Sub);
    this.#withIndex(op.localTee, this.#gasLocal);
    this.#leaveIfNegative();
    this.#withIndex(op.localGet, this.#i32Local);
  }

  /** Replaces the float on top of the stack by the canonical NaN if it is NaN. */
  #makeCanonical(i: number, type: ValueType): void {
    const out = this.#out;
    const local = type === F64 ? this.#f64Local : this.#f32Local;
    this.#copyUpTo(this.#body.instructions.offsets[i + 1]!);
    this.#withIndex(op.localTee, local);
    out.byte(type === F64 ? op.f64Const : op.f32Const);
    out.raw(type === F64 ? NAN_64 : NAN_32);
    this.#withIndex(op.localGet, local);
    this.#withIndex(op.localGet, local);
    out.byte(type === F64 ? op.f64Eq : op.f32Eq);
    out.byte(op.select);
  }

  #giveGasBack(): void {
    this.#withIndex(op.localGet, this.#gasLocal);
    this.#withIndex(op.globalSet, this.#additions.gasGlobal);
  }

  #takeGasAgain(): void {
    this.#withIndex(op.globalGet, this.#additions.gasGlobal);
    this.#withIndex(op.localSet, this.#gasLocal);
  }

  #subtractGas(gas: number): void {
    if (gas === 0) return;
    this.#out.byte(op.i64Const);
    this.#out.signed(gas);
    this.#out.byte(op.i64Sub);
  }

  /** With the gas left on the stack: goes where gas is used up if it is negative. */
  #leaveIfNegative(): void {
    this.#out.byte(op.i64Const);
    this.#out.signed(0);
    this.#out.byte(op.i64LtS);
    this.#withIndex(op.brIf, this.#nesting + 1);
  }

  #open(result: ValueType): void {
    this.#out.byte(op.block);
    this.#out.byte(result === 0 ? 0x40 : result);
  }

  #i32Const(value: number): void {
    this.#out.byte(op.i32Const);
    this.#out.signed(value);
  }

  #withIndex(code: number, index: number): void {
    this.#out.byte(code);
    this.#out.u32(index);
  }

  /** Copies the original up to instruction `i` and leaves `i` itself out. */
  #replace(i: number): void {
    const { offsets } = this.#body.instructions;
    this.#copyUpTo(offsets[i]!);
    this.#copiedTo = offsets[i + 1]!;
  }

  #copyUpTo(offset: number): void {
    if (offset > this.#copiedTo) this.#out.raw(this.#body.bytes, this.#copiedTo, offset);
    this.#copiedTo = offset;
  }
}

/** Position behind the LEB128 number at `position`. */
function skipNumber(bytes: Uint8Array, position: number): number {
  let next = position;
  while (bytes[next]! > 0x7f) next++;
  return next + 1;
}
