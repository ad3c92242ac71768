/** Walking contract tables in the state. */
import {
  decodeRow,
  getRow,
  keyAfter,
  prefixRange,
  type RowRecord,
  rowPrefix,
  type StateEntry,
  type StateKey,
  type StateReader,
  tableId,
} from '@snapscale/execution';
import {
  type CompiledAbi,
  DecodeError,
  decodeType,
  type Json,
  type Name,
  Reject,
  tableType,
} from '@snapscale/protocol';

/** Entries of [from, to) upwards, or downwards with `reverse`. */
export function* entriesInRange(
  state: StateReader,
  from: StateKey,
  to: StateKey,
  reverse = false,
): Generator<StateEntry, void, void> {
  let low = from;
  let high = to;
  while (low < high) {
    const entry = reverse ? state.last(low, high) : state.first(low, high);
    if (entry === undefined) return;
    yield entry;
    if (reverse) high = entry.key;
    else low = keyAfter(entry.key);
  }
}

/** A row of a table by code, scope, table and primary key. */
export function findRow(
  state: StateReader,
  code: Name,
  scope: bigint,
  table: bigint,
  primary: bigint,
): RowRecord | undefined {
  return getRow(state, tableId(code, scope, table), primary);
}

/** Rows of a table from the first. */
export function* rowsOf(
  state: StateReader,
  code: Name,
  scope: bigint,
  table: bigint,
): Generator<RowRecord, void, void> {
  const [from, to] = prefixRange(rowPrefix(tableId(code, scope, table)));
  for (const { value } of entriesInRange(state, from, to)) yield decodeRow(value);
}

/** A row of a table as fields; undefined when there is no such row, the ABI lacks the table, or the bytes do not fit it. */
export function decodedRow(
  state: StateReader,
  abi: CompiledAbi,
  code: Name,
  scope: bigint,
  table: Name,
  primary: bigint,
): Json | undefined {
  const row = findRow(state, code, scope, table, primary);
  const type = tableType(abi, table);
  if (row === undefined || type === undefined) return undefined;
  try {
    return decodeType(abi, type, row.data);
  } catch (error) {
    if (error instanceof Reject || error instanceof DecodeError) return undefined;
    throw error;
  }
}
