/** The interface for people and programs, below `/v1/ca`: `packages/api/src/ca` says what goes over the line. */
import {
  type CaOrganisation,
  formatInvitationCode,
  type Invitation,
  type IssuedCertificate,
  parseInvitationCode,
  type QueuedApplication,
  revocationReasons,
} from '@snapscale/api';
import { formatPublicKey, toHex } from '@snapscale/crypto';
import { decodeBase64, decodePem, encodePem, parseRequest } from '@snapscale/sdk/certificates';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { MemberRow } from '../chain/consortium.js';
import { Refusal } from '../failures.js';
import type { Application, Grant } from '../issuing/application.js';
import { unsignedFields } from '../issuing/grant-rules.js';
import type { OrganisationCa } from '../issuing/organisation-ca.js';
import { answerOf, type CaParts, organisationOf, spend } from './ca-parts.js';
import { bodyOf } from './member-token.js';

const INVITATION_LIFE_MS = 7 * 86_400_000;
const INVITATION_LIFE_MAX_MS = 366 * 86_400_000;
const USES_MAX = 1_000_000;
const serialForm = /^(?:[0-9a-f]{2}){1,20}$/;
const accountForm = /^(?=.{1,12}$)[a-z1-5]+(?:\.[a-z1-5]+)*$/;

type Fields = Readonly<Record<string, unknown>>;
type OfOrganisation = FastifyRequest<{ Params: { org: string; id: string; serial: string; decision: string } }>;

/** Adds the routes. */
export function addRestRoutes(app: FastifyInstance, parts: CaParts): void {
  app.get('/v1/ca/organisations', () => [...parts.organisations.values()].map(describe));
  app.post('/v1/ca/root/organisations', async (request) => admit(parts, request));
  app.get('/v1/ca/root/organisations', async (request) => {
    if (parts.root === undefined) throw noRoot();
    await anyOperator(parts, request);
    return parts.root.joining();
  });
  app.post('/v1/ca/:org/requests', async (request: OfOrganisation, reply) => {
    const ca = organisationOf(parts, request.params.org);
    spend(parts, request);
    reply.code(201);
    return answerOf(ca, await submit(ca, fieldsOf(request), request.ip));
  });
  app.get('/v1/ca/:org/requests/:id', async (request: OfOrganisation) => {
    const ca = organisationOf(parts, request.params.org);
    return answerOf(ca, ca.find(request.params.id));
  });
  app.get('/v1/ca/:org/requests', async (request: OfOrganisation) => {
    const ca = await operatedBy(parts, request);
    return ca.organisation.queue().map((application) => queued(ca.organisation, application));
  });
  app.post('/v1/ca/:org/requests/:id/:decision', async (request: OfOrganisation) => decide(parts, request));
  app.post('/v1/ca/:org/rejections', async (request: OfOrganisation) => {
    const { organisation, by } = await operatedBy(parts, request);
    const fields = fieldsOf(request);
    const reason = textOf(fields, 'reason') ?? 'turned down by an operator';
    return { rejected: await organisation.rejectAll(by, reason.slice(0, 200), textOf(fields, 'address')) };
  });
  app.post('/v1/ca/:org/invitations', async (request: OfOrganisation, reply) => {
    const { organisation } = await operatedBy(parts, request);
    reply.code(201);
    return invite(parts, organisation, fieldsOf(request));
  });
  app.get('/v1/ca/:org/certificates', async (request: OfOrganisation) => {
    const { organisation } = await operatedBy(parts, request);
    const revocations = await organisation.consortium.revocations();
    const reasons = new Map(revocations.map((row) => [row.number, row.reason]));
    return (await organisation.consortium.members()).map((row) => issued(row, reasons.get(row.revocation)));
  });
  app.post('/v1/ca/:org/certificates/:serial/revoke', async (request: OfOrganisation) => {
    const { organisation } = await operatedBy(parts, request);
    const { serial } = request.params;
    if (!serialForm.test(serial)) throw new Refusal(400, 'serial', 'a serial is 1 to 20 bytes in hex');
    const name = textOf(fieldsOf(request), 'reason') ?? 'unspecified';
    const reason = Object.hasOwn(revocationReasons, name) ? revocationReasons[name] : undefined;
    if (reason === undefined)
      throw new Refusal(400, 'reason', `the reason must be one of ${Object.keys(revocationReasons).join(', ')}`);
    const row = await organisation.revoke(Buffer.from(serial.replace(/^(?:00)+/, ''), 'hex'), reason);
    return issued(row, await organisation.consortium.revocationReason(row.revocation));
  });
}

/** The request for a certificate, as DER. @throws Refusal */
export function requestBytes(text: string): Uint8Array {
  if (text.length > 8192) throw new Refusal(413, 'too_large', 'the request for a certificate is too large');
  if (text.includes('-----BEGIN')) {
    // OpenSSL also writes the older label.
    return decodePem(text.replaceAll('NEW CERTIFICATE REQUEST', 'CERTIFICATE REQUEST'), 'CERTIFICATE REQUEST');
  }
  return decodeBase64(text, 'request');
}

/** The secret of an invitation: of a whole code, or the secret itself. @throws Refusal when it is for another organisation */
export function secretOf(ca: OrganisationCa, text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  const code = parseInvitationCode(text);
  if (code !== undefined && code.organisation !== ca.account) {
    throw new Refusal(400, 'invitation', `the invitation is by ${code.organisation}, not by ${ca.account}`);
  }
  return code?.secret ?? text.split('~')[1] ?? text;
}

function submit(ca: OrganisationCa, fields: Fields, address: string): Promise<Application> {
  const request = textOf(fields, 'request');
  if (request === undefined)
    throw new Refusal(400, 'malformed', '"request" must be a PKCS#10 request: PEM, or DER as base64');
  const invitation = secretOf(ca, textOf(fields, 'invitation'));
  return ca.submit({ request: requestBytes(request), asked: grantOf(fields), invitation, source: 'rest', address });
}

async function decide(parts: CaParts, request: OfOrganisation) {
  const { organisation, by } = await operatedBy(parts, request);
  const { id, decision } = request.params;
  const fields = fieldsOf(request);
  if (decision === 'approve')
    return answerOf(organisation, await organisation.approve(id, by, listOf(fields, 'roles')));
  if (decision !== 'reject') throw new Refusal(404, 'not_found', 'a request is approved or rejected');
  const reason = textOf(fields, 'reason') ?? 'turned down by an operator';
  return answerOf(organisation, await organisation.reject(id, by, reason.slice(0, 200)));
}

function invite(parts: CaParts, ca: OrganisationCa, fields: Fields): Invitation {
  const nowMs = parts.nowMs();
  const organisation = textOf(fields, 'organisation');
  if (organisation !== undefined && !accountForm.test(organisation)) {
    throw new Refusal(400, 'account', 'organisation must be the name of an account');
  }
  const grant = { ...grantOf(fields), roles: listOf(fields, 'roles') ?? [] };
  if (grant.roles.length === 0 && organisation === undefined)
    throw new Refusal(400, 'roles', 'an invitation says which roles it gives');
  if (grant.roles.length > 0 && organisation !== undefined)
    throw new Refusal(400, 'roles', 'an invitation is for an organisation that joins or gives roles here, not both');
  const { expires, uses = 1 } = fields;
  const expiresMs = expires === undefined ? nowMs + INVITATION_LIFE_MS : Date.parse(String(expires));
  if (!(expiresMs > nowMs && expiresMs <= nowMs + INVITATION_LIFE_MAX_MS)) {
    throw new Refusal(400, 'expires', '"expires" must be a time (RFC 3339) within a year from now');
  }
  if (typeof uses !== 'number' || !Number.isInteger(uses) || uses < 1 || uses > USES_MAX) {
    throw new Refusal(400, 'uses', `"uses" must be a number from 1 to ${USES_MAX}`);
  }
  const secret = ca.invite(grant, { organisation, expiresMs, uses });
  const { peers } = ca.files.configuration;
  const code = formatInvitationCode({ organisation: ca.account, secret, url: parts.url(), peers: [...peers] });
  return { code, expires: new Date(expiresMs).toISOString() };
}

async function admit(parts: CaParts, request: FastifyRequest) {
  if (parts.root === undefined) throw noRoot();
  spend(parts, request);
  const fields = fieldsOf(request);
  const text = textOf(fields, 'invitation') ?? '';
  const code = parseInvitationCode(text);
  const account = code?.organisation ?? text.split('~')[0];
  const member = parts.organisations.get(account ?? '');
  if (member === undefined)
    throw new Refusal(
      401,
      'invitation',
      'the invitation is not by an organisation whose CA is here: give the whole code',
    );
  return parts.root.admit({
    request: requestBytes(textOf(fields, 'request') ?? ''),
    organisation: textOf(fields, 'organisation') ?? '',
    title: textOf(fields, 'title') ?? '',
    secret: secretOf(member, text) ?? '',
    member,
  });
}

export async function operatedBy(
  parts: CaParts,
  request: OfOrganisation,
): Promise<{ organisation: OrganisationCa; by: string }> {
  const organisation = organisationOf(parts, request.params.org);
  requireJson(request);
  if (!parts.askers.hasSecret(organisation, request)) spend(parts, request);
  return { organisation, by: (await parts.askers.operator(organisation, request)).name };
}

/** The first of the organisations that whoever asks is an operator of. */
export async function anyOperator(parts: CaParts, request: FastifyRequest): Promise<OrganisationCa> {
  requireJson(request);
  spend(parts, request);
  let refusal: unknown;
  for (const organisation of parts.organisations.values()) {
    try {
      await parts.askers.operator(organisation, request);
      return organisation;
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}

function describe({ files }: OrganisationCa): CaOrganisation {
  const { organisation, title, policy } = files.configuration;
  const { approval, roles, lives } = policy;
  return {
    account: organisation,
    title,
    certificate: encodePem('CERTIFICATE', files.issuing.der),
    roots: files.roots.map(({ der }) => encodePem('CERTIFICATE', der)),
    policy: { approval, roles, lives },
  };
}

function queued(ca: OrganisationCa, application: Application): QueuedApplication {
  const { grant, receivedMs, publicKey, request, address } = application;
  return {
    ...answerOf(ca, application),
    received: new Date(receivedMs).toISOString(),
    subject_key: formatPublicKey(publicKey),
    roles: grant.roles,
    unsigned: unsignedFields(grant, parseRequest(request).names),
    ...(address === undefined ? {} : { address }),
    ...(grant.node === undefined ? {} : { node: grant.node }),
    ...(grant.account === undefined ? {} : { account: grant.account }),
    ...(grant.hosts === undefined ? {} : { hosts: grant.hosts }),
  };
}

function issued(row: MemberRow, reason: number | undefined): IssuedCertificate {
  const name = Object.entries(revocationReasons).find(([, number]) => number === reason)?.[0];
  return {
    serial: toHex(row.serial),
    status: row.status,
    subject_key: formatPublicKey(row.subjectKey),
    roles: row.roles,
    not_before: new Date(row.notBeforeSec * 1000).toISOString(),
    not_after: new Date(row.notAfterSec * 1000).toISOString(),
    ...(row.node === undefined ? {} : { node: row.node }),
    ...(row.account === undefined ? {} : { account: row.account }),
    ...(row.status !== 'revoked' || name === undefined ? {} : { reason: name }),
  };
}

/** Orders of operators have a type that web pages cannot send without being asked first. @throws Refusal */
function requireJson(request: FastifyRequest): void {
  const type = request.headers['content-type'] ?? 'none';
  if (bodyOf(request).length === 0 || /^application\/json\s*(?:;|$)/i.test(type)) return;
  throw new Refusal(415, 'content_type', `the body must be sent as application/json, not as ${type.slice(0, 80)}`);
}

export function fieldsOf(request: FastifyRequest): Fields {
  const bytes = bodyOf(request);
  if (bytes.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Refusal(400, 'malformed', 'the body is no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(400, 'malformed', 'the body must be a JSON object');
  }
  return value as Fields;
}

function grantOf(fields: Fields): Partial<Grant> {
  const [roles, hosts] = [listOf(fields, 'roles'), listOf(fields, 'hosts')];
  const [node, account] = [textOf(fields, 'node'), textOf(fields, 'account')];
  return {
    ...(roles === undefined ? {} : { roles }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(node === undefined ? {} : { node }),
    ...(account === undefined ? {} : { account }),
  };
}

export function textOf(fields: Fields, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new Refusal(400, 'malformed', `${JSON.stringify(name)} must be a text`);
}

function listOf(fields: Fields, name: string): readonly string[] | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.length <= 64 && value.every((item) => typeof item === 'string')) return value;
  throw new Refusal(400, 'malformed', `${JSON.stringify(name)} must be a list of texts`);
}

export function noRoot(): Refusal {
  return new Refusal(404, 'no_root', 'the root of the consortium is not here: ask whoever holds it');
}
