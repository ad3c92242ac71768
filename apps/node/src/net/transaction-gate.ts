/**
 * Peers' transactions on their way to the main thread, which has them verified: each once, in bounded numbers.
 *
 * What is too much is dropped, not held back: a connection that is not read for the sake of transactions would hold back
 * the votes and blocks behind them. Whoever sent it has it still, and a client hears from that node.
 */
import { createHash } from 'node:crypto';
import type { PeerId } from '@snapscale/consensus';
import { TokenBucket } from '../p2p/token-bucket.js';
import type { NetworkStats, PeerTransaction } from './network-messages.js';
import { RecentSet } from './recent-set.js';

/** Bounds of what may be on its way to the main thread, and of what one peer may send. */
export type TransactionGateLimits = {
  readonly transactionsMax: number;
  readonly bytesMax: number;
  readonly perPeerAndSecond: number;
  /** At least so many of the newest are remembered, */
  readonly remembered: number;
  /** and for twice this time at most: whoever still waits for a block reminds producers, who may have had no room for it. */
  readonly rememberedMs: number;
};

export const defaultTransactionGateLimits: TransactionGateLimits = {
  transactionsMax: 10_000,
  bytesMax: 32 << 20,
  perPeerAndSecond: 5_000,
  remembered: 32_768,
  rememberedMs: 5_000,
};

export class TransactionGate {
  readonly #limits: TransactionGateLimits;
  readonly #seen: RecentSet;
  /** Also of who has left: a new connection brings no new allowance. */
  readonly #allowances = new Map<PeerId, TokenBucket>();
  #turnedMs = Number.NEGATIVE_INFINITY;
  #ready: PeerTransaction[] = [];
  #waiting = 0;
  #bytes = 0;
  #passed = 0;
  #repeated = 0;
  #dropped = 0;

  constructor(limits: TransactionGateLimits = defaultTransactionGateLimits) {
    this.#limits = limits;
    this.#seen = new RecentSet(limits.remembered);
  }

  get stats(): NetworkStats['transactions'] {
    return { waiting: this.#waiting, passed: this.#passed, repeated: this.#repeated, dropped: this.#dropped };
  }

  /** Takes what a peer has sent. Returns true when there is something to {@link take} that was not before. */
  offer(peer: PeerId, transactions: readonly Uint8Array[], nowMs: number): boolean {
    if (Math.abs(nowMs - this.#turnedMs) >= this.#limits.rememberedMs) {
      this.#seen.turn();
      this.#turnedMs = nowMs;
    }
    const wasEmpty = this.#ready.length === 0;
    for (const packed of transactions) this.#offerOne(peer, packed, nowMs);
    return wasEmpty && this.#ready.length > 0;
  }

  /** What is to be handed to the main thread. */
  take(): readonly PeerTransaction[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  /** The main thread has taken so many. */
  taken(transactions: number, bytes: number): void {
    this.#waiting -= transactions;
    this.#bytes -= bytes;
  }

  #offerOne(peer: PeerId, packed: Uint8Array, nowMs: number): void {
    // First of all, because the hash is what a flood of small ones costs.
    if (!this.#allowanceOf(peer, nowMs).take(1, nowMs)) {
      this.#dropped++;
      return;
    }
    // All bytes count, not the id alone: with a bad signature first, the id would keep the good one out.
    const key = createHash('sha256').update(packed).digest('base64');
    if (this.#seen.has(key)) {
      this.#repeated++;
      return;
    }
    const { transactionsMax, bytesMax } = this.#limits;
    if (this.#waiting >= transactionsMax || this.#bytes + packed.length > bytesMax) {
      this.#dropped++;
      return;
    }
    this.#seen.add(key);
    this.#waiting++;
    this.#bytes += packed.length;
    this.#passed++;
    this.#ready.push({ peer, packed });
  }

  #allowanceOf(peer: PeerId, nowMs: number): TokenBucket {
    let allowance = this.#allowances.get(peer);
    if (allowance === undefined) {
      const { perPeerAndSecond } = this.#limits;
      allowance = new TokenBucket(perPeerAndSecond, 2 * perPeerAndSecond, nowMs);
      this.#allowances.set(peer, allowance);
    }
    return allowance;
  }
}
