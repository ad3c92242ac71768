/** Entry of the core thread: one replica, its store and its logs. The thread has a large stack, for contracts. */
import { parentPort, workerData } from 'node:worker_threads';
import { yieldToRequests } from '../threads/yield-to-requests.js';
import { CoreHost } from './core-host.js';
import type { CoreOptions, ToCore } from './messages.js';

const port = parentPort;
if (port === null) throw new Error('the core must be started as a worker thread');

yieldToRequests('core');
const host = await CoreHost.open(workerData as CoreOptions, (message, transfer) => port.postMessage(message, transfer));
port.on('message', (message: ToCore) => host.receive(message));
