/** The main thread's side of the core worker: starts it, matches replies to requests, follows the chain's head. */
import type { MessagePort, Worker } from 'node:worker_threads';
import { type Evidence, evidenceSchema } from '@snapscale/consensus';
import { decode, type Rejection, type TransactionTrace } from '@snapscale/protocol';
import { HeadView } from '../head-view.js';
import { ReversibleBlocks } from '../reversible-blocks.js';
import type { StateStore } from '../store/state-store.js';
import { startThread } from '../threads/start-thread.js';
import type { CoreMetrics } from './core-metrics.js';
import {
  type ChainPoint,
  type CoreOptions,
  type CoreReply,
  type CoreStatus,
  type FromCore,
  readBatch,
  type StateProofReply,
  type ToCore,
} from './messages.js';

/** Contracts need a native stack on which 250 nested calls of the largest frames fit. */
const STACK_MB = 48;
/**
 * Traces and changes of a block live until it is final: with the 48 MiB that a thread gets by itself they are copied again
 * and again meanwhile. Measured: a tenth of the time of a transfer.
 */
const YOUNG_GENERATION_MB = 192;

/** What listeners hear of. */
export type CoreListener = {
  head?(point: ChainPoint, transactions: number): void;
  finalized?(num: number, id: Uint8Array, slot: number): void;
  event?(name: string, detail: Readonly<Record<string, string | number>>): void;
  /** The core's figures, once a second. */
  metrics?(metrics: CoreMetrics): void;
  /** Somebody cheats. */
  evidence?(evidence: Evidence): void;
  /** The worker has ended although nobody asked it to. */
  died?(error: Error): void;
};

export class CoreClient {
  readonly status: CoreStatus;
  readonly view: HeadView;
  readonly reversible = new ReversibleBlocks();
  metrics: CoreMetrics | undefined;
  head: ChainPoint;
  final: ChainPoint;
  readonly #worker: Worker;
  /** The durable state, as this thread sees it. */
  readonly reader: StateStore;
  readonly #listeners = new Set<CoreListener>();
  readonly #replies = new Map<number, (result: CoreReply) => void>();
  readonly #proofs = new Map<number, (reply: StateProofReply | 'busy') => void>();
  /** Points of blocks that are not final yet, by number. */
  readonly #recent = new Map<number, ChainPoint>();
  #lastRequest = 0;
  #stopped: (() => void) | undefined;

  private constructor(worker: Worker, status: CoreStatus, reader: StateStore) {
    this.#worker = worker;
    this.status = status;
    this.reader = reader;
    this.view = new HeadView(reader);
    this.head = status.head;
    this.final = status.final;
  }

  /** Starts the worker and waits until it is ready. `openReader` opens the state that it has made. */
  static async start(options: CoreOptions, openReader: () => StateStore): Promise<CoreClient> {
    const worker = startThread(new URL('./core-worker.js', import.meta.url), {
      workerData: options,
      resourceLimits: { stackSizeMb: STACK_MB, maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    const held: FromCore[] = [];
    let receive = (message: FromCore): void => void held.push(message);
    let ended: (error: Error) => void = () => {};
    const status = await new Promise<CoreStatus>((resolve, reject) => {
      ended = reject;
      worker.on('message', (message: FromCore) => {
        if (message.kind === 'ready') resolve(message.status);
        else receive(message);
      });
      worker.on('error', (error) => ended(error));
      worker.on('exit', (code) => ended(new Error(`the core ended with exit code ${code}`)));
    });
    const client = new CoreClient(worker, status, openReader());
    ended = (error) => client.#died(error);
    receive = (message) => client.#receive(message);
    for (const message of held) receive(message);
    return client;
  }

  /** A fresh request number whose reply goes to `listener`. */
  expect(listener: (result: CoreReply) => void): number {
    do this.#lastRequest = this.#lastRequest >= 0xffff_ffff ? 1 : this.#lastRequest + 1;
    while (this.#replies.has(this.#lastRequest));
    this.#replies.set(this.#lastRequest, listener);
    return this.#lastRequest;
  }

  /** Answers a request in the core's place. */
  resolve(request: number, result: CoreReply): void {
    const listener = this.#replies.get(request);
    this.#replies.delete(request);
    listener?.(result);
  }

  /** Hands a batch of verified transactions to the core; the batch's buffer is given away. */
  forward(batch: Uint8Array): void {
    this.#send({ kind: 'verified', batch }, [batch.buffer as ArrayBuffer]);
  }

  /** What a transaction would do if it were sent now. */
  query(packed: Uint8Array, mode: 'trial' | 'readOnly'): Promise<TransactionTrace | Rejection> {
    return new Promise((resolve) => {
      const request = this.expect((result) => resolve(result.kind === 'executed' ? result.trace : result.rejection));
      this.#send({ kind: 'query', request, mode, packed });
    });
  }

  /** Proves the entry at `key`, or its absence, against the newest block's state root. */
  prove(key: string): Promise<StateProofReply | 'busy'> {
    return new Promise((resolve) => {
      const request = ++this.#lastRequest;
      this.#proofs.set(request, resolve);
      this.#send({ kind: 'proof', request, key });
    });
  }

  /** Joins the core with the network thread, which has the other end. */
  connectPeers(port: MessagePort): void {
    this.#worker.postMessage({ kind: 'peers', port } satisfies ToCore, [port]);
  }

  /** Number of replies that are awaited. */
  get awaited(): number {
    return this.#replies.size;
  }

  /** The place of a block above the final one. */
  recentBlock(num: number): ChainPoint | undefined {
    return this.#recent.get(num);
  }

  listen(listener: CoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the core after the block under construction, everything durable. */
  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#stopped = resolve;
      this.#send({ kind: 'stop' });
    });
    await this.#worker.terminate();
    await this.reader.close();
  }

  #send(message: ToCore, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromCore): void {
    switch (message.kind) {
      case 'batch':
        this.#readBatch(message.bytes);
        break;
      case 'metrics':
        this.metrics = message.metrics;
        for (const listener of this.#listeners) listener.metrics?.(message.metrics);
        break;
      case 'block':
        this.reversible.add(message.block);
        break;
      case 'evidence': {
        const evidence = decode(evidenceSchema, message.evidence);
        for (const listener of this.#listeners) listener.evidence?.(evidence);
        break;
      }
      case 'proof':
        this.#proofs.get(message.request)?.(message.refused ? 'busy' : message.reply);
        this.#proofs.delete(message.request);
        break;
      case 'stopped':
        this.#stopped?.();
        break;
      case 'ready':
        break;
    }
  }

  #readBatch(bytes: Uint8Array): void {
    for (const event of readBatch(bytes)) {
      switch (event.kind) {
        case 'reply':
          this.resolve(event.request, event.result);
          break;
        case 'changes':
          this.view.apply(event.num, event.entries);
          break;
        case 'head':
          this.head = event.point;
          this.#recent.set(event.point.num, event.point);
          for (const listener of this.#listeners) listener.head?.(event.point, event.transactions);
          break;
        case 'rewind':
          this.view.rewind(event.num);
          break;
        case 'finalized':
          this.#finalize(event.point);
          break;
        case 'event':
          for (const listener of this.#listeners) listener.event?.(event.name, event.detail);
          break;
      }
    }
  }

  #finalize(point: ChainPoint): void {
    const { num, id, slot } = point;
    this.reader.refresh();
    this.view.finalize(num);
    this.final = point;
    for (const known of this.#recent.keys()) if (known <= num) this.#recent.delete(known);
    this.reversible.finalize(num);
    for (const listener of this.#listeners) listener.finalized?.(num, id, slot);
  }

  #died(error: Error): void {
    if (this.#stopped !== undefined) return;
    for (const listener of this.#listeners) listener.died?.(error);
  }
}
