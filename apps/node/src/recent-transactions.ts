/**
 * Transactions that this node has executed lately, and those that failed: what `get_transaction_status` needs beyond the
 * index, which knows final ones alone. Bounded.
 */
import { bytesKey } from '@snapscale/execution';
import type { TransactionTrace } from '@snapscale/protocol';

/** What is remembered of one. */
export type RecentTransaction = {
  readonly state: 'applied' | 'failed';
  /** Of the block under construction when it was executed here. Another producer may have put it into a later one. */
  readonly blockNum: number;
};

const FAILED_MAX = 10_000;
const APPLIED_MAX = 200_000;
/** Two minutes after its block was due, a transaction that is not final has expired, or will not be missed here. */
const BLOCKS_MAX = 240;

export class RecentTransactions {
  readonly #applied = new Map<string, RecentTransaction>();
  readonly #failed = new Map<string, RecentTransaction>();

  /** Remembers a transaction that was executed for block `blockNum`; `except`: why it failed, if it did. */
  add(executed: Pick<TransactionTrace, 'id' | 'blockNum' | 'except'>): void {
    const { blockNum, except } = executed;
    const id = bytesKey(executed.id);
    if (except === undefined) {
      this.#failed.delete(id);
      this.#applied.set(id, { state: 'applied', blockNum });
      if (this.#applied.size > APPLIED_MAX) this.#applied.delete(this.#applied.keys().next().value!);
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

  /** Blocks up to `num` are final: what was executed long before is forgotten. */
  finalize(num: number): void {
    for (const [id, { blockNum }] of this.#applied) {
      if (blockNum + BLOCKS_MAX > num) return;
      this.#applied.delete(id);
    }
  }
}
