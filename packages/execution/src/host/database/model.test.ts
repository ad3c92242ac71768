/**
 * Contract tables against a model that follows the description of Antelope's semantics word by word: tables and rows are
 * objects with identity, caches are plain lists of objects. No code is shared with the implementation.
 */
import { type Name, Reject, type RejectionCode } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { Random } from '../../wasm/testing/random.js';
import { alice, bob, contractAccount, FakeContext } from '../testing/fake-context.js';
import { Harness } from '../testing/harness.js';

type ModelTable = { readonly name: string; readonly payer: Name; count: number };
type ModelRow = { readonly table: ModelTable; readonly id: bigint; key: bigint; payer: Name; size: number };

class Refused extends Error {
  readonly code: RejectionCode;

  constructor(code: RejectionCode) {
    super(code);
    this.code = code;
  }
}

/** One family of rows with its iterators. Primary rows have their id as key. */
class ModelFamily {
  rows: ModelRow[] = [];
  readonly ends: ModelTable[] = [];
  readonly touched: (ModelRow | undefined)[] = [];

  end(table: ModelTable): number {
    if (!this.ends.includes(table)) this.ends.push(table);
    return -2 - this.ends.indexOf(table);
  }

  iterator(row: ModelRow): number {
    if (!this.touched.includes(row)) this.touched.push(row);
    return this.touched.indexOf(row);
  }

  at(iterator: number): ModelRow {
    if (iterator === -1) throw new Refused('invalid_table_iterator');
    if (iterator < 0) throw new Refused('table_operation_not_permitted');
    if (iterator >= this.touched.length) throw new Refused('invalid_table_iterator');
    const row = this.touched[iterator];
    if (row === undefined) throw new Refused('table_operation_not_permitted');
    return row;
  }

  of(table: ModelTable): ModelRow[] {
    const order = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
    return this.rows.filter((row) => row.table === table).sort((a, b) => order(a.key, b.key) || order(a.id, b.id));
  }
}

class Model {
  tables: ModelTable[] = [];
  readonly primary = new ModelFamily();
  readonly secondary = new ModelFamily();
  readonly ram = new Map<Name, bigint>();

  charge(payer: Name, delta: number): void {
    this.ram.set(payer, (this.ram.get(payer) ?? 0n) + BigInt(delta));
  }

  table(name: string): ModelTable | undefined {
    return this.tables.find((table) => table.name === name);
  }

  store(family: ModelFamily, name: string, payer: Name, id: bigint, key: bigint, size: number): number {
    if (payer === 0n) throw new Refused('invalid_table_payer');
    let table = this.table(name);
    if (table !== undefined && family.of(table).some((row) => row.id === id)) throw new Refused('database_exception');
    if (table === undefined) {
      table = { name, payer, count: 0 };
      this.tables.push(table);
      this.charge(payer, 112);
    }
    const row: ModelRow = { table, id, key, payer, size };
    family.rows.push(row);
    table.count++;
    this.charge(payer, size);
    family.end(table);
    return family.iterator(row);
  }

  update(family: ModelFamily, iterator: number, payer: Name, key: bigint, size: number): void {
    const row = family.at(iterator);
    this.charge(row.payer, -row.size);
    row.payer = payer === 0n ? row.payer : payer;
    row.size = size;
    row.key = key;
    this.charge(row.payer, size);
  }

  remove(family: ModelFamily, iterator: number): void {
    const row = family.at(iterator);
    this.charge(row.payer, -row.size);
    family.rows = family.rows.filter((one) => one !== row);
    family.touched[iterator] = undefined;
    row.table.count--;
    if (row.table.count > 0) return;
    this.tables = this.tables.filter((table) => table !== row.table);
    this.charge(row.table.payer, -112);
  }

  /** The iterator of the first row that fits, else the end, else -1. */
  seek(family: ModelFamily, name: string, fits: (row: ModelRow) => boolean): [number, bigint | undefined] {
    const table = this.table(name);
    if (table === undefined) return [-1, undefined];
    const end = family.end(table);
    const row = family.of(table).find(fits);
    return row === undefined ? [end, undefined] : [family.iterator(row), row.id];
  }

  next(family: ModelFamily, iterator: number): [number, bigint | undefined] {
    if (iterator < -1) return [-1, undefined];
    const row = family.at(iterator);
    const rows = family.of(row.table);
    const following = rows[rows.indexOf(row) + 1];
    return following === undefined ? [family.end(row.table), undefined] : [family.iterator(following), following.id];
  }

  previous(family: ModelFamily, iterator: number): [number, bigint | undefined] {
    let before: ModelRow | undefined;
    if (iterator < -1) {
      const table = family.ends[-2 - iterator];
      if (table === undefined) throw new Refused('invalid_table_iterator');
      before = family.of(table).at(-1);
    } else {
      const row = family.at(iterator);
      const rows = family.of(row.table);
      before = rows[rows.indexOf(row) - 1];
    }
    return before === undefined ? [-1, undefined] : [family.iterator(before), before.id];
  }
}

const NAMES = [5n, 6n];
const UNTOUCHED = 0xdeadbeefn;

/** Runs one random script on both; results, refusals and RAM must agree at every step. */
function compare(seed: number, steps: number): void {
  const random = new Random(seed);
  const host = new Harness();
  const model = new Model();
  const [keyAt, out, data] = [host.alloc(8), host.alloc(8), host.alloc(64)];
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  for (let step = 0; step < steps; step++) {
    const scope = pick(NAMES);
    const table = pick(NAMES);
    const name = `${scope}/${table}`;
    const id = BigInt(random.below(6));
    const key = BigInt(random.below(4));
    const payer = pick([alice, alice, bob, 0n as Name]);
    const size = random.below(40);
    const iterator = random.below(14) - 5;
    const view = new DataView(host.memory.buffer);
    view.setBigUint64(keyAt, key, true);
    view.setBigUint64(out, UNTOUCHED, true);
    const where = [contractAccount, scope, table] as const;
    const { primary, secondary } = model;
    const moves: readonly (readonly [string, () => unknown, () => unknown])[] = [
      [
        'store',
        () => host.call('db_store_i64', scope, table, payer, id, data, size),
        () => model.store(primary, name, payer, id, id, 112 + size),
      ],
      [
        'store',
        () => host.call('db_store_i64', scope, table, payer, id, data, size),
        () => model.store(primary, name, payer, id, id, 112 + size),
      ],
      [
        'update',
        () => host.call('db_update_i64', iterator, payer, data, size),
        () => model.update(primary, iterator, payer, primary.at(iterator).id, 112 + size),
      ],
      ['remove', () => host.call('db_remove_i64', iterator), () => model.remove(primary, iterator)],
      ['get', () => host.call('db_get_i64', iterator, 0, 0), () => primary.at(iterator).size - 112],
      [
        'find',
        () => host.call('db_find_i64', ...where, id),
        () => model.seek(primary, name, (row) => row.id === id)[0],
      ],
      [
        'lower',
        () => host.call('db_lowerbound_i64', ...where, id),
        () => model.seek(primary, name, (row) => row.id >= id)[0],
      ],
      [
        'upper',
        () => host.call('db_upperbound_i64', ...where, id),
        () => model.seek(primary, name, (row) => row.id > id)[0],
      ],
      ['end', () => host.call('db_end_i64', ...where), () => model.seek(primary, name, () => false)[0]],
      ['next', () => moved(host, out, 'db_next_i64', iterator, out), () => model.next(primary, iterator)],
      ['previous', () => moved(host, out, 'db_previous_i64', iterator, out), () => model.previous(primary, iterator)],
      [
        'index store',
        () => host.call('db_idx64_store', scope, table, payer, id, keyAt),
        () => model.store(secondary, name, payer, id, key, 128),
      ],
      [
        'index store',
        () => host.call('db_idx64_store', scope, table, payer, id, keyAt),
        () => model.store(secondary, name, payer, id, key, 128),
      ],
      [
        'index update',
        () => host.call('db_idx64_update', iterator, payer, keyAt),
        () => model.update(secondary, iterator, payer, key, 128),
      ],
      ['index remove', () => host.call('db_idx64_remove', iterator), () => model.remove(secondary, iterator)],
      [
        'index find',
        () => moved(host, out, 'db_idx64_find_secondary', ...where, keyAt, out),
        () => model.seek(secondary, name, (row) => row.key === key),
      ],
      [
        'index find primary',
        () => host.call('db_idx64_find_primary', ...where, keyAt, id),
        () => model.seek(secondary, name, (row) => row.id === id)[0],
      ],
      [
        'index lower',
        () => moved(host, out, 'db_idx64_lowerbound', ...where, keyAt, out),
        () => model.seek(secondary, name, (row) => row.key >= key),
      ],
      [
        'index upper',
        () => moved(host, out, 'db_idx64_upperbound', ...where, keyAt, out),
        () => model.seek(secondary, name, (row) => row.key > key),
      ],
      ['index end', () => host.call('db_idx64_end', ...where), () => model.seek(secondary, name, () => false)[0]],
      ['index next', () => moved(host, out, 'db_idx64_next', iterator, out), () => model.next(secondary, iterator)],
      [
        'index previous',
        () => moved(host, out, 'db_idx64_previous', iterator, out),
        () => model.previous(secondary, iterator),
      ],
    ];
    const [what, actual, expected] = pick(moves);
    expect([step, what, outcome(actual)]).toEqual([step, what, outcome(expected)]);
    for (const [account, bytes] of model.ram) expect(host.context.ram.get(account) ?? 0n).toBe(bytes);
    if (random.below(60) === 0) host.env.context = host.context;
  }
}

/** [iterator, primary key that was written]. */
function moved(host: Harness, out: number, name: string, ...args: (number | bigint)[]): [number, bigint | undefined] {
  const iterator = host.call(name, ...args) as number;
  const primary = host.u64(out);
  return [iterator, primary === UNTOUCHED ? undefined : primary];
}

function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refused) return error.code;
    if (error instanceof Reject) return error.rejection.code;
    throw error;
  }
}

describe('contract tables', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('agree with the model, seed %i', (seed) => compare(seed, 1500));

  it('start another numbering with another action', () => {
    const host = new Harness();
    host.call('db_store_i64', 5n, 5n, alice, 1n, 0, 0);
    host.call('db_store_i64', 5n, 5n, alice, 2n, 0, 0);
    host.beginAction(new FakeContext());
    expect(host.call('db_find_i64', contractAccount, 5n, 5n, 2n)).toBe(0);
  });
});
