/**
 * One client of the event stream. It pulls: events are read from stored blocks when its connection takes them, so that
 * nothing piles up for a slow client, and going on from a cursor is the same as following the head.
 */
import type { ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { formatServerSentEvent } from '@snapscale/api';
import { toHex } from '@snapscale/crypto';
import type { NodeBackend } from '../backend.js';
import type { HttpOptions } from '../server/options.js';
import type { BlockEventSource } from './block-events.js';
import { type Cursor, formatCursor, idPrefixOf } from './cursor.js';
import type { StreamFilter } from './filter.js';
import type { Sender, Turns } from './turns.js';

/** Events that are sent at once when something has happened. */
const NEWS_EVENTS = 4;
/** Time that a dropped client has to take what was still sent to it. */
const GRACE_MS = 3000;

/** What a subscriber works with. */
export type SubscriberContext = {
  readonly backend: NodeBackend;
  readonly source: BlockEventSource;
  readonly options: HttpOptions;
  readonly turns: Turns;
  /** Told what kept a client from getting what is stored. */
  readonly fault: (error: unknown) => void;
};

export class Subscriber implements Sender {
  readonly #context: SubscriberContext;
  readonly #response: ServerResponse;
  readonly #filter: StreamFilter;
  readonly #onEnd: () => void;
  /** The next block, and the next of its events. */
  #num: number;
  #index = 0;
  #finalSent: number;
  /** The client must forget blocks after this one before it gets more. */
  #undoTo: number | undefined;
  #ended = false;
  #stall: NodeJS.Timeout | undefined;

  /** @param onEnd called once, when the stream is over for whatever reason */
  constructor(
    context: SubscriberContext,
    response: ServerResponse,
    filter: StreamFilter,
    cursor: Cursor | undefined,
    onEnd: () => void,
  ) {
    this.#context = context;
    this.#response = response;
    this.#filter = filter;
    this.#onEnd = onEnd;
    const { head, final } = context.backend.chainInfo();
    this.#num = head.num + 1;
    this.#finalSent = final.num;
    if (cursor !== undefined) this.#resume(cursor, head.num);
    response.on('drain', () => this.#resumeWriting());
    response.on('close', () => this.#end());
  }

  /** Sends what is there and the connection takes: the news at once, more of it in turn with other clients. */
  pump(): void {
    const { turns } = this.#context;
    if (this.#ended || turns.has(this)) return;
    for (let sent = 0; sent < NEWS_EVENTS; sent++) if (!this.#sendOne()) return;
    turns.add(this);
  }

  sendUntil(endMs: number): boolean {
    do if (!this.#sendOne()) return false;
    while (performance.now() < endMs);
    return true;
  }

  /** False when there is nothing to send, or no more. */
  #sendOne(): boolean {
    if (this.#ended || this.#isFull()) return false;
    try {
      return this.#step();
    } catch (error) {
      // No request waits for this: thrown on, a damaged block would end the process as often as somebody follows it.
      this.#context.fault(error);
      this.drop(`block ${this.#num} cannot be read`);
      return false;
    }
  }

  /** Blocks after `num` no longer count. */
  undo(num: number): void {
    const seen = this.#index > 0 ? this.#num : this.#num - 1;
    if (seen <= num) return;
    this.#undoTo = Math.min(num, this.#undoTo ?? num);
    this.#num = num + 1;
    this.#index = 0;
  }

  /** A sign of life on a quiet stream. */
  heartbeat(): void {
    if (!this.#ended && !this.#isFull()) this.#response.write(':\n\n');
  }

  /** Says why and hangs up. */
  drop(reason: string): void {
    if (this.#ended) return;
    const response = this.#response;
    this.#write('dropped', JSON.stringify({ reason }), '');
    response.end();
    setTimeout(() => response.destroy(), GRACE_MS).unref();
    this.#end();
  }

  /** Takes one step; false when there is nothing to send. */
  #step(): boolean {
    const { backend, source } = this.#context;
    const chain = backend.chainInfo();
    if (this.#undoTo !== undefined) {
      const toNum = this.#undoTo;
      this.#undoTo = undefined;
      this.#write('undo', JSON.stringify({ to_num: toNum }), this.#cursorAfter(toNum));
      return true;
    }
    if (this.#num > chain.head.num) return this.#sendFinal();
    const block = source.get(this.#num);
    if (block === undefined) {
      // Held no longer, or not yet: the newest block may be known before it can be read.
      if (this.#num < chain.earliestBlockNum) this.drop(`block ${this.#num} is no longer held`);
      return this.#sendFinal();
    }
    const index = this.#index++;
    const event = block.event(index, this.#filter);
    const last = this.#index >= block.count(this.#filter);
    if (last) {
      this.#num++;
      this.#index = 0;
    }
    if (event !== undefined) {
      const id = formatCursor(block.num, last ? undefined : index + 1, block.id, chain.final.num);
      this.#send(event, id);
    }
    return true;
  }

  #sendFinal(): boolean {
    const { final } = this.#context.backend.chainInfo();
    if (!this.#filter.topics.has('final') || final.num <= this.#finalSent || final.num >= this.#num) return false;
    this.#finalSent = final.num;
    this.#write('final', JSON.stringify({ num: final.num, id: toHex(final.id) }), this.#cursorAfter(this.#num - 1));
    return false;
  }

  /** Goes to a cursor; tells the client to forget blocks that are not on the best branch. */
  #resume({ num, index, idPrefix, finalNum = num }: Cursor, headNum: number): void {
    const block = this.#context.source.get(num);
    const sameBranch =
      idPrefix === undefined ? num <= headNum : block !== undefined && idPrefixOf(block.id) === idPrefix;
    this.#finalSent = Math.min(this.#finalSent, finalNum);
    if (sameBranch || (block === undefined && num <= headNum)) {
      this.#num = index === undefined ? num + 1 : num;
      this.#index = index ?? 0;
      return;
    }
    const safe = Math.min(finalNum, headNum);
    this.#num = safe + 1;
    this.#undoTo = safe;
  }

  #cursorAfter(num: number): string {
    const { backend, source } = this.#context;
    const block = source.get(num);
    return block === undefined ? String(num) : formatCursor(num, undefined, block.id, backend.chainInfo().final.num);
  }

  #write(event: string, data: string, id: string): void {
    this.#response.write(formatServerSentEvent({ id, event, data }));
    this.#watchStall();
  }

  /** Sends an event that is shared with other clients: its id comes first. */
  #send(event: Uint8Array, id: string): void {
    const response = this.#response;
    response.cork();
    response.write(`id: ${id}\n`);
    response.write(event);
    response.uncork();
    this.#watchStall();
  }

  #watchStall(): void {
    if (this.#isFull() && this.#stall === undefined && !this.#ended) {
      const { streamStallTimeoutMs } = this.#context.options;
      this.#stall = setTimeout(() => this.drop('the client does not read what is sent to it'), streamStallTimeoutMs);
      this.#stall.unref();
    }
  }

  #isFull(): boolean {
    return this.#response.writableLength > this.#context.options.streamBufferBytesMax || this.#response.destroyed;
  }

  #resumeWriting(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    this.pump();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#stall);
    this.#context.turns.remove(this);
    this.#onEnd();
  }
}
