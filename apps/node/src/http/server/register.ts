/** The route table in Fastify: requests checked by their schemas, answers as JSON. */

import { performance } from 'node:perf_hooks';
import { type AnyRoute, allRoutes, openApiDocument, readRequest, routes } from '@snapscale/api';
import type { StateReader } from '@snapscale/execution';
import type { Name } from '@snapscale/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access, AccessControl, Begun } from '../access/access-control.js';
import { refused } from '../access/admit.js';
import { accessFailure } from '../access/problem.js';
import type { NodeBackend } from '../backend.js';
import { handlers } from '../handlers/index.js';
import { decodingBudget } from '../view/action-json.js';
import { isLocal } from './access-hooks.js';
import { invalidRequest, tooMany } from './failure.js';
import { type RequestContext, WithStatus } from './handler.js';
import type { ServerParts } from './http-server.js';
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
    config: { access: route.access },
    ...(binary ? { bodyLimit: parts.options.bulkBytesMax } : {}),
    handler: async (request, reply) => {
      const context = new Context(parts, request, reply, parts.asking.get(request)!);
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
function registerOwnRoutes(app: FastifyInstance, { backend, hub, options, control, asking }: ServerParts): void {
  const paths = allRoutes().map((route) => route.path);
  app.route({
    method: ['GET', 'POST'],
    url: routes.node.getSupportedApis.path,
    config: { access: routes.node.getSupportedApis.access },
    handler: async (_request, reply) =>
      reply.header('content-type', 'application/json').send(JSON.stringify({ apis: paths })),
  });
  const configOf = ({ access }: AnyRoute) => ({ config: { access } });
  app.get(routes.node.getMetrics.path, configOf(routes.node.getMetrics), async (_request, reply) => {
    const { contentType, text } = await backend.metrics();
    return reply.header('content-type', contentType).send(text);
  });
  const document = JSON.stringify(openApiDocument({ version: backend.serverVersion.version }));
  app.get(routes.node.getOpenApi.path, configOf(routes.node.getOpenApi), async (_request, reply) =>
    reply.header('content-type', 'application/json').send(document),
  );
  app.get(routes.snap.getAuthorities.path, configOf(routes.snap.getAuthorities), async (_request, reply) =>
    reply.header('content-type', 'application/x-pem-file').send(control.admission.roots().join('')),
  );
  app.route({
    method: 'GET',
    url: routes.snap.stream.path,
    config: { access: routes.snap.stream.access },
    exposeHeadRoute: false,
    handler: (request, reply) => {
      const fields = readFields(routes.snap.stream, request) as Record<string, string | undefined>;
      const lastEventId = request.headers['last-event-id'];
      if (typeof lastEventId === 'string' && lastEventId !== '') fields.cursor = lastEventId;
      const headers: Record<string, string> = { 'x-content-type-options': 'nosniff' };
      if (options.allowOrigin !== '') headers['access-control-allow-origin'] = options.allowOrigin;
      const begun = asking.get(request)!;
      const client = begun.member?.digest ?? clientKey(request.ip);
      const drop = hub.open(reply.raw, client, fields, headers);
      reply.hijack();
      const release = control.follow(begun, ({ code, detail }) =>
        drop(detail === undefined ? code : `${code}: ${detail}`),
      );
      reply.raw.once('close', release);
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
/** Transactions of one request that are looked at before anybody has vouched for them (ACC-15). */
const SPONSORED_MAX = 32;

class Context implements RequestContext {
  readonly backend: NodeBackend;
  readonly options: ServerParts['options'];
  readonly abis: ServerParts['abis'];
  readonly budget = decodingBudget();
  readonly state: StateReader;
  readonly #parts: ServerParts;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #begun: Begun;
  /** Transactions whose payer had to be looked at, because their sender is no member that may write. */
  #payersAsked = 0;

  constructor(parts: ServerParts, request: FastifyRequest, reply: FastifyReply, begun: Begun) {
    this.backend = parts.backend;
    this.options = parts.options;
    this.abis = parts.abis;
    this.#parts = parts;
    this.#request = request;
    this.#reply = reply;
    this.#begun = begun;
    this.state = stateAt(parts.backend, (request.query as Record<string, unknown>).at);
  }

  get access(): Access {
    return this.#begun;
  }

  get control(): AccessControl {
    return this.#parts.control;
  }

  get tlsPort(): number | undefined {
    return this.#parts.tlsPort();
  }

  get signal(): AbortSignal {
    const gone = new AbortController();
    const release = this.#parts.control.follow(this.#begun, (refusal) => gone.abort(accessFailure(refusal)));
    this.#reply.raw.once('close', () => {
      release();
      gone.abort(new Error('the client hung up'));
    });
    return AbortSignal.any([gone.signal, this.#parts.stopping]);
  }

  get isLocal(): boolean {
    return isLocal(this.#request);
  }

  requirePayer(payer: () => Name): void {
    const counted = (): Name => {
      // Somebody who is nobody must not make this thread unpack as much as fits into a request.
      if (++this.#payersAsked > SPONSORED_MAX) {
        throw accessFailure(
          refused('missing', `Who is no member hands in at most ${SPONSORED_MAX} sponsored transactions at a time.`),
        );
      }
      return payer();
    };
    const refusal = this.#parts.control.refuseTransaction(this.#begun, counted);
    if (refusal !== undefined) throw accessFailure(refusal);
  }

  nowMs(): number {
    return performance.now();
  }

  charge(cost: number): void {
    if (cost <= 0) return;
    const { limiter, control } = this.#parts;
    const verdict = limiter?.take(clientKey(this.#request.ip), cost, performance.now());
    if (verdict?.allowed === false) throw tooMany(verdict.retryAfterMs);
    const retryAfterMs = control.charge(this.#begun, cost);
    if (retryAfterMs !== undefined) throw accessFailure(refused('rate_limited'), retryAfterMs);
  }
}

function stateAt(backend: NodeBackend, at: unknown): StateReader {
  if (at === undefined || at === 'head') return backend.headState();
  if (at === 'final') return backend.finalState();
  throw invalidRequest('at must be head or final');
}
