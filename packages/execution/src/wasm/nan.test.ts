import { describe, expect, test } from 'vitest';
import { F64, type Opcode, opcodes, type ValueType } from './format/opcodes.js';
import { applyFunction, assemble } from './testing/assembler.js';
import { Bench } from './testing/test-host.js';

const CANONICAL_32 = 0x7fc00000n;
const CANONICAL_64 = 0x7ff8000000000000n;
const ROUNDS = 20_000;

const arithmetic = opcodes.filter((entry): entry is Opcode => entry?.arbitraryNan === true);
const operandName = (type: ValueType) => (type === F64 ? 'f64' : 'f32');

/** Operands that make NaN, with payloads, signs and signalling ones. */
function nanOperands(entry: Opcode): string[][] {
  const type = entry.operands![0]!;
  const wide = type === F64;
  const nans = wide
    ? ['0x7ff8000000000000', '0xfff8000000000000', '0xfff8000000abcdef', '0x7ff0000000000001', '0xfff7ffffffffffff']
    : ['0x7fc00000', '0xffc00000', '0xffcabcde', '0x7f800001', '0xffbfffff'];
  if (entry.operands!.length === 1) {
    return [...nans.map((nan) => [nan]), ...(entry.name.endsWith('sqrt') ? [['-1'], ['-Infinity']] : [])];
  }
  const invalid: Readonly<Record<string, string[][]>> = {
    add: [['Infinity', '-Infinity']],
    sub: [['Infinity', 'Infinity']],
    mul: [['0', 'Infinity']],
    div: [
      ['0', '0'],
      ['Infinity', '-Infinity'],
    ],
  };
  return [
    ...nans.flatMap((nan) => [
      [nan, '1'],
      ['1', nan],
      [nan, nans[2]!],
    ]),
    ...(invalid[entry.name.slice(4)] ?? []),
  ];
}

/**
 * Repeats the instruction on operands that V8 cannot fold, first in code that is not yet optimised and then, after enough
 * rounds, in optimised code; notes how many results differed from the canonical NaN, and the last bits.
 */
function looping(entry: Opcode, operands: readonly string[]): Uint8Array {
  const operand = operandName(entry.operands![0]!);
  const wide = entry.result === F64;
  const slots = operands.map((value, i) => `i32.const ${8 * i} ${operand}.const ${value} ${operand}.store`);
  const loads = operands.map((_, i) => `i32.const ${8 * i} ${operand}.load`);
  const bits = wide ? 'i64.reinterpret_f64' : 'i32.reinterpret_f32 i64.extend_i32_u';
  return assemble({
    imports: { note: 'i64>' },
    memory: { initial: 1, maximum: undefined },
    functions: [
      applyFunction(
        `${slots.join(' ')} i32.const ${ROUNDS} local.set 3
        loop
          ${loads.join(' ')} ${entry.name} ${bits} local.tee 4
          i64.const ${wide ? CANONICAL_64 : CANONICAL_32} i64.ne i64.extend_i32_u local.get 5 i64.add local.set 5
          local.get 3 i32.const 1 i32.sub local.tee 3 br_if 0
        end
        local.get 5 call 0 local.get 4 call 0`,
        'i32 i64 i64',
      ),
    ],
  });
}

describe('NaNs are canonical', () => {
  test('there are 24 instructions that make them', () => {
    expect(arithmetic.length).toBe(24);
  });

  test.each(arithmetic.map((entry) => [entry.name, entry] as const))('%s', (_, entry) => {
    const bench = new Bench();
    for (const operands of nanOperands(entry)) {
      expect(bench.outcome(looping(entry, operands)).kind).toBe('done');
      expect(bench.host.notes, operands.join()).toEqual([0n, entry.result === F64 ? CANONICAL_64 : CANONICAL_32]);
    }
  });
});

describe('moving a NaN keeps its bits', () => {
  const bits = ['0x7ff0000000000001', '0xfff8000000abcdef', '0xfff0000000000123'];
  const moved = (code: string) => {
    const bench = new Bench();
    const outcome = bench.outcome(
      assemble({
        imports: { note: 'i64>' },
        memory: { initial: 1, maximum: undefined },
        globals: ['var f64 = f64.const 0'],
        functions: [
          { params: 'f64', result: 'f64', code: 'local.get 0' },
          applyFunction(`${code} i64.reinterpret_f64 call 0`, 'f64 f64'),
        ],
      }),
    );
    expect(outcome.kind).toBe('done');
    return bench.host.notes[0];
  };

  test.each(bits)('%s', (text) => {
    const nan = `f64.const ${text}`;
    expect(moved(nan)).toBe(BigInt(text));
    expect(moved(`i32.const 0 ${nan} f64.store i32.const 0 f64.load`)).toBe(BigInt(text));
    expect(moved(`${nan} global.set 0 global.get 0`)).toBe(BigInt(text));
    expect(moved(`${nan} call 1`)).toBe(BigInt(text));
    expect(moved(`${nan} f64.const 0 i32.const 1 select`)).toBe(BigInt(text));
    expect(moved(`f64.const 0 f64.const 0 f64.div local.set 3 ${nan} local.set 3 local.get 3`)).toBe(BigInt(text));
    expect(moved(`${nan} f64.neg`)).toBe(BigInt(text) ^ (1n << 63n));
    expect(moved(`${nan} f64.abs`)).toBe(BigInt(text) & ~(1n << 63n));
    expect(moved(`${nan} f64.const 1 f64.copysign`)).toBe(BigInt(text) & ~(1n << 63n));
  });

  test('the sign of a NaN that arithmetic made is positive', () => {
    expect(moved('f64.const 1 f64.const 0 f64.const 0 f64.div f64.copysign')).toBe(0x3ff0000000000000n);
    expect(moved('f64.const 0 f64.const 0 f64.div f64.neg')).toBe(0xfff8000000000000n);
    expect(moved('f64.const 0 f64.const 0 f64.div f64.neg f64.abs')).toBe(CANONICAL_64);
  });
});
