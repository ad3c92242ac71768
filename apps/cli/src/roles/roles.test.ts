import { ContractTest, ContractTestError } from '@snapscale/contracts/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { developmentPublicKey } from '../keys/development.js';
import { FakeChain } from '../testing/fake-chain.js';
import { type RunHere, runHere } from '../testing/run-here.js';

type Permission = { perm_name: string; parent: string; required_auth: object; linked_actions: object[] };

const keys = [{ key: developmentPublicKey, weight: 1 }];
const byKey = { threshold: 1, keys, accounts: [], waits: [] };
const held = (...actors: string[]) => ({
  ...byKey,
  keys: [],
  accounts: actors.map((actor) => ({ permission: { actor, permission: 'active' }, weight: 1 })),
});
let fake: FakeChain;
/** Permissions besides owner and active, by account: the chain keeps its own, and refuses what does not fit them. */
let roles: Record<string, Permission[]> = {};

beforeAll(async () => {
  fake = await FakeChain.start(await ContractTest.start({ accounts: ['shop', 'alice', 'bob', 'token'] }));
  fake.controlled = ['shop@active'];
  fake.answers.get_account = ({ account_name }) => {
    if (!fake.chain.exists(String(account_name)))
      throw new ContractTestError(`unknown key (eosio::chain::name): ${account_name}`, undefined);
    const ordinary = [
      { perm_name: 'active', parent: 'owner', required_auth: byKey, linked_actions: [] },
      { perm_name: 'owner', parent: '', required_auth: byKey, linked_actions: [] },
    ];
    return {
      account_name: account_name!,
      permissions: [...ordinary, ...(roles[String(account_name)] ?? [])] as never,
      eosio_any_linked_actions: [],
    };
  };
});
afterAll(() => fake.stop());
beforeEach(() => {
  fake.sent.length = 0;
});

const run = (...args: string[]): Promise<RunHere> =>
  runHere(['role', ...args], { SNAPSCALE_URL: fake.url, SNAPSCALE_HOME: '/nonexistent' });

const cashier: Permission = {
  perm_name: 'cashier',
  parent: 'active',
  required_auth: held('alice'),
  linked_actions: [{ account: 'token', action: 'transfer' }],
};

test('a role is made, granted, taken away and removed, and the chain takes each step', async () => {
  const created = await run('create', 'shop', 'cashier', '--allow', 'token::transfer', '--to', 'alice', '--no-wait');
  expect(created.stderr).not.toContain('Error');
  expect(created.stdout).toContain('role cashier of shop set');
  expect(fake.sent).toEqual(['eosio::updateauth', 'eosio::linkauth']);

  roles = { shop: [cashier] };
  expect((await run('grant', 'shop', 'cashier', 'bob', '--no-wait')).stdout).toContain('set');
  roles = { shop: [{ ...cashier, required_auth: held('alice', 'bob') }] };
  const revoked = await run('revoke', 'shop', 'cashier', 'alice', '--no-wait', '--json');
  expect(revoked.json()).toMatchObject({ changes: ['alice@active loses the role'] });
  roles = { shop: [{ ...cashier, required_auth: held('bob') }] };
  const last = await run('revoke', 'shop', 'cashier', 'bob', '--last', '--yes', '--no-wait');
  expect(last.stderr).toContain('nobody has the role');
  expect((await run('delete', 'shop', 'cashier', '--no-wait')).stdout).toContain('deleted');
  expect(fake.sent.slice(2)).toEqual([
    'eosio::updateauth',
    'eosio::updateauth',
    'eosio::updateauth',
    'eosio::unlinkauth',
    'eosio::deleteauth',
  ]);
  expect((await run('create', 'shop', 'cashier', '--to', 'bob')).stdout).toContain('is like that already');
});

test.each<[string, string[], number, string]>([
  ['nobody would be left', ['revoke', 'shop', 'cashier', 'alice'], 2, 'nobody would be left'],
  ['who does not exist', ['grant', 'shop', 'cashier', 'carol', 'alice@pay'], 3, 'carol@active, alice@pay do not exist'],
  ['another role', ['show', 'shop', 'cashiers'], 3, 'Did you mean cashier?'],
  ['another account', ['list', 'nobody'], 3, 'there is no account nobody'],
  ['a whole account', ['create', 'shop', 'active', '--to', 'bob'], 2, 'controls the whole account'],
  ['a threshold too high', ['create', 'shop', 'cashier', '--needs', '3'], 2, 'a weight of 3'],
  ['what nobody has confirmed', ['create', 'shop', 'dev', '--allow', 'eosio::setcode', '--to', 'bob'], 2, '--yes'],
])('is refused: %s', async (_, args, code, message) => {
  roles = { shop: [cashier] };
  const result = await run(...args);
  expect(result.stderr).toContain(message);
  expect(result.code).toBe(code);
  expect(fake.sent).toEqual([]);
});

test('roles are listed and shown', async () => {
  roles = {
    shop: [cashier, { ...cashier, perm_name: 'board', required_auth: { ...held('alice', 'bob'), threshold: 2 } }],
  };
  expect((await run('list', 'shop')).stdout).toMatch(/cashier {2}alice {12}token::transfer\nboard {4}2 of alice, bob/);
  expect((await run('show', 'shop', 'board')).stdout).toMatch(/needs {4}a weight of 2/);
  expect((await run('show', 'shop', 'board', '--json')).json()).toMatchObject({ name: 'board', threshold: 2 });
  expect((await run('list', 'alice')).stdout).toBe('');
});

test('who can do what: down to the keys, and the other way round', async () => {
  roles = {
    shop: [cashier, { ...cashier, perm_name: 'board', required_auth: { ...held('alice', 'gone'), threshold: 2 } }],
  };
  const who = (await run('who', 'shop')).stdout;
  expect(who).toContain(`shop@cashier  token::transfer\n  alice@active\n    ${developmentPublicKey}`);
  expect(who).toContain('shop@active  everything that belongs to no role, and what its roles may');
  expect(who).toContain('gone@active  does not exist');
  expect(who).toContain('nobody can use it');

  fake.answers.get_accounts_by_authorizers = ({ accounts }) => {
    const [asked] = accounts as [{ actor: string; permission: string }];
    const found = asked.actor === 'alice' && asked.permission === 'active';
    const row = {
      account_name: 'shop',
      permission_name: 'cashier',
      authorizing_account: asked,
      weight: 1,
      threshold: 1,
    };
    return { accounts: found ? [row] : [] };
  };
  const may = await run('may', 'alice');
  expect(may.stdout).toMatch(/shop@cashier {2}token::transfer .*yes {4}alice@active/);
  expect((await run('may', 'alice', '--json')).json().permissions).toHaveLength(3);
});
