import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ContractTest, loadBuilt } from '@snapscale/contracts/testing';

let chain: ContractTest;

const deal = { buyer: 'buyer', seller: 'seller', arbiter: 'arbiter', amount: '5.0000 XST', seconds_max: 3600 };
const pay = (from: string, quantity: string, memo: string) => ({ from, to: 'mycontract', quantity, memo });
const fund = () => chain.push('eosio.token', 'transfer', 'buyer', pay('buyer', '5.0000 XST', '1'));
const deals = () => chain.table('mycontract', 'mycontract', 'deals');

beforeEach(async () => {
  chain = await ContractTest.start({ accounts: ['buyer', 'seller', 'arbiter', 'eve'] });
  chain.deploy('mycontract', loadBuilt('.'));
  chain.allowCode('mycontract');
  chain.issue('buyer', '20.0000 XST');
  chain.issue('eve', '20.0000 XST');
  assert.equal(chain.push('mycontract', 'open', 'buyer', deal).returnValue, 1);
});

describe('a funded deal', () => {
  beforeEach(() => void fund());

  test('the buyer releases the money to the seller', () => {
    assert.equal(chain.balance('mycontract'), '5.0000 XST');
    chain.push('mycontract', 'release', 'buyer', { id: 1, by: 'buyer' });
    assert.deepEqual([chain.balance('seller'), deals()], ['5.0000 XST', []]);
  });

  test('the seller gives it back', () => {
    chain.push('mycontract', 'refund', 'seller', { id: 1, by: 'seller' });
    assert.deepEqual([chain.balance('buyer'), deals()], ['20.0000 XST', []]);
  });

  test('the arbiter decides either way', () => {
    const before = chain.snapshot();
    chain.push('mycontract', 'release', 'arbiter', { id: 1, by: 'arbiter' });
    assert.equal(chain.balance('seller'), '5.0000 XST');
    chain.restore(before);
    chain.push('mycontract', 'refund', 'arbiter', { id: 1, by: 'arbiter' });
    assert.equal(chain.balance('seller'), '0.0000 XST');
  });

  test('after the time-out anybody returns the money to the buyer', () => {
    chain.fails('mycontract', 'expire', 'eve', { id: 1 }, 'has not timed out yet');
    chain.advance({ hours: 1 });
    chain.push('mycontract', 'expire', 'eve', { id: 1 });
    assert.deepEqual([chain.balance('buyer'), deals()], ['20.0000 XST', []]);
  });

  test('what is refused', () => {
    chain.rows('mycontract', [
      ['release', 'seller', { id: 1, by: 'seller' }, 'only the buyer or the arbiter releases'],
      ['release', 'eve', { id: 1, by: 'eve' }, 'only the buyer or the arbiter releases'],
      ['release', 'eve', { id: 1, by: 'buyer' }, 'missing authority of buyer'],
      ['refund', 'buyer', { id: 1, by: 'buyer' }, 'only the seller or the arbiter refunds'],
      ['refund', 'eve', { id: 1, by: 'seller' }, 'missing authority of seller'],
      ['cancel', 'buyer', { id: 1 }, 'the deal is funded'],
      ['release', 'buyer', { id: 1, by: 'buyer' }, 'ok'],
      ['release', 'buyer', { id: 1, by: 'buyer' }, 'there is no such deal'],
      ['refund', 'arbiter', { id: 1, by: 'arbiter' }, 'there is no such deal'],
    ]);
    assert.equal(chain.balance('seller'), '5.0000 XST');
  });
});

test('a deal that was not funded is cancelled, and its number is not used again', () => {
  chain.rows('mycontract', [
    ['cancel', 'seller', { id: 1 }, 'missing authority of buyer'],
    ['release', 'buyer', { id: 1, by: 'buyer' }, 'the deal is not funded'],
    ['refund', 'seller', { id: 1, by: 'seller' }, 'the deal is not funded'],
    ['cancel', 'buyer', { id: 1 }, 'ok'],
  ]);
  assert.equal(chain.push('mycontract', 'open', 'buyer', deal).returnValue, 2);
});

test('payments that fit no deal are refused, so that nothing is lost', () => {
  chain.rows('eosio.token', [
    ['transfer', 'buyer', pay('buyer', '5.0000 XST', ''), 'memo must be the number of a deal'],
    ['transfer', 'buyer', pay('buyer', '5.0000 XST', 'one'), 'memo must be the number of a deal'],
    ['transfer', 'buyer', pay('buyer', '5.0000 XST', '7'), 'memo must be the number of a deal'],
    ['transfer', 'buyer', pay('buyer', '4.9999 XST', '1'), 'not the amount of the deal'],
    ['transfer', 'eve', pay('eve', '5.0000 XST', '1'), 'only the buyer funds a deal'],
    ['transfer', 'buyer', pay('buyer', '5.0000 XST', '1'), 'ok'],
    ['transfer', 'buyer', pay('buyer', '5.0000 XST', '1'), 'funded already'],
  ]);
  chain.push('mycontract', 'open', 'buyer', deal);
  chain.advance({ hours: 1 });
  chain.fails('eosio.token', 'transfer', 'buyer', pay('buyer', '5.0000 XST', '2'), 'the deal has timed out');
});

test('deals that cannot be are refused', () => {
  chain.rows('mycontract', [
    ['open', 'eve', deal, 'missing authority of buyer'],
    ['open', 'buyer', { ...deal, seller: 'nobody' }, 'the seller does not exist'],
    ['open', 'buyer', { ...deal, arbiter: 'nobody' }, 'the arbiter does not exist'],
    ['open', 'buyer', { ...deal, arbiter: 'seller' }, 'three accounts'],
    ['open', 'buyer', { ...deal, seller: 'buyer' }, 'three accounts'],
    ['open', 'buyer', { ...deal, arbiter: 'mycontract' }, 'the contract can not be a party'],
    ['open', 'buyer', { ...deal, amount: '0.0000 XST' }, 'the amount must be positive'],
    ['open', 'buyer', { ...deal, seconds_max: 0 }, 'within a year'],
    ['open', 'buyer', { ...deal, seconds_max: 31536001 }, 'within a year'],
  ]);
});
