/** Clients that other people wrote, at a node that lets members in alone: they take the SDK's `fetch`, and need nothing else. */
import { createRequire } from 'node:module';
import { createClient } from '@snapscale/sdk';
import { memberFetch } from '@snapscale/sdk/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestConsortium, TestDoor, type TestMember } from './access/testing/test-consortium.js';

// By `require`, as these packages are published: their modules for bundlers name no file endings.
const require = createRequire(import.meta.url);
let door: TestDoor;
let member: TestMember;
let fetchAsMember: typeof fetch;

beforeAll(async () => {
  const consortium = await TestConsortium.create();
  door = await TestDoor.open(consortium, { policy: 'members' });
  member = await consortium.member({ account: 'alice' });
  fetchAsMember = memberFetch(fetch, member.identity, {
    nodeUrl: door.server.url,
    nowMs: () => Date.now(),
    randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
  });
});
afterAll(() => door.server.close());

describe('clients at a node for members', () => {
  it('are refused as they are, and say why', async () => {
    await expect(createClient({ url: door.server.url }).api.chain.getInfo()).rejects.toThrow(
      'ask an organisation of the network for an invitation',
    );
  });

  it('work with the SDK', async () => {
    const client = createClient({ url: door.server.url, fetch: fetchAsMember });
    expect((await client.api.chain.getInfo()).chain_id).toMatch(/^[0-9a-f]{64}$/);
    expect((await client.api.chain.getAccount({ account_name: 'eosio' })).account_name).toBe('eosio');
  });

  it('work with eosjs', async () => {
    const { JsonRpc } = require('eosjs') as typeof import('eosjs');
    const rpc = new JsonRpc(door.server.url, { fetch: fetchAsMember });
    expect((await rpc.get_info()).head_block_num).toBeGreaterThan(0);
    expect((await rpc.get_account('eosio')).account_name).toBe('eosio');
  });

  it('work with WharfKit', async () => {
    const { APIClient, FetchProvider } = require('@wharfkit/antelope') as typeof import('@wharfkit/antelope');
    const client = new APIClient({ provider: new FetchProvider(door.server.url, { fetch: fetchAsMember }) });
    expect((await client.v1.chain.get_info()).head_block_num.toNumber()).toBeGreaterThan(0);
    expect(String((await client.v1.chain.get_account('eosio')).account_name)).toBe('eosio');
  });
});
