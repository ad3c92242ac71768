import { connect } from 'node:net';
import { errorBody, violations } from '@snapscale/api';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryChain } from '../testing/memory-chain.js';
import { makeAction, push, sampleChain } from '../testing/sample-chain.js';
import { recordedShape, shapeDifferences } from '../testing/shape.js';
import { type HttpServer, startHttpServer } from './http-server.js';
import { parseJsonBody } from './json-body.js';
import type { HttpOptions } from './options.js';

/** Waits until it holds. */
const soon = <T>(value: () => T) => expect.poll(value, { interval: 5, timeout: 10_000 });

const servers: HttpServer[] = [];

async function start(options: Partial<HttpOptions> = {}, chain = new MemoryChain()) {
  const faults: unknown[] = [];
  const answered: string[] = [];
  const server = await startHttpServer(
    chain,
    { port: 0, ...options },
    {
      fault: (_route, error) => faults.push(error),
      answered: (route, status) => answered.push(`${route} ${status}`),
    },
  );
  servers.push(server);
  return { server, chain, faults, answered };
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function ask(server: HttpServer, path: string, init: RequestInit = {}) {
  const response = await fetch(server.url + path, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    json: (text === '' ? undefined : JSON.parse(text)) as unknown,
    text,
  };
}

type Body = string | Uint8Array;

const post = (body: Body): RequestInit => ({ method: 'POST', body });

/** Sends raw bytes and gives what comes back until the server hangs up or `untilMs` passes. */
function raw(server: HttpServer, send: (write: (text: string) => void) => void, untilMs: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(server.port, '127.0.0.1', () => send((part) => socket.write(part)));
    const timer = setTimeout(() => socket.destroy(), untilMs);
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

describe('requests', () => {
  it('are taken by GET and POST, with any content type, and empty as {}', async () => {
    const { server } = await start();
    const path = '/v1/chain/get_info';
    for (const init of [
      {},
      post(''),
      post('{}'),
      post('  '),
      post('null{}'.slice(4)),
      { ...post('{}'), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ]) {
      expect((await ask(server, path, init)).status).toBe(200);
    }
    const byQuery = await ask(server, '/v1/chain/get_account?account_name=eosio');
    expect(byQuery.json).toMatchObject({ account_name: 'eosio', privileged: true });
    const head = await fetch(server.url + path, { method: 'HEAD' });
    expect(head.status).toBe(200);
    const list = await ask(server, `/v1/chain/get_accounts_by_authorizers?accounts=${encodeURIComponent('["eosio"]')}`);
    expect(list.status).toBe(200);
  });

  it('keep integers that JavaScript would round', async () => {
    const { server } = await start();
    const text =
      '{"a":18446744073709551615,"b":[-9007199254740993],"c":"x 12345678901234567890","d":1.2345678901234567,"e":1e300}';
    expect(parseJsonBody(Buffer.from(text))).toEqual({
      a: '18446744073709551615',
      b: ['-9007199254740993'],
      c: 'x 12345678901234567890',
      d: 1.2345678901234567,
      e: 1e300,
    });
    expect(parseJsonBody(Buffer.from('{"q\\"":"\\\\","n":12345678901234567}'))).toEqual({
      'q"': '\\',
      n: '12345678901234567',
    });
    const proof = await ask(
      server,
      '/v1/snap/get_state_proof',
      post('{"code":"a","scope":18446744073709551615,"table":"b","primary_key":9007199254740993}'),
    );
    expect(proof.json).toMatchObject({ error: { name: 'unsupported_feature' } });
  });

  it('cannot make the server slow with unclosed strings', () => {
    const began = performance.now();
    expect(() => parseJsonBody(Buffer.from(`{"a":1234567890123456,"b":"${'\\"'.repeat(500_000)}`))).toThrow();
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('get nodeos’s error for what is not JSON or not of the right form', async () => {
    const { server, faults } = await start();
    const bad: [string, Body][] = [
      ['/v1/chain/get_info', '{invalid}'],
      ['/v1/chain/get_account', ''],
      ['/v1/chain/get_account', '{}'],
      ['/v1/chain/get_account', '[]'],
      ['/v1/chain/get_account', '"alice"'],
      ['/v1/chain/get_account', '{"account_name":{"a":1}}'],
      ['/v1/chain/get_account', Buffer.from([0x7b, 0xff, 0x7d])],
      ['/v1/chain/get_block_info', '{"block_num":-1}'],
      ['/v1/chain/get_block_info', '{"block_num":4294967296}'],
      ['/v1/chain/send_transaction', ''],
      ['/v1/chain/send_transaction', '{}'],
      ['/v1/chain/push_transactions', '{}'],
      ['/v1/chain/get_info?at=yesterday', '{}'],
      ['/v1/snap/submit', ''],
    ];
    for (const [path, body] of bad) {
      const { status, json } = await ask(server, path, post(body));
      expect(status, path).toBe(400);
      expect(json, path).toMatchObject({
        code: 400,
        message: 'Invalid Request',
        error: { code: 3200006, name: 'invalid_http_request', what: 'invalid http request' },
      });
      expect(violations(errorBody, json)).toEqual([]);
    }
    expect(faults).toEqual([]);
  });

  it('get the status and words of their error', async () => {
    const { server } = await start();
    const cases: [string, unknown, number, string, string][] = [
      ['/v1/chain/get_block', { block_num_or_id: 99 }, 400, 'Unknown Block', 'unknown_block_exception'],
      ['/v1/chain/get_block', { block_num_or_id: '' }, 500, 'Internal Service Error', 'block_id_type_exception'],
      ['/v1/chain/get_block', { block_num_or_id: 'xyz' }, 500, 'Internal Service Error', 'block_id_type_exception'],
      [
        '/v1/chain/get_table_rows',
        { code: 'nobody', scope: 'a', table: 'b' },
        400,
        'Account lookup',
        'account_query_exception',
      ],
      [
        '/v1/chain/get_table_rows',
        { code: 'eosio', scope: 'a', table: 'none' },
        500,
        'Internal Service Error',
        'contract_table_query_exception',
      ],
      ['/v1/chain/get_account', { account_name: 'nobody' }, 500, 'Internal Service Error', 'exception'],
      [
        '/v1/chain/get_transaction_status',
        { id: 'ab' },
        500,
        'Internal Service Error',
        'transaction_id_type_exception',
      ],
      ['/v1/trace_api/get_block', { block_num: 99 }, 404, 'Not Found', 'exception'],
      [
        '/v1/chain/send_transaction',
        { packed_trx: 'zz' },
        500,
        'Internal Service Error',
        'packed_transaction_type_exception',
      ],
      [
        '/v1/chain/send_transaction',
        { packed_trx: '00', compression: 'true' },
        500,
        'Internal Service Error',
        'packed_transaction_type_exception',
      ],
      [
        '/v1/chain/get_required_keys',
        { transaction: {}, available_keys: [] },
        500,
        'Internal Service Error',
        'transaction_type_exception',
      ],
    ];
    for (const [path, body, status, message, name] of cases) {
      const answer = await ask(server, path, post(JSON.stringify(body)));
      expect([answer.status, (answer.json as { message: string }).message], path).toEqual([status, message]);
      expect(answer.json, path).toMatchObject({ code: status, error: { name } });
      expect(
        shapeDifferences(recordedShape('error'), { ...(answer.json as object), error: withoutExtras(answer.json) }),
      ).toEqual([]);
    }
    const keys = await ask(
      server,
      '/v1/chain/get_required_keys',
      post(
        JSON.stringify({
          transaction: {
            expiration: '2036-01-01T00:00:00',
            ref_block_num: 0,
            ref_block_prefix: 0,
            actions: [
              { account: 'eosio', name: 'x', authorization: [{ actor: 'eosio', permission: 'active' }], data: '' },
            ],
          },
          available_keys: [],
        }),
      ),
    );
    expect(keys).toMatchObject({ status: 401, json: { message: 'UnAuthorized', error: { code: 3090003 } } });
  });

  it('to unknown paths and with wrong methods are told so', async () => {
    const { server } = await start();
    const unknown = await ask(server, '/v1/chain/nothing', post('{}'));
    expect(unknown).toMatchObject({
      status: 404,
      json: {
        code: 404,
        message: 'Not Found',
        error: { code: 0, name: 'exception', what: 'unspecified', details: [{ message: 'Unknown Endpoint' }] },
      },
    });
    const get = await ask(server, '/v1/chain/send_transaction');
    expect(get.status).toBe(405);
    expect(get.headers.get('allow')).toBe('POST');
    expect((await ask(server, '/v1/chain/get_info', { method: 'DELETE' })).status).toBe(405);
    expect((await ask(server, '/v1/chain/%E0%A4%A')).status).toBe(400);
  });

  it('that are too large or too slow are cut off', async () => {
    const { server } = await start({
      bodyBytesMax: 2000,
      bulkBytesMax: 4000,
      requestTimeoutMs: 300,
      headersTimeoutMs: 300,
    });
    const large = await ask(server, '/v1/chain/get_info', post(`{"a":"${'x'.repeat(3000)}"}`));
    expect(large).toMatchObject({ status: 413, json: { code: 413, message: 'Payload Too Large' } });
    const bulk = await ask(server, '/v1/snap/submit', {
      ...post(Buffer.alloc(3000)),
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(bulk.status).not.toBe(413);
    const slow = await raw(
      server,
      (write) => write('POST /v1/chain/get_info HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"a"'),
      3000,
    );
    expect(slow).toContain('408');
    const never = await raw(server, (write) => write('GET /v1/chain/get_info HTTP/1.1\r\nHost:'), 3000);
    expect(never).toContain('408');
    const garbage = await raw(server, (write) => write('\x16\x03\x01\x00\r\n\r\n'), 3000);
    expect(garbage).toContain('400');
    const header = await raw(server, (write) => write(`GET / HTTP/1.1\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`), 3000);
    expect(header).toContain('431');
  });

  it('may ask for the newest or the final state, and learn both heights', async () => {
    const { server, chain } = await start();
    chain.produce();
    const answer = await ask(server, '/v1/chain/get_info?at=final');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-block-num')).toBe('2');
    expect(answer.headers.get('x-final-block-num')).toBe('1');
    const sample = await sampleChain();
    const { server: other } = await start({}, sample);
    await push(sample, [
      makeAction(sample, 'eosio.token', 'transfer', 'bob', {
        from: 'bob',
        to: 'alice',
        quantity: '2.5000 XST',
        memo: '',
      }),
    ]);
    const query = '/v1/chain/get_currency_balance?code=eosio.token&account=bob';
    expect((await ask(other, query)).json).toEqual(['10.0000 XST']);
    expect((await ask(other, `${query}&at=final`)).json).toEqual(['12.5000 XST']);
  });
});

describe('the server', () => {
  it('answers other origins as it is told', async () => {
    const open = (await start()).server;
    const preflight = await fetch(`${open.url}/v1/chain/send_transaction`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
    const closed = (await start({ allowOrigin: '' })).server;
    expect((await ask(closed, '/v1/chain/get_info')).headers.get('access-control-allow-origin')).toBeNull();
    const error = await ask(open, '/v1/chain/nothing');
    expect(error.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('limits the rate of a client', async () => {
    const { server } = await start({ ratePerSecond: 1, rateBurst: 3 });
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await ask(server, '/v1/chain/get_info')).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    const refused = await ask(server, '/v1/chain/get_info');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('ratelimit')).toContain('r=0');
    expect(refused.json).toMatchObject({ message: 'Too Many Requests', error: { transient: true } });
  });

  it('says busy when the queue is full', async () => {
    const { server, chain } = await start();
    chain.busy = true;
    const body = JSON.stringify({ signatures: [], compression: 0, packed_context_free_data: '', packed_trx: '00' });
    const answer = await ask(server, '/v1/chain/send_transaction', post(body));
    expect(answer).toMatchObject({ status: 503, json: { message: 'Busy', error: { transient: true } } });
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  it('hides its own faults from clients and reports them to the node', async () => {
    const { server, chain, faults } = await start();
    chain.headState = () => {
      throw new Error('the disk is on fire');
    };
    const answer = await ask(server, '/v1/chain/get_info');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('fire');
    expect(faults.map(String)).toEqual(['Error: the disk is on fire']);
  });

  it('tells what it answered', async () => {
    const { server, answered } = await start();
    await ask(server, '/v1/chain/get_info');
    await ask(server, '/v1/chain/nothing');
    await soon(() => answered).toEqual(['/v1/chain/get_info 200', 'other 404']);
  });

  it('reports health and readiness with their status', async () => {
    const { server, chain } = await start();
    expect(await ask(server, '/v1/node/ready')).toMatchObject({ status: 200, json: { ready: true } });
    chain.healthReport = {
      ready: false,
      reasons: ['syncing'],
      checks: [{ name: 'core', ok: false, detail: 'stopped' }],
    };
    expect(await ask(server, '/v1/node/ready')).toMatchObject({
      status: 503,
      json: { ready: false, reasons: ['syncing'] },
    });
    expect(await ask(server, '/v1/node/health')).toMatchObject({ status: 503, json: { status: 'failing' } });
    const old = (await start({ headAgeMaxMs: -1 })).server;
    expect(await ask(old, '/v1/node/ready')).toMatchObject({ status: 503 });
  });

  it('serves metrics and its OpenAPI document', async () => {
    const { server } = await start();
    const metrics = await fetch(`${server.url}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(await metrics.text()).toContain('snap_head_block_num');
    expect((await ask(server, '/openapi.json')).json).toMatchObject({ openapi: '3.1.0' });
  });

  it('stops without waiting for idle clients, and lets the port go', async () => {
    const { server } = await start();
    await ask(server, '/v1/chain/get_info');
    const began = Date.now();
    await server.close();
    expect(Date.now() - began).toBeLessThan(2000);
    await expect(fetch(server.url)).rejects.toThrow();
  });

  it('refuses to start on an address that is taken', async () => {
    const { server } = await start();
    await expect(startHttpServer(new MemoryChain(), { port: server.port })).rejects.toThrow('EADDRINUSE');
  });
});

function withoutExtras(json: unknown): object {
  const {
    evidence: _evidence,
    transient: _transient,
    retry_after_ms: _retry,
    ...error
  } = (json as { error: Record<string, unknown> }).error;
  return error;
}
