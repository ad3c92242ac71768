/** The tables that the running action has touched: existence, row counts and payers, each read from the state once. */
import { formatName, type Name, reject } from '@snapscale/protocol';
import type { ActionContext } from '../../apply/types.js';
import { billableBytes } from '../../native/billable.js';
import { type IndexFamily, indexPrefix, rowPrefix, tableId, tableKey } from '../../state/keys.js';
import { prefixEnd, type StateKey } from '../../state/reader.js';
import { getTable, putTable } from '../../state/records.js';
import { gasPrices } from '../gas-prices.js';

/** A range of state keys. */
export type KeyRange = { readonly from: StateKey; readonly to: StateKey };

/**
 * One incarnation of a table (code, scope, table). A table whose last row goes is gone; when it comes back it is another
 * one, with another end iterator. Primary and secondary rows of the same three names share the record and its count.
 */
export type Table = {
  readonly id: StateKey;
  /** The names as signed i64, as calls carry them: comparing them needs no conversion. */
  readonly code: bigint;
  readonly scope: bigint;
  readonly table: bigint;
  readonly payer: Name;
  count: number;
  live: boolean;
  /** The receiver's turn in which the record was last read. */
  turn: number;
  /** Keys of the primary rows. */
  readonly rows: KeyRange;
  /** Keys of the entries of each secondary index family, made when first used. */
  readonly indices: Map<IndexFamily, KeyRange>;
};

/** Tables that are found by comparing names; beyond them the search goes by key. */
const RECENT_MAX = 8;

/** Charges gas beyond the base price of a call. */
export type ChargeGas = (gas: number) => void;

export class Tables {
  /** For work that the arguments of a call do not show. */
  readonly charge: ChargeGas;
  readonly #context: ActionContext;
  readonly #recent: Table[] = [];
  readonly #byId = new Map<StateKey, Table>();
  #turn = 0;

  constructor(context: ActionContext, charge: ChargeGas) {
    this.#context = context;
    this.charge = charge;
  }

  /** Begins the turn of another receiver: native code may have changed the state in between. */
  nextTurn(): void {
    this.#turn++;
  }

  /** The table, or undefined when it has no rows. Names are i64 arguments. */
  find(code: bigint, scope: bigint, table: bigint): Table | undefined {
    const recent = this.#recent;
    for (let i = recent.length - 1; i >= 0; i--) {
      const one = recent[i]!;
      if (one.table === table && one.scope === scope && one.code === code && one.turn === this.#turn) return one;
    }
    return this.#findById(code, scope, table);
  }

  /** The table of the receiver, made and charged to `payer` when it does not exist. */
  findOrCreate(code: bigint, scope: bigint, table: bigint, payer: Name): Table {
    const known = this.find(code, scope, table);
    if (known !== undefined) return known;
    const id = idOf(code, scope, table);
    this.charge(gasPrices.tableStore);
    this.#context.chargeRam(payer, BigInt(billableBytes.table));
    return this.#remember(id, code, scope, table, 0, payer);
  }

  /** Counts rows in (+1) or out (-1); removes the table with its last row. */
  addRows(table: Table, change: 1 | -1): void {
    table.count += change;
    const { state } = this.#context;
    if (table.count > 0) {
      putTable(state, table.id, { count: table.count, payer: table.payer });
      return;
    }
    this.#forget(table);
    state.remove(tableKey(table.id));
    this.#context.chargeRam(table.payer, -BigInt(billableBytes.table));
  }

  /** Rejects writes to tables of other contracts. */
  requireOwn(table: Table): void {
    if (table.turn !== this.#turn) this.#findById(table.code, table.scope, table.table);
    if (table.code !== BigInt.asIntN(64, this.#context.receiver)) {
      reject('table_access_violation', `db access violation: table of ${formatName(BigInt.asUintN(64, table.code))}`);
    }
  }

  #findById(code: bigint, scope: bigint, table: bigint): Table | undefined {
    const id = idOf(code, scope, table);
    const known = this.#byId.get(id);
    if (known !== undefined && known.turn === this.#turn) {
      this.#makeRecent(known);
      return known;
    }
    const record = getTable(this.#context.state, id);
    if (record === undefined) {
      if (known !== undefined) this.#forget(known);
      return undefined;
    }
    if (known === undefined) return this.#remember(id, code, scope, table, record.count, record.payer);
    known.count = record.count;
    known.turn = this.#turn;
    this.#makeRecent(known);
    return known;
  }

  #remember(id: StateKey, code: bigint, scope: bigint, table: bigint, count: number, payer: Name): Table {
    const prefix = rowPrefix(id);
    const made: Table = {
      id,
      code,
      scope,
      table,
      payer,
      count,
      live: true,
      turn: this.#turn,
      rows: { from: prefix, to: prefixEnd(prefix) },
      indices: new Map(),
    };
    this.#byId.set(id, made);
    this.#makeRecent(made);
    return made;
  }

  #makeRecent(table: Table): void {
    const at = this.#recent.indexOf(table);
    if (at >= 0) this.#recent.splice(at, 1);
    else if (this.#recent.length === RECENT_MAX) this.#recent.shift();
    this.#recent.push(table);
  }

  #forget(table: Table): void {
    table.live = false;
    this.#byId.delete(table.id);
    const at = this.#recent.indexOf(table);
    if (at >= 0) this.#recent.splice(at, 1);
  }
}

/** Keys of a table's entries in one secondary index family. */
export function indexRange(table: Table, family: IndexFamily): KeyRange {
  const known = table.indices.get(family);
  if (known !== undefined) return known;
  const from = indexPrefix(family, table.id);
  const range = { from, to: prefixEnd(from) };
  table.indices.set(family, range);
  return range;
}

function idOf(code: bigint, scope: bigint, table: bigint): StateKey {
  return tableId(BigInt.asUintN(64, code), BigInt.asUintN(64, scope), BigInt.asUintN(64, table));
}
