/** A thread for tests: reads the state that the main thread writes, and answers what it sees whenever it is asked. */
import { parentPort, workerData } from 'node:worker_threads';
import { StateStore } from '../state-store.js';

const port = parentPort!;
const store = StateStore.open(workerData as string, { readOnly: true });

function tell(): void {
  const value = Buffer.from(store.get('k')!).toString();
  port.postMessage([store.finalBlock()!.num, value, [...store.range('', '\u0100')].length]);
}

port.on('message', (order: 'look' | 'stop') => {
  if (order === 'stop') {
    void store.close().then(() => port.close());
  } else {
    store.refresh();
    tell();
  }
});
tell();
