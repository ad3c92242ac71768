import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ContractTest, loadBuilt } from '@snapscale/contracts/testing';

let chain: ContractTest;

const self = 'escrow';
const day = 24 * 3600;
const terms = { buyer: 'buyer', seller: 'seller', arbiter: 'judge', amount: '10.0000 XST', seconds_max: 7 * day };
const push = (action: string, actors: string | string[], data: object) =>
  chain.push(self, action, actors, data as never);
const payment = (quantity: string, memo: string, from = 'buyer') => ({ from, to: self, quantity, memo });
const deal = (id = 1) => chain.row(self, self, 'deals', id) as Record<string, unknown> | undefined;
const collect = (...owners: string[]) => {
  for (const owner of owners) push('collect', 'eve', { id: 1, owner });
};

/** A deal of 10 XST that is paid. */
function openPaid(changed: object = {}): void {
  push('open', 'buyer', { ...terms, ...changed });
  chain.push('eosio.token', 'transfer', 'buyer', payment('10.0000 XST', '1'));
}

beforeEach(async () => {
  chain = await ContractTest.start({ accounts: ['buyer', 'seller', 'judge', 'eve'] });
  chain.deploy(self, loadBuilt('.'));
  chain.allowCode(self);
  for (const holder of ['buyer', 'seller', 'eve']) chain.issue(holder, '100.0000 XST');
});

describe('a deal', () => {
  test('is paid to the seller in parts as the buyer releases them', () => {
    openPaid();
    assert.equal(chain.balance('buyer'), '90.0000 XST');
    push('release', 'buyer', { id: 1, quantity: '4.0000 XST' });
    collect('seller');
    assert.equal(chain.balance('seller'), '104.0000 XST');
    push('release', 'buyer', { id: 1, quantity: '6.0000 XST' });
    collect('seller');
    assert.equal(chain.balance('seller'), '110.0000 XST');
    assert.equal(deal(), undefined);
  });

  test('is refunded by the seller, wholly or in part', () => {
    openPaid();
    push('refund', 'seller', { id: 1, quantity: '3.0000 XST' });
    push('release', 'buyer', { id: 1, quantity: '7.0000 XST' });
    collect('buyer', 'seller');
    assert.deepEqual([chain.balance('buyer'), chain.balance('seller')], ['93.0000 XST', '107.0000 XST']);
    assert.equal(deal(), undefined);
  });

  test('returns to the buyer after the deadline, whoever says so', () => {
    openPaid({ seconds_max: 60 });
    push('release', 'buyer', { id: 1, quantity: '1.0000 XST' });
    chain.advance({ seconds: 58 });
    chain.fails(self, 'expire', 'eve', { id: 1 }, 'the deadline has not passed yet');
    chain.advance({ seconds: 2 });
    chain.fails(self, 'dispute', 'seller', { id: 1, by: 'seller' }, 'the deadline has passed');
    push('expire', 'eve', { id: 1 });
    collect('buyer', 'seller');
    assert.deepEqual([chain.balance('buyer'), chain.balance('seller')], ['99.0000 XST', '101.0000 XST']);
  });

  test('is cancelled by the buyer before it is paid, and its memory is free again', () => {
    const before = chain.ram('buyer');
    push('open', 'buyer', terms);
    assert.equal(chain.paidTable(self, self, 'deals')[0]?.payer, 'buyer');
    chain.fails(self, 'cancel', 'seller', { id: 1 }, 'missing authority of buyer');
    push('cancel', 'buyer', { id: 1 });
    assert.equal(chain.ram('buyer'), before);
  });
});

describe('a dispute', () => {
  test('is decided by the arbiter, who divides what is held', () => {
    openPaid();
    push('release', 'buyer', { id: 1, quantity: '2.0000 XST' });
    push('dispute', 'seller', { id: 1, by: 'seller' });
    chain.advance({ days: 8 });
    chain.fails(self, 'expire', 'eve', { id: 1 }, 'the deadline has not passed yet');
    chain.rows(self, [
      ['decide', 'eve', { id: 1, to_seller: '0.0000 XST' }, 'missing authority of judge'],
      ['decide', 'judge', { id: 1, to_seller: '8.0001 XST' }, "the seller's part must be"],
      ['decide', 'judge', { id: 1, to_seller: '-1.0000 XST' }, "the seller's part must be"],
      ['decide', 'judge', { id: 1, to_seller: '1.0000 EUR' }, "the seller's part must be"],
      ['decide', 'judge', { id: 1, to_seller: '5.0000 XST' }, 'ok'],
      ['decide', 'judge', { id: 1, to_seller: '5.0000 XST' }, 'nobody has called the arbiter'],
    ]);
    collect('seller', 'buyer');
    assert.deepEqual([chain.balance('buyer'), chain.balance('seller')], ['93.0000 XST', '107.0000 XST']);
  });

  test('ends with the buyer if the arbiter is silent', () => {
    openPaid();
    push('dispute', 'buyer', { id: 1, by: 'buyer' });
    chain.advance({ days: 31 });
    chain.fails(self, 'decide', 'judge', { id: 1, to_seller: '10.0000 XST' }, "the arbiter's time has passed");
    push('expire', 'eve', { id: 1 });
    collect('buyer');
    assert.equal(chain.balance('buyer'), '100.0000 XST');
  });

  test('ends when one side gives in', () => {
    openPaid();
    push('dispute', 'buyer', { id: 1, by: 'buyer' });
    push('release', 'buyer', { id: 1, quantity: '10.0000 XST' });
    collect('seller');
    assert.equal(chain.balance('seller'), '110.0000 XST');
  });

  test('needs a deal that is paid and has an arbiter, and a party who calls', () => {
    push('open', 'buyer', { ...terms, arbiter: '' });
    chain.fails(self, 'dispute', 'buyer', { id: 1, by: 'buyer' }, 'the deal has no arbiter');
    push('open', 'buyer', terms);
    chain.rows(self, [
      ['dispute', 'buyer', { id: 2, by: 'buyer' }, 'the deal is not paid'],
      ['dispute', 'eve', { id: 2, by: 'eve' }, 'only the buyer and the seller'],
      ['dispute', 'eve', { id: 2, by: 'buyer' }, 'missing authority of buyer'],
      ['decide', 'judge', { id: 2, to_seller: '0.0000 XST' }, 'nobody has called the arbiter'],
    ]);
  });
});

describe('what is refused', () => {
  test('terms that are none', () => {
    const wrong = (changed: object, reason: string) =>
      chain.fails(self, 'open', 'buyer', { ...terms, ...changed } as never, reason);
    wrong({ seller: 'nobody' }, 'the seller does not exist');
    wrong({ arbiter: 'nobody' }, 'the arbiter does not exist');
    for (const same of [{ seller: 'buyer' }, { arbiter: 'buyer' }, { arbiter: 'seller' }]) wrong(same, 'different');
    wrong({ seller: self }, 'the contract can not be a party');
    for (const amount of ['0.0000 XST', '-1.0000 XST', '1.0000 EUR', '1.00 XST'])
      wrong({ amount }, 'the amount must be');
    for (const seconds_max of [0, 365 * day + 1]) wrong({ seconds_max }, 'the deadline must be');
    chain.fails(self, 'open', 'eve', terms, 'missing authority of buyer');
  });

  test('money that is not the payment of a deal', () => {
    push('open', 'buyer', terms);
    const refused = (data: { from: string; to: string; quantity: string; memo: string }, reason: string) =>
      chain.fails('eosio.token', 'transfer', data.from, data, reason);
    for (const memo of ['', 'one', '-1', '1 ', '2', '9999999999999999999'])
      refused(payment('10.0000 XST', memo), 'the memo');
    refused(payment('9.9999 XST', '1'), 'the payment is not the amount');
    refused(payment('10.0000 XST', '1', 'eve'), 'only the buyer pays');
    chain.push('eosio.token', 'transfer', 'buyer', payment('10.0000 XST', '1'));
    refused(payment('10.0000 XST', '1'), 'the deal is paid already');
    push('open', 'buyer', terms);
    chain.advance({ days: 7 });
    refused(payment('10.0000 XST', '2'), 'the deadline has passed');
  });

  test('tokens of another contract, which are no payment', () => {
    push('open', 'buyer', terms);
    chain.deploySystem('eosio.token', 'eve.token');
    chain.push('eve.token', 'create', 'eve.token', { issuer: 'buyer', maximum_supply: '1000.0000 XST' });
    chain.push('eve.token', 'issue', 'buyer', { to: 'buyer', quantity: '10.0000 XST', memo: '' });
    chain.push('eve.token', 'transfer', 'buyer', payment('10.0000 XST', '1'));
    assert.equal(deal()?.held, '0.0000 XST');
  });

  test('what a party may not do', () => {
    openPaid();
    chain.rows(self, [
      ['release', 'seller', { id: 1, quantity: '1.0000 XST' }, 'missing authority of buyer'],
      ['refund', 'buyer', { id: 1, quantity: '1.0000 XST' }, 'missing authority of seller'],
      ['release', 'buyer', { id: 1, quantity: '10.0001 XST' }, 'the part must be'],
      ['release', 'buyer', { id: 1, quantity: '-1.0000 XST' }, 'the part must be'],
      ['refund', 'seller', { id: 1, quantity: '0.0000 XST' }, 'the part must be'],
      ['release', 'buyer', { id: 1, quantity: '1.0000 EUR' }, 'the part must be'],
      ['release', 'buyer', { id: 2, quantity: '1.0000 XST' }, 'there is no such deal'],
      ['cancel', 'buyer', { id: 1 }, 'the deal is paid'],
      ['collect', 'eve', { id: 1, owner: 'eve' }, 'only the buyer and the seller are paid'],
      ['collect', 'seller', { id: 1, owner: 'seller' }, 'there is nothing to collect'],
      ['release', 'buyer', { id: 1, quantity: '10.0000 XST' }, 'ok'],
      ['release', 'buyer', { id: 1, quantity: '1.0000 XST' }, 'nothing is held'],
      ['expire', 'eve', { id: 1 }, 'nothing is held'],
    ]);
  });

  test('a receiver for whose balance the contract would have to pay', () => {
    chain.createAccounts('newcomer');
    openPaid({ seller: 'newcomer' });
    push('release', 'buyer', { id: 1, quantity: '10.0000 XST' });
    chain.fails(self, 'collect', 'eve', { id: 1, owner: 'newcomer' }, 'must open a balance of XST first');
    chain.push('eosio.token', 'open', 'newcomer', { owner: 'newcomer', symbol: '4,XST', ram_payer: 'newcomer' });
    collect('newcomer');
    assert.equal(chain.balance('newcomer'), '10.0000 XST');
    assert.equal(chain.paidTable('eosio.token', 'newcomer', 'accounts')[0]?.payer, 'newcomer');
  });
});

test('whatever happens, no money is made or lost, and every deal can be ended', () => {
  let seed = 11;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const units = (text: unknown) => Math.round(Number.parseFloat(String(text)) * 10_000);
  const rows = () => chain.table(self, self, 'deals') as Record<string, unknown>[];
  const total = () => ['buyer', 'seller', 'judge', self].reduce((sum, holder) => sum + units(chain.balance(holder)), 0);
  const attempt = (act: () => unknown) => {
    try {
      act();
    } catch {
      // Most of what chance proposes is refused.
    }
  };
  const before = total();
  for (let step = 0; step < 300; step++) {
    const id = 1 + random(5);
    const quantity = `${random(6)}.${1000 + random(8999)} XST`;
    const moves: (() => unknown)[] = [
      () => push('open', 'buyer', { ...terms, seconds_max: 3600, arbiter: random(3) === 0 ? '' : 'judge' }),
      () => chain.push('eosio.token', 'transfer', 'buyer', payment('10.0000 XST', String(id))),
      () => push('release', 'buyer', { id, quantity }),
      () => push('refund', 'seller', { id, quantity }),
      () => push('dispute', 'seller', { id, by: 'seller' }),
      () => push('decide', 'judge', { id, to_seller: quantity }),
      () => push('expire', 'eve', { id }),
      () => push('collect', 'eve', { id, owner: random(2) === 0 ? 'buyer' : 'seller' }),
      () => chain.advance({ seconds: random(400) }),
    ];
    attempt(moves[random(moves.length)]!);
    assert.equal(total(), before);
    const owed = rows().reduce((sum, row) => sum + units(row.held) + units(row.for_seller) + units(row.for_buyer), 0);
    assert.equal(units(chain.balance(self)), owed);
  }
  chain.advance({ days: 31 });
  for (const { id, phase } of rows()) {
    if (phase === 0) push('cancel', 'buyer', { id });
    if (phase === 1 || phase === 2) push('expire', 'eve', { id });
    for (const owner of ['buyer', 'seller']) attempt(() => push('collect', 'eve', { id, owner }));
  }
  assert.deepEqual(rows(), []);
  assert.equal(chain.balance(self), '0.0000 XST');
});
