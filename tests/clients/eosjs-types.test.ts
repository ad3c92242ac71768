/** Every answer of the node has the fields and types that eosjs declares for it. */
import { fileURLToPath } from 'node:url';
import { Api, JsonRpc } from 'eosjs';
import type { TransactResult } from 'eosjs/dist/eosjs-api-interfaces.js';
import { JsSignatureProvider } from 'eosjs/dist/eosjs-jssig.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeclaredTypes } from '../testing/declared-types.js';
import {
  developmentKey,
  developmentPublicKey,
  type NodeProcess,
  startNodeProcess,
  until,
} from '../testing/node-process.js';

const declarations = (name: string) =>
  fileURLToPath(new URL(`../../node_modules/eosjs/dist/${name}.d.ts`, import.meta.url));
const types = new DeclaredTypes(
  ...['eosjs-serialize', 'eosjs-api-interfaces', 'eosjs-rpc-interfaces'].map(declarations),
);

/**
 * Where the declarations differ from what Antelope nodes send, and ours with them: fields of the EOSIO 2.1 and 2.2
 * releases that never reached Antelope, and two lists that are declared as one item.
 */
const notOfAntelope = [
  /\.account_disk_deltas is missing$/,
  /\.bill_to_accounts is missing$/,
  /\.state_extension is missing$/,
  /\.next_key_bytes is missing$/,
  /\.specification should be an object, is \[/,
  /^TraceApiGetBlockResult\.transactions should be an object, is \[/,
];

let node: NodeProcess;
let rpc: JsonRpc;
let transfer: TransactResult;
let blockNum: number;

beforeAll(async () => {
  node = await startNodeProcess();
  rpc = new JsonRpc(node.url, { fetch });
  const api = new Api({ rpc, signatureProvider: new JsSignatureProvider([developmentKey]) });
  const data = { from: 'alice', to: 'bob', quantity: '1.0000 XST', memo: '' };
  const authorization = [{ actor: 'alice', permission: 'active' }];
  transfer = (await api.transact(
    { actions: [{ account: 'eosio.token', name: 'transfer', authorization, data }] },
    { useLastIrreversible: true, expireSeconds: 60 },
  )) as TransactResult;
  blockNum = transfer.processed.block_num;
  await until('finality', async () => (await rpc.get_info()).last_irreversible_block_num >= blockNum);
});

afterAll(() => node.stop());

const token = { code: 'eosio.token', table: 'accounts' };
const answers: Readonly<Record<string, () => Promise<unknown>>> = {
  TransactResult: async () => transfer,
  GetAbiResult: () => rpc.get_abi('eosio.token'),
  GetAccountResult: () => rpc.get_account('alice'),
  GetAccountsByAuthorizersResult: () =>
    rpc.get_accounts_by_authorizers([{ actor: 'eosio', permission: 'active' }], [developmentPublicKey]),
  GetActivatedProtocolFeaturesResult: () => rpc.get_activated_protocol_features({ limit: 30 }),
  GetBlockHeaderStateResult: async () => rpc.get_block_header_state((await rpc.get_info()).head_block_num),
  GetBlockInfoResult: () => rpc.get_block_info(blockNum),
  GetBlockResult: () => rpc.get_block(blockNum),
  GetCodeResult: () => rpc.get_code('eosio.token'),
  GetCodeHashResult: () => rpc.get_code_hash('eosio.token'),
  GetCurrencyStatsResult: () => rpc.get_currency_stats('eosio.token', 'XST'),
  GetInfoResult: () => rpc.get_info(),
  GetProducerScheduleResult: () => rpc.get_producer_schedule(),
  GetProducersResult: () => rpc.get_producers(),
  GetRawCodeAndAbiResult: () => rpc.get_raw_code_and_abi('eosio.token'),
  GetRawAbiResult: () => rpc.get_raw_abi('eosio.token'),
  GetScheduledTransactionsResult: () => rpc.get_scheduled_transactions(),
  GetTableRowsResult: () => rpc.get_table_rows({ ...token, scope: 'alice' }),
  GetTableByScopeResult: () => rpc.get_table_by_scope(token),
  TraceApiGetBlockResult: () => rpc.trace_get_block(blockNum),
  GetTransactionResult: () => rpc.history_get_transaction(transfer.transaction_id),
  GetKeyAccountsResult: () => rpc.history_get_key_accounts(developmentPublicKey),
  GetControlledAccountsResult: () => rpc.history_get_controlled_accounts('eosio'),
};

describe('the types that eosjs declares', () => {
  it.each(Object.keys(answers))('%s', async (declared) => {
    const violations = types.violations(declared, await answers[declared]!());
    expect(violations.filter((line) => !notOfAntelope.some((known) => known.test(line)))).toEqual([]);
  });

  it.each([
    ['TransactionReceiptHeader', (block: { transactions: unknown[] }) => block.transactions[0]],
    ['PackedTransaction', (block: { transactions: { trx: unknown }[] }) => block.transactions[0]!.trx],
  ])('%s inside a block', async (declared, part) => {
    const block = await rpc.get_block(blockNum);
    expect(types.violations(declared, part(block))).toEqual([]);
  });

  it('AccountResult, ProducerDetails and rows in lists', async () => {
    const { accounts } = await rpc.get_accounts_by_authorizers(
      [{ actor: 'eosio', permission: 'active' }],
      [developmentPublicKey],
    );
    expect(accounts.length).toBeGreaterThan(4);
    expect(accounts.flatMap((match) => types.violations('AccountResult', match))).toEqual([]);
    const { rows } = await rpc.get_producers();
    expect(rows.flatMap((row) => types.violations('ProducerDetails', row))).toEqual([]);
  });

  it('the checker notices what is wrong', () => {
    expect(types.violations('GetCodeHashResult', { account_name: 7 })).toEqual([
      'GetCodeHashResult.account_name should be string, is 7',
      'GetCodeHashResult.code_hash is missing',
    ]);
    expect(types.violations('BlockSigningAuthority', { threshold: 1, keys: [{ key: 'x', weight: '1' }] })).toEqual([
      'BlockSigningAuthority.keys[0].weight should be number, is "1"',
    ]);
  });
});

describe('what no Antelope node answers any more', () => {
  it.each([
    ['abi_json_to_bin', () => rpc.abi_json_to_bin('eosio.token', 'transfer', {} as never)],
    ['abi_bin_to_json', () => rpc.abi_bin_to_json('eosio.token', 'transfer', '')],
    ['get_kv_table_rows', () => rpc.get_kv_table_rows({ code: 'eosio.token', table: 'x', index_name: 'y' } as never)],
    ['db_size_get', () => rpc.db_size_get()],
    ['history_get_actions', () => rpc.history_get_actions('alice')],
  ])('%s is an unknown endpoint', async (_, ask) => {
    await expect(ask()).rejects.toMatchObject({ json: { code: 404 } });
  });
});
