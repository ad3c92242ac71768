/**
 * Transactions that wait for a block with room. Bounded in number and bytes; fair between accounts: each first
 * authoriser has its own queue and its own share, and blocks take from the queues in turn.
 */
import { bytesKey, firstAuthorizer, type VerifiedTransaction } from '@snapscale/execution';
import { formatName, type Name, type Rejection } from '@snapscale/protocol';
import type { Submission } from './inputs.js';

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
  /** Queues in the order of their next turn. None is empty. */
  readonly #queues = new Map<Name, Queue<S>>();
  /** What a block has had, or had no room for: these come before all others, in their order. */
  readonly #first: Queue<S> = { items: [], size: 0 };
  readonly #places = new Map<string, Place<S>>();
  #bytes = 0;

  constructor(limits: PoolLimits = defaultPoolLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#places.size;
  }

  get isFull(): boolean {
    return this.size >= this.#limits.transactionsMax || this.#bytes >= this.#limits.bytesMax;
  }

  /** All that wait, in no certain order. */
  *values(): Generator<S> {
    for (const { submission } of this.#places.values()) yield submission;
  }

  /** Takes a transaction in, or says why not. */
  add(submission: S): Rejection | undefined {
    const { transaction } = submission;
    if (this.has(transaction.id))
      return { code: 'tx_duplicate', message: 'duplicate transaction: it already waits for a block' };
    const { transactionsMax, bytesMax, accountShareMax } = this.#limits;
    if (this.size >= transactionsMax || this.#bytes + transaction.packed.length > bytesMax) {
      return {
        code: 'tx_resource_exhaustion',
        message: `the pool is full: ${this.size} transactions, ${this.#bytes} bytes wait`,
      };
    }
    const account = firstAuthorizer(transaction.transaction);
    const queue = this.#queues.get(account) ?? { items: [], size: 0 };
    if (queue.size >= transactionsMax * accountShareMax) {
      return {
        code: 'tx_resource_exhaustion',
        message: `${queue.size} transactions of ${formatName(account)} already wait, which is its share of the pool`,
      };
    }
    if (queue.size === 0) this.#queues.set(account, queue);
    queue.items.push(this.#placed(submission, queue));
    return undefined;
  }

  /**
   * The next transaction, account by account: not of accounts that are `held` back, and of those that come `last` only
   * when no other waits. Undefined when none is left. Cost: linear in the accounts held back or put last.
   */
  take(held: (account: Name) => boolean = no, last: (account: Name) => boolean = no): S | undefined {
    if (this.#first.size > 0) return this.#takeFrom(this.#first);
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
    const submission = this.#takeFrom(queue);
    this.#queues.delete(account);
    if (queue.size > 0) this.#queues.set(account, queue);
    return submission;
  }

  #takeFrom({ items }: Queue<S>): S {
    let place = items.shift()!;
    while (place.isLeft) place = items.shift()!;
    this.#leave(place);
    return place.submission;
  }

  /** Takes back what was taken, in its order: later ones may need what earlier ones did. */
  putFirst(submissions: readonly S[]): void {
    const first = this.#first;
    first.items = [...submissions.map((submission) => this.#placed(submission, first)), ...first.items];
  }

  has(id: Uint8Array): boolean {
    return this.#places.has(bytesKey(id));
  }

  /** Removes and returns this transaction, if it waits here. Cost: constant, on average. */
  remove(transaction: VerifiedTransaction): S | undefined {
    const place = this.size > 0 ? this.#places.get(bytesKey(transaction.id)) : undefined;
    if (place === undefined) return undefined;
    const { queue, submission } = place;
    this.#leave(place);
    if (queue !== this.#first && queue.size === 0) this.#queues.delete(firstAuthorizer(transaction.transaction));
    if (queue.items.length > 2 * queue.size) queue.items = queue.items.filter(({ isLeft }) => !isLeft);
    return submission;
  }

  /** Forgets what waits of an account, but not what comes first. Cost: linear in that. */
  dropAccount(account: Name): void {
    const queue = this.#queues.get(account);
    if (queue === undefined) return;
    for (const place of queue.items) if (!place.isLeft) this.#leave(place);
    this.#queues.delete(account);
  }

  /** Removes and returns everything. */
  clear(): S[] {
    const all = [this.#first, ...this.#queues.values()].flatMap(({ items }) => items.filter(({ isLeft }) => !isLeft));
    for (const place of all) this.#leave(place);
    this.#first.items = [];
    this.#queues.clear();
    return all.map(({ submission }) => submission);
  }

  #placed(submission: S, queue: Queue<S>): Place<S> {
    const place = { submission, queue, isLeft: false };
    queue.size++;
    this.#places.set(bytesKey(submission.transaction.id), place);
    this.#bytes += submission.transaction.packed.length;
    return place;
  }

  #leave(place: Place<S>): void {
    const { transaction } = place.submission;
    place.isLeft = true;
    place.queue.size--;
    this.#places.delete(bytesKey(transaction.id));
    this.#bytes -= transaction.packed.length;
  }
}

/** Transactions in their order. Those that were removed stay among the items until they are passed over. */
type Queue<S> = { items: Place<S>[]; size: number };

type Place<S> = { readonly submission: S; readonly queue: Queue<S>; isLeft: boolean };

function no(): boolean {
  return false;
}
