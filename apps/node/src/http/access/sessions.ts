/**
 * What is open in the name of a member: event streams, requests that wait, connections with a client certificate. When the
 * member is revoked, suspended, expelled or expires, all of it is cut (ACC-17).
 */

import { performance } from 'node:perf_hooks';
import type { Refused } from './admit.js';

/** Ends one thing that is open. */
export type Cut = (refusal: Refused) => void;

/** How a certificate stands now: until when it is valid, or why it is not. */
export type Standing = { readonly kind: 'valid'; readonly validUntilMs: number } | Refused;

type Entry = {
  readonly look: () => Standing;
  readonly cuts: Set<Cut>;
  validUntilMs: number;
};

/** Time that looking at certificates may take before requests get their turn, milliseconds. */
const SLICE_MS = 5;
/** A certificate is looked at this much after its end, so that it is over by any rounding; and again, if it is not. */
const LATE_MS = 50;
const AGAIN_MS = 1000;
/** Timers cannot run for longer. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class MemberSessions {
  readonly #nowMs: () => number;
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  /** What is still to be looked at in this round. */
  #round: Iterator<[string, Entry]> | undefined;
  #closed = false;

  /** @param nowMs the clock by which certificates expire */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Number of certificates with something open. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Notes that something is open, until the returned function is called.
   * @param certificate text that stands for the certificate; @param look how it stands now, from chain state
   */
  open(certificate: string, validUntilMs: number, look: () => Standing, cut: Cut): () => void {
    const entry = this.#entries.get(certificate) ?? { look, cuts: new Set<Cut>(), validUntilMs };
    entry.cuts.add(cut);
    entry.validUntilMs = validUntilMs;
    this.#entries.set(certificate, entry);
    this.#wakeAt(validUntilMs);
    return () => {
      entry.cuts.delete(cut);
      if (entry.cuts.size === 0 && this.#entries.get(certificate) === entry) this.#entries.delete(certificate);
    };
  }

  /** Looks at all certificates anew: what they allow may have ended. Many are looked at in slices. */
  recheck(): void {
    const begun = this.#round !== undefined;
    this.#round = new Map(this.#entries).entries();
    if (!begun) this.#continue();
  }

  /** For the stop of the server. Nothing is cut. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#entries.clear();
  }

  #continue(): void {
    const endMs = performance.now() + SLICE_MS;
    while (this.#round !== undefined && !this.#closed) {
      const next = this.#round.next();
      if (next.done === true) {
        this.#round = undefined;
        return;
      }
      this.#look(...next.value);
      if (performance.now() > endMs) {
        setImmediate(() => this.#continue());
        return;
      }
    }
    this.#round = undefined;
  }

  #look(certificate: string, entry: Entry): void {
    const standing = entry.look();
    if (standing.kind === 'valid') {
      entry.validUntilMs = standing.validUntilMs;
      this.#wakeAt(standing.validUntilMs);
      return;
    }
    if (this.#entries.get(certificate) === entry) this.#entries.delete(certificate);
    for (const cut of [...entry.cuts]) cut(standing);
  }

  /** Expiry comes without a block. */
  #wakeAt(untilMs: number): void {
    if (untilMs >= this.#timerMs) return;
    this.#timerMs = untilMs;
    clearTimeout(this.#timer);
    const delayMs = Math.min(TIMER_MS_MAX, Math.max(0, untilMs - this.#nowMs()) + LATE_MS);
    this.#timer = setTimeout(() => this.#expire(), delayMs);
    this.#timer.unref();
  }

  #expire(): void {
    this.#timerMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#nowMs();
    const due = [...this.#entries].filter(([, { validUntilMs }]) => validUntilMs <= nowMs);
    for (const [certificate, entry] of due) this.#look(certificate, entry);
    let next = Number.POSITIVE_INFINITY;
    for (const { validUntilMs } of this.#entries.values()) next = Math.min(next, validUntilMs);
    // One that its state still calls valid is looked at again in a second.
    if (next < Number.POSITIVE_INFINITY) this.#wakeAt(Math.max(next, nowMs + AGAIN_MS));
  }
}
