/** Candidates, votes and proxies, the elected schedule, what its producers may do together, and what they earn. */
import assert from 'node:assert/strict';
import { formatPublicKey, type PublicKey } from '@snapscale/crypto';
import { getPermission, getProposedSchedule, getResources, getSchedule, scheduledProducer } from '@snapscale/execution';
import { assetSchema, formatAsset, formatName, name, names, Reader, type TransactionTrace } from '@snapscale/protocol';
import { executed } from '../../testing/contract-ledger.js';
import type { Scenario } from './scenario.js';
import { candidates, type SystemChain, tokens, units } from './system-chain.js';

const voter = 'voter1111111';
const elected = candidates.slice(0, 21);
/** How the continuous rate of inflation follows from five per cent a year. */
const CONTINUOUS_RATE = Math.log1p(0.05);
const YEAR_SEC = 52 * 7 * 86_400;

type Producer = {
  owner: string;
  total_votes: string;
  is_active: number;
  unpaid_blocks: number;
  producer_key: string;
  last_claim_time: string;
};
type Global = {
  total_activated_stake: number | string;
  total_unpaid_blocks: number;
  perblock_bucket: number | string;
  pervote_bucket: number | string;
  last_pervote_bucket_fill: string;
  last_producer_schedule_size: number;
  thresh_activated_stake_time: string;
};

function producer(chain: SystemChain, owner: string): Producer {
  return (chain.rows('eosio', 'eosio', 'producers') as Producer[]).find((row) => row.owner === owner)!;
}

function global(chain: SystemChain): Global {
  return chain.onlyRow<Global>('eosio', 'eosio', 'global');
}

/** What a staked amount weighs in votes, by the week in which it is cast. */
function voteWeight(staked: number, timeMs: number): number {
  const weeks = Math.trunc((Math.floor(timeMs / 1000) - 946_684_800) / (86_400 * 7));
  return staked * 2 ** (weeks / 52);
}

function assertClose(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= Math.abs(expected) * 1e-12, `${actual} is not ${expected}`);
}

/** Token transfers of a trace as `from to quantity`. */
export function transfersOf(trace: TransactionTrace): string[] {
  return trace.actionTraces
    .filter(({ receiver, action }) => receiver === names.eosioToken && formatName(action.name) === 'transfer')
    .map(({ action }) => {
      const reader = new Reader(action.data);
      const [from, to] = [formatName(reader.u64()), formatName(reader.u64())];
      return `${from} ${to} ${formatAsset(assetSchema.read(reader))}`;
    });
}

function nowMs(chain: SystemChain): number {
  return Number(chain.pending.slot) * 500 + 946_684_800_000;
}

export const elections: Scenario = {
  title: 'elections',
  steps: [
    [
      'candidates register with keys of their own',
      (chain) => {
        for (const candidate of candidates) {
          chain.openCandidate(candidate);
          chain.produceBlock();
        }
        assert.equal(chain.rows('eosio', 'eosio', 'producers').length, candidates.length);
        const row = producer(chain, candidates[0]!);
        assert.equal(row.producer_key, chain.keyText(candidates[0]!));
        assert.equal(row.is_active, 1);
      },
    ],
    [
      'nobody is elected before fifteen per cent of the tokens have voted',
      (chain) => {
        const few = 'alice1111111';
        chain.delegate(few, 100, 50);
        chain.push('eosio', 'voteproducer', few, { voter: few, proxy: '', producers: elected });
        for (let i = 0; i < 30; i++) chain.produceBlock();
        assert.equal(getProposedSchedule(chain.state), undefined);
        assert.equal(getSchedule(chain.state).producers.length, 1);
        assert.equal(
          chain.assertion('eosio', 'undelegatebw', 'alice1111111', {
            from: 'alice1111111',
            receiver: 'alice1111111',
            unstake_net_quantity: tokens(1),
            unstake_cpu_quantity: tokens(1),
          }),
          'cannot undelegate bandwidth until the chain is activated (at least 15% of all tokens participate in voting)',
        );
      },
    ],
    [
      'votes weigh by stake and week, must be sorted, and are for registered producers',
      (chain) => {
        chain.openAccount(voter);
        chain.pay(voter, 200_000_000);
        chain.delegate(voter, 100_000_000, 60_000_000);
        const before = Number(producer(chain, elected[0]!).total_votes);
        chain.push('eosio', 'voteproducer', voter, { voter, proxy: '', producers: elected });
        const staked = units(tokens(160_000_000));
        assertClose(Number(producer(chain, elected[0]!).total_votes), before + voteWeight(staked, nowMs(chain)));
        assert.equal(Number(global(chain).total_activated_stake), staked + units(tokens(150)));
        const refuse = (producers: readonly string[]) =>
          chain.assertion('eosio', 'voteproducer', voter, { voter, proxy: '', producers });
        assert.equal(refuse([...elected].reverse()), 'producer votes must be unique and sorted');
        assert.equal(refuse(['alice1111111']), 'producer alice1111111 is not registered');
        assert.equal(refuse([...Array(31).fill('x')]), 'attempt to vote for too many producers');
      },
    ],
    [
      'onblock proposes the 21 with most votes, and the schedule is in force from the next round',
      (chain) => {
        let blocks = 0;
        while (getSchedule(chain.state).producers.length === 1) {
          assert.ok(++blocks < 200, 'no schedule became active within 200 blocks');
          const block = chain.produceBlock();
          assert.equal(block.traces[0]!.except, undefined);
        }
        const { version, producers } = getSchedule(chain.state);
        assert.equal(version, 1);
        assert.deepEqual(
          producers.map((entry) => formatName(entry.name)),
          elected,
        );
        assert.deepEqual(
          producers.map(({ key }) => formatPublicKey(key)),
          elected.map((account) => formatPublicKey(chain.keys.get(account)!)),
        );
        assert.equal(global(chain).last_producer_schedule_size, 21);
      },
    ],
    [
      'each elected producer has twelve slots in turn',
      (chain) => {
        const schedule = getSchedule(chain.state);
        const seen = new Map<string, number>();
        while (chain.pending.slot % 252 !== 0) chain.produceBlock();
        for (let i = 0; i < 252; i++) {
          const { header } = chain.produceBlock();
          assert.equal(header.producer, scheduledProducer(schedule, header.slot).name);
          const by = formatName(header.producer);
          seen.set(by, (seen.get(by) ?? 0) + 1);
        }
        assert.deepEqual(
          [...seen].sort(),
          elected.map((account) => [account, 12]),
        );
      },
    ],
    [
      'eosio.prods follows the schedule: two thirds, a half, a third',
      (chain) => {
        const authority = (permission: string) =>
          getPermission(chain.state, name('eosio.prods'), name(permission))!.authority;
        const levels = elected.map((account) => ({
          permission: { actor: name(account), permission: name('active') },
          weight: 1,
        }));
        for (const [permission, threshold] of [
          ['active', 15],
          ['prod.major', 11],
          ['prod.minor', 8],
        ] as const) {
          assert.deepEqual(authority(permission), { threshold, keys: [], accounts: levels, waits: [] });
        }
      },
    ],
    [
      'fifteen producers govern the system account, fourteen do not, and a sixteenth signature is too much',
      (chain) => {
        const auth = {
          threshold: 1,
          keys: [],
          accounts: [{ permission: { actor: 'eosio.prods', permission: 'active' }, weight: 1 }],
          waits: [],
        };
        chain.push('eosio', 'updateauth', 'eosio', { account: 'eosio', permission: 'active', parent: 'owner', auth });
        const keys = elected.map((account) => chain.keys.get(account)!);
        const setpriv = (signers: readonly PublicKey[]) =>
          chain.apply(
            chain.transaction([chain.action('eosio', 'setpriv', 'eosio', { account: 'eosio.msig', is_priv: 1 })], {
              keys: signers,
            }),
          ).except?.code;
        assert.equal(setpriv(keys.slice(0, 14)), 'unsatisfied_authorization');
        assert.equal(setpriv(keys.slice(0, 16)), 'tx_irrelevant_sig');
        assert.equal(setpriv(keys.slice(6)), undefined);
      },
    ],
    [
      'a proxy votes with what others have staked',
      (chain) => {
        const [proxy, saver] = ['proxy1111111', 'saver1111111'];
        // The system account's active permission is the producers' now; its owner still has the key.
        for (const account of [proxy, saver]) openByOwner(chain, account);
        chain.push('eosio', 'regproxy', proxy, { proxy, isproxy: true });
        chain.push('eosio', 'voteproducer', proxy, { voter: proxy, proxy: '', producers: [candidates[22]!] });
        const before = Number(producer(chain, candidates[22]!).total_votes);
        chain.push('eosio', 'voteproducer', saver, { voter: saver, proxy, producers: [] });
        const gained = Number(producer(chain, candidates[22]!).total_votes) - before;
        assert.ok(Math.abs(gained - voteWeight(units(tokens(1000)), nowMs(chain))) < gained * 1e-6);
        assert.equal(
          chain.assertion('eosio', 'voteproducer', saver, { voter: saver, proxy, producers: [candidates[0]!] }),
          'cannot vote for producers and proxy at same time',
        );
      },
    ],
    [
      'a candidate who gets more votes replaces one who has left, a round later',
      (chain) => {
        const [leaving] = elected;
        chain.pushSigned(leaving!, 'eosio', 'unregprod', { producer: leaving! });
        assert.equal(producer(chain, leaving!).is_active, 0);
        let blocks = 0;
        while (getSchedule(chain.state).version === 1) {
          assert.ok(++blocks < 600, 'the schedule did not change within 600 blocks');
          chain.produceBlock();
        }
        const { version, producers } = getSchedule(chain.state);
        assert.equal(version, 2);
        const expected = [...elected.slice(1), candidates[22]!].sort();
        assert.deepEqual(
          producers.map((entry) => formatName(entry.name)),
          expected,
        );
      },
    ],
  ],
};

/** An account that `eosio@owner` pays for, with 500 SYS staked for NET and CPU each. */
export function openByOwner(chain: SystemChain, account: string): void {
  const owner = 'eosio@owner';
  const stake = tokens(500);
  chain.pushAll(
    { ...chain.newAccount(account), authorization: [{ actor: names.eosio, permission: name('owner') }] },
    chain.action('eosio', 'buyrambytes', owner, { payer: 'eosio', receiver: account, bytes: 8192 }),
    chain.action('eosio', 'delegatebw', owner, {
      from: 'eosio',
      receiver: account,
      stake_net_quantity: stake,
      stake_cpu_quantity: stake,
      transfer: true,
    }),
  );
}

export const rewards: Scenario = {
  title: 'rewards',
  steps: [
    [
      'rewards are for those who wait a day',
      (chain) => {
        const owner = elected[1]!;
        // A day since registration has not passed.
        const trace = chain.apply(
          chain.transaction([chain.action('eosio', 'claimrewards', owner, { owner })], {
            keys: [chain.keys.get(owner)!],
          }),
        );
        assert.match(trace.except!.message, /already claimed rewards within past day/);
      },
    ],
    [
      'claimrewards issues the inflation since the last claim, and pays by blocks and by votes',
      (chain) => {
        chain.leap(86_400);
        chain.produceBlock();
        const owner = elected[1]!;
        const supply = chain.supply().recorded;
        const before = global(chain);
        const { unpaid_blocks: unpaid } = producer(chain, owner);
        assert.ok(unpaid > 0);
        const elapsedSec = (nowMs(chain) - Date.parse(`${before.last_pervote_bucket_fill}Z`)) / 1000;
        const issued = Math.trunc((CONTINUOUS_RATE * supply * elapsedSec) / YEAR_SEC);
        const toProducers = Math.trunc(issued / 5);
        const perBlock = Math.trunc(toProducers / 4);
        const trace = chain.pushSigned(owner, 'eosio', 'claimrewards', { owner });
        const [savings, blocks, votes, ...pay] = transfersOf(trace);
        assert.equal(savings, `eosio eosio.saving ${text(issued - toProducers)}`);
        assert.equal(blocks, `eosio eosio.bpay ${text(perBlock)}`);
        assert.equal(votes, `eosio eosio.vpay ${text(toProducers - perBlock)}`);
        const bucket = Number(before.perblock_bucket) + perBlock;
        const blockPay = Math.trunc((bucket * unpaid) / before.total_unpaid_blocks);
        assert.equal(pay[0], `eosio.bpay ${owner} ${text(blockPay)}`);
        assert.match(pay[1]!, new RegExp(`^eosio\\.vpay ${owner} `));
        assert.equal(chain.supply().recorded, supply + issued);
        assert.equal(producer(chain, owner).unpaid_blocks, 0);
        assert.equal(global(chain).total_unpaid_blocks, before.total_unpaid_blocks - unpaid);
        assert.ok(executed(trace).includes('eosio.token <= eosio.token::issue'));
      },
    ],
    [
      'setinflation changes what is issued',
      (chain) => {
        const keys = getSchedule(chain.state)
          .producers.slice(0, 15)
          .map(({ name: account }) => chain.keys.get(formatName(account))!);
        const set = chain.apply(
          chain.transaction(
            [
              chain.action('eosio', 'setinflation', 'eosio', {
                annual_rate: 0,
                inflation_pay_factor: 50_000,
                votepay_factor: 40_000,
              }),
            ],
            { keys },
          ),
        );
        assert.equal(set.except, undefined);
        chain.leap(86_400);
        chain.produceBlock();
        const supply = chain.supply().recorded;
        chain.pushSigned(elected[2]!, 'eosio', 'claimrewards', { owner: elected[2]! });
        assert.equal(chain.supply().recorded, supply);
      },
    ],
    [
      'undelegatebw makes a refund that is paid after three days',
      (chain) => {
        chain.delegate('alice1111111', 100, 50);
        assert.equal(
          chain.onlyRow<{ net_weight: string }>('eosio', 'alice1111111', 'userres').net_weight,
          '210.0000 SYS',
        );
        chain.push('eosio', 'undelegatebw', 'alice1111111', {
          from: 'alice1111111',
          receiver: 'alice1111111',
          unstake_net_quantity: tokens(100),
          unstake_cpu_quantity: tokens(50),
        });
        const refund = chain.onlyRow<{ net_amount: string; cpu_amount: string }>('eosio', 'alice1111111', 'refunds');
        assert.deepEqual([refund.net_amount, refund.cpu_amount], [tokens(100), tokens(50)]);
        assert.equal(
          chain.assertion('eosio', 'refund', 'alice1111111', { owner: 'alice1111111' }),
          'refund is not available yet',
        );
        const balance = units(chain.balance('alice1111111', '4,SYS'));
        chain.leap(3 * 86_400 + 1);
        chain.push('eosio', 'refund', 'alice1111111', { owner: 'alice1111111' });
        assert.equal(units(chain.balance('alice1111111', '4,SYS')), balance + units(tokens(150)));
        assert.equal(chain.tableCount('eosio', 'alice1111111', 'refunds'), 0);
      },
    ],
    [
      'every token is somewhere',
      (chain) => {
        const { recorded, held } = chain.supply();
        assert.equal(held, recorded);
        assert.equal(getResources(chain.state, names.eosio).ramQuota, -1n);
      },
    ],
  ],
};

function text(amount: number): string {
  return tokens(amount / 10_000);
}
