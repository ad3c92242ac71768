/** The HTTP servers: plain on loopback, and HTTPS with the CA's own certificate. */
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Refusal } from '../failures.js';
import type { CaParts } from './ca-parts.js';
import { addEstRoutes } from './est-routes.js';
import { problemOf, sendProblem } from './problem.js';
import { addPublicRoutes } from './public-routes.js';
import { addRestRoutes } from './rest-routes.js';
import { addRotationRoutes } from './rotation-routes.js';

/** Certificate and key of the server, and whose clients it knows. PEM. */
export type TlsIdentity = { readonly cert: string; readonly key: string; readonly ca: readonly string[] };

/** A server that was started. */
export type CaServer = {
  readonly port: number;
  /** Takes another certificate for connections from now on. */
  setIdentity(identity: TlsIdentity): void;
  close(): Promise<void>;
};

const BODY_BYTES_MAX = 16 * 1024;
const CONNECTIONS_MAX = 500;
const CLOSE_TIMEOUT_MS = 5000;
const connectionLimits = { headersTimeout: 10_000, connectionsCheckingInterval: 2000, maxHeaderSize: 16 * 1024 };

/** Starts a server. Rejects when the address cannot be taken. */
export async function startServer(
  parts: CaParts,
  log: Logger,
  { host, port, tls }: { readonly host: string; readonly port: number; readonly tls: TlsIdentity | undefined },
): Promise<CaServer> {
  const common = {
    logger: false as const,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: 30_000,
    keepAliveTimeout: 10_000,
  };
  const app = (tls === undefined
    ? fastify({ ...common, http: connectionLimits })
    : fastify({
        ...common,
        https: {
          ...connectionLimits,
          ...secureContext(tls),
          requestCert: true,
          rejectUnauthorized: false,
          handshakeTimeout: 10_000,
        },
      })) as unknown as FastifyInstance;
  addRoutes(app, parts, log);
  await app.listen({ host, port });
  app.server.maxConnections = CONNECTIONS_MAX;
  return {
    port: (app.server.address() as AddressInfo).port,
    setIdentity: (identity) => (app.server as unknown as HttpsServer).setSecureContext(secureContext(identity)),
    async close() {
      const force = setTimeout(() => app.server.closeAllConnections(), CLOSE_TIMEOUT_MS);
      const closing = app.close();
      app.server.closeIdleConnections();
      await closing;
      clearTimeout(force);
    },
  };
}

function addRoutes(app: FastifyInstance, parts: CaParts, log: Logger): void {
  // Every body arrives as bytes: tokens sign them as they came.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    refuseWebPage(request);
  });
  app.setErrorHandler((error, request, reply) => {
    if (problemOf(error).status === 500)
      log.error({ err: error, method: request.method, path: request.routeOptions.url }, 'a request failed');
    return sendProblem(reply, error);
  });
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, new Refusal(404, 'not_found', 'there is nothing at this path')),
  );
  addPublicRoutes(app, parts);
  addRestRoutes(app, parts);
  addRotationRoutes(app, parts);
  addEstRoutes(app, parts);
}

/** No page calls this interface: one that does would use the certificate that a browser shows for its user. @throws Refusal */
function refuseWebPage({ method, headers }: FastifyRequest): void {
  if (method === 'GET' || method === 'HEAD') return;
  const site = headers['sec-fetch-site'];
  if (headers.origin === undefined && (site === undefined || site === 'none')) return;
  throw new Refusal(403, 'web_page', 'requests of web pages are not taken: use a program');
}

function secureContext({ cert, key, ca }: TlsIdentity) {
  return { cert, key, ca: [...ca], minVersion: 'TLSv1.2' as const };
}
