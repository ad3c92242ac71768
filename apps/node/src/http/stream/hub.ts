/** All clients of the event stream. */
import type { ServerResponse } from 'node:http';
import type { ChainEvent, NodeBackend } from '../backend.js';
import { busy, invalidRequest, plainFailure } from '../server/failure.js';
import type { HttpOptions } from '../server/options.js';
import type { AbiCache } from '../view/abi-cache.js';
import { BlockEventSource } from './block-events.js';
import { parseCursor } from './cursor.js';
import { parseFilter } from './filter.js';
import { Subscriber } from './subscriber.js';
import { Turns } from './turns.js';

/** Fields of a stream request. */
export type StreamRequestFields = {
  readonly topics?: string | undefined;
  readonly account?: string | undefined;
  readonly action?: string | undefined;
  readonly cursor?: string | undefined;
};

/** Time after which a client that lost its connection should try again. */
const RETRY_MS = 2000;

export class StreamHub {
  readonly #backend: NodeBackend;
  readonly #options: HttpOptions;
  readonly #fault: (error: unknown) => void;
  readonly #source: BlockEventSource;
  readonly #turns = new Turns();
  readonly #subscribers = new Set<Subscriber>();
  readonly #perClient = new Map<string, number>();
  readonly #unsubscribe: () => void;
  readonly #heartbeat: NodeJS.Timeout;

  /** @param fault told what kept a client from getting what is stored */
  constructor(backend: NodeBackend, abis: AbiCache, options: HttpOptions, fault: (error: unknown) => void) {
    this.#backend = backend;
    this.#options = options;
    this.#fault = fault;
    this.#source = new BlockEventSource(backend, abis);
    this.#unsubscribe = backend.subscribe((event) => this.#onEvent(event));
    this.#heartbeat = setInterval(() => {
      for (const subscriber of this.#subscribers) subscriber.heartbeat();
    }, options.streamHeartbeatMs);
    this.#heartbeat.unref();
  }

  /** Number of open streams. */
  get size(): number {
    return this.#subscribers.size;
  }

  /**
   * Starts a stream on a response whose head was not written yet. Gives what ends it, with a reason for the client.
   * @throws HttpFailure before anything is written: bad fields, a cursor that is too old, too many streams
   */
  open(
    response: ServerResponse,
    client: string,
    fields: StreamRequestFields,
    headers: Record<string, string>,
  ): (reason: string) => void {
    const filter = parseFilter(fields);
    const cursor = fields.cursor === undefined || fields.cursor === '' ? undefined : parseCursor(fields.cursor);
    const { earliestBlockNum } = this.#backend.chainInfo();
    if (cursor !== undefined && cursor.num + 1 < earliestBlockNum) {
      throw invalidRequest(`cursor ${cursor.num} is too old: the oldest block that is held is ${earliestBlockNum}`);
    }
    const count = this.#perClient.get(client) ?? 0;
    if (this.#subscribers.size >= this.#options.streamsMax) throw busy('too many event streams are open');
    if (count >= this.#options.streamsPerClientMax) {
      throw plainFailure(429, `a client may open ${this.#options.streamsPerClientMax} event streams`);
    }
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      connection: 'close',
      'x-accel-buffering': 'no',
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
    this.#perClient.set(client, count + 1);
    const context = {
      backend: this.#backend,
      source: this.#source,
      options: this.#options,
      turns: this.#turns,
      fault: this.#fault,
    };
    const subscriber = new Subscriber(context, response, filter, cursor, () => this.#remove(subscriber, client));
    this.#subscribers.add(subscriber);
    subscriber.pump();
    return (reason) => subscriber.drop(reason);
  }

  /** Ends all streams; for the stop of the server. */
  close(): void {
    this.#unsubscribe();
    clearInterval(this.#heartbeat);
    for (const subscriber of [...this.#subscribers]) subscriber.drop('the server stops');
  }

  #onEvent(event: ChainEvent): void {
    if (event.kind === 'undo') {
      this.#source.forgetAfter(event.toNum);
      for (const subscriber of this.#subscribers) subscriber.undo(event.toNum);
    }
    for (const subscriber of this.#subscribers) subscriber.pump();
  }

  #remove(subscriber: Subscriber, client: string): void {
    this.#subscribers.delete(subscriber);
    const left = (this.#perClient.get(client) ?? 1) - 1;
    if (left > 0) this.#perClient.set(client, left);
    else this.#perClient.delete(client);
  }
}
