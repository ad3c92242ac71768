/** The applications and invitations of an organisation: in memory, and in a journal that a crash cannot harm. */
import { join } from 'node:path';
import { toHex } from '@snapscale/crypto';
import { parseRequest } from '@snapscale/sdk/certificates';
import { Journal } from '../files/journal.js';
import type { Application, ApplicationEvent, Invitation } from './application.js';

/** Done applications are forgotten after this; the chain keeps what was issued. */
const KEEP_DONE_MS = 30 * 86_400_000;

export class ApplicationLog {
  readonly #journal: Journal<ApplicationEvent>;
  readonly #applications = new Map<string, Application>();
  /** Ids of those that are neither issued nor refused. */
  readonly #open = new Set<string>();
  /** Ids by key, the oldest first. */
  readonly #byKey = new Map<string, string[]>();
  readonly #invitations = new Map<string, Invitation>();

  private constructor(journal: Journal<ApplicationEvent>) {
    this.#journal = journal;
  }

  /** Opens the log of an organisation. What is long done is left out of the file. @throws ConfigurationError */
  static open(folder: string, nowMs: number): ApplicationLog {
    const { journal, events } = Journal.open<ApplicationEvent>(join(folder, 'journal.jsonl'));
    const log = new ApplicationLog(journal);
    for (const event of events) log.#apply(event);
    const isOld = ({ status, receivedMs }: Application) =>
      (status === 'issued' || status === 'refused') && receivedMs < nowMs - KEEP_DONE_MS;
    const old = new Set([...log.#applications.values()].filter(isOld).map(({ id }) => id));
    const spent = new Set(
      [...log.#invitations.values()].filter((i) => i.expiresMs < nowMs || i.usesLeft <= 0).map(({ hash }) => hash),
    );
    const kept = events.filter((event) => ('id' in event ? !old.has(event.id) : !spent.has(event.hash)));
    if (kept.length < events.length) {
      journal.rewrite(kept);
      for (const id of old) log.#forget(id);
      for (const hash of spent) log.#invitations.delete(hash);
    }
    return log;
  }

  /** Writes an event and applies it. @throws Error when it cannot be written; then nothing has changed */
  record(event: ApplicationEvent): void {
    this.#journal.append(event);
    this.#apply(event);
  }

  find(id: string): Application | undefined {
    return this.#applications.get(id);
  }

  /** The applications with this key, the newest first. */
  ofKey(key: Uint8Array): Application[] {
    return (this.#byKey.get(toHex(key)) ?? []).map((id) => this.#applications.get(id)!).reverse();
  }

  /** Applications that are neither issued nor refused, the oldest first. */
  open(): Application[] {
    return [...this.#open].map((id) => this.#applications.get(id)!);
  }

  /** The newest of those that are done, the newest first. */
  newestDone(count: number): Application[] {
    const done: Application[] = [];
    for (const application of [...this.#applications.values()].reverse()) {
      if (done.length === count) break;
      if (!this.#open.has(application.id)) done.push(application);
    }
    return done;
  }

  invitation(hash: string): Invitation | undefined {
    return this.#invitations.get(hash);
  }

  get invitations(): number {
    return this.#invitations.size;
  }

  close(): void {
    this.#journal.close();
  }

  #apply(event: ApplicationEvent): void {
    switch (event.kind) {
      case 'received':
        this.#receive(event);
        return;
      case 'approved':
        this.#change(event.id, { status: 'approved', grant: event.grant, reason: undefined });
        return;
      case 'signed':
        this.#change(event.id, { status: 'signed', certificate: Buffer.from(event.certificate, 'base64') });
        return;
      case 'forgotten':
        this.#change(event.id, { status: 'approved', certificate: undefined });
        return;
      case 'entered':
        this.#change(event.id, { status: 'issued', reason: undefined });
        return;
      case 'refused':
        this.#change(event.id, { status: 'refused', reason: event.reason, certificate: undefined });
        return;
      case 'invited': {
        const { hash, grant, organisation, expires, uses } = event;
        this.#invitations.set(hash, { hash, grant, organisation, expiresMs: expires, usesLeft: uses });
        return;
      }
      case 'used':
        this.#use(event.hash);
        return;
    }
  }

  #receive(event: Extract<ApplicationEvent, { kind: 'received' }>): void {
    const { der, publicKey } = parseRequest(Buffer.from(event.request, 'base64'));
    const { id, at, source, grant, renews, address, invitation, approved, reason } = event;
    const status = approved ? 'approved' : 'waiting';
    this.#open.add(id);
    this.#applications.set(id, {
      id,
      receivedMs: at,
      source,
      request: der,
      publicKey,
      grant,
      renews,
      address,
      invitation,
      status,
      reason,
      certificate: undefined,
    });
    const key = toHex(publicKey);
    this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), id]);
    if (invitation !== undefined) this.#use(invitation);
  }

  #use(hash: string): void {
    const invitation = this.#invitations.get(hash);
    if (invitation !== undefined) this.#invitations.set(hash, { ...invitation, usesLeft: invitation.usesLeft - 1 });
  }

  #change(id: string, changes: Partial<Application>): void {
    const application = this.#applications.get(id);
    if (application === undefined) return;
    const changed = { ...application, ...changes };
    this.#applications.set(id, changed);
    if (changed.status === 'issued' || changed.status === 'refused') this.#open.delete(id);
  }

  #forget(id: string): void {
    const application = this.#applications.get(id);
    if (application === undefined) return;
    this.#applications.delete(id);
    const key = toHex(application.publicKey);
    const left = (this.#byKey.get(key) ?? []).filter((other) => other !== id);
    if (left.length === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, left);
  }
}
