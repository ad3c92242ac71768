import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type StreamEvent, type StreamRequest, streamEvents } from '@snapscale/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HttpServer, startHttpServer } from '../server/http-server.js';
import { defaultHttpOptions, type HttpOptions } from '../server/options.js';
import type { MemoryChain } from '../testing/memory-chain.js';
import { makeAction, push, sampleChain } from '../testing/sample-chain.js';
import { AbiCache } from '../view/abi-cache.js';
import { StreamHub } from './hub.js';

/** Waits until it holds. */
const soon = <T>(value: () => T) => expect.poll(value, { interval: 5, timeout: 10_000 });

let chain: MemoryChain;
let server: HttpServer;
const aborts: AbortController[] = [];
const faults: unknown[] = [];

beforeEach(async () => {
  chain = await sampleChain();
  faults.length = 0;
  const fault = (_: string, error: unknown) => faults.push(error);
  server = await startHttpServer(chain, { port: 0, streamsPerClientMax: 3, streamHeartbeatMs: 50 }, { fault });
});

afterEach(async () => {
  for (const abort of aborts.splice(0)) abort.abort();
  await server.close();
});

/** Opens a stream and collects what comes. */
function follow(request: StreamRequest = {}): { events: StreamEvent[]; stop(): void; done: Promise<unknown> } {
  const abort = new AbortController();
  aborts.push(abort);
  const events: StreamEvent[] = [];
  const done = (async () => {
    for await (const event of streamEvents({ url: server.url, fetch }, request, { signal: abort.signal }))
      events.push(event);
  })().catch((error: unknown) => error);
  return { events, stop: () => abort.abort(), done };
}

const brief = (events: readonly StreamEvent[]): string[] => events.map(briefly);

function briefly(event: StreamEvent): string {
  if (event.kind === 'undo') return `undo ${event.toNum}`;
  if (event.kind === 'dropped') return `dropped: ${event.reason}`;
  return `${event.kind} ${event.num}`;
}

async function transfer(from = 'alice', to = 'bob'): Promise<void> {
  await push(chain, [
    makeAction(chain, 'eosio.token', 'transfer', from, { from, to, quantity: '0.0001 XST', memo: '' }),
  ]);
}

describe('the event stream', () => {
  it('follows blocks and finality from the next block on', async () => {
    const { events } = follow();
    await soon(() => server.openStreams()).toBe(1);
    chain.produce();
    chain.produce();
    chain.finalize(4);
    chain.produce();
    chain.finalize(6);
    await soon(() => brief(events)).toEqual(['block 4', 'block 5', 'final 4', 'block 6', 'final 6']);
    expect(events[0]).toMatchObject({
      producer: 'eosio',
      transactions: 0,
      blockId: expect.stringMatching(/^00000004/),
    });
  });

  it('goes on after any event without loss or repetition', async () => {
    await transfer();
    await transfer('bob', 'alice');
    chain.produce();
    await transfer();
    chain.produce();
    chain.finalize(chain.head);
    const request = { topics: ['blocks', 'traces'] as const };
    const whole = follow({ ...request, cursor: 0 });
    await soon(() => whole.events.length).toBe(12);
    expect(brief(whole.events)).toEqual([
      'block 1',
      'block 2',
      'trace 2',
      'trace 2',
      'trace 2',
      'block 3',
      'trace 3',
      'block 4',
      'trace 4',
      'trace 4',
      'block 5',
      'trace 5',
    ]);
    whole.stop();
    for (let at = 0; at < whole.events.length; at++) {
      const rest = follow({ ...request, cursor: whole.events[at]!.id });
      await soon(() => rest.events.length).toBe(whole.events.length - at - 1);
      expect(rest.events).toEqual(whole.events.slice(at + 1));
      rest.stop();
      await soon(() => server.openStreams()).toBe(0);
    }
    const byNumber = follow({ ...request, cursor: 3 });
    await soon(() => brief(byNumber.events)).toEqual(['block 4', 'trace 4', 'trace 4', 'block 5', 'trace 5']);
  });

  it('takes the cursor from Last-Event-ID, as browsers send it', async () => {
    const first = follow({ cursor: 0 });
    await soon(() => brief(first.events)).toEqual(['block 1', 'block 2', 'block 3', 'final 3']);
    const abort = new AbortController();
    aborts.push(abort);
    const response = await fetch(`${server.url}/v1/stream?cursor=0`, {
      headers: { 'last-event-id': first.events[1]!.id },
      signal: abort.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body!.getReader();
    let text = '';
    while (!text.includes('event: block')) text += Buffer.from((await reader.read()).value!).toString();
    expect(text).toContain('retry: 2000');
    expect(text).toContain('"num":3');
    expect(text).not.toContain('"num":2');
  });

  it('filters traces by account and action', async () => {
    const byAccount = follow({ topics: ['traces'], accounts: ['bob'] });
    const byAction = follow({ topics: ['traces'], actions: ['eosio.token::transfer'] });
    const onBlock = follow({ topics: ['traces'], actions: ['onblock'] });
    await soon(() => server.openStreams()).toBe(3);
    await push(chain, [
      makeAction(chain, 'eosio.token', 'open', 'alice', { owner: 'alice', symbol: '4,XST', ram_payer: 'alice' }),
    ]);
    await transfer();
    chain.produce();
    await soon(() => byAccount.events.length).toBe(1);
    await soon(() => byAction.events.length).toBe(1);
    await soon(() => onBlock.events.length).toBe(1);
    expect(byAction.events[0]).toMatchObject({
      kind: 'trace',
      num: 4,
      trace: {
        producer_block_id: expect.any(String),
        action_traces: [{ act: { name: 'transfer', data: { to: 'bob' } } }, {}, {}],
      },
    });
  });

  it('tells clients to forget blocks that were undone', async () => {
    chain.produce();
    const { events } = follow({ cursor: 3 });
    await soon(() => brief(events)).toEqual(['block 4']);
    chain.produce();
    chain.fork(3);
    chain.produce();
    chain.produce();
    await soon(() => brief(events)).toEqual(['block 4', 'block 5', 'undo 3', 'block 4', 'block 5']);
  });

  it('tells a client that comes back with a cursor of a lost branch', async () => {
    chain.produce();
    chain.produce();
    const before = follow({ cursor: 3 });
    await soon(() => before.events.length).toBe(2);
    before.stop();
    chain.fork(3);
    await transfer();
    chain.produce();
    const after = follow({ cursor: before.events[1]!.id });
    await soon(() => brief(after.events)).toEqual(['undo 3', 'block 4']);
    chain.produce();
    await transfer();
    chain.produce();
    const later = follow({ cursor: before.events[1]!.id });
    await soon(() => brief(later.events)).toEqual(['undo 3', 'block 4', 'block 5', 'block 6']);
  });

  it('refuses bad requests before it begins', async () => {
    const status = async (query: string) => (await fetch(`${server.url}/v1/stream?${query}`)).status;
    expect(await status('topics=blocks,news')).toBe(400);
    expect(await status('topics=,')).toBe(400);
    expect(await status('cursor=yesterday')).toBe(400);
    expect(await status('account=BAD')).toBe(500);
    expect(await status(`account=${Array(60).fill('a').join(',')}`)).toBe(400);
    chain.earliestBlockNum = 3;
    expect(await status('cursor=1')).toBe(400);
  });

  it('bounds the streams of a client', async () => {
    for (let i = 0; i < 3; i++) follow();
    await soon(() => server.openStreams()).toBe(3);
    const refused = await follow().done;
    expect(refused).toMatchObject({ status: 429 });
    aborts[0]!.abort();
    await soon(() => server.openStreams()).toBe(2);
  });

  it('drops a client that comes to a damaged block, and no other', async () => {
    for (let i = 0; i < 8; i++) chain.produce();
    const other = follow();
    await soon(() => server.openStreams()).toBe(1);
    const summary = chain.blockSummary.bind(chain);
    chain.blockSummary = (num) => {
      if (num === 9) throw new Error('the record of block 9 is corrupt');
      return summary(num);
    };
    const { events } = follow({ topics: ['blocks'], cursor: 1 });
    await soon(() => brief(events).at(-1)).toBe('dropped: block 9 cannot be read');
    expect(brief(events).slice(0, 7)).toEqual([2, 3, 4, 5, 6, 7, 8].map((num) => `block ${num}`));
    chain.produce();
    await soon(() => brief(other.events)).toContain('block 12');
    expect(faults).toContainEqual(new Error('the record of block 9 is corrupt'));
  });

  it('says so when the server stops', async () => {
    const { events, done } = follow();
    await soon(() => server.openStreams()).toBe(1);
    await server.close();
    await done;
    expect(brief(events)).toEqual(['dropped: the server stops']);
  });

  it('gives signs of life', async () => {
    const socket = connect(server.port, '127.0.0.1');
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    socket.write('GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n');
    await soon(() => (text.match(/:\n\n/g) ?? []).length).toBeGreaterThan(1);
    socket.destroy();
  });
});

describe('a client that does not read', () => {
  let hub: StreamHub;
  let http: Server;
  let socket: Socket;

  async function open(options: Partial<HttpOptions>): Promise<void> {
    hub = new StreamHub(chain, new AbiCache(), { ...defaultHttpOptions, ...options }, (error) => {
      throw error;
    });
    http = createServer((request, response) => {
      const fields = Object.fromEntries(new URL(request.url!, 'http://x').searchParams);
      hub.open(response, 'client', fields, {});
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    socket = connect((http.address() as AddressInfo).port, '127.0.0.1');
    socket.pause();
    socket.write('GET /?topics=blocks,traces&cursor=0 HTTP/1.1\r\nHost: x\r\n\r\n');
    await soon(() => hub.size).toBe(1);
  }

  afterEach(() => {
    socket.destroy();
    hub.close();
    http.close();
  });

  it('holds no more than its buffer, and gets the rest when it reads again', async () => {
    for (let i = 0; i < 5; i++) await bigBlock();
    await open({ streamBufferBytesMax: 100_000, streamStallTimeoutMs: 10_000 });
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.resume();
    await soon(() => (text.match(/event: trace/g) ?? []).length).toBe(44);
  });

  it('is dropped with a word', async () => {
    for (let i = 0; i < 20; i++) await bigBlock();
    await open({ streamBufferBytesMax: 10_000, streamStallTimeoutMs: 50 });
    await soon(() => hub.size).toBe(0);
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    socket.resume();
    await soon(() => text).toContain('the client does not read what is sent to it');
  });

  /** Makes a block with 8 traces of some 60 kB each. */
  async function bigBlock(): Promise<void> {
    for (let i = 0; i < 8; i++) {
      await push(chain, [makeAction(chain, 'eosio', 'setabi', 'bob', { account: 'bob', abi: `0${i}`.repeat(15_000) })]);
    }
    chain.produce();
  }
});
