/** Sequence numbers of receipts while a transaction runs: counted in memory, written once when it has succeeded. */
import type { Name } from '@snapscale/protocol';
import { getGlobalSequence, getSequences, putGlobalSequence, putSequences } from '../state/records.js';
import type { WorkingState } from '../state/working-state.js';

type Counters = { recv: number; auth: number };

export class Sequences {
  readonly #state: WorkingState;
  readonly #accounts = new Map<Name, Counters>();
  #global: number | undefined;

  constructor(state: WorkingState) {
    this.#state = state;
  }

  /** Counts one more action received by `account`. */
  nextRecv(account: Name): number {
    return ++this.#of(account).recv;
  }

  /** Counts one more action authorised by `account`. */
  nextAuth(account: Name): number {
    return ++this.#of(account).auth;
  }

  /** Counts one more action of the chain. */
  nextGlobal(): number {
    this.#global = (this.#global ?? getGlobalSequence(this.#state)) + 1;
    return this.#global;
  }

  /** Writes the counters to the state. */
  store(): void {
    for (const [account, counters] of this.#accounts) putSequences(this.#state, account, counters);
    if (this.#global !== undefined) putGlobalSequence(this.#state, this.#global);
  }

  #of(account: Name): Counters {
    let counters = this.#accounts.get(account);
    if (counters === undefined) {
      counters = { ...getSequences(this.#state, account) };
      this.#accounts.set(account, counters);
    }
    return counters;
  }
}
