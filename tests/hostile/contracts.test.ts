/** Contracts that attack the ledger: each is refused with a code, leaves no trace in the state, and ends in time. */

import { name } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { AttackLedger, actionOf, setCode } from './support/attack-ledger.js';
import { contract, forever, i64, times } from './support/modules.js';

/** An attack may take this many slots of 500 ms on a busy machine before it counts as a stall. */
const SLOTS_MAX = 5;
const self = 'local.get 0';
const table = (name('rows') as bigint).toString();
const store = (key: string, bytes = 16) =>
  `${self} i64.const ${table} ${self} ${key} i32.const 64 i32.const ${bytes} $db_store_i64 drop`;

type Case = {
  readonly what: string;
  readonly code: Uint8Array;
  readonly expected: string | RegExp;
};

const cases: readonly Case[] = [
  { what: 'loops for ever', code: contract(forever('')), expected: 'tx_cpu_usage_exceeded' },
  {
    what: 'loops for ever in a host call',
    code: contract(forever('$current_receiver drop')),
    expected: 'tx_cpu_usage_exceeded',
  },
  {
    what: 'loops for ever in its start function',
    code: contract('', { functions: [{ code: forever('') }], start: 0 }),
    expected: 'tx_cpu_usage_exceeded',
  },
  {
    what: 'recurses',
    code: contract('@0', { functions: [{ code: '@0' }] }),
    expected: 'wasm_execution_error',
  },
  { what: 'runs into unreachable', code: contract('unreachable'), expected: 'wasm_execution_error' },
  {
    what: 'divides by zero',
    code: contract('i32.const 1 i32.const 0 i32.div_u drop'),
    expected: 'wasm_execution_error',
  },
  { what: 'reads beyond its memory', code: contract('i32.const -4 i32.load drop'), expected: 'wasm_execution_error' },
  {
    what: 'gives host functions memory that it does not have',
    code: contract('i32.const -16 i32.const 64 $read_action_data drop'),
    expected: /wasm_execution_error|ok/,
  },
  {
    what: 'writes, then traps',
    code: contract(`${store('i64.const 7')} unreachable`),
    expected: 'wasm_execution_error',
  },
  {
    what: 'writes, then asserts',
    code: contract(`${store('i64.const 7')} i32.const 0 i32.const 0 $eosio_assert`),
    expected: 'eosio_assert_message_exception',
  },
  {
    what: 'uses an iterator that it made up',
    code: contract('i32.const 12345 i32.const 0 i32.const 0 $db_get_i64 drop'),
    expected: 'invalid_table_iterator',
  },
  {
    what: 'makes itself privileged',
    code: contract(`${self} i32.const 1 $set_privileged`),
    expected: 'unaccessible_api',
  },
  {
    what: 'changes the chain',
    code: contract('i32.const 0 i32.const 64 $set_blockchain_parameters_packed'),
    expected: 'unaccessible_api',
  },
  {
    what: 'stores rows until its gas is gone',
    code: contract(`${forever(`${store('local.get 3')} local.get 3 i64.const 1 i64.add local.set 3`)}`, {
      locals: 'i64',
    }),
    expected: 'tx_cpu_usage_exceeded',
  },
  {
    what: 'prints for ever',
    code: contract(forever('i32.const 0 i32.const 65536 $prints_l')),
    expected: 'tx_cpu_usage_exceeded',
  },
  {
    what: 'hashes for ever',
    code: contract(forever('i32.const 0 i32.const 60000 i32.const 65000 $sha256')),
    expected: 'tx_cpu_usage_exceeded',
  },
  {
    what: 'grows its memory as far as it goes, again and again',
    code: contract(forever('i32.const 16 memory.grow drop')),
    expected: 'tx_cpu_usage_exceeded',
  },
];

describe('a contract that', () => {
  it.each(cases)('$what', ({ code, expected }) => {
    const ledger = new AttackLedger();
    ledger.install('evil', code);
    const before = ledger.fingerprint();
    const strike = ledger.hit('evil');
    expect(strike.code).toMatch(expected);
    if (strike.code !== 'ok') expect(ledger.fingerprint()).toBe(before);
    expect(strike.cpuMs).toBeLessThan(SLOTS_MAX * 500);
    ledger.produceBlock();
  });

  it('notifies itself through every account it can name', () => {
    const ledger = new AttackLedger();
    const names = Array.from({ length: 40 }, (_, i) => `acc${'abcdefghij'[i % 10]}${'abcde'[Math.floor(i / 10)]}`);
    ledger.accounts(...names);
    const calls = names.map((account) => `${i64(name(account))} $require_recipient`).join(' ');
    ledger.install('evil', contract(calls));
    const strike = ledger.hit('evil');
    expect(strike.code).toBe('ok');
    expect(strike.trace.actionTraces).toHaveLength(1 + names.length);
  });

  it('ends by eosio_exit keeps what it wrote, and nothing of what it did not', () => {
    const ledger = new AttackLedger();
    ledger.install('evil', contract(`${store('i64.const 1')} i32.const 0 $eosio_exit ${store('i64.const 2')}`));
    expect(ledger.hit('evil').code).toBe('ok');
    const again = ledger.hit('evil');
    expect(again.code).not.toBe('ok');
  });

  it('replaces its own code runs the new code in the next action', () => {
    const ledger = new AttackLedger();
    ledger.install('evil', contract('unreachable'));
    const strike = ledger.strike([setCode('evil', contract('')), actionOf('evil', 'go', new Uint8Array(0))]);
    expect(strike.code).toBe('ok');
  });

  it('sends itself inline without end stops at the depth', () => {
    const ledger = new AttackLedger();
    // An action of evil::go with no authorization and no data: account, name, two empty lists.
    const inline = `i32.const 0 ${self} i64.store i32.const 8 local.get 2 i64.store i32.const 16 i32.const 0 i32.store16
      i32.const 0 i32.const 18 $send_inline`;
    ledger.install('evil', contract(`${inline} ${inline}`));
    const strike = ledger.hit('evil');
    expect(strike.code).toBe('transaction_exception');
    expect(strike.message).toContain('max inline action depth');
    expect(strike.cpuMs).toBeLessThan(SLOTS_MAX * 500);
  });

  it('erases a long table from the front is charged and ends', () => {
    const ledger = new AttackLedger();
    const fill = times(
      1500,
      3,
      `${self} i64.const ${table} ${self} local.get 3 i64.extend_i32_u i32.const 64 i32.const 8 $db_store_i64 drop`,
    );
    const begin = `${self} ${self} i64.const ${table} i64.const 0 $db_lowerbound_i64`;
    const erase = `loop ${begin} local.tee 3 i32.const 0 i32.ge_s if local.get 3 $db_remove_i64 br 1 end end`;
    ledger.install('evil', contract(fill, { locals: 'i32' }));
    expect(ledger.hit('evil').code).toBe('ok');
    ledger.produceBlock();
    ledger.install('evil', contract(erase, { locals: 'i32' }));
    const strike = ledger.hit('evil');
    expect(strike.code).toBe('ok');
    expect(strike.cpuMs).toBeLessThan(SLOTS_MAX * 500);
    expect(ledger.hit('evil').code).toBe('ok');
  });

  it('stores the bits of a NaN stores the same ones before and after the compiler has optimised it', () => {
    const ledger = new AttackLedger();
    const nan = 'f64.const 0 f64.const 0 f64.div f64.const -1 f64.copysign';
    const put = `i32.const 64 ${nan} f64.store ${self} i64.const ${table} ${self} local.get 3 i64.extend_i32_u i32.const 64 i32.const 8 $db_store_i64 drop`;
    ledger.install('evil', contract(times(3000, 3, put), { locals: 'i32' }));
    const strike = ledger.hit('evil');
    expect(strike.code).toBe('ok');
    const rows = new Set<string>();
    const { state } = ledger.pending;
    for (const [key, value] of state.changes()) {
      if (key.startsWith('k') && value !== null && value.length === 16)
        rows.add(Buffer.from(value.subarray(8)).toString('hex'));
    }
    expect([...rows]).toEqual(['000000000000f8ff']);
  });
});
