/** Calls to a certificate authority, and what its refusals mean to a user. */
import {
  type ApplicationAnswer,
  type ApplicationDecision,
  type CaOrganisation,
  type CaProblem,
  type CertificateApplication,
  caPaths,
  type Fetch,
  type FetchAnswer,
  type Invitation,
  type InvitationTerms,
  type IssuedCertificate,
  type JoiningOrganisation,
  type OrganisationAnswer,
  type OrganisationApplication,
  type QueuedApplication,
  type RejectionOrder,
  type RotationOrder,
  type RotationState,
  type SignedAuthority,
  type SigningOrder,
} from '@snapscale/api';
import { CommandError, exitCodes } from '../program/failures.js';
import { printable } from '../terminal/style.js';

/** Exit codes of refusals, by status. */
const exitCodeOfStatus: Readonly<Record<number, number>> = {
  400: exitCodes.usage,
  401: exitCodes.unauthorized,
  403: exitCodes.unauthorized,
  404: exitCodes.notFound,
  410: exitCodes.unauthorized,
  429: exitCodes.unreachable,
  502: exitCodes.unreachable,
  503: exitCodes.unreachable,
};

const newInvitation =
  'Copy the whole code as it was given, or ask an operator of the CA for a new one: snapscale member invite';
const operator =
  'It takes the secret of the CA (--ca-secret FILE) or an identity with the role ca-operator (--identity NAME).';

const hints: Readonly<Record<string, string>> = {
  invitation: newInvitation,
  missing: operator,
  role: operator,
  quota: 'Revoke certificates that are not needed (snapscale member revoke), or propose a greater quota.',
  rotation_open: 'How it stands: snapscale org rotate --status. To give it up: snapscale org rotate --give-up',
  unknown_request: 'Requests that wait: snapscale member list --waiting',
};

/** What is sent as `Authorization` with a request that needs an operator. */
export type Operator = (request: {
  readonly method: string;
  readonly target: string;
  readonly body: Uint8Array;
}) => Promise<string | undefined>;

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** How a call is made: what is sent besides, and what has to come. */
type Call = { readonly headers?: Readonly<Record<string, string>>; readonly isList?: boolean };

/** A CA. */
export class CaClient {
  readonly url: string;
  readonly #fetch: Fetch;
  readonly #operator: Operator;

  constructor(url: string, fetch: Fetch, operator: Operator = async () => undefined) {
    this.url = url.replace(/\/+$/, '');
    this.#fetch = fetch;
    this.#operator = operator;
  }

  organisations(): Promise<CaOrganisation[]> {
    return this.#call('GET', caPaths.organisations, undefined, { isList: true });
  }

  /** The organisation with an account, or the only one. @throws CommandError that names those there are */
  async organisation(account: string | undefined): Promise<CaOrganisation> {
    const all = await this.organisations();
    const found = account === undefined && all.length === 1 ? all[0] : all.find((one) => one.account === account);
    if (found !== undefined) return found;
    const names = all.map((one) => one.account).join(', ') || 'none';
    if (account === undefined) {
      throw new CommandError(
        'organisation_missing',
        exitCodes.usage,
        `the CA at ${this.url} serves several organisations`,
        `Name one with --organisation: ${names}.`,
      );
    }
    throw new CommandError(
      'organisation_not_found',
      exitCodes.notFound,
      `the CA at ${this.url} is not that of ${account}`,
      `It is that of: ${names}. Another CA is named with --ca URL.`,
    );
  }

  apply(organisation: string, application: CertificateApplication): Promise<ApplicationAnswer> {
    return this.#call('POST', caPaths.requests(organisation), application);
  }

  request(organisation: string, id: string): Promise<ApplicationAnswer> {
    return this.#call('GET', caPaths.request(organisation, id));
  }

  queue(organisation: string): Promise<QueuedApplication[]> {
    return this.#asOperator('GET', caPaths.requests(organisation), undefined, true);
  }

  decide(
    organisation: string,
    id: string,
    decision: 'approve' | 'reject',
    terms: ApplicationDecision,
  ): Promise<ApplicationAnswer> {
    return this.#asOperator('POST', caPaths.decide(organisation, id, decision), terms);
  }

  /** Turns down many requests at once. */
  rejectAll(organisation: string, order: RejectionOrder): Promise<{ readonly rejected: number }> {
    return this.#asOperator('POST', caPaths.rejectAll(organisation), order);
  }

  invite(organisation: string, terms: InvitationTerms): Promise<Invitation> {
    return this.#asOperator('POST', caPaths.invitations(organisation), terms);
  }

  revoke(organisation: string, serial: string, reason: string): Promise<IssuedCertificate> {
    return this.#asOperator('POST', caPaths.revoke(organisation, serial), { reason });
  }

  /** Has the root sign the issuing CA of an organisation that joins. */
  join(application: OrganisationApplication): Promise<OrganisationAnswer> {
    return this.#call('POST', caPaths.joining, application);
  }

  joining(): Promise<JoiningOrganisation[]> {
    return this.#asOperator('GET', caPaths.joining, undefined, true);
  }

  /** How the rotation of an authority stands: of an organisation's issuing CA, or of `root`. */
  rotation(authority: string): Promise<RotationState> {
    return this.#asOperator('GET', caPaths.rotation(authority));
  }

  beginRotation(authority: string, order: RotationOrder): Promise<RotationState> {
    return this.#asOperator('POST', caPaths.rotation(authority), order);
  }

  /** Brings the certificate that a root elsewhere has signed. */
  bringCertificate(authority: string, signed: SignedAuthority): Promise<RotationState> {
    return this.#asOperator('PUT', caPaths.rotation(authority), signed);
  }

  giveUpRotation(authority: string): Promise<RotationState> {
    return this.#asOperator('DELETE', caPaths.rotation(authority));
  }

  /** Has the root that is there sign the next issuing CA of any organisation. */
  signNext(order: SigningOrder): Promise<SignedAuthority> {
    return this.#asOperator('POST', caPaths.signatures, order);
  }

  async #asOperator<T>(method: Method, path: string, body?: unknown, isList = false): Promise<T> {
    const bytes = new TextEncoder().encode(body === undefined ? '' : JSON.stringify(body));
    const authorization = await this.#operator({ method, target: path, body: bytes });
    return this.#call(method, path, body, { isList, headers: authorization === undefined ? {} : { authorization } });
  }

  async #call<T>(
    method: Method,
    path: string,
    body?: unknown,
    { headers = {}, isList = false }: Call = {},
  ): Promise<T> {
    let answer: FetchAnswer;
    try {
      answer = await this.#fetch(`${this.url}${path}`, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      if (error instanceof CommandError) throw error;
      throw noAnswer(this.url, error);
    }
    const text = await answer.text();
    const value = parsed(text);
    if (!answer.ok) throw refused(this.url, answer.status, value);
    if (typeof value !== 'object' || value === null || Array.isArray(value) !== isList) {
      throw strange(this.url, answer.status);
    }
    return value as T;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function noAnswer(url: string, error: unknown): CommandError {
  const reason = error instanceof Error ? error.message : String(error);
  if (/certificate|CERT_|altnames/i.test(`${reason} ${(error as NodeJS.ErrnoException).code ?? ''}`)) {
    return new CommandError(
      'ca_not_trusted',
      exitCodes.unauthorized,
      `the certificate that ${url} shows in TLS is not trusted: ${reason}`,
      'Get the roots of the network from a node that you trust (URL/.well-known/snap/authorities.pem), and name the file in NODE_EXTRA_CA_CERTS.',
    );
  }
  return new CommandError(
    'ca_unreachable',
    exitCodes.unreachable,
    `the certificate authority at ${url} does not answer`,
    'Is it running, and is the address right? Another one is named with --ca URL.',
    { lines: reason === '' ? [] : [reason] },
  );
}

function refused(url: string, status: number, value: unknown): CommandError {
  const { code, detail, title } = (typeof value === 'object' && value !== null ? value : {}) as Partial<CaProblem>;
  if (typeof code !== 'string') return strange(url, status);
  const said = typeof detail === 'string' && detail !== '' ? detail : title;
  const exitCode = code === 'quota' ? exitCodes.resources : (exitCodeOfStatus[status] ?? exitCodes.failed);
  return new CommandError(code, exitCode, printable(`the CA refused: ${said ?? code}`), hints[code], {
    values: { status, ca: url },
  });
}

function strange(url: string, status: number): CommandError {
  return new CommandError(
    'ca_answer',
    exitCodes.unreachable,
    `what answers at ${url} is no certificate authority (status ${status})`,
    'A CA is named with --ca URL, or SNAPSCALE_CA.',
  );
}
