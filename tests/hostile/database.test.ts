/** Contracts that use tables in the most expensive ways. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkingState } from '@snapscale/execution';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { StateStore } from '../../apps/node/src/store/state-store.js';
import { AttackLedger } from './support/attack-ledger.js';
import { contract, forever, times } from './support/modules.js';
import { allowed, costOf, Report, refused } from './support/report.js';

const report = new Report('tables');
let ledger: AttackLedger;

beforeEach(() => {
  ledger = new AttackLedger();
});
afterAll(() => report.print());

const where = 'local.get 1 i64.const 5 i64.const 112';
const next = 'local.get 0 i64.const 1 i64.add local.tee 0';
const store = (key: string, size = 16) =>
  `i64.const 5 i64.const 112 local.get 1 ${key} i32.const 0 i32.const ${size} $db_store_i64`;
/** Stores rows 1 to `count`; the next block has them in its base. */
function fill(count: number): void {
  ledger.install('evil', contract(times(count, 3, `${store('local.get 3 i64.extend_i32_u')} drop`), { locals: 'i32' }));
  allowed(report, `${count} rows`, () => ledger.hit('evil'));
  ledger.produceBlock();
}

function refuse(what: string, code: string, ...codes: string[]) {
  ledger.install('evil', contract(code, { locals: 'i32 i32' }));
  return refused(report, ledger, what, () => ledger.hit('evil'), ...codes);
}

function allow(what: string, code: string) {
  ledger.install('evil', contract(code, { locals: 'i32 i32' }));
  return allowed(report, what, () => ledger.hit('evil'));
}

describe('rows', () => {
  it('stored until the gas ends', () => {
    refuse('ever new rows', forever(`${store(next)} drop`), 'tx_cpu_usage_exceeded');
    refuse('rows of 60 kB', forever(`${store(next, 60_000)} drop`), 'tx_cpu_usage_exceeded');
    refuse(
      'ever new tables',
      forever(`${next} i64.const 112 local.get 1 i64.const 1 i32.const 0 i32.const 16 $db_store_i64 drop`),
      'tx_cpu_usage_exceeded',
    );
    refuse('a row stored and removed', forever(`${store(next)} $db_remove_i64`), 'tx_cpu_usage_exceeded');
  });

  it('erased from the front, from the back, and while inserting', () => {
    const begin = `${where} i64.const 0 $db_lowerbound_i64`;
    const last = `${where} $db_end_i64 i32.const 64 $db_previous_i64`;
    fill(8000);
    allow(
      'begin() and erase of 8,000 rows',
      `loop ${begin} local.tee 3 i32.const 0 i32.ge_s if local.get 3 $db_remove_i64 br 1 end end`,
    );
    fill(8000);
    allow('end()-- and erase of 8,000 rows', times(8000, 4, `${last} $db_remove_i64`));
    fill(8000);
    allow(
      'erase, insert behind, iterate, 6,000 times',
      times(
        6000,
        4,
        `${begin} $db_remove_i64 ${store('local.get 4 i64.extend_i32_u i64.const 100000 i64.add')} drop ${begin} drop`,
      ),
    );
  });

  it('looked up in ranges that are empty', () => {
    fill(6000);
    const erase = `loop ${where} i64.const 0 $db_lowerbound_i64 local.tee 3 i32.const 0 i32.ge_s if local.get 3 $db_remove_i64 br 1 end end`;
    ledger.limitMs = 100;
    refuse(
      'bounds over 6,000 removed rows, endless',
      `${store('i64.const 1000000')} drop ${times(5999, 4, `${where} local.get 4 i64.extend_i32_u $db_find_i64 $db_remove_i64`)} ${forever(`${where} ${next} i64.const 4095 i64.and $db_lowerbound_i64 drop`)}`,
      'tx_cpu_usage_exceeded',
    );
    refuse(
      'a table that is gone',
      `${erase} ${where} $db_end_i64 i32.const -1 i32.eq if unreachable end`,
      'wasm_execution_error',
    );
    refuse(
      'insertion and iteration in turn',
      forever(`${store(next)} drop ${where} i64.const 0 $db_lowerbound_i64 drop`),
      'tx_cpu_usage_exceeded',
    );
  });

  it('through iterators that were made up', () => {
    fill(3);
    const iterators = [-1, -2, -3, 3, 17, 0x7fffffff, -0x80000000];
    const codes = ['invalid_table_iterator', 'table_operation_not_permitted'];
    for (const iterator of iterators) {
      refuse(`get of ${iterator}`, `i32.const ${iterator} i32.const 0 i32.const 8 $db_get_i64 drop`, ...codes);
      refuse(
        `update of ${iterator}`,
        `i32.const ${iterator} i64.const 0 i32.const 0 i32.const 8 $db_update_i64`,
        ...codes,
      );
      refuse(`remove of ${iterator}`, `i32.const ${iterator} $db_remove_i64`, ...codes);
      refuse(`idx64 update of ${iterator}`, `i32.const ${iterator} i64.const 0 i32.const 8 $db_idx64_update`, ...codes);
    }
    const known = `${where} i64.const 1 $db_find_i64`;
    refuse('an index iterator for a row', `${known} i64.const 0 i32.const 8 $db_idx64_update`, ...codes);
    refuse('a row twice removed', `${known} local.tee 3 $db_remove_i64 local.get 3 $db_remove_i64`, ...codes);
    refuse('the end of another table', 'i32.const -7 i32.const 64 $db_previous_i64 drop', ...codes);
    allow('beyond the end', `${where} $db_end_i64 i32.const 64 $db_next_i64 i32.const -1 i32.ne if unreachable end`);
  });

  it('of other contracts', () => {
    ledger.install('owner', contract(`${store('i64.const 1')} drop`));
    allowed(report, 'a row of another', () => ledger.hit('owner'));
    refuse(
      'no payer',
      'i64.const 5 i64.const 112 i64.const 0 i64.const 1 i32.const 0 i32.const 8 $db_store_i64 drop',
      'invalid_table_payer',
    );
    refuse(
      'a payer that does not exist',
      'i64.const 5 i64.const 112 i64.const 99 i64.const 1 i32.const 0 i32.const 8 $db_store_i64 drop',
      'account_query_exception',
      'unauthorized_ram_usage_increase',
    );
    refuse('a key that is taken', `${store('i64.const 1')} drop ${store('i64.const 1')} drop`, 'database_exception');
  });
});

describe('secondary indices', () => {
  const families = ['idx64', 'idx128', 'idx256', 'idx_double', 'idx_long_double'] as const;
  const key = (family: string) => (family === 'idx256' ? 'i32.const 64 i32.const 2' : 'i32.const 64');

  it.each(families)('%s: stored, moved and removed until the gas ends', (family) => {
    ledger.limitMs = 40;
    const fresh = `i32.const 64 ${next} i64.store`;
    const put = `i64.const 5 i64.const 112 local.get 1 local.get 0 ${key(family)} $db_${family}_store`;
    refuse(`${family} entries`, forever(`${fresh} ${put} drop`), 'tx_cpu_usage_exceeded');
    refuse(
      `${family} moved`,
      `${fresh} ${put} drop ${forever(`${fresh} i32.const 0 i64.const 0 ${key(family)} $db_${family}_update`)}`,
      'tx_cpu_usage_exceeded',
    );
    refuse(`${family} stored and removed`, forever(`${fresh} ${put} $db_${family}_remove`), 'tx_cpu_usage_exceeded');
  });

  it('take no NaN, of whatever kind', () => {
    const put = (family: string) =>
      `i64.const 5 i64.const 112 local.get 1 i64.const 1 i32.const 64 $db_${family}_store drop`;
    for (const bits of ['0x7ff8000000000000', '0xfff8000000000000', '0x7ff0000000000001', '0xffffffffffffffff']) {
      refuse(
        `double ${bits}`,
        `i32.const 64 i64.const ${bits} i64.store ${put('idx_double')}`,
        'transaction_exception',
      );
      refuse(
        `search for double ${bits}`,
        `i32.const 64 i64.const 0x3ff0000000000000 i64.store ${put('idx_double')} i32.const 64 i64.const ${bits} i64.store ${where} i32.const 64 i32.const 128 $db_idx_double_find_secondary drop`,
        'transaction_exception',
      );
    }
    for (const bits of ['0x7fff800000000000', '0xffff800000000000', '0x7fff000000000001', '0xffffffffffffffff']) {
      refuse(
        `long double ${bits}`,
        `i32.const 72 i64.const ${bits} i64.store ${put('idx_long_double')}`,
        'transaction_exception',
      );
    }
    refuse(
      'a key of the wrong size',
      'i64.const 5 i64.const 112 local.get 1 i64.const 1 i32.const 64 i32.const 3 $db_idx256_store drop',
      'db_api_exception',
    );
    refuse(
      'a key of a huge size',
      'i64.const 5 i64.const 112 local.get 1 i64.const 1 i32.const 64 i32.const -1 $db_idx256_store drop',
      'wasm_execution_error',
      'db_api_exception',
    );
  });
});

describe('huge rows', () => {
  it('are paid by the byte wherever they are read', () => {
    const size = 8_000_000;
    const big = { locals: 'i32', memory: { initial: 200, maximum: undefined } };
    ledger.install('evil', contract(`${store('i64.const 9', size)} drop`, big));
    allowed(report, 'a row of 8 MB', () => ledger.hit('evil'));
    ledger.produceBlock();
    for (const [what, code] of [
      ['find', `${where} i64.const 9 $db_find_i64 drop`],
      ['lower bound', `${where} i64.const 0 $db_lowerbound_i64 drop`],
      ['previous of end', `${where} $db_end_i64 i32.const 64 $db_previous_i64 drop`],
    ] as const) {
      const { trace } = allow(`${what} of a row of 8 MB`, code);
      expect(trace.cpuUsageUs).toBeGreaterThan(5_000);
      refuse(`${what} of a row of 8 MB, endless`, forever(`${code} ${times(3, 3, code)}`), 'tx_cpu_usage_exceeded');
    }
  });

  it('are not read when only their neighbours are wanted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'snapscale-hostile-'));
    const disk = StateStore.open(folder, { mapSizeBytes: 2 ** 30 });
    const changes = new Map([['k1', new Uint8Array(32_000_000)]]);
    for (let i = 0; i < 50; i++) changes.set(`k2${String(i).padStart(3, '0')}`, new Uint8Array(8));
    await disk.commit({
      blockNum: 1,
      blockId: new Uint8Array(32),
      changes,
      buckets: new Map(),
      root: new Uint8Array(0),
    });
    const rounds = 100;
    const measure = (
      what: string,
      prepare: (state: WorkingState) => void,
      read: (state: WorkingState, i: number) => void,
    ) => {
      const state = new WorkingState(disk);
      prepare(state);
      const began = performance.now();
      for (let i = 0; i < rounds; i++) read(state, i);
      const spent = performance.now() - began;
      report.add(`${rounds} times ${what}`, spent);
      // Reading the row once takes 10 ms and more.
      expect(spent).toBeLessThan(rounds * 3);
    };
    measure(
      'an inserted row before a huge one',
      () => {},
      (state, i) => {
        state.put(`k0${i}`, new Uint8Array(1));
        expect(state.first(`k0${i}`, 'l')?.key).toBe(`k0${i}`);
      },
    );
    measure(
      'the row after a huge one that was removed',
      (state) => state.remove('k1'),
      (state) => {
        expect(state.first('k', 'l')?.key).toBe('k2000');
      },
    );
    measure(
      'the last of rows of which a huge one was removed',
      (state) => state.remove('k1'),
      (state) => {
        expect(state.last('k', 'k2')).toBeUndefined();
      },
    );
    await disk.close();
    rmSync(folder, { recursive: true });
  }, 60_000);
});

describe('a block full of changes', () => {
  it('is finished in time', () => {
    ledger.install('evil', contract(times(12_000, 3, `${store(next)} drop`), { locals: 'i32' }));
    allowed(report, '12,000 new rows', () => ledger.hit('evil'));
    const began = process.cpuUsage();
    ledger.produceBlock();
    const spent = process.cpuUsage(began);
    report.add(
      'closing the block',
      costOf({ wallMs: Number.POSITIVE_INFINITY, cpuMs: (spent.user + spent.system) / 1000 }),
    );
  });
});
