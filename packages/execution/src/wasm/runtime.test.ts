import { describe, expect, test } from 'vitest';
import { NodeFault } from './host-port.js';
import { ContractRuntime } from './runtime.js';
import { applyFunction, applyModule, assemble } from './testing/assembler.js';
import { Bench, limitsWith, TestHost, testImports } from './testing/test-host.js';

const ONE_PAGE = { initial: 1, maximum: undefined };

describe('every action begins with the contract as new', () => {
  /** Notes and then changes a global, the data, and untouched memory at both ends. */
  const counting = (pages: number) =>
    assemble({
      imports: { note: 'i64>' },
      memory: { initial: pages, maximum: undefined },
      globals: ['var i64 = i64.const 41', 'i64 = i64.const 5', 'var f64 = f64.const 2.5'],
      data: [
        { offset: 100, bytes: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
        { offset: 104, bytes: Uint8Array.of(9) },
      ],
      functions: [
        applyFunction(
          `global.get 0 call 0 global.get 2 i64.trunc_f64_s call 0
          i32.const 100 i64.load call 0 i32.const 8 i64.load call 0 i32.const ${pages * 65536 - 8} i64.load call 0
          i64.const 77 global.set 0 f64.const 9 global.set 2
          i32.const 100 i64.const -1 i64.store i32.const 8 i64.const -1 i64.store
          i32.const ${pages * 65536 - 8} i64.const -1 i64.store`,
        ),
      ],
    });
  const expected = [41n, 2n, 0x0807_0609_0403_0201n, 0n, 0n];

  test.each([1, 2, 16, 17, 528])('with %i pages', (pages) => {
    const bench = new Bench();
    const code = counting(pages);
    const gas = bench.apply(code);
    for (let round = 0; round < 4; round++) {
      expect(bench.apply(code)).toBe(gas);
      expect(bench.host.notes).toEqual(expected);
    }
    expect(bench.runtime.usage.idleInstances).toBe(1);
  });

  const spoil = 'i64.const 1 global.set 0 i32.const 50 i64.const -1 i64.store';
  test.each([
    ['a failed assertion', `${spoil} call 1`],
    ['a trap', `${spoil} unreachable`],
    ['an exit', `${spoil} call 2`],
    ['use of all gas', `${spoil} loop br 0 end`],
    ['too many calls', `${spoil} local.get 0 local.get 1 local.get 2 call 3`],
    ['growth', `${spoil} i32.const 1 memory.grow drop`],
  ])('after %s', (_, end) => {
    const bench = new Bench();
    const code = assemble({
      imports: { note: 'i64>', fail: '>', exit: '>' },
      memory: ONE_PAGE,
      globals: ['var i64 = i64.const 7'],
      functions: [
        applyFunction(`global.get 0 call 0 i32.const 50 i64.load call 0 memory.size i64.extend_i32_u call 0 ${end}`),
      ],
    });
    for (let round = 0; round < 3; round++) {
      bench.outcome(code);
      expect(bench.host.notes.slice(0, 3)).toEqual([7n, 0n, 1n]);
    }
  });

  test('what host functions wrote is gone, too', () => {
    const bench = new Bench();
    const code = assemble({
      imports: { note: 'i64>', poke: 'i32 i32>' },
      memory: ONE_PAGE,
      functions: [
        applyFunction('i32.const 200 i64.load call 0 i32.const 200 i32.const 3 call 1 i32.const 200 i64.load call 0'),
      ],
    });
    for (let round = 0; round < 3; round++) {
      bench.apply(code);
      expect(bench.host.notes).toEqual([0n, 3n]);
    }
  });

  test('contracts do not see each other', () => {
    const bench = new Bench();
    const [a, b] = [1, 2].map((value) =>
      assemble({
        imports: { note: 'i64>' },
        memory: ONE_PAGE,
        data: [{ offset: 0, bytes: Uint8Array.of(value) }],
        functions: [
          applyFunction('i32.const 0 i64.load call 0 i32.const 8 i64.load call 0 i32.const 8 i64.const 9 i64.store'),
        ],
      }),
    );
    for (let round = 0; round < 3; round++) {
      bench.apply(a!);
      expect(bench.host.notes).toEqual([1n, 0n]);
      bench.apply(b!);
      expect(bench.host.notes).toEqual([2n, 0n]);
    }
  });
});

describe('apply', () => {
  test('gets receiver, account and action, unsigned', () => {
    const bench = new Bench();
    const code = assemble({
      imports: { note: 'i64>' },
      functions: [applyFunction('local.get 0 call 0 local.get 1 call 0 local.get 2 call 0')],
    });
    const call = { receiver: 0xffff_ffff_ffff_ffffn, account: 0n, action: 0x8000_0000_0000_0001n };
    bench.apply(code, call);
    expect(bench.host.notes).toEqual([call.receiver, call.account, call.action]);
  });

  test('runs start before, each time', () => {
    const bench = new Bench();
    const code = assemble({
      imports: { note: 'i64>' },
      globals: ['var i64 = i64.const 1'],
      functions: [{ code: 'i64.const 100 call 0 i64.const 2 global.set 0' }, applyFunction('global.get 0 call 0')],
      start: 1,
    });
    for (let round = 0; round < 3; round++) {
      bench.apply(code);
      expect(bench.host.notes).toEqual([100n, 2n]);
    }
  });

  test('start is metered and may exit or fail', () => {
    const bench = new Bench();
    const starting = (start: string) =>
      assemble({
        imports: { note: 'i64>', exit: '>', fail: '>' },
        functions: [{ code: start }, applyFunction('i64.const 1 call 0')],
        start: 3,
      });
    expect(bench.outcome(starting('call 1')).kind).toBe('done');
    expect(bench.host.notes).toEqual([]);
    expect(bench.outcome(starting('call 2'))).toMatchObject({ code: 'eosio_assert_message_exception' });
    expect(bench.outcome(starting('loop br 0 end'))).toMatchObject({ code: 'tx_cpu_usage_exceeded' });
  });

  test('an imported function may be start', () => {
    const bench = new Bench();
    const code = assemble({ imports: { exit: '>' }, functions: [applyFunction('unreachable')], start: 0 });
    expect(bench.outcome(code).kind).toBe('done');
  });

  test('exit ends with success, and gas is counted up to it', () => {
    const bench = new Bench();
    const exiting = (rounds: number) =>
      assemble({
        imports: { exit: '>', note: 'i64>' },
        functions: [
          { params: 'i32', code: 'loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end call 0' },
          applyFunction(`i32.const ${rounds} call 2 i64.const 1 call 1`),
        ],
      });
    const [one, many] = [bench.apply(exiting(1)), bench.apply(exiting(1001))];
    expect(bench.host.notes).toEqual([]);
    expect(many - one).toBe((1000 * 16) / 4);
  });
});

describe('faults', () => {
  const bench = new Bench();

  test.each([
    ['unreachable', 'unreachable', 'unreachable'],
    ['division by zero', 'i32.const 1 i32.const 0 i32.div_u drop', 'integer divide by zero'],
    ['remainder by zero', 'i64.const 1 i64.const 0 i64.rem_s drop', 'integer divide by zero'],
    ['overflow', 'i32.const -2147483648 i32.const -1 i32.div_s drop', 'integer overflow'],
    ['conversion', 'f64.const 1e300 i32.trunc_f64_s drop', 'float cannot be represented as an integer'],
    ['load', 'i32.const 65536 i32.load8_u drop', 'access violation'],
    ['store', 'i32.const -1 i32.const 0 i32.store', 'access violation'],
    ['load by offset', 'i32.const 0 i32.load+4294967295 drop', 'access violation'],
    ['table index', 'i32.const 5 call_indirect 1', 'undefined table element'],
    ['empty element', 'i32.const 1 call_indirect 1', 'indirect call of a function of another type'],
    ['type of element', 'f32.const 0 i32.const 0 call_indirect 2', 'indirect call of a function of another type'],
  ])('%s', (_, code, message) => {
    const module = assemble({
      memory: ONE_PAGE,
      types: ['>', 'f32>'],
      table: { initial: 2, maximum: undefined },
      elements: [{ offset: 0, functions: [0] }],
      functions: [applyFunction(code)],
    });
    const outcome = bench.outcome(module);
    expect(outcome).toMatchObject({ kind: 'rejected', code: 'wasm_execution_error' });
    expect(outcome.kind === 'rejected' && outcome.message).toMatch(message);
  });

  test('exhausting the native stack is no result of an action', () => {
    const code = assemble({ imports: { stack: '>' }, functions: [applyFunction('call 0')] });
    expect(() => bench.outcome(code)).toThrow(NodeFault);
    // and the runtime can still be used by those who look into it
    expect(bench.outcome(applyModule('nop')).kind).toBe('done');
  });

  test('code that is not acceptable is rejected', () => {
    expect(bench.outcome(Uint8Array.of(1, 2, 3))).toMatchObject({ code: 'wasm_serialization_error' });
    expect(bench.outcome(new Uint8Array(0))).toMatchObject({ code: 'wasm_serialization_error' });
  });

  test('a runtime needs an implementation of all it declares', () => {
    const more = new Map([...testImports, ['missing', { params: [], gas: 1 }] as const]);
    expect(() => new ContractRuntime(new TestHost(), more)).toThrow(/missing/);
  });

  test('contracts do not run inside contracts', () => {
    const runtime = new Bench();
    const inner = applyModule('nop');
    const outer = assemble({ imports: { burn: 'i32>' }, functions: [applyFunction('i32.const 1 call 0')] });
    const host = runtime.host;
    const original = host.takeGas.bind(host);
    host.takeGas = () => {
      host.takeGas = original;
      return runtime.apply(inner);
    };
    expect(() => runtime.apply(outer)).toThrow(/while another one runs/);
  });
});

describe('the cache', () => {
  const contract = (value: number) => applyModule(`i32.const ${value} drop`);

  test('asks for code once', () => {
    const host = new TestHost();
    const runtime = new ContractRuntime(host, testImports);
    let asked = 0;
    const code = contract(1);
    const call = { receiver: 0n, account: 0n, action: 0n, gasLimit: 1e6, limits: limitsWith({}) };
    const load = () => {
      asked++;
      return code;
    };
    for (let round = 0; round < 3; round++) runtime.apply(new Uint8Array(32).fill(5), load, call);
    expect(asked).toBe(1);
    runtime.apply(new Uint8Array(32).fill(5), load, { ...call, limits: limitsWith({}) });
    expect(asked).toBe(1);
    runtime.apply(new Uint8Array(32).fill(5), load, { ...call, limits: limitsWith({ maxPages: 100 }) });
    expect(asked).toBe(2);
  });

  test('keeps modules and instances within bounds, the latest used', () => {
    const host = new TestHost();
    const size = 1000;
    const runtime = new ContractRuntime(host, testImports, { moduleBytesMax: size, instancesMax: 2, pagesMax: 100 });
    const loaded: number[] = [];
    const run = (value: number) =>
      runtime.apply(
        new Uint8Array(32).fill(value),
        () => {
          loaded.push(value);
          return contract(value);
        },
        { receiver: 0n, account: 0n, action: 0n, gasLimit: 1e6, limits: limitsWith({}) },
      );
    run(1);
    const each = runtime.usage.moduleBytes;
    const fitting = Math.floor(size / each);
    expect(fitting).toBeGreaterThanOrEqual(3);
    for (let value = 2; value <= fitting; value++) run(value);
    expect(runtime.usage).toEqual({ modules: fitting, idleInstances: 2, moduleBytes: each * fitting });
    run(1);
    run(fitting + 1);
    expect(runtime.usage.modules).toBe(fitting);
    loaded.length = 0;
    run(1);
    expect(loaded).toEqual([]);
    run(2);
    expect(loaded).toEqual([2]);
    expect(runtime.usage.idleInstances).toBe(2);
  });

  test('bounds the memory of idle instances', () => {
    const bounds = { moduleBytesMax: 100_000, instancesMax: 10, pagesMax: 7 };
    const runtime = new ContractRuntime(new TestHost(), testImports, bounds);
    const call = { receiver: 0n, account: 0n, action: 0n, gasLimit: 1e6, limits: limitsWith({}) };
    const run = (pages: number) => {
      const code = applyModule('nop', { memory: { initial: pages, maximum: undefined } });
      runtime.apply(new Uint8Array(32).fill(pages), () => code, call);
      return runtime.usage.idleInstances;
    };
    expect([run(3), run(4), run(4), run(2), run(1), run(7), run(8)]).toEqual([1, 2, 2, 2, 3, 1, 0]);
  });

  test('a module larger than the bound still runs', () => {
    const runtime = new ContractRuntime(new TestHost(), testImports, {
      moduleBytesMax: 1,
      instancesMax: 1,
      pagesMax: 1,
    });
    const call = { receiver: 0n, account: 0n, action: 0n, gasLimit: 1e6, limits: limitsWith({}) };
    for (const value of [1, 2, 1]) runtime.apply(new Uint8Array(32).fill(value), () => contract(value), call);
    expect(runtime.usage.modules).toBe(1);
  });
});
