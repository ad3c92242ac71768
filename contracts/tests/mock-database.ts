/**
 * The contract database of the mock host: primary tables and secondary indices, with iterators that last one action.
 */

type Row = { readonly payer: bigint; readonly data: Uint8Array };
type SecondaryRow = { readonly key: Uint8Array };
type Tables<T> = Map<string, Map<bigint, T>>;

/** The bytes of a family's keys, and a number for each key that sorts as the key does. */
const families: Readonly<Record<string, { readonly size: number; readonly order: (key: DataView) => bigint }>> = {
  idx64: { size: 8, order: (key) => key.getBigUint64(0, true) },
  idx128: { size: 16, order: (key) => wide(key, 0) },
  idx256: { size: 32, order: (key) => (wide(key, 0) << 128n) | wide(key, 16) },
  idx_double: { size: 8, order: (key) => ieeeOrder(key.getBigUint64(0, true), 64n) },
  idx_long_double: { size: 16, order: (key) => ieeeOrder(wide(key, 0), 128n) },
};

/** Iterators of one action: existing rows count up from 0, ends of tables down from -2. */
class Iterators {
  private readonly rows: { table: string; primary: bigint }[] = [];
  private readonly ends: string[] = [];

  of(table: string, primary: bigint | undefined): number {
    if (primary === undefined) return this.end(table);
    const known = this.rows.findIndex((row) => row.table === table && row.primary === primary);
    return known >= 0 ? known : this.rows.push({ table, primary }) - 1;
  }

  end(table: string): number {
    if (!this.ends.includes(table)) this.ends.push(table);
    return -2 - this.ends.indexOf(table);
  }

  row(iterator: number): { readonly table: string; readonly primary: bigint } {
    const row = this.rows[iterator];
    if (row === undefined) throw new Error(`no iterator ${iterator}`);
    return row;
  }

  tableOf(iterator: number): string {
    return iterator < -1 ? this.ends[-2 - iterator]! : this.row(iterator).table;
  }
}

export class MockDatabase {
  private primary: Tables<Row> = new Map();
  private secondary: Tables<SecondaryRow> = new Map();

  /** The bytes of a row, or undefined. */
  row(code: bigint, scope: bigint, table: bigint, primary: bigint): Uint8Array | undefined {
    return this.primary.get(keyOf(code, scope, table))?.get(primary)?.data;
  }

  /** Who pays for a row. */
  payer(code: bigint, scope: bigint, table: bigint, primary: bigint): bigint | undefined {
    return this.primary.get(keyOf(code, scope, table))?.get(primary)?.payer;
  }

  snapshot(): readonly [Tables<Row>, Tables<SecondaryRow>] {
    return [copy(this.primary), copy(this.secondary)];
  }

  restore([primary, secondary]: readonly [Tables<Row>, Tables<SecondaryRow>]): void {
    this.primary = copy(primary);
    this.secondary = copy(secondary);
  }

  /** The host functions for one action of `receiver`. */
  functions(receiver: bigint, memory: () => DataView): Record<string, (...args: never[]) => unknown> {
    const result: Record<string, (...args: never[]) => unknown> = this.primaryFunctions(receiver, memory);
    for (const family of Object.keys(families))
      Object.assign(result, this.secondaryFunctions(family, receiver, memory));
    return result;
  }

  private primaryFunctions(receiver: bigint, memory: () => DataView): Record<string, (...args: never[]) => unknown> {
    const iterators = new Iterators();
    const rows = (table: string): Map<bigint, Row> => this.primary.get(table) ?? new Map();
    const position = (table: string, test: (id: bigint) => boolean): number => {
      if (rows(table).size === 0) return -1;
      return iterators.of(table, sortedIds(rows(table)).find(test));
    };
    const step = (iterator: number, out: number, forwards: boolean): number => {
      const table = iterators.tableOf(iterator);
      const ids = sortedIds(rows(table));
      const at = iterator < 0 ? ids.length : ids.indexOf(iterators.row(iterator).primary);
      const next = ids[forwards ? at + 1 : at - 1];
      if (next === undefined) return forwards ? iterators.end(table) : -1;
      memory().setBigUint64(out, next, true);
      return iterators.of(table, next);
    };
    const functions = {
      db_store_i64: (scope: bigint, table: bigint, payer: bigint, id: bigint, pointer: number, size: number) => {
        const key = keyOf(receiver, scope, table);
        if (rows(key).has(unsigned(id)))
          throw new Error('could not insert object, most likely a uniqueness constraint was violated');
        this.primary.set(
          key,
          rows(key).set(unsigned(id), { payer: unsigned(payer), data: read(memory(), pointer, size) }),
        );
        return iterators.of(key, unsigned(id));
      },
      db_update_i64: (iterator: number, payer: bigint, pointer: number, size: number) => {
        const { table, primary } = iterators.row(iterator);
        const old = rows(table).get(primary)!;
        rows(table).set(primary, {
          payer: payer === 0n ? old.payer : unsigned(payer),
          data: read(memory(), pointer, size),
        });
      },
      db_remove_i64: (iterator: number) =>
        void rows(iterators.row(iterator).table).delete(iterators.row(iterator).primary),
      db_get_i64: (iterator: number, pointer: number, size: number) => {
        const { table, primary } = iterators.row(iterator);
        const { data } = rows(table).get(primary)!;
        write(memory(), pointer, data.subarray(0, size));
        return size === 0 ? data.length : Math.min(size, data.length);
      },
      db_next_i64: (iterator: number, out: number) => step(iterator, out, true),
      db_previous_i64: (iterator: number, out: number) => step(iterator, out, false),
      db_find_i64: (code: bigint, scope: bigint, table: bigint, id: bigint) =>
        position(keyOf(code, scope, table), (other) => other === unsigned(id)),
      db_lowerbound_i64: (code: bigint, scope: bigint, table: bigint, id: bigint) =>
        position(keyOf(code, scope, table), (other) => other >= unsigned(id)),
      db_upperbound_i64: (code: bigint, scope: bigint, table: bigint, id: bigint) =>
        position(keyOf(code, scope, table), (other) => other > unsigned(id)),
      db_end_i64: (code: bigint, scope: bigint, table: bigint) => {
        const key = keyOf(code, scope, table);
        return rows(key).size === 0 ? -1 : iterators.end(key);
      },
    };
    return functions as unknown as Record<string, (...args: never[]) => unknown>;
  }

  private secondaryFunctions(
    family: string,
    receiver: bigint,
    memory: () => DataView,
  ): Record<string, (...args: never[]) => unknown> {
    const { size, order } = families[family]!;
    const iterators = new Iterators();
    const tableOf = (code: bigint, scope: bigint, table: bigint): string => `${family}/${keyOf(code, scope, table)}`;
    const rows = (table: string): Map<bigint, SecondaryRow> => this.secondary.get(table) ?? new Map();
    const orderOf = (key: Uint8Array): bigint => order(new DataView(key.buffer, key.byteOffset));
    const ordered = (table: string): [bigint, SecondaryRow][] =>
      [...rows(table)].sort(([a, x], [b, y]) => compare(orderOf(x.key), orderOf(y.key)) || compare(a, b));
    const found = (
      table: string,
      row: [bigint, SecondaryRow] | undefined,
      key: number | undefined,
      out: number,
    ): number => {
      if (rows(table).size === 0) return -1;
      if (row === undefined) return iterators.end(table);
      if (key !== undefined) write(memory(), key, row[1].key);
      if (out !== 0) memory().setBigUint64(out, row[0], true);
      return iterators.of(table, row[0]);
    };
    const bound = (
      table: string,
      key: number,
      out: number,
      test: (other: bigint, wanted: bigint) => boolean,
    ): number => {
      const wanted = orderOf(read(memory(), key, size));
      return found(
        table,
        ordered(table).find(([, row]) => test(orderOf(row.key), wanted)),
        key,
        out,
      );
    };
    const step = (iterator: number, out: number, forwards: boolean): number => {
      const table = iterators.tableOf(iterator);
      const list = ordered(table);
      const at = iterator < 0 ? list.length : list.findIndex(([id]) => id === iterators.row(iterator).primary);
      const next = list[forwards ? at + 1 : at - 1];
      return next === undefined && !forwards ? -1 : found(table, next, undefined, out);
    };
    // Keys of 32 bytes come with the number of their words behind the pointer.
    const skip = family === 'idx256' ? 1 : 0;
    const named: Record<string, (...args: never[]) => unknown> = {
      store: (scope: bigint, table: bigint, _payer: bigint, id: bigint, key: number) => {
        const name = tableOf(receiver, scope, table);
        this.secondary.set(name, rows(name).set(unsigned(id), { key: read(memory(), key, size) }));
        return iterators.of(name, unsigned(id));
      },
      update: (iterator: number, _payer: bigint, key: number) => {
        const { table, primary } = iterators.row(iterator);
        rows(table).set(primary, { key: read(memory(), key, size) });
      },
      remove: (iterator: number) => void rows(iterators.row(iterator).table).delete(iterators.row(iterator).primary),
      next: (iterator: number, out: number) => step(iterator, out, true),
      previous: (iterator: number, out: number) => step(iterator, out, false),
      end: (code: bigint, scope: bigint, table: bigint) => {
        const name = tableOf(code, scope, table);
        return rows(name).size === 0 ? -1 : iterators.end(name);
      },
      find_primary: (code: bigint, scope: bigint, table: bigint, key: number, ...rest: (number | bigint)[]) => {
        const name = tableOf(code, scope, table);
        const id = unsigned(rest[skip] as bigint);
        const row = rows(name).get(id);
        return found(name, row && [id, row], key, 0);
      },
      find_secondary: (code: bigint, scope: bigint, table: bigint, key: number, ...rest: number[]) => {
        const name = tableOf(code, scope, table);
        const wanted = orderOf(read(memory(), key, size));
        return found(
          name,
          ordered(name).find(([, row]) => orderOf(row.key) === wanted),
          undefined,
          rest[skip]!,
        );
      },
      lowerbound: (code: bigint, scope: bigint, table: bigint, key: number, ...rest: number[]) =>
        bound(tableOf(code, scope, table), key, rest[skip]!, (other, wanted) => other >= wanted),
      upperbound: (code: bigint, scope: bigint, table: bigint, key: number, ...rest: number[]) =>
        bound(tableOf(code, scope, table), key, rest[skip]!, (other, wanted) => other > wanted),
    };
    return Object.fromEntries(
      Object.entries(named).map(([name, implementation]) => [`db_${family}_${name}`, implementation]),
    );
  }
}

function keyOf(code: bigint, scope: bigint, table: bigint): string {
  return [code, scope, table].map(unsigned).join('/');
}

function unsigned(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function sortedIds(rows: ReadonlyMap<bigint, unknown>): bigint[] {
  return [...rows.keys()].sort(compare);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function wide(view: DataView, offset: number): bigint {
  return view.getBigUint64(offset, true) | (view.getBigUint64(offset + 8, true) << 64n);
}

/** Positive numbers sort by their bits; negative ones the other way round, below them. Both zeros are equal. */
function ieeeOrder(bits: bigint, width: bigint): bigint {
  const sign = 1n << (width - 1n);
  return bits >= sign ? sign - bits : bits;
}

function read(memory: DataView, pointer: number, size: number): Uint8Array {
  return new Uint8Array(memory.buffer.slice(pointer, pointer + size));
}

function write(memory: DataView, pointer: number, bytes: Uint8Array): void {
  new Uint8Array(memory.buffer).set(bytes, pointer);
}

function copy<T>(tables: Tables<T>): Tables<T> {
  return new Map([...tables].map(([name, rows]) => [name, new Map(rows)]));
}
