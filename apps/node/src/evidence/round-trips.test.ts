import { name } from '@snapscale/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { OwnTransactions } from '../own-transactions.js';
import { systemRow } from './accusation.js';
import { publishRoundTrips, type RoundTrips } from './round-trips.js';
import { ProducerChain } from './testing/producer-chain.js';

let chain: ProducerChain;
let node: OwnTransactions;

beforeEach(async () => {
  chain = await ProducerChain.start(['bp.a', 'bp.b', 'bp.c', 'bp.d']);
  node = chain.node(['bp.a']);
});

/** Lets the node look once for each measurement. */
async function look(...measurements: readonly RoundTrips[]): Promise<void> {
  const stop = new AbortController();
  let at = 0;
  const context = {
    ...node,
    wait: async () => {
      if (at === measurements.length) stop.abort();
      chain.ledger.produceBlock();
    },
  };
  await publishRoundTrips(context, () => measurements[at++]!, stop.signal);
}

const published = () => systemRow(node.headState(), 'latencies', name('bp.a'))?.round_trips;

describe('round-trip times', () => {
  it('are published for registered producers alone, sorted by name', async () => {
    await look({ 'bp.d': 12.5, 'bp.b': 0.0001, 'bp.a': 3, observer: 1, 'Not-an-account': 2, 'bp.c': 1e9 });
    expect(published()).toEqual([
      { producer: 'bp.b', round_trip_us: 1 },
      { producer: 'bp.c', round_trip_us: 10_000_000 },
      { producer: 'bp.d', round_trip_us: 12_500 },
    ]);
    expect(chain.sent).toHaveLength(1);
  });

  it('are published again when they have changed by a quarter, and by two milliseconds at least', async () => {
    await look(
      { 'bp.b': 1 },
      { 'bp.b': 2.9 },
      { 'bp.b': 3.1 },
      { 'bp.b': 5 },
      { 'bp.b': 40 },
      { 'bp.b': 49 },
      { 'bp.b': 51 },
    );
    expect(chain.sent).toHaveLength(4);
    expect(published()).toEqual([{ producer: 'bp.b', round_trip_us: 51_000 }]);
  });

  it('are not published of nobody, nor for an account that is no producer', async () => {
    await look({}, { observer: 3 });
    node = chain.node(['bob'], []);
    await look({ 'bp.b': 1 });
    expect(chain.sent).toHaveLength(0);
  });

  it('that are refused are said', async () => {
    chain.refusals.push({ code: 'tx_cpu_usage_exceeded', message: 'busy' });
    await look({ 'bp.b': 1 }, { 'bp.b': 1 });
    expect(chain.notices).toHaveLength(1);
    expect(chain.notices[0]).toMatch(/warn round-trip times could not be published .*bp\.a.*busy/);
    expect(published()).toEqual([{ producer: 'bp.b', round_trip_us: 1000 }]);
  });
});
