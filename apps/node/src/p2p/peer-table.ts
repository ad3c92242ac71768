/**
 * What a node remembers of others: addresses to connect to, when to try again, and the points of those that misbehaved.
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
  /** Who answered there last, and with which certificate. */
  foundNode: string | undefined;
  foundCertificate: string | undefined;
};
type FaultRecord = { readonly points: number; readonly atMs: number; readonly bannedUntilMs: number };

const HALF_LIFE_MS = 10 * 60_000;
const BAN_MS = 10 * 60_000;
const BACKOFF_MS = 250;
const BACKOFF_MS_MAX = 30_000;
/** Addresses that peers told; the configured ones do not count. */
const LEARNED_MAX = 256;
const CERTIFICATES_MAX = 4096;
/** Until an address at which this node itself answered is tried again: whoever is there may have passed that on from here. */
const HOME_MS = 10 * 60_000;

export class PeerTable {
  readonly #addresses = new Map<string, AddressRecord>();
  /** By certificate: two of one node may be held by two. */
  readonly #faults = new Map<string, FaultRecord>();

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
      foundCertificate: undefined,
    });
  }

  /** This node itself answers at an address: one that was learned is forgotten, a configured one is left alone for a while. */
  leadsHome(address: string, nowMs: number): void {
    const record = this.#addresses.get(address);
    if (record?.configured !== true) this.#addresses.delete(address);
    else {
      record.lastFault = 'the node itself answers there';
      record.nextAttemptMs = nowMs + HOME_MS;
    }
  }

  /** Every address, with how it went. */
  get addresses(): readonly (KnownAddress & { readonly failures: number; readonly lastFault: string | undefined })[] {
    return [...this.#addresses.values()];
  }

  /** Addresses that may be tried now, those with the fewest failures first. */
  due(nowMs: number): (KnownAddress & Readonly<Pick<AddressRecord, 'foundNode' | 'foundCertificate'>>)[] {
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
  found(address: string, node: string, certificate: string): void {
    const record = this.#addresses.get(address);
    if (record === undefined) return;
    record.foundNode = node;
    record.foundCertificate = certificate;
  }

  /** A connection through this address has ended after a useful life: the next attempt is due at once. */
  succeeded(address: string, nowMs: number): void {
    const record = this.#addresses.get(address);
    if (record === undefined) return;
    record.failures = 0;
    record.lastFault = undefined;
    record.nextAttemptMs = nowMs;
  }

  /** Counts a fault against the holder of a certificate. With too many points it is not let in for a while. */
  blame(certificate: string, fault: PeerFault, nowMs: number): void {
    if (fault.isOfPeer || peerFaults[fault.code] === 0) return;
    const points = this.points(certificate, nowMs) + peerFaults[fault.code];
    const bannedUntilMs = points >= BAN_POINTS ? nowMs + BAN_MS : (this.#faults.get(certificate)?.bannedUntilMs ?? 0);
    this.#faults.delete(certificate);
    this.#faults.set(certificate, { points, atMs: nowMs, bannedUntilMs });
    if (this.#faults.size > CERTIFICATES_MAX) this.#faults.delete(this.#faults.keys().next().value!);
  }

  /** Points of a certificate: half is forgotten every ten minutes. */
  points(certificate: string, nowMs: number): number {
    const record = this.#faults.get(certificate);
    if (record === undefined) return 0;
    const points = record.points * 2 ** (-Math.max(0, nowMs - record.atMs) / HALF_LIFE_MS);
    return points < 1 ? 0 : points;
  }

  /** Milliseconds until the holder of a certificate is let in again; 0 when it may. */
  bannedForMs(certificate: string, nowMs: number): number {
    return Math.max(0, (this.#faults.get(certificate)?.bannedUntilMs ?? 0) - nowMs);
  }

  #makeRoom(): void {
    const learned = [...this.#addresses.values()].filter(({ configured }) => !configured);
    if (learned.length < LEARNED_MAX) return;
    const worst = learned.reduce((a, b) => (b.failures > a.failures ? b : a));
    this.#addresses.delete(worst.address);
  }
}
