/** Routes about contract tables. */
import type { RequestOf, ResponseOf, Routes } from '@snapscale/api';
import { toHex } from '@snapscale/crypto';
import {
  decodeRow,
  decodeTable,
  getAccount,
  getRow,
  indexPrefix,
  indexRowKey,
  nameKey,
  prefixEnd,
  type RowRecord,
  rowPrefix,
  type StateKey,
  type StateReader,
  tableId,
  u64FromKey,
  u64Key,
} from '@snapscale/execution';
import {
  assetSchema,
  type CompiledAbi,
  decode,
  decodeType,
  formatAsset,
  formatName,
  formatSymbolCode,
  isValidSymbol,
  type Json,
  type Name,
  name,
  Reader,
  reject,
  symbolCode,
} from '@snapscale/protocol';
import type { HandlersOf, RequestContext } from '../server/handler.js';
import { nameOf, symbolOf } from '../view/fields.js';
import { type KeyCodec, parseNameBound, parseU64, secondaryCodec } from '../view/table-bounds.js';
import { entriesInRange, rowsOf } from '../view/table-scan.js';

type RowsRequest = RequestOf<Routes['chain']['getTableRows']>;
type RowsResponse = ResponseOf<Routes['chain']['getTableRows']>;

/** Most rows of one answer. */
const ROWS_MAX = 1000;
/** Most rows that a search for balances looks at. */
const BALANCES_LOOKED_MAX = 10_000;
const NO_ROWS: RowsResponse = { rows: [], more: false, next_key: '' };
const u64Max = 2n ** 64n - 1n;

export const tableHandlers: HandlersOf<
  Pick<Routes['chain'], 'getTableRows' | 'getTableByScope' | 'getCurrencyBalance' | 'getCurrencyStats'>
> = {
  getTableRows(context, request) {
    const { state } = context;
    const code = nameOf(request.code);
    const abi = requireAbi(context, code);
    const table = nameOf(request.table);
    if ((table & 15n) !== 0n) reject('contract_table_query_exception', `Unsupported table name: ${request.table}`);
    const position = indexPosition(request.index_position ?? '');
    const query: Query = {
      state,
      request,
      id: tableId(code, parseU64(request.scope, 'scope'), table),
      show: rowShape(abi, table, request),
      more: pageLimit(context, request),
    };
    if (position === 0) {
      requirePrimary(abi, table, request.key_type ?? '');
      return primaryRows(query);
    }
    if ((request.key_type ?? '') === '') {
      reject('contract_table_query_exception', 'key type required for non-primary index');
    }
    const codec = secondaryCodec(request.key_type ?? '', request.encode_type ?? 'dec');
    const indexId = tableId(code, parseU64(request.scope, 'scope'), table | BigInt(position - 1));
    return secondaryRows(query, codec, indexId);
  },

  getTableByScope(context, request) {
    const { state } = context;
    const code = nameOf(request.code);
    const table = (request.table ?? '') === '' ? undefined : nameOf(request.table!);
    const lower = scopeBound(request.lower_bound, 'lower_bound scope', 0n);
    const upper = scopeBound(request.upper_bound, 'upper_bound scope', u64Max);
    const from = `t${nameKey(code)}${u64Key(lower)}${u64Key(table ?? 0n)}`;
    const to = prefixEnd(`t${nameKey(code)}${u64Key(upper)}${u64Key(table ?? u64Max)}`);
    const more = pageLimit(context, request);
    const rows: ResponseOf<Routes['chain']['getTableByScope']>['rows'][number][] = [];
    let looked = 0;
    for (const { key, value } of entriesInRange(state, from, to, request.reverse === true)) {
      if (!more(rows.length, looked++)) return { rows, more: formatName(u64FromKey(key, 9)) };
      const found = u64FromKey(key, 17);
      if (table !== undefined && found !== table) continue;
      const { count, payer } = decodeTable(value);
      rows.push({
        code: formatName(code),
        scope: formatName(u64FromKey(key, 9)),
        table: formatName(found),
        payer: formatName(payer),
        count,
      });
    }
    return { rows, more: '' };
  },

  getCurrencyBalance(context, { code, account, symbol }) {
    const contract = nameOf(code);
    requireTable(requireAbi(context, contract), accountsTable);
    const wanted = symbol === undefined || symbol === '' ? undefined : symbol.toUpperCase();
    const balances: string[] = [];
    let looked = 0;
    for (const row of rowsOf(context.state, contract, nameOf(account), accountsTable)) {
      if (row.data.length < 16) reject('asset_type_exception', 'Invalid data on table');
      const balance = decode(looseAsset, row.data.subarray(0, 16));
      if (!isValidSymbol(balance.symbol)) reject('asset_type_exception', 'Invalid asset');
      const code = formatSymbolCode(symbolCode(balance.symbol));
      if (wanted === undefined || code === wanted) balances.push(formatAsset(balance));
      if (++looked >= BALANCES_LOOKED_MAX || (wanted !== undefined && balances.length > 0)) break;
    }
    return balances;
  },

  getCurrencyStats(context, { code, symbol }) {
    const contract = nameOf(code);
    requireTable(requireAbi(context, contract), statTable);
    const scope = symbolOf(symbol, 'code');
    const stats: Record<string, { supply: string; max_supply: string; issuer: string }> = {};
    for (const row of rowsOf(context.state, contract, scope, statTable)) {
      if (row.data.length < 40) reject('asset_type_exception', 'Invalid data on table');
      const reader = new Reader(row.data);
      const supply = assetSchema.read(reader);
      const maxSupply = assetSchema.read(reader);
      stats[formatSymbolCode(symbolCode(supply.symbol))] = {
        supply: formatAsset(supply),
        max_supply: formatAsset(maxSupply),
        issuer: formatName(reader.u64()),
      };
    }
    return stats;
  },
};

const accountsTable = name('accounts');
const statTable = name('stat');

/** An asset whose symbol is checked by the reader, so that the error is nodeos's. */
const looseAsset = {
  ...assetSchema,
  read: (reader: Reader) => ({ amount: reader.i64(), symbol: reader.u64() }),
};

/** The ABI of a contract. Rejects with `account_query_exception` when there is no account, as nodeos. */
function requireAbi({ state, abis }: RequestContext, code: Name): CompiledAbi {
  if (getAccount(state, code) === undefined) {
    reject('account_query_exception', `Fail to retrieve account for ${formatName(code)}`);
  }
  return abis.get(state, code) ?? emptyAbi;
}

const emptyAbi: CompiledAbi = {
  abi: {
    version: 'eosio::abi/1.0',
    types: [],
    structs: [],
    actions: [],
    tables: [],
    ricardianClauses: [],
    errorMessages: [],
    abiExtensions: [],
  },
  typedefs: new Map(),
  structs: new Map(),
  variants: new Map(),
  actions: new Map(),
  tables: new Map(),
  actionResults: new Map(),
  errorMessages: new Map(),
  codecs: new Map(),
};

/** The type of a table's rows. Rejects with `contract_table_query_exception` when the ABI has no such table. */
function requireTable(abi: CompiledAbi, table: Name): string {
  return (
    abi.tables.get(table) ??
    reject('contract_table_query_exception', `Table ${formatName(table)} is not specified in the ABI`)
  );
}

function requirePrimary(abi: CompiledAbi, table: Name, keyType: string): void {
  requireTable(abi, table);
  const indexType = abi.abi.tables.find((definition) => definition.name === table)?.indexType ?? '';
  if (indexType !== 'i64' && keyType !== 'i64' && keyType !== 'name') {
    reject('contract_table_query_exception', `Invalid table type ${indexType}`);
  }
}

const positionWords: readonly (readonly [string, number])[] = [
  ['sec', 1],
  ['two', 1],
  ['ter', 2],
  ['th', 2],
  ['fou', 3],
  ['fi', 4],
  ['six', 5],
  ['sev', 6],
  ['eig', 7],
  ['nin', 8],
  ['ten', 9],
];

/** 0 for the primary index, 1 to 9 (of numbers: up to 16) for secondary ones; nodeos takes words by their beginning. */
function indexPosition(text: string): number {
  if (text === '' || text === 'first' || text === 'primary' || text === 'one') return 0;
  const word = positionWords.find(([beginning]) => text.startsWith(beginning));
  if (word !== undefined) return word[1];
  if (!/^\d{1,3}$/.test(text)) return reject('contract_table_query_exception', `Invalid index_position: ${text}`);
  const number = Number(text);
  if (number > 17) return reject('contract_table_query_exception', `Invalid index_position: ${text}`);
  return Math.max(0, number - 1);
}

type Query = {
  readonly state: StateReader;
  readonly request: RowsRequest;
  readonly id: StateKey;
  readonly show: (row: RowRecord) => Json;
  readonly more: PageLimit;
};

/** Whether a page takes another entry, given how many rows it has and how many entries were looked at. */
export type PageLimit = (rows: number, looked: number) => boolean;

/** Limits of a page: rows, and time, but at least one entry so that paging always gets on. */
export function pageLimit(
  { nowMs, options }: RequestContext,
  request: { readonly limit?: number | undefined; readonly time_limit_ms?: number | undefined },
): PageLimit {
  const limit = Math.min(request.limit ?? 10, ROWS_MAX);
  const endMs = nowMs() + Math.min(request.time_limit_ms ?? options.queryTimeMs, options.queryTimeMs);
  return (rows, looked) => rows < limit && (looked === 0 || nowMs() < endMs);
}

function rowShape(abi: CompiledAbi, table: Name, request: RowsRequest): (row: RowRecord) => Json {
  const type = abi.tables.get(table);
  const data = (row: RowRecord): Json => {
    if (request.json !== true) return toHex(row.data);
    return type === undefined ? toHex(row.data) : decodeType(abi, type, row.data);
  };
  return request.show_payer === true ? (row) => ({ data: data(row), payer: formatName(row.payer) }) : data;
}

function primaryRows({ state, request, id, show, more }: Query): RowsResponse {
  const parse = request.key_type === 'name' ? parseNameBound : parseU64;
  const { lower_bound: low = '', upper_bound: high = '' } = request;
  const lower = low === '' ? 0n : parse(low, 'lower_bound');
  const upper = high === '' ? u64Max : parse(high, 'upper_bound');
  if (upper < lower) return NO_ROWS;
  const prefix = rowPrefix(id);
  const rows: Json[] = [];
  const range = [prefix + u64Key(lower), prefixEnd(prefix + u64Key(upper))] as const;
  for (const { key, value } of entriesInRange(state, ...range, request.reverse === true)) {
    if (!more(rows.length, rows.length)) {
      return { rows, more: true, next_key: u64FromKey(key, prefix.length).toString() };
    }
    rows.push(show(decodeRow(value)));
  }
  return { rows, more: false, next_key: '' };
}

/** Bytes of the payer before the secondary key in a 'j' entry. */
const PAYER_BYTES = 8;

function secondaryRows({ state, request, id, show, more }: Query, codec: KeyCodec, indexId: StateKey): RowsResponse {
  const { family, sortable } = codec.kind;
  const prefix = indexPrefix(family, indexId);
  const { lower_bound: low = '', upper_bound: high = '' } = request;
  const lower = low === '' ? '' : sortable(codec.parse(low, 'lower_bound'));
  const upper = high === '' ? undefined : sortable(codec.parse(high, 'upper_bound'));
  if (upper !== undefined && upper < lower) return NO_ROWS;
  const rows: Json[] = [];
  let looked = 0;
  const range = [prefix + lower, prefixEnd(prefix + (upper ?? ''))] as const;
  for (const { key } of entriesInRange(state, ...range, request.reverse === true)) {
    const primary = u64FromKey(key, key.length - 8);
    if (!more(rows.length, looked++)) {
      const entry = state.get(indexRowKey(family, indexId, primary));
      return { rows, more: true, next_key: entry === undefined ? '' : codec.format(entry.subarray(PAYER_BYTES)) };
    }
    const row = getRow(state, id, primary);
    if (row !== undefined) rows.push(show(row));
  }
  return { rows, more: false, next_key: '' };
}

function scopeBound(text: string | undefined, what: string, otherwise: bigint): bigint {
  return text === undefined || text === '' ? otherwise : parseU64(text, what);
}
