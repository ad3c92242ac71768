/** Contract tables by secondary key: ten functions for each of five kinds of key. */
import { reject } from '@snapscale/protocol';
import { dataOffset } from '../database/primary-index.js';
import type { IndexRow } from '../database/secondary-index.js';
import { type KeyKind, keyKinds } from '../database/secondary-keys.js';
import { declare, type HostFunction } from '../declaration.js';
import { asName, type HostEnvironment } from '../environment.js';
import { gasPrices } from '../gas-prices.js';

type KindName = keyof typeof keyKinds;

const PRIMARY_BYTES = 8;
/** An idx256 key is passed as an array of so many u128; the other keys by reference. */
const KEY_WORDS = 2;
const KEY_WORD_BYTES = 16;

const docs = {
  store: (key: string) =>
    `Adds an entry with ${key} as secondary key for the row id and returns its iterator. Rejects payer 0 and an id that has an entry.`,
  update: (key: string) => `Replaces the secondary key of an entry by ${key}; payer 0 keeps the payer.`,
  findSecondary: (key: string) =>
    `Iterator of the first entry whose secondary key is ${key}, writing its primary key; the table's end, or -1 without a table.`,
  findPrimary: "Iterator of the entry of a row, writing its secondary key; the table's end, or -1 without a table.",
  lowerbound:
    "Iterator of the first entry whose secondary key is not below the given one, writing both its keys; the table's end, or -1 without a table.",
  upperbound:
    "Iterator of the first entry whose secondary key is above the given one, writing both its keys; the table's end, or -1 without a table.",
  remove: 'Removes an entry; its iterator must not be used again. Rejects entries of other contracts.',
  end: 'End iterator of a table; -1 when there is no such table.',
  next: "Iterator of the next entry, writing its primary key; the table's end after the last, -1 from an end.",
  previous: 'Iterator of the entry before, writing its primary key; -1 before the first, the last entry from an end.',
} as const;

export const secondaryIndexFunctions: readonly HostFunction[] = [
  ...plainFamily('db_idx64', 'idx64', 'u64'),
  ...plainFamily('db_idx128', 'idx128', 'u128'),
  ...arrayFamily('db_idx256', 'idx256'),
  ...plainFamily('db_idx_double', 'idxDouble', 'double'),
  ...plainFamily('db_idx_long_double', 'idxLongDouble', 'long double'),
];

/** What the functions of a family do, once the offset of the key's bytes is known. */
class Operations {
  readonly #env: HostEnvironment;
  readonly #name: KindName;
  readonly #kind: KeyKind;
  #primaryOut = 0;
  #keyOut = 0;

  constructor(env: HostEnvironment, name: KindName) {
    this.#env = env;
    this.#name = name;
    this.#kind = keyKinds[name];
  }

  /** Offset of a key passed by reference. */
  reference(pointer: number): number {
    return this.#env.reference(pointer, this.#kind.bytes);
  }

  /** Offset of a key passed as an array. */
  array(pointer: number, count: number): number {
    this.#env.span(pointer, Math.min((count >>> 0) * KEY_WORD_BYTES, 0xffffffff));
    if (count !== KEY_WORDS) {
      const given = `given ${count >>> 0} bytes but expected ${KEY_WORDS} bytes`;
      reject('db_api_exception', `invalid size of secondary key array for idx256: ${given}`);
    }
    return pointer >>> 0;
  }

  store(scope: bigint, table: bigint, payer: bigint, id: bigint, key: number): number {
    return this.#index().store(scope, table, asName(payer), id, this.#key(key));
  }

  update(iterator: number, payer: bigint, key: number): void {
    this.#index().update(iterator, asName(payer), this.#key(key));
  }

  remove(iterator: number): void {
    this.#index().remove(iterator);
  }

  findSecondary(code: bigint, scope: bigint, table: bigint, key: number, primary: number): number {
    this.#primaryOut = this.#env.reference(primary, PRIMARY_BYTES);
    return this.#index().findSecondary(code, scope, table, this.#key(key), this.#tellPrimary);
  }

  findPrimary(code: bigint, scope: bigint, table: bigint, key: number, primary: bigint): number {
    this.#keyOut = key;
    return this.#index().findPrimary(code, scope, table, primary, this.#tellKey);
  }

  bound(code: bigint, scope: bigint, table: bigint, key: number, primary: number, after: boolean): number {
    this.#primaryOut = this.#env.reference(primary, PRIMARY_BYTES);
    this.#keyOut = key;
    return this.#index().bound(code, scope, table, this.#key(key), after, this.#tellBoth);
  }

  end(code: bigint, scope: bigint, table: bigint): number {
    return this.#index().end(code, scope, table);
  }

  next(iterator: number, primary: number): number {
    this.#primaryOut = this.#env.reference(primary, PRIMARY_BYTES);
    return this.#index().next(iterator, this.#tellPrimary);
  }

  previous(iterator: number, primary: number): number {
    this.#primaryOut = this.#env.reference(primary, PRIMARY_BYTES);
    return this.#index().previous(iterator, this.#tellPrimary);
  }

  #index() {
    return this.#env.database.secondary(this.#name);
  }

  #key(offset: number): Uint8Array {
    const key = this.#env.bytes.subarray(offset, offset + this.#kind.bytes);
    if (this.#kind.isNaNKey(key)) reject('transaction_exception', 'NaN is not an allowed value for a secondary key');
    return key;
  }

  readonly #tellPrimary = (row: IndexRow): void => {
    this.#env.writeU64(this.#primaryOut, row.primary);
  };

  readonly #tellKey = (row: IndexRow): void => {
    this.#env.bytes.set(row.value.subarray(dataOffset), this.#keyOut);
  };

  readonly #tellBoth = (row: IndexRow): void => {
    this.#tellPrimary(row);
    this.#tellKey(row);
  };
}

/** The functions whose key is passed by reference. */
function plainFamily(prefix: string, kind: KindName, type: string): HostFunction[] {
  const key = `the ${type} at key`;
  const operations = (env: HostEnvironment) => new Operations(env, kind);
  return [
    declare(`${prefix}_store`, {
      params: ['scope: i64', 'table: i64', 'payer: i64', 'id: i64', 'key: i32'],
      result: 'i32',
      gas: gasPrices.indexStore,
      doc: docs.store(key),
      make: (env) => {
        const index = operations(env);
        return (scope, table, payer, id, at) => index.store(scope, table, payer, id, index.reference(at));
      },
    }),
    declare(`${prefix}_update`, {
      params: ['iterator: i32', 'payer: i64', 'key: i32'],
      gas: gasPrices.indexUpdate,
      doc: docs.update(key),
      make: (env) => {
        const index = operations(env);
        return (iterator, payer, at) => index.update(iterator, payer, index.reference(at));
      },
    }),
    declare(`${prefix}_find_secondary`, {
      params: ['code: i64', 'scope: i64', 'table: i64', 'key: i32', 'primary: i32'],
      result: 'i32',
      gas: gasPrices.indexSeek,
      doc: docs.findSecondary(key),
      make: (env) => {
        const index = operations(env);
        return (code, scope, table, at, primary) =>
          index.findSecondary(code, scope, table, index.reference(at), primary);
      },
    }),
    declare(`${prefix}_find_primary`, {
      params: ['code: i64', 'scope: i64', 'table: i64', 'key: i32', 'primary: i64'],
      result: 'i32',
      gas: gasPrices.indexFind,
      doc: docs.findPrimary,
      make: (env) => {
        const index = operations(env);
        return (code, scope, table, at, primary) => index.findPrimary(code, scope, table, index.reference(at), primary);
      },
    }),
    ...(['lowerbound', 'upperbound'] as const).map((bound) =>
      declare(`${prefix}_${bound}`, {
        params: ['code: i64', 'scope: i64', 'table: i64', 'key: i32', 'primary: i32'],
        result: 'i32',
        gas: gasPrices.indexSeek,
        doc: docs[bound],
        make: (env) => {
          const index = operations(env);
          const after = bound === 'upperbound';
          return (code, scope, table, at, primary) =>
            index.bound(code, scope, table, index.reference(at), primary, after);
        },
      }),
    ),
    ...commonFunctions(prefix, kind),
  ];
}

/** The functions whose key is passed as pointer and count. */
function arrayFamily(prefix: string, kind: KindName): HostFunction[] {
  const key = 'the array of two u128 at key';
  const operations = (env: HostEnvironment) => new Operations(env, kind);
  return [
    declare(`${prefix}_store`, {
      params: ['scope: i64', 'table: i64', 'payer: i64', 'id: i64', 'key: i32', 'count: i32'],
      result: 'i32',
      gas: gasPrices.indexStore,
      doc: docs.store(key),
      make: (env) => {
        const index = operations(env);
        return (scope, table, payer, id, at, count) => index.store(scope, table, payer, id, index.array(at, count));
      },
    }),
    declare(`${prefix}_update`, {
      params: ['iterator: i32', 'payer: i64', 'key: i32', 'count: i32'],
      gas: gasPrices.indexUpdate,
      doc: docs.update(key),
      make: (env) => {
        const index = operations(env);
        return (iterator, payer, at, count) => index.update(iterator, payer, index.array(at, count));
      },
    }),
    declare(`${prefix}_find_secondary`, {
      params: ['code: i64', 'scope: i64', 'table: i64', 'key: i32', 'count: i32', 'primary: i32'],
      result: 'i32',
      gas: gasPrices.indexSeek,
      doc: docs.findSecondary(key),
      make: (env) => {
        const index = operations(env);
        return (code, scope, table, at, count, primary) =>
          index.findSecondary(code, scope, table, index.array(at, count), primary);
      },
    }),
    declare(`${prefix}_find_primary`, {
      params: ['code: i64', 'scope: i64', 'table: i64', 'key: i32', 'count: i32', 'primary: i64'],
      result: 'i32',
      gas: gasPrices.indexFind,
      doc: docs.findPrimary,
      make: (env) => {
        const index = operations(env);
        return (code, scope, table, at, count, primary) =>
          index.findPrimary(code, scope, table, index.array(at, count), primary);
      },
    }),
    ...(['lowerbound', 'upperbound'] as const).map((bound) =>
      declare(`${prefix}_${bound}`, {
        params: ['code: i64', 'scope: i64', 'table: i64', 'key: i32', 'count: i32', 'primary: i32'],
        result: 'i32',
        gas: gasPrices.indexSeek,
        doc: docs[bound],
        make: (env) => {
          const index = operations(env);
          const after = bound === 'upperbound';
          return (code, scope, table, at, count, primary) =>
            index.bound(code, scope, table, index.array(at, count), primary, after);
        },
      }),
    ),
    ...commonFunctions(prefix, kind),
  ];
}

/** The functions that take no key. */
function commonFunctions(prefix: string, kind: KindName): HostFunction[] {
  const operations = (env: HostEnvironment) => new Operations(env, kind);
  return [
    declare(`${prefix}_remove`, {
      params: ['iterator: i32'],
      gas: gasPrices.indexRemove,
      doc: docs.remove,
      make: (env) => {
        const index = operations(env);
        return (iterator) => index.remove(iterator);
      },
    }),
    declare(`${prefix}_end`, {
      params: ['code: i64', 'scope: i64', 'table: i64'],
      result: 'i32',
      gas: gasPrices.rowEnd,
      doc: docs.end,
      make: (env) => {
        const index = operations(env);
        return (code, scope, table) => index.end(code, scope, table);
      },
    }),
    ...(['next', 'previous'] as const).map((direction) =>
      declare(`${prefix}_${direction}`, {
        params: ['iterator: i32', 'primary: i32'],
        result: 'i32',
        gas: gasPrices.indexSeek,
        doc: docs[direction],
        make: (env) => {
          const index = operations(env);
          return (iterator, primary) => index[direction](iterator, primary);
        },
      }),
    ),
  ];
}
