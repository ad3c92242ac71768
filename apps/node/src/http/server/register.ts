/** The route table in Fastify: requests checked by their schemas, answers as JSON. */

import { performance } from 'node:perf_hooks';
import { type AnyRoute, allRoutes, openApiDocument, readRequest, routes } from '@snapscale/api';
import type { StateReader } from '@snapscale/execution';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { NodeBackend } from '../backend.js';
import { handlers } from '../handlers/index.js';
import { decodingBudget } from '../view/action-json.js';
import { invalidRequest } from './failure.js';
import { type RequestContext, WithStatus } from './handler.js';
import { type ServerParts, tooMany } from './http-server.js';
import { parseJsonBody, parseQuery } from './json-body.js';
import { clientKey } from './rate-limit.js';

type LooseHandler = (context: RequestContext, request: unknown) => unknown;

/** Binds every route of the table. */
export function registerRoutes(app: FastifyInstance, parts: ServerParts): void {
  for (const [family, members] of Object.entries(routes)) {
    const known = handlers[family as keyof typeof handlers] as Readonly<Record<string, LooseHandler>>;
    for (const [name, route] of Object.entries(members) as [string, AnyRoute][]) {
      const handler = known[name];
      if (handler !== undefined) registerJsonRoute(app, parts, route, handler);
    }
  }
  registerOwnRoutes(app, parts);
}

function registerJsonRoute(app: FastifyInstance, parts: ServerParts, route: AnyRoute, handler: LooseHandler): void {
  const binary = route.requestType === 'application/octet-stream';
  app.route({
    method: [...route.methods],
    url: route.path,
    ...(binary ? { bodyLimit: parts.options.bulkBytesMax } : {}),
    handler: async (request, reply) => {
      const context = new Context(parts, request, reply);
      const value = binary ? requireBytes(request.body) : readFields(route, request);
      const answer = await handler(context, value);
      const withStatus = answer instanceof WithStatus;
      addChainHeaders(reply, parts.backend);
      return reply
        .code(withStatus ? answer.status : route.status)
        .header('content-type', 'application/json')
        .send(JSON.stringify(withStatus ? answer.value : answer));
    },
  });
}

/** Routes that are not a JSON answer of a handler. */
function registerOwnRoutes(app: FastifyInstance, { backend, hub, options }: ServerParts): void {
  const paths = allRoutes().map((route) => route.path);
  app.route({
    method: ['GET', 'POST'],
    url: routes.node.getSupportedApis.path,
    handler: async (_request, reply) =>
      reply.header('content-type', 'application/json').send(JSON.stringify({ apis: paths })),
  });
  app.get(routes.node.getMetrics.path, async (_request, reply) => {
    const { contentType, text } = await backend.metrics();
    return reply.header('content-type', contentType).send(text);
  });
  const document = JSON.stringify(openApiDocument({ version: backend.serverVersion.version }));
  app.get(routes.node.getOpenApi.path, async (_request, reply) =>
    reply.header('content-type', 'application/json').send(document),
  );
  app.route({
    method: 'GET',
    url: routes.snap.stream.path,
    exposeHeadRoute: false,
    handler: (request, reply) => {
      const fields = readFields(routes.snap.stream, request) as Record<string, string | undefined>;
      const lastEventId = request.headers['last-event-id'];
      if (typeof lastEventId === 'string' && lastEventId !== '') fields.cursor = lastEventId;
      const headers: Record<string, string> = { 'x-content-type-options': 'nosniff' };
      if (options.allowOrigin !== '') headers['access-control-allow-origin'] = options.allowOrigin;
      hub.open(reply.raw, clientKey(request.ip), fields, headers);
      reply.hijack();
    },
  });
}

function readFields(route: { readonly request: AnyRoute['request'] }, request: FastifyRequest): unknown {
  const given =
    request.method === 'GET' || request.method === 'HEAD'
      ? parseQuery(request.query as Record<string, unknown>)
      : parseJsonBody(request.body as Uint8Array | undefined);
  const read = readRequest(route.request, given);
  if (!read.ok) throw invalidRequest(`Unable to parse valid input from POST body: ${read.problem}`);
  return read.value;
}

function requireBytes(body: unknown): Uint8Array {
  if (!(body instanceof Uint8Array) || body.length === 0) throw invalidRequest('A Request body is required');
  return body;
}

function addChainHeaders(reply: FastifyReply, backend: NodeBackend): void {
  const { head, final } = backend.chainInfo();
  reply.header('x-block-num', String(head.num));
  reply.header('x-final-block-num', String(final.num));
}

/** What one request works with; parts that few handlers need are made when asked for. */
class Context implements RequestContext {
  readonly backend: NodeBackend;
  readonly options: ServerParts['options'];
  readonly abis: ServerParts['abis'];
  readonly budget = decodingBudget();
  readonly state: StateReader;
  readonly #parts: ServerParts;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;

  constructor(parts: ServerParts, request: FastifyRequest, reply: FastifyReply) {
    this.backend = parts.backend;
    this.options = parts.options;
    this.abis = parts.abis;
    this.#parts = parts;
    this.#request = request;
    this.#reply = reply;
    this.state = stateAt(parts.backend, (request.query as Record<string, unknown>).at);
  }

  get signal(): AbortSignal {
    const gone = new AbortController();
    this.#reply.raw.once('close', () => gone.abort(new Error('the client hung up')));
    return AbortSignal.any([gone.signal, this.#parts.stopping]);
  }

  /** Judged by the connection itself: a proxy's word for its client does not make it local. */
  get isLocal(): boolean {
    const address = clientKey(this.#request.socket.remoteAddress ?? '');
    return /^127\./.test(address) || address === '0:0:0:0::/64';
  }

  nowMs(): number {
    return performance.now();
  }

  charge(cost: number): void {
    const { limiter } = this.#parts;
    if (limiter === undefined || cost <= 0) return;
    const verdict = limiter.take(clientKey(this.#request.ip), cost, performance.now());
    if (!verdict.allowed) throw tooMany(verdict.retryAfterMs);
  }
}

function stateAt(backend: NodeBackend, at: unknown): StateReader {
  if (at === undefined || at === 'head') return backend.headState();
  if (at === 'final') return backend.finalState();
  throw invalidRequest('at must be head or final');
}
