import { describe, expect, it } from 'vitest';
import { ProductionGate } from './production-gate.js';
import { makeSchedule } from './testing/cluster.js';
import { fakeFinalizerKey } from './testing/fake-signatures.js';

const schedule = makeSchedule(0, ['alice', 'bob', 'carol', 'dave']);
const hear = (gate: ProductionGate, slot: number, ...accounts: string[]) => {
  for (const account of accounts) gate.hear(fakeFinalizerKey(account), slot, schedule);
};

describe('CON-7 production', () => {
  it('goes on up to the limit', () => {
    const gate = new ProductionGate(10);
    expect(gate.admits(9, 5, 6, schedule)).toBe(true);
    expect(gate.isPaused).toBe(false);
  });

  it('beyond it needs a quorum that was heard of lately, and goes slowly', () => {
    const gate = new ProductionGate(10);
    hear(gate, 20, 'alice', 'bob', 'mallory', 'erin');
    expect(gate.admits(10, 10, 21, schedule)).toBe(false);
    expect(gate.isPaused).toBe(true);
    hear(gate, 20, 'carol');
    expect(gate.admits(10, 18, 21, schedule)).toBe(false);
    expect(gate.admits(10, 17, 21, schedule)).toBe(true);
    expect(gate.admits(10, 17, 32, schedule)).toBe(true);
    expect(gate.admits(10, 17, 33, schedule)).toBe(false);
    expect(gate.admits(3, 17, 33, schedule)).toBe(true);
    expect(gate.isPaused).toBe(false);
  });

  it('tells who was heard of, and when', () => {
    const gate = new ProductionGate(10);
    hear(gate, 20, 'alice', 'mallory');
    hear(gate, 22, 'alice', 'carol');
    expect(gate.heard(schedule).map(({ lastVoteSlot }) => lastVoteSlot)).toEqual([22, undefined, 22, undefined]);
  });

  it('counts those only who are in the schedule now', () => {
    const gate = new ProductionGate(1);
    hear(gate, 20, 'alice', 'bob', 'carol');
    gate.prune(makeSchedule(1, ['alice', 'bob', 'erin', 'frank']));
    expect(gate.admits(1, 1, 21, schedule)).toBe(false);
  });
});
