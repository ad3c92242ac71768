/** Whose turn a slot is, and which schedule is in force (consensus.md 1 and 2; early yield belongs to consensus). */
import { limits, type Name, type ProducerKey, type ProducerSchedule } from '@snapscale/protocol';
import type { StateReader } from '../state/reader.js';
import { getProposedSchedule, getSchedule } from './chain-records.js';

/** What is settled of a block before its first transaction. */
export type BlockSetting = {
  readonly slot: number;
  readonly producer: Name;
  /** In force in the block. */
  readonly schedule: ProducerSchedule;
  /** It comes into force with the block. */
  readonly scheduleChanged: boolean;
};

/** The setting of a block at `slot` on a chain whose state alone says who produces; `base` is the state after the parent. */
export function settingAt(base: StateReader, parentSlot: number, slot: number): BlockSetting {
  const { schedule, changed } = scheduleAt(base, parentSlot, slot);
  const producer = scheduledProducer(schedule, slot).name;
  return { slot, producer, schedule, scheduleChanged: changed };
}

/** The producer whose turn `slot` is. */
export function scheduledProducer(schedule: ProducerSchedule, slot: number): ProducerKey {
  const turn = Math.floor(slot / limits.slotsPerTurn);
  return schedule.producers[turn % schedule.producers.length]!;
}

/** Number of the round of `slot` under a schedule of `producers` producers. */
export function roundOf(slot: number, producers: number): number {
  return Math.floor(slot / (limits.slotsPerTurn * producers));
}

/** The first slot of a round. */
export function firstSlotOf(round: number, producers: number): number {
  return round * limits.slotsPerTurn * producers;
}

/**
 * The schedule under which a block at `slot` is produced, whose parent is at `parentSlot`: a proposed schedule comes into
 * force with the first block of a round.
 */
export function scheduleAt(
  state: StateReader,
  parentSlot: number,
  slot: number,
): { readonly schedule: ProducerSchedule; readonly changed: boolean } {
  const active = getSchedule(state);
  const proposed = getProposedSchedule(state);
  const { length } = active.producers;
  if (proposed === undefined || roundOf(parentSlot, length) === roundOf(slot, length)) {
    return { schedule: active, changed: false };
  }
  return { schedule: proposed, changed: true };
}

/** Names of the producers in schedule order. */
export function producerNames(schedule: ProducerSchedule): readonly Name[] {
  return schedule.producers.map(({ name }) => name);
}
