/**
 * Transactions that wait for a block with room. Bounded in number and bytes; fair between accounts: each first
 * authoriser has its own queue and its own share, and blocks take from the queues in turn.
 */
import { bytesKey, firstAuthorizer, type VerifiedTransaction } from '@snapscale/execution';
import { formatName, type Name, type Rejection } from '@snapscale/protocol';
import type { Submission } from './network/inputs.js';

/** Bounds of the pool. */
export type PoolLimits = {
  readonly transactionsMax: number;
  readonly bytesMax: number;
  /** Largest share of `transactionsMax` that one account may hold, 0..1. */
  readonly accountShareMax: number;
};

export const defaultPoolLimits: PoolLimits = {
  transactionsMax: 50_000,
  bytesMax: 64 * 1024 * 1024,
  accountShareMax: 0.25,
};

export class TransactionPool<S extends Submission = Submission> {
  readonly #limits: PoolLimits;
  /** Queues in the order of their next turn. */
  readonly #queues = new Map<Name, S[]>();
  /** What was in a block that did not come to be: these come before all others, in their order. */
  #first: S[] = [];
  readonly #ids = new Set<string>();
  #bytes = 0;

  constructor(limits: PoolLimits = defaultPoolLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#ids.size;
  }

  /** Takes a transaction in, or says why not. */
  add(submission: S): Rejection | undefined {
    const { transaction } = submission;
    const id = bytesKey(transaction.id);
    if (this.#ids.has(id))
      return { code: 'tx_duplicate', message: 'duplicate transaction: it already waits for a block' };
    const { transactionsMax, bytesMax, accountShareMax } = this.#limits;
    if (this.size >= transactionsMax || this.#bytes + transaction.packed.length > bytesMax) {
      return {
        code: 'tx_resource_exhaustion',
        message: `the pool is full: ${this.size} transactions, ${this.#bytes} bytes wait`,
      };
    }
    const account = firstAuthorizer(transaction.transaction);
    const queue = this.#queues.get(account) ?? [];
    if (queue.length >= transactionsMax * accountShareMax) {
      return {
        code: 'tx_resource_exhaustion',
        message: `${queue.length} transactions of ${formatName(account)} already wait, which is its share of the pool`,
      };
    }
    if (queue.length === 0) this.#queues.set(account, queue);
    queue.push(submission);
    this.#ids.add(id);
    this.#bytes += transaction.packed.length;
    return undefined;
  }

  /**
   * The next transaction, account by account: not of accounts that are `held` back, and of those that come `last` only
   * when no other waits. Undefined when none is left. Cost: linear in the accounts held back or put last.
   */
  take(held: (account: Name) => boolean = no, last: (account: Name) => boolean = no): S | undefined {
    const first = this.#first.shift();
    if (first !== undefined) {
      this.#forget(first);
      return first;
    }
    let later: Name | undefined;
    for (const account of this.#queues.keys()) {
      if (held(account)) continue;
      if (!last(account)) return this.#takeOf(account);
      later ??= account;
    }
    return later === undefined ? undefined : this.#takeOf(later);
  }

  #takeOf(account: Name): S {
    const queue = this.#queues.get(account)!;
    const submission = queue.shift()!;
    this.#queues.delete(account);
    if (queue.length > 0) this.#queues.set(account, queue);
    this.#forget(submission);
    return submission;
  }

  /** Puts back what `take` gave: it will be first of its account again. */
  putBack(submission: S): void {
    const account = firstAuthorizer(submission.transaction.transaction);
    const queue = this.#queues.get(account);
    if (queue === undefined) this.#queues.set(account, [submission]);
    else queue.unshift(submission);
    this.#ids.add(bytesKey(submission.transaction.id));
    this.#bytes += submission.transaction.packed.length;
  }

  /** Takes back what a block had, in its order: later ones may need what earlier ones did. */
  putFirst(submissions: readonly S[]): void {
    this.#first = [...submissions, ...this.#first];
    for (const { transaction } of submissions) {
      this.#ids.add(bytesKey(transaction.id));
      this.#bytes += transaction.packed.length;
    }
  }

  has(id: Uint8Array): boolean {
    return this.#ids.has(bytesKey(id));
  }

  /** Removes and returns this transaction, if it waits here. Cost: linear in those of its account before it. */
  remove(transaction: VerifiedTransaction): S | undefined {
    const key = bytesKey(transaction.id);
    if (!this.#ids.has(key)) return undefined;
    const isThis = (waiting: S) => bytesKey(waiting.transaction.id) === key;
    const at = this.#first.findIndex(isThis);
    if (at >= 0) {
      const [submission] = this.#first.splice(at, 1);
      this.#forget(submission!);
      return submission;
    }
    const account = firstAuthorizer(transaction.transaction);
    const queue = this.#queues.get(account)!;
    const [submission] = queue.splice(queue.findIndex(isThis), 1);
    if (queue.length === 0) this.#queues.delete(account);
    this.#forget(submission!);
    return submission;
  }

  /** Removes and returns everything. */
  clear(): S[] {
    const all = [...this.#first, ...[...this.#queues.values()].flat()];
    this.#first = [];
    this.#queues.clear();
    this.#ids.clear();
    this.#bytes = 0;
    return all;
  }

  #forget({ transaction }: Submission): void {
    this.#ids.delete(bytesKey(transaction.id));
    this.#bytes -= transaction.packed.length;
  }
}

function no(): boolean {
  return false;
}
