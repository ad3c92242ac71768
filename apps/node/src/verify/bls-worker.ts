/** Entry of the thread that signs and verifies votes, so that execution never waits for pairings. */
import { parentPort, workerData } from 'node:worker_threads';
import { type BlsPublicKey, type BlsSignature, blsPublicKeyOf, parseBlsPrivateKey, toHex } from '@snapscale/crypto';
import { loadBlsSigning } from './bls-signatures.js';

/** What the thread is started with. */
export type BlsWorkerOptions = {
  /** Secrets of the own finalizers, as text. */
  readonly finalizerKeys: readonly string[];
};

/** To the thread. Each job is answered once, in order. */
export type BlsJob =
  | { readonly kind: 'sign'; readonly ticket: number; readonly digest: Uint8Array; readonly key: Uint8Array }
  | {
      readonly kind: 'verify';
      readonly ticket: number;
      readonly digest: Uint8Array;
      readonly keys: readonly Uint8Array[];
      readonly signatures: readonly Uint8Array[];
    };

/** From the thread. */
export type BlsAnswer =
  | { readonly kind: 'ready'; readonly description: string }
  | { readonly kind: 'signed'; readonly ticket: number; readonly signature: Uint8Array }
  | { readonly kind: 'verified'; readonly ticket: number; readonly aggregate: Uint8Array | undefined };

const port = parentPort;
if (port === null) throw new Error('the BLS thread must be started as a worker thread');

const bls = loadBlsSigning();
const { finalizerKeys } = workerData as BlsWorkerOptions;
const secrets = new Map(
  finalizerKeys.map(parseBlsPrivateKey).map((secret) => [toHex(blsPublicKeyOf(secret)), secret] as const),
);

port.on('message', (job: BlsJob) => port.postMessage(answer(job)));
port.postMessage({ kind: 'ready', description: bls.description } satisfies BlsAnswer);

function answer(job: BlsJob): BlsAnswer {
  const { ticket, digest } = job;
  if (job.kind === 'sign') {
    return { kind: 'signed', ticket, signature: bls.sign(secrets.get(toHex(job.key))!, digest) };
  }
  const aggregate = bls.verifyAggregate(
    job.keys as readonly BlsPublicKey[],
    job.signatures as readonly BlsSignature[],
    digest,
  );
  return { kind: 'verified', ticket, aggregate };
}
