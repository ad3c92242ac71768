/**
 * How many connections an address may open: a handshake costs this node a signature, whoever it is that asks for it. Nodes
 * behind one address share its allowance, which is why it is generous.
 */
import { TokenBucket } from './token-bucket.js';

const PER_SECOND = 50;
const AT_ONCE = 250;
/** Addresses that are remembered; the one that has been seen first goes. */
const ADDRESSES_MAX = 4_096;

export class AddressAllowance {
  readonly #buckets = new Map<string, TokenBucket>();

  /** Whether a connection of this address may be taken now. */
  admits(address: string, nowMs: number): boolean {
    let bucket = this.#buckets.get(address);
    if (bucket === undefined) {
      bucket = new TokenBucket(PER_SECOND, AT_ONCE, nowMs);
      this.#buckets.set(address, bucket);
      if (this.#buckets.size > ADDRESSES_MAX) this.#buckets.delete(this.#buckets.keys().next().value!);
    }
    return bucket.take(1, nowMs);
  }
}
