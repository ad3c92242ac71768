/** Entry of the network thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { NetworkHost, type PostToMain } from './network-host.js';
import type { NetworkWorkerOptions, ToNetwork } from './network-messages.js';

const port = parentPort;
if (port === null) throw new Error('the network must be started as a worker thread');

const post: PostToMain = (message, transfer = []) => port.postMessage(message, transfer);
try {
  const host = await NetworkHost.start(workerData as NetworkWorkerOptions, post);
  port.on('message', (message: ToNetwork) => host.receive(message));
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException;
  post({ kind: 'failed', message, code });
}
