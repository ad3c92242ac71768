import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ContractTest, loadBuilt } from '@snapscale/contracts/testing';

let chain: ContractTest;

const self = 'charging';
/** 11 kW at 0.5000 XST a kilowatt-hour, of which a tenth goes to the edge node. */
const terms = {
  pile: 'pile',
  operator_account: 'operator',
  price_per_kwh: '0.5000 XST',
  watts_max: 11_000,
  edge: 'edge',
  edge_points: 1000,
};
const openBy = (car: string) => ({ car, pile: 'pile', price_per_kwh_max: '0.6000 XST' });
const deposit = (from: string, quantity: string, memo: string) => ({ from, to: self, quantity, memo });
const push = (action: string, actors: string | string[], data: object) =>
  chain.push(self, action, actors, data as never);
const pay = (car: string, quantity: string, id = 1) =>
  chain.push('eosio.token', 'transfer', car, deposit(car, quantity, String(id)));
const session = (id = 1) => chain.row(self, self, 'sessions', id) as Record<string, unknown> | undefined;

const openBalance = (owner: string) =>
  chain.push('eosio.token', 'open', owner, { owner, symbol: '4,XST', ram_payer: owner });

/** A session that charges since now, with a deposit of 10 XST and the meter at 1000. */
function startCharging(): void {
  push('open', 'car', openBy('car'));
  pay('car', '10.0000 XST');
  push('begin', ['pile', 'car'], { id: 1, meter_wh: 1000 });
}

beforeEach(async () => {
  chain = await ContractTest.start({
    accounts: ['operator', 'fleet', 'pile', 'pile.two', 'car', 'car.two', 'edge', 'eve'],
  });
  chain.deploy(self, loadBuilt('.'));
  chain.allowCode(self);
  for (const holder of ['car', 'car.two', 'eve']) chain.issue(holder, '100.0000 XST');
  for (const owner of ['operator', 'edge']) openBalance(owner);
  push('regpile', ['operator', 'pile'], terms);
  push('regcar', ['fleet', 'car'], { car: 'car', operator_account: 'fleet' });
});

describe('a session', () => {
  test('pays for what the car confirmed, and gives the rest of the deposit back', () => {
    startCharging();
    assert.equal(chain.balance('car'), '90.0000 XST');
    chain.advance({ hours: 1 });
    push('report', 'pile', { id: 1, meter_wh: 9000 });
    push('confirm', 'car', { id: 1, meter_wh: 9000 });
    push('settle', 'car', { id: 1, by: 'car' });
    assert.equal(chain.balance('car'), '96.0000 XST');
    push('withdraw', 'operator', { owner: 'operator' });
    push('withdraw', 'edge', { owner: 'edge' });
    assert.deepEqual([chain.balance('operator'), chain.balance('edge')], ['3.6000 XST', '0.4000 XST']);
    assert.equal(chain.balance(self), '0.0000 XST');
    assert.deepEqual(chain.table(self, self, 'sessions'), []);
  });

  test('pays nothing that was not confirmed', () => {
    startCharging();
    chain.advance({ hours: 1 });
    push('report', 'pile', { id: 1, meter_wh: 3000 });
    push('confirm', 'car', { id: 1, meter_wh: 3000 });
    push('report', 'pile', { id: 1, meter_wh: 11_000 });
    push('settle', 'pile', { id: 1, by: 'pile' });
    push('refund', 'eve', { id: 1 });
    assert.equal(chain.balance('car'), '99.0000 XST');
  });

  test('can be cancelled before charging begins, by either side', () => {
    for (const by of ['car', 'pile']) {
      const { returnValue: id } = push('open', 'car', openBy('car'));
      pay('car', '5.0000 XST', id as number);
      push('settle', by, { id: id!, by });
      if (by === 'pile') push('refund', 'pile', { id: id! });
      assert.equal(chain.balance('car'), '100.0000 XST');
    }
  });

  test('can be ended by anybody when both sides are silent', () => {
    startCharging();
    chain.advance({ seconds: 600 });
    push('report', 'pile', { id: 1, meter_wh: 2000 });
    push('confirm', 'car', { id: 1, meter_wh: 2000 });
    chain.advance({ seconds: 899 });
    chain.fails(self, 'settle', 'eve', { id: 1, by: 'eve' }, 'until neither has done anything for 15 minutes');
    chain.advance({ seconds: 1 });
    push('settle', 'eve', { id: 1, by: 'eve' });
    push('refund', 'eve', { id: 1 });
    assert.equal(chain.balance('car'), '99.5000 XST');
  });

  test('is not silent while deposits come in', () => {
    push('open', 'car', openBy('car'));
    chain.advance({ seconds: 890 });
    pay('car', '5.0000 XST');
    chain.advance({ seconds: 890 });
    chain.fails(self, 'settle', 'eve', { id: 1, by: 'eve' }, 'until neither has done anything');
    chain.advance({ seconds: 10 });
    push('settle', 'eve', { id: 1, by: 'eve' });
    push('refund', 'eve', { id: 1 });
    assert.equal(chain.balance('car'), '100.0000 XST');
  });

  test('is one of several that a car may have', () => {
    push('regpile', ['operator', 'pile.two'], { ...terms, pile: 'pile.two', price_per_kwh: '0.1000 XST' });
    push('open', 'car', openBy('car'));
    push('open', 'car', { ...openBy('car'), pile: 'pile.two' });
    pay('car', '1.0000 XST', 1);
    pay('car', '2.0000 XST', 2);
    push('begin', ['pile.two', 'car'], { id: 2, meter_wh: 0 });
    chain.advance({ hours: 1 });
    push('report', 'pile.two', { id: 2, meter_wh: 10_000 });
    push('confirm', 'car', { id: 2, meter_wh: 10_000 });
    push('settle', 'car', { id: 2, by: 'car' });
    push('settle', 'car', { id: 1, by: 'car' });
    assert.equal(chain.balance('car'), '99.0000 XST');
  });

  test('keeps the terms under which it was opened', () => {
    push('open', 'car', openBy('car'));
    push('regpile', ['operator', 'pile'], { ...terms, price_per_kwh: '0.6000 XST', edge_points: 0, edge: '' });
    push('retire', 'operator', { pile: 'pile' });
    assert.equal(session()?.price_per_kwh, '0.5000 XST');
    pay('car', '1.0000 XST');
    push('begin', ['pile', 'car'], { id: 1, meter_wh: 0 });
    assert.equal(chain.read(self, 'cost', { id: 1, meter_wh: 1999 }), '0.9995 XST');
    chain.fails(self, 'open', 'car', openBy('car'), 'the pile is out of service');
  });

  test('may be paid in several parts, and its row is the car’s', () => {
    push('open', 'car', openBy('car'));
    pay('car', '1.0000 XST');
    pay('car', '2.5000 XST');
    assert.equal(session()?.deposit, '3.5000 XST');
    assert.equal(chain.paidTable(self, self, 'sessions')[0]?.payer, 'car');
    const used = chain.ram('car');
    push('settle', 'car', { id: 1, by: 'car' });
    assert.ok(chain.ram('car') < used);
  });
});

describe('what a stranger cannot do', () => {
  test('make the contract pay for the row of a balance', () => {
    push('open', 'car', openBy('car'));
    pay('car', '100.0000 XST');
    chain.push('eosio.token', 'close', 'car', { owner: 'car', symbol: '4,XST' });
    chain.fails(self, 'settle', 'car', { id: 1, by: 'car' }, 'must open a balance of XST first');
    push('settle', 'pile', { id: 1, by: 'pile' });
    chain.fails(self, 'refund', 'eve', { id: 1 }, 'must open a balance of XST first');
    openBalance('car');
    push('refund', 'eve', { id: 1 });
    assert.equal(chain.balance('car'), '100.0000 XST');
  });

  test('act as the pile, the car or an operator', () => {
    startCharging();
    chain.rows(self, [
      ['report', 'eve', { id: 1, meter_wh: 1001 }, 'missing authority of pile'],
      ['report', 'pile.two', { id: 1, meter_wh: 1001 }, 'missing authority of pile'],
      ['confirm', 'pile', { id: 1, meter_wh: 1000 }, 'missing authority of car'],
      ['settle', 'eve', { id: 1, by: 'pile' }, 'missing authority of pile'],
      ['settle', 'operator', { id: 1, by: 'operator' }, 'only the car and the pile settle'],
      ['refund', 'eve', { id: 1 }, 'not settled yet'],
      ['withdraw', 'eve', { owner: 'operator' }, 'missing authority of operator'],
      ['withdraw', 'eve', { owner: 'eve' }, 'nobody of this name earns here'],
      ['withdraw', 'operator', { owner: 'operator' }, 'there is nothing to withdraw'],
      ['regcar', 'eve', { car: 'car.two', operator_account: 'eve' }, 'missing authority of car.two'],
      ['dropcar', 'eve', { car: 'car' }, 'only the car or its operator'],
      ['retire', 'eve', { pile: 'pile' }, 'missing authority of operator'],
      ['regpile', ['eve', 'pile'], { ...terms, operator_account: 'eve' }, 'the pile belongs to another operator'],
      ['regpile', 'operator', { ...terms, pile: 'pile.two' }, 'missing authority of pile.two'],
    ]);
  });

  test('pay for another’s session, or with something that is not money', () => {
    push('open', 'car', openBy('car'));
    const refused = (quantity: string, memo: string, reason: string, from = 'car') =>
      chain.fails('eosio.token', 'transfer', from, deposit(from, quantity, memo), reason);
    refused('1.0000 XST', '1', 'only the car pays for its session', 'eve');
    for (const memo of ['', 'one', '-1', '1 ', '9999999999999999999']) refused('1.0000 XST', memo, 'the memo must be');
    refused('1.0000 XST', '2', 'the memo must be the number of a session');
    chain.deploySystem('eosio.token', 'eve.token');
    chain.push('eve.token', 'create', 'eve.token', { issuer: 'car', maximum_supply: '1000.0000 XST' });
    chain.push('eve.token', 'issue', 'car', { to: 'car', quantity: '5.0000 XST', memo: '' });
    chain.push('eve.token', 'transfer', 'car', deposit('car', '5.0000 XST', '1'));
    assert.equal(session()?.deposit, '0.0000 XST');
  });

  test('be let in without registration', () => {
    chain.fails(self, 'open', 'car.two', openBy('car.two'), 'the car is not registered');
    chain.fails(self, 'open', 'car', { ...openBy('car'), pile: 'pile.two' }, 'there is no such pile');
    push('dropcar', 'car', { car: 'car' });
    chain.fails(self, 'open', 'car', openBy('car'), 'the car is not registered');
  });
});

describe('what the sides cannot do to each other', () => {
  test('begin alone, twice or without a deposit', () => {
    push('open', 'car', openBy('car'));
    chain.rows(self, [
      ['begin', ['pile', 'car'], { id: 1, meter_wh: 0 }, 'there is no deposit yet'],
      ['begin', 'pile', { id: 1, meter_wh: 0 }, 'missing authority of car'],
      ['begin', 'car', { id: 1, meter_wh: 0 }, 'missing authority of pile'],
      ['report', 'pile', { id: 1, meter_wh: 0 }, 'not charging in this session'],
      ['confirm', 'car', { id: 1, meter_wh: 0 }, 'not charging in this session'],
    ]);
    pay('car', '1.0000 XST');
    chain.fails(self, 'begin', ['pile', 'car'], { id: 1, meter_wh: '281474976710657' }, 'out of range');
    push('begin', ['pile', 'car'], { id: 1, meter_wh: 5 });
    chain.fails(self, 'begin', ['pile', 'car'], { id: 1, meter_wh: 0 }, 'charging has begun already');
  });

  test('report what cannot be', () => {
    startCharging();
    chain.advance({ seconds: 3600 });
    chain.rows(self, [
      ['report', 'pile', { id: 1, meter_wh: 999 }, 'the meter went backwards'],
      ['report', 'pile', { id: 1, meter_wh: 1000 + 11_000 + 200 }, 'ran faster'],
      ['report', 'pile', { id: 1, meter_wh: 5000 }, 'ok'],
      ['report', 'pile', { id: 1, meter_wh: 4999 }, 'the meter went backwards'],
      ['confirm', 'car', { id: 1, meter_wh: 4999 }, 'not the reading that the pile reported last'],
    ]);
    chain.advance({ hours: 10 });
    chain.fails(self, 'report', 'pile', { id: 1, meter_wh: 21_001 }, 'the deposit does not pay for that much');
    push('report', 'pile', { id: 1, meter_wh: 21_000 });
  });

  test('charge a price that the car did not agree to', () => {
    chain.fails(
      self,
      'open',
      'car',
      { ...openBy('car'), price_per_kwh_max: '0.4999 XST' },
      'above what the car agrees to',
    );
  });

  test('settle twice, or go on after it', () => {
    startCharging();
    push('settle', 'pile', { id: 1, by: 'pile' });
    chain.fails('eosio.token', 'transfer', 'car', deposit('car', '1.0000 XST', '1'), 'the session is settled');
    chain.rows(self, [
      ['settle', 'car', { id: 1, by: 'car' }, 'the session is settled'],
      ['report', 'pile', { id: 1, meter_wh: 1001 }, 'not charging in this session'],
      ['refund', 'car', { id: 1 }, 'ok'],
      ['refund', 'car', { id: 1 }, 'there is no such session'],
    ]);
  });

  test('register terms that are none', () => {
    const wrong = (changed: object, reason: string) =>
      chain.fails(self, 'regpile', ['operator', 'pile'], { ...terms, ...changed } as never, reason);
    wrong({ price_per_kwh: '0.0000 XST' }, 'the price must be');
    wrong({ price_per_kwh: '1000.0001 XST' }, 'the price must be');
    wrong({ price_per_kwh: '1.0000 EUR' }, 'the price must be in XST');
    wrong({ watts_max: 0 }, 'the power must be');
    wrong({ edge_points: 5001 }, 'the edge node');
    wrong({ edge: 'nobody' }, 'the edge node does not exist');
  });
});

test('whatever happens, no money is made or lost, and every session can be ended', () => {
  push('regcar', ['fleet', 'car.two'], { car: 'car.two', operator_account: 'fleet' });
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const holders = ['car', 'car.two', 'operator', 'edge', self];
  const units = () =>
    holders.reduce((sum, holder) => sum + Math.round(Number.parseFloat(chain.balance(holder)) * 10_000), 0);
  const before = units();
  const attempt = (action: string, actors: string | string[], data: object) => {
    try {
      push(action, actors, data);
    } catch {
      // Most of what chance proposes is refused.
    }
  };
  for (let step = 0; step < 400; step++) {
    const id = 1 + random(6);
    const car = random(2) === 0 ? 'car' : 'car.two';
    const meter = random(4000);
    const of = session(id);
    switch (random(9)) {
      case 0:
        attempt('open', car, openBy(car));
        break;
      case 1:
        try {
          pay(car, `${random(3)}.${1000 + random(8999)} XST`, id);
        } catch {}
        break;
      case 2:
        attempt('begin', ['pile', car], { id, meter_wh: meter });
        break;
      case 3:
        attempt('report', 'pile', { id, meter_wh: Number(of?.reported_wh ?? 0) + random(300) });
        break;
      case 4:
        attempt('confirm', car, { id, meter_wh: of?.reported_wh ?? 0 });
        break;
      case 5:
        attempt('settle', car, { id, by: car });
        break;
      case 6:
        attempt('settle', 'pile', { id, by: 'pile' });
        break;
      case 7:
        attempt('refund', 'eve', { id });
        break;
      default:
        chain.advance({ seconds: random(400) });
    }
    assert.equal(units(), before);
  }
  chain.advance({ hours: 1 });
  for (const { id, phase } of chain.table(self, self, 'sessions') as { id: number; phase: number }[]) {
    if (phase !== 2) push('settle', 'eve', { id, by: 'eve' });
    push('refund', 'eve', { id });
  }
  for (const owner of ['operator', 'edge']) attempt('withdraw', owner, { owner });
  assert.equal(chain.balance(self), '0.0000 XST');
  assert.equal(units(), before);
});
