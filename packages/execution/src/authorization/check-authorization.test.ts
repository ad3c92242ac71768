import { type Action, name, names, Reject, type RejectionCode } from '@snapscale/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  cancelDelaySchema,
  deleteAuthSchema,
  linkAuthSchema,
  unlinkAuthSchema,
  updateAuthSchema,
} from '../native/action-data.js';
import { initialKeyNumber, level, TestLedger, testAuthority, testKey } from '../native/test-support.js';
import {
  checkAuthorization,
  checkPermission,
  isPermissionAuthorized,
  isTransactionAuthorized,
  requiredKeys,
} from './check-authorization.js';
import { linkedPermission, minimumPermission } from './minimum-permission.js';
import { storeLink, storePermission } from './permission-store.js';

const base = { permissions: [], delaySec: 0, maxDepth: 6, maxDelaySec: 3_888_000 };
let ledger: TestLedger;

/** alice: owner 1, active 2, below active: spend 3, below spend: daily 4. bob: 5. dex: 6. */
beforeEach(() => {
  ledger = new TestLedger();
  ledger.createAccounts(['alice', 2], ['bob', 5], ['dex', 6]);
  const { state } = ledger;
  const set = (text: string, parent: string, key: number) => {
    const { actor, permission } = level(text);
    storePermission(state, actor, permission, {
      parent: name(parent),
      authority: testAuthority({ keys: [[key, 1]] }),
      timeUs: 5n,
    });
  };
  set('alice@owner', '', 1);
  set('alice@spend', 'active', 3);
  set('alice@daily', 'spend', 4);
  storeLink(state, { account: name('alice'), code: name('dex'), action: name('trade') }, name('spend'));
  storeLink(state, { account: name('alice'), code: name('dex'), action: names.empty }, name('daily'));
  storeLink(state, { account: name('alice'), code: name('dex'), action: name('open') }, names.eosioAny);
});

function call(what: string, actors: string): Action {
  const [account, action] = what.split('::') as [string, string];
  return {
    account: name(account),
    name: name(action),
    authorization: actors === '' ? [] : actors.split(' ').map(level),
    data: new Uint8Array(0),
  };
}

function codeOf(run: () => unknown): RejectionCode | 'accepted' {
  try {
    run();
    return 'accepted';
  } catch (error) {
    if (error instanceof Reject) return error.rejection.code;
    throw error;
  }
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Reject) return error.rejection.message;
    throw error;
  }
  return 'accepted';
}

describe('minimum permission', () => {
  it.each([
    ['dex', 'trade', 'spend'],
    ['dex', 'cancel', 'daily'],
    ['dex', 'open', undefined],
    ['bob', 'anything', 'active'],
  ])('%s::%s', (code, action, expected) => {
    const minimum = minimumPermission(ledger.state, name('alice'), name(code), name(action));
    expect(minimum).toBe(expected === undefined ? undefined : name(expected));
  });

  it('tells a link from the default', () => {
    expect(linkedPermission(ledger.state, name('alice'), name('bob'), name('x'))).toBeUndefined();
  });
});

describe('checkAuthorization', () => {
  const cases: readonly [what: string, actors: string, keys: number[], expected: RejectionCode | 'accepted'][] = [
    ['bob::x', 'alice', [2], 'accepted'],
    ['bob::x', 'alice@owner', [1], 'accepted'],
    ['bob::x', 'alice', [], 'unsatisfied_authorization'],
    ['bob::x', 'alice', [5], 'unsatisfied_authorization'],
    // A parent's key does not satisfy the child: the permission that is declared counts.
    ['bob::x', 'alice', [1], 'unsatisfied_authorization'],
    ['bob::x', 'alice@spend', [3], 'irrelevant_auth_exception'],
    ['bob::x', 'alice@nosuch', [3], 'permission_query_exception'],
    ['bob::x', 'nobody', [3], 'permission_query_exception'],
    ['bob::x', 'alice', [2, 5], 'tx_irrelevant_sig'],
    ['bob::x', 'alice', [2, 2], 'tx_duplicate_sig'],
    ['bob::x', 'alice bob', [2, 5], 'accepted'],
    ['bob::x', 'alice alice', [2], 'accepted'],
    ['bob::x', 'alice bob', [2], 'unsatisfied_authorization'],
    ['bob::x', 'alice alice@owner', [1, 2], 'accepted'],
    ['dex::trade', 'alice@spend', [3], 'accepted'],
    ['dex::trade', 'alice', [2], 'accepted'],
    ['dex::trade', 'alice@daily', [4], 'irrelevant_auth_exception'],
    ['dex::other', 'alice@daily', [4], 'accepted'],
    ['dex::other', 'alice@spend', [3], 'accepted'],
    ['dex::open', 'alice@daily', [4], 'accepted'],
    ['dex::open', 'alice@nosuch', [4], 'unsatisfied_authorization'],
    ['bob::x', '', [], 'accepted'],
  ];
  it.each(cases)('%s by %s with keys %j: %s', (what, actors, keys, expected) => {
    const check = () => checkAuthorization(ledger.state, [call(what, actors)], { ...base, keys: keys.map(testKey) });
    expect(codeOf(check)).toBe(expected);
  });

  it('needs every action of a transaction, and names the first unsatisfied level in ascending order', () => {
    const actions = [call('bob::x', 'dex'), call('bob::x', 'bob'), call('bob::x', 'alice')];
    const message = messageOf(() => checkAuthorization(ledger.state, actions, { ...base, keys: [] }));
    expect(message).toBe(
      `transaction declares authority '{"actor":"alice","permission":"active"}', but does not have signatures for it ` +
        'under a provided delay of 0 ms, provided permissions [], provided keys [], and a delay max limit of 3888000000 ms',
    );
  });

  it('says which keys were supplied, as evidence too', () => {
    try {
      checkAuthorization(ledger.state, [call('bob::x', 'alice')], { ...base, keys: [testKey(9)] });
      expect.unreachable();
    } catch (error) {
      const { message, evidence } = (error as Reject).rejection;
      expect(message).toMatch(/provided keys \["EOS[^"]+"\]/);
      expect(evidence).toMatchObject({ needed: 'alice@active', providedPermissions: '' });
      expect(evidence!.providedKeys).toMatch(/^\["EOS/);
    }
  });

  it('keeps messages short however many keys there are', () => {
    const keys = Array.from({ length: 200 }, (_, i) => testKey(100 + i));
    const message = messageOf(() => checkAuthorization(ledger.state, [call('bob::x', 'alice')], { ...base, keys }));
    expect(message.length).toBeLessThan(2000);
    expect(message).toContain('184 more');
  });

  it('accepts unused keys on demand', () => {
    const input = { ...base, keys: [testKey(2), testKey(5)], allowUnusedKeys: true };
    expect(codeOf(() => checkAuthorization(ledger.state, [call('bob::x', 'alice')], input))).toBe('accepted');
  });

  it('lets running code act where its account was given the right', () => {
    const { state } = ledger;
    const authority = testAuthority({ keys: [[2, 1]], accounts: [['dex@eosio.code', 1]] });
    storePermission(state, name('alice'), names.active, { parent: names.owner, authority, timeUs: 5n });
    const inline = [call('bob::x', 'alice')];
    const from = (code: string) => ({ ...base, keys: [], permissions: [level(`${code}@eosio.code`)] });
    expect(codeOf(() => checkAuthorization(state, inline, from('dex')))).toBe('accepted');
    expect(codeOf(() => checkAuthorization(state, inline, from('bob')))).toBe('unsatisfied_authorization');
    expect(codeOf(() => checkAuthorization(state, [call('dex::x', 'dex')], from('dex')))).toBe(
      'unsatisfied_authorization',
    );
  });

  it('takes a delay of the maximum as enough for every wait', () => {
    const { state } = ledger;
    const authority = testAuthority({ waits: [[9_000_000, 1]] });
    storePermission(state, name('alice'), names.active, { parent: names.owner, authority, timeUs: 5n });
    const delayed = (delaySec: number) => () =>
      checkAuthorization(state, [call('bob::x', 'alice')], { ...base, keys: [], delaySec });
    expect(codeOf(delayed(3_887_999))).toBe('unsatisfied_authorization');
    expect(codeOf(delayed(3_888_000))).toBe('accepted');
  });

  it('returns the steps that it took: declared permissions, parents, keys', () => {
    const steps = (what: string, actors: string, keys: number[]) =>
      checkAuthorization(ledger.state, [call(what, actors)], { ...base, keys: keys.map(testKey) });
    expect(steps('bob::x', 'alice', [2])).toBe(2);
    expect(steps('bob::x', 'alice bob', [2, 5])).toBe(4);
    expect(steps('dex::other', 'alice', [2])).toBe(4);
  });

  it('bounds what a small transaction can make a node do', () => {
    const { state } = ledger;
    const nameOf = (i: number) => name(`p${i.toString(5).replace(/0/g, '5')}`);
    for (let i = 0; i < 200; i++) {
      const parent = i === 0 ? names.active : nameOf(i - 1);
      storePermission(state, name('alice'), nameOf(i), {
        parent,
        authority: testAuthority({ keys: [[2, 1]] }),
        timeUs: 5n,
      });
    }
    storeLink(state, { account: name('alice'), code: name('bob'), action: name('x') }, nameOf(199));
    const action = call('bob::x', Array.from({ length: 100 }, () => 'alice').join(' '));
    const check = () => checkAuthorization(state, [action], { ...base, keys: [testKey(2)] });
    expect(codeOf(check)).toBe('tx_cpu_usage_exceeded');
  });
});

describe('actions with their own rule', () => {
  const authority = testAuthority({ keys: [[7, 1]] });
  const alice = name('alice');
  const update = (permission: string, parent: string) => (actors: string) =>
    ledger.action('eosio::updateauth', actors, updateAuthSchema, {
      account: alice,
      permission: name(permission),
      parent: name(parent),
      auth: authority,
    });
  const remove = (permission: string) => (actors: string) =>
    ledger.action('eosio::deleteauth', actors, deleteAuthSchema, { account: alice, permission: name(permission) });
  const link = (code: string, type: string, requirement: string) => (actors: string) =>
    ledger.action('eosio::linkauth', actors, linkAuthSchema, {
      account: alice,
      code: name(code),
      type: name(type),
      requirement: name(requirement),
    });
  const unlink = (code: string, type: string) => (actors: string) =>
    ledger.action('eosio::unlinkauth', actors, unlinkAuthSchema, {
      account: alice,
      code: name(code),
      type: name(type),
    });
  const cancel = (of: string) => (actors: string) =>
    ledger.action('eosio::canceldelay', actors, cancelDelaySchema, {
      cancelingAuth: level(of),
      trxId: new Uint8Array(32),
    });

  const cases: readonly [string, (actors: string) => Action, string, number[], RejectionCode | 'accepted'][] = [
    ['change active by active', update('active', 'owner'), 'alice', [2], 'accepted'],
    ['change active by owner', update('active', 'owner'), 'alice@owner', [1], 'accepted'],
    ['change owner by active', update('owner', ''), 'alice', [2], 'irrelevant_auth_exception'],
    ['change owner by owner', update('owner', ''), 'alice@owner', [1], 'accepted'],
    ['change spend by spend', update('spend', 'active'), 'alice@spend', [3], 'accepted'],
    ['change spend by daily', update('spend', 'active'), 'alice@daily', [4], 'irrelevant_auth_exception'],
    ['create below spend by spend', update('new', 'spend'), 'alice@spend', [3], 'accepted'],
    ['create below spend by daily', update('new', 'spend'), 'alice@daily', [4], 'irrelevant_auth_exception'],
    ['create below nothing', update('new', 'nosuch'), 'alice', [2], 'permission_query_exception'],
    ['create with an empty name', update('', 'active'), 'alice', [2], 'invalid_permission'],
    ['by somebody else', update('active', 'owner'), 'bob', [5], 'irrelevant_auth_exception'],
    ['by two', update('active', 'owner'), 'alice bob', [2, 5], 'irrelevant_auth_exception'],
    ['by nobody', update('active', 'owner'), '', [], 'irrelevant_auth_exception'],
    ['with another key', update('active', 'owner'), 'alice', [9], 'unsatisfied_authorization'],
    ['delete daily by daily', remove('daily'), 'alice@daily', [4], 'accepted'],
    ['delete spend by daily', remove('spend'), 'alice@daily', [4], 'irrelevant_auth_exception'],
    ['delete what is not there', remove('nosuch'), 'alice', [2], 'permission_query_exception'],
    ['delete by somebody else', remove('daily'), 'bob', [5], 'irrelevant_auth_exception'],
    ['link an unlinked action by active', link('bob', 'x', 'spend'), 'alice', [2], 'accepted'],
    ['link an unlinked action by spend', link('bob', 'x', 'spend'), 'alice@spend', [3], 'irrelevant_auth_exception'],
    ['relink by the linked permission', link('dex', 'trade', 'daily'), 'alice@spend', [3], 'accepted'],
    ['relink by a lesser one', link('dex', 'trade', 'daily'), 'alice@daily', [4], 'irrelevant_auth_exception'],
    ['relink what anyone may', link('dex', 'open', 'daily'), 'alice@daily', [4], 'accepted'],
    ['link updateauth', link('eosio', 'updateauth', 'spend'), 'alice', [2], 'action_validate_exception'],
    ['link deleteauth', link('eosio', 'deleteauth', 'spend'), 'alice', [2], 'action_validate_exception'],
    ['link linkauth', link('eosio', 'linkauth', 'spend'), 'alice', [2], 'action_validate_exception'],
    ['link unlinkauth', link('eosio', 'unlinkauth', 'spend'), 'alice', [2], 'action_validate_exception'],
    ['link canceldelay', link('eosio', 'canceldelay', 'spend'), 'alice', [2], 'action_validate_exception'],
    ['link newaccount', link('eosio', 'newaccount', 'spend'), 'alice', [2], 'accepted'],
    ["link another contract's updateauth", link('dex', 'updateauth', 'spend'), 'alice', [2], 'accepted'],
    ['link by somebody else', link('bob', 'x', 'spend'), 'bob', [5], 'irrelevant_auth_exception'],
    ['link by somebody else what anyone may', link('dex', 'open', 'daily'), 'bob', [5], 'irrelevant_auth_exception'],
    ['unlink by somebody else what anyone may', unlink('dex', 'open'), 'bob', [5], 'irrelevant_auth_exception'],
    ['unlink by the linked permission', unlink('dex', 'trade'), 'alice@spend', [3], 'accepted'],
    ['unlink by a lesser one', unlink('dex', 'trade'), 'alice@daily', [4], 'irrelevant_auth_exception'],
    ['unlink what anyone may', unlink('dex', 'open'), 'alice@daily', [4], 'accepted'],
    ['unlink what is not linked', unlink('bob', 'x'), 'alice', [2], 'transaction_exception'],
    ['unlink by two', unlink('dex', 'trade'), 'alice bob', [2, 5], 'irrelevant_auth_exception'],
    ['cancel', cancel('alice@active'), 'alice', [2], 'tx_not_found'],
    ["cancel with another's authority", cancel('alice@active'), 'bob', [5], 'irrelevant_auth_exception'],
    ['cancel for nobody', cancel('alice@nosuch'), 'alice', [2], 'permission_query_exception'],
  ];
  it.each(cases)('%s', (_what, make, actors, keys, expected) => {
    const check = () => checkAuthorization(ledger.state, [make(actors)], { ...base, keys: keys.map(testKey) });
    expect(codeOf(check)).toBe(expected);
  });

  it('refuses arguments that are cut short, and ignores what system contracts append', () => {
    const whole = remove('daily')('alice');
    const cut = { ...whole, data: whole.data.subarray(0, 15) };
    const longer = { ...whole, data: Uint8Array.of(...whole.data, 1, 2, 3) };
    const check = (action: Action) => () => checkAuthorization(ledger.state, [action], { ...base, keys: [testKey(2)] });
    expect(codeOf(check(cut))).toBe('invalid_action_args_exception');
    expect(codeOf(check(longer))).toBe('accepted');
  });
});

describe('host functions', () => {
  it('answers instead of rejecting for reasons of authorization only', () => {
    const { state } = ledger;
    const input = { ...base, keys: [testKey(2), testKey(2)] };
    const transaction = (actors: string) => ({ actions: [call('bob::x', actors)], delaySec: 0 });
    expect(isTransactionAuthorized(state, transaction('alice'), input)).toBe(true);
    expect(isTransactionAuthorized(state, transaction('bob'), input)).toBe(false);
    expect(isTransactionAuthorized(state, transaction('alice@spend'), input)).toBe(false);
    expect(isTransactionAuthorized(state, transaction('alice'), { ...base, keys: [testKey(2), testKey(3)] })).toBe(
      false,
    );
    expect(codeOf(() => isTransactionAuthorized(state, transaction('alice@nosuch'), input))).toBe(
      'permission_query_exception',
    );
    expect(isPermissionAuthorized(state, level('alice'), input)).toBe(true);
    expect(isPermissionAuthorized(state, level('alice@owner'), input)).toBe(false);
    expect(isPermissionAuthorized(state, level('alice@nosuch'), input)).toBe(false);
  });

  it('names the permission that is not satisfied', () => {
    const check = () => checkPermission(ledger.state, level('alice@owner'), { ...base, keys: [testKey(2)] });
    expect(codeOf(check)).toBe('unsatisfied_authorization');
    expect(messageOf(check)).toMatch(
      /^permission '{"actor":"alice","permission":"owner"}' was not satisfied under a provided delay of 0 ms/,
    );
  });
});

describe('requiredKeys', () => {
  const transaction = (actors: string) => ({ actions: [call('bob::x', actors)], delaySec: 0 });
  it('picks the keys that are needed, ascending', () => {
    const candidates = [9, 6, 5, 2].map(testKey);
    const keys = requiredKeys(ledger.state, transaction('bob alice'), candidates, 6);
    expect(keys).toEqual([2, 5].map(testKey));
  });

  it('rejects when the candidates do not suffice', () => {
    const ask = () => requiredKeys(ledger.state, transaction('alice'), [testKey(5)], 6);
    expect(messageOf(ask)).toBe(
      `transaction declares authority '{"actor":"alice","permission":"active"}', but does not have signatures for it.`,
    );
  });

  it('knows the key of a new chain', () => {
    const keys = requiredKeys(ledger.state, transaction('eosio'), [testKey(initialKeyNumber)], 6);
    expect(keys).toHaveLength(1);
  });
});
