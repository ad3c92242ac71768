/** The HTTP server of a node, with its doors set up from the command line, and what it tells the log and the metrics. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodeUri } from '@snapscale/api';
import { toHex } from '@snapscale/crypto';
import type { Logger } from 'pino';
import { IdentityWatch } from '../admission/identity-watch.js';
import type { NodeConfig } from '../config.js';
import { type Identity, openIdentity } from '../p2p/identity.js';
import { identityFiles, readIdentity } from '../p2p/identity-files.js';
import type { NodeMetrics } from '../telemetry/node-metrics.js';
import { FutureTokens } from './access/future-tokens.js';
import { keepNodeKey, NodeKeys } from './access/node-keys.js';
import { admissionOf, type HttpAccess } from './access/setting.js';
import type { NodeBackend } from './backend.js';
import { type HttpServer, startHttpServer } from './server/http-server.js';

/** The key that tokens name, of a node without an identity. */
const KEY_FILE = 'api.key';
/** The latest time that a token from the future has named. */
const TOKENS_FILE = 'api.tokens';

/** What networks of strangers allow: requests per second of an address, of a certificate, of an organisation. */
const productionRates = { ratePerSecond: 200, certificateRatePerSecond: 400, organisationRatePerSecond: 2000 };

/** Starts it. Rejects with an Error that says which address is taken, or what of the identity is wrong. */
export async function startHttp(
  config: NodeConfig,
  log: Logger,
  backend: NodeBackend,
  metrics: NodeMetrics,
): Promise<HttpServer> {
  const { host, port, production } = config;
  const identity = identityOf(config);
  const access = accessOf(config, backend, identity);
  let server: HttpServer;
  try {
    server = await startHttpServer(
      backend,
      { host, port, ...(production ? productionRates : {}) },
      {
        answered: (route, status, durationMs) =>
          metrics.requests.observe({ route, status: String(status) }, durationMs / 1000),
        fault: (route, error) => log.error({ err: error, route }, 'a request could not be answered'),
        admitted: (door, member) => {
          metrics.access.inc({ door, outcome: 'admitted' });
          if (member !== undefined) log.trace({ door, ...whoIs(member) }, 'a request of a member');
        },
        refused: (door, route, { code, reason }) => {
          metrics.access.inc({ door, outcome: code });
          log.debug({ door, route, code, reason }, 'a request was refused');
        },
      },
      access,
    );
  } catch (error) {
    throw listenFailure(error, config);
  }
  if (server.tlsPort !== undefined) log.info({ host, port: server.tlsPort }, 'takes HTTPS with client certificates');
  return identity === undefined ? server : followIdentity(server, identity, config, log);
}

/** ACC-8: an identity that is renewed is in use without a restart. */
function followIdentity(server: HttpServer, inUse: Identity, { identityDir }: NodeConfig, log: Logger): HttpServer {
  const watch = new IdentityWatch({
    directory: identityDir,
    inUse,
    changed: (identity) => {
      openIdentity(identity);
      server.changeIdentity(identity);
      server.access.admission.setAuthorities(identity.authorities);
    },
    fault: (error) => log.error({ err: error }, 'the HTTP doors go on with the identity that they have'),
  });
  return {
    ...server,
    close() {
      watch.close();
      return server.close();
    },
  };
}

function whoIs({
  organisation,
  node,
  account,
  digest,
}: Record<'organisation' | 'digest', string> & Record<'node' | 'account', string | undefined>) {
  return { organisation, node, account, certificate: digest.slice(0, 16) };
}

function identityOf({ identityDir, tlsPort }: NodeConfig): Identity | undefined {
  if (existsSync(identityFiles(identityDir).certificate)) return readIdentity(identityDir);
  if (tlsPort === undefined) return undefined;
  throw new Error(
    `--tls-port ${tlsPort}: HTTPS needs the node's identity, and there is none in ${identityDir} (--identity DIR)`,
  );
}

function accessOf(config: NodeConfig, backend: NodeBackend, identity: Identity | undefined): HttpAccess {
  const { admission, production, dataDir, tlsPort } = config;
  return {
    policy: admission ?? (production ? 'chain' : 'open'),
    admission: admissionOf(backend, identity?.authorities ?? [], Date.now),
    keys: new NodeKeys(
      audienceOf(identity, backend),
      identity?.privateKey ?? keepNodeKey(join(dataDir, KEY_FILE)),
      Date.now,
    ),
    nowMs: Date.now,
    futureTokens: new FutureTokens(join(dataDir, TOKENS_FILE), Date.now() / 1000),
    tls: tlsPort === undefined || identity === undefined ? undefined : { port: tlsPort, identity },
  };
}

/** The name of the node; without an identity, that of the chain: the key alone says then which node is meant. */
function audienceOf(identity: Identity | undefined, backend: NodeBackend): string {
  if (identity === undefined) return `urn:snap:chain:${toHex(backend.chainInfo().chainId)}`;
  return `${nodeUri}${openIdentity(identity).member.node}`;
}

/** Says which address is taken, and what to do about it. */
function listenFailure(error: unknown, { host, port, tlsPort }: NodeConfig): Error {
  const { code, port: taken = port } = error as NodeJS.ErrnoException & { readonly port?: number };
  if (code !== 'EADDRINUSE') return error as Error;
  const option = taken === tlsPort ? '--tls-port' : '--port';
  return new Error(
    `port ${taken} of ${host} is taken by another program (another node?): stop it, or choose another with ${option} N`,
  );
}
