import { name } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { indexFamilies, indexRowKey, tableId } from '../../state/keys.js';
import { getTable } from '../../state/records.js';
import { alice, bob, contractAccount, FakeContext } from '../testing/fake-context.js';
import { Harness } from '../testing/harness.js';

const CODE = contractAccount;
const SCOPE = name('scope');
const TABLE = name('rows');

type Family = {
  readonly prefix: string;
  readonly family: keyof typeof indexFamilies;
  readonly bytes: number;
  readonly billable: bigint;
  /** Keys in ascending order, as numbers or their words. */
  readonly ascending: readonly Uint8Array[];
};

const little = (value: bigint, bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const double = (value: number): Uint8Array => new Uint8Array(Float64Array.of(value).buffer);
const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

const quad = (hex: string): Uint8Array => little(BigInt(`0x${hex}`), 16);

const families: readonly Family[] = [
  {
    prefix: 'db_idx64',
    family: 'idx64',
    bytes: 8,
    billable: 128n,
    ascending: [0n, 1n, 255n, 256n, 1n << 63n, (1n << 64n) - 1n].map((value) => little(value, 8)),
  },
  {
    prefix: 'db_idx128',
    family: 'idx128',
    bytes: 16,
    billable: 144n,
    ascending: [0n, 1n, 1n << 63n, 1n << 64n, 1n << 100n, (1n << 128n) - 1n].map((value) => little(value, 16)),
  },
  {
    prefix: 'db_idx256',
    family: 'idx256',
    bytes: 32,
    billable: 160n,
    // The first word decides, whatever the second is.
    ascending: [
      [0n, 0n],
      [0n, 1n << 127n],
      [1n, 0n],
      [1n, 5n],
      [256n, 0n],
      [1n << 127n, 0n],
    ].map(([a, b]) => joined(little(a!, 16), little(b!, 16))),
  },
  {
    prefix: 'db_idx_double',
    family: 'idxDouble',
    bytes: 8,
    billable: 128n,
    ascending: [-Infinity, -1.5, -5e-324, 0, 5e-324, Infinity].map(double),
  },
  {
    prefix: 'db_idx_long_double',
    family: 'idxLongDouble',
    bytes: 16,
    billable: 144n,
    ascending: [
      'ffff0000000000000000000000000000',
      'bfff8000000000000000000000000000',
      '80000000000000000000000000000001',
      '00000000000000000000000000000000',
      '00000000000000000000000000000001',
      '7fff0000000000000000000000000000',
    ].map(quad),
  },
];

class Index {
  readonly host: Harness;
  readonly #family: Family;
  readonly #array: readonly number[];

  constructor(family: Family, host = new Harness()) {
    this.host = host;
    this.#family = family;
    this.#array = family.family === 'idx256' ? [2] : [];
  }

  #call(name: string, ...args: (number | bigint)[]): number {
    return this.host.call(`${this.#family.prefix}_${name}`, ...args) as number;
  }

  store(id: bigint, key: Uint8Array, payer: bigint = alice): number {
    return this.#call('store', SCOPE, TABLE, payer, id, this.host.put(key), ...this.#array);
  }

  update(iterator: number, key: Uint8Array, payer = 0n): void {
    this.#call('update', iterator, payer, this.host.put(key), ...this.#array);
  }

  remove(iterator: number): void {
    this.#call('remove', iterator);
  }

  end(): number {
    return this.#call('end', CODE, SCOPE, TABLE);
  }

  /** [iterator, primary] of the first entry with this key. */
  find(key: Uint8Array): [number, bigint] {
    const primary = this.host.alloc(8);
    const at = this.#call('find_secondary', CODE, SCOPE, TABLE, this.host.put(key), ...this.#array, primary);
    return [at, this.host.u64(primary)];
  }

  /** [iterator, key] of a row's entry. */
  findPrimary(id: bigint): [number, Uint8Array] {
    const key = this.host.alloc(this.#family.bytes);
    const at = this.#call('find_primary', CODE, SCOPE, TABLE, key, ...this.#array, id);
    return [at, this.host.read(key, this.#family.bytes)];
  }

  /** [iterator, primary, key found]. */
  bound(which: 'lowerbound' | 'upperbound', key: Uint8Array): [number, bigint, Uint8Array] {
    const primary = this.host.alloc(8);
    const inOut = this.host.put(key);
    const at = this.#call(which, CODE, SCOPE, TABLE, inOut, ...this.#array, primary);
    return [at, this.host.u64(primary), this.host.read(inOut, this.#family.bytes)];
  }

  step(direction: 'next' | 'previous', iterator: number): [number, bigint] {
    const primary = this.host.alloc(8);
    return [this.#call(direction, iterator, primary), this.host.u64(primary)];
  }

  fresh(): Index {
    this.host.beginAction(new FakeContext());
    return new Index(this.#family, this.host);
  }
}

describe.each(families)('$prefix', (family) => {
  const { ascending, billable, bytes } = family;
  const [k0, k1, k2] = ascending as [Uint8Array, Uint8Array, Uint8Array];

  it('answers -1 while the table does not exist', () => {
    const index = new Index(family);
    expect(index.end()).toBe(-1);
    expect(index.find(k0)).toEqual([-1, 0n]);
    expect(index.findPrimary(1n)[0]).toBe(-1);
    expect(index.bound('lowerbound', k0)[0]).toBe(-1);
    expect(index.bound('upperbound', k0)[0]).toBe(-1);
  });

  it('orders entries by key, then by id, whatever the order of storing', () => {
    const index = new Index(family);
    const order = [4, 0, 5, 2, 1, 3];
    for (const i of order) index.store(BigInt(100 - i), ascending[i]!);
    index.store(7n, k2);
    const again = index.fresh();
    const seen: bigint[] = [];
    let [at, primary] = again.step('previous', again.end());
    while (at >= 0) {
      seen.push(primary);
      [at, primary] = again.step('previous', at);
    }
    expect(at).toBe(-1);
    expect(seen).toEqual([95n, 96n, 97n, 98n, 7n, 99n, 100n]);
    const forward: bigint[] = [];
    [at, primary] = again.find(k0);
    while (at >= 0) {
      forward.push(primary);
      [at, primary] = again.step('next', at);
    }
    expect(at).toBe(-2);
    expect(forward).toEqual([...seen].reverse());
  });

  it('finds by key the entry with the lowest id, and by id the key as it was stored', () => {
    const index = new Index(family);
    index.store(9n, k1);
    index.store(3n, k1);
    index.store(5n, k2);
    expect(index.find(k1)).toEqual([1, 3n]);
    expect(index.find(k0)).toEqual([-2, 0n]);
    expect(index.findPrimary(5n)).toEqual([2, k2]);
    expect(index.findPrimary(4n)).toEqual([-2, new Uint8Array(bytes)]);
  });

  it('seeks bounds and writes both keys of what it finds, nothing at the end', () => {
    const index = new Index(family);
    index.store(1n, k1);
    index.store(2n, k2);
    expect(index.bound('lowerbound', k0)).toEqual([0, 1n, k1]);
    expect(index.bound('lowerbound', k1)).toEqual([0, 1n, k1]);
    expect(index.bound('upperbound', k1)).toEqual([1, 2n, k2]);
    expect(index.bound('upperbound', k2)).toEqual([-2, 0n, k2]);
    expect(index.bound('lowerbound', ascending[5]!)).toEqual([-2, 0n, ascending[5]!]);
  });

  it('numbers entries and ends as primary rows are numbered', () => {
    const index = new Index(family);
    index.store(1n, k0);
    index.store(2n, k1);
    const again = index.fresh();
    expect(again.find(k1)[0]).toBe(0);
    expect(again.findPrimary(1n)[0]).toBe(1);
    expect(again.bound('lowerbound', k1)[0]).toBe(0);
    expect(again.step('next', 0)).toEqual([-2, 0n]);
    expect(again.step('next', -2)).toEqual([-1, 0n]);
    const primary = again.host.alloc(8);
    expect(again.host.code(`${family.prefix}_next`, -1, primary)).toBe('invalid_table_iterator');
    expect(again.host.code(`${family.prefix}_previous`, -1, primary)).toBe('invalid_table_iterator');
    expect(again.host.code(`${family.prefix}_previous`, -9, primary)).toBe('invalid_table_iterator');
    expect(again.host.code(`${family.prefix}_next`, 55, primary)).toBe('invalid_table_iterator');
    expect(again.host.code(`${family.prefix}_remove`, -2)).toBe('table_operation_not_permitted');
  });

  it('moves an entry whose key changes, and keeps its iterator', () => {
    const index = new Index(family);
    const at = index.store(1n, k0);
    index.store(2n, k1);
    index.update(at, k2);
    expect(index.find(k0)[0]).toBe(-2);
    expect(index.find(k2)).toEqual([at, 1n]);
    expect(index.step('previous', at)).toEqual([1, 2n]);
    expect(index.findPrimary(1n)).toEqual([at, k2]);
    index.update(at, k2, bob);
    expect(index.fresh().find(k2)).toEqual([0, 1n]);
  });

  it('bills entries and follows the payer', () => {
    const index = new Index(family);
    const { ram } = index.host.context;
    const at = index.store(1n, k0);
    expect(ram.get(alice)).toBe(112n + billable);
    index.update(at, k1);
    expect(ram.get(alice)).toBe(112n + billable);
    index.update(at, k1, bob);
    expect([ram.get(alice), ram.get(bob)]).toEqual([112n, billable]);
    index.remove(at);
    expect([ram.get(alice), ram.get(bob)]).toEqual([0n, 0n]);
  });

  it('takes the table with the last entry, and gives the next one a new end', () => {
    const index = new Index(family);
    index.remove(index.store(1n, k0));
    expect(getTable(index.host.context.state, tableId(CODE, SCOPE, TABLE))).toBeUndefined();
    expect([...index.host.context.state.changes().values()].every((value) => value === null)).toBe(true);
    expect(index.end()).toBe(-1);
    expect(index.step('previous', -2)).toEqual([-1, 0n]);
    expect(index.store(1n, k0)).toBe(1);
    expect(index.end()).toBe(-3);
  });

  it('shares the table record with primary rows of the same names', () => {
    const index = new Index(family);
    const { host } = index;
    host.call('db_store_i64', SCOPE, TABLE, alice, 1n, 0, 0);
    index.store(1n, k0);
    expect(getTable(host.context.state, tableId(CODE, SCOPE, TABLE))).toEqual({ count: 2, payer: alice });
    host.call('db_remove_i64', 0);
    expect(host.call('db_end_i64', CODE, SCOPE, TABLE)).toBe(-2);
    index.remove(0);
    expect(host.call('db_end_i64', CODE, SCOPE, TABLE)).toBe(-1);
  });

  it('refuses payer 0, a second entry for an id, other contracts, and read-only transactions', () => {
    const index = new Index(family);
    const { host } = index;
    const key = host.put(k0);
    const array = family.family === 'idx256' ? [2] : [];
    const storeName = `${family.prefix}_store`;
    expect(host.code(storeName, SCOPE, TABLE, 0n, 1n, key, ...array)).toBe('invalid_table_payer');
    const at = index.store(1n, k0);
    expect(host.code(storeName, SCOPE, TABLE, alice, 1n, key, ...array)).toBe('database_exception');
    const other = new FakeContext();
    other.receiver = name('other');
    host.beginAction(other);
    expect(index.find(k0)).toEqual([at, 1n]);
    expect(host.code(`${family.prefix}_update`, at, 0n, key, ...array)).toBe('table_access_violation');
    expect(host.code(`${family.prefix}_remove`, at)).toBe('table_access_violation');
    other.transaction.readOnly = true;
    expect(host.code(storeName, SCOPE, TABLE, alice, 2n, key, ...array)).toBe('table_operation_not_permitted');
    expect(host.code(`${family.prefix}_update`, at, 0n, key, ...array)).toBe('table_operation_not_permitted');
    expect(host.code(`${family.prefix}_remove`, at)).toBe('table_operation_not_permitted');
  });

  it('reads again in the turn of a notified account what native code changed', () => {
    const index = new Index(family);
    const at = index.store(1n, k0);
    index.store(2n, k1);
    const { state } = index.host.context;
    state.remove(indexRowKey(indexFamilies[family.family], tableId(CODE, SCOPE, TABLE), 1n));
    index.host.env.context = index.host.context;
    expect(index.findPrimary(1n)[0]).toBe(-2);
    expect(index.host.code(`${family.prefix}_remove`, at)).toBe('table_operation_not_permitted');
    expect(index.findPrimary(2n)).toEqual([1, k1]);
  });

  it('takes keys and gives results only through good pointers', () => {
    const { host } = new Index(family);
    const array = family.family === 'idx256' ? [2] : [];
    const outside = host.size - bytes + 1;
    const key = host.put(k0);
    const find = `${family.prefix}_find_secondary`;
    expect(host.refusal(find, CODE, SCOPE, TABLE, outside, ...array, host.alloc(8))).toMatch(/access violation/);
    expect(host.refusal(find, CODE, SCOPE, TABLE, key, ...array, 0)).toMatch(/null pointers/);
    expect(host.refusal(`${family.prefix}_next`, 0, host.size - 4)).toMatch(/access violation/);
    if (array.length === 0) expect(host.refusal(find, CODE, SCOPE, TABLE, 0, host.alloc(8))).toMatch(/null pointers/);
  });
});

describe('keys of floating-point indices', () => {
  const kinds: readonly [Family, Uint8Array[], Uint8Array, Uint8Array][] = [
    [
      families[3]!,
      [double(Number.NaN), little(0x7ff0000000000001n, 8), little(0xfff8000000000000n, 8)],
      double(-0),
      double(0),
    ],
    [
      families[4]!,
      [
        quad('7fff8000000000000000000000000000'),
        quad('7fff0000000000000000000000000001'),
        quad('ffff0000000000010000000000000000'),
      ],
      quad('80000000000000000000000000000000'),
      quad('00000000000000000000000000000000'),
    ],
  ];

  it.each(kinds)('$prefix refuses every NaN where a key is given', (family, nans) => {
    for (const nan of nans) {
      const index = new Index(family);
      const at = index.store(1n, family.ascending[1]!);
      const { host } = index;
      const key = host.put(nan);
      const out = host.alloc(16);
      for (const args of [
        ['store', SCOPE, TABLE, alice, 2n, key],
        ['update', at, 0n, key],
        ['find_secondary', CODE, SCOPE, TABLE, key, out],
        ['lowerbound', CODE, SCOPE, TABLE, key, out],
        ['upperbound', CODE, SCOPE, TABLE, key, out],
      ] as const) {
        const [suffix, ...rest] = args;
        expect(host.refusal(`${family.prefix}_${suffix}`, ...rest)).toBe(
          'transaction_exception: NaN is not an allowed value for a secondary key',
        );
      }
      expect(host.call(`${family.prefix}_find_primary`, CODE, SCOPE, TABLE, key, 1n)).toBe(at);
    }
  });

  it.each(kinds)(
    '$prefix takes -0 and +0 as equal and gives back the zero that was stored',
    (family, _, minus, plus) => {
      const index = new Index(family);
      index.store(8n, plus);
      index.store(3n, minus);
      expect(index.find(plus)).toEqual([1, 3n]);
      expect(index.find(minus)).toEqual([1, 3n]);
      expect(index.bound('lowerbound', plus)).toEqual([1, 3n, minus]);
      expect(index.step('next', 1)).toEqual([0, 8n]);
      expect(index.bound('upperbound', minus)[0]).toBe(-2);
      expect(index.findPrimary(3n)[1]).toEqual(minus);
    },
  );
});

describe('arrays of db_idx256', () => {
  it('must have two elements in memory', () => {
    const host = new Harness();
    const key = host.put(new Uint8Array(48));
    for (const count of [0, 1, 3]) {
      expect(host.refusal('db_idx256_store', SCOPE, TABLE, alice, 1n, key, count)).toBe(
        `db_api_exception: invalid size of secondary key array for idx256: given ${count} bytes but expected 2 bytes`,
      );
    }
    expect(host.code('db_idx256_find_primary', CODE, SCOPE, TABLE, key, 1, 1n)).toBe('db_api_exception');
    expect(host.code('db_idx256_update', 0, 0n, key, 1)).toBe('db_api_exception');
    expect(host.refusal('db_idx256_store', SCOPE, TABLE, alice, 1n, key, 0x7fffffff)).toMatch(/access violation/);
  });
});
