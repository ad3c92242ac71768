/**
 * Who asks, and whether it may: both doors of the HTTP server, the token and the client certificate, in front of all routes
 * (docs/spec/access.md). What a certificate is worth is for admission to say, which this file asks with each request.
 */
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { AdmissionPolicy, RouteAccess } from '@snapscale/api';
import { type ReadPolicy, readConsortium } from '@snapscale/execution';
import type { Name } from '@snapscale/protocol';
import type { Admission } from '../../admission/admission.js';
import type { AdmittedMember } from '../../admission/verdict.js';
import type { NodeBackend } from '../backend.js';
import { admit, isAllowed, type Refused, refused } from './admit.js';
import { MemberRates, type RateSettings } from './member-rates.js';
import type { NodeKeys } from './node-keys.js';
import { type Requirement, requirementOf } from './policy.js';
import { type Cut, MemberSessions, type Standing } from './sessions.js';
import type { HttpAccess } from './setting.js';
import { hasMemberAsSponsor } from './sponsors.js';
import { presentedChain } from './tls-door.js';
import { type BegunToken, type RequestHead, TokenDoor } from './token-door.js';

/** How somebody has shown who it is. */
export type Door = 'none' | 'token' | 'tls';

/** Who asks. */
export type Access = {
  readonly door: Door;
  /** Undefined: nobody that is known. */
  readonly member: AdmittedMember | undefined;
};

/** A request on its way through the checks. */
export type Begun = Access & {
  readonly head: RequestHead;
  readonly route: RouteAccess;
  readonly isLocal: boolean;
  /** Of the member, DER. */
  readonly chain: readonly Uint8Array[];
  readonly token: BegunToken | undefined;
  /** How often what is open had been looked at before. */
  readonly round: number;
};

/** A request as the doors see it before its body has come. */
export type Arrival = RequestHead & {
  readonly route: RouteAccess;
  /** The client is on the machine of the node. */
  readonly isLocal: boolean;
  readonly authorization: string | undefined;
  readonly socket: Socket;
};

/** How often a chain that stands still is looked at, milliseconds. */
const LOOK_MS = 5000;
/** Time that a connection has for the answers that are on their way when it is cut, milliseconds. */
const CUT_MS = 250;
/** Members that count as seen: those of this time, and not more than so many. */
const SEEN_MS = 10 * 60_000;
const SEEN_MAX = 50_000;

export class AccessControl {
  readonly #settings: Omit<HttpAccess, 'tls'>;
  readonly #backend: NodeBackend;
  readonly #tokens: TokenDoor;
  readonly #rates: MemberRates;
  readonly #sessions: MemberSessions;
  readonly #followed = new WeakSet<Socket>();
  readonly #seen = new Map<string, number>();
  readonly #writers = new WeakMap<Begun, { readonly round: number; readonly isWriter: boolean }>();
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #reads: ReadPolicy | undefined;
  #round = 0;
  #rootsVersion: number;
  #rootsChanged: () => void = () => undefined;

  constructor(backend: NodeBackend, settings: Omit<HttpAccess, 'tls'>, rates: RateSettings) {
    const { admission, keys, nowMs, futureTokens } = settings;
    this.#backend = backend;
    this.#settings = settings;
    this.#tokens = new TokenDoor(admission, keys, nowMs, futureTokens);
    this.#rates = new MemberRates(rates);
    this.#sessions = new MemberSessions(nowMs);
    this.#reads = readConsortium(backend.finalState())?.reads;
    this.#rootsVersion = admission.version;
    this.#unsubscribe = backend.subscribe(({ kind }) => {
      if (kind === 'final') this.#look();
    });
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  get policy(): AdmissionPolicy {
    return this.#settings.policy;
  }

  get keys(): NodeKeys {
    return this.#settings.keys;
  }

  get admission(): Admission {
    return this.#settings.admission;
  }

  /** Who may read by the chain; undefined where no consortium was founded. */
  get reads(): ReadPolicy | undefined {
    return this.#reads;
  }

  /** Clock, milliseconds since 1970. */
  nowMs(): number {
    return this.#settings.nowMs();
  }

  /** Certificates that were let in lately. */
  membersSeen(): number {
    const sinceMs = this.nowMs() - SEEN_MS;
    for (const [certificate, atMs] of this.#seen) if (atMs < sinceMs) this.#seen.delete(certificate);
    return this.#seen.size;
  }

  /** Certificates with something open. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** @param listener called when the trusted roots have changed */
  onRoots(listener: () => void): void {
    this.#rootsChanged = listener;
  }

  /** The checks that need no body. A credential that is shown must be in order, whether it is needed or not (ACC-2). */
  async begin({ route, isLocal, authorization, socket, method, target }: Arrival): Promise<Begun | Refused> {
    const head = { method, target };
    const round = this.#round;
    const nobody: Begun = { door: 'none', member: undefined, head, route, isLocal, chain: [], token: undefined, round };
    if (route === 'open') return nobody;
    const text = bearerOf(authorization);
    if (text !== undefined) {
      const token = await this.#tokens.begin(text, head);
      if (token.kind === 'refused') return token;
      return { ...nobody, door: 'token', member: token.member, chain: token.chain, token };
    }
    const chain = presentedChain(socket, this.#settings.admission.needsIssuers);
    if (chain === undefined) {
      const need = this.#need(nobody);
      return need === 'nothing' || need === 'write or sponsor' ? nobody : refused('missing');
    }
    const member = admit(this.#settings.admission.check(chain));
    if ('kind' in member) return member;
    this.#followConnection({ ...nobody, door: 'tls', member, chain }, socket);
    return { ...nobody, door: 'tls', member, chain };
  }

  /** The other checks, with the body. Undefined: the request may go on. */
  complete(begun: Begun, body: Uint8Array): Refused | undefined {
    const { token, member, head } = begun;
    const ended = this.#endedMeanwhile(begun);
    if (ended !== undefined) return ended;
    const wrong = token === undefined ? undefined : this.#tokens.complete(token, head, body);
    if (wrong !== undefined) return wrong;
    if (member === undefined) return undefined;
    const need = this.#need(begun);
    if (need !== 'write or sponsor' && !meets(member, need)) return roleMissing(need);
    if (this.#seen.size < SEEN_MAX || this.#seen.has(member.digest)) this.#seen.set(member.digest, this.nowMs());
    return undefined;
  }

  /** Counts work against the rates of a member. Milliseconds until it is allowed again; undefined: it is allowed. */
  charge({ member }: Access, cost: number): number | undefined {
    return member === undefined ? undefined : this.#rates.take(member, cost, performance.now());
  }

  /**
   * Whether a transaction may come in, when the request did not show that its sender may write (ACC-15).
   * @param payer called when the question arises; may throw what is wrong with the transaction
   */
  refuseTransaction(begun: Begun, payer: () => Name): Refused | undefined {
    if (this.#need(begun) !== 'write or sponsor') return undefined;
    const { member } = begun;
    if (member !== undefined && this.#isWriter(begun, member)) return undefined;
    if (hasMemberAsSponsor(this.#backend.headState(), this.#backend.finalState(), payer(), this.nowMs())) {
      return undefined;
    }
    return member === undefined
      ? refused(
          'missing',
          'Transactions come from members, or are of an account whose sponsor (snap.fees) is a member.',
        )
      : roleMissing('write');
  }

  /** Calls `cut` when what was allowed ends, until the returned function is called. */
  follow(begun: Begun, cut: Cut): () => void {
    const { member, route, isLocal } = begun;
    // What is open to everybody by the node's own policy does not end.
    if (member === undefined && this.#settings.policy === 'open') return () => undefined;
    const key = member?.digest ?? `nobody ${route} ${isLocal}`;
    const untilMs = member?.validUntilMs ?? Number.POSITIVE_INFINITY;
    const ended = this.#endedMeanwhile(begun);
    if (ended !== undefined) queueMicrotask(() => cut(ended));
    return this.#sessions.open(`${key} ${route}`, untilMs, () => this.#standing(begun), cut);
  }

  close(): void {
    this.#unsubscribe();
    clearInterval(this.#timer);
    this.#sessions.close();
  }

  #need({ route, isLocal }: Pick<Begun, 'route' | 'isLocal'>): Requirement {
    return requirementOf(route, isLocal, this.#settings.policy, this.#reads);
  }

  /** What has ended between the first check and now: it was not open when all that is was looked at, and a body may take its time. */
  #endedMeanwhile(begun: Begun): Refused | undefined {
    if (!this.#isOld(begun)) return undefined;
    const standing = this.#standing(begun);
    return standing.kind === 'refused' ? standing : undefined;
  }

  /** Whether something may have ended since the first check. */
  #isOld({ round, member }: Begun): boolean {
    return round !== this.#round || (member !== undefined && member.validUntilMs <= this.nowMs());
  }

  /** Whether a member may write now: found once for all transactions of a request, unless something changes meanwhile. */
  #isWriter(begun: Begun, member: AdmittedMember): boolean {
    if (!this.#isOld(begun)) return isAllowed(member, 'write');
    const known = this.#writers.get(begun);
    if (known?.round === this.#round) return known.isWriter;
    const isWriter = this.#standing(begun, 'write').kind === 'valid';
    this.#writers.set(begun, { round: this.#round, isWriter });
    return isWriter;
  }

  #standing(begun: Begun, need: Requirement = this.#need(begun)): Standing {
    if (begun.member === undefined) {
      const isStillOpen = need === 'nothing' || need === 'write or sponsor';
      return isStillOpen ? { kind: 'valid', validUntilMs: Number.POSITIVE_INFINITY } : refused('missing');
    }
    const member = admit(this.#settings.admission.check(begun.chain));
    if ('kind' in member) return member;
    if (need !== 'write or sponsor' && !meets(member, need)) return roleMissing(need);
    return { kind: 'valid', validUntilMs: member.validUntilMs };
  }

  /** A connection outlives its requests: it is cut with its member. */
  #followConnection(begun: Begun, socket: Socket): void {
    if (this.#followed.has(socket)) return;
    this.#followed.add(socket);
    const release = this.follow({ ...begun, route: 'open' }, () => {
      setTimeout(() => socket.destroy(), CUT_MS).unref();
    });
    socket.once('close', release);
  }

  /** After each final block: whether what is open must be looked at. */
  #look(): void {
    const { admission } = this.#settings;
    const hasChanged = admission.changed();
    const reads = readConsortium(this.#backend.finalState())?.reads;
    if (hasChanged || reads !== this.#reads) {
      this.#reads = reads;
      this.#round++;
      this.#sessions.recheck();
    }
    if (admission.version === this.#rootsVersion) return;
    this.#rootsVersion = admission.version;
    this.#rootsChanged();
  }
}

/** The token of a header; undefined when it has none. Other schemes are for programs in front of the node. */
export function bearerOf(authorization: string | undefined): string | undefined {
  const match = /^bearer(?: (.*))?$/i.exec(authorization ?? '');
  return match === null ? undefined : (match[1] ?? '').trim();
}

function meets(member: AdmittedMember, need: Requirement): boolean {
  switch (need) {
    case 'nothing':
    case 'member':
      return true;
    case 'read':
      return isAllowed(member, 'read');
    case 'write':
    case 'write or sponsor':
      return isAllowed(member, 'write');
  }
}

function roleMissing(need: Requirement): Refused {
  const what = need === 'read' ? 'read' : 'write';
  return refused('role', `none of the roles of the certificate has the permission ${what}`);
}
