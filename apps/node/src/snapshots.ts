/** Snapshots of a running node: written by a thread of their own, checked to the last entry before they are used. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { consensusRootSchema } from '@snapscale/consensus';
import { equalBytes, toHex } from '@snapscale/crypto';
import { globalKeys, isCommitted, StateCommitment } from '@snapscale/execution';
import {
  blockHeaderSchema,
  blockId,
  chainIdOf,
  decode,
  encode,
  type Genesis,
  genesisSchema,
  stateRootOf,
} from '@snapscale/protocol';
import type { WrittenSnapshot } from './http/backend.js';
import { loadSnapshot, type SnapshotInfo } from './store/snapshot.js';
import type { SnapshotWorkerOptions, SnapshotWorkerResult } from './store/snapshot-worker.js';
import type { StateStore } from './store/state-store.js';
import { startThread } from './threads/start-thread.js';

/** Entries that are hashed at a time while a snapshot is checked. */
const CHECK_BATCH = 50_000;

export class Snapshots {
  readonly #dataDir: string;
  readonly #chainId: Uint8Array;
  #running: Promise<WrittenSnapshot> | undefined;

  constructor(dataDir: string, genesis: Genesis) {
    this.#dataDir = dataDir;
    this.#chainId = chainIdOf(genesis);
  }

  /** Writes the state of the last final block to a file below the data directory. Requests meanwhile share the result. */
  write(): Promise<WrittenSnapshot> {
    const directory = join(this.#dataDir, 'snapshots');
    this.#running ??= this.writeTo(directory).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** As `write`, to a folder of one's own. */
  writeTo(directory: string): Promise<WrittenSnapshot> {
    mkdirSync(directory, { recursive: true });
    const options: SnapshotWorkerOptions = {
      stateDir: join(this.#dataDir, 'state'),
      directory,
      chainId: this.#chainId,
    };
    const worker = startThread(new URL('./store/snapshot-worker.js', import.meta.url), { workerData: options });
    return new Promise((resolve, reject) => {
      worker.once('message', (result: SnapshotWorkerResult) =>
        result.kind === 'written'
          ? resolve({ file: result.file, blockNum: result.blockNum, blockId: toHex(result.blockId) })
          : reject(new Error(result.message)),
      );
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`the snapshot thread ended with exit code ${code}`)));
    });
  }
}

/**
 * Builds the state directory `stateDir` from a snapshot and returns the genesis of its chain. The state appears only after
 * its committed entries have been found to be what the block's header promises; the others are covered by the file's own hash.
 * @param check throws for a snapshot that is not the one that is wanted
 */
export async function restoreSnapshot(
  file: string,
  stateDir: string,
  check: (info: SnapshotInfo) => void = () => {},
): Promise<Genesis> {
  if (!existsSync(file)) throw new Error(`the snapshot ${file} does not exist`);
  let genesis: Genesis | undefined;
  await loadSnapshot(file, stateDir, {
    check: (info, state) => {
      check(info);
      genesis = checkState(file, info, state);
    },
  });
  return genesis!;
}

function checkState(file: string, info: SnapshotInfo, state: StateStore): Genesis {
  const packed = state.get(globalKeys.genesis);
  if (packed === undefined) throw new Error(`${file} names no genesis`);
  const genesis = decode(genesisSchema, packed);
  if (!equalBytes(chainIdOf(genesis), info.chainId)) throw new Error(`the genesis in ${file} is not that of its chain`);
  const { header } = decode(consensusRootSchema, info.root);
  if (!equalBytes(blockId(header), info.blockId))
    throw new Error(`the consensus root in ${file} is not that of its block`);
  if (!equalBytes(state.get(globalKeys.header) ?? NOTHING, encode(blockHeaderSchema, header)))
    throw new Error(`the state in ${file} is not that of its block`);
  const promised = stateRootOf(header);
  if (promised === undefined) return genesis;
  const actual = rootOf(state);
  if (!equalBytes(promised, actual)) {
    throw new Error(`the state in ${file} has the root ${toHex(actual)}, its block promises ${toHex(promised)}`);
  }
  return genesis;
}

/** The state root, computed from the entries alone. */
function rootOf(state: StateStore): Uint8Array {
  const commitment = new StateCommitment({ get: () => undefined, scan: () => [] });
  let batch: [string, Uint8Array][] = [];
  const flush = () => {
    commitment.update(batch);
    batch = [];
  };
  for (const { key, value } of state.range('', '\u0100')) {
    if (isCommitted(key)) batch.push([key, value]);
    if (batch.length >= CHECK_BATCH) flush();
  }
  flush();
  return commitment.root;
}

const NOTHING = new Uint8Array(0);
