/** What comes from the tables of an EOSIO system contract: parts of get_account, and get_producers. */
import {
  abiKey,
  encodeRow,
  indexFamilies,
  indexKey,
  indexRowKey,
  keyKinds,
  putTable,
  rowKey,
  tableId,
  WorkingState,
} from '@snapscale/execution';
import {
  abiSchema,
  compileAbi,
  encode,
  encodeType,
  type Json,
  type Name,
  name,
  names,
  parseAbi,
  parseSymbol,
  tableType,
} from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import type { RequestContext } from '../server/handler.js';
import { defaultHttpOptions } from '../server/options.js';
import { MemoryChain } from '../testing/memory-chain.js';
import { AbiCache } from '../view/abi-cache.js';
import { accountHandlers } from './accounts.js';
import { chainInfoHandlers } from './chain-info.js';

const field = (text: string) =>
  text.split(', ').map((pair) => ({ name: pair.split(' ')[0]!, type: pair.split(' ')[1]! }));
const structs: Record<string, string> = {
  user_resources: 'owner name, net_weight asset, cpu_weight asset, ram_bytes int64',
  delegated_bandwidth: 'from name, to name, net_weight asset, cpu_weight asset',
  refund_request: 'owner name, request_time time_point_sec, net_amount asset, cpu_amount asset',
  voter_info: 'owner name, proxy name, producers name[], staked int64, last_vote_weight float64',
  rex_balance: 'version uint8, owner name, vote_stake asset',
  producer_info: 'owner name, total_votes float64, is_active bool, url string',
  global: 'total_producer_vote_weight float64',
  exchange_state: 'supply asset, base asset, base_weight float64, quote asset, quote_weight float64',
};
const tables: Record<string, string> = {
  userres: 'user_resources',
  delband: 'delegated_bandwidth',
  refunds: 'refund_request',
  voters: 'voter_info',
  rexbal: 'rex_balance',
  producers: 'producer_info',
  global: 'global',
  rammarket: 'exchange_state',
};
const abi = parseAbi({
  version: 'eosio::abi/1.1',
  structs: Object.entries(structs).map(([struct, fields]) => ({ name: struct, base: '', fields: field(fields) })),
  tables: Object.entries(tables).map(([table, type]) => ({ name: table, type, index_type: 'i64' })),
});
const compiled = compileAbi(abi);

function put(
  state: WorkingState,
  code: Name,
  scope: bigint,
  table: string,
  primary: bigint,
  row: Json | Uint8Array,
): void {
  const id = tableId(code, scope, name(table));
  const data = row instanceof Uint8Array ? row : encodeType(compiled, tableType(compiled, name(table))!, row as Json);
  putTable(state, id, { count: 1, payer: names.eosio });
  state.put(rowKey(id, primary), encodeRow(names.eosio, data));
}

function contextOf(state: WorkingState): RequestContext {
  return {
    state,
    backend: new MemoryChain(),
    abis: new AbiCache(),
    options: defaultHttpOptions,
    nowMs: () => 0,
  } as unknown as RequestContext;
}

function systemState(): WorkingState {
  const state = new WorkingState(new MemoryChain().headState());
  state.put(abiKey(names.eosio), encode(abiSchema, abi));
  return state;
}

describe('get_account', () => {
  it('shows the rows of the system contract', () => {
    const state = systemState();
    const { eosio } = names;
    put(state, eosio, eosio, 'userres', eosio, {
      owner: 'eosio',
      net_weight: '1.0000 EOS',
      cpu_weight: '2.0000 EOS',
      ram_bytes: 9215,
    });
    put(state, eosio, eosio, 'delband', eosio, {
      from: 'eosio',
      to: 'eosio',
      net_weight: '1.0000 EOS',
      cpu_weight: '2.0000 EOS',
    });
    put(state, eosio, eosio, 'refunds', eosio, {
      owner: 'eosio',
      request_time: '2030-01-01T00:00:00',
      net_amount: '1.0000 EOS',
      cpu_amount: '0.0000 EOS',
    });
    put(state, eosio, eosio, 'voters', eosio, {
      owner: 'eosio',
      proxy: '',
      producers: ['alice'],
      staked: 20000,
      last_vote_weight: '1.5',
    });
    put(state, eosio, eosio, 'rexbal', eosio, { version: 0, owner: 'eosio', vote_stake: '1.0000 EOS' });
    const account = accountHandlers.getAccount(contextOf(state), { account_name: 'eosio' });
    expect(account).toMatchObject({
      total_resources: { owner: 'eosio', net_weight: '1.0000 EOS', cpu_weight: '2.0000 EOS', ram_bytes: 9215 },
      self_delegated_bandwidth: { from: 'eosio', to: 'eosio' },
      refund_request: { request_time: '2030-01-01T00:00:00' },
      voter_info: { producers: ['alice'], staked: 20000, last_vote_weight: '1.50000000000000000' },
      rex_info: { vote_stake: '1.0000 EOS' },
    });
  });

  it('shows null where there is no row or it does not fit the ABI', () => {
    const state = systemState();
    put(state, names.eosio, names.eosio, 'userres', names.eosio, Uint8Array.of(1, 2, 3));
    expect(accountHandlers.getAccount(contextOf(state), { account_name: 'eosio' })).toMatchObject({
      total_resources: null,
      self_delegated_bandwidth: null,
      refund_request: null,
      voter_info: null,
      rex_info: null,
    });
  });

  it('takes the core symbol from the RAM market where there is one', () => {
    const state = systemState();
    const eos = parseSymbol('4,EOS') >> 8n;
    const asset = encodeType(compiled, 'asset', '3.0000 EOS');
    put(state, names.eosioToken, names.eosio, 'accounts', eos, asset);
    const core = () =>
      (accountHandlers.getAccount(contextOf(state), { account_name: 'eosio' }) as { core_liquid_balance?: string })
        .core_liquid_balance;
    expect(core()).toBeUndefined();
    put(state, names.eosio, names.eosio, 'rammarket', parseSymbol('4,RAMCORE'), {
      supply: '1.0000 RAMCORE',
      base: '1 RAM',
      base_weight: '0.5',
      quote: '1.0000 EOS',
      quote_weight: '0.5',
    });
    expect(core()).toBe('3.0000 EOS');
  });
});

describe('get_producers', () => {
  function withProducers(votes: Record<string, number>): WorkingState {
    const state = systemState();
    put(state, names.eosio, names.eosio, 'global', name('global'), { total_producer_vote_weight: '123.5' });
    const id = tableId(names.eosio, names.eosio, name('producers'));
    for (const [owner, total] of Object.entries(votes)) {
      put(state, names.eosio, names.eosio, 'producers', name(owner), {
        owner,
        total_votes: total,
        is_active: true,
        url: '',
      });
      // The system contract orders by negative votes, so that the index begins with the most.
      const key = new Uint8Array(8);
      new DataView(key.buffer).setFloat64(0, -total, true);
      const payer = new Uint8Array(8);
      state.put(indexKey(indexFamilies.idxDouble, id, keyKinds.idxDouble.sortable(key), name(owner)), payer);
      state.put(indexRowKey(indexFamilies.idxDouble, id, name(owner)), Uint8Array.from([...payer, ...key]));
    }
    return state;
  }

  type Answer = { rows: { owner: string }[] | string[]; total_producer_vote_weight: string; more: string };
  const ask = (state: WorkingState, request: Record<string, unknown>) =>
    chainInfoHandlers.getProducers(contextOf(state), request as never) as unknown as Answer;

  it('lists producers by votes, in pages', () => {
    const state = withProducers({ aa: 5, bb: 50, cc: 0, dd: 7 });
    const all = ask(state, { json: true });
    expect(all.rows.map((row) => (row as { owner: string }).owner)).toEqual(['bb', 'dd', 'aa', 'cc']);
    expect(all).toMatchObject({ total_producer_vote_weight: '123.50000000000000000', more: '' });
    const first = ask(state, { json: true, limit: 2 });
    expect([first.rows.length, first.more]).toEqual([2, 'aa']);
    const second = ask(state, { json: true, limit: 2, lower_bound: first.more });
    expect(second.rows.map((row) => (row as { owner: string }).owner)).toEqual(['aa', 'cc']);
    expect(ask(state, { json: true, lower_bound: 'zz' }).rows).toEqual([]);
    expect(ask(state, {}).rows[0]).toMatch(/^[0-9a-f]+$/);
  });

  it('falls back to the schedule without a producers table', () => {
    expect(ask(systemState(), { json: true }).rows).toMatchObject([
      { owner: 'eosio', url: '', total_votes: '0.00000000000000000' },
    ]);
  });
});

describe('get_activated_protocol_features', () => {
  const ask = (request: Record<string, unknown>) => {
    const answer = chainInfoHandlers.getActivatedProtocolFeatures(
      contextOf(systemState()),
      request as never,
    ) as unknown as {
      activated_protocol_features: { activation_ordinal: number }[];
      more?: number;
    };
    return [answer.activated_protocol_features.map((feature) => feature.activation_ordinal), answer.more];
  };

  it('pages by ordinal, in either direction', () => {
    expect(ask({ limit: 3 })).toEqual([[0, 1, 2], 3]);
    expect(ask({ limit: 2, lower_bound: 5 })).toEqual([[5, 6], 7]);
    expect(ask({ limit: 2, reverse: true, upper_bound: 7 })).toEqual([[7, 6], 5]);
    expect(ask({ limit: 1000 })[1]).toBeUndefined();
    expect(ask({ limit: 5, search_by_block_num: true, lower_bound: 2 })).toEqual([[], undefined]);
    expect(ask({ lower_bound: 5, upper_bound: 4 })).toEqual([[], undefined]);
  });
});
