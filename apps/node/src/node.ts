/** One node as a whole: starts its threads in order, and stops them in order. */
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { parsePrivateKey } from '@snapscale/crypto';
import { chainIdOf, encode, genesisSchema, parseName } from '@snapscale/protocol';
import type { Logger } from 'pino';
import { logNotice } from './chain-log.js';
import type { NodeConfig } from './config.js';
import { CoreClient } from './core/core-client.js';
import { type ChainFiles, markFounded, openDataDirectory } from './data-directory.js';
import { ProducerDuties } from './evidence/producer-duties.js';
import { type Founding, foundChain } from './founding.js';
import { type HttpServer, startHttpServer } from './http/server/http-server.js';
import { groupFile } from './light/group-file.js';
import { readLightBase } from './light/light-files.js';
import { NetworkClient } from './net/network-client.js';
import { AWAITED_MAX, CoreBackend } from './node-backend.js';
import { expiresSec } from './own-transactions.js';
import { readIdentity } from './p2p/identity-files.js';
import { Snapshots } from './snapshots.js';
import { BlockLogReader } from './store/block-log/block-log-reader.js';
import { type DirectoryLock, lockDirectory } from './store/lock.js';
import type { ScrubOptions, ScrubResult } from './store/scrub-worker.js';
import { StateStore } from './store/state-store.js';
import { TraceReader } from './store/trace-record.js';
import { keepSnapshots, requireGenesis, takeFirstState } from './sync-snapshot/node-sync.js';
import type { NodeMetrics } from './telemetry/node-metrics.js';
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
  });
  let network: NetworkClient | undefined;
  let duties: ProducerDuties | undefined;
  network = await startNetwork(config, log, core, verify, chainIdOf(genesis), observer, died);
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
  const founding = files.founded ? undefined : await found(core, backend, files, log);
  if (founding !== undefined) markFounded(dataDir, files);
  const { keys } = files;
  duties = new ProducerDuties({
    roundTrips: () => network?.stats?.roundTripMs ?? {},
    core,
    backend,
    genesis,
    keys,
    notice: (level, detail, text) => log[level](detail, text),
  });
  const http = await startHttp(config, log, backend, observer.metrics);
  return {
    url: http.url,
    core,
    network,
    development: files.development,
    founding,
    async stop() {
      backend.stop();
      duties.close();
      observer.close();
      await http.close();
      await core.stop();
      await network?.close();
      await verify.close();
      lock.release();
    },
  };
}

/** What happens whenever nodes start and stop. */
const ordinaryEvents: ReadonlySet<string> = new Set(['peer-connected', 'dial-failed']);
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

/** A block with a founding transaction may be made until that expires, and becomes final soon, if at all. */
const FOUNDING_PATIENCE_MS = expiresSec * 1000 + 15_000;

/**
 * Makes the first transactions, and waits until they are final: what they did survives a kill only then. Those that expire
 * before that, because the others came late, or are in a block that loses, are made again; what is done already is left out.
 */
async function found(core: CoreClient, backend: CoreBackend, files: ChainFiles, log: Logger): Promise<Founding> {
  for (;;) {
    const sent: Uint8Array[] = [];
    const areFinal = () => sent.every((id) => backend.transactionStatus(id).state === 'IRREVERSIBLE');
    const founding = await foundWithRetries({
      genesis: files.genesis,
      privateKey: parsePrivateKey(files.keys.foundingKey ?? files.keys.producerKeys[0]!),
      development: files.development,
      headId: () => core.final.id,
      state: () => core.view,
      nowMs: Date.now,
      ...(files.genesis.producers.length > 1 ? { settled: () => isSoInTime(core, areFinal) } : {}),
      submit: async (packed) => {
        const outcome = await backend.submit(packed, 'push');
        if (outcome.kind === 'busy') return { code: 'snap_queue_full', message: 'the queue is full' };
        // One that failed is tried again, and never becomes final itself.
        if (outcome.kind === 'executed' && outcome.except === undefined) sent.push(outcome.trace.id);
        return outcome.kind === 'rejected' ? outcome.rejection : outcome.except;
      },
    });
    if (await isSoInTime(core, areFinal)) return founding;
    const seconds = FOUNDING_PATIENCE_MS / 1000;
    log.warn(
      `the first transactions are not final after ${seconds} s: are enough other producers running? Trying again`,
    );
  }
}

/** A block that is lost can take a step with it, on which the next ones depend: what is missing is done again. */
async function foundWithRetries(context: Parameters<typeof foundChain>[0]): Promise<Founding> {
  for (let tries = 1; ; tries++) {
    try {
      return await foundChain(context);
    } catch (error) {
      if (tries === FOUNDING_TRIES) throw error;
    }
  }
}

/** Each takes seconds for the step that is refused. */
const FOUNDING_TRIES = 6;

/** Resolves when the condition holds, which is looked at with each block that becomes final. False: it does not in time. */
function isSoInTime(core: CoreClient, condition: () => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isSo: boolean): void => {
      stopListening();
      clearTimeout(timer);
      resolve(isSo);
    };
    const look = (): void => {
      if (condition()) end(true);
    };
    const stopListening = core.listen({ finalized: look });
    const timer = setTimeout(() => end(condition()), FOUNDING_PATIENCE_MS);
    look();
  });
}

/** Says which address is taken, and what to do about it. */
function listenFailure(error: unknown, { host, port }: NodeConfig): Error {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return error as Error;
  return new Error(
    `port ${port} of ${host} is taken by another program (another node?): stop it, or choose another with --port N`,
  );
}

async function startHttp(
  config: NodeConfig,
  log: Logger,
  backend: CoreBackend,
  metrics: NodeMetrics,
): Promise<HttpServer> {
  try {
    return await startHttpServer(
      backend,
      { host: config.host, port: config.port, ratePerSecond: config.production ? 200 : 0 },
      {
        answered: (route, status, durationMs) =>
          metrics.requests.observe({ route, status: String(status) }, durationMs / 1000),
        fault: (route, error) => log.error({ err: error, route }, 'a request could not be answered'),
      },
    );
  } catch (error) {
    throw listenFailure(error, config);
  }
}
