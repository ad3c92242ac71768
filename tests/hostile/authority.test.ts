/** Permissions made to break or to stall: authorities that nobody can satisfy, mazes, circles, thousands of items. */

import type { PublicKey } from '@snapscale/crypto';
import { permissionsByAuthorizers } from '@snapscale/execution';
import { type Action, type Authority, authoritySchema, name, Reject, Writer } from '@snapscale/protocol';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { testKey } from '../../packages/execution/src/testing/test-ledger.js';
import { AttackLedger, actionOf, levels } from './support/attack-ledger.js';
import { contract, forever } from './support/modules.js';
import { allowed, costOf, Report, refused } from './support/report.js';

const report = new Report('authorities');
const NO_DATA = new Uint8Array(0);
let ledger: AttackLedger;

beforeEach(() => {
  ledger = new AttackLedger();
  ledger.accounts('alice');
});
afterAll(() => report.print());

const sound: Authority = { threshold: 1, keys: [{ key: testKey, weight: 1 }], accounts: [], waits: [] };

/** A key of nobody's. */
function keyOf(serial: number): PublicKey {
  const key = new Uint8Array(34);
  key[1] = 2;
  new DataView(key.buffer).setUint32(2, serial);
  return key as PublicKey;
}

const keysOf = (count: number, weight = 1) => Array.from({ length: count }, (_, i) => ({ key: keyOf(i), weight }));
const accountOf = (level: string, weight = 1) => ({ permission: levels([level])[0]!, weight });

function newAccount(account: string, owner: Authority, active: Authority): Action {
  const writer = new Writer(1024);
  writer.u64(name('alice'));
  writer.u64(name(account));
  authoritySchema.write(writer, owner);
  authoritySchema.write(writer, active);
  return actionOf('eosio', 'newaccount', writer.finish().slice(), 'alice');
}

function updateAuth(account: string, permission: string, authority: Authority, parent = 'active'): Action {
  const writer = new Writer(1024);
  for (const one of [account, permission, parent]) writer.u64(name(one));
  authoritySchema.write(writer, authority);
  return actionOf(
    'eosio',
    'updateauth',
    writer.finish().slice(),
    `${account}@${permission === 'active' ? 'owner' : 'active'}`,
  );
}

describe('authorities that are no authorities', () => {
  const broken: readonly (readonly [string, Authority])[] = [
    ['threshold 0', { ...sound, threshold: 0 }],
    ['a threshold out of reach', { ...sound, threshold: 2 }],
    ['threshold 2^32 - 1', { ...sound, threshold: 0xffffffff }],
    ['weight 0', { ...sound, keys: [{ key: testKey, weight: 0 }] }],
    ['nothing at all', { threshold: 1, keys: [], accounts: [], waits: [] }],
    ['the same key twice', { ...sound, keys: [...sound.keys, ...sound.keys] }],
    ['keys out of order', { ...sound, keys: [...keysOf(2)].reverse() }],
    ['accounts out of order', { ...sound, accounts: [accountOf('eosio'), accountOf('alice')] }],
    ['the same account twice', { ...sound, accounts: [accountOf('alice'), accountOf('alice')] }],
    ['a wait of 0', { ...sound, waits: [{ waitSec: 0, weight: 1 }] }],
    [
      'waits out of order',
      {
        ...sound,
        waits: [
          { waitSec: 2, weight: 1 },
          { waitSec: 1, weight: 1 },
        ],
      },
    ],
    ['an account that does not exist', { ...sound, accounts: [accountOf('nobody')] }],
    ['a permission that does not exist', { ...sound, accounts: [accountOf('alice@nothing')] }],
    [
      'an empty permission',
      { ...sound, accounts: [{ permission: { actor: name('alice'), permission: name('') }, weight: 1 }] },
    ],
  ];

  it.each(broken)('%s', (what, authority) => {
    const code = 'action_validate_exception';
    refused(report, ledger, `owner: ${what}`, () => ledger.strike([newAccount('carol', authority, sound)]), code);
    refused(report, ledger, `active: ${what}`, () => ledger.strike([newAccount('carol', sound, authority)]), code);
    refused(
      report,
      ledger,
      `updateauth: ${what}`,
      () => ledger.strike([updateAuth('alice', 'spare', authority)]),
      code,
    );
  });

  it('a wait longer than the chain allows', () => {
    const late = { ...sound, waits: [{ waitSec: 0xffffffff, weight: 1 }] };
    refused(
      report,
      ledger,
      'a wait of 136 years',
      () => ledger.strike([updateAuth('alice', 'spare', late)]),
      'action_validate_exception',
    );
  });

  it('names that nobody may have', () => {
    for (const [what, account] of [
      ['no name', ''],
      ['a reserved name', 'eosio.evil'],
      ['another', 'snap.evil'],
    ] as const) {
      refused(
        report,
        ledger,
        what,
        () => ledger.strike([newAccount(account, sound, sound)]),
        'action_validate_exception',
      );
    }
    refused(
      report,
      ledger,
      'a name that is taken',
      () => ledger.strike([newAccount('alice', sound, sound)]),
      'account_name_exists_exception',
    );
    const reserved = updateAuth('alice', 'eosio.x', sound);
    refused(report, ledger, 'a reserved permission', () => ledger.strike([reserved]), 'action_validate_exception');
    const orphan = updateAuth('alice', 'orphan', sound, 'nothing');
    refused(
      report,
      ledger,
      'a parent that does not exist',
      () => ledger.strike([orphan]),
      'permission_query_exception',
      'irrelevant_auth_exception',
    );
  });
});

describe('authorities of thousands', () => {
  it('are charged, and bounded', () => {
    for (const count of [1000, 5000, 13_000]) {
      const strike = ledger.strike([updateAuth('alice', 'many', { ...sound, keys: keysOf(count) })]);
      report.add(`${count} keys`, costOf(strike), strike.code);
      expect(['ok', 'tx_cpu_usage_exceeded', 'tx_net_usage_exceeded']).toContain(strike.code);
      ledger.produceBlock();
    }
    for (const count of [20_000, 65_536, 70_000]) {
      const waits = Array.from({ length: count }, (_, i) => ({ waitSec: i + 1, weight: 1 }));
      const writer = new Writer(1024);
      for (const one of ['alice', 'waits', 'active']) writer.u64(name(one));
      writer.raw(Uint8Array.of(1, 0, 0, 0, 0, 0));
      writer.varuint32(count);
      for (const { waitSec, weight } of waits) {
        writer.u32(waitSec);
        writer.u16(weight);
      }
      const strike = ledger.strike([actionOf('eosio', 'updateauth', writer.finish().slice(), 'alice')]);
      report.add(`${count} waits`, costOf(strike), strike.code);
      expect(['ok', 'tx_cpu_usage_exceeded', 'action_validate_exception', 'invalid_action_args_exception']).toContain(
        strike.code,
      );
      ledger.produceBlock();
    }
  });

  it('are looked up once when many authorizers lead to them', () => {
    for (let i = 0; i < 6; i++) {
      const strike = ledger.strike([updateAuth('alice', `p${'abcdef'[i]}`, { ...sound, keys: keysOf(4000) })]);
      expect(strike.code, strike.message).toBe('ok');
      ledger.produceBlock();
    }
    const query = { accounts: [], keys: Array.from({ length: 100 }, (_, i) => keyOf(i)) };
    const began = performance.now();
    try {
      permissionsByAuthorizers(ledger.pending.state, query, 1000);
    } catch (error) {
      expect(error).toBeInstanceOf(Reject);
      expect((error as Reject).rejection.code).toBe('snap_output_too_large');
    }
    report.add('100 keys, each in 6 permissions of 4,000', performance.now() - began);
  });
});

describe('mazes', () => {
  /** Accounts in layers; each account of a layer refers to all of the next. The last layer has a key of nobody's. */
  function maze(layers: number, width: number): string {
    const names = Array.from({ length: layers }, (_, layer) =>
      Array.from({ length: width }, (_, i) => `x${'abcdefg'[layer]}${'abcdefghijklmnop'[i]}`),
    );
    for (const row of names) ledger.accounts(...row);
    names.forEach((row, layer) => {
      const below = [...(names[layer + 1] ?? [])].sort((a, b) => (name(a) < name(b) ? -1 : 1));
      const accounts = below.map((account) => accountOf(account));
      const authority =
        layer === layers - 1
          ? { ...sound, keys: keysOf(1) }
          : { threshold: accounts.length, keys: [], accounts, waits: [] };
      for (const account of row) {
        const strike = ledger.strike([updateAuth(account, 'active', authority, 'owner')]);
        if (strike.code !== 'ok') throw new Error(strike.message);
      }
      ledger.produceBlock();
    });
    return names[0]![0]!;
  }

  it('of six layers of accounts end within the bound', () => {
    const entry = maze(6, 8);
    ledger.accounts('target');
    const attack = () => ledger.strike([actionOf('target', 'go', NO_DATA, entry)]);
    refused(report, ledger, 'a maze of 8 by 6', attack, 'unsatisfied_authorization', 'tx_cpu_usage_exceeded');
    const many = () => ledger.strike(Array.from({ length: 200 }, () => actionOf('target', 'go', NO_DATA, entry)));
    refused(report, ledger, 'a maze, 200 times', many, 'unsatisfied_authorization', 'tx_cpu_usage_exceeded');
    ledger.install(
      'probe',
      contract(
        forever(
          `i64.const ${BigInt.asIntN(64, name(entry))} i64.const ${BigInt.asIntN(64, name('active'))} i32.const 0 i32.const 0 i32.const 0 i32.const 0 i64.const 0 $check_permission_authorization drop`,
        ),
      ),
    );
    refused(
      report,
      ledger,
      'a maze, asked for by a contract until the gas ends',
      () => ledger.hit('probe'),
      'tx_cpu_usage_exceeded',
    );
  });

  it('of accounts that refer to each other end', () => {
    ledger.accounts('ring1', 'ring2', 'target');
    const to = (account: string) => ({ threshold: 1, keys: [], accounts: [accountOf(account)], waits: [] });
    allowed(report, 'one half of a ring', () => ledger.strike([updateAuth('ring1', 'active', to('ring2'), 'owner')]));
    allowed(report, 'a ring', () => ledger.strike([updateAuth('ring2', 'active', to('ring1'), 'owner')]));
    allowed(report, 'a permission of itself', () =>
      ledger.strike(
        [updateAuth('ring1', 'self', to('ring1@active'), 'active')].map((action) => ({
          ...action,
          authorization: levels(['ring1@owner']),
        })),
      ),
    );
    const attack = () => ledger.strike([actionOf('target', 'go', NO_DATA, 'ring1')]);
    refused(report, ledger, 'authority that goes in a circle', attack, 'unsatisfied_authorization');
  });

  it('of parents are walked and charged', () => {
    let parent = 'active';
    for (let i = 0; i < 300; i++) {
      const permission = `d${'abcdefghij'[i % 10]}${'abcdefghij'[Math.floor(i / 10) % 10]}${'abc'[Math.floor(i / 100)]}`;
      const strike = ledger.strike([updateAuth('alice', permission, sound, parent)]);
      if (strike.code !== 'ok') throw new Error(strike.message);
      parent = permission;
      if (i % 50 === 49) ledger.produceBlock();
    }
    const link = new Writer(64);
    for (const one of ['alice', 'alice', 'go', parent]) link.u64(name(one));
    allowed(report, 'a link to the deepest', () =>
      ledger.strike([actionOf('eosio', 'linkauth', link.finish().slice(), 'alice')]),
    );
    const attack = () => ledger.strike(Array.from({ length: 200 }, () => actionOf('alice', 'go', NO_DATA, 'alice')));
    const strike = attack();
    report.add('200 actions, each 300 parents deep', costOf(strike), strike.code);
    expect(['ok', 'tx_cpu_usage_exceeded']).toContain(strike.code);
  });
});
