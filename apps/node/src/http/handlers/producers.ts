/** `get_producers`: the system contract's table by votes, or the schedule. */
import type { ResponseOf, Routes } from '@snapscale/api';
import { formatLegacyPublicKey, toHex } from '@snapscale/crypto';
import {
  getRow,
  getSchedule,
  indexFamilies,
  indexKey,
  indexPrefix,
  indexRowPrefix,
  keyKinds,
  prefixEnd,
  type StateKey,
  type StateReader,
  tableId,
  tableKey,
  u64FromKey,
  u64Key,
} from '@snapscale/execution';
import {
  type CompiledAbi,
  decodeType,
  formatDouble,
  formatName,
  type Json,
  type JsonObject,
  name,
  names,
  scheduleToJson,
  tableType,
} from '@snapscale/protocol';
import type { Handler, RequestContext } from '../server/handler.js';
import { nameOf } from '../view/fields.js';
import { decodedRow, entriesInRange } from '../view/table-scan.js';
import { pageLimit } from './tables.js';

type Producers = ResponseOf<Routes['chain']['getProducers']>;

const producersTable = name('producers');
const globalTable = name('global');
const tableKeys = tableId(names.eosio, names.eosio, producersTable);

/** Falls back to the schedule where nodeos does: when there is no system contract with a producers table. */
export const getProducers: Handler<Routes['chain']['getProducers']> = (context, request) => {
  const { state, abis } = context;
  const abi = abis.get(state, names.eosio);
  const type = abi === undefined ? undefined : tableType(abi, producersTable);
  const global = abi === undefined ? undefined : globalRow(state, abi);
  if (abi === undefined || type === undefined || global === undefined) return scheduleRows(state);
  return votedRows(
    context,
    request,
    (bytes) => (request.json === true ? decodeType(abi, type, bytes) : toHex(bytes)),
    global,
  );
};

function globalRow(state: StateReader, abi: CompiledAbi): JsonObject | undefined {
  if (state.get(tableKey(tableKeys)) === undefined) return undefined;
  const row = decodedRow(state, abi, names.eosio, names.eosio, globalTable, globalTable);
  return typeof row === 'object' && row !== null ? (row as JsonObject) : undefined;
}

function votedRows(
  context: RequestContext,
  request: { readonly lower_bound?: string | undefined; readonly limit?: number | undefined },
  show: (bytes: Uint8Array) => Json,
  global: JsonObject,
): Producers {
  const { state } = context;
  const more = pageLimit(context, { limit: request.limit ?? 50 });
  const prefix = indexPrefix(indexFamilies.idxDouble, tableKeys);
  const from = startKey(state, (request.lower_bound ?? '') === '' ? 0n : nameOf(request.lower_bound!)) ?? prefix;
  const rows: Json[] = [];
  let looked = 0;
  let next = '';
  for (const { key } of entriesInRange(state, from, prefixEnd(prefix))) {
    const primary = u64FromKey(key, key.length - 8);
    if (!more(rows.length, looked++)) {
      next = formatName(primary);
      break;
    }
    const row = getRow(state, tableKeys, primary);
    if (row !== undefined) rows.push(show(row.data));
  }
  const weight = global.total_producer_vote_weight;
  return {
    rows,
    total_producer_vote_weight: typeof weight === 'string' ? weight : formatDouble(Number(weight ?? 0)),
    more: next,
  };
}

/** Where the producer (or the next by name) stands in the index by votes; undefined: from the beginning. */
function startKey(state: StateReader, producer: bigint): StateKey | undefined {
  if (producer === 0n) return undefined;
  const { idxDouble } = indexFamilies;
  const prefix = indexRowPrefix(idxDouble, tableKeys);
  const entry = state.first(prefix + u64Key(producer), prefixEnd(prefix));
  if (entry === undefined) return prefixEnd(indexPrefix(idxDouble, tableKeys));
  const secondary = keyKinds.idxDouble.sortable(entry.value.subarray(8));
  return indexKey(idxDouble, tableKeys, secondary, u64FromKey(entry.key, prefix.length));
}

function scheduleRows(state: StateReader): Producers {
  const schedule = getSchedule(state);
  const shown = scheduleToJson(schedule) as { readonly producers: readonly { readonly authority: Json }[] };
  return {
    rows: schedule.producers.map(({ name: owner, key }, index) => ({
      owner: formatName(owner),
      producer_authority: shown.producers[index]!.authority,
      url: '',
      total_votes: formatDouble(0),
      producer_key: formatLegacyPublicKey(key),
    })),
    total_producer_vote_weight: formatDouble(0),
    more: '',
  };
}
