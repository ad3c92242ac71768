import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { beforeEach, describe, test } from 'node:test';
import { ContractTest, loadBuilt } from '@snapscale/contracts/testing';

let chain: ContractTest;

const self = 'traceability';
const paper = (text: string) => createHash('sha256').update(text).digest('hex');
const push = (action: string, actors: string | string[], data: object) =>
  chain.push(self, action, actors, data as never);
const lot = (id: number) => chain.row(self, self, 'lots', id) as Record<string, unknown>;
const events = (id: number) => chain.table(self, BigInt(id), 'events') as Record<string, unknown>[];
const kinds = (id: number) => events(id).map(({ kind, actor }) => `${kind} by ${actor}`);
const milk = (quantity: number) => ({
  maker: 'farm',
  product: 'milk',
  quantity,
  unit: 'litre',
  document: paper('milk'),
});

function hand(id: number, from: string, to: string): void {
  push('offer', from, { lot: id, to });
  push('accept', to, { lot: id, by: to, document: paper('delivery') });
}

beforeEach(async () => {
  chain = await ContractTest.start({ accounts: ['farm', 'dairy', 'shop', 'sensor', 'eve'] });
  chain.deploy(self, loadBuilt('.'));
});

describe('custody', () => {
  test('goes from hand to hand, each with both signatures', () => {
    assert.equal(push('create', 'farm', milk(100)).returnValue, 1);
    hand(1, 'farm', 'dairy');
    hand(1, 'dairy', 'shop');
    assert.equal(lot(1).holder, 'shop');
    assert.deepEqual(kinds(1), ['created by farm', 'accepted by dairy', 'accepted by shop']);
    assert.equal(chain.paidTable(self, self, 'lots')[0]?.payer, 'shop');
  });

  test('cannot be taken, given away by another, or forced on anybody', () => {
    push('create', 'farm', milk(100));
    chain.rows(self, [
      ['offer', 'eve', { lot: 1, to: 'eve' }, 'missing authority of farm'],
      ['accept', 'eve', { lot: 1, by: 'eve', document: paper('') }, 'not offered to this account'],
      ['offer', 'farm', { lot: 1, to: 'nobody' }, 'the account does not exist'],
      ['offer', 'farm', { lot: 1, to: 'farm' }, 'has the lot already'],
      ['keep', 'farm', { lot: 1 }, 'not offered to anybody'],
      ['offer', 'farm', { lot: 1, to: 'dairy' }, 'ok'],
      ['accept', 'eve', { lot: 1, by: 'dairy', document: paper('') }, 'missing authority of dairy'],
      ['keep', 'farm', { lot: 1 }, 'ok'],
      ['accept', 'dairy', { lot: 1, by: 'dairy', document: paper('') }, 'not offered to this account'],
      ['offer', 'farm', { lot: 9, to: 'dairy' }, 'there is no such lot'],
    ]);
  });
});

describe('the history', () => {
  test('is a chain of hashes that anybody can compute again', () => {
    push('create', 'farm', milk(100));
    hand(1, 'farm', 'dairy');
    push('attest', 'dairy', { lot: 1, document: paper('laboratory') });
    let last = Buffer.alloc(32);
    for (const { position, actor, kind, document, time, hash } of events(1)) {
      const fixed = Buffer.alloc(12);
      fixed.writeBigUInt64LE(1n);
      fixed.writeUInt32LE(position as number, 8);
      const seconds = Buffer.alloc(4);
      seconds.writeUInt32LE(Date.parse(`${time}Z`) / 1000);
      const parts = [
        last,
        fixed,
        nameBytes(actor as string),
        nameBytes(kind as string),
        Buffer.from(document as string, 'hex'),
        seconds,
      ];
      last = createHash('sha256').update(Buffer.concat(parts)).digest();
      assert.equal(last.toString('hex'), hash);
    }
    assert.deepEqual(chain.read(self, 'trace', { lot: 1 }), {
      maker: 'farm',
      holder: 'dairy',
      quantity: 100,
      unit: 'litre',
      events: 3,
      last: last.toString('hex'),
      recalled: 0,
    });
  });

  test('stays provable when those who paid for old events remove them', () => {
    push('create', 'farm', milk(100));
    hand(1, 'farm', 'dairy');
    const before = lot(1).last_event;
    chain.fails(self, 'prune', 'eve', { lot: 1, actor: 'farm', count: 1 }, 'missing authority of farm');
    chain.fails(self, 'prune', 'dairy', { lot: 1, actor: 'dairy', count: 1 }, 'recorded by another account');
    const used = chain.ram('farm');
    push('prune', 'farm', { lot: 1, actor: 'farm', count: 1 });
    assert.ok(chain.ram('farm') < used);
    assert.deepEqual(kinds(1), ['accepted by dairy']);
    assert.equal(lot(1).last_event, before);
  });
});

describe('splitting and merging', () => {
  test('keep the quantity, and remember what was made of what', () => {
    push('create', 'farm', milk(100));
    push('create', 'farm', milk(50));
    for (const id of [1, 2]) hand(id, 'farm', 'dairy');
    assert.equal(push('split', 'dairy', { lot: 1, quantity: 30, document: paper('split') }).returnValue, 3);
    const cheese = { holder: 'dairy', parts: [2, 3], product: 'cheese', document: paper('recipe') };
    assert.equal(push('merge', 'dairy', cheese).returnValue, 4);
    assert.deepEqual(
      [1, 2, 3, 4].map((id) => lot(id).quantity),
      [70, 0, 0, 80],
    );
    const made = (of: number, from: number) => chain.read(self, 'descends', { lot: of, from });
    assert.deepEqual([made(4, 1), made(4, 2), made(4, 3), made(3, 2), made(1, 4), made(4, 4)], [1, 1, 1, 0, 0, 0]);
    chain.fails(self, 'offer', 'dairy', { lot: 2, to: 'shop' }, 'the lot is used up');
  });

  test('are refused for what is not there, not free or not alike', () => {
    push('create', 'farm', milk(100));
    push('create', 'farm', { ...milk(5), unit: 'kilogram' });
    push('create', 'farm', milk(10));
    push('offer', 'farm', { lot: 3, to: 'dairy' });
    const merge = (parts: number[], holder = 'farm') => ({ holder, parts, product: 'x', document: paper('') });
    chain.rows(self, [
      ['split', 'farm', { lot: 1, quantity: 100, document: paper('') }, 'less than the lot'],
      ['split', 'farm', { lot: 1, quantity: 0, document: paper('') }, 'more than nothing'],
      ['split', 'eve', { lot: 1, quantity: 1, document: paper('') }, 'missing authority of farm'],
      ['split', 'farm', { lot: 3, quantity: 1, document: paper('') }, 'offered to somebody'],
      ['merge', 'farm', merge([1]), '2 to 32 lots'],
      ['merge', 'farm', merge(Array.from({ length: 33 }, (_, i) => i + 1)), '2 to 32 lots'],
      ['merge', 'farm', merge([1, 1]), 'ascending order, each once'],
      ['merge', 'farm', merge([1, 2]), 'different units'],
      ['merge', 'farm', merge([1, 3]), 'offered to somebody'],
      ['merge', 'eve', merge([1, 2], 'eve'), 'missing authority of farm'],
    ]);
  });
});

describe('measurements', () => {
  test('come from the holder’s own devices, and show when limits were left', () => {
    push('create', 'farm', milk(100));
    push('admit', ['farm', 'sensor'], {
      device: 'sensor',
      owner: 'farm',
      quantity: 'temperature, 0.1 °C',
      low: 20,
      high: 60,
    });
    push('measure', 'sensor', { lot: 1, device: 'sensor', value: 45 });
    push('measure', 'sensor', { lot: 1, device: 'sensor', value: 61 });
    assert.deepEqual(kinds(1), ['created by farm', 'measured by sensor', 'exceeded by sensor']);
    assert.equal(lot(1).excursions, 1);
    hand(1, 'farm', 'dairy');
    chain.rows(self, [
      ['measure', 'sensor', { lot: 1, device: 'sensor', value: 45 }, "does not belong to the lot's holder"],
      ['measure', 'eve', { lot: 1, device: 'sensor', value: 45 }, 'missing authority of sensor'],
      ['measure', 'eve', { lot: 1, device: 'eve', value: 45 }, 'the device is not admitted'],
      [
        'admit',
        'eve',
        { device: 'sensor', owner: 'eve', quantity: 'x', low: 0, high: 0 },
        'missing authority of sensor',
      ],
      ['admit', ['eve'], { device: 'eve', owner: 'eve', quantity: 'x', low: 1, high: 0 }, 'the lower limit'],
    ]);
  });

  test('end when the device is dismissed by its owner or itself', () => {
    const terms = { device: 'sensor', owner: 'farm', quantity: 'temperature', low: 0, high: 1 };
    for (const by of ['farm', 'sensor']) {
      const before = chain.ram('farm');
      push('admit', ['farm', 'sensor'], terms);
      chain.fails(self, 'dismiss', 'eve', { device: 'sensor' }, 'only the device or its owner');
      push('dismiss', by, { device: 'sensor' });
      assert.equal(chain.ram('farm'), before);
    }
    chain.fails(self, 'dismiss', 'farm', { device: 'sensor' }, 'the device is not admitted');
  });
});

describe('a recall', () => {
  test('is the maker’s, reaches a lot wherever it is, and stops what is made of it', () => {
    push('create', 'farm', milk(100));
    hand(1, 'farm', 'dairy');
    chain.fails(self, 'recall', 'dairy', { lot: 1, document: paper('') }, 'missing authority of farm');
    push('recall', 'farm', { lot: 1, document: paper('germs') });
    chain.rows(self, [
      ['recall', 'farm', { lot: 1, document: paper('') }, 'recalled already'],
      ['split', 'dairy', { lot: 1, quantity: 1, document: paper('') }, 'the lot is recalled'],
    ]);
    assert.deepEqual(kinds(1).at(-1), 'recalled by farm');
  });
});

test('however lots are split, merged and handed on, no quantity is made or lost', () => {
  let seed = 3;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const lots = () => chain.table(self, self, 'lots') as Record<string, unknown>[];
  const total = () => lots().reduce((sum, row) => sum + Number(row.quantity), 0);
  push('create', 'farm', milk(1000));
  push('create', 'farm', milk(500));
  for (let step = 0; step < 80; step++) {
    const alive = lots().filter(({ quantity }) => Number(quantity) > 1);
    const one = alive[random(alive.length)]!;
    const holder = String(one.holder);
    const others = alive.filter((row) => row.holder === holder && row !== one);
    const other = others[random(others.length)];
    if (random(3) === 0) hand(Number(one.lot), holder, holder === 'farm' ? 'dairy' : 'farm');
    else if (random(2) === 0 && other !== undefined) {
      const parts = [Number(one.lot), Number(other.lot)].sort((a, b) => a - b);
      push('merge', holder, { holder, parts, product: 'mixture', document: paper('') });
    } else {
      const quantity = 1 + random(Number(one.quantity) - 1);
      push('split', holder, { lot: one.lot, quantity, document: paper('') });
    }
    assert.equal(total(), 1500);
  }
});

test('texts that are empty or too long are refused', () => {
  for (const changed of [{ product: '' }, { unit: '' }, { product: 'x'.repeat(65) }]) {
    chain.fails(self, 'create', 'farm', { ...milk(1), ...changed }, 'must have 1 to 64 bytes');
  }
  chain.fails(self, 'create', 'farm', milk(0), 'the quantity is zero');
});

/** A name as contracts pack it. */
function nameBytes(text: string): Buffer {
  const digits = '.12345abcdefghijklmnopqrstuvwxyz';
  let value = 0n;
  for (let i = 0; i < 12; i++) value = (value << 5n) | BigInt(Math.max(0, digits.indexOf(text[i] ?? '.')));
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value << 4n);
  return bytes;
}
