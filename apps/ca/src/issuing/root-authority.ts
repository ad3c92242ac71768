/**
 * The root of the consortium, only where its key is: signs the issuing CA of an organisation that a member has invited, and has
 * that member propose its admission. Nothing comes of it until the organisations have approved: a certificate of the root
 * alone lets nobody in.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { JoiningOrganisation, OrganisationAnswer } from '@snapscale/api';
import { equalBytes, type PublicKey } from '@snapscale/crypto';
import {
  type Certificate,
  CertificateError,
  checkRequest,
  createIssuing,
  encodePem,
  parseCertificate,
  parseVouchedRequest,
  type Signer,
  verifySignature,
} from '@snapscale/sdk/certificates';
import type { Logger } from 'pino';
import { Refusal } from '../failures.js';
import { Journal } from '../files/journal.js';
import type { OrganisationCa } from './organisation-ca.js';

/** An organisation that wants to join. */
export type JoiningRequest = {
  /** PKCS#10 in DER. */
  readonly request: Uint8Array;
  readonly organisation: string;
  readonly title: string;
  /** Secret of the invitation, and the member that made it. */
  readonly secret: string;
  readonly member: OrganisationCa;
};

/** A line of the journal. */
type Joined = {
  readonly at: number;
  readonly organisation: string;
  readonly title: string;
  readonly invitedBy: string;
  /** PKCS#10 and certificate, base64. */
  readonly request: string;
  readonly certificate: string;
};

const accountForm = /^(?=.{1,12}$)[a-z1-5]+(?:\.[a-z1-5]+)*$/;
const titleForm = /^[\x20-\x7e]{1,64}$/;

export class RootAuthority {
  #certificate: Certificate;
  #signer: Signer;
  readonly #journal: Journal<Joined>;
  readonly #joined = new Map<string, Joined>();
  #admitting: Promise<unknown> = Promise.resolve();
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #crlUrl: (root: Certificate) => string | undefined;
  readonly #roots: () => readonly Certificate[];

  constructor(options: {
    readonly folder: string;
    readonly certificate: Certificate;
    readonly signer: Signer;
    readonly log: Logger;
    readonly nowMs: () => number;
    /** Where the revocation list of a root is. */
    readonly crlUrl: (root: Certificate) => string | undefined;
    /** All roots of the consortium, as far as they are known here. */
    readonly roots: () => readonly Certificate[];
  }) {
    this.#certificate = options.certificate;
    this.#signer = options.signer;
    this.#roots = options.roots;
    this.#log = options.log;
    this.#nowMs = options.nowMs;
    this.#crlUrl = options.crlUrl;
    const { journal, events } = Journal.open<Joined>(join(options.folder, 'joining.jsonl'));
    this.#journal = journal;
    for (const event of events) this.#joined.set(event.organisation, event);
  }

  get certificate(): Certificate {
    return this.#certificate;
  }

  get signer(): Signer {
    return this.#signer;
  }

  /** Signs as another root from now on. */
  replace(certificate: Certificate, signer: Signer): void {
    this.#certificate = certificate;
    this.#signer = signer;
  }

  /** Signs an issuing CA. It counts for nothing until the consortium has it. Returns DER. */
  sign(organisation: string, title: string, publicKey: PublicKey): Promise<Uint8Array> {
    return createIssuing({
      root: this.#certificate,
      signer: this.#signer,
      organisation,
      title,
      publicKey,
      nowMs: this.#nowMs(),
      random: (size) => new Uint8Array(randomBytes(size)),
      crlUrl: this.#crlUrl(this.#certificate),
    });
  }

  /**
   * Signs the next issuing CA of an organisation of the consortium, whose present one has signed the request. The organisation
   * has to propose it itself. Returns DER.
   * @throws Refusal
   */
  async signNext(text: string, member: OrganisationCa): Promise<Uint8Array> {
    const { der, signature } = parseVouchedRequest(text);
    const request = checkedRequest(der);
    const [organisation = '', ...more] = request.names.organisations;
    const title = more.length > 0 ? undefined : await member.consortium.titleOf(organisation);
    if (title === undefined) {
      throw new Refusal(
        403,
        'unknown_organisation',
        `${organisation || 'the name that is missing'} is no organisation of the consortium: invite it`,
      );
    }
    const isVouched = (await member.consortium.authorities()).some(
      (row) =>
        row.organisation === organisation &&
        row.status === 'active' &&
        row.validUntilSec > this.#nowMs() / 1000 &&
        verifySignature(parseCertificate(row.der).publicKey, request.der, signature),
    );
    if (!isVouched) {
      throw new Refusal(403, 'not_vouched', `the present issuing CA of ${organisation} has not signed this request`);
    }
    this.#log.info({ organisation, by: member.account }, 'the root signs the next issuing CA');
    return this.sign(organisation, title, request.publicKey);
  }

  /**
   * Signs the issuing CA of an invited organisation and proposes its admission. The same request again gives the same certificate.
   * @throws Refusal
   */
  admit(joining: JoiningRequest): Promise<OrganisationAnswer> {
    // One after the other: an invitation is looked at, and used, by one at a time.
    const done = this.#admitting.then(() => this.#admit(joining));
    this.#admitting = done.catch(() => {});
    return done;
  }

  async #admit(joining: JoiningRequest): Promise<OrganisationAnswer> {
    const { organisation, title, secret, member } = joining;
    if (!accountForm.test(organisation))
      throw new Refusal(400, 'account', 'organisation must be the name of an account');
    if (!titleForm.test(title)) throw new Refusal(400, 'title', 'a title has 1 to 64 printable characters of ASCII');
    const request = checkedRequest(joining.request);
    const earlier = this.#joined.get(organisation);
    if (earlier !== undefined && equalBytes(Buffer.from(earlier.request, 'base64'), request.der)) {
      return this.#answer(earlier);
    }
    const invitation = member.joiningInvitation(secret, organisation);
    // Before anything else: two at once would both find it unused.
    member.use(invitation.hash);
    const der = await this.sign(organisation, title, request.publicKey);
    const joined: Joined = {
      at: this.#nowMs(),
      organisation,
      title,
      invitedBy: member.account,
      request: Buffer.from(request.der).toString('base64'),
      certificate: Buffer.from(der).toString('base64'),
    };
    // Used first: after a crash in between, it is of no use to anybody, and never to two.
    this.#journal.append(joined);
    this.#joined.set(organisation, joined);
    this.#log.info({ organisation, invitedBy: member.account }, 'the root has signed an issuing CA');
    await this.#propose(joined, member);
    return this.#answer(joined);
  }

  /** Organisations whose issuing CA was signed. */
  joining(): JoiningOrganisation[] {
    return [...this.#joined.values()].map((joined) => ({
      ...this.#answer(joined),
      invited_by: joined.invitedBy,
      received: new Date(joined.at).toISOString(),
    }));
  }

  close(): void {
    this.#journal.close();
  }

  /** With the inviting member's own terms. Where its key may not propose, people do. */
  async #propose({ organisation, title, certificate }: Joined, member: OrganisationCa): Promise<void> {
    try {
      const own = await member.consortium.organisation();
      if (own === undefined) return;
      const issuing = parseCertificate(Buffer.from(certificate, 'base64'));
      await member.consortium.proposeAdmission(organisation, title, own.terms, issuing);
      this.#log.info({ organisation, by: member.account }, 'admission proposed');
    } catch (error) {
      this.#log.warn(
        { organisation, err: error },
        `the admission could not be proposed: let ${member.account} propose it (snapscale org admit)`,
      );
    }
  }

  #allRoots(): Certificate[] {
    const others = this.#roots().filter(({ der }) => !equalBytes(der, this.#certificate.der));
    return [this.#certificate, ...others];
  }

  #answer({ organisation, title, certificate }: Joined): OrganisationAnswer {
    return {
      organisation,
      title,
      certificate: encodePem('CERTIFICATE', Buffer.from(certificate, 'base64')),
      roots: this.#allRoots().map(({ der }) => encodePem('CERTIFICATE', der)),
    };
  }
}

function checkedRequest(der: Uint8Array) {
  try {
    const request = checkRequest(der);
    // TLS has to follow the chain.
    if (request.publicKey[0] !== 1) throw new Refusal(400, 'weak_key', 'an issuing CA needs a P-256 key');
    return request;
  } catch (error) {
    if (error instanceof CertificateError) throw new Refusal(400, error.code, error.message);
    throw error;
  }
}
