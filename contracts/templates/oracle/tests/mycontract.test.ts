import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ContractTest, loadBuilt } from '@snapscale/contracts/testing';

let chain: ContractTest;

const reporters = ['ann', 'ben', 'cat', 'dan', 'eve'];
/** True if the feed has a new value because of this report. */
const report = (reporter: string, value: number): boolean =>
  Boolean(chain.push('mycontract', 'report', reporter, { feed: 'price', reporter, value }).returnValue);
const feed = () => {
  const { value, agreed, left_out } = chain.row('mycontract', 'mycontract', 'feeds', 'price') as Record<string, number>;
  return [Number(value), agreed, left_out];
};

beforeEach(async () => {
  chain = await ContractTest.start({ accounts: [...reporters, 'bob'] });
  chain.deploy('mycontract', loadBuilt('.'));
  const settings = { feed: 'price', quorum: 3, window_seconds: 60, tolerance_percent: 10 };
  chain.push('mycontract', 'setfeed', 'mycontract', settings);
  for (const reporter of reporters) chain.push('mycontract', 'admit', 'mycontract', { feed: 'price', reporter });
});

test('a quorum makes a value: the median', () => {
  assert.deepEqual([report('ann', 100), report('ben', 104), report('cat', 102)], [false, false, true]);
  assert.deepEqual(feed(), [102, 3, 0]);
  const read = chain.read('mycontract', 'value', { feed: 'price', seconds_max: 60 }) as { value: number };
  assert.equal(Number(read.value), 102);
});

test('of an even number of reports the lower middle one counts', () => {
  for (const [index, value] of [100, 101, 102, 103].entries()) report(reporters[index]!, value);
  assert.deepEqual(feed(), [101, 4, 0]);
});

test('who lies is left out, and moves nothing', () => {
  report('ann', 100);
  report('ben', 102);
  assert.equal(report('eve', 9_000_000), false);
  report('cat', 101);
  assert.deepEqual(feed(), [101, 3, 1]);
});

test('negative values have outliers too', () => {
  for (const [reporter, value] of [
    ['ann', -100],
    ['ben', -101],
    ['cat', -102],
    ['eve', 100],
  ] as const) {
    report(reporter, value);
  }
  assert.deepEqual(feed(), [-101, 3, 1]);
});

test('reports that are too old do not count, and neither does a value', () => {
  report('ann', 100);
  report('ben', 100);
  chain.advance({ seconds: 60 });
  assert.equal(report('cat', 100), false);
  assert.throws(() => chain.read('mycontract', 'value', { feed: 'price', seconds_max: 60 }), /no value yet/);
  report('ann', 100);
  report('ben', 100);
  chain.advance({ seconds: 10 });
  chain.read('mycontract', 'value', { feed: 'price', seconds_max: 10 });
  assert.throws(() => chain.read('mycontract', 'value', { feed: 'price', seconds_max: 5 }), /too old/);
});

test('an expelled reporter counts no more', () => {
  report('ann', 100);
  report('ben', 100);
  chain.push('mycontract', 'expel', 'mycontract', { feed: 'price', reporter: 'ann' });
  chain.fails('mycontract', 'report', 'ann', { feed: 'price', reporter: 'ann', value: 1 }, 'not admitted');
  assert.equal(report('cat', 100), false);
});

describe('what is refused', () => {
  test('feeds', () => {
    const settings = { feed: 'other', quorum: 1, window_seconds: 60, tolerance_percent: 10 };
    chain.rows('mycontract', [
      ['setfeed', 'bob', settings, 'missing authority of mycontract'],
      ['setfeed', 'mycontract', { ...settings, feed: '' }, 'name of the feed is empty'],
      ['setfeed', 'mycontract', { ...settings, quorum: 0 }, 'quorum must be 1 to 21'],
      ['setfeed', 'mycontract', { ...settings, quorum: 22 }, 'quorum must be 1 to 21'],
      ['setfeed', 'mycontract', { ...settings, window_seconds: 0 }, 'window is empty'],
      ['setfeed', 'mycontract', { ...settings, tolerance_percent: 101 }, 'above 100 percent'],
    ]);
    assert.throws(() => chain.read('mycontract', 'value', { feed: 'none', seconds_max: 1 }), /no such feed/);
  });

  test('reporters', () => {
    chain.rows('mycontract', [
      ['admit', 'bob', { feed: 'price', reporter: 'bob' }, 'missing authority of mycontract'],
      ['admit', 'mycontract', { feed: 'none', reporter: 'bob' }, 'no such feed'],
      ['admit', 'mycontract', { feed: 'price', reporter: 'nobody' }, 'the reporter does not exist'],
      ['admit', 'mycontract', { feed: 'price', reporter: 'ann' }, 'admitted already'],
      ['expel', 'mycontract', { feed: 'price', reporter: 'bob' }, 'no such reporter'],
      ['report', 'bob', { feed: 'price', reporter: 'bob', value: 1 }, 'not admitted'],
      ['report', 'bob', { feed: 'price', reporter: 'ann', value: 1 }, 'missing authority of ann'],
      ['report', 'ann', { feed: 'price', reporter: 'ann', value: '9007199254740993' }, 'out of range'],
    ]);
  });
});
