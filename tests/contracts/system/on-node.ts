/** The system contract on a running node, set up and read through WharfKit and eosjs: what wallets and explorers see. */
import assert from 'node:assert/strict';
import { JsonRpc } from 'eosjs';
import { type Client, wharfkitClient } from '../../testing/client-session.js';
import { readContract } from '../../testing/contract-ledger.js';
import { developmentPublicKey, type NodeProcess, startNodeProcess } from '../../testing/node-process.js';
import { systemAccounts } from './system-chain.js';

const producers = ['producera', 'producerb', 'producerc'].map((account) => `${account}111`);

async function openAccount(client: Client, account: string): Promise<void> {
  const authority = { threshold: 1, keys: [{ key: developmentPublicKey, weight: 1 }], accounts: [], waits: [] };
  await client.act(
    'eosio',
    ['eosio', 'newaccount', { creator: 'eosio', name: account, owner: authority, active: authority }],
    ['eosio', 'buyrambytes', { payer: 'eosio', receiver: account, bytes: 8192 }],
    [
      'eosio',
      'delegatebw',
      {
        from: 'eosio',
        receiver: account,
        stake_net_quantity: '10.0000 XST',
        stake_cpu_quantity: '20.0000 XST',
        transfer: true,
      },
    ],
  );
}

async function checkReads(client: Client, rpc: JsonRpc): Promise<void> {
  const chain = client.api.v1.chain;
  const account = await chain.get_account('producera111');
  assert.equal(String(account.total_resources?.net_weight), '10.0000 XST');
  assert.equal(String(account.total_resources?.cpu_weight), '20.0000 XST');
  assert.equal(String(account.self_delegated_bandwidth?.cpu_weight), '20.0000 XST');
  assert.equal(Number(account.ram_quota), Number(account.total_resources?.ram_bytes) + 1400);
  assert.deepEqual(account.voter_info?.producers.map(String), producers.slice(0, 2));
  assert.equal(String((await chain.get_account('alice')).core_liquid_balance), '999999.0000 XST');

  const { rows, more, total_producer_vote_weight } = await rpc.get_producers(true, '', 2);
  assert.deepEqual(
    rows.map(({ owner }) => owner),
    ['producera111', 'producerb111'],
  );
  assert.equal(more, 'producerc111');
  assert.ok(Number(rows[0]!.total_votes) >= Number(rows[1]!.total_votes));
  assert.ok(Number(total_producer_vote_weight) > 0);
  const rest = await rpc.get_producers(true, more, 5);
  assert.deepEqual(
    rest.rows.map(({ owner }) => owner),
    ['producerc111'],
  );

  const byVotes = await rpc.get_table_rows({
    code: 'eosio',
    scope: 'eosio',
    table: 'producers',
    index_position: 2,
    key_type: 'float64',
    limit: 1,
  });
  assert.equal(byVotes.rows[0].owner, 'producera111');
  const { rows: markets } = await rpc.get_table_rows({ code: 'eosio', scope: 'eosio', table: 'rammarket' });
  assert.match(markets[0].quote.balance, / XST$/);
}

async function boot(client: Client, folder: string): Promise<void> {
  for (const account of systemAccounts) await client.createAccount(account);
  await client.deploy('eosio', readContract(`${folder}/eosio.system/eosio.system-v1.9.0`));
  await client.act('eosio', ['eosio', 'init', { version: 0, core: '4,XST' }]);
  for (const account of producers) {
    await openAccount(client, account);
    await client.act(account, [
      'eosio',
      'regproducer',
      { producer: account, producer_key: developmentPublicKey, url: '', location: 0 },
    ]);
  }
  await client.act('producera111', [
    'eosio',
    'voteproducer',
    { voter: 'producera111', proxy: '', producers: producers.slice(0, 2) },
  ]);
  await client.act('producerb111', [
    'eosio',
    'voteproducer',
    { voter: 'producerb111', proxy: '', producers: producers.slice(0, 1) },
  ]);
}

/** Boots the system contract on a node of its own and reads it back. */
export async function systemOnNode(folder: string): Promise<void> {
  const node: NodeProcess = await startNodeProcess();
  try {
    const client = await wharfkitClient(node);
    await boot(client, folder);
    await checkReads(client, new JsonRpc(node.url, { fetch }));
  } finally {
    await node.stop();
  }
}
