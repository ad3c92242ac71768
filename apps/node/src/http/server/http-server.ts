/**
 * The HTTP server: Fastify with the route table in it. It runs in the main thread of a node and never touches the chain
 * but through `NodeBackend`.
 */
import type { Server as TlsServer } from 'node:https';
import type { FastifyInstance } from 'fastify';
import type { AdmittedMember } from '../../admission/verdict.js';
import { AccessControl, type Door } from '../access/access-control.js';
import type { Refused } from '../access/admit.js';
import { type HttpAccess, openAccess } from '../access/setting.js';
import { changeTlsIdentity, createTlsServer, type TlsIdentity } from '../access/tls-door.js';
import type { NodeBackend } from '../backend.js';
import { registerPages } from '../pages/register.js';
import { StreamHub } from '../stream/hub.js';
import { AbiCache } from '../view/abi-cache.js';
import type { Asking } from './access-hooks.js';
import { clientErrorHandler, createApp, listenerOptions } from './app.js';
import { Connections } from './connections.js';
import { plainFailure } from './failure.js';
import { defaultHttpOptions, type HttpOptions } from './options.js';
import { RateLimiter } from './rate-limit.js';
import { registerRoutes } from './register.js';

/** What is told to the rest of the node. */
export type HttpObserver = {
  /** A request was answered. `route` is a path of the route table, or `other`. */
  answered?(route: string, status: number, durationMs: number): void;
  /** The node failed to answer a request: a bug or a broken store. */
  fault?(route: string, error: unknown): void;
  /** A request passed the doors. Undefined: nobody that is known. */
  admitted?(door: Door, member: AdmittedMember | undefined): void;
  /** A request was refused at the doors. */
  refused?(door: Door, route: string, refusal: Refused): void;
};

/** A server that was started. */
export type HttpServer = {
  /** As `http://127.0.0.1:8888`. */
  readonly url: string;
  readonly port: number;
  /** Port of HTTPS; undefined: there is none. */
  readonly tlsPort: number | undefined;
  readonly access: AccessControl;
  /** Takes another identity of the node into use. @throws Error when key and certificate do not fit; the old one stays */
  changeIdentity(identity: Omit<TlsIdentity, 'authorities'>): void;
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
  readonly control: AccessControl;
  readonly asking: Asking;
  /** Port of HTTPS once it listens. */
  readonly tlsPort: () => number | undefined;
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal;
};

/** Time that requests have to finish when the server stops. */
const CLOSE_TIMEOUT_MS = 5000;

/**
 * Starts the server. Rejects when an address cannot be taken.
 * @param access who is let in; not given: everybody
 */
export async function startHttpServer(
  backend: NodeBackend,
  settings: Partial<HttpOptions> = {},
  observer: HttpObserver = {},
  access: HttpAccess = openAccess(backend),
): Promise<HttpServer> {
  const options = { ...defaultHttpOptions, ...settings };
  const abis = new AbiCache();
  const hub = new StreamHub(backend, abis, options, (error) => observer.fault?.('/v1/stream', error));
  const control = new AccessControl(backend, access, options);
  const stop = new AbortController();
  const limiter = options.ratePerSecond > 0 ? new RateLimiter(options.ratePerSecond, options.rateBurst) : undefined;
  let tls: TlsListener | undefined;
  const parts: ServerParts = {
    backend,
    options,
    abis,
    hub,
    limiter,
    control,
    asking: new WeakMap(),
    tlsPort: () => tls?.port,
    stopping: stop.signal,
  };
  const app = createApp(parts, observer);
  const connections = new Connections();
  connections.watch(app.server, 'connection');
  registerRoutes(app, parts);
  registerPages(app, parts);
  const close = async (): Promise<void> => {
    hub.close();
    control.close();
    stop.abort(plainFailure(503, 'the server stops', {}, { transient: true }));
    const force = setTimeout(() => {
      app.server.closeAllConnections();
      tls?.server.closeAllConnections();
    }, CLOSE_TIMEOUT_MS);
    connections.closeIdle();
    await Promise.all([app.close(), tls?.close()]);
    clearTimeout(force);
  };
  try {
    await app.listen({ host: options.host, port: options.port });
    tls =
      access.tls === undefined ? undefined : await TlsListener.start(app, control, options, access.tls, connections);
  } catch (error) {
    await close();
    throw error;
  }
  app.server.maxConnections = options.connectionsMax;
  const { port } = app.server.address() as { port: number };
  const shown = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${shown}:${port}`,
    port,
    tlsPort: tls?.port,
    access: control,
    changeIdentity(identity) {
      tls?.change(identity);
      control.keys.replace(identity.privateKey);
    },
    openStreams: () => hub.size,
    close,
  };
}

/** HTTPS in front of the same application. */
class TlsListener {
  readonly server: TlsServer;
  readonly #control: AccessControl;
  #identity: Omit<TlsIdentity, 'authorities'>;

  private constructor(server: TlsServer, control: AccessControl, identity: Omit<TlsIdentity, 'authorities'>) {
    this.server = server;
    this.#control = control;
    this.#identity = identity;
    control.onRoots(() => this.change(this.#identity));
  }

  static async start(
    app: FastifyInstance,
    control: AccessControl,
    options: HttpOptions,
    { port, identity }: NonNullable<HttpAccess['tls']>,
    connections: Connections,
  ): Promise<TlsListener> {
    const shown = { ...identity, authorities: control.admission.roots() };
    const timeouts = { requestTimeout: options.requestTimeoutMs, keepAliveTimeout: options.keepAliveTimeoutMs };
    const server = createTlsServer(shown, { ...listenerOptions(options), ...timeouts }, (request, response) =>
      app.routing(request, response),
    );
    server.maxConnections = options.connectionsMax;
    server.on('clientError', clientErrorHandler);
    connections.watch(server, 'secureConnection');
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: options.host, port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return new TlsListener(server, control, identity);
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  /** @throws Error when key and certificate do not fit */
  change(identity: Omit<TlsIdentity, 'authorities'>): void {
    changeTlsIdentity(this.server, { ...identity, authorities: this.#control.admission.roots() });
    this.#identity = identity;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
