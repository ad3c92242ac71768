/** One node as a whole: starts its threads in order, and stops them in order. */
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { chainIdOf, encode, genesisSchema, parseName } from '@snapscale/protocol';
import type { Logger } from 'pino';
import { finishIdentity } from './admission/identity-folder.js';
import { keepIdentity } from './admission/keep-identity.js';
import { logNotice } from './chain-log.js';
import type { NodeConfig } from './config.js';
import { CoreClient } from './core/core-client.js';
import { markFounded, openDataDirectory } from './data-directory.js';
import { ProducerDuties } from './evidence/producer-duties.js';
import { readConsortiumFile } from './founding/consortium-file.js';
import type { Founding } from './founding/founding.js';
import { found, keepConsortium } from './founding/run-founding.js';
import type { HttpServer } from './http/server/http-server.js';
import { startHttp } from './http/start-http.js';
import { groupFile } from './light/group-file.js';
import { readLightBase } from './light/light-files.js';
import { NetworkClient } from './net/network-client.js';
import { AWAITED_MAX, CoreBackend } from './node-backend.js';
import { readIdentity } from './p2p/identity-files.js';
import { Snapshots } from './snapshots.js';
import { BlockLogReader } from './store/block-log/block-log-reader.js';
import { type DirectoryLock, lockDirectory } from './store/lock.js';
import type { ScrubOptions, ScrubResult } from './store/scrub-worker.js';
import { StateStore } from './store/state-store.js';
import { TraceReader } from './store/trace-record.js';
import { keepSnapshots, requireGenesis, takeFirstState } from './sync-snapshot/node-sync.js';
import { NodeObserver } from './telemetry/node-observer.js';
import { startThread } from './threads/start-thread.js';
import { VerifyPool } from './verify/verify-pool.js';
import { serverVersion } from './version.js';

/** A running node. */
export type RunningNode = {
  readonly url: string;
  readonly core: CoreClient;
  /** Undefined: the node is alone. */
  readonly network: NetworkClient | undefined;
  readonly development: boolean;
  /** What was set up, when the chain is new. */
  readonly founding: Founding | undefined;
  /** Ends gracefully: no acknowledged transaction is lost. */
  stop(): Promise<void>;
};

/** Starts a node. Rejects with an Error that says what could not be done. */
export async function startNode(config: NodeConfig, log: Logger, died: (error: Error) => void): Promise<RunningNode> {
  const lock = lockDirectory(config.dataDir, (text) => log.warn(text));
  try {
    return await startLocked(config, log, lock, died);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startLocked(
  config: NodeConfig,
  log: Logger,
  lock: DirectoryLock,
  died: (error: Error) => void,
): Promise<RunningNode> {
  const { dataDir } = config;
  requireGenesis(config);
  finishIdentity(config.identityDir);
  const files = await openDataDirectory(dataDir, { ...config, nowMs: Date.now() });
  const { genesis } = files;
  await takeFirstState(config, genesis, log);
  const stateDir = join(dataDir, 'state');
  const core = await CoreClient.start(
    {
      dataDir,
      genesis: encode(genesisSchema, genesis),
      producers: files.keys.producers,
      producerKeys: files.keys.producerKeys,
      finalizerKeys: files.keys.finalizerKeys,
      keysUsedBefore: files.keys.inUse,
      blocksToKeep: config.blocksToKeep,
      mapSizeBytes: config.mapSizeBytes,
      reversibleBlocksMax: config.reversibleBlocksMax,
    },
    () => StateStore.open(stateDir, { readOnly: true }),
  );
  for (const note of core.status.notes) log.warn(note);
  if (core.status.replayed > 0)
    log.info({ blocks: core.status.replayed }, 'executed blocks again that were not stored yet');
  core.listen({ died, event: (name, detail) => logNotice(log, name, detail) });
  scrub(stateDir, log, died);
  const verify = await VerifyPool.start({
    chainId: chainIdOf(genesis),
    verified: (batch) => core.forward(batch),
    rejected: (request, rejection, from) => {
      if (from === 0) core.resolve(request, { kind: 'rejected', rejection });
      else network?.rejected(from, rejection);
    },
    fault: (error) => log.error({ err: error }, 'a verifying thread died and was replaced'),
  });
  log.info(verify.description);
  log.info(core.status.voting);
  const observer = new NodeObserver({
    dataDir,
    core,
    verify,
    awaitedMax: AWAITED_MAX,
    network: () => network,
    evidence: () => duties?.reporter,
    http: () => http,
  });
  let network: NetworkClient | undefined;
  let duties: ProducerDuties | undefined;
  let http: HttpServer | undefined;
  network = await startNetwork(config, log, core, verify, chainIdOf(genesis), observer, died);
  const identity = keepIdentity(config, core, (level, name, detail) => log[level](detail, name));
  const snapshots = new Snapshots(dataDir, genesis);
  const backend = new CoreBackend({
    core,
    verify,
    state: core.reader,
    blocks: BlockLogReader.open(join(dataDir, 'blocks')),
    traces: new TraceReader(BlockLogReader.open(join(dataDir, 'traces')), ({ message }) =>
      log.error(`traces cannot be served: ${message}`),
    ),
    genesis,
    producers: new Set(files.keys.producers.map(parseName)),
    version: serverVersion,
    observer,
    edgeAccount: config.edgeAccount,
    snapshots,
    lightBase: core.status.earliestBlockNum > 1 ? readLightBase(dataDir) : undefined,
    finalityGroups: (first) => groupFile(dataDir, first),
  });
  keepSnapshots(config, core, backend, snapshots, log);
  const consortium = readConsortiumFile(dataDir);
  const parts = { core, backend, files, log };
  const founding = files.founded ? undefined : await found(parts, consortium);
  if (founding !== undefined) markFounded(dataDir, files);
  const stopped = new AbortController();
  if (founding === undefined && consortium !== undefined) void keepConsortium(parts, consortium, stopped.signal);
  const { keys } = files;
  duties = new ProducerDuties({
    roundTrips: () => network?.stats?.roundTripMs ?? {},
    core,
    backend,
    genesis,
    keys,
    notice: (level, detail, text) => log[level](detail, text),
  });
  const server = await startHttp(config, log, backend, observer.metrics);
  http = server;
  return {
    url: server.url,
    core,
    network,
    development: files.development,
    founding,
    async stop() {
      stopped.abort();
      identity.close();
      backend.stop();
      duties.close();
      observer.close();
      await server.close();
      await core.stop();
      await network?.close();
      await verify.close();
      lock.release();
    },
  };
}

/** What happens whenever nodes start and stop, and what is good news. */
const ordinaryEvents: ReadonlySet<string> = new Set([
  'peer-connected',
  'dial-failed',
  'identity-renewed',
  'own-certificate-admitted',
]);
const ordinaryEnds: readonly (string | number)[] = ['duplicate_connection', 'shutting_down'];

function isOrdinary(name: string, { code = '' }: Readonly<Record<string, string | number>>): boolean {
  return ordinaryEvents.has(name) || (name === 'peer-disconnected' && ordinaryEnds.includes(code));
}

/** For measurements only: milliseconds by which everything that this node sends to others is held up. */
const PEER_DELAY_VARIABLE = 'SNAPSCALE_TEST_PEER_DELAY_MS';

/** Begins to take and open connections; the core hears of what comes at once. */
async function startNetwork(
  config: NodeConfig,
  log: Logger,
  core: CoreClient,
  verify: VerifyPool,
  chainId: Uint8Array,
  observer: NodeObserver,
  died: (error: Error) => void,
): Promise<NetworkClient | undefined> {
  if (config.peerPort === undefined) return undefined;
  const { port1, port2 } = new MessageChannel();
  core.connectPeers(port1);
  const network = await NetworkClient.start({
    identity: readIdentity(config.identityDir),
    identityDir: config.identityDir,
    stateDir: join(config.dataDir, 'state'),
    finalSlot: core.final.slot,
    chainId,
    port: config.peerPort,
    host: config.peerHost,
    peers: config.peers,
    dataDir: config.dataDir,
    corePort: port2,
    limits: { sendDelayMs: Number(process.env[PEER_DELAY_VARIABLE] ?? 0) },
    transactions: (batch) => {
      for (const { peer, packed } of batch) verify.submit(0, packed, peer);
    },
    event: (name, detail) => {
      observer.networkEvent(name, detail);
      if (isOrdinary(name, detail)) log.info(detail, name);
      else log.warn(detail, name);
    },
    died,
  });
  log.info({ host: config.peerHost, port: network.port }, 'takes connections of other nodes');
  return network;
}

/** Reads the whole state in the background; a damaged one must not be used any further. */
function scrub(stateDir: string, log: Logger, died: (error: Error) => void): void {
  const options: ScrubOptions = { stateDir };
  const worker = startThread(new URL('./store/scrub-worker.js', import.meta.url), { workerData: options });
  worker.once('message', (result: ScrubResult) => {
    if (result.kind === 'damaged') died(new Error(result.message));
    else log.debug({ entries: result.entries }, 'every entry of the state is intact');
  });
  worker.once('error', (error) => log.error({ err: error }, 'the state could not be checked'));
  worker.unref();
}
