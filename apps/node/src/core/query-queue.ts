/**
 * What clients ask of the core without paying: transactions that they only want tried, each of which may take as long as the
 * longest of a block, and proofs. They get a share of the thread's time and no more: they run one at a time, between the
 * thread's other events, and wait for the next slot when the share of this one is used.
 */
import { msToSlot, slotToMs } from '@snapscale/protocol';

/** Queries that may wait. */
const WAITING_MAX = 256;
/** Time for queries in a slot, milliseconds. One that has begun is finished. */
const SHARE_MS = 100;

export class QueryQueue<T> {
  readonly #run: (query: T) => void;
  readonly #waiting: T[] = [];
  #slot = 0;
  #usedMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isScheduled = false;

  constructor(run: (query: T) => void) {
    this.#run = run;
  }

  /** Takes a query in; false when too many wait. */
  add(query: T): boolean {
    if (this.#waiting.length >= WAITING_MAX) return false;
    this.#waiting.push(query);
    this.#schedule();
    return true;
  }

  /** Removes and returns the queries that wait. */
  clear(): T[] {
    clearTimeout(this.#timer);
    return this.#waiting.splice(0);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    const nowMs = Date.now();
    const slot = msToSlot(nowMs);
    if (slot !== this.#slot) {
      this.#slot = slot;
      this.#usedMs = 0;
    }
    if (this.#usedMs < SHARE_MS) setImmediate(() => this.#next());
    else this.#timer = setTimeout(() => this.#next(), Math.max(1, slotToMs(slot + 1) - nowMs));
  }

  #next(): void {
    this.#isScheduled = false;
    const query = this.#waiting.shift();
    if (query === undefined) return;
    const began = performance.now();
    this.#run(query);
    this.#usedMs += performance.now() - began;
    this.#schedule();
  }
}
