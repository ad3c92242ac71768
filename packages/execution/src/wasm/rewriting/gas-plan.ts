import type { InstructionList } from '../format/instructions.js';
import { op } from '../format/opcodes.js';
import { instructionParts } from '../gas.js';

/** Segments of more parts are checked, so that the work done after gas ran out stays small. */
const UNCHECKED_PARTS_MAX = 40_000;

/** Where a function's gas is charged and what kind of function it is. Valid until the next `planGas` on it. */
export class GasPlan {
  /** Parts of gas to charge before instruction `i`, for it and what surely follows: its straight-line segment. 0 = nothing. */
  charges: Float64Array = new Float64Array(1024);
  /** 1 = instruction `i` can never run and is left out. */
  dead: Uint8Array = new Uint8Array(1024);
  /** 1 = whether gas is left must be checked before instruction `i`: in loops, before host functions, before long segments. */
  checks: Uint8Array = new Uint8Array(1024);
  segments = 0;
  loops = 0;
  /** Calls of defined functions and of table entries. */
  calls = 0;
  bulkOperations = 0;
  liveInstructions = 0;

  reset(count: number): void {
    if (this.dead.length < count) {
      this.charges = new Float64Array(count * 2);
      this.dead = new Uint8Array(count * 2);
      this.checks = new Uint8Array(count * 2);
    } else {
      this.charges.fill(0, 0, count);
      this.dead.fill(0, 0, count);
      this.checks.fill(0, 0, count);
    }
    this.segments = 0;
    this.loops = 0;
    this.calls = 0;
    this.bulkOperations = 0;
    this.liveInstructions = 0;
  }
}

/**
 * Cuts a validated body into segments that run from their first instruction to their last or not at all, traps apart, and
 * sums the parts of gas of each. A segment begins with the function, in a loop, in each arm of an `if`, behind a `br_if`,
 * and behind the end of a structure that can be left otherwise than over its end.
 *
 * `importParts`: parts of gas of each imported function, by index. O(instructions).
 */
export function planGas(instructions: InstructionList, importParts: readonly number[], plan: GasPlan): void {
  plan.reset(instructions.count);
  new Planner(instructions, importParts, plan).run();
}

class Planner {
  readonly #code: InstructionList;
  readonly #importParts: readonly number[];
  readonly #plan: GasPlan;
  #segmentStart = 0;
  #segmentParts = 0;
  /** In code after an unconditional branch; structures opened there are counted in `#deadDepth`. */
  #dead = false;
  #deadDepth = 0;
  /** Open structures in live code, the function first: opcode, and whether a branch leads behind its end. */
  readonly #opened: number[] = [op.block];
  readonly #targeted: boolean[] = [false];

  constructor(code: InstructionList, importParts: readonly number[], plan: GasPlan) {
    this.#code = code;
    this.#importParts = importParts;
    this.#plan = plan;
  }

  run(): void {
    const { count, opcodes, immediates } = this.#code;
    this.#begin(0);
    for (let i = 0; i < count; i++) {
      const code = opcodes[i]!;
      if (this.#dead && this.#skipDead(code)) {
        this.#plan.dead[i] = 1;
        continue;
      }
      this.#plan.liveInstructions++;
      this.#segmentParts += instructionParts[code]!;
      if (code <= op.callIndirect) this.#control(i, code, immediates[i]!);
      else if (code === op.memoryCopy || code === op.memoryFill) this.#plan.bulkOperations++;
    }
    this.#finish();
  }

  /** Whether an instruction behind an unconditional branch belongs to the dead code. */
  #skipDead(code: number): boolean {
    if (code === op.block || code === op.loop || code === op.if) {
      this.#deadDepth++;
    } else if (code === op.end) {
      if (this.#deadDepth === 0) return false;
      this.#deadDepth--;
    } else if (code === op.else) {
      return this.#deadDepth > 0;
    }
    return true;
  }

  #control(i: number, code: number, immediate: number): void {
    switch (code) {
      case op.block:
        this.#open(code);
        return;
      case op.loop:
        this.#open(code);
        this.#plan.loops++;
        this.#plan.checks[i + 1] = 1;
        this.#begin(i + 1);
        return;
      case op.if:
        this.#open(code);
        this.#begin(i + 1);
        return;
      case op.else:
        this.#dead = false;
        this.#begin(i + 1);
        return;
      case op.end:
        this.#end(i);
        return;
      case op.brIf:
        this.#target(immediate);
        this.#begin(i + 1);
        return;
      case op.br:
        this.#target(immediate);
        this.#dead = true;
        return;
      case op.brTable:
        this.#targetAll(immediate);
        this.#dead = true;
        return;
      case op.return:
      case op.unreachable:
        this.#dead = true;
        return;
      case op.call:
      case op.callIndirect:
        this.#call(code, immediate);
    }
  }

  #call(code: number, index: number): void {
    const gas = code === op.call ? this.#importParts[index] : undefined;
    if (gas === undefined) {
      this.#plan.calls++;
    } else {
      this.#plan.checks[this.#segmentStart] = 1;
      this.#segmentParts += gas;
    }
  }

  #open(code: number): void {
    this.#opened.push(code);
    this.#targeted.push(false);
  }

  #end(i: number): void {
    const code = this.#opened.pop()!;
    const targeted = this.#targeted.pop()!;
    const continues = code === op.block && !targeted && !this.#dead;
    this.#dead = false;
    if (!continues) this.#begin(i + 1);
  }

  #target(label: number): void {
    this.#targeted[this.#targeted.length - 1 - label] = true;
  }

  #targetAll(start: number): void {
    const { labels } = this.#code;
    const count = labels[start]!;
    for (let i = 1; i <= count + 1; i++) this.#target(labels[start + i]!);
  }

  /** Ends the segment before instruction `start` and begins another there. */
  #begin(start: number): void {
    this.#finish();
    this.#segmentStart = start;
    this.#segmentParts = 0;
  }

  #finish(): void {
    if (this.#segmentParts === 0) return;
    this.#plan.charges[this.#segmentStart] = this.#segmentParts;
    if (this.#segmentParts > UNCHECKED_PARTS_MAX) this.#plan.checks[this.#segmentStart] = 1;
    this.#plan.segments++;
  }
}
