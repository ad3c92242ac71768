/** A token bucket for each client. */

/** What a client has left. */
export type RateVerdict = { readonly allowed: boolean; readonly remaining: number; readonly retryAfterMs: number };

type Bucket = { tokens: number; atMs: number };

/** Most clients that are remembered; beyond it the longest unseen are forgotten, that is: start with a full bucket. */
const CLIENTS_MAX = 10_000;

export class RateLimiter {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param perSecond tokens that a bucket gains; @param burst tokens that it holds. */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** Takes `cost` tokens of a client; a cost above what a bucket holds empties it. */
  take(client: string, cost: number, nowMs: number): RateVerdict {
    const known = this.#buckets.get(client);
    const tokens =
      known === undefined
        ? this.#burst
        : Math.min(this.#burst, known.tokens + (Math.max(0, nowMs - known.atMs) / 1000) * this.#perSecond);
    const needed = Math.min(cost, this.#burst);
    const allowed = tokens >= needed;
    const left = allowed ? tokens - needed : tokens;
    this.#buckets.delete(client);
    this.#buckets.set(client, { tokens: left, atMs: nowMs });
    if (this.#buckets.size > CLIENTS_MAX) this.#buckets.delete(this.#buckets.keys().next().value!);
    const retryAfterMs = allowed ? 0 : Math.ceil(((needed - tokens) / this.#perSecond) * 1000);
    return { allowed, remaining: Math.floor(left), retryAfterMs };
  }
}

/** The name under which a client is counted: its IPv4 address, or the /64 network of its IPv6 address. */
export function clientKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1]!;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`;
}
