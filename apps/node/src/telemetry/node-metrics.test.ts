import { name } from '@snapscale/protocol';
import { describe, expect, test } from 'vitest';
import type { CoreMetrics, CoreSamples } from '../core/core-metrics.js';
import type { NetworkStats } from '../net/network-messages.js';
import {
  accessTotal,
  type MetricSources,
  readMetrics,
  requestSeconds,
  sampledMetrics,
  submissionsTotal,
} from './catalogue.js';
import { NodeMetrics } from './node-metrics.js';

const all = [...readMetrics, ...sampledMetrics, accessTotal, requestSeconds, submissionsTotal];
const slot = 2_000_000_000;
const verify = { threads: 1, waiting: 4, inWork: 0, verified: 9, rejected: 1, refused: 0 };

const bare: MetricSources = {
  core: undefined,
  head: { num: 12, slot },
  final: { num: 10, slot: slot - 2 },
  awaited: 0,
  verify,
  network: undefined,
  evidence: undefined,
  access: undefined,
  diskFreeBytes: undefined,
  checks: [],
  nowMs: (slot + 1) * 500 + 946_684_800_000,
};

const figures: Partial<CoreMetrics> = {
  blocks: 11,
  slotsMissed: { 'bp.a': 3 },
  finalizers: [
    { name: name('bp.a'), lastVoteSlot: slot - 1 },
    { name: name('bp.b'), lastVoteSlot: undefined },
  ],
  blocksWaiting: { time: 1, parent: 0, verification: 2 },
  muteReason: 'twins',
  productionPaused: false,
  peers: { peers: 1, producers: 1, syncing: false, highestClaimed: 12 },
  notices: { 'head-left': 2 },
};
const traffic = [{ kind: 'vote' as const, messagesIn: 5, bytesIn: 1000, messagesOut: 2, bytesOut: 400 }];
const stats = {
  peers: 1,
  traffic,
  roundTripMs: { north: 12 },
  coreQueue: { messages: 0, bytes: 0 },
  dropped: 0,
  paused: 0,
  certificate: { beganMs: 0, expiresMs: bare.nowMs + 5_000, refusal: undefined },
  refused: { certificate_revoked: 2 },
};
const full: MetricSources = {
  ...bare,
  core: { ...figures } as CoreMetrics,
  network: stats as unknown as NetworkStats,
  evidence: { open: 1, settled: 0, givenUp: 0 },
  access: { membersSeen: 3, sessions: 2 },
  diskFreeBytes: 5e9,
  checks: [
    { name: 'disk', ok: true, detail: '' },
    { name: 'clock', ok: false, detail: '' },
  ],
};

async function lines(sources: MetricSources, then?: (metrics: NodeMetrics) => void): Promise<string[]> {
  const metrics = new NodeMetrics(() => sources);
  then?.(metrics);
  const { text } = await metrics.expose();
  return text.split('\n').filter((line) => line.startsWith('snapscale_'));
}

describe('declarations', () => {
  test('each name stands once, with prefix, and says what it is', () => {
    const names = all.map((declared) => declared.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name: declared, help } of all) {
      expect(declared).toMatch(/^snapscale_[a-z][a-z_]*[a-z]$/);
      expect(help).toMatch(/^[A-Z0-9].*[^.]$/);
    }
  });

  test('counters end in _total, gauges do not, and times are in seconds', () => {
    for (const { name: declared, kind } of readMetrics) expect(declared.endsWith('_total')).toBe(kind === 'counter');
    for (const { name: declared, buckets } of sampledMetrics) {
      expect(declared).toMatch(/_seconds$/);
      expect([...buckets].sort((a, b) => a - b)).toEqual([...buckets]);
    }
  });
});

describe('the exposition', () => {
  test('says nothing of what is not known', async () => {
    const text = (await lines(bare)).join('\n');
    expect(text).toContain('snapscale_head_block 12');
    expect(text).toContain('snapscale_finality_lag_blocks 2');
    expect(text).toContain('snapscale_finality_lag_seconds 1.5');
    for (const unknown of ['snapscale_peers', 'snapscale_disk_free_bytes', 'snapscale_pool_transactions']) {
      expect(text).not.toMatch(new RegExp(`^${unknown} `, 'm'));
    }
  });

  test('has labels where several are counted', async () => {
    const text = await lines(full);
    expect(text).toEqual(
      expect.arrayContaining([
        'snapscale_slots_missed_total{producer="bp.a"} 3',
        'snapscale_finalizer_silent_seconds{finalizer="bp.a"} 1',
        'snapscale_blocks_waiting{reason="verification"} 2',
        'snapscale_own_key_elsewhere 1',
        'snapscale_peers 1',
        'snapscale_peer_round_trip_seconds{node="north"} 0.012',
        'snapscale_peer_bytes_total{kind="vote",direction="in"} 1000',
        'snapscale_peer_messages_total{kind="vote",direction="out"} 2',
        'snapscale_health_check{check="clock"} 0',
        'snapscale_evidence_open 1',
      ]),
    );
    expect(text.join('\n')).not.toContain('bp.b');
  });

  test('of a second call has new values, and no labels of the old ones', async () => {
    let sources = full;
    const metrics = new NodeMetrics(() => sources);
    await metrics.expose();
    sources = { ...full, core: { ...figures, blocks: 20, slotsMissed: { 'bp.c': 1 } } as unknown as CoreMetrics };
    const { text } = await metrics.expose();
    expect(text).toContain('snapscale_blocks_total 20');
    expect(text).toContain('snapscale_slots_missed_total{producer="bp.c"} 1');
    expect(text).not.toContain('producer="bp.a"');
  });

  test('has histograms of the core’s samples', async () => {
    const none = Object.fromEntries(sampledMetrics.map(({ samples }) => [samples, []])) as unknown as CoreSamples;
    const text = await lines(full, (metrics) => {
      metrics.observe({ ...none, final: [0.12, 0.4] });
      metrics.observe({ ...none, final: [0.2] });
    });
    expect(text).toEqual(
      expect.arrayContaining([
        'snapscale_block_final_seconds_bucket{le="0.15"} 1',
        'snapscale_block_final_seconds_bucket{le="0.2"} 2',
        'snapscale_block_final_seconds_count 3',
      ]),
    );
  });
});
