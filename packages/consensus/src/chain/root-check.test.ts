import { equalBytes, toHex } from '@snapscale/crypto';
import { type BlockHeader, blockId, decode, encode, type QuorumCertificate } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import type { ConsensusEffect } from '../effects.js';
import { Cluster, makeSchedule } from '../testing/cluster.js';
import { makeElectorate } from './electorate.js';
import { emptyFinalityTree } from './finality-tree.js';
import type { LightTrust } from './light-client.js';
import type { LightStep } from './light-update.js';
import { type ConsensusRoot, consensusRootSchema } from './root.js';
import { oldestHeaderNeeded, rootProblem, type TrustedSchedule, trustedSchedules } from './root-check.js';

const names = ['alice', 'bob', 'carol', 'dave', 'erin'];

/** Roots over two changes of the schedule, with finality slow for a while, and all headers. */
function madeChain() {
  const roots: ConsensusRoot[] = [];
  const certificates: QuorumCertificate[] = [];
  const onEffect = (node: { options: { label: string } }, effect: ConsensusEffect) => {
    if (effect.kind !== 'finalized' || node.options.label !== 'bob') return;
    roots.push(decode(consensusRootSchema, encode(consensusRootSchema, effect.root)));
    certificates.push(effect.certificate);
  };
  const cluster = new Cluster({ names, scheduled: names.slice(0, 4), onEffect });
  cluster.slot(1);
  cluster.node('alice').nextProposal = makeSchedule(1, names.slice(1));
  for (let slot = 2; slot < 46; slot++) cluster.slot(slot);
  cluster.route = () => [700];
  for (let slot = 46; slot < 60; slot++) cluster.slot(slot);
  cluster.route = () => [0];
  cluster.node('carol').nextProposal = makeSchedule(2, names);
  for (let slot = 60; slot < 130; slot++) cluster.slot(slot);
  const byId = new Map([...cluster.node('bob').blocks.values()].map(({ header }) => [toHex(blockId(header)), header]));
  const headers: BlockHeader[] = [];
  for (let at: BlockHeader | undefined = roots.at(-1)!.header; at !== undefined; at = byId.get(toHex(at.previous))) {
    headers.unshift(at);
  }
  headers.unshift(cluster.root.header);
  const trust: LightTrust = { schedule: makeSchedule(0, names.slice(0, 4)), previous: undefined };
  const steps: LightStep[] = headers
    .filter(({ newProducers }) => newProducers !== undefined)
    .map((header) => ({ headers: [header], certificate: certificates[0]! }));
  return { roots, headers, trusted: trustedSchedules(trust, steps, 1), steps, trust };
}

const { roots, headers, trusted, steps, trust } = madeChain();

function headersFor(root: ConsensusRoot, more = 0): BlockHeader[] {
  const end = headers.findIndex((header) => equalBytes(blockId(header), root.facts.id));
  return headers.slice(Math.max(0, oldestHeaderNeeded(root) - 1 - more), end + 1);
}

const check = (root: ConsensusRoot, by: readonly TrustedSchedule[] = trusted, given = headersFor(root)) =>
  rootProblem(root, given, by);

describe('a root of a stranger', () => {
  it('is right if it is the one of the core, at every step of two changes of the schedule', () => {
    expect(steps).toHaveLength(2);
    expect(roots.length).toBeGreaterThan(60);
    expect(roots.some(({ facts }) => facts.electorate.schedules.length > 1)).toBe(true);
    expect(roots.some(({ facts }) => facts.pending?.carriedSlot !== undefined)).toBe(true);
    for (const root of roots) {
      expect(check(root), `block ${root.facts.num}`).toBeUndefined();
      expect(check(root, trusted, headersFor(root, 5)), `block ${root.facts.num}`).toBeUndefined();
    }
  });

  it('is wrong if any part of it is another one', () => {
    const joint = roots.find(({ facts }) => facts.electorate.schedules.length > 1)!;
    const waiting = roots.find(({ facts }) => facts.pending?.carriedSlot !== undefined)!;
    const last = roots.at(-1)!;
    const withFacts = (root: ConsensusRoot, facts: Partial<ConsensusRoot['facts']>) =>
      check({ ...root, facts: { ...root.facts, ...facts } }, trusted, headersFor(root));
    const other = makeSchedule(2, names.slice(1));
    expect(withFacts(last, { schedule: other })).toMatch(/schedule 2 is another one/);
    expect(withFacts(last, { electorate: makeElectorate(other) })).toMatch(/has other voters/);
    expect(withFacts(joint, { electorate: makeElectorate(joint.facts.schedule) })).toMatch(/other voters/);
    expect(withFacts(last, { activationNum: last.facts.activationNum + 1 })).toMatch(/came into force with block/);
    expect(withFacts(last, { justify: undefined })).toMatch(/certificates are not those/);
    expect(withFacts(last, { finalized: last.facts.justify })).toMatch(/certificates are not those/);
    expect(withFacts(last, { finalityTree: emptyFinalityTree })).toMatch(/the tree is over 0 blocks/);
    const { leafCount, peaks } = last.facts.finalityTree;
    const swapped = { leafCount, peaks: [...peaks].reverse() };
    expect(withFacts(last, { finalityTree: swapped })).toMatch(/another root/);
    expect(withFacts(last, { finalityTree: { leafCount, peaks: peaks.slice(1) } })).toMatch(/the tree is over/);
    expect(withFacts(waiting, { pending: undefined })).toMatch(/whether a schedule is proposed/);
    const { pending } = waiting.facts;
    expect(withFacts(waiting, { pending: { ...pending!, carriedSlot: undefined } })).toMatch(/that waits is not/);
    expect(withFacts(waiting, { pending: { ...pending!, schedule: other } })).toMatch(/that waits is not/);
    expect(withFacts(last, { pending: { ...pending!, proposedNum: last.facts.num } })).toMatch(/is proposed/);
    const slots = last.trail.map((point) => ({ ...point, slot: point.slot + 1 }));
    expect(check({ ...last, trail: slots }, trusted, headersFor(last))).toMatch(/is of slot/);
    const ids = last.trail.map((point) => ({ ...point, id: new Uint8Array(32) }));
    expect(check({ ...last, trail: ids }, trusted, headersFor(last))).toMatch(/is another one/);
    expect(check({ ...last, trail: last.trail.slice(1) }, trusted, headersFor(last))).toMatch(/missing in the trail/);
    expect(check({ ...last, trail: [] }, trusted, headersFor(last))).toMatch(/missing in the trail/);
  });

  it('is not believed without the headers and schedules that show it', () => {
    const last = roots.at(-1)!;
    const given = headersFor(last, 3);
    expect(check(last, trusted, [])).toMatch(/last header is not that of the root/);
    expect(check(last, trusted, given.slice(0, -1))).toMatch(/last header is not that of the root/);
    expect(check(last, trusted, given.toSpliced(1, 1))).toMatch(/does not follow/);
    expect(check(last, trusted, given.slice(-1))).toMatch(/do not reach back/);
    expect(check(last, trusted.slice(0, 2), given)).toMatch(/schedule 2 .*is not trusted/);
    const joint = roots.find(({ facts }) => facts.electorate.schedules.length > 1)!;
    const unsure = trusted.map(({ schedule }) => ({ schedule, activationNum: undefined }));
    expect(check(joint, unsure)).toMatch(/not known with which block/);
    expect(check(last, unsure)).toBeUndefined();
  });

  it('is checked from a checkpoint too', () => {
    const checkpoint = { schedule: makeSchedule(1, names.slice(1)), previous: trust.schedule };
    const known = trustedSchedules(checkpoint, steps, undefined);
    expect(known.map(({ schedule, activationNum }) => [schedule.version, activationNum])).toEqual([
      [0, undefined],
      [1, undefined],
      [2, trusted[2]!.activationNum],
    ]);
    expect(check(roots.at(-1)!, known)).toBeUndefined();
  });
});
