/** Fastify as the server uses it: bodies as bytes, errors in EOSIO's form, the doors in front of all routes. */
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { allRoutes } from '@snapscale/api';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { guard } from './access-hooks.js';
import { failureOf, faultFailure, type HttpFailure, plainFailure, tooMany, unknownEndpoint } from './failure.js';
import type { HttpObserver, ServerParts } from './http-server.js';
import type { HttpOptions } from './options.js';
import { clientKey } from './rate-limit.js';

/** Makes the application, without routes. */
export function createApp(parts: ServerParts, observer: HttpObserver): FastifyInstance {
  const { options } = parts;
  const app = fastify({
    logger: false,
    bodyLimit: options.bodyBytesMax,
    requestTimeout: options.requestTimeoutMs,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    trustProxy: options.trustProxy,
    forceCloseConnections: false,
    http: listenerOptions(options),
    clientErrorHandler,
    frameworkErrors: (error, _request, reply) => sendFailure(reply as FastifyReply, fromFastify(error)),
  });
  // Every body arrives as bytes, whatever type it claims: eosjs and cleos send JSON as text/plain or without a type.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    common(reply, options);
    if (request.method === 'OPTIONS') return preflight(reply, options);
    limit(parts, request, reply);
    return undefined;
  });
  guard(app, parts, observer);
  app.addHook('onResponse', async (request, reply) => {
    observer.answered?.(request.routeOptions.url ?? 'other', reply.statusCode, reply.elapsedTime);
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const failure = failureOf(error) ?? (isFastifyError(error) ? fromFastify(error) : undefined);
    if (failure === undefined) observer.fault?.(request.routeOptions.url ?? 'other', error);
    if (failure?.status === 413) keepReading(request, reply);
    return sendFailure(reply, failure ?? faultFailure());
  });
  const methods = new Map(allRoutes().map((route) => [route.path, route.methods.join(', ')]));
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods.get(request.url.split('?')[0]!);
    const failure =
      allowed === undefined ? unknownEndpoint() : plainFailure(405, `use ${allowed} here`, { allow: allowed });
    return sendFailure(reply, failure);
  });
  return app;
}

/** Bounds of a listener on what it does not know yet to be a request. */
export function listenerOptions({ headersTimeoutMs, requestTimeoutMs }: HttpOptions) {
  return {
    headersTimeout: headersTimeoutMs,
    connectionsCheckingInterval: Math.max(50, Math.min(requestTimeoutMs, headersTimeoutMs) / 4),
    maxHeaderSize: 16 * 1024,
  };
}

/** A body of up to this size that is too large is read to its end and thrown away. */
const DISCARDED_BYTES_MAX = 64 << 20;

/**
 * A client that is still sending sees a reset instead of the answer when the connection is closed under it. The time for
 * the request bounds the reading.
 */
function keepReading(request: FastifyRequest, reply: FastifyReply): void {
  if (Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY) > DISCARDED_BYTES_MAX) return;
  reply.header('connection', 'keep-alive');
  request.raw.resume();
}

/** Sends an error body. */
function sendFailure(reply: FastifyReply, failure: HttpFailure): FastifyReply {
  return reply
    .code(failure.status)
    .header('content-type', 'application/json')
    .headers(failure.headers)
    .send(JSON.stringify(failure.body));
}

function common(reply: FastifyReply, { allowOrigin }: HttpOptions): void {
  reply.header('x-content-type-options', 'nosniff');
  if (allowOrigin === '') return;
  reply.header('access-control-allow-origin', allowOrigin);
  reply.header(
    'access-control-expose-headers',
    'X-Block-Num, X-Final-Block-Num, RateLimit, Retry-After, WWW-Authenticate',
  );
  if (allowOrigin !== '*') reply.header('vary', 'Origin');
}

function preflight(reply: FastifyReply, { allowOrigin }: HttpOptions): FastifyReply {
  if (allowOrigin !== '') {
    reply.header('access-control-allow-methods', 'GET, POST');
    reply.header('access-control-allow-headers', 'Authorization, Content-Type, Last-Event-ID');
    reply.header('access-control-max-age', '86400');
  }
  return reply.code(204).send();
}

function limit({ limiter, options }: ServerParts, request: FastifyRequest, reply: FastifyReply): void {
  if (limiter === undefined) return;
  const verdict = limiter.take(clientKey(request.ip), 1, performance.now());
  reply.header(
    'ratelimit-policy',
    `"default";q=${options.rateBurst};w=${Math.ceil(options.rateBurst / options.ratePerSecond)}`,
  );
  reply.header('ratelimit', `"default";r=${verdict.remaining};t=${Math.ceil(verdict.retryAfterMs / 1000)}`);
  if (!verdict.allowed) throw tooMany(verdict.retryAfterMs);
}

function isFastifyError(error: FastifyError): boolean {
  return typeof error.code === 'string' && error.code.startsWith('FST_');
}

function fromFastify(error: FastifyError): HttpFailure {
  const status = error.statusCode ?? 400;
  if (status >= 500) return faultFailure();
  return plainFailure(status, status === 413 ? 'the request is too large' : error.message);
}

/** Answers what is not HTTP, or too slow, or too large in its head; there is no request object yet. */
export function clientErrorHandler(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const timeout = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const status = timeout ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const message = timeout ? 'the request did not arrive in time' : 'the request is not HTTP';
  const { body } = plainFailure(status, message);
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} ${body.message}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
  socket.destroySoon();
}
