/** Entry of the thread that writes one snapshot: it reads the state by itself, so that nothing else waits. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { writeSnapshot } from './snapshot.js';
import { StateStore } from './state-store.js';

export type SnapshotWorkerOptions = {
  readonly stateDir: string;
  /** Where the file goes. */
  readonly directory: string;
  readonly chainId: Uint8Array;
};

export type SnapshotWorkerResult =
  | { readonly kind: 'written'; readonly file: string; readonly blockNum: number; readonly blockId: Uint8Array }
  | { readonly kind: 'failed'; readonly message: string };

async function write({ stateDir, directory, chainId }: SnapshotWorkerOptions): Promise<SnapshotWorkerResult> {
  const store = StateStore.open(stateDir, { readOnly: true });
  try {
    const final = store.finalBlock();
    if (final === undefined) return { kind: 'failed', message: 'there is no final block yet' };
    const file = join(directory, `snapshot-${final.num}.snap`);
    const written = await writeSnapshot(store, file, chainId);
    return { kind: 'written', file, blockNum: written.blockNum, blockId: written.blockId };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  } finally {
    await store.close();
  }
}

parentPort!.postMessage(await write(workerData as SnapshotWorkerOptions));
