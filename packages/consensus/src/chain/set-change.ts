/** How one schedule follows another on a chain (CON-4, CON-5). */

import { equalBytes, toHex } from '@snapscale/crypto';
import { encode, type ProducerSchedule, type VotingSchedule, votingScheduleSchema } from '@snapscale/protocol';
import { roundOf } from './schedule.js';

/** A schedule that waits on a chain for its round. */
export type PendingSchedule = {
  readonly schedule: VotingSchedule;
  /** Number of the block that proposed it. */
  readonly proposedNum: number;
  /** Slot of the first block whose `finalized` covers the proposing one; undefined until there is one. */
  readonly carriedSlot: number | undefined;
};

/** What a chain up to some block says about schedules. */
export type ScheduleState = {
  /** In force in the block, and in its children unless {@link isActivationDue}. */
  readonly schedule: VotingSchedule;
  readonly pending: PendingSchedule | undefined;
};

/** Whether a block at `slot` on a parent with this state brings the pending schedule into force (CON-5). */
export function isActivationDue({ schedule, pending }: ScheduleState, slot: number): boolean {
  if (pending?.carriedSlot === undefined) return false;
  const count = schedule.producers.length;
  return roundOf(slot, count) > roundOf(pending.carriedSlot, count);
}

/** The schedule in force in a block at `slot` on a parent with this state. */
export function scheduleInForce(parent: ScheduleState, slot: number): VotingSchedule {
  return isActivationDue(parent, slot) ? parent.pending!.schedule : parent.schedule;
}

/** The state after a block on a parent with `parent`. @param finalizedNum number of the block that its `finalized` names; 0 if none. */
export function scheduleStateAfter(
  parent: ScheduleState,
  block: {
    readonly num: number;
    readonly slot: number;
    readonly proposed: VotingSchedule | undefined;
    readonly finalizedNum: number;
  },
): ScheduleState {
  const schedule = scheduleInForce(parent, block.slot);
  // CON-4: a later proposal takes the place of one that waits.
  if (block.proposed !== undefined) {
    return { schedule, pending: { schedule: block.proposed, proposedNum: block.num, carriedSlot: undefined } };
  }
  const waiting = schedule === parent.schedule ? parent.pending : undefined;
  if (waiting === undefined || waiting.carriedSlot !== undefined || block.finalizedNum < waiting.proposedNum) {
    return { schedule, pending: waiting };
  }
  return { schedule, pending: { ...waiting, carriedSlot: block.slot } };
}

/** Why `proposed` cannot follow `active`; undefined if it can (CON-4). */
export function proposalProblem(active: VotingSchedule, proposed: VotingSchedule): string | undefined {
  const { version } = proposed;
  if (version !== active.version + 1) return `its version is ${version}, not ${active.version + 1}`;
  return scheduleProblem(proposed);
}

/** Why nobody could vote by this schedule; undefined if a chain can have it (CON-4). */
export function scheduleProblem({ producers }: VotingSchedule): string | undefined {
  if (producers.length === 0) return 'it has no producers';
  if (new Set(producers.map(({ name }) => name)).size < producers.length) return 'it names a producer twice';
  // One key with two positions would count twice in a quorum.
  const keys = new Set(producers.map(({ finalizerKey }) => toHex(finalizerKey)));
  return keys.size < producers.length ? 'two producers have one finalizer key' : undefined;
}

/** The producers of a schedule as block headers have them in `newProducers`. */
export function producersOf({ version, producers }: VotingSchedule): ProducerSchedule {
  return { version, producers: producers.map(({ name, key }) => ({ name, key })) };
}

/** Whether two schedules are the same in every part. */
export function sameSchedule(a: VotingSchedule, b: VotingSchedule): boolean {
  return a === b || equalBytes(encode(votingScheduleSchema, a), encode(votingScheduleSchema, b));
}
