/** The doors in the life of a request: before its body is read, and after it. */

import { performance } from 'node:perf_hooks';
import type { RouteAccess } from '@snapscale/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Begun, bearerOf, type Door } from '../access/access-control.js';
import { type Refused, refused } from '../access/admit.js';
import { accessFailure } from '../access/problem.js';
import { presentedChain } from '../access/tls-door.js';
import type { HttpFailure } from './failure.js';
import type { HttpObserver, ServerParts } from './http-server.js';
import { clientKey } from './rate-limit.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call it; not given: everybody, as for pages and for what is not there. */
    access?: RouteAccess;
  }
}

/** What a refused credential costs of the rate of its address, beside the request itself: checking costs more than most answers. */
const REFUSED_COST = 4;
/** When to come back with a token that there was no room to remember. */
const FULL_RETRY_MS = 1000;
const noBytes = new Uint8Array(0);

/** Requests that are in work, with who asks. */
export type Asking = WeakMap<FastifyRequest, Begun>;

/** Puts the doors in front of every route. */
export function guard(app: FastifyInstance, parts: ServerParts, observer: HttpObserver): void {
  const { control, asking } = parts;
  app.addHook('onRequest', async (request) => {
    const begun = await control.begin({
      route: request.routeOptions.config.access ?? 'open',
      isLocal: isLocal(request),
      authorization: request.headers.authorization,
      socket: request.raw.socket,
      method: request.method,
      target: request.raw.url ?? '',
    });
    if ('kind' in begun) throw refuse(parts, observer, request, begun);
    asking.set(request, begun);
  });
  app.addHook('preHandler', async (request) => {
    const begun = asking.get(request);
    if (begun === undefined || begun.route === 'open') return;
    const wrong = control.complete(begun, request.body instanceof Uint8Array ? request.body : noBytes);
    if (wrong !== undefined) {
      throw refuse(parts, observer, request, wrong, wrong.code === 'rate_limited' ? FULL_RETRY_MS : undefined);
    }
    const retryAfterMs = control.charge(begun, 1);
    if (retryAfterMs !== undefined) throw refuse(parts, observer, request, refused('rate_limited'), retryAfterMs);
    observer.admitted?.(begun.door, begun.member);
  });
}

/** Judged by the connection itself: a proxy's word for its client does not make it local, and what a proxy passes on is not. */
export function isLocal(request: FastifyRequest): boolean {
  const { forwarded, 'x-forwarded-for': forwardedFor } = request.headers;
  if (forwarded !== undefined || forwardedFor !== undefined) return false;
  const address = clientKey(request.socket.remoteAddress ?? '');
  return /^127\./.test(address) || address === '0:0:0:0::/64';
}

/** The failure for a refusal, counted. */
function refuse(
  { limiter }: ServerParts,
  observer: HttpObserver,
  request: FastifyRequest,
  refusal: Refused,
  retryAfterMs?: number,
): HttpFailure {
  if (refusal.code !== 'missing' && retryAfterMs === undefined) {
    limiter?.take(clientKey(request.ip), REFUSED_COST, performance.now());
  }
  observer.refused?.(doorOf(request), request.routeOptions.url ?? 'other', refusal);
  return accessFailure(refusal, retryAfterMs);
}

/** By which door a request that was refused has come. */
function doorOf({ headers, raw }: FastifyRequest): Door {
  if (bearerOf(headers.authorization) !== undefined) return 'token';
  return presentedChain(raw.socket, false) === undefined ? 'none' : 'tls';
}
