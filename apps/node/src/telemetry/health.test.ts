import { msToSlot, name, slotToMs } from '@snapscale/protocol';
import { describe, expect, test } from 'vitest';
import type { CoreMetrics, OwnProduction, PeerFigures } from '../core/core-metrics.js';
import { type HealthFacts, healthChecks, readinessChecks } from './health.js';

const slot = msToSlot(Date.UTC(2030, 0, 1));
const nowMs = slotToMs(slot);
const members = ['bp.a', 'bp.b', 'bp.c', 'bp.d'];

function coreSaying(changed: Partial<CoreMetrics> = {}): CoreMetrics {
  const figures: Partial<CoreMetrics> = {
    reversible: 2,
    productionPaused: false,
    muteReason: undefined,
    broken: false,
    finalizers: members.map((member) => ({ name: name(member), lastVoteSlot: slot - 1 })),
    own: [own()],
    peers: linked(),
  };
  return { ...figures, ...changed } as CoreMetrics;
}

const own = (changed: Partial<OwnProduction> = {}): OwnProduction => ({
  producer: 'bp.a',
  isScheduled: true,
  missedInARow: 0,
  ...changed,
});
const linked = (changed: Partial<PeerFigures> = {}): PeerFigures => ({
  peers: 3,
  producers: 3,
  syncing: false,
  highestClaimed: 100,
  ...changed,
});

function factsOf(changed: Partial<HealthFacts> = {}): HealthFacts {
  return {
    nowMs,
    head: { num: 100, slot },
    final: { num: 98, slot: slot - 2 },
    awaited: 3,
    awaitedMax: 50_000,
    core: coreSaying(),
    coreHeardMs: nowMs - 900,
    clockAheadMs: [0, 20, -30],
    twinRefusals: [],
    certificate: { beganMs: 0, expiresMs: nowMs + 30 * 86_400_000, refusal: undefined },
    certificateRefusals: [],
    disk: { freeBytes: 50e9, totalBytes: 100e9 },
    ...changed,
  };
}

const failing = (facts: Partial<HealthFacts>) =>
  healthChecks(factsOf(facts))
    .filter(({ ok }) => !ok)
    .map((check) => `${check.name}: ${check.detail}`);

test('a producer in a network of four is well', () => {
  expect(failing({})).toEqual([]);
  expect(Object.fromEntries(healthChecks(factsOf()).map(({ name: check, detail }) => [check, detail]))).toMatchObject({
    blocks: 'block 100 is 0.0 s old',
    production: 'bp.a in the schedule',
    finality: 'block 98 is final, 2 behind the newest',
    peers: '3 nodes are connected, 3 of them producers',
  });
});

test('a peer that claims a height does not make a node unfit for clients', () => {
  const claimed = factsOf({ core: coreSaying({ peers: linked({ syncing: true, highestClaimed: 2 ** 32 - 1 }) }) });
  expect(healthChecks(claimed).filter(({ ok }) => !ok)).toEqual([]);
});

describe('what is wrong is said, with what to do', () => {
  const cases: readonly (readonly [string, Partial<HealthFacts>, readonly (string | RegExp)[]])[] = [
    ['a core that hangs', { coreHeardMs: nowMs - 8_000 }, ['core: the core has said nothing for 8.0 s']],
    [
      'the own key elsewhere',
      { core: coreSaying({ muteReason: 'PUB_BLS_x voted in slot 7' }) },
      [
        /^keys: this node neither produces nor votes, because PUB_BLS_x voted in slot 7: find the other node .* stop it/,
      ],
    ],
    [
      'a second node with the same certificate',
      {
        core: coreSaying({ peers: linked({ peers: 0, producers: 0 }), productionHeld: true }),
        twinRefusals: ['north', 'east'],
      },
      [
        /^keys: north, east will not let this node in, .*: it seems to run twice with the same certificate; stop one of them/,
        'peers: no other node is connected',
        /^production: waiting: after its start a node does not produce before another one is connected/,
      ],
    ],
    ['broken finality', { core: coreSaying({ broken: true }) }, [/^consensus: two final blocks contradict each other/]],
    [
      'a clock behind',
      { clockAheadMs: [2300, 2310, 0] },
      [/^clock: this clock is 2.3 s behind those of most peers: set/],
    ],
    ['a clock ahead', { clockAheadMs: [-1500, -1490, -1510] }, [/^clock: this clock is 1.5 s ahead of/]],
    [
      'a full disk',
      { disk: { freeBytes: 0.3e9, totalBytes: 100e9 } },
      ['disk: 0.3 of 100.0 GB are free where the data directory is: the node ends when nothing is left'],
    ],
    ['a large disk that is nearly full', { disk: { freeBytes: 9e9, totalBytes: 1e12 } }, [/^disk: /]],
    [
      'nobody connected',
      { core: coreSaying({ peers: linked({ peers: 0, producers: 0 }) }) },
      ['peers: no other node is connected'],
    ],
    [
      'too few for a quorum',
      { core: coreSaying({ peers: linked({ peers: 2, producers: 1 }) }) },
      ['peers: 2 nodes are connected, 1 of them producers: for a quorum this node needs 2'],
    ],
    [
      'no links although others produce',
      { core: coreSaying({ peers: undefined }), clockAheadMs: undefined },
      [/^peers: this node has no links to peers .* 3 of 4 producers are elsewhere/],
    ],
    [
      'a node that catches up',
      {
        core: coreSaying({ peers: linked({ syncing: true, highestClaimed: 5000 }) }),
        head: { num: 100, slot: slot - 9800 },
      },
      ['sync: fetching blocks: at 100, a peer says it has 5000', 'blocks: block 100 is 4900.0 s old'],
    ],
    ['no blocks', { head: { num: 100, slot: slot - 20 } }, ['blocks: block 100 is 10.0 s old']],
    [
      'a producer that misses its slots',
      { core: coreSaying({ own: [own({ missedInARow: 12 })] }) },
      ['production: bp.a has missed its last 12 slots, though it is in the schedule'],
    ],
    [
      'a pause of production, and finality that waits for two',
      {
        core: coreSaying({
          productionPaused: true,
          reversible: 240,
          finalizers: members.map((member, i) => ({
            name: name(member),
            lastVoteSlot: i < 2 ? slot - 1 : [slot - 500, undefined][i - 2],
          })),
        }),
        final: { num: 5, slot: slot - 95 },
      },
      [
        'production: paused: 240 blocks wait for finality (see finality)',
        'finality: no block after 5 is final, 95 wait: no votes of bp.c, bp.d of late, and 3 of 4 finalizers must vote',
      ],
    ],
    [
      'finality that waits for nobody in particular',
      { final: { num: 80, slot: slot - 20 } },
      ['finality: no block after 80 is final, 20 wait'],
    ],
    ['a full queue', { awaited: 50_000 }, ['queue: 50000 of at most 50000 replies are awaited']],
  ];
  test.each(cases)('%s', (_, facts, expected) => {
    const complaints = failing(facts);
    expect(complaints).toEqual(expected.map((text) => (typeof text === 'string' ? text : expect.stringMatching(text))));
  });
});

describe('what is in order is not complained about', () => {
  test.each([
    [
      'a node alone',
      {
        core: coreSaying({ peers: undefined, finalizers: [{ name: name('eosio'), lastVoteSlot: slot }] }),
        clockAheadMs: undefined,
      },
    ],
    ['a node in its first second', { core: undefined, clockAheadMs: undefined, disk: undefined }],
    [
      'a node that looks on, with one peer',
      {
        core: coreSaying({
          own: [own({ isScheduled: false, missedInARow: 99 })],
          peers: linked({ peers: 1, producers: 0 }),
        }),
      },
    ],
    ['one wrong clock of several', { clockAheadMs: [60_000, 0, 10] }],
    ['a clock of the future by one slot', { head: { num: 101, slot: slot + 1 } }],
  ] satisfies readonly (readonly [string, Partial<HealthFacts>])[])('%s', (_, facts) => {
    expect(failing(facts)).toEqual([]);
  });
});

test('readiness names checks that exist', () => {
  const names = healthChecks(factsOf()).map((check) => check.name);
  expect(names).toEqual(expect.arrayContaining([...readinessChecks]));
  expect(new Set(names).size).toBe(names.length);
});
