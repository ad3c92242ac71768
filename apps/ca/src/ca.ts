/** A certificate authority: organisations of one directory, a chain, two servers, and the timers that keep them going. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { crlUrlOf, parseCertificates, rootsCrlUrl } from '@snapscale/sdk/certificates';
import type { Logger } from 'pino';
import { type ChainAccess, nodeAccess } from './chain/chain-access.js';
import { organisationsIn, readAs, readOrganisation, rootFolder } from './files/ca-files.js';
import { lockDirectory } from './files/directory-lock.js';
import { Allowance } from './http/allowance.js';
import type { CaParts } from './http/ca-parts.js';
import { AskerCheck } from './http/member-token.js';
import { type CaServer, startServer } from './http/server.js';
import { OrganisationCa } from './issuing/organisation-ca.js';
import { RootAuthority } from './issuing/root-authority.js';
import { type KeyAccess, openAuthorityKey } from './keys/authority-key.js';
import { listPath, memberListSource, RevocationListPublisher, rootListSource } from './lists/revocation-lists.js';
import { OWN_RENEWAL_MS, ownIdentity } from './own-certificate.js';

/** How to run a CA. */
export type CaOptions = {
  readonly directory: string;
  /** Plain HTTP on loopback; 0: any free port. Undefined: none. */
  readonly port: number | undefined;
  /** HTTPS; 0: any free port. Undefined: none. */
  readonly tlsPort: number | undefined;
  /** Address for HTTPS. */
  readonly host: string;
  /** Names and addresses in the CA's own certificate, beside those of `localhost` and of its URL. */
  readonly hosts: readonly string[];
  /** Addresses of nodes: the first that answers is used. */
  readonly nodes: readonly string[];
  /** Folder of an identity that is shown to nodes; undefined: none is. */
  readonly identity?: string | undefined;
  readonly keys: KeyAccess;
  /** Requests a second of one address that are looked at; operators with the CA's secret are not counted. 5 where not given. */
  readonly rate?: number | undefined;
  readonly log: Logger;
  /** For tests: another chain, another clock, a quicker round. */
  readonly chain?: ChainAccess | undefined;
  readonly nowMs?: (() => number) | undefined;
  readonly roundMs?: number | undefined;
};

/** A CA that was started. */
export type RunningCa = {
  /** Plain HTTP, as `http://127.0.0.1:8900`. */
  readonly url: string | undefined;
  readonly tlsUrl: string | undefined;
  readonly organisations: readonly string[];
  /** Takes no more requests, and lets those under way end. */
  stop(): Promise<void>;
};

const ROUND_MS = 5000;
const RATE = 5;
const LOOPBACK = '127.0.0.1';
/** Timers of Node take no more. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** Starts a CA. @throws ConfigurationError saying what is missing or wrong */
export async function startCa(options: CaOptions): Promise<RunningCa> {
  const unlock = lockDirectory(options.directory);
  try {
    return await start(options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function start(options: CaOptions, unlock: () => void): Promise<RunningCa> {
  const { log, nowMs = Date.now, chain = nodeAccess(options.nodes, options.identity) } = options;
  const organisations = await openOrganisations(options, chain, nowMs);
  const [first] = [...organisations.values()];
  const root = await openRoot(options, nowMs, first!.files.configuration.url);
  let url = first!.files.configuration.url ?? '';
  const parts: CaParts = {
    organisations,
    root,
    lists: publishers(organisations, root, options.directory, nowMs, log),
    askers: new AskerCheck(nowMs),
    allowance: new Allowance(nowMs, options.rate ?? RATE),
    nowMs,
    url: () => url,
  };
  const hosts = [
    'localhost',
    LOOPBACK,
    ...(url === '' ? [] : [new URL(url).hostname.replace(/^\[|\]$/g, '')]),
    ...options.hosts,
  ];
  const identity = () => ownIdentity(first!, organisations.values(), [...new Set(hosts)], nowMs());
  const servers: CaServer[] = [];
  const closeAll = () => Promise.all(servers.map((server) => server.close()));
  const open = async (host: string, port: number | undefined, isTls: boolean): Promise<CaServer | undefined> => {
    if (port === undefined) return undefined;
    const server = await startServer(parts, log, { host, port, tls: isTls ? await identity() : undefined });
    servers.push(server);
    return server;
  };
  let plain: CaServer | undefined;
  let tls: CaServer | undefined;
  try {
    plain = await open(LOOPBACK, options.port, false);
    tls = await open(options.host, options.tlsPort, true);
  } catch (error) {
    await closeAll();
    throw error;
  }
  const plainUrl = plain === undefined ? undefined : `http://${LOOPBACK}:${plain.port}`;
  const tlsUrl =
    tls === undefined
      ? undefined
      : `https://${options.host.includes(':') ? `[${options.host}]` : options.host}:${tls.port}`;
  if (url === '') url = tlsUrl ?? plainUrl ?? '';
  const stopTimers = startTimers(
    parts,
    options.roundMs ?? ROUND_MS,
    async () => tls?.setIdentity(await identity()),
    log,
  );
  log.info(
    { organisations: [...organisations.keys()], url: plainUrl, tlsUrl, root: root !== undefined },
    'certificate authority is running',
  );
  return {
    url: plainUrl,
    tlsUrl,
    organisations: [...organisations.keys()],
    async stop() {
      await stopTimers();
      await closeAll();
      for (const ca of organisations.values()) await ca.close();
      root?.close();
      unlock();
    },
  };
}

async function openOrganisations(
  options: CaOptions,
  chain: ChainAccess,
  nowMs: () => number,
): Promise<Map<string, OrganisationCa>> {
  const { directory, keys, log } = options;
  const organisations = new Map<string, OrganisationCa>();
  for (const account of organisationsIn(directory)) {
    const files = readOrganisation(directory, account);
    const signer = await openAuthorityKey(directory, account, 'issuing.key', files.issuing, keys);
    const { url } = files.configuration;
    const crlUrl = url === undefined ? undefined : crlUrlOf(url, account);
    organisations.set(account, new OrganisationCa({ files, signer, chain, log, nowMs, crlUrl }));
  }
  return organisations;
}

async function openRoot(
  options: CaOptions,
  nowMs: () => number,
  url: string | undefined,
): Promise<RootAuthority | undefined> {
  const folder = join(options.directory, rootFolder);
  if (!existsSync(join(folder, 'root.pem'))) return undefined;
  const [certificate] = readAs(join(folder, 'root.pem'), parseCertificates);
  const signer = await openAuthorityKey(options.directory, rootFolder, 'root.key', certificate!, options.keys);
  const crlUrl = url === undefined ? undefined : rootsCrlUrl(url);
  return new RootAuthority({ folder, certificate: certificate!, signer, log: options.log, nowMs, crlUrl });
}

function publishers(
  organisations: ReadonlyMap<string, OrganisationCa>,
  root: RootAuthority | undefined,
  directory: string,
  nowMs: () => number,
  log: Logger,
): Map<string, RevocationListPublisher> {
  const lists = new Map<string, RevocationListPublisher>();
  for (const [account, ca] of organisations) {
    const issuer = ca.files.issuing;
    const source = memberListSource(ca.consortium, issuer);
    lists.set(
      account,
      new RevocationListPublisher({ path: listPath(ca.files.folder), issuer, signer: ca.signer, source, nowMs, log }),
    );
  }
  if (root !== undefined) {
    const [first] = organisations.values();
    const { certificate: issuer, signer } = root;
    const source = rootListSource(first!.consortium, issuer);
    lists.set(
      'roots',
      new RevocationListPublisher({ path: listPath(join(directory, rootFolder)), issuer, signer, source, nowMs, log }),
    );
  }
  return lists;
}

/** Goes on with what waits for the chain, and renews the own certificate. Returns what ends that. */
function startTimers(parts: CaParts, roundMs: number, renewOwn: () => Promise<void>, log: Logger): () => Promise<void> {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<unknown> = Promise.resolve();
  const next = () => {
    round = Promise.all([...parts.organisations.values()].map((ca) => ca.tick())).then(() => {
      if (!isStopped) timer = setTimeout(next, roundMs);
    });
  };
  next();
  const renewal = setInterval(
    () => void renewOwn().catch((error) => log.error({ err: error }, 'the CA’s own certificate cannot be renewed')),
    Math.min(OWN_RENEWAL_MS, TIMER_MAX_MS),
  );
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    clearInterval(renewal);
    await round;
  };
}
