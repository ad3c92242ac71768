/**
 * Work on transactions that failed. Nobody is billed for it, so that an account could keep a producer busy for nothing:
 * beyond a small allowance its transactions wait, while those of others go on.
 *
 * This is the producer's own policy and takes no part in consensus.
 */
import type { Name } from '@snapscale/protocol';

/** Failed work that an account may cause before it has to wait, microseconds. */
const ALLOWANCE_US = 50_000;
/** What is forgiven with every block. */
const FORGIVEN_US_PER_BLOCK = 50_000;
/** What one transaction counts at most: that of a transaction at the limit of a chain with large limits. */
const COUNTED_US_MAX = 200_000;

export class FailedWork {
  readonly #us = new Map<Name, number>();

  /** Notes that `cpuUs` were spent on a transaction of `account` that failed. */
  add(account: Name, cpuUs: number): void {
    if (cpuUs <= 0) return;
    this.#us.set(account, (this.#us.get(account) ?? 0) + Math.min(cpuUs, COUNTED_US_MAX));
  }

  /** Whether transactions of `account` have to wait for a later block. */
  mustWait(account: Name): boolean {
    return this.#us.size > 0 && (this.#us.get(account) ?? 0) > ALLOWANCE_US;
  }

  /** A block has ended. Cost: linear in the accounts that are not yet forgiven. */
  forgive(): void {
    for (const [account, us] of this.#us) {
      if (us <= FORGIVEN_US_PER_BLOCK) this.#us.delete(account);
      else this.#us.set(account, us - FORGIVEN_US_PER_BLOCK);
    }
  }
}
