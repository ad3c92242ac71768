/** Proton's oracles: floating-point aggregates, windows over points, votes on changes, blocks of time. */
import type { Json } from '@snapscale/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { ContractLedger, protonContract } from '../testing/contract-ledger.js';

const self = 'oracles';
const contract = protonContract('oracles');
let ledger: ContractLedger;

beforeEach(() => {
  ledger = new ContractLedger();
  ledger.createAccounts('alice', 'bob', 'carol');
  ledger.install(self, contract);
});

const call = (action: string, signer: string, data: Json) => ledger.push(self, action, signer, data);
const refuse = (action: string, signer: string, data: Json) => ledger.assertion(self, action, signer, data);
const config = (values: Record<string, number>): Json => Object.entries(values).map(([key, value]) => ({ key, value }));

function feed(changes: Record<string, Json> = {}): Json {
  return {
    account: self,
    index: null,
    name: 'Temperature',
    description: 'of the hall',
    aggregate_function: 'median',
    data_type: 'double',
    config: config({ data_window_size: 5 }),
    providers: ['alice', 'bob'],
    ...changes,
  };
}

type Typed = 'd_double' | 'd_uint64_t' | 'd_string';

function value(type: Typed, given: Json): Record<Typed, Json> {
  return { d_string: null, d_uint64_t: null, d_double: null, [type]: given };
}

function give(account: string, data: Json, index = 0): void {
  call('feed', account, { account, feed_index: index, data });
}

type Data = { aggregate: Record<Typed, Json>; points: { provider: string; time: string; data: Json }[] };
const data = (index = 0) => ledger.rows(self, self, 'data')[index] as Data;
const double = (number: number) => number.toFixed(17);

describe('feeds', () => {
  it('setfeed numbers the feeds, and the contract pays for them', () => {
    for (const name of ['first', 'second']) call('setfeed', self, feed({ name }));
    expect(ledger.paidRows(self, self, 'feeds').map(({ primary, payer }) => [primary, payer])).toEqual([
      [0n, self],
      [1n, self],
    ]);
    expect(data(1)).toEqual({ feed_index: 1, aggregate: value('d_double', null), points: [] });
  });

  it.each([
    ['without a window', { config: [] }, 'config must contain data_window_size'],
    ['with a window of nothing', { config: config({ data_window_size: 0 }) }, 'data window too small or too large'],
    ['with a window of 256', { config: config({ data_window_size: 256 }) }, 'data window too small or too large'],
    ['of an unknown type', { data_type: 'float' }, 'invalid type index'],
    ['with an unknown aggregate', { aggregate_function: 'sum' }, 'invalid aggregate function'],
    ['that averages text', { aggregate_function: 'mean', data_type: 'string' }, 'invalid aggregate function'],
    ['with a long name', { name: 'x'.repeat(300) }, 'name too long'],
  ])('setfeed refuses one %s', (_, changes, message) => {
    expect(refuse('setfeed', self, feed(changes))).toBe(message);
  });

  it('setfeed and removefeed are for the contract', () => {
    expect(ledger.refusal(self, 'setfeed', 'alice', feed()).code).toBe('missing_auth_exception');
    call('setfeed', self, feed());
    expect(refuse('setfeed', self, feed({ index: 0, name: 'Humidity' }))).toBe('name must remain the same for oracle');
    const before = ledger.ram(self);
    call('removefeed', self, { index: 0 });
    expect(ledger.rows(self, self, 'feeds')).toEqual([]);
    expect(ledger.ram(self)).toBeLessThan(before);
  });
});

describe('aggregates', () => {
  const given = [1.5, 5.5, 2.5, 10.5];

  it.each([
    ['mean', 'double', 'd_double', given, double(5)],
    ['median', 'double', 'd_double', given, double(4)],
    ['median', 'double', 'd_double', [0.1, 0.7, 0.2], double(0.2)],
    ['last', 'double', 'd_double', given, double(10.5)],
    ['median', 'uint64_t', 'd_uint64_t', [1, 5, 2, 10], 3],
    ['last', 'uint64_t', 'd_uint64_t', [1, '18446744073709551615'], '18446744073709551615'],
    ['last', 'string', 'd_string', ['cold', 'warm'], 'warm'],
  ] as const)('%s of %s', (aggregate_function, data_type, field, values, expected) => {
    call('setfeed', self, feed({ aggregate_function, data_type }));
    values.forEach((one, i) => {
      give(
        i % 2 === 0 ? 'alice' : 'bob',
        value(field, typeof one === 'number' && field === 'd_double' ? String(one) : one),
      );
      ledger.produceBlock();
    });
    expect(data().aggregate).toEqual(value(field, expected));
  });

  it('doubles add up as they do everywhere else', () => {
    call('setfeed', self, feed({ aggregate_function: 'mean', config: config({ data_window_size: 20 }) }));
    const values = [0.1, 0.2, 0.3, 1e-17, 1e17, -1e17, 7 / 3];
    for (const one of values) give('alice', value('d_double', one.toPrecision(17)));
    // The newest comes first in the contract's list.
    const sum = [...values].reverse().reduce((total, one) => total + one, 0);
    expect(Number(data().aggregate.d_double)).toBe(sum / values.length);
  });

  it('the window forgets the oldest, a provider its own', () => {
    call('setfeed', self, feed({ config: config({ data_window_size: 3, data_same_provider_limit: 2 }) }));
    for (const [i, account] of ['alice', 'bob', 'alice', 'alice', 'alice'].entries()) {
      give(account, value('d_double', String(i)));
      ledger.produceBlock();
    }
    expect(
      data().points.map(({ provider, data: point }) => [provider, (point as Record<Typed, string>).d_double]),
    ).toEqual([
      ['alice', double(4)],
      ['alice', double(3)],
    ]);
  });

  it('old data leaves when time passes', () => {
    call('setfeed', self, feed({ config: config({ data_window_size: 9, data_freshness_sec: 60 }) }));
    give('alice', value('d_double', '1'));
    ledger.leap(61);
    ledger.produceBlock();
    give('bob', value('d_double', '2'));
    expect(data().points).toHaveLength(1);
  });
});

describe('providers', () => {
  it('only they may give data, of the right type, and not too often', () => {
    call('setfeed', self, feed({ config: config({ data_window_size: 5, min_provider_wait_sec: 10 }) }));
    const point = (account: string, given: Json) => ({ account, feed_index: 0, data: given });
    expect(refuse('feed', 'carol', point('carol', value('d_double', '1')))).toBe('not a registered provider');
    expect(refuse('feed', 'alice', point('alice', value('d_uint64_t', 1)))).toBe('incorrect data type');
    expect(refuse('feed', 'alice', { ...point('alice', value('d_double', '1')), feed_index: 7 })).toBe(
      'feed not found',
    );
    give('alice', value('d_double', '1'));
    expect(refuse('feed', 'alice', point('alice', value('d_double', '2')))).toBe(
      'wait time too short between inserting data',
    );
    give('bob', value('d_double', '2'));
    ledger.leap(10);
    give('alice', value('d_double', '2'));
    const [{ providers }] = ledger.rows(self, self, 'feeds') as [{ providers: { key: string; value: string }[] }];
    const waitMs = Date.parse(`${providers[0]!.value}Z`) - Date.parse(`${providers[1]!.value}Z`);
    expect(waitMs).toBe(10_000);
  });

  it('they vote on changes of their feed', () => {
    call('setfeed', self, feed());
    const time = '2025-01-01T00:00:00.000';
    const changed = {
      index: 0,
      name: 'Temperature',
      description: 'of the roof',
      aggregate_function: 'last',
      data_type: 'double',
      config: config({ data_window_size: 3 }),
      providers: [
        { key: 'alice', value: time },
        { key: 'carol', value: time },
      ],
    };
    call('createmsig', 'alice', { proposer: 'alice', feed: changed });
    const execute = (executor: string) => ({ executor, msig_index: 0 });
    expect(refuse('executemsig', 'alice', execute('alice'))).toBe('not enough approvals');
    expect(refuse('votemsig', 'carol', { provider: 'carol', msig_index: 0, approve: true })).toBe('provider not found');
    for (const provider of ['alice', 'bob']) call('votemsig', provider, { provider, msig_index: 0, approve: true });
    expect(ledger.onlyRow<{ votes: Json }>(self, self, 'msigs').votes).toEqual([
      { key: 'alice', value: 1 },
      { key: 'bob', value: 1 },
    ]);
    expect(refuse('cancelmsig', 'bob', { proposer: 'bob', msig_index: 0 })).toBe(
      'only the msig proposer can cancel the msig',
    );
    call('executemsig', 'bob', execute('bob'));
    expect(ledger.rows(self, self, 'msigs')).toEqual([]);
    expect(ledger.rows(self, self, 'feeds')).toEqual([changed]);
  });
});

describe('cleanup', () => {
  it('removes every row, and with them every byte of RAM', () => {
    const before = ledger.ram(self);
    for (let i = 0; i < 5; i++) call('setfeed', self, feed({ name: `feed ${i}` }));
    give('alice', value('d_double', '1'), 3);
    expect(ledger.ram(self)).toBeGreaterThan(before);
    call('cleanup', self, {});
    expect(ledger.ram(self)).toBe(before);
    expect(ledger.tableCount(self, self, 'feeds')).toBe(0);
    expect(ledger.tableCount(self, self, 'data')).toBe(0);
  });
});
