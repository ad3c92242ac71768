import { sha256 } from '@snapscale/crypto';
import { type Action, type Authority, name, names, Reject, type RejectionCode } from '@snapscale/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  getAbiBytes,
  getAccount,
  getCode,
  getLastUsedUs,
  getLink,
  getPermission,
  getResources,
} from '../state/records.js';
import {
  cancelDelaySchema,
  deleteAuthSchema,
  linkAuthSchema,
  newAccountSchema,
  setAbiSchema,
  setCodeSchema,
  unlinkAuthSchema,
  updateAuthSchema,
} from './action-data.js';
import { nativeDataGas, nativeHandler } from './handlers.js';
import { TestLedger, testAuthority } from './test-support.js';

let ledger: TestLedger;
const alice = name('alice');

beforeEach(() => {
  ledger = new TestLedger();
  ledger.createAccounts(['alice', 1], ['bob', 2], ['dex', 3]);
});

type Result = RejectionCode | 'accepted';

function resultOf(action: Action): { code: Result; message: string; ram: Record<string, bigint> } {
  try {
    const { ramDeltas } = ledger.run(action);
    return { code: 'accepted', message: '', ram: Object.fromEntries([...ramDeltas].map(([k, v]) => [`${k}`, v])) };
  } catch (error) {
    if (!(error instanceof Reject)) throw error;
    return { code: error.rejection.code, message: error.rejection.message, ram: {} };
  }
}

const good = testAuthority({ keys: [[1, 1]] });
const bad = testAuthority({ threshold: 2, keys: [[1, 1]] });
const accounts = (...list: string[]) => testAuthority({ accounts: list.map((text) => [text, 1]) });

describe('newaccount', () => {
  const create = (
    account: string,
    actor = 'alice',
    owner: Authority = good,
    active: Authority = good,
    creator = 'alice',
  ) =>
    ledger.action('eosio::newaccount', actor, newAccountSchema, {
      creator: name(creator),
      name: name(account),
      owner,
      active,
    });
  const cases: readonly [string, () => Action, Result, string?][] = [
    ['an account', () => create('carol'), 'accepted'],
    ["without the creator's authority", () => create('carol', 'bob'), 'missing_auth_exception'],
    ['a broken owner', () => create('carol', 'alice', bad), 'action_validate_exception', 'Invalid owner authority'],
    [
      'a broken active',
      () => create('carol', 'alice', good, bad),
      'action_validate_exception',
      'Invalid active authority',
    ],
    ['no name', () => create(''), 'action_validate_exception', 'account name cannot be empty'],
    [
      '13 characters',
      () => create('abcdefghijkla'),
      'action_validate_exception',
      'account names can only be 12 chars long',
    ],
    ['12 characters', () => create('abcdefghijkl'), 'accepted'],
    [
      'a reserved name',
      () => create('eosio.x'),
      'action_validate_exception',
      "only privileged accounts can have names that start with 'eosio.'",
    ],
    [
      'the name of a system account of SnapScale',
      () => create('snap.ca'),
      'action_validate_exception',
      "only privileged accounts can have names that start with 'snap.'",
    ],
    ['a reserved name by the system', () => create('eosio.x', 'eosio', good, good, 'eosio'), 'accepted'],
    [
      'a name that is taken',
      () => create('bob'),
      'account_name_exists_exception',
      'Cannot create account named bob, as that name is already taken',
    ],
    [
      'an unknown account in an authority',
      () => create('carol', 'alice', good, accounts('nobody')),
      'action_validate_exception',
      "account 'nobody' does not exist",
    ],
    [
      'an unknown permission in an authority',
      () => create('carol', 'alice', good, accounts('bob@spend')),
      'action_validate_exception',
      `permission '{"actor":"bob","permission":"spend"}' does not exist`,
    ],
    [
      'an unknown permission of the account itself',
      () => create('carol', 'alice', accounts('carol@owner')),
      'action_validate_exception',
      `permission '{"actor":"carol","permission":"owner"}' does not exist`,
    ],
    [
      'its own active and code',
      () => create('carol', 'alice', accounts('carol@active'), accounts('carol@eosio.code')),
      'accepted',
    ],
    ["another's code", () => create('carol', 'alice', good, accounts('dex@eosio.code')), 'accepted'],
  ];
  it.each(cases)('%s', (_what, make, code, message) => {
    const result = resultOf(make());
    expect(result.code).toBe(code);
    if (message !== undefined) expect(result.message).toBe(message);
  });

  it('bills 2,724 bytes for an account with one key each, to the account itself', () => {
    const { ram } = resultOf(create('carol'));
    expect(ram).toEqual({ [`${name('carol')}`]: 2724n });
    expect(getResources(ledger.state, name('carol'))).toMatchObject({ ramUsage: 2724n, ramQuota: -1n });
    const record = getAccount(ledger.state, name('carol'))!;
    expect(record).toMatchObject({ createdSlot: ledger.slot, privileged: false, codeHash: undefined });
    const active = getPermission(ledger.state, name('carol'), names.active)!;
    expect(active).toMatchObject({ parent: names.owner, lastUpdatedUs: ledger.block.timeUs, authority: good });
    expect(getLastUsedUs(ledger.state, name('carol'), names.active)).toBe(ledger.block.timeUs);
  });
});

describe('setcode', () => {
  const wasm = Uint8Array.of(0, 1, 2, 3);
  const other = Uint8Array.of(0, 9);
  const set = (code: Uint8Array, actor = 'alice', vmtype = 0, vmversion = 0, account = 'alice') =>
    ledger.action('eosio::setcode', actor, setCodeSchema, { account: name(account), vmtype, vmversion, code });

  it.each<[string, () => Action, Result]>([
    ['code', () => set(wasm), 'accepted'],
    ['by somebody else', () => set(wasm, 'bob'), 'missing_auth_exception'],
    ['another vm type', () => set(wasm, 'alice', 1), 'invalid_contract_vm_type'],
    ['another vm version', () => set(wasm, 'alice', 0, 1), 'invalid_contract_vm_version'],
    ['code that the chain refuses', () => set(Uint8Array.of(0xff)), 'wasm_serialization_error'],
    ['nothing where there is nothing', () => set(new Uint8Array(0)), 'set_exact_code'],
  ])('%s', (_what, make, code) => expect(resultOf(make()).code).toBe(code));

  it('shares code between accounts, bills each, and counts references', () => {
    const hash = sha256(wasm);
    const references = () => getCode(ledger.state, hash)?.references;
    expect(resultOf(set(wasm)).ram).toEqual({ [`${alice}`]: 40n });
    expect(resultOf(set(wasm, 'bob', 0, 0, 'bob')).ram).toEqual({ [`${name('bob')}`]: 40n });
    expect(references()).toBe(2);
    expect(resultOf(set(wasm))).toMatchObject({
      code: 'set_exact_code',
      message: 'contract is already running this version of code',
    });
    expect(resultOf(set(other)).ram).toEqual({ [`${alice}`]: -20n });
    expect(references()).toBe(1);
    expect(resultOf(set(new Uint8Array(0), 'bob', 0, 0, 'bob')).ram).toEqual({ [`${name('bob')}`]: -40n });
    expect(references()).toBeUndefined();
    expect(getAccount(ledger.state, alice)).toMatchObject({
      codeSequence: 2n,
      codeHash: sha256(other),
      lastCodeUpdateUs: ledger.block.timeUs,
    });
    expect(getAccount(ledger.state, name('bob'))!.codeHash).toBeUndefined();
    expect(getResources(ledger.state, alice).ramUsage).toBe(2724n + 20n);
  });
});

describe('setabi', () => {
  const set = (abi: Uint8Array, actor = 'alice') =>
    ledger.action('eosio::setabi', actor, setAbiSchema, { account: alice, abi });
  it('stores, replaces and removes an ABI of any content', () => {
    expect(resultOf(set(Uint8Array.of(1, 2, 3))).ram).toEqual({ [`${alice}`]: 3n });
    expect(getAbiBytes(ledger.state, alice)).toEqual(Uint8Array.of(1, 2, 3));
    expect(resultOf(set(Uint8Array.of(1))).ram).toEqual({ [`${alice}`]: -2n });
    expect(resultOf(set(new Uint8Array(0))).ram).toEqual({ [`${alice}`]: -1n });
    expect(getAbiBytes(ledger.state, alice)).toBeUndefined();
    expect(resultOf(set(new Uint8Array(0))).code).toBe('accepted');
    expect(getAccount(ledger.state, alice)!.abiSequence).toBe(4n);
    expect(resultOf(set(Uint8Array.of(1), 'bob')).code).toBe('missing_auth_exception');
  });
});

describe('updateauth and deleteauth', () => {
  const update = (permission: string, parent: string, auth: Authority = good, actor = 'alice') =>
    ledger.action('eosio::updateauth', actor, updateAuthSchema, {
      account: alice,
      permission: name(permission),
      parent: name(parent),
      auth,
    });
  const remove = (permission: string, actor = 'alice') =>
    ledger.action('eosio::deleteauth', actor, deleteAuthSchema, { account: alice, permission: name(permission) });

  beforeEach(() => {
    ledger.run(update('spend', 'active'));
    ledger.run(update('daily', 'spend'));
  });

  it.each<[string, () => Action, Result, string?]>([
    ['a new permission', () => update('new', 'active'), 'accepted'],
    ['another key', () => update('active', 'owner', testAuthority({ keys: [[9, 1]] })), 'accepted'],
    ['the owner', () => update('owner', ''), 'accepted'],
    ['by somebody else', () => update('new', 'active', good, 'bob'), 'missing_auth_exception'],
    ['no name', () => update('', 'active'), 'action_validate_exception', 'Cannot create authority with empty name'],
    [
      'a reserved name',
      () => update('eosio.x', 'active'),
      'action_validate_exception',
      "Permission names that start with 'eosio.' are reserved",
    ],
    [
      'its own parent',
      () => update('new', 'new'),
      'action_validate_exception',
      'Cannot set an authority as its own parent',
    ],
    [
      'active below nothing',
      () => update('active', ''),
      'action_validate_exception',
      "Cannot change active authority's parent from owner",
    ],
    [
      'active below spend',
      () => update('active', 'spend'),
      'action_validate_exception',
      "Cannot change active authority's parent from owner",
    ],
    [
      'owner below active',
      () => update('owner', 'active'),
      'action_validate_exception',
      "Cannot change owner authority's parent",
    ],
    [
      'a permission below nothing',
      () => update('new', ''),
      'action_validate_exception',
      'Only owner permission can have empty parent',
    ],
    ['an unknown parent', () => update('new', 'nosuch'), 'permission_query_exception'],
    [
      'a moved permission',
      () => update('daily', 'active'),
      'action_validate_exception',
      'Changing parent authority is not currently supported',
    ],
    [
      'an unknown account',
      () => update('new', 'active', accounts('nobody')),
      'action_validate_exception',
      "account 'nobody' does not exist",
    ],
    ['an unknown permission', () => update('new', 'active', accounts('bob@x')), 'action_validate_exception'],
    ['the longest wait', () => update('new', 'active', testAuthority({ waits: [[3_888_000, 1]] })), 'accepted'],
    [
      'a longer wait',
      () => update('new', 'active', testAuthority({ waits: [[3_888_001, 1]] })),
      'action_validate_exception',
      'Cannot set delay longer than max_transacton_delay, which is 3888000 seconds',
    ],
    ['delete', () => remove('daily'), 'accepted'],
    ['delete active', () => remove('active'), 'action_validate_exception', 'Cannot delete active authority'],
    ['delete owner', () => remove('owner'), 'action_validate_exception', 'Cannot delete owner authority'],
    [
      'delete a parent',
      () => remove('spend'),
      'action_validate_exception',
      'Cannot remove a permission which has children. Remove the children first.',
    ],
    ['delete what is not there', () => remove('nosuch'), 'permission_query_exception'],
    ['delete by somebody else', () => remove('daily', 'bob'), 'missing_auth_exception'],
  ])('%s', (_what, make, code, message) => {
    const result = resultOf(make());
    expect(result.code).toBe(code);
    if (message !== undefined) expect(result.message).toBe(message);
  });

  it('names a broken authority', () => {
    expect(resultOf(update('new', 'active', bad)).message).toMatch(
      /^Invalid authority: {"threshold":2,"keys":\[{"key":"EOS/,
    );
  });

  it('bills the difference and keeps the parent', () => {
    const two = testAuthority({
      keys: [
        [1, 1],
        [2, 1],
      ],
    });
    expect(resultOf(update('new', 'spend')).ram).toEqual({ [`${alice}`]: 338n });
    ledger.slot += 10;
    expect(resultOf(update('new', 'spend', two)).ram).toEqual({ [`${alice}`]: 50n });
    expect(getPermission(ledger.state, alice, name('new'))).toMatchObject({
      parent: name('spend'),
      lastUpdatedUs: ledger.block.timeUs,
      authority: two,
    });
    expect(getLastUsedUs(ledger.state, alice, name('new'))).toBe(ledger.block.timeUs - 5_000_000n);
    expect(resultOf(remove('new')).ram).toEqual({ [`${alice}`]: -388n });
    expect(getPermission(ledger.state, alice, name('new'))).toBeUndefined();
    expect(getResources(ledger.state, alice).ramUsage).toBe(2724n + 2n * 338n);
  });

  it('does not delete a linked permission', () => {
    const link = { account: alice, code: name('dex'), type: name('trade'), requirement: name('daily') };
    ledger.act('eosio::linkauth', 'alice', linkAuthSchema, link);
    expect(resultOf(remove('daily')).message).toBe(
      'Cannot delete a linked authority. Unlink the authority first. This authority is linked to dex::trade.',
    );
    ledger.act('eosio::unlinkauth', 'alice', unlinkAuthSchema, link);
    expect(resultOf(remove('daily')).code).toBe('accepted');
  });
});

describe('linkauth and unlinkauth', () => {
  const link = (code: string, type: string, requirement: string, actor = 'alice') =>
    ledger.action('eosio::linkauth', actor, linkAuthSchema, {
      account: alice,
      code: name(code),
      type: name(type),
      requirement: name(requirement),
    });
  const unlink = (code: string, type: string, actor = 'alice') =>
    ledger.action('eosio::unlinkauth', actor, unlinkAuthSchema, { account: alice, code: name(code), type: name(type) });

  beforeEach(() => {
    ledger.run(link('bob', 'x', 'owner'));
  });

  it.each<[string, () => Action, Result, string?]>([
    ['an action', () => link('dex', 'trade', 'active'), 'accepted'],
    ['all actions', () => link('dex', '', 'owner'), 'accepted'],
    ['anyone may', () => link('dex', 'trade', 'eosio.any'), 'accepted'],
    ['another requirement', () => link('bob', 'x', 'active'), 'accepted'],
    [
      'the same requirement',
      () => link('bob', 'x', 'owner'),
      'action_validate_exception',
      'Attempting to update required authority, but new requirement is same as old',
    ],
    [
      'no requirement',
      () => link('dex', 'trade', ''),
      'action_validate_exception',
      'Required permission cannot be empty',
    ],
    [
      'an unknown permission',
      () => link('dex', 'trade', 'nosuch'),
      'permission_query_exception',
      'Failed to retrieve permission: nosuch',
    ],
    [
      'an unknown contract',
      () => link('nobody', 'trade', 'active'),
      'account_query_exception',
      'Failed to retrieve code for account: nobody',
    ],
    ['by somebody else', () => link('dex', 'trade', 'active', 'bob'), 'missing_auth_exception'],
    ['unlink', () => unlink('bob', 'x'), 'accepted'],
    [
      'unlink what is not linked',
      () => unlink('bob', 'y'),
      'action_validate_exception',
      'Attempting to unlink authority, but no link found',
    ],
    ['unlink by somebody else', () => unlink('bob', 'x', 'bob'), 'missing_auth_exception'],
  ])('%s', (_what, make, code, message) => {
    const result = resultOf(make());
    expect(result.code).toBe(code);
    if (message !== undefined) expect(result.message).toBe(message);
  });

  it('bills a link once', () => {
    expect(resultOf(link('dex', 'trade', 'active')).ram).toEqual({ [`${alice}`]: 144n });
    expect(resultOf(link('dex', 'trade', 'owner')).ram).toEqual({});
    expect(getLink(ledger.state, alice, name('dex'), name('trade'))).toBe(names.owner);
    expect(resultOf(unlink('dex', 'trade')).ram).toEqual({ [`${alice}`]: -144n });
    expect(getLink(ledger.state, alice, name('dex'), name('trade'))).toBeUndefined();
  });
});

describe('canceldelay, onerror, onblock', () => {
  const raw = (action: string, actor: string, data = new Uint8Array(0)): Action => ({
    account: names.eosio,
    name: name(action),
    authorization: [{ actor: name(actor), permission: names.active }],
    data,
  });

  it('cancels nothing', () => {
    const cancel = { cancelingAuth: { actor: alice, permission: names.active }, trxId: new Uint8Array(32) };
    const action = (actor: string) => ledger.action('eosio::canceldelay', actor, cancelDelaySchema, cancel);
    expect(resultOf(action('alice')).code).toBe('accepted');
    expect(resultOf(action('bob')).code).toBe('missing_auth_exception');
  });

  it('refuses onerror and onblock of users', () => {
    expect(resultOf(raw('onerror', 'eosio')).code).toBe('action_validate_exception');
    expect(resultOf(raw('onblock', 'eosio')).code).toBe('action_validate_exception');
  });

  it('accepts onblock of the node', () => {
    ledger.expirationSec = 0;
    expect(resultOf(raw('onblock', 'eosio')).code).toBe('accepted');
  });
});

describe('every native action of eosio', () => {
  it.each(['newaccount', 'setcode', 'setabi', 'updateauth', 'deleteauth', 'linkauth', 'unlinkauth', 'canceldelay'])(
    '%s refuses read-only transactions and data that is cut short',
    (action) => {
      const call = { account: names.eosio, name: name(action), authorization: [], data: Uint8Array.of(1) };
      expect(resultOf(call).code).toBe('invalid_action_args_exception');
      ledger.readOnly = true;
      expect(resultOf({ ...call })).toMatchObject({
        code: 'action_validate_exception',
        message: `${action} not allowed in read-only transaction`,
      });
    },
  );

  it('runs for eosio as receiver only', () => {
    const action = { account: names.eosio, name: names.newaccount };
    expect(nativeHandler(names.eosio, action)).toBeDefined();
    expect(nativeHandler(alice, action)).toBeUndefined();
    expect(nativeHandler(names.eosio, { account: alice, name: names.newaccount })).toBeUndefined();
    expect(nativeHandler(alice, { account: alice, name: names.transfer })).toBeUndefined();
    expect(nativeHandler(names.snapFees, { account: names.eosioToken, name: names.transfer })).toBeDefined();
    expect(nativeHandler(names.snapFees, { account: alice, name: names.transfer })).toBeUndefined();
  });

  it('costs more gas where its data makes more work', () => {
    const data = new Uint8Array(1000);
    const gas = (account: string, action: string) =>
      nativeDataGas({ account: name(account), name: name(action), authorization: [], data });
    expect(gas('eosio', 'setabi')).toBe(6000);
    expect(gas('eosio', 'setcode')).toBe(250_000);
    expect(gas('eosio', 'updateauth')).toBe(250_000);
    expect(gas('alice', 'setcode')).toBe(4000);
  });
});
