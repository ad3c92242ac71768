import { allRoutes, routes, violations } from '@snapscale/api';
import { fromHex, toHex } from '@snapscale/crypto';
import { decode, encode, name, packedTransactionSchema, transactionId } from '@snapscale/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpServer, startHttpServer } from '../server/http-server.js';
import type { MemoryChain } from '../testing/memory-chain.js';
import { makeAction, makeTransaction, push, sampleChain, signedBytes } from '../testing/sample-chain.js';
import { recordedShape, shapeDifferences } from '../testing/shape.js';

const developmentPublicKey = 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV';

let chain: MemoryChain;
let server: HttpServer;
let transferId: string;

beforeAll(async () => {
  chain = await sampleChain();
  await push(chain, [
    makeAction(chain, 'eosio', 'updateauth', 'bob', {
      account: 'bob',
      permission: 'claim',
      parent: 'active',
      auth: {
        threshold: 1,
        keys: [],
        accounts: [{ permission: { actor: 'alice', permission: 'active' }, weight: 1 }],
        waits: [],
      },
    }),
  ]);
  await push(chain, [
    makeAction(chain, 'eosio', 'linkauth', 'bob', {
      account: 'bob',
      code: 'eosio.token',
      type: 'transfer',
      requirement: 'claim',
    }),
    makeAction(chain, 'eosio', 'linkauth', 'bob', { account: 'bob', code: 'eosio', type: '', requirement: 'claim' }),
  ]);
  const bytes = signedBytes(chain, makeTransaction(chain, [transfer('1.0000 XST')]));
  transferId = toHex(transactionId(decode(packedTransactionSchema, bytes).packedTransaction));
  await chain.submit(bytes, 'push');
  chain.produce();
  server = await startHttpServer(chain, { port: 0 });
});

afterAll(() => server.close());

function transfer(quantity: string) {
  return makeAction(chain, 'eosio.token', 'transfer', 'alice', { from: 'alice', to: 'bob', quantity, memo: '' });
}

/** The JSON of a signed transaction. */
function packedJson(quantity: string): unknown {
  const bytes = signedBytes(chain, makeTransaction(chain, [transfer(quantity)]));
  return packedTransactionSchema.toJson(decode(packedTransactionSchema, bytes));
}

async function ask(path: string, body: unknown): Promise<{ status: number; json: unknown }> {
  const response = await fetch(server.url + path, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, json: await response.json() };
}

/** A request for each route that answers JSON. */
function requests(): Record<string, unknown> {
  return {
    '/v1/chain/get_info': {},
    '/v1/snap/get_access': {},
    '/v1/chain/get_activated_protocol_features': { limit: 3 },
    '/v1/chain/get_consensus_parameters': {},
    '/v1/chain/get_finalizer_info': {},
    '/v1/chain/get_producers': { json: true },
    '/v1/chain/get_producer_schedule': {},
    '/v1/chain/get_scheduled_transactions': {},
    '/v1/chain/get_block': { block_num_or_id: chain.head },
    '/v1/chain/get_block_info': { block_num: 2 },
    '/v1/chain/get_block_header': { block_num_or_id: 2, include_extensions: true },
    '/v1/chain/get_block_header_state': { block_num_or_id: chain.head },
    '/v1/chain/get_raw_block': { block_num_or_id: 2 },
    '/v1/chain/get_account': { account_name: 'bob' },
    '/v1/chain/get_accounts_by_authorizers': {
      accounts: ['alice', { actor: 'alice', permission: 'active' }],
      keys: [developmentPublicKey],
    },
    '/v1/chain/get_required_keys': {
      transaction: { ...emptyTransaction, actions: [{ ...transferJson('1.0000 XST'), data: '' }] },
      available_keys: [developmentPublicKey],
    },
    '/v1/chain/get_abi': { account_name: 'eosio.token' },
    '/v1/chain/get_raw_abi': { account_name: 'eosio.token' },
    '/v1/chain/get_code': { account_name: 'eosio.token' },
    '/v1/chain/get_code_hash': { account_name: 'eosio.token' },
    '/v1/chain/get_raw_code_and_abi': { account_name: 'eosio.token' },
    '/v1/chain/get_table_rows': { code: 'eosio.token', scope: 'XST', table: 'stat', json: true },
    '/v1/chain/get_table_by_scope': { code: 'eosio.token', table: 'accounts' },
    '/v1/chain/get_currency_balance': { code: 'eosio.token', account: 'alice', symbol: 'xst' },
    '/v1/chain/get_currency_stats': { code: 'eosio.token', symbol: 'xst' },
    '/v1/chain/send_transaction': packedJson('0.0001 XST'),
    '/v1/chain/send_transaction2': { transaction: packedJson('0.0002 XST') },
    '/v1/chain/push_transaction': packedJson('0.0003 XST'),
    '/v1/chain/push_transactions': [packedJson('0.0004 XST'), packedJson('0.0005 XST')],
    '/v1/chain/compute_transaction': { transaction: packedJson('0.0006 XST') },
    '/v1/chain/send_read_only_transaction': {
      transaction: { ...emptyTransaction, actions: [{ ...transferJson('1.0000 XST'), authorization: [] }] },
    },
    '/v1/chain/get_transaction_id': { ...emptyTransaction, actions: [transferJson('1.0000 XST')] },
    '/v1/chain/get_transaction_status': { id: transferId },
    '/v1/trace_api/get_block': { block_num: chain.head },
    '/v1/trace_api/get_transaction_trace': { id: transferId },
    '/v1/history/get_transaction': { id: transferId },
    '/v1/history/get_key_accounts': { public_key: developmentPublicKey },
    '/v1/history/get_controlled_accounts': { controlling_account: 'alice' },
    '/v1/node/health': {},
    '/v1/node/ready': {},
    '/v1/node/get_supported_apis': {},
    '/v1/producer/create_snapshot': {},
  };
}

const emptyTransaction = { expiration: '2036-08-01T07:15:49', ref_block_num: 1, ref_block_prefix: 2 };

function transferJson(quantity: string) {
  return {
    account: 'eosio.token',
    name: 'transfer',
    authorization: [{ actor: 'alice', permission: 'active' }],
    data: { from: 'alice', to: 'bob', quantity, memo: '' },
  };
}

describe('answers', () => {
  it('conform to the schema of their route, with its status', async () => {
    const asked = requests();
    for (const route of allRoutes()) {
      if (!(route.path in asked)) continue;
      const { status, json } = await ask(route.path, asked[route.path]);
      expect(status, `${route.path} ${JSON.stringify(json).slice(0, 300)}`).toBe(route.status);
      expect(violations(route.response, json), route.path).toEqual([]);
    }
    const left = allRoutes()
      .filter((route) => !(route.path in asked))
      .map((route) => route.path);
    expect(left.sort()).toEqual(
      [
        routes.node.getMetrics,
        routes.node.getOpenApi,
        routes.snap.getAuthorities,
        // They need a chain with finality: tests/light-client.
        routes.snap.getActionProof,
        routes.snap.getBlockProof,
        routes.snap.getLightClientUpdate,
        routes.snap.getRowProof,
        routes.snap.getStateProof,
        routes.snap.getTransactionProof,
        routes.snap.stream,
        routes.snap.submit,
      ]
        .map((route) => route.path)
        .sort(),
    );
  });

  const recorded: Record<string, () => unknown> = {
    get_info: () => ({}),
    get_account: () => ({ account_name: 'bob' }),
    get_block: () => ({ block_num_or_id: chain.head }),
    get_block_info: () => ({ block_num: 2 }),
    get_block_header_state: () => ({ block_num_or_id: chain.head }),
    get_activated_protocol_features: () => ({}),
    get_producer_schedule: () => ({}),
    get_raw_abi: () => ({ account_name: 'eosio.token' }),
    get_table_by_scope: () => ({ code: 'eosio.token' }),
    get_table_rows: () => ({ code: 'eosio.token', scope: 'alice', table: 'accounts', json: true }),
    get_currency_stats: () => ({ code: 'eosio.token', symbol: 'XST' }),
    get_currency_balance: () => ({ code: 'eosio.token', account: 'bob' }),
    get_accounts_by_authorizers: () => ({ accounts: ['alice'], keys: [developmentPublicKey] }),
    get_transaction_status: () => ({ id: transferId }),
    send_transaction: () => packedJson('0.0007 XST'),
    trace_get_block: () => ({ block_num: chain.head }),
    history_get_transaction: () => ({ id: transferId }),
  };

  for (const [file, request] of Object.entries(recorded)) {
    it(`have the recorded shape: ${file}`, async () => {
      const shape = recordedShape(file);
      const { json } = await ask(shape.endpoint, request());
      expect(shapeDifferences(shape, json)).toEqual([]);
    });
  }

  it('show what is behind an account', async () => {
    const { json } = await ask('/v1/chain/get_account', { account_name: 'bob' });
    const account = json as {
      permissions: { perm_name: string; linked_actions: unknown }[];
      core_liquid_balance: string;
    };
    expect(account.core_liquid_balance).toMatch(/ XST$/);
    expect(account.permissions.map(({ perm_name, linked_actions }) => [perm_name, linked_actions])).toEqual([
      ['active', []],
      ['claim', [{ account: 'eosio' }, { account: 'eosio.token', action: 'transfer' }]],
      ['owner', []],
    ]);
    const other = await ask('/v1/chain/get_account', { account_name: 'bob', expected_core_symbol: '4,OTHER' });
    expect(other.json).not.toHaveProperty('core_liquid_balance');
  });

  it('decode actions by ABI, and show bytes where that fails', async () => {
    const bad = { ...transfer('1.0000 XST'), data: fromHex('0102') };
    const unknown = { ...transfer('1.0000 XST'), name: name('nothing') };
    const bytes = encode(packedTransactionSchema, {
      signatures: [],
      compression: 0,
      packedContextFreeData: new Uint8Array(0),
      packedTransaction: decode(packedTransactionSchema, signedBytes(chain, makeTransaction(chain, [bad, unknown])))
        .packedTransaction,
    });
    const transaction = packedTransactionSchema.toJson(decode(packedTransactionSchema, bytes));
    const { json } = await ask('/v1/chain/compute_transaction', { transaction });
    const { processed } = json as { processed: { except: unknown; action_traces: { act: Record<string, unknown> }[] } };
    expect(processed.except).not.toBeNull();
    expect(processed.action_traces[0]?.act).toMatchObject({ data: '0102' });
    expect(processed.action_traces[0]?.act).not.toHaveProperty('hex_data');
  });

  it('give the id of a transaction as a bare string', async () => {
    const { json } = await ask('/v1/chain/get_transaction_id', {
      expiration: '2020-08-01T07:15:49',
      ref_block_num: 34881,
      ref_block_prefix: 2972818865,
      max_net_usage_words: 0,
      max_cpu_usage_ms: 0,
      delay_sec: 0,
      context_free_actions: [],
      actions: [
        {
          account: 'eosio.token',
          name: 'transfer',
          authorization: [{ actor: 'han', permission: 'active' }],
          data: '000000000000a6690000000000ea305501000000000000000453595300000000016d',
        },
      ],
      transaction_extensions: [],
      signatures: [],
      context_free_data: [],
    });
    expect(json).toBe('0be762a6406bab15530e87f21e02d1c58e77944ee55779a76f4112e3b65cac48');
  });
});
