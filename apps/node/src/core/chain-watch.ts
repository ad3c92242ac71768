/** Follows the best chain for the figures of an operator: who misses slots, how often the head changes branches. */
import { authorisedPosition } from '@snapscale/consensus';
import { equalBytes } from '@snapscale/crypto';
import { type BlockHeader, blockId, formatName, limits, type Name } from '@snapscale/protocol';
import type { OwnProduction } from './core-metrics.js';

/** A block as the replica announces its head. */
export type HeadPoint = { readonly id: Uint8Array; readonly num: number; readonly slot: number };

/** Where the watch looks things up. */
export type WatchedChain = {
  /** Header of an executed block that is not in the log yet. */
  header(id: Uint8Array): BlockHeader | undefined;
  /** The producers in the order of their turns, as of the head. */
  schedule(): readonly Name[];
};

export class ChainWatch {
  readonly #own: Map<Name, number>;
  readonly #chain: WatchedChain;
  readonly #missed = new Map<Name, number>();
  /** The best chain as far as forks may reach. */
  readonly #best = new Map<number, { readonly id: Uint8Array; readonly slot: number }>();
  #headNum = 0;
  #switches = 0;
  #left = 0;

  /** @param producers accounts of this node */
  constructor(producers: readonly Name[], chain: WatchedChain) {
    this.#own = new Map(producers.map((producer) => [producer, 0]));
    this.#chain = chain;
  }

  get slotsMissed(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#missed].map(([producer, count]) => [formatName(producer), count]));
  }

  get headSwitches(): number {
    return this.#switches;
  }

  get blocksLeft(): number {
    return this.#left;
  }

  get own(): readonly OwnProduction[] {
    const schedule = this.#chain.schedule();
    return [...this.#own].map(([producer, missedInARow]) => ({
      producer: formatName(producer),
      isScheduled: schedule.includes(producer),
      missedInARow,
    }));
  }

  /** Where it begins: what came before was counted by others, or by nobody. */
  begin({ num, id, slot }: HeadPoint): void {
    this.#best.clear();
    this.#best.set(num, { id, slot });
    this.#headNum = num;
  }

  /** The replica has a new head. */
  headMoved(head: HeadPoint): void {
    const entered: BlockHeader[] = [];
    let id = head.id;
    let num = head.num;
    for (; !this.#isBest(num, id); num--) {
      const header = this.#chain.header(id);
      if (header === undefined) {
        this.begin(head);
        return;
      }
      entered.push(header);
      id = header.previous;
    }
    if (num < this.#headNum) {
      this.#switches++;
      this.#left += this.#headNum - num;
      for (let left = num + 1; left <= this.#headNum; left++) this.#best.delete(left);
    }
    for (const header of entered.reverse()) this.#enter(header, ++num);
    this.#headNum = head.num;
  }

  #isBest(num: number, id: Uint8Array): boolean {
    const known = this.#best.get(num);
    return known !== undefined && equalBytes(known.id, id);
  }

  #enter(header: BlockHeader, num: number): void {
    const parentSlot = this.#best.get(num - 1)!.slot;
    this.#best.set(num, { id: blockId(header), slot: header.slot });
    this.#best.delete(num - limits.reversibleBlocksMax);
    this.#countEmpty(parentSlot, header.slot);
    if (this.#own.has(header.producer)) this.#own.set(header.producer, 0);
  }

  #countEmpty(parentSlot: number, blockSlot: number): void {
    const schedule = this.#chain.schedule();
    const { length } = schedule;
    // In a gap as long as a round the chain stood still, which is no one's fault: as the system contract sees it.
    if (length === 0 || blockSlot - parentSlot > limits.slotsPerTurn * length) return;
    for (let slot = parentSlot + 1; slot < blockSlot; slot++) {
      const producer = schedule[authorisedPosition(length, parentSlot, slot)]!;
      this.#missed.set(producer, (this.#missed.get(producer) ?? 0) + 1);
      const inARow = this.#own.get(producer);
      if (inARow !== undefined) this.#own.set(producer, inARow + 1);
    }
  }
}
