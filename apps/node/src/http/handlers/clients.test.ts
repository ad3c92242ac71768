/** Real clients, unmodified, against a listening server. */
import { createApiClient, streamEvents } from '@snapscale/api';
import { Action, APIClient, Asset, PrivateKey, SignedTransaction, Struct, Transaction } from '@wharfkit/antelope';
import { Api, JsonRpc, RpcError } from 'eosjs';
import { JsSignatureProvider } from 'eosjs/dist/eosjs-jssig.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpServer, startHttpServer } from '../server/http-server.js';
import { developmentKey, type MemoryChain } from '../testing/memory-chain.js';
import { sampleChain } from '../testing/sample-chain.js';

let chain: MemoryChain;
let server: HttpServer;
let wharfkit: APIClient;
let rpc: JsonRpc;

beforeAll(async () => {
  chain = await sampleChain();
  server = await startHttpServer(chain, { port: 0 });
  wharfkit = new APIClient({ url: server.url, fetch });
  rpc = new JsonRpc(server.url, { fetch });
});

afterAll(() => server.close());

class Balance extends Struct {
  static override abiName = 'account';
  static override abiFields = [{ name: 'balance', type: Asset }];
  declare balance: Asset;
}

async function wharfkitTransfer(quantity: string, permission = 'active'): Promise<SignedTransaction> {
  const info = await wharfkit.v1.chain.get_info();
  const { abi } = await wharfkit.v1.chain.get_abi('eosio.token');
  const action = Action.from(
    {
      account: 'eosio.token',
      name: 'transfer',
      authorization: [{ actor: 'alice', permission }],
      data: { from: 'alice', to: 'bob', quantity, memo: 'from wharfkit' },
    },
    abi,
  );
  const transaction = Transaction.from({ ...info.getTransactionHeader(), actions: [action] });
  const signature = PrivateKey.from(developmentKey).signDigest(transaction.signingDigest(info.chain_id));
  return SignedTransaction.from({ ...transaction, signatures: [signature] });
}

describe('wharfkit', () => {
  it('reads the chain and accounts', async () => {
    const info = await wharfkit.v1.chain.get_info();
    expect(Number(info.head_block_num)).toBe(chain.head);
    const account = await wharfkit.v1.chain.get_account('alice');
    expect(String(account.core_liquid_balance)).toBe('999987.5000 XST');
    expect(String(account.getPermission('active').required_auth.keys[0]?.key)).toContain('PUB_K1_');
    const abi = await wharfkit.v1.chain.get_raw_abi('eosio.token');
    expect(String(abi.abi.array.length)).not.toBe('0');
    const code = await wharfkit.v1.chain.get_code('eosio.token');
    expect(String(code.account_name ?? code)).toBeTruthy();
    const features = await wharfkit.v1.chain.get_activated_protocol_features();
    expect(features.activated_protocol_features).toHaveLength(10);
    expect(Number(features.more)).toBe(10);
    const schedule = await wharfkit.v1.chain.get_producer_schedule();
    expect(String(schedule.active.producers[0]?.producer_name)).toBe('eosio');
  });

  it('reads blocks', async () => {
    const block = await wharfkit.v1.chain.get_block(chain.head);
    expect(Number(block.block_num)).toBe(chain.head);
    expect(block.transactions[0]?.trx.id?.toString()).toHaveLength(64);
    const same = await wharfkit.v1.chain.get_block(block.id);
    expect(same.id.equals(block.id)).toBe(true);
    const brief = await wharfkit.v1.chain.get_block_info(2);
    expect(Number(brief.ref_block_num)).toBe(2);
    const state = await wharfkit.v1.chain.get_block_header_state(chain.head);
    expect(state.id.equals(block.id)).toBe(true);
  });

  it('reads tables', async () => {
    const balances = await wharfkit.v1.chain.get_currency_balance('eosio.token', 'alice');
    expect(balances.map(String)).toEqual(['999987.5000 XST']);
    const stats = await wharfkit.v1.chain.get_currency_stats('eosio.token', 'XST');
    expect(String(stats.XST?.max_supply)).toBe('0.0000 XST');
    const untyped = await wharfkit.v1.chain.get_table_rows({
      code: 'eosio.token',
      table: 'stat',
      scope: String(Asset.SymbolCode.from('XST').value),
      key_type: 'i64',
    });
    expect(untyped.rows[0].max_supply).toBe('0.0000 XST');
    const paid = await wharfkit.v1.chain.get_table_rows({
      code: 'eosio.token',
      table: 'stat',
      scope: Asset.SymbolCode.from('XST').value,
      show_payer: true,
    });
    expect(paid.ram_payers?.map(String)).toEqual(['eosio.token']);
    const typed = await wharfkit.v1.chain.get_table_rows({
      code: 'eosio.token',
      table: 'accounts',
      scope: 'bob',
      type: Balance,
    });
    expect(String(typed.rows[0]?.balance)).toBe('12.5000 XST');
    const scopes = await wharfkit.v1.chain.get_table_by_scope({ code: 'eosio.token', table: 'accounts' });
    expect(scopes.rows.map((row) => String(row.scope))).toEqual(['alice', 'bob']);
    const authorizers = await wharfkit.v1.chain.get_accounts_by_authorizers({
      keys: ['PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63'],
    });
    expect(authorizers.accounts.map((match) => String(match.account_name))).toContain('bob');
  });

  it('sends transactions, tries them and follows their status', async () => {
    const signed = await wharfkitTransfer('1.0000 XST');
    const tried = await wharfkit.v1.chain.compute_transaction(SignedTransaction.from({ ...signed, signatures: [] }));
    expect(tried.processed.except).toBeNull();
    const pushed = await wharfkit.v1.chain.push_transaction(signed);
    expect(pushed.transaction_id).toBe(String(signed.id));
    expect(pushed.processed.action_traces[0].inline_traces.length).toBe(2);
    expect((await wharfkit.v1.chain.get_transaction_status(signed.id)).state).toBe('LOCALLY_APPLIED');
    chain.produce();
    expect((await wharfkit.v1.chain.get_transaction_status(signed.id)).state).toBe('IN_BLOCK');
    chain.finalize(chain.head);
    expect((await wharfkit.v1.chain.get_transaction_status(signed.id)).state).toBe('IRREVERSIBLE');

    const sent = await wharfkit.v1.chain.send_transaction(await wharfkitTransfer('2.0000 XST'));
    const [trace] = sent.processed.action_traces;
    expect(trace.act.data).toEqual({ from: 'alice', to: 'bob', quantity: '2.0000 XST', memo: 'from wharfkit' });
    expect(sent.processed.action_traces.map((one: { receiver: string }) => one.receiver)).toEqual([
      'eosio.token',
      'alice',
      'bob',
    ]);
    const found = await wharfkit.v1.history.get_transaction(signed.id);
    expect(Number(found.block_num)).toBeGreaterThan(3);
  });

  it('understands failures', async () => {
    await expect(wharfkit.v1.chain.get_account('nobody')).rejects.toThrow('Account not found at /v1/chain/get_account');
    const overdrawn = await wharfkitTransfer('99000000.0000 XST');
    await expect(wharfkit.v1.chain.push_transaction(overdrawn)).rejects.toMatchObject({
      name: 'eosio_assert_message_exception',
      code: 3050003,
      details: [{ message: 'assertion failure with message: overdrawn balance' }],
    });
    await expect(wharfkit.v1.chain.send_transaction2(overdrawn)).rejects.toMatchObject({
      code: 3050003,
      response: { status: 202 },
      details: [{ message: 'assertion failure with message: overdrawn balance' }],
    });
    const refused = await wharfkit.v1.chain
      .send_transaction2(await wharfkitTransfer('99000000.0000 XST'), { return_failure_trace: false })
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 3050003 });
    await expect(wharfkit.call({ path: '/v1/chain/get_account', params: { account_name: '.' } })).rejects.toMatchObject(
      {
        name: 'name_type_exception',
        code: 3010001,
      },
    );
  });
});

describe('eosjs', () => {
  const signer = new JsSignatureProvider([developmentKey]);

  function transferAction(quantity: string) {
    return {
      account: 'eosio.token',
      name: 'transfer',
      authorization: [{ actor: 'alice', permission: 'active' }],
      data: { from: 'alice', to: 'bob', quantity, memo: 'from eosjs' },
    };
  }

  it('transacts with either way to find the reference block', async () => {
    const api = new Api({ rpc, signatureProvider: signer });
    const first = await api.transact(
      { actions: [transferAction('0.1000 XST')] },
      { useLastIrreversible: true, expireSeconds: 60 },
    );
    expect(first).toMatchObject({ processed: { receipt: { status: 'executed' } } });
    chain.produce();
    const second = await api.transact(
      { actions: [transferAction('0.2000 XST')] },
      { blocksBehind: 1, expireSeconds: 60 },
    );
    expect(second).toMatchObject({ processed: { receipt: { status: 'executed' } } });
    const compressed = await api.transact(
      { actions: [transferAction('0.3000 XST')] },
      { blocksBehind: 0, expireSeconds: 60, compression: true },
    );
    expect(compressed).toMatchObject({ processed: { receipt: { status: 'executed' } } });
  });

  it('decodes what blocks hold', async () => {
    const api = new Api({ rpc, signatureProvider: signer });
    chain.produce();
    const { transactions } = await rpc.get_block(chain.head);
    const trx = transactions.at(-1).trx;
    expect(trx.compression).toBe('zlib');
    expect(trx.transaction.actions[0].data.memo).toBe('from eosjs');
    expect(await api.getAbi('eosio.token')).toHaveProperty('version');
  });

  it('calls every read of its JsonRpc that a node answers', async () => {
    expect((await rpc.get_info()).head_block_num).toBe(chain.head);
    expect((await rpc.get_abi('eosio.token')).abi?.version).toContain('eosio::abi/');
    expect((await rpc.getRawAbi('eosio.token')).abi.length).toBeGreaterThan(100);
    expect((await rpc.get_account('alice')).permissions).toHaveLength(2);
    expect(
      (await rpc.get_accounts_by_authorizers([], ['EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV'])).accounts
        .length,
    ).toBeGreaterThan(3);
    expect(
      (await rpc.get_activated_protocol_features({ limit: 30 })).activated_protocol_features.length,
    ).toBeGreaterThan(20);
    expect((await rpc.get_block_header_state(chain.head)).block_num).toBe(chain.head);
    expect((await rpc.get_block_info(1)).block_num).toBe(1);
    expect((await rpc.get_code('eosio.token')).code_hash).toMatch(/^[0-9a-f]{64}$/);
    expect((await rpc.get_code_hash('eosio.token')).code_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await rpc.get_currency_balance('eosio.token', 'bob', 'XST')).toHaveLength(1);
    expect((await rpc.get_currency_stats('eosio.token', 'XST')).XST?.issuer).toBe('alice');
    expect((await rpc.get_producer_schedule()).active?.producers).toHaveLength(1);
    expect((await rpc.get_producers()).rows).toHaveLength(1);
    expect((await rpc.get_raw_code_and_abi('eosio.token')).wasm.length).toBeGreaterThan(1000);
    expect((await rpc.get_scheduled_transactions()).transactions).toEqual([]);
    expect((await rpc.get_table_rows({ code: 'eosio.token', scope: 'bob', table: 'accounts' })).rows).toHaveLength(1);
    expect((await rpc.get_table_by_scope({ code: 'eosio.token', table: 'stat' })).rows[0]?.scope).toMatch(/^\.{8}/);
    expect((await rpc.trace_get_block(2)).number).toBe(2);
    expect(
      (await rpc.history_get_key_accounts('EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV')).account_names,
    ).toContain('alice');
    expect((await rpc.history_get_controlled_accounts('eosio')).controlled_accounts).toContain('eosio.prods');
  });

  it('gets the errors that it parses', async () => {
    const api = new Api({ rpc, signatureProvider: signer });
    const error = await api
      .transact({ actions: [transferAction('99000000.0000 XST')] }, { useLastIrreversible: true, expireSeconds: 60 })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({ json: { code: 500, error: { code: 3050003 } } });
    expect((error as Error).message).toBe('assertion failure with message: overdrawn balance');
  });
});

describe('our own client', () => {
  it('calls by the route table and follows the stream', async () => {
    const client = createApiClient({ url: server.url, fetch });
    const info = await client.chain.getInfo();
    expect(info.head_block_num).toBe(chain.head);
    expect(await client.node.getReady()).toEqual({ ready: true, reasons: [] });
    expect(await client.node.getMetrics()).toContain('snap_head_block_num');
    const seen = [];
    for await (const event of streamEvents({ url: server.url, fetch }, { topics: ['blocks', 'final'], cursor: 0 })) {
      seen.push(`${event.kind} ${'num' in event ? event.num : ''}`);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual(['block 1', 'block 2', 'block 3']);
  });
});
