/** Contracts that try to take more than they are given: time, stack, memory, text. */
import { rowKey, tableId } from '@snapscale/execution';
import { encode, name, transactionTraceSchema } from '@snapscale/protocol';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { AttackLedger, actionOf } from './support/attack-ledger.js';
import { contract, forever, i64, times } from './support/modules.js';
import { allowed, Report, refused } from './support/report.js';

const report = new Report('contracts at run time');
const NO_DATA = new Uint8Array(0);
let ledger: AttackLedger;

beforeEach(() => {
  ledger = new AttackLedger();
});
afterAll(() => report.print());

/** Installs a contract and runs it. */
function refuse(what: string, code: Uint8Array, ...codes: string[]) {
  ledger.install('evil', code);
  return refused(report, ledger, what, () => ledger.hit('evil'), ...codes);
}

function allow(what: string, code: Uint8Array) {
  ledger.install('evil', code);
  return allowed(report, what, () => ledger.hit('evil'));
}

describe('time', () => {
  it('ends endless loops of every kind', () => {
    refuse('empty loop', contract(forever('')), 'tx_cpu_usage_exceeded');
    refuse('loop of nops', contract(forever('nop nop nop')), 'tx_cpu_usage_exceeded');
    refuse('loops in loops', contract('loop loop loop br 2 end end end'), 'tx_cpu_usage_exceeded');
    refuse('loop by br_if', contract('loop i32.const 1 br_if 0 end'), 'tx_cpu_usage_exceeded');
    refuse('loop by br_table', contract('loop i32.const 7 br_table:0,0,0 end'), 'tx_cpu_usage_exceeded');
    refuse(
      'loop of divisions',
      contract(
        `i64.const -1 local.set 0 ${forever('local.get 0 i64.const 3 i64.div_u i64.const 7 i64.or local.set 0')}`,
      ),
      'tx_cpu_usage_exceeded',
    );
    refuse(
      'loop of square roots',
      contract(forever('f64.const 2 f64.sqrt f64.sqrt f64.sqrt drop')),
      'tx_cpu_usage_exceeded',
    );
    refuse(
      'loop of cache misses',
      contract(
        forever(
          'local.get 3 i32.const 1664525 i32.mul i32.const 1013904223 i32.add local.tee 3 i32.const 0x1fffff8 i32.and i32.load drop',
        ),
        { locals: 'i32', memory: { initial: 512, maximum: undefined } },
      ),
      'tx_cpu_usage_exceeded',
    );
  });

  it('ends loops in functions, tables and start functions', () => {
    refuse('loop of calls', contract(forever('@0'), { functions: [{ code: '' }] }), 'tx_cpu_usage_exceeded');
    refuse(
      'loop of indirect calls',
      contract(forever('i32.const 0 call_indirect 0'), {
        functions: [{ code: '' }],
        table: { initial: 1, maximum: 1 },
        elements: [{ offset: 0, functions: [0] }],
      }),
      'tx_cpu_usage_exceeded',
    );
    refuse(
      'start function that loops',
      contract('', { functions: [{ code: forever('') }], start: 0 }),
      'tx_cpu_usage_exceeded',
    );
    refuse(
      'start function that traps',
      contract('', { functions: [{ code: 'unreachable' }], start: 0 }),
      'wasm_execution_error',
    );
  });

  it('charges a contract that stops just in time, and no more', () => {
    const spin = (count: number) => contract(times(count, 3, 'i32.const 1 drop'), { locals: 'i32' });
    const { trace } = allow('a loop within the limit', spin(1_000_000));
    expect(trace.cpuUsageUs).toBeGreaterThan(1000);
    refuse('a loop beyond the limit', spin(0x7fffffff), 'tx_cpu_usage_exceeded');
    ledger.install('evil', spin(500_000));
    const limited = () => ledger.strike([actionOf('evil', 'go', NO_DATA)], { maxCpuUsageMs: 1 });
    expect(limited().code).toBe('tx_cpu_usage_exceeded');
  });
});

describe('stack', () => {
  const recursion = (depth: number) =>
    contract(`i32.const ${depth} @0`, {
      functions: [{ params: 'i32', code: 'local.get 0 i32.eqz if return end local.get 0 i32.const 1 i32.sub call 0' }],
    });

  it('holds 250 calls and not 251', () => {
    allow('250 nested calls', recursion(249));
    refuse('251 nested calls', recursion(250), 'wasm_execution_error');
    refuse('endless recursion', recursion(-1), 'wasm_execution_error');
  });

  it('counts calls through tables and of each other alike', () => {
    const table = { table: { initial: 2, maximum: 2 }, elements: [{ offset: 0, functions: [0, 1] }] };
    refuse(
      'recursion through a table',
      contract('@0', { functions: [{ code: 'i32.const 0 call_indirect 0' }, { code: '' }], ...table }),
      'wasm_execution_error',
    );
    refuse(
      'two functions that call each other',
      contract('@0', { functions: [{ code: 'call 1' }, { code: 'call 0' }] }),
      'wasm_execution_error',
    );
    refuse('apply that calls itself', contract('local.get 0 local.get 1 local.get 2 call 0'), 'wasm_execution_error');
    refuse(
      'a wrong type through a table',
      contract('i32.const 0 call_indirect 2', {
        functions: [{ params: 'i32', code: '' }],
        types: ['>'],
        table: { initial: 1, maximum: 1 },
        elements: [{ offset: 0, functions: [0] }],
      }),
      'wasm_execution_error',
    );
    refuse(
      'beyond the table',
      contract('i32.const 77 call_indirect 0', { functions: [{ code: '' }], ...table, elements: [] }),
      'wasm_execution_error',
    );
  });
});

describe('memory', () => {
  it('grows to 528 pages and no further', () => {
    const { trace } = allow(
      'all the memory',
      contract(
        'i32.const 527 memory.grow i32.const 1 i32.ne if unreachable end i32.const 1 memory.grow i32.const -1 i32.ne if unreachable end i32.const 34603004 i32.const 7 i32.store',
      ),
    );
    expect(trace.cpuUsageUs).toBeGreaterThan(10_000);
    refuse('memory that is not there', contract('i32.const 65533 i32.load drop'), 'wasm_execution_error');
    refuse('a huge offset', contract('i32.const -1 i32.load+34603007 drop'), 'wasm_execution_error');
    allow('growth by 2^32 - 1 pages', contract('i32.const -1 memory.grow i32.const -1 i32.ne if unreachable end'));
    refuse('growth until the gas ends', contract(forever('i32.const 1 memory.grow drop')), 'tx_cpu_usage_exceeded');
  });

  it('is new for every action, however often it was grown', () => {
    ledger.install(
      'evil',
      contract(
        'i32.const 70000 i32.const 1 memory.grow drop i32.load if unreachable end i32.const 70000 i32.const 9 i32.store',
      ),
    );
    let worst = 0;
    for (let block = 0; block < 2; block++) {
      for (let round = 0; round < 4; round++) {
        const strike = ledger.strike(Array.from({ length: 150 }, () => actionOf('evil', 'go', NO_DATA)));
        expect(strike.code).toBe('ok');
        worst = Math.max(worst, Math.min(strike.wallMs, strike.cpuMs));
      }
      ledger.produceBlock();
    }
    report.add('150 actions that grow the memory', worst, 'allowed');
    ledger.install('evil', contract('i32.const 500 memory.grow i32.const 0 i32.lt_s if unreachable end'));
    for (let i = 0; i < 12; i++) {
      const strike = ledger.hit('evil');
      expect(strike.code).toBe('ok');
      report.add('an action that grows to 32 MB', Math.min(strike.wallMs, strike.cpuMs), 'allowed');
      ledger.produceBlock();
    }
  });

  it('is charged for when it is large from the start', () => {
    ledger.install('evil', contract('', { memory: { initial: 528, maximum: undefined } }));
    const strike = ledger.strike(Array.from({ length: 40 }, () => actionOf('evil', 'go', NO_DATA)));
    expect(strike.code).toBe('tx_cpu_usage_exceeded');
    report.add('40 actions with 528 pages', Math.min(strike.wallMs, strike.cpuMs));
  });

  it('refuses pointers of host functions that lead outside', () => {
    const wild = ['i32.const -1', 'i32.const 65536', 'i32.const 65530', 'i32.const -2147483648'];
    for (const at of wild) {
      refuse(`sha256 of ${at}`, contract(`${at} i32.const 32 i32.const 0 $sha256`), 'wasm_execution_error');
      refuse(`sha256 to ${at}`, contract(`i32.const 0 i32.const 32 ${at} $sha256`), 'wasm_execution_error');
      refuse(`memcpy to ${at}`, contract(`${at} i32.const 0 i32.const 32 $memcpy drop`), 'wasm_execution_error');
      refuse(`prints of ${at}`, contract(`${at} i32.const -1 $prints_l`), 'wasm_execution_error');
      refuse(
        `read_action_data to ${at}`,
        contract(`${at} i32.const 32 $read_action_data drop`),
        'wasm_execution_error',
      );
    }
    refuse('null reference', contract('i32.const 0 i32.const 0 i32.const 0 $sha256'), 'wasm_execution_error');
    refuse(
      'memcpy over itself',
      contract('i32.const 64 i32.const 70 i32.const 16 $memcpy drop'),
      'overlapping_memory_error',
    );
    refuse(
      'aliased spans',
      contract('i32.const 64 i32.const 32 i32.const 80 i32.const 32 i32.const 0 $sha3'),
      'wasm_exception',
    );
    refuse(
      'a text that never ends',
      contract('i32.const 0 $prints', { data: [{ offset: 0, bytes: new Uint8Array(65_536).fill(65) }] }),
      'wasm_execution_error',
    );
  });
});

describe('text', () => {
  const texts: readonly (readonly [string, Uint8Array])[] = [
    ['ASCII', new Uint8Array(60_000).fill(65)],
    ['control characters', new Uint8Array(60_000)],
    ['invalid UTF-8', new Uint8Array(60_000).fill(0xff)],
  ];

  it.each(texts)('of %s fills neither trace nor time', (what, bytes) => {
    const strike = refuse(
      `endless printing of ${what}`,
      contract(forever('i32.const 0 i32.const 60000 $prints_l'), { data: [{ offset: 0, bytes }] }),
      'tx_cpu_usage_exceeded',
    );
    const began = performance.now();
    expect(encode(transactionTraceSchema, strike.trace).length).toBeLessThan(300_000);
    report.add(`encoding the trace of ${what}`, performance.now() - began);
    ledger.install('evil', contract('i32.const 0 i32.const 60000 $prints_l', { data: [{ offset: 0, bytes }] }));
    const many = ledger.strike(Array.from({ length: 60 }, () => actionOf('evil', 'go', NO_DATA)));
    expect(many.code).toBe('ok');
    expect(encode(transactionTraceSchema, many.trace).length).toBeLessThan(1_000_000);
    report.add(`60 actions that print ${what}`, Math.min(many.wallMs, many.cpuMs), 'allowed');
  });
});

describe('endings', () => {
  const write = `i64.const 5 i64.const 112 local.get 1 i64.const 1 i32.const 0 i32.const 8 $db_store_i64 drop`;

  it('undo everything after a trap', () => {
    refuse('trap after writes', contract(`${write} unreachable`), 'wasm_execution_error');
    refuse(
      'division by zero after writes',
      contract(`${write} i32.const 1 i32.const 0 i32.div_s drop`),
      'wasm_execution_error',
    );
    refuse(
      'overflowing division',
      contract(`${write} i32.const 0x80000000 i32.const -1 i32.div_s drop`),
      'wasm_execution_error',
    );
    refuse(
      'conversion of NaN',
      contract(`${write} f64.const 0x7ff8000000000000 i64.trunc_f64_s drop`),
      'wasm_execution_error',
    );
    refuse('abort after writes', contract(`${write} $abort`), 'abort_called');
    refuse(
      'assertion after writes',
      contract(`${write} i32.const 0 i32.const 64 $eosio_assert`),
      'eosio_assert_message_exception',
    );
    refuse('endless loop after writes', contract(`${write} ${forever('')}`), 'tx_cpu_usage_exceeded');
    refuse(
      'reserved error code',
      contract('i32.const 0 i64.const -1 $eosio_assert_code'),
      'restricted_error_code_exception',
    );
  });

  it('keep everything after eosio_exit, even within calls and start', () => {
    allow('exit after writes', contract(`${write} i32.const 0 $eosio_exit unreachable`));
    expect(ledger.pending.state.get(rowKey(tableId(name('evil'), 5n, 112n), 1n))).toBeDefined();
    allow('exit in a function', contract('@0 unreachable', { functions: [{ code: 'i32.const 0 $eosio_exit' }] }));
    allow('exit in start', contract('', { functions: [{ code: 'i32.const 0 $eosio_exit' }], start: 1 }));
  });

  it('undo the whole transaction when its last action fails', () => {
    ledger.install('good', contract(write));
    ledger.install('evil', contract('unreachable'));
    const both = () => ledger.strike([actionOf('good', 'go', NO_DATA), actionOf('evil', 'go', NO_DATA)]);
    refused(report, ledger, 'a good action before a bad one', both, 'wasm_execution_error');
  });
});

describe('privileges', () => {
  it.each([
    ['set_privileged', 'local.get 0 i32.const 1 $set_privileged'],
    ['is_privileged', 'local.get 0 $is_privileged drop'],
    ['set_resource_limits', 'local.get 0 i64.const -1 i64.const -1 i64.const -1 $set_resource_limits'],
    ['set_proposed_producers', 'i32.const 0 i32.const 64 $set_proposed_producers drop'],
    ['set_blockchain_parameters_packed', 'i32.const 0 i32.const 68 $set_blockchain_parameters_packed'],
    ['set_wasm_parameters_packed', 'i32.const 0 i32.const 48 $set_wasm_parameters_packed'],
    ['set_finalizers', 'i64.const 0 i32.const 0 i32.const 64 $set_finalizers'],
    ['preactivate_feature', 'i32.const 0 $preactivate_feature'],
    ['activate_feature', 'i64.const 1 $activate_feature'],
  ])('of %s are not had by linking it', (what, code) => {
    refuse(what, contract(code), 'unaccessible_api');
  });

  it('of the system do not follow from its name', () => {
    refuse('require_auth of another', contract(`${i64(name('eosio'))} $require_auth`), 'missing_auth_exception');
    ledger.install(
      'evil',
      contract(
        `i64.const 5 i64.const 112 ${i64(name('eosio'))} i64.const 1 i32.const 0 i32.const 8 $db_store_i64 drop`,
      ),
    );
    const steal = () => ledger.hit('evil');
    refused(report, ledger, 'RAM of another account', steal, 'unauthorized_ram_usage_increase');
  });

  it('of normal actions are not had by context-free ones', () => {
    for (const [what, code] of [
      ['tables', 'i64.const 5 i64.const 112 i64.const 1 i64.const 1 $db_find_i64 drop'],
      ['authorization', 'local.get 0 $require_auth'],
      ['time', '$current_time drop'],
      ['inline actions', 'i32.const 0 i32.const 8 $send_inline'],
    ] as const) {
      ledger.install('evil', contract(code));
      const attack = () =>
        ledger.strike([actionOf('eosio', 'nothing', NO_DATA, 'evil')], {
          contextFreeActions: [{ ...actionOf('evil', 'go', NO_DATA), authorization: [] }],
        });
      refused(report, ledger, `context-free ${what}`, attack, 'unaccessible_api');
    }
  });
});
