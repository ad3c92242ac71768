/**
 * What a node remembers of others: addresses to connect to, when to try again, and the points of nodes that misbehaved.
 * Knows no clock: times are milliseconds since 1970, given by the caller.
 */
import { BAN_POINTS, type PeerFault, peerFaults } from './faults.js';

/** An address to connect to. */
export type KnownAddress = {
  /** `host:port`. */
  readonly address: string;
  /** The node that must answer there, when that was said. */
  readonly node: string | undefined;
  readonly configured: boolean;
};

type AddressRecord = KnownAddress & {
  failures: number;
  nextAttemptMs: number;
  lastFault: string | undefined;
  /** Who answered there last. */
  foundNode: string | undefined;
};
type NodeRecord = { readonly points: number; readonly atMs: number; readonly bannedUntilMs: number };

const HALF_LIFE_MS = 10 * 60_000;
const BAN_MS = 10 * 60_000;
const BACKOFF_MS = 250;
const BACKOFF_MS_MAX = 30_000;
/** Addresses that peers told; the configured ones do not count. */
const LEARNED_MAX = 256;
const NODES_MAX = 4096;

export class PeerTable {
  readonly #addresses = new Map<string, AddressRecord>();
  readonly #nodes = new Map<string, NodeRecord>();

  /** Adds an address; a configured one is never forgotten. Learned ones beyond the bound replace the worst of them. */
  add(known: KnownAddress, nowMs: number): void {
    const before = this.#addresses.get(known.address);
    if (before !== undefined) {
      if (known.configured && !before.configured) this.#addresses.set(known.address, { ...before, ...known });
      return;
    }
    if (!known.configured) this.#makeRoom();
    this.#addresses.set(known.address, {
      ...known,
      failures: 0,
      nextAttemptMs: nowMs,
      lastFault: undefined,
      foundNode: known.node,
    });
  }

  /** Forgets an address. */
  remove(address: string): void {
    this.#addresses.delete(address);
  }

  /** Every address, with how it went. */
  get addresses(): readonly (KnownAddress & { readonly failures: number; readonly lastFault: string | undefined })[] {
    return [...this.#addresses.values()];
  }

  /** Addresses that may be tried now, those with the fewest failures first. */
  due(nowMs: number): (KnownAddress & { readonly foundNode: string | undefined })[] {
    return [...this.#addresses.values()]
      .filter(({ nextAttemptMs }) => nextAttemptMs <= nowMs)
      .sort((a, b) => a.failures - b.failures || (a.address < b.address ? -1 : 1));
  }

  /** An attempt begins: no other until `failed` or `succeeded`, or until the longest wait is over. */
  attempted(address: string, nowMs: number): void {
    const record = this.#addresses.get(address);
    if (record !== undefined) record.nextAttemptMs = nowMs + BACKOFF_MS_MAX;
  }

  /** The address did not lead to an open connection. The wait doubles; `jitter` in [0, 1) spreads attempts. */
  failed(address: string, reason: string, nowMs: number, jitter: number): void {
    const record = this.#addresses.get(address);
    if (record === undefined) return;
    record.lastFault = reason;
    const waitMs = Math.min(BACKOFF_MS * 2 ** Math.min(record.failures, 10), BACKOFF_MS_MAX);
    record.failures++;
    record.nextAttemptMs = nowMs + waitMs * (0.5 + jitter / 2);
  }

  /** Every address may be tried again now: what was in the way is gone. */
  retryAll(nowMs: number): void {
    for (const record of this.#addresses.values()) {
      record.failures = 0;
      record.nextAttemptMs = nowMs;
    }
  }

  /** A node has answered at this address. */
  found(address: string, node: string): void {
    const record = this.#addresses.get(address);
    if (record !== undefined) record.foundNode = node;
  }

  /** A connection through this address has ended after a useful life: the next attempt is due at once. */
  succeeded(address: string, nowMs: number): void {
    const record = this.#addresses.get(address);
    if (record === undefined) return;
    record.failures = 0;
    record.lastFault = undefined;
    record.nextAttemptMs = nowMs;
  }

  /** Counts a fault against a node. With too many points it is not let in for a while. */
  blame(node: string, fault: PeerFault, nowMs: number): void {
    if (fault.isOfPeer || peerFaults[fault.code] === 0) return;
    const points = this.points(node, nowMs) + peerFaults[fault.code];
    const bannedUntilMs = points >= BAN_POINTS ? nowMs + BAN_MS : (this.#nodes.get(node)?.bannedUntilMs ?? 0);
    this.#nodes.delete(node);
    this.#nodes.set(node, { points, atMs: nowMs, bannedUntilMs });
    if (this.#nodes.size > NODES_MAX) this.#nodes.delete(this.#nodes.keys().next().value!);
  }

  /** Points of a node: half is forgotten every ten minutes. */
  points(node: string, nowMs: number): number {
    const record = this.#nodes.get(node);
    if (record === undefined) return 0;
    const points = record.points * 2 ** (-Math.max(0, nowMs - record.atMs) / HALF_LIFE_MS);
    return points < 1 ? 0 : points;
  }

  /** Milliseconds until a node is let in again; 0 when it may. */
  bannedForMs(node: string, nowMs: number): number {
    return Math.max(0, (this.#nodes.get(node)?.bannedUntilMs ?? 0) - nowMs);
  }

  #makeRoom(): void {
    const learned = [...this.#addresses.values()].filter(({ configured }) => !configured);
    if (learned.length < LEARNED_MAX) return;
    const worst = learned.reduce((a, b) => (b.failures > a.failures ? b : a));
    this.#addresses.delete(worst.address);
  }
}
