import { formatPublicKey, generatePrivateKey, publicKeyOf } from '@snapscale/crypto';
import type { Json } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import type { AccountInfo } from '../accounts.js';
import { errorAnswer, fakeNode } from '../testing/fake-node.js';
import { dropRole, grantRole, planRole, revokeRole } from './plan-role.js';
import { findRole, roleHoldersMax, rolesOf } from './role.js';
import { missingHolders, whatMay, whoCan } from './who-can.js';

const key = formatPublicKey(publicKeyOf(generatePrivateKey('R1', new Uint8Array(32).fill(3))));

type Part = string | readonly [string, number];

/** An account; permissions as `name: [parent, threshold, parts, links]`. */
function account(
  name: string,
  permissions: Record<
    string,
    readonly [parent: string, threshold: number, parts: readonly Part[], links?: readonly string[]]
  >,
): AccountInfo {
  return {
    account_name: name,
    eosio_any_linked_actions: [],
    permissions: Object.entries(permissions).map(([perm_name, [parent, threshold, parts, links = []]]) => {
      const entries = parts.map((part) => (typeof part === 'string' ? ([part, 1] as const) : part));
      return {
        perm_name,
        parent,
        required_auth: {
          threshold,
          keys: entries.filter(([part]) => part.startsWith('PUB_')).map(([text, weight]) => ({ key: text, weight })),
          accounts: entries
            .filter(([part]) => part.includes('@'))
            .map(([part, weight]) => {
              const [actor, permission] = part.split('@');
              return { permission: { actor, permission }, weight };
            }),
          waits: entries.filter(([part]) => part.startsWith('wait')).map(([, weight]) => ({ wait_sec: 60, weight })),
        },
        linked_actions: links.map((link) => {
          const [contract, action] = link.split('::');
          return action === '*' ? { account: contract } : { account: contract, action };
        }),
      };
    }),
  } as unknown as AccountInfo;
}

const shop = account('shop', {
  owner: ['', 1, [key]],
  active: ['owner', 1, [key]],
  cashier: ['active', 1, ['alice@active', 'bob@active'], ['token::transfer']],
  auditor: ['active', 2, ['alice@active', 'carol@active', key], ['data::*', 'data::read']],
  empty: ['active', 1, ['shop@active']],
  slow: ['active', 1, [['wait', 1]]],
});
const bare = account('bare', { owner: ['', 1, [key]], active: ['owner', 1, [key]] });
const steps = (plan: { actions: readonly { name: string; data: Json | Uint8Array }[] }) =>
  plan.actions.map(({ name, data }) => [name, data]);

describe('roles', () => {
  it('are the named permissions of an account', () => {
    expect(rolesOf(shop).map(({ name }) => name)).toEqual(['cashier', 'auditor', 'empty', 'slow']);
    expect(findRole(shop, 'auditor')).toEqual({
      account: 'shop',
      name: 'auditor',
      parent: 'active',
      threshold: 2,
      holders: [
        { holder: 'alice@active', weight: 1 },
        { holder: 'carol@active', weight: 1 },
        { holder: key, weight: 1 },
      ],
      actions: ['data::*', 'data::read'],
    });
    expect(findRole(shop, 'empty').holders).toEqual([]);
  });

  it('are made: the permission, then its links', () => {
    const plan = planRole(bare, {
      name: 'clerk',
      actions: ['token::transfer', 'data'],
      holders: ['zed', 'bob@pay', key],
    });
    expect(steps(plan)).toEqual([
      [
        'updateauth',
        {
          account: 'bare',
          permission: 'clerk',
          parent: 'active',
          auth: {
            threshold: 1,
            keys: [{ key, weight: 1 }],
            accounts: [
              { permission: { actor: 'bob', permission: 'pay' }, weight: 1 },
              { permission: { actor: 'zed', permission: 'active' }, weight: 1 },
            ],
            waits: [],
          },
        },
      ],
      ['linkauth', { account: 'bare', code: 'token', type: 'transfer', requirement: 'clerk' }],
      ['linkauth', { account: 'bare', code: 'data', type: '', requirement: 'clerk' }],
    ]);
    expect(plan.warnings).toEqual([]);
    expect(plan.actions.every(({ authorization }) => authorization[0] === 'bare')).toBe(true);
  });

  it('change by what differs, and by nothing when nothing does', () => {
    const same = planRole(shop, {
      name: 'cashier',
      holders: ['bob', 'alice@active', 'bob'],
      actions: ['token::transfer'],
    });
    expect(same.actions).toEqual([]);
    const other = planRole(shop, { name: 'cashier', actions: ['token::issue'] }, { by: ['shop@owner'] });
    expect(steps(other).map(([name]) => name)).toEqual(['unlinkauth', 'linkauth']);
    expect(other.changes).toEqual([
      'token::transfer is taken out: it needs shop@active again',
      'token::issue is allowed',
    ]);
    expect(other.actions[0]?.authorization).toEqual(['shop@owner']);
  });

  it('are granted and taken away', () => {
    const granted = grantRole(shop, 'cashier', ['carol', 'alice']);
    expect(granted.role?.holders.map(({ holder }) => holder)).toEqual(['alice@active', 'bob@active', 'carol@active']);
    expect(granted.changes).toEqual(['carol@active gets the role']);
    const revoked = revokeRole(shop, 'cashier', ['alice']);
    expect(revoked.role?.holders.map(({ holder }) => holder)).toEqual(['bob@active']);
    expect(steps(revoked).map(([name]) => name)).toEqual(['updateauth']);
  });

  it('with nobody left are the account’s own, when that is meant', () => {
    expect(() => revokeRole(shop, 'cashier', ['alice', 'bob'])).toThrow('nobody would be left');
    const plan = revokeRole(shop, 'cashier', ['alice', 'bob'], { allowNobody: true });
    expect(plan.actions[0]?.data).toMatchObject({
      auth: { accounts: [{ permission: { actor: 'shop', permission: 'active' }, weight: 1 }] },
    });
    expect(plan.warnings).toEqual(['nobody has the role: only shop@active can act in it']);
    expect(grantRole(shop, 'empty', ['bob']).role?.holders).toEqual([{ holder: 'bob@active', weight: 1 }]);
  });

  it('are removed: links first', () => {
    expect(steps(dropRole(shop, 'auditor'))).toEqual([
      ['unlinkauth', { account: 'shop', code: 'data', type: '' }],
      ['unlinkauth', { account: 'shop', code: 'data', type: 'read' }],
      ['deleteauth', { account: 'shop', permission: 'auditor' }],
    ]);
    const nested = account('shop', { owner: ['', 1, [key]], boss: ['owner', 1, [key]], clerk: ['boss', 1, [key]] });
    expect(() => dropRole(nested, 'boss')).toThrow('clerk');
  });

  it('warn of what one might not have thought of', () => {
    const moved = planRole(shop, { name: 'clerk', actions: ['token::transfer', 'data::write'], holders: ['bob'] });
    expect(moved.warnings).toEqual([
      'token::transfer is taken from cashier: an action belongs to one role',
      'auditor has data::* and loses data::write: what is named goes before what is not',
    ]);
    const powerful = planRole(bare, { name: 'dev', actions: ['eosio::setcode'], holders: ['bare@active'] });
    expect(powerful.warnings.join()).toMatch(/replace the programs of bare.*nobody has the role/);
  });

  it.each<[string, () => unknown, string]>([
    ['owner', () => planRole(bare, { name: 'owner' }), 'controls the whole account'],
    ['a system name', () => planRole(bare, { name: 'eosio.any' }), 'the system'],
    ['no name', () => planRole(bare, { name: '' }), 'needs a name'],
    ['letters that names lack', () => planRole(bare, { name: 'Käse' }), 'name'],
    ['an unknown role', () => grantRole(shop, 'cashiers', ['bob']), 'has no role cashiers'],
    ['no roles at all', () => findRole(bare, 'clerk'), 'has no role clerk'],
    ['an action without a name', () => planRole(bare, { name: 'a', actions: ['token::'] }), 'token::'],
    ['an action of three parts', () => planRole(bare, { name: 'a', actions: ['a::b::c'] }), 'a::b::c'],
    [
      'an action that links do not reach',
      () => planRole(bare, { name: 'a', actions: ['eosio::updateauth'] }),
      'cannot be given',
    ],
    ['a holder that is none', () => grantRole(shop, 'cashier', ['bob@active@x']), 'not a permission'],
    ['a key with a wrong letter', () => grantRole(shop, 'cashier', [`${key.slice(0, -1)}1`]), 'key'],
    ['itself', () => grantRole(shop, 'cashier', ['shop@cashier']), 'held by itself'],
    ['who has it not', () => revokeRole(shop, 'cashier', ['carol']), 'carol@active does not have'],
    ['too few left', () => revokeRole(shop, 'auditor', ['alice', 'carol']), 'a weight of 2'],
    ['a threshold of nothing', () => planRole(shop, { name: 'cashier', threshold: 0 }), 'threshold'],
    ['a threshold and nobody', () => planRole(bare, { name: 'a', threshold: 2 }), 'needs 2 holders'],
    ['delays', () => grantRole(shop, 'slow', ['bob']), 'delays'],
    [
      'too many holders',
      () =>
        planRole(bare, {
          name: 'a',
          holders: Array.from(
            { length: roleHoldersMax + 1 },
            (_, i) => `u${'abcdefghijklmnopqrstuvwxyz'[i % 26]}${'abcdefghijklmnopqrstuvwxyz'[Math.floor(i / 26)]}`,
          ),
        }),
      'at most 256',
    ],
  ])('are refused: %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('who can do what', () => {
  const accounts: Record<string, AccountInfo> = {
    shop,
    alice: account('alice', { owner: ['', 1, [key]], active: ['owner', 1, [key]], pay: ['active', 1, [key]] }),
    bob: account('bob', { owner: ['', 1, ['team@active']], active: ['owner', 2, ['alice@active', 'gone@active']] }),
    team: account('team', { owner: ['', 1, ['alice@active']], active: ['owner', 1, ['alice@active', 'bob@active']] }),
  };
  const { client, requests } = fakeNode({
    get_account: ({ account_name }) =>
      (accounts[String(account_name)] as unknown as Json) ??
      errorAnswer(500, 0, 'exception', `unknown key (eosio::chain::name): ${account_name}`),
    get_accounts_by_authorizers: ({ accounts: asked }) => {
      const [{ actor, permission }] = asked as [{ actor: string; permission: string }];
      const rows = Object.values(accounts).flatMap(({ account_name, permissions }) =>
        permissions.flatMap(({ perm_name, required_auth }) =>
          required_auth.accounts
            .filter((entry) => entry.permission.actor === actor && entry.permission.permission === permission)
            .map(({ weight }) => ({
              account_name,
              permission_name: perm_name,
              authorizing_account: { actor, permission },
              weight,
              threshold: required_auth.threshold,
            })),
        ),
      );
      return { accounts: rows as unknown as Json };
    },
  });

  it('for an account, with holders resolved and what is wrong', async () => {
    const { capabilities } = await whoCan(client, 'shop');
    expect(
      capabilities.map(({ permission, scope, actions, inherited }) => [permission, scope, actions, inherited]),
    ).toEqual([
      ['shop@owner', 'whole account', [], ['token::transfer', 'data::*', 'data::read']],
      ['shop@active', 'all that has no link', [], ['token::transfer', 'data::*', 'data::read']],
      ['shop@cashier', 'its actions', ['token::transfer'], []],
      ['shop@auditor', 'its actions', ['data::*', 'data::read'], []],
      ['shop@empty', 'its actions', [], []],
      ['shop@slow', 'its actions', [], []],
    ]);
    const cashier = capabilities[2]!.holders.parts;
    expect(cashier).toMatchObject([
      { kind: 'permission', report: { permission: 'alice@active', parts: [{ kind: 'key', key }] } },
      { kind: 'permission', report: { permission: 'bob@active', threshold: 2 } },
    ]);
    expect(capabilities[3]!.warnings).toEqual(['carol@active does not exist and counts nothing']);
    const { capabilities: bobs } = await whoCan(client, 'bob');
    expect(bobs[1]!.warnings).toEqual([
      'gone@active does not exist and counts nothing',
      'nobody can use it: a weight of 2 is needed, and cannot be reached',
    ]);
    await expect(whoCan(client, 'nobody')).rejects.toThrow('there is no account nobody');
  });

  it('for a holder, through other accounts, in circles, alone or not', async () => {
    const { participations, isCut } = await whatMay(client, 'alice');
    expect(isCut).toBe(false);
    expect(participations.map(({ permission, via, alone }) => [permission, via.join(' '), alone])).toEqual([
      ['alice@owner', '', true],
      ['alice@active', '', true],
      ['alice@pay', '', true],
      ['shop@cashier', 'alice@active', true],
      ['shop@auditor', 'alice@active', false],
      ['bob@active', 'alice@active team@active', true],
      ['team@owner', 'alice@active', true],
      ['team@active', 'alice@active', true],
      ['bob@owner', 'alice@active team@active', true],
    ]);
    expect((await whatMay(client, 'alice@pay')).participations.map(({ permission }) => permission)).toEqual([
      'alice@pay',
    ]);
    await expect(whatMay(client, 'alice@none')).rejects.toThrow('no permission none');
    expect(requests.length).toBeLessThan(80);
  });

  it('names holders that do not exist', async () => {
    expect(await missingHolders(client, ['alice', 'alice@none', 'gone', key, 'bob@eosio.code'])).toEqual([
      'alice@none',
      'gone@active',
    ]);
  });
});
