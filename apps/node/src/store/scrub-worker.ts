/**
 * Entry of the thread that reads the whole state once after the start, at its leisure, so that damage to values which
 * nobody asks for is found as well. It says `clean`, or what is damaged.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { keyAfter } from '@snapscale/execution';
import { StateStore } from './state-store.js';

export type ScrubOptions = { readonly stateDir: string };
export type ScrubResult =
  | { readonly kind: 'clean'; readonly entries: number }
  | { readonly kind: 'damaged'; readonly message: string };

const BATCH_ENTRIES = 2000;
/** Pause after each batch as a multiple of the time that it took: a quarter of one core at most. */
const PAUSE_FACTOR = 3;

async function scrub({ stateDir }: ScrubOptions): Promise<ScrubResult> {
  const store = StateStore.open(stateDir, { readOnly: true });
  let entries = 0;
  try {
    for (let from = ''; ; ) {
      const began = performance.now();
      let count = 0;
      for (const { key } of store.range(from, '\u0100', { limit: BATCH_ENTRIES })) {
        from = keyAfter(key);
        count++;
      }
      entries += count;
      if (count < BATCH_ENTRIES) return { kind: 'clean', entries };
      await pause((performance.now() - began) * PAUSE_FACTOR);
    }
  } catch (error) {
    return { kind: 'damaged', message: error instanceof Error ? error.message : String(error) };
  } finally {
    await store.close();
  }
}

parentPort!.postMessage(await scrub(workerData as ScrubOptions));
