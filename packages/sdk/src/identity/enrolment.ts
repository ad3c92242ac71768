/** Getting a certificate from an organisation's authority: over its REST interface, or by EST (RFC 7030). */
import {
  type ApplicationAnswer,
  type CaOrganisation,
  type CertificateApplication,
  caPaths,
  parseInvitationCode,
} from '@snapscale/api';
import { caAudience, jwkOf, thumbprintOf } from '@snapscale/api/identity';
import { equalBytes } from '@snapscale/crypto';
import { parseCertificate } from '../certificates/certificate.js';
import { decodeCertsOnly } from '../certificates/certs-only.js';
import { chainOf } from '../certificates/chain.js';
import { decodeBase64, encodeBase64, encodePem } from '../certificates/encoding/pem.js';
import type { Signer } from '../certificates/keys.js';
import type { NamesToWrite } from '../certificates/names.js';
import { createRequest } from '../certificates/request.js';
import { IdentityError } from './identity-error.js';
import { type MemberIdentity, memberIdentity } from './member-identity.js';
import { type IdentityPorts, requestToken, type TokenAudience } from './request-token.js';

/** What is needed of `fetch`: that of browsers and Node will do, and that of `@snapscale/api`. */
export type TextFetch = (
  url: string,
  init: { readonly method: string; readonly headers: Record<string, string>; readonly body?: string },
) => Promise<TextAnswer>;
type TextAnswer = { readonly status: number; text(): Promise<string> };

/** An authority: its address, and the organisation whose certificates it gives. */
export type Authority = { readonly url: string; readonly organisation: string };

/** What is asked for. An invitation's terms go before the rest. */
export type Wanted = Omit<CertificateApplication, 'request'>;

/** The authority that an invitation names. @throws IdentityError when it is no invitation */
export function authorityOf(invitation: string): Authority {
  const code = parseInvitationCode(invitation);
  if (code !== undefined) return { url: code.url, organisation: code.organisation };
  throw new IdentityError('refused', 'the invitation is not one: it must look like ORGANISATION~SECRET~URL');
}

/** Asks for a certificate for a key. The answer may be that somebody has to approve it: see `applicationState`. */
export async function applyForCertificate(
  fetch: TextFetch,
  authority: Authority,
  signer: Signer,
  wanted: Wanted,
): Promise<ApplicationAnswer> {
  const request = encodePem('CERTIFICATE REQUEST', await createRequest(signer, namesOf(wanted)));
  return ask(fetch, authority.url, caPaths.requests(authority.organisation), { request, ...wanted });
}

/** What has become of an application. */
export async function applicationState(fetch: TextFetch, authority: Authority, id: string): Promise<ApplicationAnswer> {
  return ask(fetch, authority.url, caPaths.request(authority.organisation, id));
}

/** The identity that an application has led to. @throws IdentityError when it was refused, or has to wait */
export function identityOfAnswer(
  { id, status, reason, certificate }: ApplicationAnswer,
  signer: Signer,
): MemberIdentity {
  const why = reason === undefined ? '' : `: ${reason}`;
  if (status === 'refused') throw new IdentityError('refused', `the authority has refused the application ${id}${why}`);
  if (status === 'waiting' || certificate === undefined) {
    throw new IdentityError('waiting', `the application ${id} waits for somebody to approve it${why}`);
  }
  return memberIdentity({ certificate, key: signer });
}

/** The chain of an organisation's authority by EST: certificates in DER, that of the issuing CA and the roots. */
export async function estAuthorities(fetch: TextFetch, { url, organisation }: Authority): Promise<Uint8Array[]> {
  const target = `/.well-known/est/${organisation}/cacerts`;
  return bundleOf(await send(fetch, url, target, { method: 'GET', headers: {} }), target);
}

/** Asks for a certificate by EST. `authorization` is a header, where the authority wants one. */
export async function estEnrol(
  fetch: TextFetch,
  authority: Authority,
  signer: Signer,
  names: NamesToWrite,
  authorization?: string,
): Promise<MemberIdentity> {
  const headers = authorization === undefined ? {} : { authorization };
  const body = encodeBase64(await createRequest(signer, names));
  return enrolled(fetch, authority, 'simpleenroll', body, headers, signer);
}

/**
 * Renews a certificate by EST. It proves who it is with a token for the authority, so that it needs no mutual TLS; where
 * `fetch` connects with the certificate, that counts as well.
 * @param signer another key for the new certificate; the same where not given
 */
export async function renewIdentity(
  fetch: TextFetch,
  identity: MemberIdentity,
  ports: IdentityPorts,
  authority: Authority,
  signer: Signer = identity.signer,
): Promise<MemberIdentity> {
  const { organisation } = authority;
  const body = encodeBase64(await createRequest(signer, ownNames(identity)));
  const target = `/.well-known/est/${organisation}/simplereenroll`;
  const request = { method: 'POST', target, body: new TextEncoder().encode(body) };
  const audience = await audienceOf(fetch, authority);
  const token = await requestToken(identity, audience, request, ports);
  return enrolled(fetch, authority, 'simplereenroll', body, { authorization: `Bearer ${token}` }, signer);
}

/** Whom a token for an authority names: the key of its issuing CA. */
async function audienceOf(fetch: TextFetch, { url, organisation }: Authority): Promise<TokenAudience> {
  const all = await ask<readonly CaOrganisation[]>(fetch, url, caPaths.organisations);
  const certificate = Array.isArray(all) ? all.find(({ account }) => account === organisation)?.certificate : undefined;
  if (typeof certificate !== 'string') {
    throw new IdentityError(
      'malformed_answer',
      `the authority at ${url} does not name a certificate of ${organisation}`,
    );
  }
  const { publicKey } = parseCertificate(decodeBase64(certificate.replace(/-----[A-Z ]+-----/g, ''), 'certificate'));
  return { audience: caAudience(organisation), thumbprint: thumbprintOf(jwkOf(publicKey)) };
}

async function enrolled(
  fetch: TextFetch,
  { url, organisation }: Authority,
  operation: 'simpleenroll' | 'simplereenroll',
  body: string,
  headers: Record<string, string>,
  signer: Signer,
): Promise<MemberIdentity> {
  const target = `/.well-known/est/${organisation}/${operation}`;
  const answer = await send(fetch, url, target, {
    method: 'POST',
    headers: { 'content-type': 'application/pkcs10', 'content-transfer-encoding': 'base64', ...headers },
    body,
  });
  if (answer.status === 202) {
    throw new IdentityError(
      'waiting',
      `the request for a certificate waits for somebody at ${organisation} to approve it`,
    );
  }
  const certificates = (await bundleOf(answer, target)).map(parseCertificate);
  const own = certificates.find(({ publicKey }) => equalBytes(publicKey, signer.publicKey));
  if (own === undefined) {
    throw new IdentityError('malformed_answer', `the authority's answer at ${target} has no certificate for the key`);
  }
  // EST answers with the certificate alone; the issuing CA's is among the authorities, which may be many.
  const issuers =
    certificates.length > 1 ? certificates : (await estAuthorities(fetch, { url, organisation })).map(parseCertificate);
  const chain = chainOf(own, issuers);
  return memberIdentity({ certificate: chain.map(({ der }) => der), key: signer });
}

async function bundleOf(answer: TextAnswer, target: string): Promise<Uint8Array[]> {
  try {
    return decodeCertsOnly(decodeBase64(await answer.text(), 'answer'));
  } catch (cause) {
    throw new IdentityError('malformed_answer', `the authority's answer at ${target} is no bundle of certificates`, {
      cause,
    });
  }
}

async function ask<T>(fetch: TextFetch, url: string, target: string, body?: object): Promise<T> {
  const init =
    body === undefined
      ? { method: 'GET', headers: {} }
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await send(fetch, url, target, init);
  try {
    return JSON.parse(await answer.text()) as T;
  } catch (cause) {
    throw new IdentityError('malformed_answer', `the authority's answer at ${target} is not JSON`, { cause });
  }
}

async function send(
  fetch: TextFetch,
  url: string,
  target: string,
  init: Parameters<TextFetch>[1],
): Promise<TextAnswer> {
  const answer = await fetch(`${url.replace(/\/+$/, '')}${target}`, init);
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw new IdentityError(
    'refused',
    `the authority at ${url} refused ${target}: ${reasonOf(await answer.text(), answer.status)}`,
  );
}

/** What a refusal says, by RFC 9457 where it keeps to it. */
function reasonOf(text: string, status: number): string {
  try {
    const { detail, title } = JSON.parse(text) as { detail?: unknown; title?: unknown };
    if (typeof detail === 'string') return `${detail.slice(0, 500)} (${status})`;
    if (typeof title === 'string') return `${title.slice(0, 500)} (${status})`;
  } catch {
    // Plain text, or nothing.
  }
  return text.length > 0 && text.length <= 500 ? `${text.trim()} (${status})` : `status ${status}`;
}

function namesOf({ account, node, hosts = [], roles = [] }: Wanted): NamesToWrite {
  return { account, node, hosts, roles };
}

function ownNames({ certificate: { names }, organisation }: MemberIdentity): NamesToWrite {
  return {
    organisation,
    account: names.accounts[0],
    node: names.nodes[0],
    roles: names.roles,
    hosts: [...names.dns, ...names.addresses],
  };
}
