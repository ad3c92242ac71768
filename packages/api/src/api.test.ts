import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  ApiError,
  allRoutes,
  createApiClient,
  type Fetch,
  formatServerSentEvent,
  openApiDocument,
  type RequestOf,
  type ResponseOf,
  type Routes,
  readRequest,
  routes,
  ServerSentEventParser,
  streamEvents,
  TransportError,
  violations,
} from './index.js';
import { bigInteger, choice, either, flag, integer, list, optional, record, text } from './schema.js';

const sample = record({
  name: text('Name.', { maxLength: 5 }),
  count: integer('Count.', { minimum: 0, maximum: 10 }),
  limit: optional(integer('Limit.', { default: 7 })),
  on: optional(flag('On.')),
  kind: optional(choice(['a', 'b'], 'Kind.')),
  tags: optional(list(text('Tag.'), 'Tags.', { maxItems: 2 })),
  who: optional(either(text('Name.'), record({ actor: text('Actor.') }))),
});

describe('readRequest', () => {
  it('converts what nodeos converts and fills in defaults', () => {
    expect(readRequest(sample, { name: 12, count: '3', on: 'true', extra: 1 })).toEqual({
      ok: true,
      value: { name: '12', count: 3, limit: 7, on: true },
    });
    expect(readRequest(sample, { name: '', count: true, limit: null, on: 0 })).toEqual({
      ok: true,
      value: { name: '', count: 1, limit: 7, on: false },
    });
    expect(readRequest(sample, { name: 'x', count: 1, who: { actor: 'y', z: 1 } })).toMatchObject({
      value: { who: { actor: 'y' } },
    });
    expect(readRequest(sample, { name: 'x', count: 1, who: 5 })).toMatchObject({ value: { who: '5' } });
  });

  it('says which field is wrong', () => {
    const problem = (json: unknown) => {
      const result = readRequest(sample, json);
      return result.ok ? 'ok' : result.problem;
    };
    expect(problem({ count: 1 })).toBe('name is missing');
    expect(problem({ name: 'x' })).toBe('count is missing');
    expect(problem({ name: null, count: 1 })).toBe('name is missing');
    expect(problem({ name: 'toolong', count: 1 })).toBe('name must have at most 5 characters');
    expect(problem({ name: 'x', count: 11 })).toBe('count must be at most 10');
    expect(problem({ name: 'x', count: -1 })).toBe('count must be at least 0');
    expect(problem({ name: 'x', count: 1.5 })).toBe('count must be a whole number');
    expect(problem({ name: 'x', count: '1e3' })).toBe('count must be a whole number');
    expect(problem({ name: ['x'], count: 1 })).toBe('name must be a string');
    expect(problem({ name: 'x', count: 1, on: 2 })).toBe('on must be true or false');
    expect(problem({ name: 'x', count: 1, kind: 'c' })).toBe('kind must be one of a, b');
    expect(problem({ name: 'x', count: 1, tags: ['a', {}] })).toBe('tags[1] must be a string');
    expect(problem({ name: 'x', count: 1, tags: ['a', 'b', 'c'] })).toBe('tags must have at most 2 items');
    expect(problem([])).toBe('the request must be an object');
    expect(problem(null)).toBe('the request must be an object');
  });

  it('does not take fields from prototypes', () => {
    const json = JSON.parse('{"__proto__": {"name": "x"}, "count": 1}') as unknown;
    expect(readRequest(sample, json)).toEqual({ ok: false, problem: 'name is missing' });
    expect(readRequest(record({ toString: optional(text('x')) }), {})).toEqual({ ok: true, value: {} });
  });
});

describe('violations', () => {
  it('reports missing, unknown and wrong parts with their paths', () => {
    expect(violations(sample, { name: 'x', count: 1 })).toEqual([]);
    expect(violations(sample, { count: '1', more: 1, tags: [2] })).toEqual([
      '$.name: missing',
      '$.count: not an integer',
      '$.more: not in the schema',
      '$.tags[0]: not a string',
    ]);
    expect(violations(bigInteger('x'), '18446744073709551615')).toEqual([]);
    expect(violations(bigInteger('x'), 'abc')).not.toEqual([]);
  });
});

describe('route table', () => {
  it('has one route per path, and examples that its schema reads', () => {
    const paths = allRoutes().map((route) => route.path);
    expect(new Set(paths).size).toBe(paths.length);
    for (const route of allRoutes()) {
      expect(route.path).toMatch(/^\/[a-z0-9_./-]+$/);
      if (route.example !== undefined)
        expect(readRequest(route.request, route.example), route.path).toMatchObject({ ok: true });
    }
  });

  it('gives the types of requests and answers', () => {
    type Info = ResponseOf<Routes['chain']['getInfo']>;
    expectTypeOf<Info['chain_id']>().toEqualTypeOf<string>();
    expectTypeOf<Info['edge_account']>().toEqualTypeOf<string | undefined>();
    type Rows = RequestOf<Routes['chain']['getTableRows']>;
    expectTypeOf<Rows['code']>().toEqualTypeOf<string>();
    expectTypeOf<Rows['limit']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<RequestOf<Routes['snap']['submit']>>().toEqualTypeOf<Uint8Array>();
  });
});

type Sent = { url: string; method: string; body: unknown };

function fakeFetch(status: number, answer: string, sent: Sent[] = []): Fetch {
  return async (url, init) => {
    sent.push({ url, method: init.method, body: init.body });
    const bytes = new TextEncoder().encode(answer);
    let given = 0;
    return {
      ok: status < 300,
      status,
      headers: { get: () => null },
      text: async () => answer,
      body: {
        getReader: () => ({
          read: async () => {
            if (given >= bytes.length) return { done: true };
            const value = bytes.subarray(given, given + 7);
            given += 7;
            return { done: false, value };
          },
          cancel: async () => undefined,
        }),
      },
    };
  };
}

describe('client', () => {
  it('posts JSON to the path of the route', async () => {
    const sent: Sent[] = [];
    const client = createApiClient({ url: 'http://node/', fetch: fakeFetch(200, '{"rows":[]}', sent) });
    await client.chain.getTableRows({ code: 'a', scope: 'b', table: 'c' });
    await client.chain.getInfo();
    await client.snap.submit(Uint8Array.of(1, 2));
    expect(sent).toEqual([
      { url: 'http://node/v1/chain/get_table_rows', method: 'POST', body: '{"code":"a","scope":"b","table":"c"}' },
      { url: 'http://node/v1/chain/get_info', method: 'POST', body: '{}' },
      { url: 'http://node/v1/snap/submit', method: 'POST', body: Uint8Array.of(1, 2) },
    ]);
  });

  it('throws ApiError with the parts of the error body', async () => {
    const body = {
      code: 500,
      message: 'Internal Service Error',
      error: {
        code: 3050003,
        name: 'eosio_assert_message_exception',
        what: 'eosio_assert_message assertion failure',
        details: [
          { message: 'assertion failure with message: overdrawn balance', file: '', line_number: 0, method: '' },
        ],
        evidence: { a: 'b' },
      },
    };
    const client = createApiClient({ url: 'http://node', fetch: fakeFetch(500, JSON.stringify(body)) });
    const error = await client.chain.sendTransaction({}).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 500,
      code: 3050003,
      kind: 'eosio_assert_message_exception',
      details: ['assertion failure with message: overdrawn balance'],
      evidence: { a: 'b' },
      transient: false,
    });
    expect((error as Error).message).toContain('overdrawn balance');
  });

  it('tells unusable answers from refusals, and reads a failing health report', async () => {
    const html = createApiClient({ url: 'http://node', fetch: fakeFetch(502, '<html>') });
    await expect(html.chain.getInfo()).rejects.toBeInstanceOf(TransportError);
    const odd = createApiClient({ url: 'http://node', fetch: fakeFetch(418, '{"x":1}') });
    await expect(odd.chain.getInfo()).rejects.toMatchObject({ status: 418, code: 0 });
    const failing = createApiClient({ url: 'http://node', fetch: fakeFetch(503, '{"ready":false,"reasons":["x"]}') });
    expect(await failing.node.getReady()).toEqual({ ready: false, reasons: ['x'] });
    const down = createApiClient({ url: 'http://node', fetch: () => Promise.reject(new Error('refused')) });
    await expect(down.chain.getInfo()).rejects.toBeInstanceOf(TransportError);
  });
});

describe('event streams', () => {
  it('parses events in any pieces', () => {
    const text = `retry: 2000\n\n: comment\n\n${formatServerSentEvent({ id: '5', event: 'block', data: '{"num":5}' })}event: x\r\ndata: 1\r\ndata: 2\r\n\r\n`;
    for (let cut = 1; cut < 12; cut++) {
      const parser = new ServerSentEventParser();
      const events = [];
      for (let at = 0; at < text.length; at += cut) events.push(...parser.push(text.slice(at, at + cut)));
      expect(events).toEqual([
        { id: '5', event: 'block', data: '{"num":5}' },
        { id: '5', event: 'x', data: '1\n2' },
      ]);
    }
  });

  it('yields typed events and skips unknown ones', async () => {
    const sent: Sent[] = [];
    const text = [
      formatServerSentEvent({ id: '7', event: 'final', data: '{"num":7,"id":"aa"}' }),
      formatServerSentEvent({ id: '7', event: 'novelty', data: '{}' }),
      formatServerSentEvent({ id: '7', event: 'undo', data: '{"to_num":6}' }),
    ].join('');
    const events = [];
    const options = { url: 'http://node', fetch: fakeFetch(200, text, sent) };
    for await (const event of streamEvents(options, { topics: ['final'], accounts: ['a', 'b'], cursor: 6 }))
      events.push(event);
    expect(events).toEqual([
      { id: '7', kind: 'final', num: 7, blockId: 'aa' },
      { id: '7', kind: 'undo', toNum: 6 },
    ]);
    expect(sent[0]?.url).toBe('http://node/v1/stream?topics=final&account=a%2Cb&cursor=6');
  });
});

describe('OpenAPI document', () => {
  it('lists every route and resolves every reference', () => {
    const document = openApiDocument({ version: '1.2.3', serverUrl: 'http://x' }) as {
      paths: Record<string, Record<string, unknown>>;
      components: { schemas: Record<string, unknown> };
    };
    expect(Object.keys(document.paths).sort()).toEqual(
      allRoutes()
        .map((route) => route.path)
        .sort(),
    );
    const security = JSON.stringify([{}, { accessToken: [] }, { clientCertificate: [] }]);
    for (const { path, access, methods } of allRoutes()) {
      const operation = document.paths[path]?.[methods[0]!.toLowerCase()] as { readonly security?: unknown };
      expect(JSON.stringify(operation.security), path).toBe(access === 'open' ? undefined : security);
    }
    const references = JSON.stringify(document).match(/"\$ref":"[^"]+"/g) ?? [];
    expect(references.length).toBeGreaterThan(50);
    for (const reference of new Set(references)) {
      const name = /schemas\/([^"]+)"/.exec(reference)?.[1];
      if (name !== undefined) expect(document.components.schemas[name], name).toBeDefined();
    }
    expect(document.paths[routes.chain.getInfo.path]).toHaveProperty('get');
    expect(document.paths[routes.chain.sendTransaction.path]).not.toHaveProperty('get');
    const ids = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map((o) => (o as { operationId: string }).operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});
