import { DecodeError, decode, encode } from '@snapscale/protocol';
import { expect, it } from 'vitest';
import type { ConsensusEffect } from '../effects.js';
import { Cluster, makeSchedule } from '../testing/cluster.js';
import { type ConsensusRoot, consensusRootSchema } from './root.js';

/** Roots that bob's core gave out, over a change of the schedule with some blocks not final for a while. */
function someRoots(): ConsensusRoot[] {
  const roots: ConsensusRoot[] = [];
  const names = ['alice', 'bob', 'carol', 'dave', 'erin'];
  const onEffect = (node: { options: { label: string } }, effect: ConsensusEffect) => {
    if (effect.kind === 'finalized' && node.options.label === 'bob') roots.push(effect.root);
  };
  const cluster = new Cluster({ names, scheduled: names.slice(0, 4), onEffect });
  cluster.slot(1);
  cluster.node('alice').nextProposal = makeSchedule(1, names.slice(1));
  for (let slot = 2; slot < 46; slot++) cluster.slot(slot);
  cluster.route = () => [700];
  for (let slot = 46; slot < 60; slot++) cluster.slot(slot);
  return roots;
}

const roots = someRoots();

it('comes back from its bytes, at every step of a change of the schedule', () => {
  expect(roots.some(({ facts }) => facts.pending !== undefined)).toBe(true);
  expect(roots.some(({ facts }) => facts.electorate.schedules.length > 1)).toBe(true);
  expect(roots.some(({ trail }) => trail.length > 1)).toBe(true);
  for (const root of roots) {
    const back = decode(consensusRootSchema, encode(consensusRootSchema, root));
    // Beside what headers need, trails in memory hold all that was known of their blocks.
    const trail = root.trail.map(({ id, num, slot, electorate }) => ({ id, num, slot, electorate }));
    expect(back).toEqual({ ...root, trail });
  }
});

it('keeps no more of the past than headers may refer to', () => {
  for (const { facts, trail } of roots.filter(({ facts: { justify } }) => justify !== undefined)) {
    expect(trail.length).toBeLessThan(12);
    expect(trail.map(({ num }) => num)).toEqual(trail.map((_, i) => facts.num - trail.length + i));
  }
});

it('refuses torn and damaged bytes', () => {
  const bytes = encode(consensusRootSchema, roots.at(-1)!);
  for (let end = 0; end < bytes.length; end += 5) {
    expect(() => decode(consensusRootSchema, bytes.subarray(0, end))).toThrow(DecodeError);
  }
  const other = bytes.slice();
  other[0] = 2;
  expect(() => decode(consensusRootSchema, other)).toThrow(/version 2/);
});
