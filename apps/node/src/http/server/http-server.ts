/**
 * The HTTP server: Fastify with the route table in it. It runs in the main thread of a node and never touches the chain
 * but through `NodeBackend`.
 */
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { allRoutes } from '@snapscale/api';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { NodeBackend } from '../backend.js';
import { registerPages } from '../pages/register.js';
import { StreamHub } from '../stream/hub.js';
import { AbiCache } from '../view/abi-cache.js';
import { Connections } from './connections.js';
import { failureOf, faultFailure, type HttpFailure, plainFailure, unknownEndpoint } from './failure.js';
import { defaultHttpOptions, type HttpOptions } from './options.js';
import { clientKey, RateLimiter } from './rate-limit.js';
import { registerRoutes } from './register.js';

/** What is told to the rest of the node. */
export type HttpObserver = {
  /** A request was answered. `route` is a path of the route table, or `other`. */
  answered?(route: string, status: number, durationMs: number): void;
  /** The node failed to answer a request: a bug or a broken store. */
  fault?(route: string, error: unknown): void;
};

/** A server that was started. */
export type HttpServer = {
  /** As `http://127.0.0.1:8888`. */
  readonly url: string;
  readonly port: number;
  /** Number of open event streams. */
  readonly openStreams: () => number;
  /** Takes no more requests, ends event streams and waiting requests, and lets the others finish. */
  close(): Promise<void>;
};

/** What requests have in common, for the files that answer them. */
export type ServerParts = {
  readonly backend: NodeBackend;
  readonly options: HttpOptions;
  readonly abis: AbiCache;
  readonly hub: StreamHub;
  readonly limiter: RateLimiter | undefined;
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal;
};

/** Time that requests have to finish when the server stops. */
const CLOSE_TIMEOUT_MS = 5000;

/** Starts the server. Rejects when the address cannot be taken. */
export async function startHttpServer(
  backend: NodeBackend,
  settings: Partial<HttpOptions> = {},
  observer: HttpObserver = {},
): Promise<HttpServer> {
  const options = { ...defaultHttpOptions, ...settings };
  const abis = new AbiCache();
  const hub = new StreamHub(backend, abis, options, (error) => observer.fault?.('/v1/stream', error));
  const stop = new AbortController();
  const limiter = options.ratePerSecond > 0 ? new RateLimiter(options.ratePerSecond, options.rateBurst) : undefined;
  const parts: ServerParts = { backend, options, abis, hub, limiter, stopping: stop.signal };
  const app = createApp(parts, observer);
  const connections = new Connections(app.server);
  registerRoutes(app, parts);
  registerPages(app, parts);
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    hub.close();
    throw error;
  }
  app.server.maxConnections = options.connectionsMax;
  const { port } = app.server.address() as { port: number };
  const shown = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${shown}:${port}`,
    port,
    openStreams: () => hub.size,
    async close() {
      hub.close();
      stop.abort(plainFailure(503, 'the server stops', {}, { transient: true }));
      const force = setTimeout(() => app.server.closeAllConnections(), CLOSE_TIMEOUT_MS);
      connections.closeIdle();
      await app.close();
      clearTimeout(force);
    },
  };
}

function createApp(parts: ServerParts, observer: HttpObserver): FastifyInstance {
  const { options } = parts;
  const app = fastify({
    logger: false,
    bodyLimit: options.bodyBytesMax,
    requestTimeout: options.requestTimeoutMs,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    trustProxy: options.trustProxy,
    forceCloseConnections: false,
    http: {
      headersTimeout: options.headersTimeoutMs,
      connectionsCheckingInterval: Math.max(50, Math.min(options.requestTimeoutMs, options.headersTimeoutMs) / 4),
      maxHeaderSize: 16 * 1024,
    },
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
    .headers(failure.headers)
    .header('content-type', 'application/json')
    .send(JSON.stringify(failure.body));
}

function common(reply: FastifyReply, { allowOrigin }: HttpOptions): void {
  reply.header('x-content-type-options', 'nosniff');
  if (allowOrigin === '') return;
  reply.header('access-control-allow-origin', allowOrigin);
  reply.header('access-control-expose-headers', 'X-Block-Num, X-Final-Block-Num, RateLimit, Retry-After');
  if (allowOrigin !== '*') reply.header('vary', 'Origin');
}

function preflight(reply: FastifyReply, { allowOrigin }: HttpOptions): FastifyReply {
  if (allowOrigin !== '') {
    reply.header('access-control-allow-methods', 'GET, POST');
    reply.header('access-control-allow-headers', 'Content-Type, Last-Event-ID');
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

/** A client asked for more than its rate allows. */
export function tooMany(retryAfterMs: number): HttpFailure {
  const headers = { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
  return plainFailure(429, 'too many requests', headers, { transient: true, retry_after_ms: retryAfterMs });
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
function clientErrorHandler(error: Error & { code?: string }, socket: Socket): void {
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
