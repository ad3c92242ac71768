/** Stake: tokens in and out of votes. */
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { SystemChain } from './system-chain.js';

let chain: SystemChain;
beforeEach(() => {
  chain = SystemChain.start(['alice', 'bob', 'carol']);
});

type Kinds = readonly [net: string, cpu: string];

const delegate = (from: string, receiver: string, [net, cpu]: Kinds, transfer = false, signer = from) =>
  chain.act('delegatebw', { from, receiver, stake_net_quantity: net, stake_cpu_quantity: cpu, transfer }, signer);
const undelegate = (from: string, receiver: string, [net, cpu]: Kinds, signer = from) =>
  chain.act('undelegatebw', { from, receiver, unstake_net_quantity: net, unstake_cpu_quantity: cpu }, signer);
const refund = (owner: string, signer = owner) => chain.act('refund', { owner }, signer);

const staked = (voter: string) => chain.row('voters', voter)?.staked;
const resources = (owner: string) => chain.row('userres', owner, owner);
const refundOf = (owner: string) => chain.row('refunds', owner, owner);

describe('delegatebw', () => {
  test('moves tokens into stake, which is the giver’s vote', () => {
    delegate('alice', 'alice', ['3.0000 XST', '2.0000 XST']);
    delegate('alice', 'bob', ['1.0000 XST', '0.0000 XST']);
    expect(chain.balance('alice')).toBe('994.0000 XST');
    expect(chain.balance('eosio.stake')).toBe('6.0000 XST');
    expect(staked('alice')).toBe(60_000);
    expect(staked('bob')).toBeUndefined();
    expect(chain.rows('delband', 'alice')).toEqual([
      { from: 'alice', to: 'alice', net_weight: '3.0000 XST', cpu_weight: '2.0000 XST' },
      { from: 'alice', to: 'bob', net_weight: '1.0000 XST', cpu_weight: '0.0000 XST' },
    ]);
    expect(resources('bob')).toEqual({
      owner: 'bob',
      net_weight: '1.0000 XST',
      cpu_weight: '0.0000 XST',
      ram_bytes: 0,
    });
    expect(chain.global).toMatchObject({ total_stake: 60_000, total_activated_stake: 0 });
  });

  test('with transfer makes the stake and its vote the receiver’s', () => {
    delegate('alice', 'bob', ['1.0000 XST', '1.0000 XST'], true);
    expect(staked('bob')).toBe(20_000);
    expect(staked('alice')).toBeUndefined();
    expect(chain.rows('delband', 'bob')).toEqual([
      { from: 'bob', to: 'bob', net_weight: '1.0000 XST', cpu_weight: '1.0000 XST' },
    ]);
    undelegate('bob', 'bob', ['1.0000 XST', '1.0000 XST']);
    chain.wait(259_200);
    refund('bob');
    expect(chain.balance('bob')).toBe('1002.0000 XST');
  });

  test('raises the votes of whom the giver votes for', () => {
    chain.register(['bob']);
    delegate('alice', 'alice', ['1.0000 XST', '0.0000 XST']);
    chain.vote('alice', 'bob');
    delegate('alice', 'carol', ['2.0000 XST', '0.0000 XST']);
    expect(chain.votes('bob')).toBe(30_000);
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'without authority',
      () => delegate('alice', 'alice', ['1.0000 XST', '0.0000 XST'], false, 'bob'),
      /missing authority of alice/,
    ],
    ['of nothing', () => delegate('alice', 'alice', ['0.0000 XST', '0.0000 XST']), /must stake a positive amount/],
    [
      'of less than nothing',
      () => delegate('alice', 'alice', ['-1.0000 XST', '2.0000 XST']),
      /must stake a positive amount/,
    ],
    ['of another token', () => delegate('alice', 'alice', ['1.0000 EOS', '0.0000 XST']), /stake must be in XST/],
    ['of another precision', () => delegate('alice', 'alice', ['1.00 XST', '0.0000 XST']), /stake must be in XST/],
    ['of more than there is', () => delegate('alice', 'alice', ['999.0000 XST', '1.0001 XST']), /overdrawn balance/],
    [
      'to nobody',
      () => delegate('alice', 'nobody', ['1.0000 XST', '0.0000 XST']),
      /receiver of the stake does not exist/,
    ],
    [
      'to oneself as a gift',
      () => delegate('alice', 'alice', ['1.0000 XST', '0.0000 XST'], true),
      /cannot use transfer flag/,
    ],
    [
      'of amounts that do not fit together',
      () => delegate('alice', 'alice', ['461168601842738.0000 XST', '461168601842738.0000 XST']),
      /addition overflow/,
    ],
    [
      'of more than votes can count',
      () => delegate('alice', 'alice', ['461168601842738.0000 XST', '0.0000 XST']),
      /more than votes can count/,
    ],
  ])('is refused %s', (_, act, message) => {
    expect(act).toThrow(message);
    expect(chain.balance('alice')).toBe('1000.0000 XST');
    expect(chain.global.total_stake).toBe(0);
  });
});

describe('undelegatebw', () => {
  beforeEach(() => {
    delegate('alice', 'alice', ['5.0000 XST', '5.0000 XST']);
    delegate('alice', 'bob', ['2.0000 XST', '0.0000 XST']);
  });

  test('takes stake out of the votes at once, and out of the tables when nothing is left', () => {
    chain.register(['carol']);
    chain.vote('alice', 'carol');
    undelegate('alice', 'alice', ['5.0000 XST', '1.0000 XST']);
    undelegate('alice', 'bob', ['2.0000 XST', '0.0000 XST']);
    expect(staked('alice')).toBe(40_000);
    expect(chain.votes('carol')).toBe(40_000);
    expect(resources('bob')).toBeUndefined();
    expect(resources('alice')).toMatchObject({ net_weight: '0.0000 XST', cpu_weight: '4.0000 XST' });
    expect(chain.rows('delband', 'alice')).toHaveLength(1);
    expect(refundOf('alice')).toMatchObject({ net_amount: '7.0000 XST', cpu_amount: '1.0000 XST' });
    expect(chain.balance('alice')).toBe('988.0000 XST');
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'without authority',
      () => undelegate('alice', 'bob', ['1.0000 XST', '0.0000 XST'], 'bob'),
      /missing authority of alice/,
    ],
    ['of nothing', () => undelegate('alice', 'alice', ['0.0000 XST', '0.0000 XST']), /must unstake a positive amount/],
    [
      'of less than nothing',
      () => undelegate('alice', 'alice', ['-1.0000 XST', '2.0000 XST']),
      /must unstake a positive/,
    ],
    ['of another token', () => undelegate('alice', 'alice', ['1.0000 EOS', '0.0000 XST']), /stake must be in XST/],
    [
      'of more net than there is',
      () => undelegate('alice', 'bob', ['2.0001 XST', '0.0000 XST']),
      /insufficient staked net/,
    ],
    [
      'of more cpu than there is',
      () => undelegate('alice', 'bob', ['0.0000 XST', '0.0001 XST']),
      /insufficient staked cpu/,
    ],
    [
      'from whom nothing was given',
      () => undelegate('alice', 'carol', ['1.0000 XST', '0.0000 XST']),
      /nothing is delegated/,
    ],
    ['of what others gave', () => undelegate('bob', 'bob', ['1.0000 XST', '0.0000 XST']), /nothing is delegated/],
  ])('is refused %s', (_, act, message) => {
    expect(act).toThrow(message);
    expect(staked('alice')).toBe(120_000);
    expect(refundOf('alice')).toBeUndefined();
  });
});

describe('refund', () => {
  beforeEach(() => void delegate('alice', 'alice', ['10.0000 XST', '10.0000 XST']));

  test('pays after three days, not a block earlier', () => {
    undelegate('alice', 'alice', ['4.0000 XST', '3.0000 XST']);
    chain.wait(259_200 - 1);
    expect(() => refund('alice')).toThrow(/refund is not available yet: it is at 20/);
    chain.wait(1);
    refund('alice');
    expect(chain.balance('alice')).toBe('987.0000 XST');
    expect(chain.balance('eosio.stake')).toBe('13.0000 XST');
    expect(() => refund('alice')).toThrow('refund request not found');
  });

  test('waits for the newest of several undelegations', () => {
    undelegate('alice', 'alice', ['4.0000 XST', '0.0000 XST']);
    chain.wait(200_000);
    undelegate('alice', 'alice', ['0.0000 XST', '1.0000 XST']);
    chain.wait(100_000);
    expect(() => refund('alice')).toThrow(/not available yet/);
    chain.wait(159_200);
    refund('alice');
    expect(chain.balance('alice')).toBe('985.0000 XST');
  });

  test('follows the parameter', () => {
    chain.setParameters({ refund_delay_sec: 10 });
    undelegate('alice', 'alice', ['4.0000 XST', '0.0000 XST']);
    chain.wait(10);
    refund('alice');
    expect(chain.balance('alice')).toBe('984.0000 XST');
  });

  test('on its way back is staked again before new tokens', () => {
    undelegate('alice', 'alice', ['4.0000 XST', '4.0000 XST']);
    delegate('alice', 'alice', ['1.0000 XST', '5.0000 XST']);
    expect(refundOf('alice')).toMatchObject({ net_amount: '3.0000 XST', cpu_amount: '0.0000 XST' });
    expect(chain.balance('alice')).toBe('979.0000 XST');
    delegate('alice', 'alice', ['3.0000 XST', '0.0000 XST']);
    expect(refundOf('alice')).toBeUndefined();
    expect(chain.balance('alice')).toBe('979.0000 XST');
    expect(staked('alice')).toBe(210_000);
  });

  test('on its way back is not staked for others', () => {
    undelegate('alice', 'alice', ['4.0000 XST', '4.0000 XST']);
    delegate('alice', 'bob', ['1.0000 XST', '0.0000 XST']);
    expect(refundOf('alice')).toMatchObject({ net_amount: '4.0000 XST', cpu_amount: '4.0000 XST' });
    expect(chain.balance('alice')).toBe('979.0000 XST');
  });

  test('needs the owner', () => {
    undelegate('alice', 'alice', ['4.0000 XST', '0.0000 XST']);
    chain.wait(259_200);
    expect(() => refund('alice', 'bob')).toThrow('missing authority of alice');
    expect(() => refund('bob')).toThrow('refund request not found');
  });
});

test('whatever is staked and taken back, eosio.stake holds all stake and refunds, and votes are the stake of voters', () => {
  const accounts = ['alice', 'bob', 'carol'];
  chain.setParameters({ refund_delay_sec: 60 });
  chain.register(['bob', 'carol']);
  const account = fc.constantFrom(...accounts);
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('delegate' as const),
      from: account,
      to: account,
      units: fc.nat(50_000),
      gift: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('undelegate' as const), from: account, to: account, units: fc.nat(50_000) }),
    fc.record({ kind: fc.constant('refund' as const), from: account }),
    fc.record({ kind: fc.constant('vote' as const), from: account, votes: fc.subarray(['bob', 'carol']) }),
    fc.record({ kind: fc.constant('proxy' as const), from: account, to: account, is: fc.boolean() }),
    fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 70 }) }),
  );
  const amount = (units: number) => `${(units / 10_000).toFixed(4)} XST`;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      for (const one of steps) {
        try {
          if (one.kind === 'delegate')
            delegate(one.from, one.to, [amount(one.units), amount(one.units >> 1)], one.gift);
          else if (one.kind === 'undelegate') undelegate(one.from, one.to, [amount(one.units), amount(one.units >> 2)]);
          else if (one.kind === 'refund') refund(one.from);
          else if (one.kind === 'vote') chain.vote(one.from, ...one.votes);
          else if (one.kind === 'proxy') {
            if (one.is) chain.act('regproxy', { proxy: one.from, isproxy: !isProxy(one.from) });
            else chain.act('voteproducer', { voter: one.from, proxy: one.to, producers: [] });
          } else chain.wait(one.seconds);
        } catch (error) {
          if ((error as { code?: string }).code !== 'eosio_assert_message_exception') throw error;
        }
      }
      checkInvariants(accounts);
    }),
    { numRuns: 12 },
  );
});

const isProxy = (owner: string) => Number(chain.row('voters', owner)?.is_proxy ?? 0) !== 0;

/** Counts everything anew, from the delegations up. */
function checkInvariants(accounts: readonly string[]): void {
  const units = (text: unknown) => Math.round(Number.parseFloat(String(text)) * 10_000);
  const both = (row: { readonly [field: string]: unknown }, net: string, cpu: string) =>
    units(row[net]) + units(row[cpu]);
  const stakeOf = (owner: string) =>
    chain.rows('delband', owner).reduce((sum, row) => sum + both(row, 'net_weight', 'cpu_weight'), 0);
  const refunds = accounts.flatMap((owner) => chain.rows('refunds', owner));
  const total = accounts.reduce((sum, owner) => sum + stakeOf(owner), 0);
  expect(units(chain.balance('eosio.stake'))).toBe(
    total + refunds.reduce((sum, row) => sum + both(row, 'net_amount', 'cpu_amount'), 0),
  );
  expect(chain.global.total_stake).toBe(total);

  const voters = chain.rows('voters');
  for (const voter of voters) expect(voter.staked).toBe(stakeOf(String(voter.owner)));
  const weightOf = (voter: (typeof voters)[number]) =>
    Number(voter.staked) +
    (Number(voter.is_proxy) === 0
      ? 0
      : voters.filter(({ proxy }) => proxy === voter.owner).reduce((sum, one) => sum + Number(one.staked), 0));
  for (const owner of ['bob', 'carol']) {
    const votes = voters.filter(({ producers }) => (producers as string[]).includes(owner));
    expect(chain.votes(owner)).toBe(votes.reduce((sum, voter) => sum + weightOf(voter), 0));
  }
  const voting = voters.filter(({ producers }) => (producers as string[]).length > 0);
  expect(chain.global.total_activated_stake).toBe(voting.reduce((sum, voter) => sum + weightOf(voter), 0));
  expect(Number(chain.global.total_producer_vote_weight)).toBe(chain.votes('bob') + chain.votes('carol'));
}
