/** Where snapshots meet the start of a node: the first state from peers, and the shelf that others fetch from. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Genesis } from '@snapscale/protocol';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config.js';
import type { CoreClient } from '../core/core-client.js';
import type { CoreBackend } from '../node-backend.js';
import { protocolVersions } from '../p2p/greeting.js';
import { readIdentity } from '../p2p/identity-files.js';
import type { Snapshots } from '../snapshots.js';
import { serverVersion } from '../version.js';
import { ShelfKeeper } from './shelf-keeper.js';
import { shelfDirectory } from './snapshot-shelf.js';
import { syncSnapshotFromPeers } from './sync-from-peers.js';

/** A node that hears nothing useful for so long says so and ends. */
const PATIENCE_MS = 120_000;

/** A node that takes a state from others must know first which chain it joins. @throws Error */
export function requireGenesis({ sync, dataDir }: NodeConfig): void {
  if (sync !== 'snapshot' || existsSync(join(dataDir, 'genesis.json'))) return;
  throw new Error(
    `--sync snapshot: ${join(dataDir, 'genesis.json')} is missing; copy it from a node of the network that this one is to join`,
  );
}

/** With `--sync snapshot` and no state yet: takes one from peers. @throws Error that says what could not be done */
export async function takeFirstState(config: NodeConfig, genesis: Genesis, log: Logger): Promise<void> {
  const { dataDir, peers, identityDir, mapSizeBytes } = config;
  if (config.sync !== 'snapshot' || existsSync(join(dataDir, 'state'))) return;
  if (peers.length === 0) throw new Error('--sync snapshot: give --peers too, nodes that have a snapshot');
  log.info({ peers }, 'asking other nodes for a snapshot');
  const num = await syncSnapshotFromPeers({
    dataDir,
    genesis,
    identity: readIdentity(identityDir),
    peers,
    versions: protocolVersions,
    agent: `snapscale ${serverVersion.version}`,
    fileBytesMax: mapSizeBytes,
    patienceMs: PATIENCE_MS,
    event: (name, detail) => (troubles.has(name) ? log.warn(detail, name) : log.info(detail, name)),
  });
  log.info({ block: num }, 'begins with a state from other nodes, checked from the genesis on');
}

const troubles: ReadonlySet<string> = new Set(['snapshot-peer-blamed', 'peer-refused', 'clock-differs']);

/** Keeps snapshots for others while the node runs, if others can connect to it. */
export function keepSnapshots(
  config: NodeConfig,
  core: CoreClient,
  backend: CoreBackend,
  snapshots: Snapshots,
  log: Logger,
): void {
  if (config.peerPort === undefined || config.snapshotEveryBlocks === 0) return;
  const keeper = new ShelfKeeper({
    directory: shelfDirectory(config.dataDir),
    everyBlocks: config.snapshotEveryBlocks,
    light: backend.light,
    header: (num) => backend.blockSummary(num)?.header,
    write: (directory) => snapshots.writeTo(directory),
    event: (name, detail) => (name === 'snapshot-kept' ? log.info(detail, name) : log.warn(detail, name)),
  });
  core.listen({ finalized: (num) => void keeper.finalized(num) });
}
