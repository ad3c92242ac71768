/**
 * EST (RFC 7030) for nodes and devices: with the organisation's account as label, or without where there is only one. Bodies are
 * base64, as RFC 7030 and 8951 have it; line breaks do not matter.
 */
import { decodeBase64, encodeBase64, encodeCertsOnly, requestAttributes } from '@snapscale/sdk/certificates';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../failures.js';
import type { Application } from '../issuing/application.js';
import type { OrganisationCa } from '../issuing/organisation-ca.js';
import { answerOf, type CaParts, chainFrom, organisationOf, spend } from './ca-parts.js';
import { basicSecret, bodyOf } from './member-token.js';
import { requestBytes, secretOf } from './rest-routes.js';

type Labelled = FastifyRequest<{ Params: { org?: string } }>;

/** Seconds after which a request that waits for a person may be sent again. */
const WAITING_SEC = 30;
/** Seconds for one that waits for the chain. */
const ENTERING_SEC = 2;

/** Adds the routes. */
export function addEstRoutes(app: FastifyInstance, parts: CaParts): void {
  for (const base of ['/.well-known/est', '/.well-known/est/:org']) {
    app.get(`${base}/cacerts`, (request: Labelled, reply) => {
      const { issuing, roots } = organisationOf(parts, request.params.org).files;
      return sendCertificates(
        reply,
        [issuing, ...roots].map(({ der }) => der),
      );
    });
    app.get(`${base}/csrattrs`, (request: Labelled, reply) => {
      organisationOf(parts, request.params.org);
      return sendBase64(reply, 'application/csrattrs', requestAttributes);
    });
    app.post(`${base}/simpleenroll`, async (request: Labelled, reply) => {
      const ca = organisationOf(parts, request.params.org);
      spend(parts, request);
      const invitation = secretOf(ca, basicSecret(request));
      const sent = { request: bodyRequest(request), source: 'est', address: request.ip } as const;
      const application = await ca.submit({ ...sent, asked: {}, invitation });
      return sendOutcome(reply, ca, application);
    });
    app.post(`${base}/simplereenroll`, async (request: Labelled, reply) => {
      const ca = organisationOf(parts, request.params.org);
      spend(parts, request);
      const { certificate } = await parts.askers.member(ca, request);
      return sendOutcome(reply, ca, await ca.renew(certificate, bodyRequest(request)));
    });
  }
}

function bodyRequest(request: FastifyRequest): Uint8Array {
  const body = bodyOf(request);
  // DER itself is no base64, but what some clients send.
  if (body[0] === 0x30 && body.length > 2 && body[1]! >= 0x80) return body;
  const text = new TextDecoder().decode(body);
  return text.includes('-----BEGIN') ? requestBytes(text) : decodeBase64(text, 'request');
}

function sendOutcome(reply: FastifyReply, ca: OrganisationCa, application: Application): FastifyReply {
  const { status, certificate } = application;
  if (status === 'issued') return sendCertificates(reply, chainFrom(ca, certificate!));
  const { reason = 'refused' } = answerOf(ca, application);
  if (status === 'refused') throw new Refusal(403, 'refused', reason);
  reply.header('retry-after', String(status === 'signed' ? ENTERING_SEC : WAITING_SEC));
  return reply.code(202).type('text/plain').send(`${reason}: send the same request again\n`);
}

function sendCertificates(reply: FastifyReply, certificates: readonly Uint8Array[]): FastifyReply {
  return sendBase64(reply, 'application/pkcs7-mime; smime-type=certs-only', encodeCertsOnly(certificates));
}

function sendBase64(reply: FastifyReply, type: string, bytes: Uint8Array): FastifyReply {
  const text = encodeBase64(bytes).replace(/.{1,64}/g, '$&\r\n');
  return reply.header('content-transfer-encoding', 'base64').type(type).send(text);
}
