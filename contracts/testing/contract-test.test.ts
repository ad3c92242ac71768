import { describe, expect, it } from 'vitest';
import { ContractTest, ContractTestError } from './index.js';

const transfer = (from: string, to: string, quantity: string) => ({ from, to, quantity, memo: '' });

async function chain(): Promise<ContractTest> {
  const test = await ContractTest.start({ accounts: ['alice', 'bob'] });
  test.issue('alice', '100.0000 XST');
  return test;
}

function message(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ContractTestError) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('actions', () => {
  it('are executed by the contract that is deployed, and tell what they did', async () => {
    const test = await chain();
    const result = test.push('eosio.token', 'transfer', 'alice', transfer('alice', 'bob', '1.0000 XST'));
    expect(result.executed).toEqual([
      'eosio.token <= eosio.token::transfer',
      'alice <= eosio.token::transfer',
      'bob <= eosio.token::transfer',
    ]);
    expect(result.gas).toBeGreaterThan(10_000);
    expect(result.runs).toEqual([{ receiver: 'eosio.token', action: 'eosio.token::transfer', gas: result.gas }]);
    expect(result.ramDeltas).toEqual({ alice: 368, eosio: -128 });
    expect(test.balance('bob')).toBe('1.0000 XST');
    expect(test.balance('carol')).toBe('0.0000 XST');
    expect(test.row('eosio.token', 'alice', 'accounts', 'XST')).toEqual({ balance: '99.0000 XST' });
    expect(test.paidTable('eosio.token', 'bob', 'accounts')[0]).toMatchObject({ payer: 'alice' });
  });

  it('cost the same every time', async () => {
    const gas = [0, 1].map(async () => {
      const test = await chain();
      return test.push('eosio.token', 'transfer', 'alice', transfer('alice', 'bob', '1.0000 XST')).gas;
    });
    expect(await gas[0]).toBe(await gas[1]);
  });

  it('of one transaction succeed or fail together', async () => {
    const test = await chain();
    const of = (quantity: string) => ({
      account: 'eosio.token',
      action: 'transfer',
      actors: 'alice',
      data: transfer('alice', 'bob', quantity),
    });
    expect(() => test.pushAll([of('1.0000 XST'), of('100.0000 XST')])).toThrow(/overdrawn balance/);
    expect(test.balance('bob')).toBe('0.0000 XST');
    test.pushAll([of('1.0000 XST'), of('2.0000 XST')]);
    expect(test.balance('bob')).toBe('3.0000 XST');
  });

  it('say what was tried and why it was refused', async () => {
    const test = await chain();
    expect(message(() => test.push('eosio.token', 'transfer', 'bob', transfer('alice', 'bob', '1.0000 XST')))).toBe(
      'eosio.token::transfer by bob with {"from":"alice","to":"bob","quantity":"1.0000 XST","memo":""}\n' +
        '  refused:  missing_auth_exception: missing authority of alice',
    );
    expect(message(() => test.push('eosio.token', 'transfer', 'alice', { from: 'alice' }))).toContain(
      'the data does not fit transfer',
    );
    expect(message(() => test.push('eosio.token', 'nothing', 'alice', {}))).toBe(
      'the contract of eosio.token has no action nothing',
    );
    expect(message(() => test.push('bob', 'x', 'alice', {}))).toBe('bob has no contract: deploy one first');
    expect(() => test.table('eosio.token', 'alice', 'nothing')).toThrow('has no table nothing');
  });
});

describe('tables of executions', () => {
  it('apply their rows in order', async () => {
    const test = await chain();
    test.rows('eosio.token', [
      ['transfer', 'alice', transfer('alice', 'bob', '60.0000 XST'), 'ok'],
      ['transfer', 'alice', transfer('alice', 'bob', '60.0000 XST'), 'overdrawn balance'],
      ['transfer', 'bob', transfer('alice', 'bob', '1.0000 XST'), { code: 'missing_auth_exception' }],
      ['transfer', ['bob', 'alice@owner'], transfer('bob', 'alice', '60.0000 XST'), 'ok'],
      ['transfer', 'alice', transfer('alice', 'carol', '1.0000 XST'), /account does not exist/],
      [
        'transfer',
        'alice',
        transfer('alice', 'bob', '-1.0000 XST'),
        { code: 'eosio_assert_message_exception', message: 'positive' },
      ],
    ]);
    expect(test.balance('alice')).toBe('100.0000 XST');
  });

  it('stop at the first that does not do as it says', async () => {
    const test = await chain();
    const row = transfer('alice', 'bob', '60.0000 XST');
    expect(
      message(() =>
        test.rows('eosio.token', [
          ['transfer', 'alice', row, 'ok'],
          ['transfer', 'alice', row, 'ok'],
        ]),
      ),
    ).toBe(
      `row 2: eosio.token::transfer by alice with ${JSON.stringify(row)}\n` +
        '  expected: success\n  happened: eosio_assert_message_exception: overdrawn balance',
    );
    expect(
      message(() =>
        test.rows('eosio.token', [['transfer', 'bob', transfer('bob', 'alice', '1.0000 XST'), /overdrawn/]]),
      ),
    ).toContain('expected: /overdrawn/\n  happened: it succeeded');
  });

  it('expect a refusal with `fails`, which changes nothing', async () => {
    const test = await chain();
    test.fails('eosio.token', 'transfer', 'alice', transfer('alice', 'bob', '101.0000 XST'), /overdrawn/);
    expect(
      message(() => test.fails('eosio.token', 'transfer', 'alice', transfer('alice', 'bob', '1.0000 XST'), 'no')),
    ).toContain('it succeeded');
    expect(
      message(() => test.fails('eosio.token', 'transfer', 'bob', transfer('alice', 'bob', '1.0000 XST'), 'other')),
    ).toContain('expected: "other"');
  });
});

describe('time', () => {
  it('begins where it is told, and passes in leaps', async () => {
    const test = await ContractTest.start({ time: '2031-05-01T00:00:00.000' });
    expect(test.time).toBe('2031-05-01T00:00:00.500');
    test.advance({ days: 400, hours: 1, seconds: 1 });
    expect(test.time).toBe('2032-06-04T01:00:01.500');
    test.advanceTo('2033-01-01T00:00:00.000');
    expect(test.time).toBe('2033-01-01T00:00:00.000');
    test.advance({ blocks: 4 });
    expect(test.time).toBe('2033-01-01T00:00:02.000');
    expect(() => test.advanceTo('2032-01-01T00:00:00.000')).toThrow('is over');
  });

  it('can be turned back to a snapshot, more than once', async () => {
    const test = await chain();
    const before = test.snapshot();
    const pay = () => test.push('eosio.token', 'transfer', 'alice', transfer('alice', 'bob', '1.0000 XST')).trace.id;
    const { time } = test;
    const first = pay();
    test.advance({ days: 1 });
    const later = test.snapshot();
    test.restore(before);
    expect(test.balance('bob')).toBe('0.0000 XST');
    expect(test.time).toBe(time);
    expect(pay()).not.toEqual(first);
    test.restore(before);
    expect(test.balance('bob')).toBe('0.0000 XST');
    expect(() => test.restore(later)).toThrow('gone back behind');
  });
});

describe('prices', () => {
  it('are those that a test asks for', async () => {
    const test = await ContractTest.start({ accounts: ['alice', 'bob'], prices: { cpu: 1000n } });
    test.issue('eosio', '100.0000 XST');
    test.push('eosio.token', 'transfer', 'eosio', transfer('eosio', 'alice', '1.0000 XST'));
    const pay = transfer('alice', 'bob', '0.0001 XST');
    test.fails('eosio.token', 'transfer', 'alice', pay, { code: 'snap_insufficient_credit' });
    test.credit('alice', '5.0000 XST');
    test.push('eosio.token', 'transfer', 'alice', pay);
    expect(test.table('snap.fees', 'snap.fees', 'credits')).toHaveLength(1);
  });
});
