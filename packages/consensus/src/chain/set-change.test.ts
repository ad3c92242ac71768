import {
  type BlockHeader,
  blockDigest,
  makeHeaderExtension,
  proposedScheduleExtension,
  votingScheduleSchema,
} from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { makeSchedule } from '../testing/cluster.js';
import { fakeBlockSignature, fakeKey } from '../testing/fake-signatures.js';
import { lonelyCore } from '../testing/lonely-core.js';
import { makeElectorate, quorumProblem } from './electorate.js';
import {
  isActivationDue,
  producersOf,
  proposalProblem,
  type ScheduleState,
  sameSchedule,
  scheduleInForce,
  scheduleStateAfter,
} from './set-change.js';

const old = makeSchedule(3, ['alice', 'bob', 'carol', 'dave']);
const next = makeSchedule(4, ['bob', 'carol', 'dave', 'erin']);
const quiet: ScheduleState = { schedule: old, pending: undefined };
const block = (num: number, slot: number, finalizedNum = 0) => ({ num, slot, proposed: undefined, finalizedNum });

describe('a proposed schedule', () => {
  const proposed = scheduleStateAfter(quiet, { ...block(10, 20), proposed: next });

  it('CON-5 waits until it is carried, and then for the next round', () => {
    expect(isActivationDue(proposed, 500)).toBe(false);
    const early = scheduleStateAfter(proposed, block(11, 21, 9));
    expect(early.pending?.carriedSlot).toBeUndefined();
    const carried = scheduleStateAfter(early, block(12, 22, 10));
    expect(carried.pending?.carriedSlot).toBe(22);
    expect(scheduleStateAfter(carried, block(13, 23, 11))).toEqual(carried);
    expect(isActivationDue(carried, 47)).toBe(false);
    expect(isActivationDue(carried, 48)).toBe(true);
    expect(scheduleInForce(carried, 48)).toBe(next);
    expect(scheduleStateAfter(carried, block(14, 48, 12))).toEqual({ schedule: next, pending: undefined });
  });

  it('CON-5 does not come into force in the block that carries it, even as the first of a round', () => {
    const carried = scheduleStateAfter(proposed, block(11, 48, 10));
    expect(carried.schedule).toBe(old);
    expect(isActivationDue(carried, 95)).toBe(false);
    expect(isActivationDue(carried, 96)).toBe(true);
  });

  it('CON-4 gives way to a later one, which waits anew', () => {
    const other = makeSchedule(4, ['erin']);
    const carried = scheduleStateAfter(proposed, block(11, 21, 10));
    const replaced = scheduleStateAfter(carried, { ...block(12, 22, 11), proposed: other });
    expect(replaced.pending).toEqual({ schedule: other, proposedNum: 12, carriedSlot: undefined });
    const both = scheduleStateAfter(carried, { ...block(13, 48, 11), proposed: makeSchedule(5, ['erin']) });
    expect(both).toMatchObject({ schedule: next, pending: { proposedNum: 13 } });
  });

  it('CON-4 is refused with another version, without producers, and with a name or finalizer key twice', () => {
    expect(proposalProblem(old, next)).toBeUndefined();
    expect(proposalProblem(old, makeSchedule(3, ['bob']))).toMatch(/version is 3, not 4/);
    expect(proposalProblem(old, makeSchedule(4, []))).toMatch(/no producers/);
    expect(proposalProblem(old, makeSchedule(4, ['bob', 'bob']))).toMatch(/twice/);
    const [first, second] = next.producers as [(typeof next.producers)[0], (typeof next.producers)[0]];
    const shared = { version: 4, producers: [first, { ...second, finalizerKey: first.finalizerKey }] };
    expect(proposalProblem(old, shared)).toMatch(/one finalizer key/);
  });

  it('CON-6 is compared in all its parts', () => {
    expect(sameSchedule(next, makeSchedule(4, ['bob', 'carol', 'dave', 'erin']))).toBe(true);
    expect(sameSchedule(next, makeSchedule(5, ['bob', 'carol', 'dave', 'erin']))).toBe(false);
    expect(producersOf(next).producers.map((producer) => Object.keys(producer))[0]).toEqual(['name', 'key']);
  });
});

describe('FIN-4 an electorate', () => {
  it('has each key once, and needs a quorum of each schedule', () => {
    const joint = makeElectorate(old, next);
    expect(joint.members.map(({ name }) => name)).toEqual(
      [...old.producers, next.producers[3]!].map(({ name }) => name),
    );
    expect(quorumProblem(joint, new Set([1, 2, 3]))).toBeUndefined();
    expect(quorumProblem(joint, new Set([0, 1, 2]))).toBe('2 of 4 finalizers of schedule 4 signed, 3 must');
    expect(quorumProblem(joint, new Set([1, 2, 4]))).toBe('2 of 4 finalizers of schedule 3 signed, 3 must');
    expect(quorumProblem(makeElectorate(old), new Set([0, 1, 2]))).toBeUndefined();
  });

  it('counts a producer with a new key as two members', () => {
    const [alice, ...others] = old.producers;
    const renewed = {
      version: 4,
      producers: [{ ...alice!, finalizerKey: next.producers[3]!.finalizerKey }, ...others],
    };
    const joint = makeElectorate(old, renewed);
    expect(joint.members).toHaveLength(5);
    expect(quorumProblem(joint, new Set([0, 1, 2]))).toMatch(/schedule 4/);
    expect(quorumProblem(joint, new Set([0, 4, 1, 2]))).toBeUndefined();
  });
});

it('the keys that may have signed a block are those of the schedules in force and of one that waits', () => {
  const { core, root, makeBlock, give } = lonelyCore();
  const isBlockKey = (account: string) => core.isBlockKey(fakeKey(account));
  expect(['alice', 'dave', 'erin', 'mallory'].map(isBlockKey)).toEqual([true, true, false, false]);
  const { header, signedBy } = makeBlock(core.planBlock(root.facts.id, 1)!);
  const proposal = makeSchedule(root.facts.schedule.version + 1, ['erin']);
  const proposing: BlockHeader = {
    ...header,
    headerExtensions: [
      ...header.headerExtensions,
      makeHeaderExtension(proposedScheduleExtension, votingScheduleSchema, proposal),
    ],
  };
  give({ header: proposing, signedBy, signature: fakeBlockSignature(signedBy, blockDigest(proposing)) });
  // It has not been executed yet.
  expect(core.head.num).toBe(1);
  expect(['alice', 'dave', 'erin', 'mallory'].map(isBlockKey)).toEqual([true, true, true, false]);
});
