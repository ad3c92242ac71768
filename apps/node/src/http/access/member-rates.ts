/** Rates of members: of each certificate, and of each organisation for all of its certificates (ACC-16). */
import type { AdmittedMember } from '../../admission/verdict.js';
import type { HttpOptions } from '../server/options.js';
import { RateLimiter } from '../server/rate-limit.js';

/** The bounds; 0 a second: no limit. */
export type RateSettings = Pick<
  HttpOptions,
  'certificateRatePerSecond' | 'certificateRateBurst' | 'organisationRatePerSecond' | 'organisationRateBurst'
>;

export class MemberRates {
  readonly #certificates: RateLimiter | undefined;
  readonly #organisations: RateLimiter | undefined;

  constructor(settings: RateSettings) {
    this.#certificates = limiter(settings.certificateRatePerSecond, settings.certificateRateBurst);
    this.#organisations = limiter(settings.organisationRatePerSecond, settings.organisationRateBurst);
  }

  /**
   * Takes `cost` of a member's and its organisation's rate. Milliseconds until that is allowed; undefined: it is. A certificate
   * that is over its own rate takes nothing of what its organisation has.
   */
  take({ digest, organisation }: AdmittedMember, cost: number, nowMs: number): number | undefined {
    const own = this.#certificates?.take(digest, cost, nowMs);
    if (own?.allowed === false) return own.retryAfterMs;
    const shared = this.#organisations?.take(organisation, cost, nowMs);
    return shared?.allowed === false ? shared.retryAfterMs : undefined;
  }
}

function limiter(perSecond: number, burst: number): RateLimiter | undefined {
  return perSecond > 0 ? new RateLimiter(perSecond, burst) : undefined;
}
