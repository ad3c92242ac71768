/**
 * The certificate authority of one organisation. A request is checked, approved by policy or by a person, signed, entered on
 * chain, and handed out once that is final: nodes go by the final state, and would refuse a certificate that comes earlier.
 *
 * Each step is in the journal before the next begins. After a crash, what was signed is entered, or forgotten where the chain
 * refuses it; nothing that was signed is ever handed out without being entered.
 */
import { createHash, randomBytes } from 'node:crypto';
import { equalBytes, formatPublicKey, type PublicKey, toHex } from '@snapscale/crypto';
import {
  type Certificate,
  CertificateError,
  checkRequest,
  IssuingAuthority,
  isIssuedBy,
  newSecret,
  parseCertificate,
  type Signer,
} from '@snapscale/sdk/certificates';
import type { Logger } from 'pino';
import type { ChainAccess } from '../chain/chain-access.js';
import {
  type AuthorityRow,
  type ChainApplication,
  Consortium,
  type MemberRow,
  type OrganisationRow,
  roleNames,
} from '../chain/consortium.js';
import { AuthorityReplaced, ChainRefusal, ChainUnavailable, Refusal } from '../failures.js';
import type { OrganisationFiles } from '../files/ca-files.js';
import type { Application, Grant, Invitation, Source } from './application.js';
import { ApplicationLog } from './application-log.js';
import { checkGrant, checkInvitation, checkKeyFits, hostsOf, lifeOf } from './grant-rules.js';
import { Intake } from './intake.js';
import { Pruning } from './pruning.js';
import { refuseFullQueue } from './queue-bounds.js';

/** What an organisation's CA needs. */
export type OrganisationCaOptions = {
  readonly files: OrganisationFiles;
  readonly signer: Signer;
  readonly chain: ChainAccess;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** Where the revocation list of an issuing CA is. */
  readonly crlUrl: (issuing: Certificate) => string | undefined;
  /** Resolves when the program has followed what the chain has decided about its issuing CA. */
  readonly follow: () => Promise<void>;
};

/** A request as it comes. */
export type Submission = {
  /** PKCS#10 in DER. */
  readonly request: Uint8Array;
  readonly asked: Partial<Grant>;
  /** Secret of an invitation. */
  readonly invitation?: string | undefined;
  readonly source: Source;
  /** Where it came from. */
  readonly address?: string | undefined;
};

/** What bounds a certificate now, as the chain has it. */
type Bounds = {
  readonly organisation: OrganisationRow | undefined;
  readonly authority: AuthorityRow | undefined;
  readonly lives: ReadonlyMap<string, number>;
  readonly nowSec: number;
};

/** Numbers for metrics. */
export type Counts = { issued: number; renewed: number; refused: number; revoked: number };

const DONE_SHOWN_MAX = 200;
const UNDECIDED_MS = 30 * 86_400_000;
const INVITATIONS_MAX = 10_000;
/** Applications on chain that cannot be used, so that the log says each once. */
const UNUSABLE_MAX = 10_000;
/** A key that the chain does not accept is tried again after this, and after twice as long each time. */
const PAUSE_MS = 10_000;
const PAUSE_MAX_MS = 10 * 60_000;
const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size));

export class OrganisationCa {
  readonly consortium: Consortium;
  readonly counts: Counts = { issued: 0, renewed: 0, refused: 0, revoked: 0 };
  #files: OrganisationFiles;
  #signer: Signer;
  #authority: IssuingAuthority;
  readonly #crlUrl: OrganisationCaOptions['crlUrl'];
  readonly #follow: () => Promise<void>;
  readonly #log: ApplicationLog;
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  /** Applications on their way to the chain: each once at a time. */
  readonly #underway = new Map<string, Promise<void>>();
  /** What holds an application up, so that the log says it once. */
  readonly #troubles = new Map<string, string>();
  readonly #unusable = new Set<string>();
  readonly #intake: Intake;
  readonly #pruning: Pruning;
  /** Where the next page of applications on chain begins. */
  #nextApplicant: string | undefined;
  /** Until when nothing is signed because the chain does not accept the key of the CA. */
  #pause = { untilMs: 0, lengthMs: PAUSE_MS };
  #isClosed = false;

  constructor(options: OrganisationCaOptions) {
    const { files, signer, chain, log, nowMs, crlUrl, follow } = options;
    this.#files = files;
    this.#signer = signer;
    this.#crlUrl = crlUrl;
    this.#follow = follow;
    this.#authority = this.#authorityOf(files, signer);
    this.consortium = new Consortium(chain, files.configuration.organisation, files.chainKey);
    this.#logger = log.child({ organisation: files.configuration.organisation });
    this.#nowMs = nowMs;
    this.#log = ApplicationLog.open(files.folder, nowMs());
    const { consortium, account } = this;
    this.#intake = new Intake({ log: this.#log, consortium, account, nowMs });
    this.#pruning = new Pruning(this.consortium, this.#logger, nowMs);
  }

  get files(): OrganisationFiles {
    return this.#files;
  }

  /** Key of the issuing CA. */
  get signer(): Signer {
    return this.#signer;
  }

  get authority(): IssuingAuthority {
    return this.#authority;
  }

  /** Issues with another issuing CA from now on. What the present one has issued can still be renewed. */
  replaceIssuing(issuing: Certificate, signer: Signer): void {
    const { issuing: present, earlier } = this.#files;
    this.#files = { ...this.#files, issuing, earlier: [present, ...earlier] };
    this.#signer = signer;
    this.#authority = this.#authorityOf(this.#files, signer);
  }

  /** Hands out other roots from now on. */
  replaceRoots(roots: readonly Certificate[]): void {
    this.#files = { ...this.#files, roots };
  }

  /** The issuing CA, of now or earlier, that has issued a certificate. */
  issuerOf(certificate: Certificate): Certificate | undefined {
    return [this.#files.issuing, ...this.#files.earlier].find((issuing) => isIssuedBy(certificate, issuing));
  }

  #authorityOf({ issuing }: OrganisationFiles, signer: Signer): IssuingAuthority {
    return new IssuingAuthority({ certificate: issuing, signer, random, crlUrl: this.#crlUrl(issuing) });
  }

  get account(): string {
    return this.files.configuration.organisation;
  }

  /** Number of applications that wait for a person. */
  get waiting(): number {
    return this.#log.open().filter(({ status }) => status === 'waiting').length;
  }

  /**
   * Takes a request. The same request again finds what the first one led to, so that whoever got no answer can ask anew.
   * @throws Refusal, ChainUnavailable (the request is kept)
   */
  async submit({ request: bytes, asked, invitation: secret, source, address }: Submission): Promise<Application> {
    const request = checked(bytes);
    const { policy } = this.files.configuration;
    const incoming = { request, asked, hash: secret === undefined ? undefined : hashOf(secret) };
    let judgement = this.#intake.judge(incoming, policy);
    if (judgement.kind === 'new' && judgement.chosenNode !== undefined) {
      await this.#intake.readNodes();
      judgement = this.#intake.judge(incoming, policy);
    }
    if (judgement.kind === 'known') return this.#progressOf(judgement.application.id);
    const { invitation, grant, reason } = judgement;
    if (reason !== undefined && invitation === undefined) this.#makeRoom(source, address);
    const id = toHex(random(16));
    this.#log.record({
      kind: 'received',
      id,
      at: this.#nowMs(),
      source,
      request: Buffer.from(request.der).toString('base64'),
      grant,
      approved: reason === undefined,
      ...(address === undefined ? {} : { address }),
      ...(invitation === undefined ? {} : { invitation: invitation.hash }),
      ...(reason === undefined ? {} : { reason }),
    });
    const { roles, node, account } = grant;
    this.#logger.info({ id, roles, node, account, reason }, 'request received');
    return this.#progressOf(id);
  }

  /** Makes room for one that nobody has invited. @throws Refusal when its sender has too many there */
  #makeRoom(source: Source, address: string | undefined): void {
    const waiting = this.#log
      .open()
      .filter(({ status, invitation }) => status === 'waiting' && invitation === undefined);
    const dropped = refuseFullQueue(waiting, source, address);
    if (dropped !== undefined) this.#refuse(dropped, 'too many requests wait for approval: ask for an invitation');
  }

  /**
   * Takes a request to renew the certificate that its holder has shown. Names are those of the old one.
   * @throws Refusal, ChainUnavailable
   */
  async renew(old: Certificate, bytes: Uint8Array): Promise<Application> {
    const request = checked(bytes);
    const serial = toHex(old.serial);
    const earlier = this.#log
      .ofKey(request.publicKey)
      .find(({ renews, status }) => renews === serial && status !== 'refused');
    if (earlier !== undefined) return this.#progressOf(earlier.id);
    const row = await this.requireMember(old);
    if (row.status !== 'active')
      throw new Refusal(409, 'superseded', 'this certificate was renewed already: use its successor');
    await this.#requireLonger(row);
    checkKeyFits({ roles: row.roles }, request.publicKey);
    if (!equalBytes(request.publicKey, old.publicKey)) await this.#requireNewKey(request.publicKey);
    const id = toHex(random(16));
    this.#log.record({
      kind: 'received',
      id,
      at: this.#nowMs(),
      source: 'est',
      request: Buffer.from(request.der).toString('base64'),
      grant: { roles: row.roles, node: row.node, account: row.account, hosts: hostsOf(old.names) },
      renews: serial,
      approved: true,
    });
    return this.#progressOf(id);
  }

  /**
   * The row of a certificate of this organisation that is in order now, with the roles that certificate and row agree on: the
   * certificate is signed here, the row comes from a node.
   * @throws Refusal saying what is wrong
   */
  async requireMember(certificate: Certificate): Promise<MemberRow> {
    const row = await this.consortium.member(certificate.serial);
    if (row === undefined || !equalBytes(row.digest, certificate.digest)) {
      throw new Refusal(401, 'unknown_certificate', `${this.account} has not entered this certificate on chain`);
    }
    if (row.status === 'revoked') throw new Refusal(403, 'certificate_revoked', 'this certificate is revoked');
    if (row.validUntilSec <= this.#nowMs() / 1000) {
      throw new Refusal(
        403,
        'certificate_expired',
        'this certificate has expired: ask for a new one with an invitation',
      );
    }
    await this.#requireIssuer(certificate);
    return { ...row, roles: row.roles.filter((role) => certificate.names.roles.includes(role)) };
  }

  /** An issuing CA that was replaced counts until the time that the consortium has set. @throws Refusal */
  async #requireIssuer(certificate: Certificate): Promise<void> {
    const issuer = this.issuerOf(certificate);
    const authority = issuer === undefined ? undefined : await this.consortium.authority(issuer.digest);
    const isOver = authority === undefined || authority.validUntilSec <= this.#nowMs() / 1000;
    if (!isOver && authority.status !== 'revoked') return;
    const how = isOver ? 'no longer counts' : 'is revoked';
    throw new Refusal(
      403,
      'issuer_revoked',
      `the issuing CA of this certificate ${how}: ask for a new one with an invitation`,
    );
  }

  /** @throws Refusal */
  find(id: string): Application {
    const application = this.#log.find(id);
    if (application === undefined) throw new Refusal(404, 'unknown_request', 'there is no request with this id');
    return application;
  }

  /** Requests under way, then the newest that are done. */
  queue(): Application[] {
    return [...this.#log.open().reverse(), ...this.#log.newestDone(DONE_SHOWN_MAX)];
  }

  /** @throws Refusal, ChainUnavailable */
  async approve(id: string, by: string, roles?: readonly string[]): Promise<Application> {
    const application = this.find(id);
    if (application.status !== 'waiting')
      throw new Refusal(409, 'decided', `the request is ${application.status} already`);
    const grant = roles === undefined ? application.grant : { ...application.grant, roles };
    checkGrant(grant, this.files.configuration.policy, this.account);
    checkKeyFits(grant, application.publicKey);
    this.#log.record({ kind: 'approved', id, at: this.#nowMs(), by, grant });
    this.#logger.info({ id, by }, 'request approved');
    return this.#progressOf(id);
  }

  /** @throws Refusal */
  async reject(id: string, by: string, reason: string): Promise<Application> {
    const application = this.find(id);
    if (application.status !== 'waiting' && application.status !== 'approved') {
      throw new Refusal(409, 'decided', `the request is ${application.status} already`);
    }
    const { account } = application.grant;
    if (application.source === 'chain' && account !== undefined) await this.consortium.reject(account, reason);
    this.#refuse(id, reason, by);
    return this.find(id);
  }

  /** Rejects what waits and nobody has invited, of one address or all of it. Returns how many. */
  async rejectAll(by: string, reason: string, address?: string): Promise<number> {
    const chosen = this.#log
      .open()
      .filter(
        (one) =>
          one.status === 'waiting' &&
          one.invitation === undefined &&
          (address === undefined || one.address === address),
      );
    for (const { id } of chosen) if (this.find(id).status === 'waiting') await this.reject(id, by, reason);
    return chosen.length;
  }

  /** Makes an invitation. Returns its secret, which is shown once and not kept. @throws Refusal */
  invite(
    grant: Grant,
    options: { readonly organisation?: string | undefined; readonly expiresMs: number; readonly uses: number },
  ): string {
    const { policy } = this.files.configuration;
    const refused = grant.roles.filter((role) => !policy.roles.includes(role));
    if (refused.length > 0) throw new Refusal(400, 'roles', `this CA does not give ${refused.join(', ')}`);
    if (options.organisation === undefined) checkInvitation(grant, policy, this.account);
    if (this.#log.invitations >= INVITATIONS_MAX)
      throw new Refusal(429, 'too_many', 'there are too many open invitations');
    const secret = newSecret(random);
    const { organisation, expiresMs: expires, uses } = options;
    this.#log.record({
      kind: 'invited',
      hash: hashOf(secret),
      at: this.#nowMs(),
      grant,
      expires,
      uses,
      ...(organisation === undefined ? {} : { organisation }),
    });
    return secret;
  }

  /** The invitation for an organisation that joins. @throws Refusal */
  joiningInvitation(secret: string, organisation: string): Invitation {
    const invitation = this.#intake.usable(hashOf(secret));
    if (invitation.organisation === organisation) return invitation;
    throw new Refusal(403, 'invitation', 'this invitation is not for an organisation with this account');
  }

  use(hash: string): void {
    this.#log.record({ kind: 'used', hash, at: this.#nowMs() });
  }

  /** Revokes a certificate. Resolves when that is final. @throws Refusal */
  async revoke(serial: Uint8Array, reason: number): Promise<MemberRow> {
    const row = await this.consortium.member(serial);
    if (row === undefined)
      throw new Refusal(404, 'unknown_certificate', `${this.account} has issued no certificate with this serial`);
    if (row.status !== 'revoked') {
      await this.consortium.revoke(serial, reason);
      this.counts.revoked++;
      this.#logger.info({ serial: toHex(serial), reason }, 'certificate revoked');
    }
    return (await this.consortium.member(serial)) ?? row;
  }

  /** Goes on with what waits for the chain, and takes what was applied for on chain. Never throws. */
  async tick(): Promise<void> {
    try {
      const page = await this.consortium.applications(this.#nextApplicant);
      for (const application of page.applications) await this.#takeFromChain(application);
      this.#nextApplicant = page.next;
      for (const { id, status, receivedMs } of this.#log.open()) {
        if (this.#isClosed) return;
        if (receivedMs < this.#nowMs() - UNDECIDED_MS && status !== 'signed')
          this.#refuse(id, 'nothing came of it for 30 days');
        else if (status !== 'waiting') await this.#proceed(id).catch(() => {});
      }
      if (!this.#isClosed) await this.#pruning.proceed();
    } catch (error) {
      this.#logger.debug({ err: error }, 'the chain could not be asked');
    }
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#underway.values());
    this.#log.close();
  }

  async #takeFromChain({ applicant, subjectKey, node, roles, request, expiresSec }: ChainApplication): Promise<void> {
    const mark = `${applicant} ${toHex(subjectKey)}`;
    if (request.length === 0 || this.#unusable.has(mark) || expiresSec <= this.#nowMs() / 1000) return;
    if (this.#log.ofKey(subjectKey).length > 0) return;
    try {
      const { publicKey } = checkRequest(request);
      if (!equalBytes(publicKey, subjectKey)) return;
      await this.submit({ request, asked: { roles, node, account: applicant }, source: 'chain' });
    } catch (error) {
      if (error instanceof ChainUnavailable) throw error;
      if (this.#unusable.size >= UNUSABLE_MAX) this.#unusable.clear();
      this.#unusable.add(mark);
      this.#logger.info({ applicant, err: error }, 'an application on chain cannot be used');
    }
  }

  /** Where an application stands, after the step that can be done now. @throws ChainUnavailable */
  async #progressOf(id: string): Promise<Application> {
    const { status } = this.find(id);
    if (status === 'approved' || status === 'signed') await this.#proceed(id);
    return this.find(id);
  }

  #proceed(id: string): Promise<void> {
    const running = this.#underway.get(id);
    if (running !== undefined) return running;
    const work = this.#issue(id).finally(() => this.#underway.delete(id));
    this.#underway.set(id, work);
    return work;
  }

  async #issue(id: string): Promise<void> {
    try {
      await this.#advance(id).catch(async (error: unknown) => {
        if (!(error instanceof AuthorityReplaced)) throw error;
        // Whoever asks in the moment of a rotation gets the certificate of the new CA.
        await this.#follow();
        await this.#advance(id);
      });
      this.#troubles.delete(id);
    } catch (error) {
      if (error instanceof Refusal || error instanceof CertificateError) return this.#refuse(id, error.message);
      const { message } = error as Error;
      if (this.#troubles.get(id) !== message)
        this.#logger.warn({ id, err: error }, 'a certificate cannot be issued now');
      this.#troubles.set(id, message);
      throw error;
    }
  }

  async #advance(id: string): Promise<void> {
    if (this.find(id).status === 'approved') await this.#sign(id);
    if (this.find(id).status === 'signed') await this.#enter(id);
  }

  async #sign(id: string): Promise<void> {
    const { grant, publicKey, renews } = this.find(id);
    if (this.#nowMs() < this.#pause.untilMs)
      throw new ChainUnavailable(`the CA of ${this.account} may not write on chain now`);
    const bounds = await this.#bounds();
    const { organisation, authority, nowSec } = bounds;
    if (organisation === undefined || organisation.status !== 'active' || organisation.validUntilSec <= nowSec) {
      throw new ChainUnavailable(`${this.account} is not an active organisation of this consortium now`);
    }
    if (authority === undefined || authority.status !== 'active' || authority.validUntilSec <= nowSec) {
      throw new AuthorityReplaced(
        `the issuing CA of ${this.account} is not active on chain: was it replaced or revoked?`,
      );
    }
    const outside = grant.roles.filter((role) => !organisation.scope.includes(role));
    if (outside.length > 0)
      throw new Refusal(403, 'roles', `the consortium does not let ${this.account} give ${outside.join(', ')}`);
    if (renews === undefined) {
      const usage = await this.consortium.usage();
      if (usage.active >= organisation.quota) {
        throw new Refusal(403, 'quota', `${this.account} has used its quota of ${organisation.quota} certificates`);
      }
      await this.#requireNewKey(publicKey);
      if (grant.account !== undefined && !(await this.#hasApplied(grant.account, publicKey))) return;
    }
    const lifeSec = this.#lifeOf(grant.roles, bounds);
    const nowMs = nowSec * 1000;
    const old = renews === undefined ? undefined : await this.consortium.member(Buffer.from(renews, 'hex'));
    if (old !== undefined) requireLonger(old, this.authority.endOf(lifeSec, nowMs));
    const certificate = await this.authority.issue(publicKey, { ...grant, lifeSec, nowMs });
    // Somebody may have turned it down in the meantime.
    if (this.find(id).status !== 'approved') return;
    this.#log.record({
      kind: 'signed',
      id,
      at: this.#nowMs(),
      certificate: Buffer.from(certificate).toString('base64'),
    });
  }

  /** What the chain says now of whoever issues. */
  async #bounds(): Promise<Bounds> {
    const [organisation, lives, authority] = await Promise.all([
      this.consortium.organisation(),
      this.consortium.roleLives(),
      this.consortium.authority(this.files.issuing.digest),
    ]);
    return { organisation, lives, authority, nowSec: Math.floor(this.#nowMs() / 1000) };
  }

  /** The life that a certificate with these roles would get. @throws Refusal */
  #lifeOf(roles: readonly string[], { organisation, authority, lives, nowSec }: Bounds): number {
    const ends = [organisation?.validUntilSec, authority?.validUntilSec].map((endSec) => (endSec ?? nowSec) - nowSec);
    return Math.min(lifeOf(roles, this.files.configuration.policy, lives), ...ends);
  }

  /**
   * A successor must outlive what it replaces: the chain shortens the old one, and its holder would have nothing better.
   * @throws Refusal
   */
  async #requireLonger(row: MemberRow): Promise<void> {
    const bounds = await this.#bounds();
    // A CA that is being replaced has not its last word yet.
    if (bounds.organisation === undefined || bounds.authority?.status !== 'active') return;
    requireLonger(row, this.authority.endOf(this.#lifeOf(row.roles, bounds), bounds.nowSec * 1000));
  }

  async #enter(id: string): Promise<void> {
    const { certificate: der, renews } = this.find(id);
    const certificate = parseCertificate(der!);
    const issuing = this.issuerOf(certificate) ?? this.files.issuing;
    const known = await this.consortium.member(certificate.serial);
    try {
      if (known === undefined) {
        if (renews === undefined) await this.consortium.issue(issuing, certificate);
        else await this.consortium.renew(issuing, Buffer.from(renews, 'hex'), certificate);
      } else {
        // It got there before a crash, or before the connection was lost.
        await this.consortium.seenIsFinal();
      }
    } catch (error) {
      if (!(error instanceof ChainRefusal)) throw error;
      // An earlier attempt may have got there in between.
      const entered = await this.consortium.member(certificate.serial);
      if (entered === undefined) return await this.#afterRefusal(id, issuing, error);
      await this.consortium.seenIsFinal();
    }
    this.#log.record({ kind: 'entered', id, at: this.#nowMs() });
    this.#pause = { untilMs: 0, lengthMs: PAUSE_MS };
    this.#intake.gave(certificate.names.nodes[0]);
    for (const other of this.#log.ofKey(certificate.publicKey)) {
      if (other.status === 'waiting') this.#refuse(other.id, 'another request with this key was approved');
    }
    this.counts[renews === undefined ? 'issued' : 'renewed']++;
    this.#logger.info({ id, serial: toHex(certificate.serial), renews }, 'certificate issued');
  }

  /** The chain does not take a certificate: it is forgotten. Where the CA is to blame, the request stays. */
  async #afterRefusal(id: string, issuing: Certificate, error: ChainRefusal): Promise<void> {
    const authority = await this.consortium.authority(issuing.digest);
    this.#log.record({ kind: 'forgotten', id, at: this.#nowMs() });
    if (authority?.status !== 'active') {
      throw new AuthorityReplaced(`the issuing CA of ${this.account} was replaced in the meantime`);
    }
    if (error.isUnauthorized) {
      const { lengthMs } = this.#pause;
      this.#pause = { untilMs: this.#nowMs() + lengthMs, lengthMs: Math.min(2 * lengthMs, PAUSE_MAX_MS) };
      this.#logger.error({ id, err: error }, `the chain does not accept the key in chain.key for ${this.account}@ca`);
      throw new ChainUnavailable(`the CA of ${this.account} may not write on chain now`);
    }
    throw new Refusal(403, 'chain', `the chain has refused the certificate: ${error.message}`);
  }

  /** An account becomes a member of its own will alone: it has to have applied with this key. */
  async #hasApplied(account: string, publicKey: PublicKey): Promise<boolean> {
    const application = await this.consortium.application(account);
    const isUsable = application !== undefined && application.expiresSec > this.#nowMs() / 1000;
    return isUsable && equalBytes(application.subjectKey, publicKey);
  }

  async #requireNewKey(publicKey: PublicKey): Promise<void> {
    const row = await this.consortium.memberByKey(publicKey);
    if (row === undefined || row.status === 'revoked' || row.validUntilSec <= this.#nowMs() / 1000) return;
    if (!equalBytes(row.subjectKey, publicKey)) return;
    throw new Refusal(409, 'duplicate_key', 'this key has a certificate: renew that one, or use a new key');
  }

  #refuse(id: string, reason: string, by?: string): void {
    this.#log.record({ kind: 'refused', id, at: this.#nowMs(), reason, ...(by === undefined ? {} : { by }) });
    this.#troubles.delete(id);
    this.counts.refused++;
    this.#logger.info({ id, reason, by }, 'request refused');
  }
}

/** Why an approved application has no certificate yet, where it waits for its account. */
export function howToApply(organisation: string, { grant, publicKey, request }: Application): string {
  const data = JSON.stringify({
    applicant: grant.account,
    organisation,
    subject_key: formatPublicKey(publicKey),
    node: grant.node ?? '',
    roles: roleNames(grant.roles),
    request: toHex(request),
  });
  return `${grant.account} has to apply on chain with this key: snapscale push action snap.ca apply '${data}' -p ${grant.account}`;
}

/** @throws Refusal when a successor would not live longer than the certificate that it replaces */
function requireLonger({ validUntilSec }: MemberRow, endSec: number): void {
  if (endSec > validUntilSec) return;
  const [end, present] = [endSec, validUntilSec].map((sec) => new Date(sec * 1000).toISOString());
  throw new Refusal(
    409,
    'not_longer',
    `a successor would end at ${end}, not later than the present certificate (${present}): keep that one. Lives are bounded by the policy of the CA, its organisation and its issuing CA`,
  );
}

function checked(bytes: Uint8Array) {
  try {
    return checkRequest(bytes);
  } catch (error) {
    if (error instanceof CertificateError) throw new Refusal(400, error.code, error.message);
    throw error;
  }
}

/** Secrets have 160 random bits: a plain hash does not help to guess them. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
