/**
 * A certificate authority for tests of commands: its certificates are real, its rules the least that commands have to meet. It
 * enters what it issues on a chain where it is given one.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ApplicationAnswer,
  type CertificateApplication,
  formatInvitationCode,
  type InvitationTerms,
  type JoiningOrganisation,
  type OrganisationApplication,
  parseInvitationCode,
  type QueuedApplication,
} from '@snapscale/api';
import { formatPublicKey, generatePrivateKey, toHex } from '@snapscale/crypto';
import {
  type Certificate,
  checkRequest,
  createIssuing,
  createRoot,
  decodeBase64,
  decodePem,
  encodeBase64,
  encodeCertsOnly,
  encodePem,
  IssuingAuthority,
  parseCertificate,
  signerOf,
} from '@snapscale/sdk/certificates';

/** What may do everything at such a CA, unless it is told otherwise. */
export const fakeSecret = 'ADMINSECRET';

/** A certificate that was issued, as the chain is told. */
export type Issued = {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly grant: { readonly roles: readonly string[]; readonly node?: string; readonly account?: string };
};

const random = (size: number) => new Uint8Array(randomBytes(size));
const YEAR_SEC = 365 * 86_400;

/** The CA of one organisation, and of the root. */
export class FakeCa {
  readonly organisation: string;
  readonly root: Certificate;
  readonly issuing: Certificate;
  readonly #rootSigner: ReturnType<typeof signerOf>;
  readonly #authority: IssuingAuthority;
  readonly #server: Server;
  readonly #invitations = new Map<string, InvitationTerms & { left: number }>();
  readonly #queue = new Map<string, QueuedApplication & { readonly application: CertificateApplication }>();
  readonly #joining: JoiningOrganisation[] = [];
  readonly revoked: string[] = [];
  /** Called for each certificate before it is handed out. */
  enter: (issued: Issued) => void = () => undefined;
  /** What may do everything here. */
  secret = fakeSecret;
  /** Certificates that it may still issue. */
  quota = 100;

  private constructor(
    organisation: string,
    root: Certificate,
    rootSigner: ReturnType<typeof signerOf>,
    authority: IssuingAuthority,
  ) {
    this.organisation = organisation;
    this.root = root;
    this.issuing = authority.certificate;
    this.#rootSigner = rootSigner;
    this.#authority = authority;
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(({ status, body }) => {
        response.writeHead(status, {
          'content-type': status < 300 ? 'application/json' : 'application/problem+json',
        });
        response.end(typeof body === 'string' ? body : JSON.stringify(body));
      });
    });
  }

  static async start(organisation: string): Promise<FakeCa> {
    const newSigner = () => signerOf(generatePrivateKey('R1', random(32)));
    const [rootSigner, signer] = [newSigner(), newSigner()];
    const nowMs = Date.now();
    const root = parseCertificate(await createRoot({ title: 'Test root', signer: rootSigner, nowMs, random }));
    const der = await createIssuing({
      root,
      signer: rootSigner,
      organisation,
      title: organisation,
      publicKey: signer.publicKey,
      nowMs,
      random,
    });
    const authority = new IssuingAuthority({ certificate: parseCertificate(der), signer, random });
    const ca = new FakeCa(organisation, root, rootSigner, authority);
    await new Promise<void>((resolve) => ca.#server.listen(0, '127.0.0.1', resolve));
    return ca;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString('utf8');
    const body = text.startsWith('{') ? JSON.parse(text) : {};
    const [, , , ...path] = (request.url ?? '').split('/');
    if (path.includes('simplereenroll')) return { status: 200, body: await this.#renew(text) };
    try {
      const isOperator = request.headers.authorization === `Bearer ${this.secret}`;
      return { status: 200, body: await this.#route(request.method ?? 'GET', path, body, isOperator) };
    } catch (error) {
      if (!(error instanceof Refusal)) return problem(500, 'failed', String(error));
      return problem(error.status, error.code, error.message);
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: bodies of several routes, made by the commands under test
  async #route(method: string, path: readonly string[], body: any, isOperator: boolean): Promise<unknown> {
    const [organisation, what, id, decision] = path;
    const operator = () => {
      if (!isOperator) throw new Refusal(401, 'missing', 'this needs an operator');
    };
    if (organisation === 'organisations') {
      const certificate = encodePem('CERTIFICATE', this.issuing.der);
      const policy = { approval: 'invitation', roles: [], lives: {} };
      return [{ account: this.organisation, title: this.organisation, certificate, roots: this.#roots(), policy }];
    }
    if (organisation === 'root') return method === 'GET' ? this.#joining : this.#join(body);
    if (organisation !== this.organisation) throw new Refusal(404, 'no_such_organisation', 'not here');
    if (what === 'requests' && id === undefined) {
      if (method === 'POST') return this.#apply(body);
      operator();
      return [...this.#queue.values()];
    }
    if (what === 'requests' && id !== undefined) {
      const queued = this.#queue.get(id);
      if (queued === undefined) throw new Refusal(404, 'unknown_request', `there is no request ${id}`);
      if (decision === undefined) return queued;
      operator();
      const answer: ApplicationAnswer =
        decision === 'approve'
          ? await this.#issue(id, queued.application, body.roles ?? queued.roles)
          : { id, status: 'refused', reason: body.reason ?? 'an operator said no' };
      this.#queue.set(id, { ...queued, ...answer });
      return answer;
    }
    operator();
    if (what === 'rejections') return this.#rejectAll(body.address);
    if (what === 'invitations') return this.#invite(body);
    this.revoked.push(`${id} ${body.reason}`);
    return { serial: id, status: 'revoked' };
  }

  #rejectAll(address: string | undefined): unknown {
    const chosen = [...this.#queue.values()].filter(
      (one) => one.status === 'waiting' && (address === undefined || one.address === address),
    );
    for (const one of chosen) this.#queue.set(one.id, { ...one, status: 'refused' });
    return { rejected: chosen.length };
  }

  #invite(terms: InvitationTerms): unknown {
    const secret = toHex(random(10))
      .replace(/[0189]/g, 'A')
      .toUpperCase();
    this.#invitations.set(secret, { ...terms, left: terms.uses ?? 1 });
    const code = { organisation: this.organisation, secret, url: this.url, peers: [] };
    return { code: formatInvitationCode(code), expires: terms.expires };
  }

  #take(secret: string): InvitationTerms {
    const found = this.#invitations.get(secret);
    if (found === undefined) throw new Refusal(401, 'invitation', 'there is no such invitation');
    if (found.expires !== undefined && Date.parse(found.expires) <= Date.now()) {
      throw new Refusal(401, 'invitation', `the invitation has expired at ${found.expires}`);
    }
    if (found.left === 0) throw new Refusal(401, 'invitation', 'the invitation was used');
    found.left -= 1;
    return found;
  }

  async #apply(application: CertificateApplication): Promise<ApplicationAnswer> {
    const id = toHex(random(8));
    if (application.invitation !== undefined) {
      const terms = this.#take(application.invitation);
      return this.#issue(id, { ...application, ...terms }, terms.roles);
    }
    const { publicKey } = checkRequest(decodePem(application.request, 'CERTIFICATE REQUEST'));
    const { request: _request, invitation: _invitation, roles = ['client'], ...names } = application;
    const waiting = { id, status: 'waiting', reason: 'an operator must approve it' } as const;
    const received = new Date().toISOString();
    const subject_key = formatPublicKey(publicKey);
    this.#queue.set(id, { ...waiting, ...names, received, subject_key, roles, unsigned: [], application });
    return waiting;
  }

  async #issue(
    id: string,
    { request, node, account, hosts }: CertificateApplication,
    roles: readonly string[],
  ): Promise<ApplicationAnswer> {
    if (this.quota === 0) throw new Refusal(409, 'quota', `${this.organisation} has used its quota`);
    this.quota -= 1;
    const { publicKey } = checkRequest(decodePem(request, 'CERTIFICATE REQUEST'));
    const grant = {
      roles,
      ...(node === undefined ? {} : { node }),
      ...(account === undefined ? {} : { account }),
      ...(hosts === undefined ? {} : { hosts }),
    };
    const der = await this.#authority.issue(publicKey, { ...grant, lifeSec: 29 * 86_400, nowMs: Date.now() });
    this.enter({ certificate: parseCertificate(der), issuer: this.issuing, grant });
    const certificate = encodePem('CERTIFICATE', der) + encodePem('CERTIFICATE', this.issuing.der);
    return { id, status: 'issued', certificate, authorities: this.#roots() };
  }

  /** EST: the certificate, as base64 of a bundle. Who asks is not looked at. */
  async #renew(text: string): Promise<string> {
    const { publicKey, names } = checkRequest(decodeBase64(text, 'request'));
    const grant = { roles: names.roles, account: names.accounts[0], lifeSec: 30 * 86_400, nowMs: Date.now() };
    const der = await this.#authority.issue(publicKey, grant);
    return encodeBase64(encodeCertsOnly([der, this.issuing.der]));
  }

  async #join({ request, organisation, title, invitation }: OrganisationApplication): Promise<unknown> {
    if (this.#take(parseInvitationCode(invitation)?.secret ?? invitation).organisation !== organisation) {
      throw new Refusal(401, 'invitation', 'the invitation is for another organisation');
    }
    const { publicKey } = checkRequest(decodePem(request, 'CERTIFICATE REQUEST'));
    const der = await createIssuing({
      root: this.root,
      signer: this.#rootSigner,
      organisation,
      title,
      publicKey,
      nowMs: Date.now(),
      lifeSec: YEAR_SEC,
      random,
    });
    const answer = { organisation, title, certificate: encodePem('CERTIFICATE', der), roots: this.#roots() };
    this.#joining.push({ ...answer, invited_by: this.organisation, received: new Date().toISOString() });
    return answer;
  }

  #roots(): string[] {
    return [encodePem('CERTIFICATE', this.root.der)];
  }
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

function problem(status: number, code: string, detail: string): { status: number; body: unknown } {
  return { status, body: { type: `urn:snap:problem:${code}`, title: code, status, detail, code } };
}
