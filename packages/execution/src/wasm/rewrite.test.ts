import { describe, expect, test } from 'vitest';
import { op } from './format/opcodes.js';
import { GROW_GAS, GROWN_PAGE_GAS, instructionParts, PARTS_PER_GAS } from './gas.js';
import { prepareModule } from './prepare.js';
import { added } from './rewrite.js';
import { type AssemblyFunction, applyFunction, applyModule, assemble } from './testing/assembler.js';
import { Bench, limitsWith, type Outcome, TEST_HOST_GAS, testImports } from './testing/test-host.js';

const bench = new Bench();
const ONE_PAGE = { initial: 1, maximum: undefined };

const DEPTH_EXCEEDED: Outcome = {
  kind: 'rejected',
  code: 'wasm_execution_error',
  message: 'call depth of 251 exceeded',
};

function used(code: Uint8Array): number {
  const outcome = bench.outcome(code);
  if (outcome.kind !== 'done') throw new Error(outcome.message);
  return outcome.gas;
}

/** A contract with one page whose apply notes the i64 that `code` leaves. */
function noting(code: string, functions: readonly AssemblyFunction[] = []): Uint8Array {
  return assemble({
    imports: { note: 'i64>' },
    memory: { initial: 1, maximum: undefined },
    functions: [...functions, applyFunction(`${code} call 0`, 'i32 i64')],
  });
}

describe('call depth', () => {
  /** Calls itself `global 0` times, then runs `last`. */
  const recursing = (times: number, last: string, call = 'call 2') =>
    assemble({
      imports: { note: 'i64>', double: 'i64>i64' },
      table: { initial: 2, maximum: undefined },
      elements: [{ offset: 0, functions: [2, 0] }],
      types: ['i64 i64 i64>'],
      globals: [`var i32 = i32.const ${times}`],
      functions: [
        applyFunction(
          `global.get 0 i32.eqz if ${last} return end
          global.get 0 i32.const 1 i32.sub global.set 0
          local.get 0 local.get 1 local.get 2 ${call}`,
        ),
        { code: '' },
      ],
      apply: 2,
    });

  test('250 nested calls pass, 251 do not', () => {
    expect(bench.outcome(recursing(250, '')).kind).toBe('done');
    expect(bench.outcome(recursing(251, ''))).toEqual(DEPTH_EXCEEDED);
  });

  test('calls through the table count alike', () => {
    const call = 'i32.const 0 call_indirect 2';
    expect(bench.outcome(recursing(250, '', call)).kind).toBe('done');
    expect(bench.outcome(recursing(251, '', call))).toEqual(DEPTH_EXCEEDED);
  });

  test.each([
    ['a function that calls nothing', 'call 3'],
    ['a host function', 'i64.const 1 call 0'],
    ['a host function with a result', 'i64.const 1 call 1 drop'],
    ['a host function in the table', 'i64.const 1 i32.const 1 call_indirect 0'],
  ])('the last one may be %s', (_, last) => {
    expect(bench.outcome(recursing(249, last)).kind).toBe('done');
    expect(bench.outcome(recursing(250, last))).toEqual(DEPTH_EXCEEDED);
  });

  test('arithmetic, growing and copying are no calls', () => {
    const last = 'f64.const 1 f64.const 0 f64.div f64.neg drop';
    expect(bench.outcome(recursing(250, last)).kind).toBe('done');
  });

  test('start begins from zero', () => {
    const module = (times: number) =>
      assemble({
        globals: [`var i32 = i32.const ${times}`],
        functions: [
          { code: 'global.get 0 i32.eqz if return end global.get 0 i32.const 1 i32.sub global.set 0 call 0' },
          applyFunction('call 0'),
        ],
        start: 0,
      });
    expect(bench.outcome(module(250)).kind).toBe('done');
    expect(bench.outcome(module(251))).toEqual(DEPTH_EXCEEDED);
  });

  test('is a limit that can be set', () => {
    const limits = limitsWith({ maxCallDepth: 2 });
    expect(bench.outcome(recursing(1, ''), { limits }).kind).toBe('done');
    expect(bench.outcome(recursing(2, ''), { limits }).kind).toBe('rejected');
    expect(bench.outcome(recursing(0, 'i64.const 1 call 0'), { limits }).kind).toBe('done');
    const most = limitsWith({ maxCallDepth: 1023 });
    expect(bench.outcome(recursing(1022, ''), { limits: most }).kind).toBe('done');
    expect(bench.outcome(recursing(1023, ''), { limits: most }).kind).toBe('rejected');
  });

  test('huge functions may not nest as deeply: their frames fill the native stack', () => {
    const huge = (instructions: number, times: number) =>
      assemble({
        memory: { initial: 1, maximum: undefined },
        functions: [
          {
            params: 'i32',
            code: `local.get 0 i32.eqz if return end ${'i32.const 0 i32.const 1 i32.store '.repeat(instructions / 3)}
              local.get 0 i32.const 1 i32.sub call 0`,
          },
          applyFunction(`i32.const ${times} call 0`),
        ],
      });
    // 16 MiB at 4 bytes for each instruction
    expect(bench.outcome(huge(30_000, 138)).kind).toBe('done');
    expect(bench.outcome(huge(30_000, 140))).toEqual(DEPTH_EXCEEDED);
    expect(bench.outcome(huge(3_000, 249)).kind).toBe('done');
  });
});

describe('gas', () => {
  test.each([
    ['an empty loop', 'loop br 0 end'],
    ['a loop that begins with a loop', 'loop loop br 1 end end'],
    ['a loop closed by a condition', 'loop i32.const 1 br_if 0 end'],
    ['a loop closed by a table', 'loop i32.const 1 br_table:0,0 end'],
    ['a loop of host calls', 'loop i64.const 1 call 0 br 0 end'],
    ['a loop of calls', 'loop call 1 br 0 end'],
    [
      'a loop of loops',
      'loop i32.const 5 local.set 3 loop local.get 3 i32.const 1 i32.sub local.tee 3 br_if 0 end br 0 end',
    ],
    ['a loop behind a block', 'loop block i32.const 0 br_if 0 br 1 end end'],
    ['growing for ever', 'loop i32.const 0 memory.grow drop br 0 end'],
    ['filling for ever', 'loop i32.const 0 i32.const 1 i32.const 65536 memory.fill br 0 end'],
  ])('stops %s', (_, code) => {
    const module = assemble({
      imports: { note: 'i64>' },
      memory: { initial: 1, maximum: undefined },
      functions: [{ code: '' }, applyFunction(code, 'i32')],
    });
    const outcome = bench.outcome(module, { gasLimit: 1_000_000 });
    expect(outcome).toMatchObject({ kind: 'rejected', code: 'tx_cpu_usage_exceeded' });
  });

  test('stops branching recursion', () => {
    const code =
      'local.get 0 i32.eqz if return end local.get 0 i32.const 1 i32.sub local.tee 0 call 0 local.get 0 call 0';
    const module = assemble({ functions: [{ params: 'i32', code }, applyFunction('i32.const 200 call 0')] });
    expect(bench.outcome(module)).toMatchObject({ code: 'tx_cpu_usage_exceeded' });
  });

  test('what is used is exactly enough', () => {
    for (const code of [
      'i64.const 1',
      'i32.const 10 local.set 3 loop local.get 3 i32.const 1 i32.sub local.tee 3 br_if 0 end i64.const 1',
      'i32.const 1 if:i64 i64.const 1 call 1 i64.const 1 i64.add else i64.const 2 end',
    ]) {
      const module = noting(code, [{ params: 'i64', result: 'i64', code: 'local.get 0' }]);
      const gas = used(module);
      expect(bench.outcome(module, { gasLimit: gas })).toEqual({ kind: 'done', gas });
      expect(bench.outcome(module, { gasLimit: gas - 1 })).toMatchObject({ code: 'tx_cpu_usage_exceeded' });
      expect(bench.outcome(module, { gasLimit: 0 })).toMatchObject({ code: 'tx_cpu_usage_exceeded' });
    }
  });

  test('is charged for what runs only', () => {
    const branch = (condition: number) =>
      used(applyModule(`i32.const ${condition} if ${'i32.const 1 drop '.repeat(400)} end`));
    expect(branch(1) - branch(0)).toBe(100);
    const skipping = (condition: number) =>
      used(applyModule(`block i32.const ${condition} br_if 0 ${'i32.const 1 drop '.repeat(200)} end i32.const 1 drop`));
    expect(skipping(0) - skipping(1)).toBe(50);
    const rounds = (count: number) =>
      used(
        applyModule(`i32.const ${count} local.set 3 loop local.get 3 i32.const 1 i32.sub local.tee 3 br_if 0 end`, {
          locals: 'i32',
        }),
      );
    expect(rounds(1000) - rounds(999)).toBe(rounds(2) - rounds(1));
    const choosing = (index: number) =>
      used(
        applyModule(`block block block i32.const ${index} br_table:0,1,2 end ${'i32.const 1 drop '.repeat(28)} end
          ${'i32.const 1 drop '.repeat(44)} end`),
      );
    expect(choosing(0) - choosing(1)).toBe(7);
    expect(choosing(1) - choosing(2)).toBe(11);
  });

  test('of host functions is charged where they are called, through the table too', () => {
    const direct = noting('i64.const 1');
    const none = assemble({
      imports: { note: 'i64>' },
      memory: ONE_PAGE,
      functions: [applyFunction('i64.const 1 drop')],
    });
    expect(used(direct) - used(none)).toBe(TEST_HOST_GAS + instructionParts[op.call]! / PARTS_PER_GAS);
    const indirect = (element: number) =>
      used(
        assemble({
          imports: { note: 'i64>' },
          table: { initial: 2, maximum: undefined },
          elements: [{ offset: 0, functions: [0, 1] }],
          functions: [{ params: 'i64', code: '' }, applyFunction(`i64.const 1 i32.const ${element} call_indirect 0`)],
        }),
      );
    expect(indirect(0) - indirect(1)).toBe(TEST_HOST_GAS);
  });

  test('that host functions charge by length is added', () => {
    const burning = (gas: number) =>
      assemble({ imports: { burn: 'i32>' }, functions: [applyFunction(`i32.const ${gas} call 0`)] });
    expect(used(burning(5000)) - used(burning(0))).toBe(5000);
    const gas = used(burning(5000));
    expect(bench.outcome(burning(5000), { gasLimit: gas }).kind).toBe('done');
    expect(bench.outcome(burning(5000), { gasLimit: gas - 1 })).toMatchObject({ code: 'tx_cpu_usage_exceeded' });
    expect(bench.outcome(burning(20_000_000))).toMatchObject({
      code: 'tx_cpu_usage_exceeded',
      message: 'host gas used up',
    });
  });

  test('long straight code is stopped before a host function', () => {
    const module = assemble({
      imports: { note: 'i64>' },
      functions: [applyFunction(`block i32.const 0 br_if 0 ${'i64.const 1 call 0 '.repeat(1000)} end`)],
    });
    const gas = used(module);
    expect(bench.outcome(module, { gasLimit: gas - 1 })).toMatchObject({ code: 'tx_cpu_usage_exceeded' });
    expect(bench.host.notes).toEqual([]);
  });

  test('of copying and filling grows with the length, and is checked before', () => {
    const filling = (length: number) => applyModule(`i32.const 0 i32.const 7 i32.const ${length} memory.fill`);
    expect(used(filling(40_000)) - used(filling(0))).toBe(5_000);
    const copying = (length: number) => applyModule(`i32.const 0 i32.const 8 i32.const ${length} memory.copy`);
    expect(used(copying(40_000)) - used(copying(0))).toBe(5_000);
    expect(bench.outcome(filling(-1))).toMatchObject({ code: 'tx_cpu_usage_exceeded' });
    expect(bench.outcome(filling(65_537))).toMatchObject({ code: 'wasm_execution_error', message: 'access violation' });
  });

  test('limits of up to 2^51 work', () => {
    const gas = used(noting('i64.const 1'));
    expect(bench.outcome(noting('i64.const 1'), { gasLimit: 2 ** 51 })).toEqual({ kind: 'done', gas });
  });
});

describe('memory.grow', () => {
  const grow = (pages: number, memory: { initial: number; maximum: number | undefined }) => {
    const code = `i32.const ${pages} memory.grow i64.extend_i32_s call 0 memory.size i64.extend_i32_u call 0`;
    const outcome = bench.outcome(assemble({ imports: { note: 'i64>' }, memory, functions: [applyFunction(code)] }), {
      gasLimit: 1e9,
    });
    return { outcome, notes: bench.host.notes.map((note) => BigInt.asIntN(64, note as bigint)) };
  };

  test('returns the size before, and grows', () => {
    expect(grow(3, { initial: 1, maximum: undefined }).notes).toEqual([1n, 4n]);
    expect(grow(0, { initial: 1, maximum: undefined }).notes).toEqual([1n, 1n]);
  });

  test('stops at 528 pages, or at the declared maximum', () => {
    expect(grow(527, { initial: 1, maximum: undefined }).notes).toEqual([1n, 528n]);
    expect(grow(528, { initial: 1, maximum: undefined }).notes).toEqual([-1n, 1n]);
    expect(grow(528, { initial: 1, maximum: 1000 }).notes).toEqual([-1n, 1n]);
    expect(grow(2, { initial: 1, maximum: 3 }).notes).toEqual([1n, 3n]);
    expect(grow(3, { initial: 1, maximum: 3 }).notes).toEqual([-1n, 1n]);
    expect(grow(-1, { initial: 1, maximum: undefined }).notes).toEqual([-1n, 1n]);
    expect(grow(1, { initial: 528, maximum: undefined }).notes).toEqual([-1n, 528n]);
  });

  test('costs gas by the page, unless it fails', () => {
    const gas = (pages: number) => {
      const { outcome } = grow(pages, { initial: 1, maximum: undefined });
      return outcome.kind === 'done' ? outcome.gas : 0;
    };
    expect(gas(2) - gas(0)).toBe(GROW_GAS + 2 * GROWN_PAGE_GAS);
    expect(gas(9999)).toBe(gas(0));
    const growing = applyModule('i32.const 500 memory.grow drop');
    expect(bench.outcome(growing, { gasLimit: 4_000_000 })).toMatchObject({ code: 'tx_cpu_usage_exceeded' });
  });

  test('new pages are zero and host functions see them', () => {
    const code = assemble({
      imports: { poke: 'i32 i32>', note: 'i64>' },
      memory: { initial: 1, maximum: undefined },
      functions: [
        applyFunction(`i32.const 1 memory.grow drop
          i32.const 65544 i64.load call 1 i32.const 131064 i32.const 5 call 0 i32.const 131064 i64.load call 1`),
      ],
    });
    for (let round = 0; round < 3; round++) {
      expect(bench.outcome(code).kind).toBe('done');
      expect(bench.host.notes).toEqual([0n, 5n]);
    }
  });

  test('a contract without memory has an empty one', () => {
    expect(bench.outcome(assemble({ functions: [applyFunction('nop')] })).kind).toBe('done');
    expect(bench.memory().length).toBe(0);
  });
});

describe('results', () => {
  test.each([
    ['structures', 'block:i64 block i64.const 7 br 1 end i64.const 8 end', 7n],
    ['br_table', 'block:i64 block block i32.const 1 br_table:0,1,0 end i64.const 1 br 1 end i64.const 2 end', 2n],
    ['code that is never reached', 'block:i64 i64.const 3 br 0 i32.add drop block:i64 unreachable end i64.mul end', 3n],
    ['arms that both leave', 'block:i64 i32.const 0 if:i64 i64.const 4 br 1 else i64.const 5 br 1 end end', 5n],
    ['sign extension', 'i64.const 255 i64.extend8_s', 0xffff_ffff_ffff_ffffn],
    ['saturation', 'f64.const 1e300 i64.trunc_sat_f64_s', 0x7fff_ffff_ffff_ffffn],
    ['return within structures', 'block:i64 i64.const 6 call 1 end', 12n],
  ])('%s', (_, code, expected) => {
    const early = {
      params: 'i64',
      result: 'i64',
      code: 'block loop local.get 0 i64.const 2 i64.mul return end end i64.const 0',
    };
    expect(bench.outcome(noting(code, [early])).kind).toBe('done');
    expect(bench.host.notes).toEqual([expected]);
  });

  test('apply may be an imported function of that type', () => {
    const imports = new Map([['three', { params: ['i64', 'i64', 'i64'] as const, gas: 10 }]]);
    const code = assemble({ imports: { three: 'i64 i64 i64>' }, functions: [], apply: 0 });
    expect(prepareModule(code, limitsWith({}), imports).importsUsed).toEqual(['three']);
  });

  test('nothing of the contract is exported under its own name', () => {
    const { module } = prepareModule(
      applyModule('nop', { exports: [{ name: 'memory', kind: 'memory', index: 0 }] }),
      limitsWith({}),
      testImports,
    );
    const names = (WebAssembly as unknown as { Module: { exports(m: unknown): { name: string }[] } }).Module.exports(
      module,
    );
    expect(names.map(({ name }) => name)).toEqual([added.memory, added.run, added.gas, added.depth]);
  });

  test('bodies that grow beyond V8’s limit are refused', () => {
    // every conditional branch starts a segment: 4 bytes become 12
    const code = applyModule('');
    const step = [0x20, 0x03, 0x0d, 0x00];
    const count = 700_000;
    const body = new Uint8Array(3 + count * 4 + 1);
    body.set([1, 1, 0x7f]);
    for (let i = 0; i < count; i++) body.set(step, 3 + i * 4);
    body[body.length - 1] = 0x0b;
    const leb = (value: number) => [
      (value & 0x7f) | 0x80,
      ((value >> 7) & 0x7f) | 0x80,
      ((value >> 14) & 0x7f) | 0x80,
      value >> 21,
    ];
    const head = code.subarray(0, code.length - 6);
    const section = [...leb(body.length + 5), 1, ...leb(body.length)];
    const bytes = new Uint8Array(head.length + 1 + section.length + body.length);
    bytes.set(head);
    bytes.set([10, ...section], head.length);
    bytes.set(body, head.length + 1 + section.length);
    expect(() => prepareModule(bytes, limitsWith({}), testImports)).toThrow(/bytes after metering/);
  });
});
