/** Transactions that this node has verified lately: blocks name them by their ids. Bounded; the oldest go first. */
import { bytesKey, type VerifiedTransaction } from '@snapscale/execution';

/** Some seconds at full speed: blocks follow within one or two. */
const TRANSACTIONS_MAX = 20_000;

export class RecentlyVerified {
  readonly #transactions = new Map<string, VerifiedTransaction>();

  add(transaction: VerifiedTransaction): void {
    this.#transactions.set(bytesKey(transaction.id), transaction);
    if (this.#transactions.size > TRANSACTIONS_MAX) {
      this.#transactions.delete(this.#transactions.keys().next().value!);
    }
  }

  get(id: Uint8Array): VerifiedTransaction | undefined {
    return this.#transactions.get(bytesKey(id));
  }
}
