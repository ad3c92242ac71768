/**
 * Tables of the native account `snap.fees`, stored as ordinary contract tables (code and scope `snap.fees`), so that
 * `get_table_rows`, explorers and indexers read them like any other.
 *
 * There is at most one row per account in each, paid for by `snap.fees` itself and not billed as RAM: an account has
 * prepaid for such things (`billableBytes.account`).
 */
import { encode, type Name, names, Reader, type Schema } from '@snapscale/protocol';
import { nameKey, prefixRange, rowPrefix, tableId, tableKey } from '../../state/keys.js';
import { keyAfter, type StateKey, type StateReader } from '../../state/reader.js';
import { encodeRow, getTable, putTable } from '../../state/records.js';
import type { WorkingState } from '../../state/working-state.js';

/** A table whose primary key is a name, as a rule that of the row's account. */
export type FeeTable<T> = {
  readonly name: Name;
  readonly schema: Schema<T>;
  get(state: StateReader, key: Name): T | undefined;
  /** The stored bytes of a row, for callers that keep what they have decoded. */
  getBytes(state: StateReader, key: Name): Uint8Array | undefined;
  decode(bytes: Uint8Array): T;
  put(state: WorkingState, key: Name, row: T): void;
  remove(state: WorkingState, key: Name): void;
  isEmpty(state: StateReader): boolean;
  /** All rows, ascending by key. */
  rows(state: StateReader): Generator<T>;
};

/** Bytes of the payer that precede a row's data. */
const PAYER_BYTES = 8;

/** The table `name` with rows of `schema`. */
export function feeTable<T>(name: Name, schema: Schema<T>): FeeTable<T> {
  const id = tableId(names.snapFees, names.snapFees, name);
  const prefix = rowPrefix(id);
  const rowKey = (key: Name): StateKey => prefix + nameKey(key);
  const read = (bytes: Uint8Array): T => schema.read(new Reader(bytes, PAYER_BYTES));

  function count(state: WorkingState, change: 1 | -1): void {
    const rows = (getTable(state, id)?.count ?? 0) + change;
    if (rows === 0) state.remove(tableKey(id));
    else putTable(state, id, { count: rows, payer: names.snapFees });
  }

  return {
    name,
    schema,
    getBytes: (state, key) => state.get(rowKey(key)),
    decode: read,
    get(state, key) {
      const bytes = state.get(rowKey(key));
      return bytes === undefined ? undefined : read(bytes);
    },
    put(state, key, row) {
      const at = rowKey(key);
      const exists = state.get(at) !== undefined;
      state.put(at, encodeRow(names.snapFees, encode(schema, row)));
      if (!exists) count(state, 1);
    },
    remove(state, key) {
      const at = rowKey(key);
      if (state.get(at) === undefined) return;
      state.remove(at);
      count(state, -1);
    },
    isEmpty: (state) => state.get(tableKey(id)) === undefined,
    *rows(state) {
      const [from, to] = prefixRange(prefix);
      for (let at = from; ; ) {
        const entry = state.first(at, to);
        if (entry === undefined) return;
        yield read(entry.value);
        at = keyAfter(entry.key);
      }
    },
  };
}
