/** Refusals as HTTP answers (RFC 9457). */
import type { CaProblem } from '@snapscale/api';
import { CertificateError } from '@snapscale/sdk/certificates';
import type { FastifyReply } from 'fastify';
import { ChainRefusal, ChainUnavailable, Refusal } from '../failures.js';

const titles: Readonly<Record<number, string>> = {
  400: 'The request is wrong',
  401: 'Not authorized',
  403: 'Refused',
  404: 'Not found',
  409: 'In conflict with what is there',
  413: 'Too large',
  415: 'Another kind of content is expected',
  429: 'Too many requests',
  500: 'The certificate authority has failed',
  503: 'The chain cannot be used now',
};

/** Seconds after which an unreachable chain may be tried again. */
export const RETRY_AFTER_SEC = 5;

/** What a thrown value means for whoever asked. What is not for them is left out. */
export function problemOf(error: unknown): CaProblem {
  if (error instanceof Refusal) return problem(error.status, error.code, error.message);
  if (error instanceof ChainUnavailable) {
    return problem(503, 'chain_unavailable', `${error.message}; the request is kept: send the same one again`);
  }
  if (error instanceof ChainRefusal) return problem(403, 'chain', `the chain has refused: ${error.message}`);
  if (error instanceof CertificateError) return problem(400, error.code, error.message);
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  if (statusCode === 413) return problem(413, 'too_large', 'the body is too large');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return problem(statusCode, 'malformed', `the request cannot be read (${code ?? 'malformed'})`);
  }
  return problem(500, 'failed', 'see the log of the certificate authority');
}

/** Sends a problem. */
export function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const found = problemOf(error);
  if (found.status === 401) reply.header('www-authenticate', 'Bearer, Basic realm="invitation"');
  if (found.status === 429) reply.header('retry-after', '1');
  if (found.status === 503) reply.header('retry-after', String(RETRY_AFTER_SEC));
  return reply.code(found.status).type('application/problem+json').send(JSON.stringify(found));
}

function problem(status: number, code: string, detail: string): CaProblem {
  return { type: `urn:snap:problem:${code}`, title: titles[status] ?? 'Refused', status, detail, code };
}
