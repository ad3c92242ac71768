/** How many requests that cost something an address may send: a bucket that fills over time. */

/** Seconds that a bucket takes to fill. */
const BURST_SEC = 8;
/** Beyond so many addresses, those that have not been seen for longest are forgotten. */
const ADDRESSES_MAX = 4096;

export class Allowance {
  readonly #nowMs: () => number;
  readonly #perSecond: number;
  readonly #buckets = new Map<string, { left: number; atMs: number }>();

  constructor(nowMs: () => number, perSecond: number) {
    this.#nowMs = nowMs;
    this.#perSecond = perSecond;
  }

  /** Takes one. Returns the seconds to wait when there is none. */
  take(address: string): number | undefined {
    const nowMs = this.#nowMs();
    const burst = this.#perSecond * BURST_SEC;
    const bucket = this.#buckets.get(address) ?? { left: burst, atMs: nowMs };
    const left = Math.min(burst, bucket.left + (Math.max(0, nowMs - bucket.atMs) / 1000) * this.#perSecond);
    this.#buckets.delete(address);
    this.#buckets.set(address, { left: Math.max(0, left - 1), atMs: nowMs });
    if (this.#buckets.size > ADDRESSES_MAX) this.#buckets.delete(this.#buckets.keys().next().value!);
    return left >= 1 ? undefined : Math.ceil((1 - left) / this.#perSecond) || 1;
  }
}
