import { name } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { rowKey, tableId } from '../../state/keys.js';
import { getRow, getTable } from '../../state/records.js';
import { gasPrices } from '../gas-prices.js';
import { alice, bob, contractAccount, FakeContext } from '../testing/fake-context.js';
import { Harness } from '../testing/harness.js';

const SCOPE = name('scope');
const TABLE = name('rows');
const CODE = contractAccount;
const ID = tableId(CODE, SCOPE, TABLE);
/** A u64 above the range of i64, as WASM passes it. */
const HUGE = -1n;

function store(host: Harness, id: bigint, data: Uint8Array = Uint8Array.of(1), payer: bigint = alice): number {
  return host.call('db_store_i64', SCOPE, TABLE, payer, id, host.put(data), data.length) as number;
}

function find(host: Harness, id: bigint): number {
  return host.call('db_find_i64', CODE, SCOPE, TABLE, id) as number;
}

function filled(...ids: bigint[]): Harness {
  const host = new Harness();
  for (const id of ids) store(host, id, Uint8Array.of(Number(id & 0xffn)));
  host.beginAction(new FakeContext());
  return host;
}

describe('iterators of primary rows', () => {
  it('are -1 while the table does not exist', () => {
    const host = new Harness();
    expect(find(host, 1n)).toBe(-1);
    expect(host.call('db_lowerbound_i64', CODE, SCOPE, TABLE, 0n)).toBe(-1);
    expect(host.call('db_upperbound_i64', CODE, SCOPE, TABLE, 0n)).toBe(-1);
    expect(host.call('db_end_i64', CODE, SCOPE, TABLE)).toBe(-1);
  });

  it('count from 0 in order of first touch and stay with their row', () => {
    const host = filled(10n, 20n, 30n);
    expect(find(host, 30n)).toBe(0);
    expect(find(host, 10n)).toBe(1);
    expect(find(host, 30n)).toBe(0);
    expect(host.call('db_lowerbound_i64', CODE, SCOPE, TABLE, 11n)).toBe(2);
    expect(host.call('db_upperbound_i64', CODE, SCOPE, TABLE, 20n)).toBe(0);
    expect(store(host, 5n)).toBe(3);
    expect(host.call('db_lowerbound_i64', CODE, SCOPE, TABLE, 0n)).toBe(3);
  });

  it('count ends from -2 in order of first touch of tables', () => {
    const host = filled(1n);
    host.call('db_store_i64', SCOPE, name('other'), alice, 1n, 0, 0);
    host.beginAction(new FakeContext());
    expect(host.call('db_find_i64', CODE, SCOPE, name('other'), 99n)).toBe(-2);
    expect(host.call('db_end_i64', CODE, SCOPE, TABLE)).toBe(-3);
    expect(host.call('db_find_i64', CODE, SCOPE, TABLE, 99n)).toBe(-3);
    expect(host.call('db_lowerbound_i64', CODE, SCOPE, name('other'), 99n)).toBe(-2);
    expect(host.call('db_upperbound_i64', CODE, SCOPE, TABLE, HUGE)).toBe(-3);
  });

  it('walk forward to the end and not beyond', () => {
    const host = filled(10n, 20n);
    const out = host.alloc(8);
    const first = find(host, 10n);
    const second = host.call('db_next_i64', first, out) as number;
    expect(host.u64(out)).toBe(20n);
    expect(host.call('db_next_i64', second, out)).toBe(-2);
    expect(host.u64(out)).toBe(20n);
    expect(host.call('db_next_i64', -2, out)).toBe(-1);
    expect(host.call('db_next_i64', -99, out)).toBe(-1);
    expect(host.refusal('db_next_i64', -1, out)).toBe('invalid_table_iterator: invalid iterator');
  });

  it('walk backward from the end to before the first', () => {
    const host = filled(10n, 20n);
    const out = host.alloc(8);
    const end = host.call('db_end_i64', CODE, SCOPE, TABLE) as number;
    const last = host.call('db_previous_i64', end, out) as number;
    expect([last, host.u64(out)]).toEqual([0, 20n]);
    const first = host.call('db_previous_i64', last, out) as number;
    expect([first, host.u64(out)]).toEqual([1, 10n]);
    expect(host.call('db_previous_i64', first, out)).toBe(-1);
    expect(host.refusal('db_previous_i64', -1, out)).toBe('invalid_table_iterator: invalid iterator');
    expect(host.refusal('db_previous_i64', -3, out)).toBe('invalid_table_iterator: not a valid end iterator: -3');
  });

  it('do not leave their table', () => {
    const host = filled(5n);
    for (const table of [name('a'), name('zzz')]) host.call('db_store_i64', SCOPE, table, alice, 1n, 0, 0);
    const out = host.alloc(8);
    const only = find(host, 5n);
    expect(host.call('db_next_i64', only, out)).toBe(host.call('db_end_i64', CODE, SCOPE, TABLE));
    expect(host.call('db_previous_i64', only, out)).toBe(-1);
  });

  it('order ids as unsigned numbers', () => {
    const host = filled(HUGE, 1n, -2n, 1n << 62n);
    const out = host.alloc(8);
    const seen: bigint[] = [];
    let at = host.call('db_lowerbound_i64', CODE, SCOPE, TABLE, 0n) as number;
    host.call('db_previous_i64', host.call('db_next_i64', at, out) as number, out);
    seen.push(host.u64(out));
    while ((at = host.call('db_next_i64', at, out) as number) >= 0) seen.push(host.u64(out));
    expect(seen).toEqual([1n, 1n << 62n, (1n << 64n) - 2n, (1n << 64n) - 1n]);
  });

  it('of removed rows are dead, and a row that comes back gets a new one', () => {
    const host = filled(1n, 2n);
    const one = find(host, 1n);
    const two = find(host, 2n);
    host.call('db_remove_i64', one);
    expect(host.refusal('db_get_i64', one, 0, 0)).toBe(
      'table_operation_not_permitted: dereference of deleted object: 0',
    );
    expect(host.code('db_next_i64', one, host.alloc(8))).toBe('table_operation_not_permitted');
    expect(host.code('db_previous_i64', one, host.alloc(8))).toBe('table_operation_not_permitted');
    expect(host.code('db_update_i64', one, 0n, 0, 0)).toBe('table_operation_not_permitted');
    expect(host.code('db_remove_i64', one)).toBe('table_operation_not_permitted');
    expect(find(host, 1n)).toBe(-2);
    expect(store(host, 1n)).toBe(2);
    expect(find(host, 2n)).toBe(two);
  });

  it('of ends and numbers never given are refused where a row is wanted', () => {
    const host = filled(1n);
    host.call('db_end_i64', CODE, SCOPE, TABLE);
    expect(host.refusal('db_get_i64', -2, 0, 0)).toBe('table_operation_not_permitted: dereference of end iterator: -2');
    expect(host.refusal('db_get_i64', -1, 0, 0)).toBe('invalid_table_iterator: invalid iterator');
    expect(host.refusal('db_get_i64', 7, 0, 0)).toBe('invalid_table_iterator: iterator out of range: 7');
    expect(host.code('db_remove_i64', -2)).toBe('table_operation_not_permitted');
    expect(host.code('db_update_i64', 7, 0n, 0, 0)).toBe('invalid_table_iterator');
  });

  it('of a table that lost its last row: the old end leads nowhere, the new table has a new end', () => {
    const host = filled(1n);
    const out = host.alloc(8);
    expect(host.call('db_end_i64', CODE, SCOPE, TABLE)).toBe(-2);
    host.call('db_remove_i64', find(host, 1n));
    expect(find(host, 1n)).toBe(-1);
    expect(host.call('db_end_i64', CODE, SCOPE, TABLE)).toBe(-1);
    expect(host.call('db_previous_i64', -2, out)).toBe(-1);
    store(host, 4n);
    expect(host.call('db_end_i64', CODE, SCOPE, TABLE)).toBe(-3);
    expect(host.call('db_previous_i64', -2, out)).toBe(-1);
    expect(host.call('db_previous_i64', -3, out)).toBe(1);
  });

  it('write primary keys only through references', () => {
    const host = filled(1n, 2n);
    const row = find(host, 1n);
    expect(host.refusal('db_next_i64', row, 0)).toMatch(/null pointers/);
    expect(host.refusal('db_previous_i64', row, host.size - 7)).toMatch(/access violation/);
  });

  it('survive into the turn of a notified account, reading again what native code changed meanwhile', () => {
    const host = filled(1n, 2n, 3n);
    const rows = [1n, 2n, 3n].map((id) => find(host, id));
    const { state } = host.context;
    state.put(rowKey(ID, 1n), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 42));
    state.remove(rowKey(ID, 2n));
    host.env.context = host.context;
    const buffer = host.alloc(8);
    expect(host.call('db_get_i64', rows[0]!, buffer, 8)).toBe(1);
    expect(host.bytes[buffer]).toBe(42);
    expect(host.code('db_get_i64', rows[1]!, buffer, 8)).toBe('table_operation_not_permitted');
    expect(find(host, 2n)).toBe(-2);
    expect(find(host, 3n)).toBe(rows[2]);
  });
});

describe('primary rows', () => {
  it('are stored with their payer and counted', () => {
    const host = new Harness();
    store(host, 9n, Uint8Array.of(5, 6, 7));
    store(host, 10n, new Uint8Array(0), bob);
    const { state, ram } = host.context;
    expect(getRow(state, ID, 9n)).toEqual({ payer: alice, data: Uint8Array.of(5, 6, 7) });
    expect(getTable(state, ID)).toEqual({ count: 2, payer: alice });
    expect(ram.get(alice)).toBe(112n + 112n + 3n);
    expect(ram.get(bob)).toBe(112n);
  });

  it('are read in whole, in part, or measured', () => {
    const host = new Harness();
    const row = store(host, 9n, Uint8Array.of(5, 6, 7));
    const buffer = host.alloc(16);
    expect(host.call('db_get_i64', row, 0, 0)).toBe(3);
    expect(host.call('db_get_i64', row, buffer, 2)).toBe(2);
    expect([...host.read(buffer, 4)]).toEqual([5, 6, 0, 0]);
    expect(host.call('db_get_i64', row, buffer, 16)).toBe(3);
    expect([...host.read(buffer, 4)]).toEqual([5, 6, 7, 0]);
    expect(host.refusal('db_get_i64', row, host.size, 1)).toMatch(/access violation/);
  });

  it('are updated in place, the payer kept or replaced, RAM following', () => {
    const host = new Harness();
    const row = store(host, 9n, Uint8Array.of(5, 6, 7));
    host.call('db_update_i64', row, 0n, host.put(Uint8Array.of(1, 2, 3, 4, 5)), 5);
    expect(host.context.ram.get(alice)).toBe(112n + 112n + 5n);
    host.call('db_update_i64', row, alice, host.put(Uint8Array.of(1)), 1);
    expect(host.context.ram.get(alice)).toBe(112n + 112n + 1n);
    host.call('db_update_i64', row, bob, host.put(Uint8Array.of(8, 9)), 2);
    expect(host.context.ram.get(alice)).toBe(112n);
    expect(host.context.ram.get(bob)).toBe(114n);
    expect(getRow(host.context.state, ID, 9n)).toEqual({ payer: bob, data: Uint8Array.of(8, 9) });
    expect(host.call('db_get_i64', row, 0, 0)).toBe(2);
  });

  it('give their RAM back when removed, and the table its own with the last', () => {
    const host = new Harness();
    const first = store(host, 1n, Uint8Array.of(1, 2), alice);
    const second = store(host, 2n, Uint8Array.of(1, 2, 3), bob);
    host.call('db_remove_i64', first);
    expect(getTable(host.context.state, ID)).toEqual({ count: 1, payer: alice });
    expect(host.context.ram.get(alice)).toBe(112n);
    host.call('db_remove_i64', second);
    expect(getTable(host.context.state, ID)).toBeUndefined();
    expect(getRow(host.context.state, ID, 2n)).toBeUndefined();
    expect(host.context.ram.get(alice)).toBe(0n);
    expect(host.context.ram.get(bob)).toBe(0n);
  });

  it('are refused without payer, and twice under one id', () => {
    const host = new Harness();
    expect(host.refusal('db_store_i64', SCOPE, TABLE, 0n, 1n, 0, 0)).toBe(
      'invalid_table_payer: must specify a valid account to pay for new record',
    );
    store(host, 1n);
    expect(host.refusal('db_store_i64', SCOPE, TABLE, alice, 1n, 0, 0)).toMatch(
      /^database_exception: could not insert object/,
    );
    host.beginAction(new FakeContext());
    expect(host.code('db_store_i64', SCOPE, TABLE, alice, 1n, 0, 0)).toBe('database_exception');
    expect(host.refusal('db_store_i64', SCOPE, TABLE, alice, 3n, host.size, 1)).toMatch(/access violation/);
  });

  it('of other contracts can be read, not written', () => {
    const host = filled(1n);
    const other = new FakeContext();
    other.receiver = name('other');
    host.beginAction(other);
    const row = find(host, 1n);
    expect(host.call('db_get_i64', row, 0, 0)).toBe(1);
    expect(host.code('db_update_i64', row, 0n, 0, 0)).toBe('table_access_violation');
    expect(host.refusal('db_remove_i64', row)).toBe('table_access_violation: db access violation: table of contract');
  });

  it('of a contract whose name has its highest bit set are its own', () => {
    const context = new FakeContext();
    context.receiver = name('zzzzz');
    const host = new Harness(context);
    const row = store(host, 1n);
    host.call('db_update_i64', row, 0n, 0, 0);
    expect(host.call('db_find_i64', BigInt.asIntN(64, name('zzzzz')), SCOPE, TABLE, 1n)).toBe(row);
    host.call('db_remove_i64', row);
  });

  it('cannot be written in read-only transactions', () => {
    const host = filled(1n);
    host.context.transaction.readOnly = true;
    const row = find(host, 1n);
    const refusal = (what: string) =>
      `table_operation_not_permitted: cannot ${what} a db record when executing a readonly transaction`;
    expect(host.refusal('db_store_i64', SCOPE, TABLE, alice, 2n, 0, 0)).toBe(refusal('store'));
    expect(host.refusal('db_update_i64', row, 0n, 0, 0)).toBe(refusal('update'));
    expect(host.refusal('db_remove_i64', row)).toBe(refusal('remove'));
    expect(host.call('db_get_i64', row, 0, 0)).toBe(1);
  });

  it('cost gas by their size', () => {
    const host = new Harness();
    const data = host.put(new Uint8Array(1000));
    expect(host.gasOf('db_store_i64', SCOPE, TABLE, alice, 1n, data, 1000)).toBe(
      1000 * gasPrices.storedByte + gasPrices.tableStore,
    );
    expect(host.gasOf('db_store_i64', SCOPE, TABLE, alice, 2n, data, 1000)).toBe(1000 * gasPrices.storedByte);
    expect(host.gasOf('db_update_i64', 0, 0n, data, 500)).toBe(500 * gasPrices.storedByte);
    expect(host.gasOf('db_get_i64', 0, data, 480)).toBe(15);
  });

  it('are found again among many tables', () => {
    const host = new Harness();
    for (let scope = 1n; scope <= 30n; scope++) host.call('db_store_i64', scope, TABLE, alice, scope, 0, 0);
    for (let scope = 1n; scope <= 30n; scope++) {
      expect(host.call('db_find_i64', CODE, scope, TABLE, scope)).toBe(Number(scope) - 1);
      expect(host.call('db_end_i64', CODE, scope, TABLE)).toBe(-1 - Number(scope));
    }
    for (let i = 0; i < 30; i++) host.call('db_remove_i64', i);
    expect(host.call('db_end_i64', CODE, 7n, TABLE)).toBe(-1);
    expect(host.context.ram.get(alice)).toBe(0n);
  });
});
