import { formatLegacyPublicKey, formatPublicKey, generatePrivateKey, publicKeyOf } from '@snapscale/crypto';
import type { Json } from '@snapscale/protocol';
import { expect, test } from 'vitest';
import { errorAnswer, fakeNode } from '../testing/fake-node.js';
import { explainPermission } from './explain-permission.js';

const [one, two, three] = [1, 2, 3].map((fill) =>
  publicKeyOf(generatePrivateKey('K1', new Uint8Array(32).fill(fill))),
) as [never, never, never];
const key = (publicKey: never, weight: number) => ({ key: formatLegacyPublicKey(publicKey), weight });
const level = (actor: string, weight: number) => ({ permission: { actor, permission: 'active' }, weight });
const permission = (perm_name: string, required_auth: Partial<Record<string, Json>>): Json => ({
  perm_name,
  parent: '',
  required_auth: { threshold: 1, keys: [], accounts: [], waits: [], ...required_auth },
});
const accounts: Record<string, Json[]> = {
  alice: [permission('active', { keys: [key(one, 1)] })],
  team: [
    permission('active', {
      threshold: 2,
      keys: [key(two, 1)],
      accounts: [level('alice', 1)],
      waits: [{ wait_sec: 60, weight: 1 }],
    }),
  ],
  loop: [permission('active', { accounts: [level('pool', 1)] })],
  pool: [permission('active', { keys: [key(three, 1)], accounts: [level('loop', 1)] })],
};
const { client, requests } = fakeNode({
  get_account: ({ account_name }) => {
    const permissions = accounts[String(account_name)];
    return permissions === undefined
      ? errorAnswer(500, 0, 'exception', `unknown key (eosio::chain::name): ${account_name}`)
      : { account_name: account_name!, permissions };
  },
});

test('a key that one has, or has not', async () => {
  expect(await explainPermission(client, 'alice', [one])).toMatchObject({
    state: 'satisfied',
    weight: 1,
    threshold: 1,
  });
  expect(await explainPermission(client, 'alice', [two])).toMatchObject({
    permission: 'alice@active',
    state: 'unsatisfied',
    weight: 0,
    parts: [{ kind: 'key', key: formatPublicKey(one), have: false }],
  });
});

test('weights add up over keys and other accounts; waits do not help', async () => {
  expect(await explainPermission(client, 'team', [one])).toMatchObject({ state: 'unsatisfied', weight: 1 });
  expect(await explainPermission(client, 'team', [one, two])).toMatchObject({ state: 'satisfied', weight: 2 });
});

test('circles end, and are still satisfied by a key on the way', async () => {
  expect((await explainPermission(client, 'loop', [])).state).toBe('unsatisfied');
  expect((await explainPermission(client, 'loop', [three])).state).toBe('satisfied');
});

test('each account is asked for once', async () => {
  requests.length = 0;
  await explainPermission(client, 'loop', [one]);
  expect(requests.map(({ body }) => body.account_name).sort()).toEqual(['loop', 'pool']);
});

test('what does not exist', async () => {
  expect(await explainPermission(client, 'nobody', [])).toMatchObject({ state: 'no-account' });
  expect(await explainPermission(client, 'alice@pay', [])).toMatchObject({
    state: 'no-permission',
    permissions: ['active'],
  });
});
