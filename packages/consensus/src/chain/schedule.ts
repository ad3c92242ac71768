/** Whose turn it is: a pure function of schedule, parent slot and slot (CON-1 to CON-3). */
import { limits, type VotingProducer, type VotingSchedule } from '@snapscale/protocol';

/** Number of the 12·N-slot round that a slot belongs to, under a schedule of `producerCount`. */
export function roundOf(slot: number, producerCount: number): number {
  return Math.floor(slot / (limits.slotsPerTurn * producerCount));
}

/**
 * Position in the schedule of the one producer that may make a block for `slot` on a parent at `parentSlot`.
 * Requires `slot > parentSlot`.
 */
export function authorisedPosition(producerCount: number, parentSlot: number, slot: number): number {
  const turn = Math.floor(slot / limits.slotsPerTurn);
  // CON-2: empty slots directly before this one, of the same turn; each full span of them passes the turn on.
  const firstEmpty = Math.max(turn * limits.slotsPerTurn, parentSlot + 1);
  const yields = Math.floor((slot - firstEmpty) / limits.yieldAfterSlots);
  return (turn + yields) % producerCount;
}

/** The producer that may make a block for `slot` on a parent at `parentSlot`, by position as {@link authorisedPosition}. */
export function authorisedProducer(schedule: VotingSchedule, parentSlot: number, slot: number): VotingProducer {
  return schedule.producers[authorisedPosition(schedule.producers.length, parentSlot, slot)]!;
}
