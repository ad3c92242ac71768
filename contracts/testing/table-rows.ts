/** Reading the tables of a contract out of a state. */
import { decodeRow, prefixEnd, rowPrefix, type StateReader, tableId, u64FromKey } from '@snapscale/execution';
import {
  type CompiledAbi,
  decodeType,
  formatName,
  type Json,
  name,
  parseSymbolCode,
  tableType,
} from '@snapscale/protocol';

/** A table; its scope is a name or a symbol code, or a number as bigint. */
export type TableQuery = { readonly account: string; readonly scope: string | bigint; readonly table: string };

/** The number that stands for a scope or key: a bigint itself, a symbol code such as `XST`, or a name. */
export function numberOf(value: string | bigint): bigint {
  if (typeof value === 'bigint') return value;
  return /^[A-Z]{1,7}$/.test(value) ? parseSymbolCode(value) : name(value);
}

/** Rows in the order of their primary keys. @throws Error when the contract has no such table */
export function readTable(
  state: StateReader,
  abi: CompiledAbi,
  { account, scope, table }: TableQuery,
): { key: bigint; payer: string; row: Json }[] {
  const type = tableType(abi, name(table));
  if (type === undefined) throw new Error(`the contract of ${account} has no table ${table}`);
  const prefix = rowPrefix(tableId(name(account), numberOf(scope), name(table)));
  const end = prefixEnd(prefix);
  const rows: { key: bigint; payer: string; row: Json }[] = [];
  for (let entry = state.first(prefix, end); entry !== undefined; entry = state.first(`${entry.key}\u0000`, end)) {
    const { payer, data } = decodeRow(entry.value);
    rows.push({
      key: u64FromKey(entry.key, prefix.length),
      payer: formatName(payer),
      row: decodeType(abi, type, data),
    });
  }
  return rows;
}
