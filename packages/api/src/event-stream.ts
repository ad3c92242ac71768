/** Server-sent events: the text format, its parser, and the events of `/v1/stream`. */
import { type CallOptions, type ClientOptions, type FetchAnswer, send } from './client.js';
import { ApiError } from './errors.js';
import { routes } from './routes/index.js';
import type { JsonValue } from './schema.js';

/** One event of `/v1/stream`. `id` is the cursor to go on after it. */
export type StreamEvent = { readonly id: string } & (
  | {
      readonly kind: 'block';
      readonly num: number;
      readonly blockId: string;
      readonly previous: string;
      readonly timestamp: string;
      readonly producer: string;
      readonly transactions: number;
    }
  | { readonly kind: 'trace'; readonly num: number; readonly transactionId: string; readonly trace: JsonValue }
  | { readonly kind: 'final'; readonly num: number; readonly blockId: string }
  | { readonly kind: 'undo'; readonly toNum: number }
  | { readonly kind: 'dropped'; readonly reason: string }
);

/** What to stream. */
export type StreamRequest = {
  readonly topics?: readonly ('blocks' | 'traces' | 'final')[];
  readonly accounts?: readonly string[];
  readonly actions?: readonly string[];
  /** Event id or block number to go on after; without it the stream begins with the next block. */
  readonly cursor?: string | number;
};

/** One event of the text format. */
export type ServerSentEvent = { readonly id: string; readonly event: string; readonly data: string };

/** Writes an event in the text format. `data` must be one line. */
export function formatServerSentEvent(event: ServerSentEvent): string {
  return `${event.id === '' ? '' : `id: ${event.id}\n`}event: ${event.event}\ndata: ${event.data}\n\n`;
}

/** Longest unfinished event that the parser holds. */
const bufferMax = 64 * 1024 * 1024;

/** Cuts text into events; text may arrive in any pieces. Comments and `retry` are skipped. */
export class ServerSentEventParser {
  #rest = '';
  #lastId = '';

  /** Takes the next piece and returns the events that it completes. */
  push(piece: string): ServerSentEvent[] {
    const text = this.#rest + piece;
    const events: ServerSentEvent[] = [];
    let start = 0;
    for (;;) {
      const match = /\r?\n\r?\n/g;
      match.lastIndex = start;
      const end = match.exec(text);
      if (end === null) break;
      const event = this.#parse(text.slice(start, end.index));
      if (event !== undefined) events.push(event);
      start = match.lastIndex;
    }
    this.#rest = text.slice(start);
    if (this.#rest.length > bufferMax) throw new RangeError('a server-sent event exceeds 64 MiB');
    return events;
  }

  #parse(block: string): ServerSentEvent | undefined {
    let event = 'message';
    const data: string[] = [];
    for (const line of block.split(/\r?\n/)) {
      const colon = line.indexOf(':');
      if (colon === 0) continue;
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
      if (field === 'id') this.#lastId = value;
      else if (field === 'event') event = value;
      else if (field === 'data') data.push(value);
    }
    return data.length === 0 ? undefined : { id: this.#lastId, event, data: data.join('\n') };
  }
}

/**
 * Opens a stream and yields its events until the server hangs up, the loop is left, or `signal` aborts. To go on after a
 * break, call again with the last event's `id` as `cursor`.
 * @throws ApiError when the node refuses, for instance because the cursor is older than what it holds
 */
export async function* streamEvents(
  options: ClientOptions,
  request: StreamRequest = {},
  call: CallOptions = {},
): AsyncGenerator<StreamEvent, void, void> {
  const { topics, accounts, actions, cursor } = request;
  const query = {
    ...(topics === undefined ? {} : { topics: topics.join(',') }),
    ...(accounts === undefined ? {} : { account: accounts.join(',') }),
    ...(actions === undefined ? {} : { action: actions.join(',') }),
    ...(cursor === undefined ? {} : { cursor: String(cursor) }),
  };
  const answer = await send(options, routes.snap.stream, query, call);
  if (!answer.ok || answer.body === null)
    throw new ApiError(routes.snap.stream.path, answer.status, await jsonOf(answer));
  const reader = answer.body.getReader();
  const parser = new ServerSentEventParser();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || value === undefined) return;
      for (const event of parser.push(decoder.decode(value, { stream: true }))) {
        const known = readStreamEvent(event);
        if (known !== undefined) yield known;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The typed form of an event of `/v1/stream`; undefined for kinds that this version does not know. */
export function readStreamEvent({ id, event, data }: ServerSentEvent): StreamEvent | undefined {
  const fields = JSON.parse(data) as Record<string, never>;
  switch (event) {
    case 'block':
      return {
        id,
        kind: 'block',
        num: fields.num!,
        blockId: fields.id!,
        previous: fields.previous!,
        timestamp: fields.timestamp!,
        producer: fields.producer!,
        transactions: fields.transactions!,
      };
    case 'trace':
      return { id, kind: 'trace', num: fields.block_num!, transactionId: fields.transaction_id!, trace: fields.trace! };
    case 'final':
      return { id, kind: 'final', num: fields.num!, blockId: fields.id! };
    case 'undo':
      return { id, kind: 'undo', toNum: fields.to_num! };
    case 'dropped':
      return { id, kind: 'dropped', reason: fields.reason! };
    default:
      return undefined;
  }
}

async function jsonOf(answer: FetchAnswer): Promise<unknown> {
  try {
    return JSON.parse(await answer.text()) as unknown;
  } catch {
    return undefined;
  }
}
