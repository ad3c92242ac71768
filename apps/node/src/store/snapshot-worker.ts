/** Entry of the thread that writes one snapshot: it reads the state by itself, so that nothing else waits. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { equalBytes } from '@snapscale/crypto';
import { globalKeys } from '@snapscale/execution';
import { blockHeaderSchema, blockId, decode, encode, signedBlockSchema } from '@snapscale/protocol';
import { BlockLogReader } from './block-log/block-log-reader.js';
import { StoreFailure } from './failures.js';
import { writeSnapshot } from './snapshot.js';
import { StateStore } from './state-store.js';

export type SnapshotWorkerOptions = {
  readonly stateDir: string;
  readonly blocksDir: string;
  /** Where the file goes. */
  readonly directory: string;
  readonly chainId: Uint8Array;
};

export type SnapshotWorkerResult =
  | { readonly kind: 'written'; readonly file: string; readonly blockNum: number; readonly blockId: Uint8Array }
  | { readonly kind: 'failed'; readonly message: string };

async function write({
  stateDir,
  blocksDir,
  directory,
  chainId,
}: SnapshotWorkerOptions): Promise<SnapshotWorkerResult> {
  const store = StateStore.open(stateDir, { readOnly: true });
  try {
    const final = store.finalBlock();
    if (final === undefined) return { kind: 'failed', message: 'there is no final block yet' };
    const file = join(directory, `snapshot-${final.num}.snap`);
    const written = await writeSnapshot(store, file, {
      chainId,
      headerOf: ({ num, id }) => headerOf(store, blocksDir, num, id),
    });
    return { kind: 'written', file, blockNum: written.blockNum, blockId: written.blockId };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  } finally {
    await store.close();
  }
}

/** The header of the block that the snapshot is of; the state may have moved on since. */
function headerOf(store: StateStore, blocksDir: string, num: number, id: Uint8Array): Uint8Array {
  const newest = store.get(globalKeys.header)!;
  if (equalBytes(blockId(decode(blockHeaderSchema, newest)), id)) return newest;
  const logged = BlockLogReader.open(blocksDir).readSync(num);
  if (logged === undefined) throw new StoreFailure(`${blocksDir} does not have block ${num}`);
  return encode(blockHeaderSchema, decode(signedBlockSchema, logged).header);
}

parentPort!.postMessage(await write(workerData as SnapshotWorkerOptions));
