/** Keeps an identity good: renews its certificate at two thirds of its life, by itself. */
import { IdentityError } from './identity-error.js';
import { type MemberIdentity, renewalDueMs } from './member-identity.js';

/** Timers of the host. */
export type Timers = {
  /** Runs a function after some time; returns what ends the wait. */
  after(delayMs: number, run: () => void): () => void;
};

/** How an identity is renewed. */
export type Renewal = {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Gets the next identity: `renewIdentity`, where an authority is at hand. */
  renew(identity: MemberIdentity): Promise<MemberIdentity>;
  /** Called with the next identity before it is used: to store it. */
  renewed?(identity: MemberIdentity): Promise<void>;
  /** Called when renewing has failed; it is tried again later. Must not throw. */
  failed?(error: unknown): void;
};

/** Waits after a failure: doubled from the first to the last. */
const RETRY_MS = { first: 30_000, last: 3_600_000 } as const;
/** Timers of hosts cannot wait for longer than 24 days. */
const WAIT_MAX_MS = 86_400_000;

/**
 * The holder of an identity. Programs that make requests need only ask it for the `current` one: that renews it when it is
 * due, beside the requests. Programs that may be silent for days call `start` as well.
 */
export class IdentityKeeper {
  readonly #renewal: Renewal | undefined;
  #identity: MemberIdentity;
  #renewing: Promise<void> | undefined;
  #failures = 0;
  #notBeforeMs = 0;
  #cancel: (() => void) | undefined;

  constructor(identity: MemberIdentity, renewal?: Renewal) {
    this.#identity = identity;
    this.#renewal = renewal;
  }

  /** The identity as it is, without a look at the clock. */
  get identity(): MemberIdentity {
    return this.#identity;
  }

  /** The identity to use now. Waits for its renewal only when its certificate has expired. */
  async current(): Promise<MemberIdentity> {
    const renewal = this.#renewal;
    if (renewal === undefined) return this.#identity;
    const nowMs = renewal.nowMs();
    if (nowMs >= renewalDueMs(this.#identity) && nowMs >= this.#notBeforeMs) {
      this.#renewing ??= this.#renew(renewal).finally(() => {
        this.#renewing = undefined;
      });
    }
    if (nowMs >= this.#identity.certificate.notAfterSec * 1000) await this.#renewing;
    return this.#identity;
  }

  /** Renews with timers, also when nobody asks. `stop` ends it. */
  start(timers: Timers): void {
    const renewal = this.#renewal;
    if (renewal === undefined) return;
    this.stop();
    const dueMs = Math.max(renewalDueMs(this.#identity), this.#notBeforeMs);
    const waitMs = Math.min(Math.max(dueMs - renewal.nowMs(), 0), WAIT_MAX_MS);
    this.#cancel = timers.after(waitMs, () => {
      void this.current().then(async () => {
        await this.#renewing;
        if (this.#cancel !== undefined) this.start(timers);
      });
    });
  }

  /** Ends the timers. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async #renew(renewal: Renewal): Promise<void> {
    try {
      const next = await renewal.renew(this.#identity);
      if (next.certificate.notAfterSec <= this.#identity.certificate.notAfterSec) {
        throw new IdentityError('malformed_answer', 'the new certificate does not last longer than the old one');
      }
      // Stored before it is used: the old one may be refused from the first use on.
      await renewal.renewed?.(next);
      this.#identity = next;
      this.#failures = 0;
    } catch (error) {
      const waitMs = Math.min(RETRY_MS.first * 2 ** this.#failures, RETRY_MS.last);
      this.#failures++;
      this.#notBeforeMs = renewal.nowMs() + waitMs;
      renewal.failed?.(error);
    }
  }
}
