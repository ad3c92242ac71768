/** Who asks: the CA's secret, a token that a member made for this request, or a certificate shown in TLS. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { caAudience, checkTokenClaims, digestOf, jwkOf, parseAccessToken, thumbprintOf } from '@snapscale/api/identity';
import {
  type Certificate,
  CertificateError,
  checkMember,
  encodeSignature,
  parseCertificate,
  verifySignature,
} from '@snapscale/sdk/certificates';
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../failures.js';
import { Journal } from '../files/journal.js';
import type { OrganisationCa } from '../issuing/organisation-ca.js';

/** Who asks, for the log. */
export type Asker = { readonly name: string; readonly certificate: Certificate | undefined };

/** A token that was used. */
type UsedToken = { readonly key: string; readonly exp: number };

/** The file is written anew after so many. */
const LINES_MAX = 10_000;
/** Tokens that were used and have not run out. Beyond so many, the oldest are dropped, which only ever happens in a flood by members. */
const USED_MAX = 100_000;

export class AskerCheck {
  readonly #nowMs: () => number;
  readonly #used = new Map<string, number>();
  readonly #journal: Journal<UsedToken>;
  #lines = 0;

  private constructor(journal: Journal<UsedToken>, nowMs: () => number) {
    this.#journal = journal;
    this.#nowMs = nowMs;
  }

  /** Tokens that were used are kept in a file: a restart does not make them good again. @throws ConfigurationError */
  static open(directory: string, nowMs: () => number): AskerCheck {
    const { journal, events } = Journal.open<UsedToken>(join(directory, 'tokens.jsonl'));
    const check = new AskerCheck(journal, nowMs);
    for (const { key, exp } of events) check.#used.set(key, exp);
    check.#rewrite();
    return check;
  }

  close(): void {
    this.#journal.close();
  }

  /** An operator of the organisation. @throws Refusal */
  async operator(ca: OrganisationCa, request: FastifyRequest): Promise<Asker> {
    if (this.hasSecret(ca, request)) return { name: 'the secret of the CA', certificate: undefined };
    const asker = await this.member(ca, request);
    // The row on chain counts, as everywhere; `requireMember` has read it.
    if (!asker.roles.includes('ca-operator')) {
      throw new Refusal(403, 'role', 'this needs a certificate with the role ca-operator, or the secret of the CA');
    }
    return asker;
  }

  /** Whether the request carries the secret of the organisation's CA. */
  hasSecret(ca: OrganisationCa, request: FastifyRequest): boolean {
    const bearer = bearerOf(request);
    const { adminSecret } = ca.files;
    return bearer !== undefined && adminSecret !== undefined && isSame(bearer, adminSecret);
  }

  /** A member of the organisation, by token or by TLS. @throws Refusal */
  async member(
    ca: OrganisationCa,
    request: FastifyRequest,
  ): Promise<Asker & { readonly certificate: Certificate; readonly roles: readonly string[] }> {
    const bearer = bearerOf(request);
    const certificate = bearer === undefined ? shownInTls(request) : this.#ofToken(ca, request, bearer);
    if (certificate === undefined) {
      throw new Refusal(
        401,
        'missing',
        `show a certificate of ${ca.account}: by TLS, or by a token for ${caAudience(ca.account)}`,
      );
    }
    this.#checkIssued(ca, certificate);
    const row = await ca.requireMember(certificate);
    const name = row.account ?? row.node ?? Buffer.from(certificate.serial).toString('hex');
    return { name, certificate, roles: row.roles };
  }

  #ofToken(ca: OrganisationCa, request: FastifyRequest, text: string): Certificate {
    const reading = parseAccessToken(text);
    if (reading.kind === 'refused') throw new Refusal(401, reading.code, reading.detail);
    const { certificate: named, claims, signature, signingInput, algorithm } = reading.token;
    if (named.kind === 'hash')
      throw new Refusal(401, 'certificate_chain', 'a token for a CA carries its certificate (x5c)');
    const certificate = readable(named.chain[0]!);
    const isKindOfKey = (certificate.publicKey[0] === 0) === (algorithm === 'ES256K');
    this.#checkIssued(ca, certificate);
    if (!isKindOfKey || !verifySignature(certificate.publicKey, signingInput, encodeSignature(signature))) {
      throw new Refusal(401, 'signature', 'the token is not signed with the key of its certificate');
    }
    const { issuing, earlier } = ca.files;
    const expected = {
      audience: caAudience(ca.account),
      method: request.method,
      target: request.url,
      digest: digestOf(bodyOf(request)),
      nowSec: this.#nowMs() / 1000,
    };
    // A token may have been made for the CA that was replaced a moment ago.
    const verdicts = [issuing, ...earlier].map(({ publicKey }) =>
      checkTokenClaims(claims, { ...expected, thumbprint: thumbprintOf(jwkOf(publicKey)) }),
    );
    const wrong = verdicts.includes(undefined) ? undefined : verdicts[0];
    if (wrong !== undefined)
      throw new Refusal(401, wrong, `the token is not for this CA, this request and this moment (${wrong})`);
    this.#useOnce(`${Buffer.from(certificate.digest).toString('hex')} ${claims.jti}`, claims.exp);
    return certificate;
  }

  #checkIssued(ca: OrganisationCa, certificate: Certificate): void {
    try {
      checkMember(certificate);
    } catch (error) {
      throw new Refusal(401, 'certificate_chain', (error as Error).message);
    }
    if (ca.issuerOf(certificate) === undefined) {
      throw new Refusal(401, 'certificate_chain', `the certificate is not one of ${ca.account}`);
    }
    const nowSec = this.#nowMs() / 1000;
    if (certificate.notAfterSec <= nowSec || certificate.notBeforeSec > nowSec) {
      throw new Refusal(401, 'certificate_validity', 'the certificate has expired, or is not valid yet');
    }
  }

  #useOnce(key: string, expSec: number): void {
    const nowSec = this.#nowMs() / 1000;
    for (const [old, exp] of this.#used) {
      if (exp > nowSec && this.#used.size < USED_MAX) break;
      this.#used.delete(old);
    }
    if (this.#used.has(key))
      throw new Refusal(401, 'replayed', 'this token was used already: make one for each request');
    this.#journal.append({ key, exp: expSec });
    this.#used.set(key, expSec);
    if (++this.#lines >= LINES_MAX) this.#rewrite();
  }

  #rewrite(): void {
    const nowSec = this.#nowMs() / 1000;
    for (const [key, exp] of this.#used) if (exp <= nowSec) this.#used.delete(key);
    this.#journal.rewrite([...this.#used].map(([key, exp]) => ({ key, exp })));
    this.#lines = 0;
  }
}

/** The secret of an invitation in HTTP Basic: the password, whatever the user is called. */
export function basicSecret(request: FastifyRequest): string | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]{1,2048}={0,2})$/i.exec(request.headers.authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const at = text.indexOf(':');
  return at < 0 ? undefined : text.slice(at + 1);
}

/** The body as it came. */
export function bodyOf(request: FastifyRequest): Uint8Array {
  return Buffer.isBuffer(request.body) ? new Uint8Array(request.body) : new Uint8Array(0);
}

function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S{1,16000})$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** The client's certificate. Without a chain to a trusted root it does not count; that of the issuing CA is checked later. */
function shownInTls(request: FastifyRequest): Certificate | undefined {
  const socket = request.raw.socket as Partial<TLSSocket>;
  if (socket.getPeerX509Certificate === undefined) return undefined;
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined) return undefined;
  if (socket.authorized !== true) {
    throw new Refusal(
      401,
      'certificate_chain',
      `TLS does not accept the certificate: ${String(socket.authorizationError)}`,
    );
  }
  return readable(new Uint8Array(shown.raw));
}

function readable(der: Uint8Array): Certificate {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof CertificateError) throw new Refusal(401, 'certificate_chain', error.message);
    throw error;
  }
}

function isSame(given: string, secret: string): boolean {
  const [a, b] = [given, secret].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(a!, b!);
}
