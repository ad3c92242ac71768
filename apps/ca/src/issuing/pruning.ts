/**
 * Removes what counts for nothing any more from the organisation's rows on chain. Otherwise they would reach the bounds of the
 * contract, and certificates could not be renewed any longer.
 */
import type { Logger } from 'pino';
import type { Consortium } from '../chain/consortium.js';
import { ChainRefusal } from '../failures.js';

/** Rows that one action removes. */
const AT_ONCE = 100;
const LOOK_MS = 3_600_000;
/** Clocks differ: rows are left alone so much longer than the chain asks for. */
const MARGIN_SEC = 600;

export class Pruning {
  readonly #consortium: Consortium;
  readonly #log: Logger;
  readonly #nowMs: () => number;
  #lookMs = 0;
  /** Found, and not yet removed. */
  #serials: Uint8Array[] = [];
  #applicants: string[] = [];

  constructor(consortium: Consortium, log: Logger, nowMs: () => number) {
    this.#consortium = consortium;
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** Looks once an hour; then removes up to a hundred rows at each call. @throws ChainUnavailable */
  async proceed(): Promise<void> {
    if (this.#serials.length + this.#applicants.length === 0) {
      if (this.#nowMs() < this.#lookMs) return;
      this.#lookMs = this.#nowMs() + LOOK_MS;
      const found = await this.#consortium.over(Math.floor(this.#nowMs() / 1000) - MARGIN_SEC);
      this.#serials = [...found.serials];
      this.#applicants = [...found.applicants];
      if (found.serials.length + found.applicants.length === 0) return;
    }
    const serials = this.#serials.splice(0, AT_ONCE);
    const applicants = this.#applicants.splice(0, AT_ONCE - serials.length);
    try {
      await this.#consortium.prune(serials, applicants);
      this.#log.info(
        { certificates: serials.length, applications: applicants.length },
        'old rows were removed from the chain',
      );
    } catch (error) {
      if (!(error instanceof ChainRefusal)) throw error;
      this.#serials = [];
      this.#applicants = [];
      this.#log.warn(
        { err: error },
        error.isUnauthorized
          ? 'the CA may not remove old rows from the chain: link the action prune of snap.ca to its permission'
          : 'old rows cannot be removed from the chain now',
      );
    }
  }
}
