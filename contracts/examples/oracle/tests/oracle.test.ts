import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ContractTest, loadBuilt } from '@snapscale/contracts/testing';

let chain: ContractTest;

const self = 'oracle';
const reporters = ['ann', 'bea', 'cem', 'dan'];
const rules = {
  low: 0,
  high: 100_000,
  change_max: 500,
  tolerance: 10,
  deviations: 3,
  quorum: 3,
  round_seconds: 60,
  stale_seconds: 300,
  stake: '10.0000 XST',
  penalty: '2.0000 XST',
};
const push = (action: string, actors: string | string[], data: object) =>
  chain.push(self, action, actors, data as never);
const stake = (reporter: string, quantity = '10.0000 XST', memo = 'price') =>
  chain.push('eosio.token', 'transfer', reporter, { from: reporter, to: self, quantity, memo });
const feed = () => chain.row(self, self, 'feeds', 'price') as Record<string, unknown>;
const stakeOf = (reporter: string) =>
  (chain.row(self, 'price', 'reporters', reporter) as Record<string, unknown>).stake;

/** The chain begins at the beginning of a round; each round of these tests is one further on. */
const begin = Date.parse('2030-01-01T00:00:00Z');
let second: number;
const at = (seconds: number) => new Date(begin + seconds * 1000).toISOString().slice(0, 19);
const report = (reporter: string, value: number, measured = at(second)) => ({
  feed: 'price',
  reporter,
  value,
  measured,
});
function nextRound(rounds = 1): void {
  second += 60 * rounds;
  chain.advanceTo(`${at(second)}.000`);
}
/** A round in which each reporter gives its value, judged at its end. */
function round(...values: (number | undefined)[]): void {
  for (const [index, value] of values.entries()) {
    if (value !== undefined) push('report', reporters[index]!, report(reporters[index]!, value));
  }
  nextRound();
  push('close', 'eve', { feed: 'price' });
}

beforeEach(async () => {
  chain = await ContractTest.start({ accounts: [...reporters, 'eve', 'consumer'] });
  chain.deploy(self, loadBuilt('.'));
  chain.allowCode(self);
  push('setfeed', self, { feed: 'price', rules });
  for (const reporter of [...reporters, 'eve']) chain.issue(reporter, '100.0000 XST');
  for (const reporter of reporters) {
    push('admit', self, { feed: 'price', reporter });
    stake(reporter);
  }
  second = 0;
  nextRound();
});

describe('a value', () => {
  test('is the median of a round in which reporters agree', () => {
    round(1000, 1004, 1002, 1003);
    assert.deepEqual(chain.read(self, 'value', { feed: 'price' }), { value: 1002, time: at(60), agreed: 4 });
  });

  test('needs more than two thirds of the staked reporters', () => {
    round(1000, 1001);
    chain.fails(self, 'tell', 'eve', { feed: 'price', consumer: 'consumer' }, 'the feed has no value yet');
    round(1000, 1001, 1002);
    assert.equal(feed().agreed, 3);
  });

  test('is not moved by an outlier, who pays for it', () => {
    round(1000, 1001, 1002, 90_000);
    assert.deepEqual([feed().value, feed().agreed, feed().fund], [1001, 3, '2.0000 XST']);
    assert.deepEqual([stakeOf('ann'), stakeOf('dan')], ['10.0000 XST', '8.0000 XST']);
    const gift = { feed: 'price', to: 'consumer', quantity: '2.0000 XST' };
    chain.fails(self, 'spend', self, gift, 'the receiver must open a balance');
    chain.fails(self, 'report', 'dan', report('dan', 1000), 'the reporter has not staked enough');
    stake('dan', '2.0000 XST');
    push('report', 'dan', report('dan', 1000));
  });

  test('leaves a report out that is somewhat off, and does not punish it', () => {
    round(1000, 1001, 1002, 1025);
    assert.deepEqual([feed().value, feed().agreed, stakeOf('dan')], [1001, 3, '10.0000 XST']);
  });

  test('does not jump, but may go far over several rounds', () => {
    round(1000, 1001, 1002, 1003);
    round(1600, 1601, 1602, 1603);
    assert.equal(feed().value, 1001);
    round(1600, 1601, 1602, 1603);
    assert.equal(feed().value, 1601);
  });

  test('is not given out when it is stale', () => {
    round(1000, 1001, 1002, 1003);
    nextRound(4);
    assert.equal((chain.read(self, 'value', { feed: 'price' }) as { value: number }).value, 1001);
    nextRound();
    assert.throws(() => chain.read(self, 'value', { feed: 'price' }), /the value is stale/);
  });

  test('is told to consumers', () => {
    round(1000, 1001, 1002, 1003);
    const { executed } = push('tell', 'eve', { feed: 'price', consumer: 'consumer' });
    assert.deepEqual(executed.slice(1), [`${self} <= ${self}::accepted`, `consumer <= ${self}::accepted`]);
    chain.fails(self, 'tell', 'eve', { feed: 'price', consumer: 'nobody' }, 'the consumer does not exist');
    const forged = { consumer: 'consumer', feed: 'price', value: 1, time: at(0) };
    chain.fails(self, 'accepted', 'eve', forged, 'missing authority of oracle');
  });

  test('is judged by the first report of the next round as well', () => {
    for (const [i, reporter] of reporters.entries()) push('report', reporter, report(reporter, 1000 + i));
    chain.fails(self, 'close', 'eve', { feed: 'price' }, 'no round with reports is over');
    nextRound();
    push('report', 'ann', report('ann', 1000));
    assert.equal(feed().value, 1001);
  });
});

describe('what a minority cannot do', () => {
  test('set a value, or punish the others, however it lies', () => {
    for (const lie of [0, 989, 1032, 100_000]) {
      round(lie, 1000, 1005, 1010);
      for (const honest of reporters.slice(1)) assert.equal(stakeOf(honest), '10.0000 XST');
      const { value } = feed() as { value: number };
      assert.ok(value >= 1000 && value <= 1010, `${value} with ${lie}`);
      if (stakeOf('ann') !== '10.0000 XST') stake('ann', '2.0000 XST');
    }
  });

  test('prevent a value, or move it out of the range of honest reports, by chance either', () => {
    let seed = 9;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    let truth = 50_000;
    for (let step = 0; step < 40; step++) {
      truth += random(401) - 200;
      const honest = [0, 0, 0].map(() => truth - 10 + random(21));
      // Lies near the edge of what is punished are as likely as wild ones.
      const lie = random(2) === 0 ? random(100_001) : truth - 60 + random(121);
      round(lie, ...honest);
      const { value, value_round: judged } = feed() as { value: number; value_round: number };
      assert.equal(Number(judged), (begin / 1000 + second) / 60 - 1);
      assert.ok(
        judged > 0 && value >= Math.min(...honest) && value <= Math.max(...honest),
        `${lie}: ${honest}: ${value}`,
      );
      for (const reporter of reporters.slice(1)) assert.equal(stakeOf(reporter), '10.0000 XST');
      if (stakeOf('ann') !== '10.0000 XST') stake('ann', '2.0000 XST');
    }
  });

  test('take advantage of the absence of others', () => {
    round(50_000, 50_000);
    assert.equal(feed().agreed, 0);
    round(50_000, 50_000, 1000);
    assert.equal(feed().agreed, 0);
    for (const reporter of reporters) assert.equal(stakeOf(reporter), '10.0000 XST');
  });

  test('get out before it is judged', () => {
    push('report', 'ann', report('ann', 90_000));
    const leave = { feed: 'price', reporter: 'ann', quantity: '10.0000 XST' };
    chain.fails(self, 'unstake', 'ann', leave, 'a report waits to be judged');
    round(undefined, 1000, 1001, 1002);
    chain.fails(self, 'unstake', 'ann', leave, 'at most what is staked');
    push('unstake', 'ann', { ...leave, quantity: '8.0000 XST' });
    assert.equal(chain.balance('ann'), '98.0000 XST');
  });
});

describe('what is refused', () => {
  test('reports that cannot be', () => {
    push('report', 'ann', report('ann', 1000));
    chain.rows(self, [
      ['report', 'ann', report('ann', 1000), 'has reported in this round already'],
      ['report', 'eve', report('eve', 1000), 'not admitted to this feed'],
      ['report', 'eve', report('bea', 1000), 'missing authority of bea'],
      ['report', 'bea', { ...report('bea', 1000), feed: 'other' }, 'there is no such feed'],
      ['report', 'bea', report('bea', -1), 'the value is out of range'],
      ['report', 'bea', report('bea', 100_001), 'the value is out of range'],
      ['report', 'bea', report('bea', 1000, at(second + 30)), 'from the future'],
      ['report', 'bea', report('bea', 1000, at(second - 61)), 'the measurement is too old'],
    ]);
    nextRound();
    chain.fails(self, 'report', 'ann', report('ann', 1000, at(second - 60)), "not newer than the reporter's last");
  });

  test('a twenty-second reporter', () => {
    const more = [...'abcdefghijklmnopqr'].map((letter) => `reporter.${letter}`);
    chain.createAccounts(...more);
    for (const reporter of more.slice(1)) push('admit', self, { feed: 'price', reporter });
    chain.fails(self, 'admit', self, { feed: 'price', reporter: more[0]! }, 'the feed has 21 reporters already');
  });

  test('money that is no stake', () => {
    const sent = (from: string, memo: string) => ({ from, to: self, quantity: '1.0000 XST', memo });
    chain.fails('eosio.token', 'transfer', 'ann', sent('ann', ''), 'the memo must be the name of a feed');
    chain.fails('eosio.token', 'transfer', 'ann', sent('ann', 'other'), 'not admitted');
    chain.fails('eosio.token', 'transfer', 'eve', sent('eve', 'price'), 'not admitted');
    chain.deploySystem('eosio.token', 'eve.token');
    chain.push('eve.token', 'create', 'eve.token', { issuer: 'ann', maximum_supply: '1000.0000 XST' });
    chain.push('eve.token', 'issue', 'ann', { to: 'ann', quantity: '5.0000 XST', memo: '' });
    chain.push('eve.token', 'transfer', 'ann', { ...sent('ann', 'price'), quantity: '5.0000 XST' });
    assert.equal(stakeOf('ann'), '10.0000 XST');
  });

  test('rules that are none, and administration by others', () => {
    const wrong = (changed: object, reason: string) =>
      chain.fails(self, 'setfeed', self, { feed: 'price', rules: { ...rules, ...changed } } as never, reason);
    wrong({ low: 5, high: 4 }, 'the range');
    wrong({ high: '9007199254740993' }, 'the range');
    wrong({ change_max: 0 }, 'the change');
    wrong({ tolerance: -1 }, 'the tolerance');
    for (const deviations of [0, 21]) wrong({ deviations }, 'the deviations');
    for (const quorum of [0, 22]) wrong({ quorum }, 'the quorum');
    for (const round_seconds of [0, 86_401]) wrong({ round_seconds }, 'a round must have');
    wrong({ stale_seconds: 59 }, 'must outlive a round');
    wrong({ stake: '10.0000 EUR' }, 'must be in XST');
    for (const penalty of ['10.0001 XST', '-1.0000 XST']) wrong({ penalty }, 'the penalty must be');
    chain.rows(self, [
      ['setfeed', self, { feed: '', rules }, 'the name of the feed is empty'],
      ['setfeed', 'eve', { feed: 'price', rules }, 'missing authority of oracle'],
      ['admit', 'eve', { feed: 'price', reporter: 'eve' }, 'missing authority of oracle'],
      ['admit', self, { feed: 'price', reporter: 'ann' }, 'admitted already'],
      ['admit', self, { feed: 'price', reporter: 'nobody' }, 'which exists'],
      ['admit', self, { feed: 'other', reporter: 'eve' }, 'there is no such feed'],
      ['expel', 'eve', { feed: 'price', reporter: 'ann' }, 'missing authority of oracle'],
      ['expel', self, { feed: 'price', reporter: 'eve' }, 'not admitted'],
      ['unstake', 'eve', { feed: 'price', reporter: 'ann', quantity: '1.0000 XST' }, 'missing authority of ann'],
      ['claim', 'eve', { owner: 'eve' }, 'there is nothing to claim'],
      ['spend', 'eve', { feed: 'price', to: 'eve', quantity: '1.0000 XST' }, 'missing authority of oracle'],
      ['spend', self, { feed: 'price', to: 'eve', quantity: '1.0000 XST' }, 'at most what is in the fund'],
    ]);
  });
});

test('new rules drop reports that were made under the old ones, and free their stake', () => {
  push('report', 'ann', report('ann', 90_000));
  push('setfeed', self, { feed: 'price', rules: { ...rules, round_seconds: 30 } });
  push('unstake', 'ann', { feed: 'price', reporter: 'ann', quantity: '10.0000 XST' });
  assert.equal(chain.balance('ann'), '100.0000 XST');
});

test('whatever happens, no money is made or lost, and all stake can be taken out', () => {
  let seed = 5;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const units = (text: unknown) => Math.round(Number.parseFloat(String(text)) * 10_000);
  const rows = (scope: string, table: string) => chain.table(self, scope, table) as Record<string, unknown>[];
  const owed = () =>
    rows('price', 'reporters').reduce((sum, row) => sum + units(row.stake), 0) +
    rows(self, 'claims').reduce((sum, row) => sum + units(row.balance), 0) +
    units(feed().fund);
  const attempt = (act: () => unknown) => {
    try {
      act();
    } catch {
      // Much of what chance proposes is refused.
    }
  };
  for (let step = 0; step < 200; step++) {
    const reporter = reporters[random(4)]!;
    const value = random(4) === 0 ? random(90_000) : 1000 + random(20);
    const moves: (() => unknown)[] = [
      () => push('report', reporter, report(reporter, value)),
      () => push('report', reporter, report(reporter, value)),
      () => push('report', reporter, report(reporter, value)),
      () => stake(reporter, '2.0000 XST'),
      () => push('unstake', reporter, { feed: 'price', reporter, quantity: '2.0000 XST' }),
      () => random(4) === 0 && push('expel', self, { feed: 'price', reporter }),
      () => push('admit', self, { feed: 'price', reporter }),
      () => push('claim', 'eve', { owner: reporter }),
      () => nextRound(),
    ];
    attempt(moves[random(moves.length)]!);
    assert.equal(units(chain.balance(self)), owed());
  }
  nextRound();
  attempt(() => push('close', 'eve', { feed: 'price' }));
  for (const reporter of reporters) {
    attempt(() => push('expel', self, { feed: 'price', reporter }));
    attempt(() => push('claim', 'eve', { owner: reporter }));
  }
  if (units(feed().fund) > 0) push('spend', self, { feed: 'price', to: 'eve', quantity: feed().fund });
  assert.equal(chain.balance(self), '0.0000 XST');
});
