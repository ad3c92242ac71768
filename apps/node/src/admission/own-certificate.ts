/** How the node's own certificate stands: what the final state says of it, and how long it is valid still. */
import type { Member } from '../p2p/identity.js';
import type { Admission } from './admission.js';
import type { AdmissionCode } from './verdict.js';

/** For metrics and health. */
export type CertificateStanding = {
  readonly beganMs: number;
  /** End of the certificate itself, milliseconds since 1970. */
  readonly expiresMs: number;
  /** Why this node itself would not let anybody in with it; undefined when it would. */
  readonly refusal: { readonly code: AdmissionCode; readonly message: string } | undefined;
};

type Notify = (name: string, detail: Readonly<Record<string, string | number>>) => void;

const DAY_MS = 86_400_000;
const WARN_DAYS = [1, 7, 30] as const;

export class OwnCertificate {
  readonly #admission: Admission;
  readonly #notify: Notify;
  readonly #nowMs: () => number;
  #standing: CertificateStanding | undefined;
  /** The certificate and the days of the last warning of its end. */
  #warned = '';

  /** @param notify for the log: `own-certificate-refused`, `own-certificate-admitted`, `own-certificate-expires` */
  constructor(admission: Admission, nowMs: () => number, notify: Notify) {
    this.#admission = admission;
    this.#nowMs = nowMs;
    this.#notify = notify;
  }

  /** Looks at it, says what has changed. Cost: a few reads. */
  look(own: Member): CertificateStanding {
    const verdict = this.#admission.check(own.chain, 'node');
    const refusal = verdict.kind === 'refused' ? { code: verdict.code, message: verdict.message } : undefined;
    const before = this.#standing?.refusal?.code;
    if (refusal !== undefined && refusal.code !== before) {
      const advice = 'other nodes cut their links to this one; it keeps trying, and is back when it is admitted again';
      this.#notify('own-certificate-refused', { code: refusal.code, reason: refusal.message, advice });
    } else if (refusal === undefined && before !== undefined) {
      this.#notify('own-certificate-admitted', { node: own.node });
    }
    this.#warn(own);
    this.#standing = { beganMs: own.validFromMs, expiresMs: own.validUntilMs, refusal };
    return this.#standing;
  }

  /** At 30, 7 and 1 days, as far as the certificate lives long enough for that to be news. */
  #warn({ digest, validFromMs, validUntilMs }: Member): void {
    const leftMs = validUntilMs - this.#nowMs();
    const lifeMs = validUntilMs - validFromMs;
    const days = WARN_DAYS.find((limit) => leftMs <= limit * DAY_MS && limit * DAY_MS <= lifeMs / 2);
    if (days === undefined || leftMs <= 0 || this.#warned === `${digest} ${days}`) return;
    this.#warned = `${digest} ${days}`;
    const hours = Math.floor(leftMs / 3_600_000);
    const advice = 'renew it (--ca does so by itself), or put a new one into the identity folder: no restart is needed';
    this.#notify('own-certificate-expires', { expires: new Date(validUntilMs).toISOString(), hours, advice });
  }
}
