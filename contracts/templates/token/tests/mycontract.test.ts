import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ContractTest, loadBuilt } from '@snapscale/contracts/testing';

let chain: ContractTest;

const pay = (from: string, to: string, quantity: string, memo = '') => ({ from, to, quantity, memo });
const balance = (owner: string) => chain.balance(owner, '4,ABC', 'mycontract');

beforeEach(async () => {
  chain = await ContractTest.start({ accounts: ['alice', 'bob', 'carol'] });
  chain.deploy('mycontract', loadBuilt('.'));
  chain.push('mycontract', 'create', 'mycontract', { issuer: 'alice', maximum_supply: '1000.0000 ABC' });
  chain.push('mycontract', 'issue', 'alice', { to: 'alice', quantity: '100.0000 ABC', memo: '' });
});

test('tokens are issued, moved and retired', () => {
  chain.push('mycontract', 'transfer', 'alice', pay('alice', 'bob', '30.0000 ABC'));
  assert.deepEqual([balance('alice'), balance('bob')], ['70.0000 ABC', '30.0000 ABC']);
  chain.push('mycontract', 'retire', 'alice', { quantity: '20.0000 ABC', memo: '' });
  assert.deepEqual(chain.table('mycontract', 'ABC', 'stat'), [
    { supply: '80.0000 ABC', max_supply: '1000.0000 ABC', issuer: 'alice' },
  ]);
});

test('a new balance is paid for by the sender, or by a recipient who signs', () => {
  const before = chain.ram('bob');
  chain.push('mycontract', 'transfer', 'alice', pay('alice', 'bob', '1.0000 ABC'));
  assert.equal(chain.ram('bob'), before);
  const carolsBefore = chain.ram('carol');
  chain.push('mycontract', 'transfer', ['alice', 'carol'], pay('alice', 'carol', '1.0000 ABC'));
  assert.ok(chain.ram('carol') > carolsBefore);
});

test('an empty balance is opened and closed', () => {
  chain.push('mycontract', 'open', 'bob', { owner: 'bob', symbol: '4,ABC', ram_payer: 'bob' });
  assert.equal(chain.table('mycontract', 'bob', 'accounts').length, 1);
  chain.push('mycontract', 'close', 'bob', { owner: 'bob', symbol: '4,ABC' });
  assert.equal(chain.table('mycontract', 'bob', 'accounts').length, 0);
});

describe('what is refused', () => {
  test('tokens', () => {
    const create = (maximum_supply: string, issuer = 'bob') => ({ issuer, maximum_supply });
    chain.rows('mycontract', [
      ['create', 'alice', create('1.00 NEW'), 'missing authority of mycontract'],
      ['create', 'mycontract', create('0.00 NEW'), 'max-supply must be positive'],
      ['create', 'mycontract', create('1.00 NEW', 'nobody'), 'issuer account does not exist'],
      ['create', 'mycontract', create('1.00 ABC'), 'token with symbol already exists'],
      ['issue', 'bob', { to: 'bob', quantity: '1.0000 ABC', memo: '' }, 'only be issued to issuer account'],
      ['issue', 'bob', { to: 'alice', quantity: '1.0000 ABC', memo: '' }, 'missing authority of alice'],
      ['issue', 'alice', { to: 'alice', quantity: '1.00 ABC', memo: '' }, 'symbol precision mismatch'],
      ['issue', 'alice', { to: 'alice', quantity: '900.0001 ABC', memo: '' }, 'exceeds available supply'],
      ['issue', 'alice', { to: 'alice', quantity: '1.0000 NEW', memo: '' }, 'token with symbol does not exist'],
      ['retire', 'bob', { quantity: '1.0000 ABC', memo: '' }, 'missing authority of alice'],
      ['retire', 'alice', { quantity: '100.0001 ABC', memo: '' }, 'overdrawn balance'],
    ]);
  });

  test('transfers', () => {
    chain.rows('mycontract', [
      ['transfer', 'bob', pay('alice', 'bob', '1.0000 ABC'), 'missing authority of alice'],
      ['transfer', 'alice', pay('alice', 'alice', '1.0000 ABC'), 'cannot transfer to self'],
      ['transfer', 'alice', pay('alice', 'nobody', '1.0000 ABC'), 'to account does not exist'],
      ['transfer', 'alice', pay('alice', 'bob', '0.0000 ABC'), 'quantity must be positive'],
      ['transfer', 'alice', pay('alice', 'bob', '-1.0000 ABC'), 'quantity must be positive'],
      ['transfer', 'alice', pay('alice', 'bob', '1 ABC'), 'symbol precision mismatch'],
      ['transfer', 'alice', pay('alice', 'bob', '100.0001 ABC'), 'overdrawn balance'],
      ['transfer', 'bob', pay('bob', 'alice', '1.0000 ABC'), 'no balance object found'],
      ['transfer', 'alice', pay('alice', 'bob', '1.0000 ABC', 'x'.repeat(257)), 'memo has more than 256 bytes'],
    ]);
    assert.equal(balance('alice'), '100.0000 ABC');
  });

  test('balances', () => {
    chain.rows('mycontract', [
      ['open', 'bob', { owner: 'nobody', symbol: '4,ABC', ram_payer: 'bob' }, 'owner account does not exist'],
      ['open', 'bob', { owner: 'bob', symbol: '4,NEW', ram_payer: 'bob' }, 'symbol does not exist'],
      ['open', 'bob', { owner: 'bob', symbol: '2,ABC', ram_payer: 'bob' }, 'symbol precision mismatch'],
      ['open', 'alice', { owner: 'bob', symbol: '4,ABC', ram_payer: 'bob' }, 'missing authority of bob'],
      ['close', 'bob', { owner: 'bob', symbol: '4,ABC' }, 'there is no such balance'],
      ['close', 'alice', { owner: 'alice', symbol: '4,ABC' }, 'the balance is not zero'],
    ]);
  });
});
