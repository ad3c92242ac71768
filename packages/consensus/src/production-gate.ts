/** Whether a block may be produced while finality waits (CON-7). */
import { type BlsPublicKey, equalBytes, toHex } from '@snapscale/crypto';
import { limits, type Name, quorumOf, type VotingSchedule } from '@snapscale/protocol';

/** When a finalizer was heard of last. */
export type FinalizerActivity = { readonly name: Name; readonly lastVoteSlot: number | undefined };

export class ProductionGate {
  readonly #reversibleBlocksMax: number;
  /** Slot in which a finalizer's last vote came, right or wrong: a liar can only cause a few empty blocks. */
  readonly #heard = new Map<string, number>();
  #paused = false;

  constructor(reversibleBlocksMax: number) {
    this.#reversibleBlocksMax = reversibleBlocksMax;
  }

  /** Whether production is paused, as of the last question. */
  get isPaused(): boolean {
    return this.#paused;
  }

  /** A vote with this key came. Keys outside of the schedule are not kept. */
  hear(voter: BlsPublicKey, slot: number, schedule: VotingSchedule): void {
    if (schedule.producers.some(({ finalizerKey }) => equalBytes(finalizerKey, voter))) {
      this.#heard.set(toHex(voter), slot);
    }
  }

  /**
   * Whether a block for `slot` on a parent at `parentSlot` may be produced with so many blocks above the final one. Beyond
   * the limit only when a quorum has been heard of lately, and only one block in a while: finalizers that prepared blocks of
   * a fork that lost need a block of a higher slot to vote for, and nobody else makes it.
   */
  admits(reversible: number, parentSlot: number, slot: number, schedule: VotingSchedule): boolean {
    this.#paused = reversible >= this.#reversibleBlocksMax;
    if (!this.#paused) return true;
    if (slot - parentSlot < limits.pausedSlotsPerBlock) return false;
    const oldest = slot - limits.slotsPerTurn;
    const heard = schedule.producers.filter(
      ({ finalizerKey }) => (this.#heard.get(toHex(finalizerKey)) ?? -1) >= oldest,
    );
    return heard.length >= quorumOf(schedule.producers.length);
  }

  /** In the order of the schedule: the slot in which each one's last vote came; undefined if none has. */
  heard(schedule: VotingSchedule): readonly FinalizerActivity[] {
    return schedule.producers.map(({ name, finalizerKey }) => ({
      name,
      lastVoteSlot: this.#heard.get(toHex(finalizerKey)),
    }));
  }

  /** Forgets who is not in the schedule any more. */
  prune(schedule: VotingSchedule): void {
    const keys = new Set(schedule.producers.map(({ finalizerKey }) => toHex(finalizerKey)));
    for (const key of this.#heard.keys()) if (!keys.has(key)) this.#heard.delete(key);
  }
}
