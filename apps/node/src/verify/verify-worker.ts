/** Entry of a verifying thread: answers each batch of transactions with what it verified and what it rejected. */
import { parentPort, workerData } from 'node:worker_threads';
import { yieldToRequests } from '../threads/yield-to-requests.js';
import { loadSignatureRecovery } from './signature-recovery.js';
import { VerifiedBatchWriter } from './verified-batch.js';
import { type FromVerifyWorker, RejectionWriter, readRequests, type VerifyWorkerOptions } from './verify-messages.js';
import { checkTransaction } from './verify-transaction.js';

const port = parentPort;
if (port === null) throw new Error('the verifier must be started as a worker thread');

yieldToRequests('verify');
const { chainId } = workerData as VerifyWorkerOptions;
const recovery = loadSignatureRecovery();
const verified = new VerifiedBatchWriter();
const rejected = new RejectionWriter();

port.on('message', (batch: Uint8Array) => {
  for (const request of readRequests(batch)) {
    const result = checkTransaction(request.bytes, chainId, recovery.port);
    if (result.kind === 'verified') verified.add(request, request.bytes, result.checked);
    else rejected.add(request, result.rejection);
  }
  const verifiedCount = verified.count;
  const done = { kind: 'done', verified: verified.take(), verifiedCount, rejected: rejected.take() } as const;
  port.postMessage(done satisfies FromVerifyWorker, [done.verified.buffer, done.rejected.buffer]);
});

port.postMessage({ kind: 'ready', description: recovery.description } satisfies FromVerifyWorker);
