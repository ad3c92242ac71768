/** The core's side of the thread that signs and verifies votes. */
import type { Worker } from 'node:worker_threads';
import type { BlsSignature } from '@snapscale/crypto';
import type { ReplicaEffect, ReplicaInput } from '@snapscale/replica';
import { startThread } from '../threads/start-thread.js';
import type { BlsAnswer, BlsJob, BlsWorkerOptions } from './bls-worker.js';

type Answered = Extract<ReplicaInput, { kind: 'verified' | 'voteSigned' }>;

export class BlsThread {
  /** Which implementation it uses, for the log. */
  readonly description: string;
  readonly #worker: Worker;
  #isClosing = false;

  private constructor(worker: Worker, description: string) {
    this.#worker = worker;
    this.description = description;
  }

  /** `died`: the thread has ended by itself. A node that cannot vote must not go on as if it could. */
  static async start(
    options: BlsWorkerOptions,
    answered: (input: Answered) => void,
    died: (error: Error) => void,
  ): Promise<BlsThread> {
    const worker = startThread(new URL('./bls-worker.js', import.meta.url), { workerData: options });
    const description = await new Promise<string>((resolve, reject) => {
      worker.on('error', (error) => {
        reject(error);
        died(error instanceof Error ? error : new Error(String(error)));
      });
      worker.on('message', (answer: BlsAnswer) => {
        if (answer.kind === 'ready') resolve(answer.description);
        else if (answer.kind === 'signed') {
          answered({ kind: 'voteSigned', ticket: answer.ticket, signature: answer.signature as BlsSignature });
        } else {
          const aggregate = answer.aggregate as BlsSignature | undefined;
          answered({ kind: 'verified', ticket: answer.ticket, aggregate });
        }
      });
    });
    const thread = new BlsThread(worker, description);
    // Without an answer the host would wait for ever.
    worker.on('exit', (code) => {
      if (!thread.#isClosing) died(new Error(`the thread for votes has ended with exit code ${code}`));
    });
    return thread;
  }

  /** Carries out an effect; its answer comes as an input. */
  carryOut(effect: Extract<ReplicaEffect, { kind: 'verify' | 'signVote' }>): void {
    const { ticket, digest } = effect;
    const job: BlsJob =
      effect.kind === 'signVote'
        ? { kind: 'sign', ticket, digest, key: effect.key }
        : { kind: 'verify', ticket, digest, keys: effect.keys, signatures: effect.signatures };
    this.#worker.postMessage(job);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#worker.terminate();
  }
}
