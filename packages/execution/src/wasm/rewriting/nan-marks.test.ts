import { describe, expect, test } from 'vitest';
import { parseModule } from '../binary.js';
import { decodeBody, InstructionList, opcodeName } from '../format/instructions.js';
import { defaultWasmLimits } from '../limits.js';
import { assemble } from '../testing/assembler.js';
import { testImports } from '../testing/test-host.js';
import { validateModule } from '../validate.js';
import { GasPlan, planGas } from './gas-plan.js';
import { hasArbitraryNan, markNans } from './nan-marks.js';

/**
 * Marks the function `code` (parameters f64 f64; locals 2 to 4 f64, 5 i32, 6 and 7 f32) in a module with a function 0 from
 * f64 to f64 and a global f64. Returns the marked instructions as `position:name`.
 */
function marked(code: string, result = ''): string[] {
  const bytes = assemble({
    memory: { initial: 1, maximum: undefined },
    globals: ['var f64 = f64.const 0'],
    table: { initial: 1, maximum: undefined },
    functions: [
      { params: 'f64', result: 'f64', code: 'local.get 0' },
      { params: 'f64 f64', result, locals: 'f64 f64 f64 i32 f32 f32', code },
      { params: 'i64 i64 i64', code: '' },
    ],
  });
  const module = parseModule(bytes, defaultWasmLimits);
  const context = validateModule(module, defaultWasmLimits, testImports);
  const instructions = new InstructionList();
  const body = decodeBody(bytes, module.bodies[1]!, context.functions[1]!, 8192, instructions);
  expect(hasArbitraryNan(instructions)).toBe(true);
  const plan = new GasPlan();
  planGas(instructions, [], plan);
  const marks = markNans(body, context, plan.dead);
  return [...marks.keys()].filter((i) => marks[i] !== 0).map((i) => `${i}:${opcodeName(instructions.opcodes[i]!)}`);
}

const SUM = 'local.get 0 local.get 1 f64.add';

describe('where arithmetic results show', () => {
  test.each([
    ['stored', `i32.const 0 ${SUM} f64.store`, ['3:f64.add']],
    ['stored as f32', 'i32.const 0 local.get 0 f32.demote_f64 f32.store', ['2:f32.demote_f64']],
    ['reinterpreted', `${SUM} i64.reinterpret_f64 drop`, ['2:f64.add']],
    ['negated', `${SUM} f64.neg drop`, ['2:f64.add']],
    ['f32 negated', 'local.get 6 f32.sqrt f32.neg drop', ['1:f32.sqrt']],
    ['giving its sign', `local.get 0 ${SUM} f64.copysign drop`, ['3:f64.add']],
    ['given a sign', `${SUM} local.get 0 f64.copysign drop`, ['2:f64.add']],
    ['passed', `${SUM} call 0 drop`, ['2:f64.add']],
    ['passed through the table', `${SUM} i32.const 0 call_indirect 0 drop`, ['2:f64.add']],
    ['put into a global', `${SUM} global.set 0`, ['2:f64.add']],
    ['result of a block', `block:f64 ${SUM} end drop`, ['3:f64.add']],
    ['branched with', `block:f64 ${SUM} br 0 end drop`, ['3:f64.add']],
    ['branched with on a condition', `block:f64 ${SUM} i32.const 1 br_if 0 end drop`, ['3:f64.add']],
    ['branched with by table', `block:f64 ${SUM} i32.const 1 br_table:0,0 end drop`, ['3:f64.add']],
    ['result of both arms', `i32.const 1 if:f64 ${SUM} else ${SUM} end drop`, ['4:f64.add', '8:f64.add']],
    ['under other operands', `${SUM} i32.const 3 i32.const 4 i32.add drop f64.neg drop`, ['2:f64.add']],
  ])('%s', (_, code, expected) => {
    expect(marked(code)).toEqual(expected);
  });

  test('returned', () => {
    expect(marked(SUM, 'f64')).toEqual(['2:f64.add']);
    expect(marked(`${SUM} return`, 'f64')).toEqual(['2:f64.add']);
    expect(marked(`${SUM} br 0`, 'f64')).toEqual(['2:f64.add']);
    expect(marked(`block ${SUM} i32.const 1 br_if 1 drop end f64.const 1`, 'f64')).toEqual(['3:f64.add']);
  });

  test.each([
    ['dropped', `${SUM} drop`],
    ['compared', `${SUM} f64.const 1 f64.lt drop`],
    ['truncated', `${SUM} i64.trunc_sat_f64_s drop ${SUM} i32.trunc_f64_u drop`],
    ['calculated with', `${SUM} f64.sqrt f64.const 1 f64.div f32.demote_f64 drop`],
    ['made absolute', `${SUM} f64.abs drop`],
    ['never reached', `br 0 i32.const 0 ${SUM} f64.store`],
    ['moved without arithmetic', `i32.const 0 local.get 0 f64.neg f64.store ${SUM} drop`],
    ['result that is not reached', `block:f64 ${SUM} drop unreachable end drop`],
  ])('not: %s', (_, code) => {
    expect(marked(code)).toEqual([]);
  });

  test('absolute values wait', () => {
    expect(marked(`i32.const 0 ${SUM} f64.abs f64.store`)).toEqual(['3:f64.add']);
  });
});

describe('locals', () => {
  const store = (local: number) => `i32.const 0 local.get ${local} f64.store`;

  test('hold arithmetic results until they show', () => {
    expect(marked(`${SUM} local.set 2 ${store(2)}`)).toEqual(['5:local.get']);
    expect(marked(`${SUM} local.set 2 local.get 2 f64.const 1 f64.add local.set 2`)).toEqual([]);
    expect(marked(`f64.const 0 local.set 2 loop ${SUM} local.set 2 br 0 end`)).toEqual([]);
  });

  test('pass them on', () => {
    expect(marked(`${SUM} local.set 2 local.get 2 local.set 3 local.get 3 local.set 4 ${store(4)}`)).toEqual([
      '9:local.get',
    ]);
    expect(marked(`${store(4)} local.get 3 local.set 4 local.get 2 local.set 3 ${SUM} local.set 2`)).toEqual([
      '1:local.get',
    ]);
  });

  test('that also hold other values get them canonical', () => {
    expect(marked(`local.get 0 local.set 2 ${SUM} local.set 2 ${store(2)}`)).toEqual(['4:f64.add']);
    expect(marked(`${SUM} local.set 0 ${store(0)}`)).toEqual(['2:f64.add']);
    expect(marked(`${SUM} local.tee 0 f64.neg drop`)).toEqual(['2:f64.add']);
    expect(marked(`f64.const 0x7ff8000000000000 local.set 2 ${SUM} local.set 2`)).toEqual(['4:f64.add']);
    expect(marked(`i32.const 0 f64.load local.set 2 ${SUM} local.set 2`)).toEqual(['5:f64.add']);
    expect(marked(`f64.const 0 call 0 local.set 2 ${SUM} local.set 2`)).toEqual(['5:f64.add']);
    expect(marked(`global.get 0 local.set 2 ${SUM} local.set 2`)).toEqual(['4:f64.add']);
  });

  test('into which such locals flow are alike', () => {
    // 2 holds a parameter, 3 takes it over: arithmetic that goes to 3 must be canonical
    expect(marked(`${SUM} local.set 3 local.get 2 local.set 3 local.get 0 local.set 2`)).toEqual(['2:f64.add']);
    // 2 only holds arithmetic and flows into 3, which is exact: canonical as it leaves 2
    expect(marked(`${SUM} local.set 2 local.get 2 local.set 3 local.get 0 local.set 3`)).toEqual(['4:local.get']);
  });

  test('tee keeps the value where it is', () => {
    expect(marked(`${SUM} local.tee 2 drop`)).toEqual([]);
    expect(marked(`i32.const 0 ${SUM} local.tee 2 f64.store`)).toEqual(['3:f64.add']);
    expect(marked(`i32.const 0 ${SUM} local.set 2 local.get 2 local.tee 3 f64.store`)).toEqual(['5:local.get']);
  });

  test('that hold clean values need nothing', () => {
    expect(marked(`i32.const 1 f64.convert_i32_s local.set 2 ${store(2)} ${SUM} drop`)).toEqual([]);
    expect(marked(`${store(2)} ${SUM} drop`)).toEqual([]);
  });
});

describe('select', () => {
  test('of arithmetic values waits', () => {
    expect(marked(`${SUM} ${SUM} i32.const 1 select drop`)).toEqual([]);
    expect(marked(`i32.const 0 ${SUM} ${SUM} i32.const 1 select f64.store`)).toEqual(['8:select']);
    expect(marked(`i32.const 0 ${SUM} f64.const 1 i32.const 1 select f64.store`)).toEqual(['6:select']);
  });

  test('with another value makes them canonical', () => {
    expect(marked(`${SUM} local.get 0 i32.const 1 select drop`)).toEqual(['2:f64.add']);
    expect(marked(`local.get 0 ${SUM} i32.const 1 select drop`)).toEqual(['3:f64.add']);
    expect(marked(`${SUM} local.set 2 local.get 2 local.get 0 i32.const 1 select drop`)).toEqual(['4:local.get']);
  });
});
