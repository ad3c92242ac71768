/**
 * The numbers by which contracts refer to rows: consensus-visible, so kept exactly as Antelope numbers them.
 *
 * Rows get 0, 1, 2, … in the order in which an action first touches them, and keep their number; a removed row leaves
 * its number dead. -1 means that there is no such table; the ends of tables get -2, -3, … in the order in which the
 * tables are first touched. Each of the six row families (primary and five secondary) numbers separately.
 */
import { reject } from '@snapscale/protocol';
import type { StateKey } from '../../state/reader.js';
import type { Table } from './tables.js';

/** What an iterator points at. */
export type Pointed = {
  readonly table: Table;
  /** The key under which the family finds the row. */
  readonly key: StateKey;
  readonly iterator: number;
  /** The receiver's turn in which the row was last read. */
  turn: number;
};

/** No such table. */
export const NO_TABLE = -1;

const FIRST_END = -2;

export class Iterators<T extends Pointed> {
  /** Reads a row again; false when it is gone. */
  readonly #renew: (row: T) => boolean;
  readonly #rows: (T | undefined)[] = [];
  readonly #byKey = new Map<StateKey, T>();
  readonly #ends = new Map<Table, number>();
  readonly #endTables: Table[] = [];
  #lastTable: Table | undefined;
  #lastEnd = 0;
  #turn = 0;

  constructor(renew: (row: T) => boolean) {
    this.#renew = renew;
  }

  /** Begins the turn of another receiver: native code may have changed the state in between. */
  nextTurn(): void {
    this.#turn++;
  }

  /** What a new row begins with: the next number, and the turn. */
  begin(): Pick<Pointed, 'iterator' | 'turn'> {
    return { iterator: this.#rows.length, turn: this.#turn };
  }

  /** The end iterator of a table, given on first touch. */
  endOf(table: Table): number {
    if (table === this.#lastTable) return this.#lastEnd;
    let end = this.#ends.get(table);
    if (end === undefined) {
      end = FIRST_END - this.#endTables.length;
      this.#endTables.push(table);
      this.#ends.set(table, end);
    }
    this.#lastTable = table;
    this.#lastEnd = end;
    return end;
  }

  /** The table that ends at an iterator below -1. */
  tableOfEnd(end: number): Table {
    return this.#endTables[FIRST_END - end] ?? reject('invalid_table_iterator', `not a valid end iterator: ${end}`);
  }

  /** The row already known under `key`. */
  known(key: StateKey): T | undefined {
    const row = this.#byKey.get(key);
    return row === undefined || this.#isCurrent(row) ? row : undefined;
  }

  /** Takes in a row made with {@link begin}. */
  add(row: T): T {
    this.#rows.push(row);
    this.#byKey.set(row.key, row);
    return row;
  }

  /** The row at an iterator. */
  get(iterator: number): T {
    const row = iterator >= 0 ? this.#rows[iterator] : undefined;
    return row !== undefined && this.#isCurrent(row) ? row : this.#refuse(iterator);
  }

  /** Ends the life of a row: its iterator stays taken. */
  remove(row: T): void {
    this.#rows[row.iterator] = undefined;
    this.#byKey.delete(row.key);
  }

  #isCurrent(row: T): boolean {
    if (row.turn === this.#turn) return true;
    if (!row.table.live || !this.#renew(row)) {
      this.remove(row);
      return false;
    }
    row.turn = this.#turn;
    return true;
  }

  #refuse(iterator: number): never {
    if (iterator === NO_TABLE) reject('invalid_table_iterator', 'invalid iterator');
    if (iterator < 0) reject('table_operation_not_permitted', `dereference of end iterator: ${iterator}`);
    if (iterator >= this.#rows.length) reject('invalid_table_iterator', `iterator out of range: ${iterator}`);
    return reject('table_operation_not_permitted', `dereference of deleted object: ${iterator}`);
  }
}
