/**
 * How much an authorization check has looked at. Permissions may refer to each other and have long chains of parents, so
 * that a small transaction could keep a node busy for free: the work is counted, bounded, and reported for charging.
 */
import { reject } from '@snapscale/protocol';

/** Steps that one check may take: some milliseconds. Ordinary transactions take fewer than ten. */
export const authorizationStepsMax = 16_384;

export class AuthorizationWork {
  readonly #onStep: (() => void) | undefined;
  #steps = 0;

  /** `onStep` is called for each step, for example to charge for it. */
  constructor(onStep?: () => void) {
    this.#onStep = onStep;
  }

  /** Keys, accounts, waits, parents and declared permissions looked at so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Counts a step. Rejects with `tx_cpu_usage_exceeded` beyond `authorizationStepsMax`. */
  count(): void {
    this.#steps++;
    this.#onStep?.();
    if (this.#steps > authorizationStepsMax) {
      reject(
        'tx_cpu_usage_exceeded',
        `the authorization check takes more than ${authorizationStepsMax} steps: too many permissions, keys or accounts are involved`,
      );
    }
  }
}
