/** Clients of Antelope, unmodified but for their `fetch`, at a node that lets members in only. */
import { randomBytes } from 'node:crypto';
import { createApiClient, streamEvents } from '@snapscale/api';
import { createClient } from '@snapscale/sdk';
import { memberFetch } from '@snapscale/sdk/identity';
import { Action, APIClient, PrivateKey, SignedTransaction, Transaction } from '@wharfkit/antelope';
import { JsonRpc, RpcError } from 'eosjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { developmentKey, type MemoryChain } from '../testing/memory-chain.js';
import { sampleChain } from '../testing/sample-chain.js';
import { TestConsortium, TestDoor } from './testing/test-consortium.js';

let chain: MemoryChain;
let door: TestDoor;
let fetchAsMember: typeof fetch;

beforeAll(async () => {
  const consortium = await TestConsortium.create();
  chain = await sampleChain();
  door = await TestDoor.open(consortium, { chain });
  const { identity } = await consortium.member();
  fetchAsMember = memberFetch(fetch, identity, { nodeUrl: door.server.url, nowMs: Date.now, randomBytes });
});

afterAll(() => door.server.close());

describe('at a node for members', () => {
  it('wharfkit reads and sends through the fetch of the SDK', async () => {
    const { chain: api } = new APIClient({ url: door.server.url, fetch: fetchAsMember }).v1;
    const info = await api.get_info();
    const { abi } = await api.get_abi('eosio.token');
    const data = { from: 'alice', to: 'bob', quantity: '1.0000 XST', memo: '' };
    const authorization = [{ actor: 'alice', permission: 'active' }];
    const action = Action.from({ account: 'eosio.token', name: 'transfer', authorization, data }, abi);
    const transaction = Transaction.from({ ...info.getTransactionHeader(), actions: [action] });
    const signature = PrivateKey.from(developmentKey).signDigest(transaction.signingDigest(info.chain_id));
    const sent = await api.send_transaction(SignedTransaction.from({ ...transaction, signatures: [signature] }));
    expect(sent.processed).toMatchObject({ except: null });
    const [balance] = await api.get_currency_balance('eosio.token', 'bob');
    expect(String(balance)).toBe('13.5000 XST');
  });

  it('eosjs does, and so do the SDK and the client of the route table, with streams', async () => {
    const rpc = new JsonRpc(door.server.url, { fetch: fetchAsMember });
    expect((await rpc.get_account('alice')).account_name).toBe('alice');
    const options = { url: door.server.url, fetch: fetchAsMember };
    const { api } = createClient(options);
    expect((await api.chain.getAccount({ account_name: 'alice' })).account_name).toBe('alice');
    expect((await createApiClient(options).chain.getInfo()).head_block_num).toBe(chain.head);
    for await (const event of streamEvents(options, { topics: ['blocks'], cursor: '1' })) {
      expect(event).toMatchObject({ kind: 'block', num: 2 });
      break;
    }
  });

  it('ACC-4 both show people why they are refused', async () => {
    const { v1 } = new APIClient({ url: door.server.url, fetch });
    await expect(v1.chain.get_info()).rejects.toThrow(/A member is needed/);
    const { api } = createClient({ url: door.server.url });
    await expect(api.chain.getInfo()).rejects.toThrow('ask an organisation of the network for an invitation');
    const refused = new JsonRpc(door.server.url, { fetch }).get_info();
    await expect(refused).rejects.toThrow(/Send a token made with your certificate/);
    await expect(refused).rejects.toBeInstanceOf(RpcError);
  });
});
