/**
 * Which tokens were used. Each certificate has room of its own, so that whoever floods the node with tokens of one
 * certificate pushes out nobody else's, and nothing is forgotten before it has expired: a token that was pushed out could be
 * used again (ACC-12).
 */

/** What became of a token. `full`: its certificate has as many unexpired tokens as it may. */
export type ReplayVerdict = 'new' | 'replayed' | 'full';

/** Bounds of the memory that is spent. */
export type ReplayBounds = {
  /** Unexpired tokens of one certificate. */
  readonly perCertificateMax: number;
  /** Unexpired tokens in all. When they are reached, certificates with more than their share get no more. */
  readonly totalMax: number;
};

/** 400 requests a second of one certificate with tokens of a minute; 60 MB in all. */
export const defaultReplayBounds: ReplayBounds = { perCertificateMax: 24_000, totalMax: 400_000 };

type Used = {
  /** Identifiers by the second in which their tokens expire. */
  readonly bySecond: Map<number, Set<string>>;
  count: number;
};

export class ReplayCache {
  readonly #bounds: ReplayBounds;
  readonly #certificates = new Map<string, Used>();
  #total = 0;
  #sweptSec = 0;

  constructor(bounds: ReplayBounds = defaultReplayBounds) {
    this.#bounds = bounds;
  }

  /** Unexpired tokens that are remembered, and some that have just expired. */
  get size(): number {
    return this.#total;
  }

  /**
   * Notes that a token is used. Cost: a few look-ups; once a second of the clock, one for each certificate.
   * @param certificate text that stands for the certificate; @param untilSec when the token is refused as expired anyway
   */
  use(certificate: string, tokenId: string, untilSec: number, nowSec: number): ReplayVerdict {
    if (nowSec !== this.#sweptSec) this.#sweep(nowSec);
    const used = this.#certificates.get(certificate) ?? { bySecond: new Map<number, Set<string>>(), count: 0 };
    // A token may be sent again with another date of expiry only by its owner, as another token: signatures cover both.
    for (const ids of used.bySecond.values()) if (ids.has(tokenId)) return 'replayed';
    if (used.count >= this.#share()) return 'full';
    const second = Math.max(untilSec, nowSec);
    const ids = used.bySecond.get(second) ?? new Set<string>();
    ids.add(tokenId);
    used.bySecond.set(second, ids);
    used.count++;
    this.#total++;
    this.#certificates.set(certificate, used);
    return 'new';
  }

  /** What one certificate may have now. */
  #share(): number {
    const { perCertificateMax, totalMax } = this.#bounds;
    if (this.#total < totalMax) return perCertificateMax;
    return Math.min(perCertificateMax, Math.floor(totalMax / Math.max(1, this.#certificates.size)));
  }

  #sweep(nowSec: number): void {
    this.#sweptSec = nowSec;
    for (const [certificate, used] of this.#certificates) {
      for (const [second, ids] of used.bySecond) {
        if (second >= nowSec) continue;
        used.bySecond.delete(second);
        used.count -= ids.size;
        this.#total -= ids.size;
      }
      if (used.count === 0) this.#certificates.delete(certificate);
    }
  }
}
