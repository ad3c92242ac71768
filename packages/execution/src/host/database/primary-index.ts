/** Primary rows of contract tables (`db_*_i64`): one state entry per row, payer ‖ data. */
import { type Name, reject } from '@snapscale/protocol';
import type { ActionContext } from '../../apply/types.js';
import { billableBytes } from '../../native/billable.js';
import { u64FromKey, u64Key } from '../../state/keys.js';
import { keyAfter, type StateEntry, type StateKey } from '../../state/reader.js';
import { encodeRow } from '../../state/records.js';
import { gasPrices } from '../gas-prices.js';
import { Iterators, NO_TABLE, type Pointed } from './iterators.js';
import type { Table, Tables } from './tables.js';

/** A row in use by the running action. */
type Row = Pointed & { readonly primary: bigint; value: Uint8Array };

/** Where the primary key starts in a row's state key, and the data in its value. */
const PRIMARY_OFFSET = 25;
const DATA_OFFSET = 8;

const scratch = new Uint8Array(8);
const scratchView = new DataView(scratch.buffer);

/** Tells the caller, through its first argument, the primary key of the row it has moved to. */
export type TellPrimary = (primary: bigint) => void;

export class PrimaryIndex {
  readonly #context: ActionContext;
  readonly #tables: Tables;
  readonly #iterators = new Iterators<Row>((row) => this.#renew(row));

  constructor(context: ActionContext, tables: Tables) {
    this.#context = context;
    this.#tables = tables;
  }

  /** Begins the turn of another receiver. */
  nextTurn(): void {
    this.#iterators.nextTurn();
  }

  /** Adds a row to a table of the receiver. Names are i64 arguments; `data` is copied. */
  store(scope: bigint, tableName: bigint, payer: Name, primary: bigint, data: Uint8Array): number {
    this.#requireWritable('store');
    if (payer === 0n) reject('invalid_table_payer', 'must specify a valid account to pay for new record');
    const { receiver, state } = this.#context;
    const table = this.#tables.findOrCreate(BigInt.asIntN(64, receiver), scope, tableName, payer);
    const key = rowKeyOf(table, primary);
    if (this.#iterators.known(key) !== undefined || state.get(key) !== undefined) refuseDuplicate();
    const value = encodeRow(payer, data);
    state.put(key, value);
    this.#tables.addRows(table, 1);
    this.#context.chargeRam(payer, BigInt(billableBytes.row + data.length));
    this.#iterators.endOf(table);
    return this.#add(table, key, BigInt.asUintN(64, primary), value).iterator;
  }

  /** Replaces a row's data; payer 0 keeps the payer. */
  update(iterator: number, payer: Name, data: Uint8Array): void {
    this.#requireWritable('update');
    const row = this.#iterators.get(iterator);
    this.#tables.requireOwn(row.table);
    const oldPayer = payerOf(row.value);
    const newPayer = payer === 0n ? oldPayer : payer;
    const oldSize = row.value.length - DATA_OFFSET;
    if (newPayer !== oldPayer) {
      this.#context.chargeRam(oldPayer, -BigInt(billableBytes.row + oldSize));
      this.#context.chargeRam(newPayer, BigInt(billableBytes.row + data.length));
    } else if (data.length !== oldSize) {
      this.#context.chargeRam(oldPayer, BigInt(data.length - oldSize));
    }
    const value = new Uint8Array(DATA_OFFSET + data.length);
    if (newPayer === oldPayer) for (let i = 0; i < DATA_OFFSET; i++) value[i] = row.value[i]!;
    else writePayer(value, newPayer);
    value.set(data, DATA_OFFSET);
    row.value = value;
    this.#context.state.put(row.key, value);
  }

  /** Removes a row; its payer gets the RAM back. */
  remove(iterator: number): void {
    this.#requireWritable('remove');
    const row = this.#iterators.get(iterator);
    this.#tables.requireOwn(row.table);
    this.#context.chargeRam(payerOf(row.value), -BigInt(billableBytes.row + row.value.length - DATA_OFFSET));
    this.#context.state.remove(row.key);
    this.#tables.addRows(row.table, -1);
    this.#iterators.remove(row);
  }

  /** The stored value at an iterator; the row's data begins at `dataOffset`. */
  value(iterator: number): Uint8Array {
    return this.#iterators.get(iterator).value;
  }

  /** Iterator of the row after this one, or its table's end; -1 beyond the end. */
  next(iterator: number, tell: TellPrimary): number {
    if (iterator < NO_TABLE) return NO_TABLE;
    const row = this.#iterators.get(iterator);
    return this.#move(row.table, this.#context.state.first(keyAfter(row.key), row.table.rows.to), tell);
  }

  /** Iterator of the row before this one, or of the last row for an end; -1 before the first. */
  previous(iterator: number, tell: TellPrimary): number {
    const { state } = this.#context;
    if (iterator < NO_TABLE) {
      const table = this.#iterators.tableOfEnd(iterator);
      if (!table.live) return NO_TABLE;
      return this.#moveBack(table, state.last(table.rows.from, table.rows.to), tell);
    }
    const row = this.#iterators.get(iterator);
    return this.#moveBack(row.table, state.last(row.table.rows.from, row.key), tell);
  }

  /** Iterator of the row with this key, else the table's end, else -1. */
  find(code: bigint, scope: bigint, tableName: bigint, primary: bigint): number {
    const table = this.#tables.find(code, scope, tableName);
    if (table === undefined) return NO_TABLE;
    const end = this.#iterators.endOf(table);
    const key = rowKeyOf(table, primary);
    const known = this.#iterators.known(key);
    if (known !== undefined) return known.iterator;
    const value = this.#context.state.get(key);
    if (value === undefined) return end;
    this.#chargeRead(value);
    return this.#add(table, key, BigInt.asUintN(64, primary), value).iterator;
  }

  /** Iterator of the first row whose key is not below (`after`: is above) this one, else the table's end, else -1. */
  bound(code: bigint, scope: bigint, tableName: bigint, primary: bigint, after: boolean): number {
    const table = this.#tables.find(code, scope, tableName);
    if (table === undefined) return NO_TABLE;
    this.#iterators.endOf(table);
    const key = rowKeyOf(table, primary);
    return this.#move(table, this.#context.state.first(after ? keyAfter(key) : key, table.rows.to), ignore);
  }

  /** End iterator of a table, -1 when it does not exist. */
  end(code: bigint, scope: bigint, tableName: bigint): number {
    const table = this.#tables.find(code, scope, tableName);
    return table === undefined ? NO_TABLE : this.#iterators.endOf(table);
  }

  #move(table: Table, entry: StateEntry | undefined, tell: TellPrimary): number {
    if (entry === undefined) return this.#iterators.endOf(table);
    return this.#visit(table, entry, tell);
  }

  #moveBack(table: Table, entry: StateEntry | undefined, tell: TellPrimary): number {
    return entry === undefined ? NO_TABLE : this.#visit(table, entry, tell);
  }

  #visit(table: Table, entry: StateEntry, tell: TellPrimary): number {
    const { key, value } = entry;
    this.#chargeRead(value);
    const row = this.#iterators.known(key) ?? this.#add(table, key, u64FromKey(key, PRIMARY_OFFSET), value);
    tell(row.primary);
    return row.iterator;
  }

  #add(table: Table, key: StateKey, primary: bigint, value: Uint8Array): Row {
    return this.#iterators.add({ table, key, primary, value, ...this.#iterators.begin() });
  }

  #renew(row: Row): boolean {
    const value = this.#context.state.get(row.key);
    if (value === undefined) return false;
    this.#chargeRead(value);
    row.value = value;
    return true;
  }

  /** Reading a row takes time with its size, whatever part of it the contract then wants. */
  #chargeRead(value: Uint8Array): void {
    this.#tables.charge(Math.floor(value.length * gasPrices.readByte));
  }

  #requireWritable(what: string): void {
    if (!this.#context.transaction.readOnly) return;
    reject('table_operation_not_permitted', `cannot ${what} a db record when executing a readonly transaction`);
  }
}

/** Where a stored value's data begins. */
export const dataOffset = DATA_OFFSET;

/** What Antelope's database answers to a second object with the same key. */
export function refuseDuplicate(): never {
  return reject('database_exception', 'could not insert object, most likely a uniqueness constraint was violated');
}

/** Payer at the start of a stored value. */
export function payerOf(value: Uint8Array): Name {
  for (let i = 0; i < 8; i++) scratch[i] = value[i]!;
  return scratchView.getBigUint64(0, true) as Name;
}

/** Puts the payer at the start of a value to be stored. */
export function writePayer(value: Uint8Array, payer: Name): void {
  scratchView.setBigUint64(0, payer, true);
  for (let i = 0; i < 8; i++) value[i] = scratch[i]!;
}

function rowKeyOf(table: Table, primary: bigint): StateKey {
  return table.rows.from + u64Key(primary);
}

function ignore(): void {}
