/**
 * CPU time that accounts have caused lately. Blocks take transactions account by account, but a turn may be a thousand
 * times as long as another, and work on transactions that fail is billed to nobody: without a memory of it one account
 * could keep a producer busy, or blocks full, for nothing.
 *
 * This is the producer's own policy and takes no part in consensus.
 */
import type { Name } from '@snapscale/protocol';

/** What one transaction counts at most: that of a transaction at the limit of a chain with large limits. */
const COUNTED_US_MAX = 200_000;

export class AccountLoad {
  readonly #allowanceUs: number;
  readonly #us = new Map<Name, number>();

  /** @param allowanceUs what an account may cause without consequence; as much is forgiven with every block. */
  constructor(allowanceUs: number) {
    this.#allowanceUs = allowanceUs;
  }

  /** Notes that a transaction of `account` took `cpuUs`. */
  add(account: Name, cpuUs: number): void {
    if (cpuUs > 0) this.#us.set(account, (this.#us.get(account) ?? 0) + Math.min(cpuUs, COUNTED_US_MAX));
  }

  /** Whether `account` has caused more than its allowance. */
  exceeds(account: Name): boolean {
    return this.#us.size > 0 && (this.#us.get(account) ?? 0) > this.#allowanceUs;
  }

  /** A block has ended. Cost: linear in the accounts that are not yet forgiven. */
  forgive(): void {
    for (const [account, us] of this.#us) {
      if (us <= this.#allowanceUs) this.#us.delete(account);
      else this.#us.set(account, us - this.#allowanceUs);
    }
  }
}
