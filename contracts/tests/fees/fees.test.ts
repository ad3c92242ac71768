import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { contractsRoot } from '../../compiler/contracts-root.js';
import { buildForTest, ContractTest } from '../../testing/index.js';

const probe = await buildForTest({ name: 'feesprobe', sources: [join(contractsRoot, 'tests/fees/fees.cpp')] });

let chain: ContractTest;
const push = (action: string, actor: string, data: object) => chain.push('probe', action, actor, data as never);
const look = (account: string) => push('look', 'bob', { account }).returnValue;
const nobody = { credit: '0.0000 XST', sponsor: '', cap: '0.0000 XST', cpu_price: 0, ram_price: 0 };

beforeEach(async () => {
  chain = await ContractTest.start({ accounts: ['alice', 'bob', 'probe'] });
  chain.deploy('probe', probe);
  chain.allowCode('probe');
  for (const account of ['alice', 'probe']) chain.issue(account, '100.0000 XST');
});

test('credit is paid in for another account, read, and returned to its owner', () => {
  expect(look('bob')).toEqual(nobody);
  push('topup', 'alice', { payer: 'probe', account: 'bob', quantity: '5.0000 XST' });
  push('topup', 'alice', { payer: 'probe', account: 'probe', quantity: '3.0000 XST' });
  expect(look('bob')).toEqual({ ...nobody, credit: '5.0000 XST' });
  push('withdraw', 'alice', { owner: 'probe', quantity: '1.0000 XST' });
  expect(look('probe')).toEqual({ ...nobody, credit: '2.0000 XST' });
  expect(chain.balance('probe')).toBe('93.0000 XST');
});

test('a sponsor is set with the authority of both, read, and removed by either', () => {
  const accounts = [{ permission: { actor: 'probe', permission: 'eosio.code' }, weight: 1 }];
  const auth = { threshold: 1, keys: [], accounts, waits: [] };
  const permission = { account: 'alice', permission: 'active', parent: 'owner', auth };
  chain.push('eosio', 'updateauth', 'alice@owner', permission);
  push('sponsor', 'bob', { account: 'probe', sponsor: 'alice', cap: '9.0000 XST', period_sec: 60 });
  expect(look('probe')).toEqual({ ...nobody, sponsor: 'alice', cap: '9.0000 XST' });
  push('unsponsor', 'bob', { account: 'probe', by: 'alice' });
  expect(look('probe')).toEqual(nobody);
});

test('what snap.fees refuses, the caller cannot do', () => {
  const withdraw = { owner: 'probe', quantity: '1.0000 XST' };
  expect(() => push('withdraw', 'alice', withdraw)).toThrow('snap_insufficient_credit');
  expect(() => push('withdraw', 'alice', { ...withdraw, owner: 'bob' })).toThrow('unsatisfied_authorization');
  expect(() => push('topup', 'alice', { payer: 'alice', account: 'bob', quantity: '1.0000 XST' })).toThrow(
    'unsatisfied_authorization',
  );
  expect(() => push('topup', 'alice', { payer: 'probe', account: 'nobody', quantity: '1.0000 XST' })).toThrow(
    'must be empty or name an account',
  );
  expect(() => push('unsponsor', 'alice', { account: 'probe', by: 'probe' })).toThrow('has no sponsor');
  const sponsor = { account: 'probe', sponsor: 'probe', cap: '1.0000 XST', period_sec: 60 };
  expect(() => push('sponsor', 'alice', sponsor)).toThrow('cannot be its own sponsor');
});
