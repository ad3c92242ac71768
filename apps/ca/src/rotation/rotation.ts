/**
 * Replacing an authority: a new key and certificate are made and proposed; when the organisations have decided and that is
 * final, they take the place of the old ones, without a restart. The old one stays in order until the time that the decision
 * says. A decision that is refused leaves everything as it was.
 */
import type { RotationState } from '@snapscale/api';
import { equalBytes } from '@snapscale/crypto';
import { type Certificate, CertificateError, checkIssuing, encodePem, type Signer } from '@snapscale/sdk/certificates';
import type { Logger } from 'pino';
import type { Consortium } from '../chain/consortium.js';
import { ChainRefusal, ChainUnavailable, Refusal } from '../failures.js';
import type { AuthorityFiles, RotationOutcome, RotationRecord } from './authority-files.js';

/** What is made when a rotation begins. `key`: PEM, undefined where it is in a device. */
export type NextAuthority = {
  readonly key: string | undefined;
  /** For a root that is elsewhere: `formatVouchedRequest`. */
  readonly request?: string;
  /** DER. */
  readonly certificate: Uint8Array | undefined;
};

/** What differs between issuing CAs and the root. */
export type RotationParts = {
  /** Account, or `root`. */
  readonly authority: string;
  readonly files: AuthorityFiles;
  /** As the organisation with this account. */
  readonly consortium: (account: string) => Consortium;
  /** End of what the present one has issued, where nobody says another, in seconds. */
  readonly previousUntilSec: () => number;
  readonly make: () => Promise<NextAuthority>;
  readonly openNext: (certificate: Certificate) => Promise<Signer>;
  /** Takes the next one into use. */
  readonly install: (certificate: Certificate, signer: Signer) => Promise<void>;
  /** Whether a certificate that was signed elsewhere is by a root of the consortium. */
  readonly isByRoot: (certificate: Certificate) => boolean;
  readonly log: Logger;
  readonly nowMs: () => number;
};

type Fate =
  | { readonly kind: 'authority' }
  | { readonly kind: 'proposed'; readonly proposal: number }
  | { readonly kind: 'over'; readonly proposal?: number | undefined; readonly reason: string }
  | { readonly kind: 'unproposed' };

/** A proposal that the chain has refused is sent again after this. */
const RETRY_MS = 10 * 60_000;
/** So long after it was sent, a proposal may still arrive. */
const ARRIVAL_MS = 5 * 60_000;
/** Clocks differ: a proposal counts as expired so much later. */
const EXPIRY_MARGIN_SEC = 3600;

export class Rotation {
  readonly #parts: RotationParts;
  #queue: Promise<unknown> = Promise.resolve();
  /** Why it does not go on. */
  #trouble: string | undefined;
  #retryMs = 0;

  constructor(parts: RotationParts) {
    this.#parts = parts;
  }

  /** Begins a rotation, proposed by an organisation. @throws Refusal */
  begin(by: string, previousUntilSec?: number): Promise<RotationState> {
    return this.#inTurn(async () => {
      const { files, authority, nowMs, make, log } = this.#parts;
      const record = files.record;
      if (record !== undefined) {
        throw new Refusal(
          409,
          'rotation_open',
          `a rotation of ${authority} is under way since ${moment(record.startedMs)} (${this.#state().status}): wait for its end, or give it up`,
        );
      }
      const made = await make();
      const until = previousUntilSec ?? this.#parts.previousUntilSec();
      files.begin({ startedMs: nowMs(), previousUntilSec: until, by }, made);
      this.#trouble = undefined;
      this.#retryMs = 0;
      log.info({ authority, by }, 'a rotation has begun');
      await this.#stepOrNote();
      return this.#state();
    });
  }

  /** Takes the certificate that a root elsewhere has signed. @throws Refusal */
  accept(certificate: Certificate): Promise<RotationState> {
    return this.#inTurn(async () => {
      const { files, authority } = this.#parts;
      if (files.record === undefined || files.request === undefined || files.next !== undefined) {
        throw new Refusal(409, 'no_rotation', `no rotation of ${authority} waits for a certificate`);
      }
      await this.#check(certificate);
      files.store(certificate.der);
      await this.#stepOrNote();
      return this.#state();
    });
  }

  /** Gives a rotation of an organisation up that nobody can decide any more. @throws Refusal, ChainUnavailable */
  giveUp(by: string): Promise<RotationState> {
    return this.#inTurn(async () => {
      const { files, authority, nowMs, log } = this.#parts;
      const { record, next } = files;
      if (record === undefined) throw new Refusal(409, 'no_rotation', `no rotation of ${authority} is under way`);
      if (record.by !== by) throw new Refusal(403, 'role', `${record.by} has begun this rotation, and gives it up`);
      const fate: Fate = next === undefined ? { kind: 'unproposed' } : await this.#fate(record, next);
      if (fate.kind === 'authority') throw new Refusal(409, 'decided', 'the rotation was decided: it takes place now');
      if (fate.kind === 'proposed') {
        throw new Refusal(
          409,
          'proposed',
          `proposal ${fate.proposal} is open, and could be approved when the key is gone: cancel it first (snapscale proposal cancel ${fate.proposal})`,
        );
      }
      if (fate.kind === 'unproposed' && record.proposedMs !== undefined && nowMs() < record.proposedMs + ARRIVAL_MS) {
        throw new Refusal(409, 'proposed', 'the proposal was sent and may still arrive: try again in five minutes');
      }
      files.abandon({ kind: 'given_up', atMs: nowMs(), proposal: record.proposal });
      log.info({ authority }, 'the rotation was given up');
      return this.#state();
    });
  }

  state(): RotationState {
    return this.#state();
  }

  /** Goes on as far as it can. Never throws. */
  proceed(): Promise<void> {
    return this.#inTurn(() => this.#stepOrNote());
  }

  /** One at a time: requests and the timer. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }

  async #stepOrNote(): Promise<void> {
    const { authority, log } = this.#parts;
    try {
      await this.#step();
    } catch (error) {
      const { message } = error as Error;
      if (this.#trouble !== message) log.warn({ authority, err: error }, 'the rotation cannot go on now');
      this.#trouble = message;
    }
  }

  async #step(): Promise<void> {
    const { files, nowMs } = this.#parts;
    const { record, next } = files;
    if (record === undefined || next === undefined) return;
    const fate = await this.#fate(record, next);
    if (fate.kind === 'unproposed') {
      if (nowMs() >= this.#retryMs) await this.#propose(record, next);
      return;
    }
    if (fate.kind === 'proposed') {
      if (record.proposal !== fate.proposal) files.update({ ...record, proposal: fate.proposal });
      this.#trouble = undefined;
      return;
    }
    // What cannot be taken back is done when it is final, and is still so then.
    await this.#consortium(record).seenIsFinal();
    const again = await this.#fate(record, next);
    if (again.kind === 'authority') await this.#replace(record, next);
    if (again.kind === 'over') this.#end({ kind: 'refused', proposal: again.proposal, reason: again.reason });
  }

  async #fate(record: RotationRecord, next: Certificate): Promise<Fate> {
    const consortium = this.#consortium(record);
    const row = await consortium.authority(next.digest);
    if (row?.status === 'active') return { kind: 'authority' };
    if (row !== undefined) return { kind: 'over', reason: `on chain, the next certificate is ${row.status} already` };
    const nowSec = this.#parts.nowMs() / 1000;
    const isOpen = ({ status, expiresSec }: { status: string; expiresSec: number }) =>
      status === 'open' && expiresSec + EXPIRY_MARGIN_SEC > nowSec;
    if (record.proposal !== undefined) {
      const [known] = await consortium.rotationProposals(next, record.proposal);
      if (known !== undefined && isOpen(known)) return { kind: 'proposed', proposal: known.id };
    }
    const all = await consortium.rotationProposals(next);
    const open = all.find(isOpen);
    if (open !== undefined) return { kind: 'proposed', proposal: open.id };
    const last = all.at(-1);
    if (last === undefined) return { kind: 'unproposed' };
    // Carried out between the two looks: the next round sees the authority.
    if (last.status === 'executed') return { kind: 'proposed', proposal: last.id };
    const how = last.status === 'cancelled' ? 'was cancelled' : 'has expired without enough approvals';
    return { kind: 'over', proposal: last.id, reason: `proposal ${last.id} ${how}` };
  }

  async #propose(record: RotationRecord, next: Certificate): Promise<void> {
    const { files, authority, log, nowMs } = this.#parts;
    const proposing = { ...record, proposedMs: nowMs() };
    files.update(proposing);
    const consortium = this.#consortium(record);
    try {
      const organisation = authority === 'root' ? undefined : authority;
      await consortium.proposeRotation(organisation, next, record.previousUntilSec);
    } catch (error) {
      if (!(error instanceof ChainRefusal)) throw error;
      files.update({ ...record, proposedMs: undefined });
      this.#retryMs = nowMs() + RETRY_MS;
      const why = error.isUnauthorized
        ? `${record.by}@ca may not nominate`
        : `the chain has refused it: ${error.message}`;
      throw new ChainUnavailable(why);
    }
    const proposal = (await consortium.rotationProposals(next)).at(-1)?.id;
    files.update({ ...proposing, proposal });
    this.#trouble = undefined;
    log.info({ authority, proposal }, 'the rotation was proposed');
  }

  async #replace(record: RotationRecord, next: Certificate): Promise<void> {
    const { files, authority, log, nowMs, openNext, install } = this.#parts;
    const signer = await openNext(next);
    files.replace({ kind: 'done', atMs: nowMs(), proposal: record.proposal });
    this.#trouble = undefined;
    log.info({ authority }, 'the authority was replaced');
    await install(next, signer);
  }

  #end(outcome: Omit<RotationOutcome, 'atMs'>): void {
    const { files, authority, log, nowMs } = this.#parts;
    files.abandon({ ...outcome, atMs: nowMs() });
    this.#trouble = undefined;
    log.warn({ authority, reason: outcome.reason }, 'the rotation was refused: everything is as it was');
  }

  async #check(certificate: Certificate): Promise<void> {
    const { authority, openNext, isByRoot, nowMs } = this.#parts;
    const wrong = (what: string) => new Refusal(400, 'wrong_certificate', `the certificate ${what}`);
    try {
      if (checkIssuing(certificate) !== authority) throw wrong(`is not that of an issuing CA of ${authority}`);
    } catch (error) {
      if (error instanceof CertificateError) throw wrong(`is none of an issuing CA: ${error.message}`);
      throw error;
    }
    if (certificate.notAfterSec <= nowMs() / 1000) throw wrong('has expired');
    if (!isByRoot(certificate)) throw wrong('is not signed by a root of the consortium');
    const signer = await openNext(certificate).catch(() => undefined);
    if (signer === undefined || !equalBytes(signer.publicKey, certificate.publicKey)) {
      throw wrong('has another key than the request');
    }
  }

  #consortium({ by }: RotationRecord): Consortium {
    return this.#parts.consortium(by);
  }

  #state(): RotationState {
    const { files, authority } = this.#parts;
    const { record, next, request, outcome } = files;
    if (record === undefined) return endedState(authority, outcome);
    const status = next === undefined ? 'unsigned' : record.proposal === undefined ? 'unproposed' : 'proposed';
    return {
      authority,
      status,
      organisation: record.by,
      started: moment(record.startedMs),
      previous_until: moment(record.previousUntilSec * 1000),
      ...(request === undefined ? {} : { request }),
      ...(next === undefined ? {} : { certificate: encodePem('CERTIFICATE', next.der) }),
      ...(record.proposal === undefined ? {} : { proposal: record.proposal }),
      ...(this.#trouble === undefined ? {} : { reason: this.#trouble }),
    };
  }
}

function endedState(authority: string, outcome: RotationOutcome | undefined): RotationState {
  if (outcome === undefined) return { authority, status: 'none' };
  const { kind, atMs, proposal, reason } = outcome;
  return {
    authority,
    status: kind,
    ended: moment(atMs),
    ...(proposal === undefined ? {} : { proposal }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function moment(ms: number): string {
  return new Date(ms).toISOString();
}
