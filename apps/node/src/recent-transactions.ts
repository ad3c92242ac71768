/**
 * Transactions that this node has executed and that are not final yet, and those that failed lately: what
 * `get_transaction_status` needs beyond the index. Bounded.
 */
import { bytesKey } from '@snapscale/execution';
import type { TransactionTrace } from '@snapscale/protocol';

/** What is remembered of one. */
export type RecentTransaction = {
  readonly state: 'applied' | 'failed';
  readonly blockNum: number;
};

const FAILED_MAX = 10_000;

export class RecentTransactions {
  readonly #applied = new Map<string, RecentTransaction>();
  readonly #failed = new Map<string, RecentTransaction>();

  /** Remembers a transaction that was executed in block `blockNum`; `except`: why it failed, if it did. */
  add(executed: Pick<TransactionTrace, 'id' | 'blockNum' | 'except'>): void {
    const { blockNum, except } = executed;
    const id = bytesKey(executed.id);
    if (except === undefined) {
      this.#failed.delete(id);
      this.#applied.set(id, { state: 'applied', blockNum });
      return;
    }
    if (this.#applied.has(id)) return;
    this.#failed.set(id, { state: 'failed', blockNum });
    if (this.#failed.size > FAILED_MAX) this.#failed.delete(this.#failed.keys().next().value!);
  }

  find(id: Uint8Array): RecentTransaction | undefined {
    const key = bytesKey(id);
    return this.#applied.get(key) ?? this.#failed.get(key);
  }

  /** Blocks up to `num` are in the index. They were added in the order of their blocks. */
  finalize(num: number): void {
    for (const [id, { blockNum }] of this.#applied) {
      if (blockNum > num) return;
      this.#applied.delete(id);
    }
  }
}
