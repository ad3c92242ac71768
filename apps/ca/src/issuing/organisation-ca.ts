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
import { Consortium, type MemberRow, roleNames } from '../chain/consortium.js';
import { AuthorityReplaced, ChainRefusal, ChainUnavailable, Refusal } from '../failures.js';
import type { OrganisationFiles } from '../files/ca-files.js';
import type { Application, Grant, Invitation, Source } from './application.js';
import { ApplicationLog } from './application-log.js';
import { askedGrant, checkGrant, checkKeyFits, hostsOf, invitedGrant, lifeOf } from './grant-rules.js';

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
};

/** Numbers for metrics. */
export type Counts = { issued: number; renewed: number; refused: number; revoked: number };

const WAITING_MAX = 1000;
const DONE_SHOWN_MAX = 200;
const UNDECIDED_MS = 30 * 86_400_000;
const INVITATIONS_MAX = 10_000;
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
  async submit({ request: bytes, asked, invitation: secret, source }: Submission): Promise<Application> {
    const request = checked(bytes);
    const earlier = this.#log.byKey(request.publicKey);
    if (earlier !== undefined && earlier.status !== 'refused') {
      if (equalBytes(earlier.request, request.der)) return this.#progressOf(earlier.id);
      if (earlier.status !== 'issued') {
        throw new Refusal(
          409,
          'duplicate_key',
          'another request with this key is under way: send the same request again, or use a new key',
        );
      }
    }
    const invitation = secret === undefined ? undefined : this.#invitationOf(secret);
    const wanted = askedGrant(asked, request.names);
    const grant = invitation === undefined ? wanted : invitedGrant(invitation.grant, wanted);
    const { policy } = this.files.configuration;
    checkGrant(grant, policy);
    checkKeyFits(grant, request.publicKey);
    const isAutomatic = grant.roles.every((role) => policy.automatic.includes(role));
    const approved = isAutomatic || (invitation !== undefined && policy.approval === 'invitation');
    if (!approved && this.waiting >= WAITING_MAX) {
      throw new Refusal(
        429,
        'queue_full',
        `${WAITING_MAX} requests wait for approval already: ask an operator for an invitation`,
      );
    }
    const id = random(16);
    this.#log.record({
      kind: 'received',
      id: toHex(id),
      at: this.#nowMs(),
      source,
      request: Buffer.from(request.der).toString('base64'),
      grant,
      approved,
      ...(invitation === undefined ? {} : { invitation: invitation.hash }),
      ...(approved ? {} : { reason: 'an operator has to approve it' }),
    });
    this.#logger.info(
      { id: toHex(id), roles: grant.roles, node: grant.node, account: grant.account, approved },
      'request received',
    );
    return this.#progressOf(toHex(id));
  }

  /**
   * Takes a request to renew the certificate that its holder has shown. Names are those of the old one.
   * @throws Refusal, ChainUnavailable
   */
  async renew(old: Certificate, bytes: Uint8Array): Promise<Application> {
    const request = checked(bytes);
    const serial = toHex(old.serial);
    const earlier = this.#log.byKey(request.publicKey);
    if (earlier !== undefined && earlier.renews === serial && earlier.status !== 'refused') {
      return this.#progressOf(earlier.id);
    }
    const row = await this.requireMember(old);
    if (row.status !== 'active')
      throw new Refusal(409, 'superseded', 'this certificate was renewed already: use its successor');
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

  /** The row of a certificate of this organisation that is in order now. @throws Refusal saying what is wrong */
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
    return row;
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
    checkGrant(grant, this.files.configuration.policy);
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

  /** Makes an invitation. Returns its secret, which is shown once and not kept. @throws Refusal */
  invite(
    grant: Grant,
    options: { readonly organisation?: string | undefined; readonly expiresMs: number; readonly uses: number },
  ): string {
    const { policy } = this.files.configuration;
    const refused = grant.roles.filter((role) => !policy.roles.includes(role));
    if (refused.length > 0) throw new Refusal(400, 'roles', `this CA does not give ${refused.join(', ')}`);
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
    const invitation = this.#invitationOf(secret);
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
      for (const application of await this.consortium.applications()) await this.#takeFromChain(application);
      for (const { id, status, receivedMs } of this.#log.open()) {
        if (this.#isClosed) return;
        if (receivedMs < this.#nowMs() - UNDECIDED_MS && status !== 'signed')
          this.#refuse(id, 'nothing came of it for 30 days');
        else if (status !== 'waiting') await this.#proceed(id).catch(() => {});
      }
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

  async #takeFromChain(application: Awaited<ReturnType<Consortium['applications']>>[number]): Promise<void> {
    const { applicant, subjectKey, node, roles, request, expiresSec } = application;
    const known = this.#log.byKey(subjectKey);
    if (request.length === 0 || known !== undefined || expiresSec <= this.#nowMs() / 1000) return;
    try {
      const { publicKey } = checkRequest(request);
      if (!equalBytes(publicKey, subjectKey)) return;
      await this.submit({ request, asked: { roles, node, account: applicant }, source: 'chain' });
    } catch (error) {
      if (error instanceof ChainUnavailable) throw error;
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
    const [organisation, usage, lives, authority] = await Promise.all([
      this.consortium.organisation(),
      this.consortium.usage(),
      this.consortium.roleLives(),
      this.consortium.authority(this.files.issuing.digest),
    ]);
    const nowSec = Math.floor(this.#nowMs() / 1000);
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
      if (usage.active >= organisation.quota) {
        throw new Refusal(403, 'quota', `${this.account} has used its quota of ${organisation.quota} certificates`);
      }
      await this.#requireNewKey(publicKey);
      if (grant.account !== undefined && !(await this.#hasApplied(grant.account, publicKey))) return;
    }
    const endSec = Math.min(organisation.validUntilSec, authority.validUntilSec);
    const lifeSec = Math.min(lifeOf(grant.roles, this.files.configuration.policy, lives), endSec - nowSec);
    const certificate = await this.authority.issue(publicKey, { ...grant, lifeSec, nowMs: nowSec * 1000 });
    // Somebody may have turned it down in the meantime.
    if (this.find(id).status !== 'approved') return;
    this.#log.record({
      kind: 'signed',
      id,
      at: this.#nowMs(),
      certificate: Buffer.from(certificate).toString('base64'),
    });
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

  #invitationOf(secret: string): Invitation {
    const invitation = this.#log.invitation(hashOf(secret));
    if (invitation === undefined) throw new Refusal(401, 'invitation', 'the invitation is not known here');
    if (invitation.expiresMs <= this.#nowMs()) throw new Refusal(401, 'invitation', 'the invitation has expired');
    if (invitation.usesLeft <= 0) throw new Refusal(401, 'invitation', 'the invitation has been used');
    return invitation;
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
