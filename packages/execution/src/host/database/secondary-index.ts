/**
 * Secondary index entries of contract tables (`db_idx*`), one class for the five families.
 *
 * An entry is two state entries: 'j' (by primary key) holds payer ‖ key as the contract wrote it, and 'i' (by sortable
 * secondary key, then primary key) gives the order and repeats the payer.
 */
import { type Name, reject } from '@snapscale/protocol';
import type { ActionContext } from '../../apply/types.js';
import { indexRowPrefix, u64FromKey, u64Key } from '../../state/keys.js';
import { keyAfter, prefixEnd, type StateEntry, type StateKey } from '../../state/reader.js';
import { Iterators, NO_TABLE, type Pointed } from './iterators.js';
import { dataOffset, payerOf, refuseDuplicate, writePayer } from './primary-index.js';
import type { KeyKind } from './secondary-keys.js';
import { indexRange, type Table, type Tables } from './tables.js';

/** An index entry in use by the running action. `key` is its 'j' key. */
export type IndexRow = Pointed & {
  readonly primary: bigint;
  /** Its 'i' key, which changes with the secondary key. */
  ordered: StateKey;
  /** Value of its 'j' entry: payer ‖ secondary key as in memory. */
  value: Uint8Array;
};

/** Tells the caller which entry it has moved to. */
export type TellRow = (row: IndexRow) => void;

export class SecondaryIndex {
  readonly #context: ActionContext;
  readonly #tables: Tables;
  readonly #kind: KeyKind;
  readonly #iterators = new Iterators<IndexRow>((row) => this.#renew(row));

  constructor(context: ActionContext, tables: Tables, kind: KeyKind) {
    this.#context = context;
    this.#tables = tables;
    this.#kind = kind;
  }

  /** Begins the turn of another receiver. */
  nextTurn(): void {
    this.#iterators.nextTurn();
  }

  /** Adds an entry to a table of the receiver; `secondary` is copied. */
  store(scope: bigint, tableName: bigint, payer: Name, primary: bigint, secondary: Uint8Array): number {
    this.#requireWritable('store');
    if (payer === 0n) reject('invalid_table_payer', 'must specify a valid account to pay for new record');
    const { receiver, state } = this.#context;
    const table = this.#tables.findOrCreate(BigInt.asIntN(64, receiver), scope, tableName, payer);
    const unsigned = BigInt.asUintN(64, primary);
    const key = this.#rowKey(table, unsigned);
    if (this.#iterators.known(key) !== undefined || state.get(key) !== undefined) refuseDuplicate();
    const ordered = this.#orderedKey(table, secondary, unsigned);
    const value = this.#write(key, ordered, payer, secondary);
    this.#tables.addRows(table, 1);
    this.#context.chargeRam(payer, this.#kind.billable);
    this.#iterators.endOf(table);
    return this.#iterators.add({ table, key, ordered, primary: unsigned, value, ...this.#iterators.begin() }).iterator;
  }

  /** Replaces the secondary key of an entry; payer 0 keeps the payer. */
  update(iterator: number, payer: Name, secondary: Uint8Array): void {
    this.#requireWritable('update');
    const row = this.#iterators.get(iterator);
    this.#tables.requireOwn(row.table);
    const oldPayer = payerOf(row.value);
    const newPayer = payer === 0n ? oldPayer : payer;
    if (newPayer !== oldPayer) {
      this.#context.chargeRam(oldPayer, -this.#kind.billable);
      this.#context.chargeRam(newPayer, this.#kind.billable);
    }
    const ordered = this.#orderedKey(row.table, secondary, row.primary);
    const moved = ordered !== row.ordered;
    if (moved) this.#context.state.remove(row.ordered);
    row.ordered = ordered;
    row.value = this.#write(row.key, ordered, newPayer, secondary);
  }

  /** Removes an entry; its payer gets the RAM back. */
  remove(iterator: number): void {
    this.#requireWritable('remove');
    const row = this.#iterators.get(iterator);
    this.#tables.requireOwn(row.table);
    this.#context.chargeRam(payerOf(row.value), -this.#kind.billable);
    this.#context.state.remove(row.ordered);
    this.#context.state.remove(row.key);
    this.#tables.addRows(row.table, -1);
    this.#iterators.remove(row);
  }

  /** Iterator of the first entry with this secondary key, else the table's end, else -1. */
  findSecondary(code: bigint, scope: bigint, tableName: bigint, secondary: Uint8Array, tell: TellRow): number {
    const table = this.#tables.find(code, scope, tableName);
    if (table === undefined) return NO_TABLE;
    const end = this.#iterators.endOf(table);
    const prefix = indexRange(table, this.#kind.family).from + this.#kind.sortable(secondary);
    const entry = this.#context.state.first(prefix, prefixEnd(prefix));
    return entry === undefined ? end : this.#visit(table, entry, tell);
  }

  /** Iterator of the entry of a row, else the table's end, else -1. */
  findPrimary(code: bigint, scope: bigint, tableName: bigint, primary: bigint, tell: TellRow): number {
    const table = this.#tables.find(code, scope, tableName);
    if (table === undefined) return NO_TABLE;
    const end = this.#iterators.endOf(table);
    const row = this.#rowOf(table, BigInt.asUintN(64, primary));
    if (row === undefined) return end;
    tell(row);
    return row.iterator;
  }

  /** Iterator of the first entry not below (`after`: above) this secondary key, else the table's end, else -1. */
  bound(code: bigint, scope: bigint, tableName: bigint, secondary: Uint8Array, after: boolean, tell: TellRow): number {
    const table = this.#tables.find(code, scope, tableName);
    if (table === undefined) return NO_TABLE;
    const end = this.#iterators.endOf(table);
    const range = indexRange(table, this.#kind.family);
    const prefix = range.from + this.#kind.sortable(secondary);
    const entry = this.#context.state.first(after ? prefixEnd(prefix) : prefix, range.to);
    return entry === undefined ? end : this.#visit(table, entry, tell);
  }

  /** End iterator of a table, -1 when it does not exist. */
  end(code: bigint, scope: bigint, tableName: bigint): number {
    const table = this.#tables.find(code, scope, tableName);
    return table === undefined ? NO_TABLE : this.#iterators.endOf(table);
  }

  /** Iterator of the entry after this one, or its table's end; -1 beyond the end. */
  next(iterator: number, tell: TellRow): number {
    if (iterator < NO_TABLE) return NO_TABLE;
    const row = this.#iterators.get(iterator);
    const range = indexRange(row.table, this.#kind.family);
    const entry = this.#context.state.first(keyAfter(row.ordered), range.to);
    return entry === undefined ? this.#iterators.endOf(row.table) : this.#visit(row.table, entry, tell);
  }

  /** Iterator of the entry before this one, or of the last one for an end; -1 before the first. */
  previous(iterator: number, tell: TellRow): number {
    const isEnd = iterator < NO_TABLE;
    const row = isEnd ? undefined : this.#iterators.get(iterator);
    const table = row === undefined ? this.#iterators.tableOfEnd(iterator) : row.table;
    if (!table.live) return NO_TABLE;
    const range = indexRange(table, this.#kind.family);
    const entry = this.#context.state.last(range.from, row === undefined ? range.to : row.ordered);
    return entry === undefined ? NO_TABLE : this.#visit(table, entry, tell);
  }

  #visit(table: Table, entry: StateEntry, tell: TellRow): number {
    const row = this.#rowOf(table, u64FromKey(entry.key, entry.key.length - 8))!;
    tell(row);
    return row.iterator;
  }

  #rowOf(table: Table, primary: bigint): IndexRow | undefined {
    const key = this.#rowKey(table, primary);
    const known = this.#iterators.known(key);
    if (known !== undefined) return known;
    const value = this.#context.state.get(key);
    if (value === undefined) return undefined;
    const ordered = this.#orderedKey(table, value.subarray(dataOffset), primary);
    return this.#iterators.add({ table, key, ordered, primary, value, ...this.#iterators.begin() });
  }

  #renew(row: IndexRow): boolean {
    const value = this.#context.state.get(row.key);
    if (value === undefined) return false;
    row.value = value;
    row.ordered = this.#orderedKey(row.table, value.subarray(dataOffset), row.primary);
    return true;
  }

  #rowKey(table: Table, primary: bigint): StateKey {
    return indexRowPrefix(this.#kind.family, table.id) + u64Key(primary);
  }

  #orderedKey(table: Table, secondary: Uint8Array, primary: bigint): StateKey {
    return indexRange(table, this.#kind.family).from + this.#kind.sortable(secondary) + u64Key(primary);
  }

  #write(key: StateKey, ordered: StateKey, payer: Name, secondary: Uint8Array): Uint8Array {
    const { state } = this.#context;
    const value = new Uint8Array(dataOffset + this.#kind.bytes);
    writePayer(value, payer);
    value.set(secondary, dataOffset);
    state.put(key, value);
    state.put(ordered, value.slice(0, dataOffset));
    return value;
  }

  #requireWritable(what: string): void {
    if (!this.#context.transaction.readOnly) return;
    reject('table_operation_not_permitted', `cannot ${what} a db record when executing a readonly transaction`);
  }
}
