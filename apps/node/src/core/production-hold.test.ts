import { name } from '@snapscale/protocol';
import { expect, test } from 'vitest';
import { ProductionHold } from './production-hold.js';

const schedule = ['alice', 'bob'].map(name);
const peers = (count: number, syncing = false) => ({ peers: count, producers: count, syncing, highestClaimed: 9 });

test('a node that produces alone does not wait', () => {
  const hold = new ProductionHold(schedule);
  expect(hold.isHeld).toBe(true);
  expect(hold.ends(0, schedule, undefined)).toBe(true);
  expect(hold.isHeld).toBe(false);
  expect(hold.ends(1, schedule, undefined)).toBe(false);
});

test('others wait until somebody is connected for a second', () => {
  const hold = new ProductionHold([name('alice')]);
  expect(hold.ends(0, schedule, undefined)).toBe(false);
  expect(hold.ends(100_000, schedule, peers(0))).toBe(false);
  expect(hold.ends(100_500, schedule, peers(1))).toBe(false);
  expect(hold.ends(101_400, schedule, peers(1))).toBe(false);
  expect(hold.ends(101_500, schedule, peers(1))).toBe(true);
});

test('a connection that is lost does not count', () => {
  const hold = new ProductionHold([name('alice')]);
  hold.ends(0, schedule, peers(1));
  hold.ends(900, schedule, peers(0));
  expect(hold.ends(5_000, schedule, peers(1))).toBe(false);
  expect(hold.ends(6_000, schedule, peers(1))).toBe(true);
});

test('a node that catches up waits longer, but not for ever: a peer may lie about how far it is', () => {
  const hold = new ProductionHold([name('alice')]);
  hold.ends(0, schedule, peers(2));
  expect(hold.ends(14_999, schedule, peers(2, true))).toBe(false);
  expect(hold.ends(15_000, schedule, peers(2, true))).toBe(true);
});

test('once it has ended, it does not begin again', () => {
  const hold = new ProductionHold([name('alice')]);
  hold.ends(0, schedule, peers(1));
  hold.ends(1_000, schedule, peers(1));
  expect(hold.ends(2_000, schedule, peers(0))).toBe(false);
  expect(hold.isHeld).toBe(false);
});
