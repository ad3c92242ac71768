/** A certificate authority: organisations of one directory, a chain, two servers, and the timers that keep them going. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isPlainRemote } from '@snapscale/api';
import { type Certificate, crlUrlOf, parseCertificates, rootsCrlUrl } from '@snapscale/sdk/certificates';
import type { Logger } from 'pino';
import { type ChainAccess, nodeAccess } from './chain/chain-access.js';
import { chainIdIn, organisationsIn, readAs, readOrganisation, rootFolder } from './files/ca-files.js';
import { lockDirectory } from './files/directory-lock.js';
import { Allowance } from './http/allowance.js';
import type { CaParts } from './http/ca-parts.js';
import { AskerCheck } from './http/member-token.js';
import { type CaServer, startServer } from './http/server.js';
import { OrganisationCa } from './issuing/organisation-ca.js';
import { RootAuthority } from './issuing/root-authority.js';
import { type KeyAccess, openAuthorityKey } from './keys/authority-key.js';
import { ListSet } from './lists/list-set.js';
import { OWN_RENEWAL_MS, ownIdentity } from './own-certificate.js';
import { authorityFiles, rotationsOf } from './rotation/authority-rotations.js';
import { RootsFollower } from './rotation/roots.js';
import type { Rotation } from './rotation/rotation.js';

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
  const { log, nowMs = Date.now, chain = openChain(options), directory, keys } = options;
  const rotations = new Map<string, Rotation>();
  const organisations = await openOrganisations(options, chain, nowMs, rotations);
  const [first] = [...organisations.values()];
  const root = await openRoot(options, nowMs, first!);
  const lists = new ListSet({ directory, organisations, root, keys, nowMs, log });
  await lists.follow();
  let renewOwn = async (): Promise<void> => {};
  const changed = async () => {
    await lists.follow();
    await renewOwn();
  };
  const place = { directory, organisations, root, keys, nowMs, log, changed };
  for (const [authority, rotation] of rotationsOf(place)) rotations.set(authority, rotation);
  let url = first!.files.configuration.url ?? '';
  const askers = AskerCheck.open(directory, nowMs);
  const parts: CaParts = {
    organisations,
    root,
    rotations,
    lists: lists.lists,
    askers,
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
  renewOwn = async () => tls?.setIdentity(await identity());
  const roots = new RootsFollower([...organisations.values()], nowMs, log);
  const round = async () => {
    if (await followAll(parts, roots, log)) await renewOwn();
  };
  const stopTimers = startTimers(round, options.roundMs ?? ROUND_MS, renewOwn, log);
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
      askers.close();
      unlock();
    },
  };
}

/** The chain behind nodes. What a node says decides who is an operator here: warns where it could be somebody else. */
function openChain({ nodes, identity, directory, log }: CaOptions): ChainAccess {
  const chainId = chainIdIn(directory);
  for (const node of nodes.filter(isPlainRemote)) {
    log.warn(
      { node },
      'this node is asked over plain HTTP: whoever is on the way can forge what it says; use https://',
    );
  }
  if (chainId === undefined) {
    log.warn('no ca.json names the chain (chain_id): nodes of any chain are believed, and transactions signed for it');
  }
  return nodeAccess(nodes, identity, chainId);
}

async function openOrganisations(
  options: CaOptions,
  chain: ChainAccess,
  nowMs: () => number,
  rotations: ReadonlyMap<string, Rotation>,
): Promise<Map<string, OrganisationCa>> {
  const { directory, keys, log } = options;
  const organisations = new Map<string, OrganisationCa>();
  for (const account of organisationsIn(directory)) {
    authorityFiles(directory, account).finish();
    const files = readOrganisation(directory, account);
    const signer = await openAuthorityKey(directory, account, 'issuing.key', files.issuing, keys);
    const { url } = files.configuration;
    if (url !== undefined && isPlainRemote(url)) {
      log.warn(
        { organisation: account, url },
        'others would reach this CA in the clear: no command takes its codes; use https://',
      );
    }
    const crlUrl = (issuing: Certificate) => (url === undefined ? undefined : crlUrlOf(url, account, issuing));
    const follow = async () => rotations.get(account)?.proceed();
    organisations.set(account, new OrganisationCa({ files, signer, chain, log, nowMs, crlUrl, follow }));
  }
  return organisations;
}

async function openRoot(
  options: CaOptions,
  nowMs: () => number,
  first: OrganisationCa,
): Promise<RootAuthority | undefined> {
  const folder = join(options.directory, rootFolder);
  if (!existsSync(join(folder, 'root.pem'))) return undefined;
  authorityFiles(options.directory, rootFolder).finish();
  const [certificate] = readAs(join(folder, 'root.pem'), parseCertificates);
  const signer = await openAuthorityKey(options.directory, rootFolder, 'root.key', certificate!, options.keys);
  const { url } = first.files.configuration;
  const crlUrl = (root: Certificate) => (url === undefined ? undefined : rootsCrlUrl(url, root));
  const roots = () => first.files.roots;
  return new RootAuthority({ folder, certificate: certificate!, signer, log: options.log, nowMs, crlUrl, roots });
}

/** Follows what the consortium has decided, then goes on with what waits. Tells whether roots were changed. */
async function followAll({ organisations, rotations }: CaParts, roots: RootsFollower, log: Logger): Promise<boolean> {
  await Promise.all([...rotations.values()].map((rotation) => rotation.proceed()));
  const isChanged = await roots.follow().catch((error: unknown) => {
    log.debug({ err: error }, 'the roots could not be read from the chain');
    return false;
  });
  await Promise.all([...organisations.values()].map((ca) => ca.tick()));
  return isChanged;
}

/** Rounds, one after the other, and the renewal of the own certificate. Returns what ends that. */
function startTimers(
  work: () => Promise<void>,
  roundMs: number,
  renewOwn: () => Promise<void>,
  log: Logger,
): () => Promise<void> {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<unknown> = Promise.resolve();
  const next = () => {
    round = work()
      .catch((error: unknown) => log.error({ err: error }, 'a round has failed'))
      .then(() => {
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
