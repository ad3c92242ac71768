/**
 * Threads that decode transactions and recover their signers, so that neither HTTP nor execution waits for that.
 *
 * Batching adapts to load: a thread with room gets what there is at once, one transaction even; while all threads are
 * busy, arrivals gather and go out together. The queue is bounded in number and bytes. Answers come in any order.
 */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { Rejection } from '@snapscale/protocol';
import { startThread } from '../threads/start-thread.js';
import {
  encodeRequests,
  type FromVerifyWorker,
  type Origin,
  readRejections,
  type VerifyRequest,
  type VerifyWorkerOptions,
} from './verify-messages.js';

export type VerifyPoolOptions = {
  readonly chainId: Uint8Array;
  /**
   * Takes a batch of verified transactions (read it with `readVerifiedBatch`): the buffer is the taker's, and is meant
   * to be transferred to the core.
   */
  readonly verified: (batch: Uint8Array<ArrayBuffer>, count: number) => void;
  /** `from`: the peer that sent the transaction, 0 for a client of this node. */
  readonly rejected: (request: number, rejection: Rejection, from: number) => void;
  /** A thread died of this; its transactions were rejected and another thread was started. For the log. */
  readonly fault: (error: unknown) => void;
  /** Default: one less than the processors, at least 1, at most 8. */
  readonly threads?: number;
  /** Transactions that may wait or be in work. Default 20,000. */
  readonly transactionsMax?: number;
  /** Bytes of these. Default 64 MiB. */
  readonly bytesMax?: number;
  /** Transactions of one peer among these: a peer that floods must not keep clients or other peers out. Default 2,500. */
  readonly transactionsPerPeerMax?: number;
};

/** Figures for metrics; counters are totals since start. */
export type VerifyPoolStats = {
  readonly threads: number;
  readonly waiting: number;
  readonly inWork: number;
  readonly verified: number;
  readonly rejected: number;
  readonly refused: number;
};

type Batch = { readonly origins: readonly Origin[]; readonly bytes: number };
type Thread = { readonly worker: Worker; readonly batches: Batch[]; isReady: boolean };

/** One batch in work and one behind it, so that a thread does not wait for this one between two batches. */
const BATCHES_PER_THREAD = 2;
/** About 5 ms of work: longer batches would add latency and save nothing more. */
const BATCH_TRANSACTIONS_MAX = 64;
const BATCH_BYTES_MAX = 1 << 20;
const THREADS_MAX = 8;

export class VerifyPool {
  readonly #options: VerifyPoolOptions;
  readonly #transactionsMax: number;
  readonly #bytesMax: number;
  readonly #transactionsPerPeerMax: number;
  /** How many transactions each peer has here; all of them may take half of the room. */
  readonly #ofPeers = new Map<number, number>();
  #allOfPeers = 0;
  #threads: Thread[] = [];
  #waiting: VerifyRequest[] = [];
  /** Index in `#waiting` of the first that really waits. */
  #next = 0;
  #inWork = 0;
  #bytes = 0;
  #verified = 0;
  #rejected = 0;
  #refused = 0;
  #description = '';
  #isClosed = false;

  private constructor(options: VerifyPoolOptions) {
    this.#options = options;
    this.#transactionsMax = options.transactionsMax ?? 20_000;
    this.#bytesMax = options.bytesMax ?? 64 << 20;
    this.#transactionsPerPeerMax = options.transactionsPerPeerMax ?? 2_500;
  }

  /** Starts the threads; resolves when all are ready. */
  static async start(options: VerifyPoolOptions): Promise<VerifyPool> {
    const pool = new VerifyPool(options);
    const count = options.threads ?? Math.min(THREADS_MAX, Math.max(1, availableParallelism() - 1));
    try {
      await Promise.all(Array.from({ length: count }, () => pool.#startThread()));
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  }

  /** How the threads recover keys, for a line in the log. */
  get description(): string {
    return this.#description;
  }

  get stats(): VerifyPoolStats {
    return {
      threads: this.#threads.length,
      waiting: this.#waiting.length - this.#next,
      inWork: this.#inWork,
      verified: this.#verified,
      rejected: this.#rejected,
      refused: this.#refused,
    };
  }

  /**
   * Takes a transaction in, or says why not: too many are waiting, or the node is closing. An accepted one is answered
   * once, by `verified` or `rejected`.
   * @param request a u32 by which the caller recognises the answer.
   * @param bytes an encoded `packed_transaction`; must not change before the answer.
   * @param from the peer that sent it; 0 for a client of this node.
   */
  submit(request: number, bytes: Uint8Array, from = 0): Rejection | undefined {
    if (this.#isClosed) return { code: 'snap_shutting_down', message: 'the node is shutting down' };
    const count = this.#waiting.length - this.#next + this.#inWork;
    if (count >= this.#transactionsMax || this.#bytes + bytes.length > this.#bytesMax) {
      this.#refused++;
      return { code: 'snap_queue_full', message: `${count} transactions of ${this.#bytes} bytes wait to be verified` };
    }
    if (from !== 0 && !this.#hasRoomFor(from)) {
      this.#refused++;
      return {
        code: 'snap_queue_full',
        message: `${this.#ofPeers.get(from) ?? 0} transactions of peer ${from} wait to be verified`,
      };
    }
    this.#bytes += bytes.length;
    if (from !== 0) this.#countOfPeer(from, 1);
    this.#waiting.push({ request, from, bytes });
    this.#dispatch();
    return undefined;
  }

  /** Rejects everything that is not answered yet, and ends the threads. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const origins: Origin[] = this.#waiting.slice(this.#next);
    for (const { batches } of this.#threads) for (const batch of batches) origins.push(...batch.origins);
    const threads = this.#threads;
    this.#threads = [];
    this.#waiting = [];
    this.#next = 0;
    this.#inWork = 0;
    this.#bytes = 0;
    const rejection: Rejection = { code: 'snap_shutting_down', message: 'the node is shutting down' };
    for (const { request, from } of origins) this.#options.rejected(request, rejection, from);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #startThread(): Promise<void> {
    const workerData: VerifyWorkerOptions = { chainId: this.#options.chainId };
    const worker = startThread(new URL('./verify-worker.js', import.meta.url), { workerData });
    const thread: Thread = { worker, batches: [], isReady: false };
    this.#threads.push(thread);
    return new Promise((resolve, reject) => {
      let cause: unknown = new Error('a verifying thread ended');
      worker.on('error', (error) => {
        cause = error;
      });
      worker.on('exit', () => {
        this.#lose(thread, cause);
        reject(cause);
      });
      worker.on('message', (message: FromVerifyWorker) => {
        if (message.kind === 'done') {
          this.#finish(thread, message);
          return;
        }
        thread.isReady = true;
        this.#description = message.description;
        this.#dispatch();
        resolve();
      });
    });
  }

  /** Gives work to threads with room, the least busy first. */
  #dispatch(): void {
    while (this.#next < this.#waiting.length) {
      let idlest: Thread | undefined;
      for (const thread of this.#threads) {
        if (!thread.isReady || thread.batches.length >= BATCHES_PER_THREAD) continue;
        if (idlest === undefined || thread.batches.length < idlest.batches.length) idlest = thread;
      }
      if (idlest === undefined) return;
      this.#send(idlest);
    }
  }

  #send(thread: Thread): void {
    const share = Math.ceil((this.#waiting.length - this.#next) / this.#threads.length);
    const countMax = Math.min(BATCH_TRANSACTIONS_MAX, share);
    const batch: VerifyRequest[] = [];
    let bytes = 0;
    while (batch.length < countMax) {
      const next = this.#waiting[this.#next]!;
      if (batch.length > 0 && bytes + next.bytes.length > BATCH_BYTES_MAX) break;
      batch.push(next);
      bytes += next.bytes.length;
      this.#next++;
    }
    if (this.#next === this.#waiting.length || this.#next > 4096) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    thread.batches.push({ origins: batch.map(({ request, from }) => ({ request, from })), bytes });
    this.#inWork += batch.length;
    const encoded = encodeRequests(batch);
    thread.worker.postMessage(encoded, [encoded.buffer]);
  }

  #finish(thread: Thread, done: Extract<FromVerifyWorker, { kind: 'done' }>): void {
    if (this.#isClosed) return;
    this.#forget(thread.batches.shift()!);
    this.#verified += done.verifiedCount;
    this.#dispatch();
    if (done.verifiedCount > 0) this.#options.verified(done.verified, done.verifiedCount);
    for (const { request, from, rejection } of readRejections(done.rejected)) {
      this.#rejected++;
      this.#options.rejected(request, rejection, from);
    }
  }

  #forget({ origins, bytes }: Batch): void {
    this.#inWork -= origins.length;
    this.#bytes -= bytes;
    for (const { from } of origins) if (from !== 0) this.#countOfPeer(from, -1);
  }

  #hasRoomFor(peer: number): boolean {
    return (
      (this.#ofPeers.get(peer) ?? 0) < this.#transactionsPerPeerMax && this.#allOfPeers < this.#transactionsMax / 2
    );
  }

  #countOfPeer(peer: number, change: 1 | -1): void {
    this.#allOfPeers += change;
    const count = (this.#ofPeers.get(peer) ?? 0) + change;
    if (count > 0) this.#ofPeers.set(peer, count);
    else this.#ofPeers.delete(peer);
  }

  /** A thread that was ready is replaced. One that cannot even start would not start the next time either. */
  #lose(thread: Thread, cause: unknown): void {
    if (this.#isClosed) return;
    this.#threads = this.#threads.filter((other) => other !== thread);
    const rejection: Rejection = { code: 'snap_node_failure', message: 'a verifying thread of the node failed' };
    for (const batch of thread.batches) {
      this.#forget(batch);
      for (const { request, from } of batch.origins) this.#options.rejected(request, rejection, from);
    }
    this.#options.fault(cause);
    if (thread.isReady) this.#startThread().catch(() => {});
  }
}
