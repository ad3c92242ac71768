/**
 * A real node under attack over HTTP: junk, bombs, slow clients, floods. It must answer everybody and go on with blocks.
 * Delays and missed slots are printed, never judged: they depend on the machine and on what else runs on it.
 */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type AnyRoute, allRoutes } from '@snapscale/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NodeProcess, startNodeProcess, until } from '../testing/node-process.js';
import { actionOf, newAccount, setAbi, setCode } from './support/attack-ledger.js';
import { evilAbis, zeroAbi } from './support/evil-abis.js';
import { junkBodies, junkValues } from './support/junk.js';
import { contract, forever, times } from './support/modules.js';
import { NodeAttack, type Watched, watched } from './support/node-attack.js';
import { exchange, openSocket, statusesOf } from './support/raw-http.js';

const NO_DATA = new Uint8Array(0);
let node: NodeProcess;
let attack: NodeAttack;
let port: number;
const seen: [string, Watched][] = [];

beforeAll(async () => {
  node = await startNodeProcess();
  port = Number(new URL(node.url).port);
  attack = new NodeAttack(node);
  await attack.refresh();
  const wide = { params: 'i32', locals: Array(1000).fill('i64').join(' ') };
  const contracts = {
    loop: contract(forever('')),
    spin: contract(times(34_500_000, 3, 'i32.const 1 drop'), { locals: 'i32' }),
    good: contract(''),
    deep: contract('i32.const 0 @0', { functions: [{ ...wide, code: 'local.get 0 i32.const 1 i32.add call 0' }] }),
    print: contract('i32.const 0 i32.const 60000 $prints_l', {
      data: [{ offset: 0, bytes: new Uint8Array(60_000).fill(0xff) }],
    }),
    rows: contract(
      times(
        10_000,
        3,
        'i64.const 5 i64.const 112 local.get 1 local.get 2 local.get 3 i64.extend_i32_u i64.add i32.const 0 i32.const 64 $db_store_i64 drop',
      ),
      { locals: 'i32' },
    ),
  };
  for (const [account, code] of Object.entries(contracts)) {
    await attack.must([newAccount(account)]);
    await attack.must([setCode(account, code)]);
  }
}, 120_000);

afterAll(async () => {
  const lines = seen.map(
    ([what, { p50, p99, longest, blocks, missedSlots, failures }]) =>
      `  ${what}: get_info p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, longest ${longest.toFixed(0)} ms, ${failures} unanswered; ${blocks} blocks, ${missedSlots} slots missed`,
  );
  process.stdout.write(`\nA node under attack\n${lines.join('\n')}\n  most memory: ${memoryOf(node.pid)}\n`);
  await node.stop();
}, 30_000);

/** The most that was resident at a time. */
function memoryOf(pid: number): string {
  try {
    const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    return `${(kilobytes / 1024).toFixed(0)} MB`;
  } catch {
    return 'not known on this system';
  }
}

/** Runs an attack while get_info is asked for: it must always be answered, and blocks must follow. */
async function during(what: string, work: () => Promise<void>): Promise<void> {
  const result = await watched(node, work);
  seen.push([what, result]);
  expect(result.failures, what).toBe(0);
  await headAfter(result.headNum);
}

/** Waits until two blocks have followed on this one: work that was under way at the time has been paid for. */
async function headAfter(num: number): Promise<void> {
  await until(`two blocks after ${num}`, async () => (await attack.refresh()).head_block_num >= num + 2, 30_000);
}

/** What an answer must be: a success, or an error with a code that is not a fault of the node. */
async function expectCoded(what: string, response: Response): Promise<void> {
  const text = await response.text();
  if (response.status < 400) return;
  const body = JSON.parse(text) as { code?: number; error?: { code?: number; name?: string; details?: unknown[] } };
  expect(body.code, `${what}: ${text.slice(0, 300)}`).toBe(response.status);
  expect(body.error?.name, what).toMatch(/^\w+$/);
  expect(body.error?.name, `${what}: ${text.slice(0, 300)}`).not.toBe('snap_node_failure');
}

const post = (path: string, body: string | Uint8Array) =>
  fetch(node.url + path, { method: 'POST', body: body as BodyInit, signal: AbortSignal.timeout(20_000) });

/** Paths of fields in a request, one level deep. */
function fieldsOf(route: AnyRoute): string[] {
  const schemas = [route.request, ...(route.request.anyOf ?? [])];
  return [...new Set(schemas.flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

describe('requests', () => {
  it('with junk in every field of every route are answered with a code', async () => {
    let count = 0;
    await during('junk in every field', async () => {
      for (const route of allRoutes()) {
        if (route.path === '/v1/stream' || /snapshot/.test(route.path)) continue;
        const fields = fieldsOf(route);
        const bodies = fields.flatMap((field) => junkValues.map((value) => `{${JSON.stringify(field)}:${value}}`));
        for (const value of junkValues)
          bodies.push(`{${fields.map((field) => `${JSON.stringify(field)}:${value}`).join(',')}}`);
        for (let i = 0; i < bodies.length; i += 16) {
          await Promise.all(
            bodies.slice(i, i + 16).map(async (body) => {
              const response = await fetch(node.url + route.path, {
                method: route.methods.includes('POST') ? 'POST' : 'GET',
                ...(route.methods.includes('POST') ? { body } : {}),
              });
              await expectCoded(`${route.path} ${body.slice(0, 100)}`, response);
              count++;
            }),
          );
        }
      }
    });
    expect(count).toBeGreaterThan(1000);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  }, 120_000);

  it('with bodies that are none are answered with a code', async () => {
    const paths = [
      '/v1/chain/get_account',
      '/v1/chain/send_transaction',
      '/v1/chain/push_transactions',
      '/v1/chain/get_required_keys',
      '/v1/chain/send_transaction2',
      '/v1/snap/submit',
    ];
    await during('junk bodies', async () => {
      for (const path of paths) {
        for (const [what, body] of junkBodies) await expectCoded(`${path}: ${what}`, await post(path, body));
      }
      const large = await post('/v1/chain/get_account', new Uint8Array(3 * 1024 * 1024));
      expect(large.status).toBe(413);
      await expectCoded('3 MiB', large);
    });
  }, 120_000);

  it('in the query, the path and the method are answered with a code', async () => {
    const paths = [
      '/v1/chain/get_account?account_name=eosio&account_name=alice',
      `/v1/chain/get_account?account_name=${'x'.repeat(10_000)}`,
      '/v1/chain/get_account?account_name=%ff%fe%00',
      '/v1/chain/get_account?account_name=%',
      '/v1/chain/get_account?__proto__[x]=1&account_name[]=2',
      `/v1/chain/get_table_rows?json=${encodeURIComponent('['.repeat(5000))}`,
      `/v1/chain/get_accounts_by_authorizers?accounts=${encodeURIComponent('['.repeat(3000) + ']'.repeat(3000))}`,
      '/v1/chain/get_info?at=nowhere',
      '/v1/stream?topics=nothing',
      '/v1/stream?cursor=99999999999999',
      '/v1/stream?cursor=1:end:zzzz:1',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/..%2f..%2fetc/passwd',
      '/docs/../../../package.json',
      '//v1//chain//get_info',
      `/${'a/'.repeat(4000)}`,
    ];
    for (const path of paths) {
      const response = await fetch(node.url + path);
      const text = await response.clone().text();
      expect(text).not.toContain('root:');
      await expectCoded(path, response);
    }
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await fetch(`${node.url}/v1/chain/get_info`, { method });
      expect(response.status).toBeLessThan(500);
    }
  });
});

describe('connections', () => {
  const request = 'GET /v1/chain/get_info HTTP/1.1\r\nHost: x\r\n\r\n';

  it('that speak no HTTP, or too much of it, are told so and closed', async () => {
    const cases: readonly (readonly [string, string | Uint8Array, number])[] = [
      ['binary junk', new Uint8Array(1000).fill(0x16), 400],
      ['a TLS hello', Uint8Array.from([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]), 400],
      ['another version', 'GET / HTTP/9.9\r\n\r\n', 400],
      [
        '100 kB of headers',
        `GET /v1/chain/get_info HTTP/1.1\r\nHost: x\r\n${Array.from({ length: 2000 }, (_, i) => `x-h${i}: ${'v'.repeat(40)}`).join('\r\n')}\r\n\r\n`,
        431,
      ],
      ['a header of 100 kB', `GET /v1/chain/get_info HTTP/1.1\r\nHost: x\r\nx: ${'v'.repeat(100_000)}\r\n\r\n`, 431],
      [
        'two content lengths',
        'POST /v1/chain/get_info HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\n{}',
        400,
      ],
      [
        'length and chunks',
        'POST /v1/chain/get_info HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        400,
      ],
      ['a negative length', 'POST /v1/chain/get_info HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n', 400],
      [
        'a huge length',
        'POST /v1/chain/get_info HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n',
        400,
      ],
      ['a bad chunk', 'POST /v1/chain/get_info HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n', 400],
    ];
    await Promise.all(
      cases.map(async ([what, bytes, status]) => {
        const { text, closed } = await exchange(port, bytes);
        expect(statusesOf(text)[0], `${what}: ${text.slice(0, 200)}`).toBe(status);
        expect(closed, what).toBe(true);
      }),
    );
    const announced = await exchange(
      port,
      'POST /v1/chain/get_account HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n{',
      { until: (text) => statusesOf(text).length > 0 },
    );
    expect(statusesOf(announced.text)).toEqual([413]);
  });

  it('that are slow, idle, half closed, impatient or many leave others alone', async () => {
    const sockets: Socket[] = [];
    await during('2,000 idle connections, 300 slow ones', async () => {
      for (let i = 0; i < 2000; i += 100)
        sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => openSocket(port)))));
      for (const [i, socket] of sockets.slice(0, 300).entries()) {
        socket.write(
          i % 2 === 0
            ? 'POST /v1/chain/get_account HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{'
            : 'GET /v1/chain/get_info HTTP/1.1\r\nHo',
        );
      }
      for (const socket of sockets.slice(300, 400)) socket.end();
      const pipelined = await exchange(port, request.repeat(300), { until: (text) => statusesOf(text).length >= 300 });
      expect(statusesOf(pipelined.text).length).toBe(300);
      const half = await exchange(port, request, { end: true });
      expect(statusesOf(half.text)).toEqual([200]);
      for (let round = 0; round < 8; round++) {
        for (const [i, socket] of sockets.slice(0, 300).entries())
          if (!socket.destroyed) socket.write(i % 2 === 0 ? ' ' : 's');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
    for (const socket of sockets) socket.destroy();
  }, 120_000);

  it('of streams that never read are bounded', async () => {
    const sockets: Socket[] = [];
    const heads: string[] = [];
    await during('40 event streams that never read', async () => {
      for (let i = 0; i < 40; i++) {
        const socket = await openSocket(port);
        sockets.push(socket);
        socket.once('data', (data) => {
          heads.push(data.toString('latin1', 9, 12));
          socket.pause();
        });
        socket.write('GET /v1/stream?topics=blocks,traces,final&cursor=1 HTTP/1.1\r\nHost: x\r\n\r\n');
      }
      await attack.refresh();
      await attack.send(Array.from({ length: 30 }, () => attack.signed([actionOf('print', 'go', NO_DATA)])));
      await until('each stream is answered', () => heads.length === sockets.length, 30_000);
    });
    for (const socket of sockets) socket.destroy();
    expect(heads.filter((status) => status === '429')).toHaveLength(8);
    expect(heads.filter((status) => status === '200')).toHaveLength(32);
  }, 120_000);
});

describe('transactions', () => {
  it('in bulk frames of junk are counted and refused', async () => {
    await attack.refresh();
    const good = attack.bulk([attack.signed([actionOf('good', 'go', NO_DATA)])]);
    const frames = [
      ['cut', good.slice(0, good.length - 1)],
      ['a length of 2^32 - 1', Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f])],
      ['a length that never ends', new Uint8Array(20).fill(0x80)],
      ['30,000 empty frames', new Uint8Array(30_000)],
    ] as const;
    for (const [what, bytes] of frames) {
      const response = await post('/v1/snap/submit', bytes);
      expect(response.status, what).toBe(400);
      await expectCoded(what, response);
    }
    await during('bulk junk', async () => {
      const empty = await (await post('/v1/snap/submit', new Uint8Array(19_000))).json();
      expect(empty).toMatchObject({ accepted: 0 });
      const junk = Buffer.concat(
        Array.from({ length: 5000 }, (_, i) =>
          Buffer.from([40, ...Array.from({ length: 40 }, (_, k) => (i * 31 + k * 7) & 0xff)]),
        ),
      );
      expect(await (await post('/v1/snap/submit', junk)).json()).toMatchObject({ accepted: 0 });
      const mixed = await (
        await post('/v1/snap/submit', Buffer.concat([Buffer.from([1, 0]), good, Buffer.from([1, 0])]))
      ).json();
      expect(mixed).toMatchObject({ accepted: 1, rejected: [{ index: 0 }, { index: 2 }] });
    });
  }, 120_000);

  it('that only ask take no slot from blocks', async () => {
    await attack.refresh();
    const asked = Array.from({ length: 30 }, (_, i) =>
      attack.signed([actionOf(i % 3 === 0 ? 'deep' : 'loop', 'go', NO_DATA)]),
    );
    await during('30 endless loops to compute', async () => {
      const answers = await attack.send(asked, '/v1/chain/compute_transaction');
      for (const { status, body } of answers) {
        expect([200, 202, 503], JSON.stringify(body).slice(0, 200)).toContain(status);
        if (status !== 503)
          expect(['tx_cpu_usage_exceeded', 'wasm_execution_error']).toContain(
            body.processed.except.name.replace(/_exception$/, ''),
          );
      }
    });
  }, 120_000);

  it('that fail, fill blocks and store rows leave slots and other accounts alone', async () => {
    await during('failing, full and storing transactions', async () => {
      await attack.refresh();
      const evil = [
        ...Array.from({ length: 4 }, () => attack.signed([actionOf('loop', 'go', NO_DATA)])),
        ...Array.from({ length: 8 }, () => attack.signed([actionOf('spin', 'go', NO_DATA)])),
        ...Array.from({ length: 4 }, (_, i) => attack.signed([actionOf('rows', `go${'abcd'[i]}`, NO_DATA)])),
      ];
      const sent = attack.send(evil);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const [honest] = await attack.send([attack.signed([actionOf('good', 'go', NO_DATA, 'alice')])]);
      expect(honest!.status, JSON.stringify(honest!.body).slice(0, 300)).toBe(202);
      for (const { status, body } of await sent)
        expect([202, 500], JSON.stringify(body).slice(0, 200)).toContain(status);
    });
  }, 120_000);

  it('that overflow no stack of the core', async () => {
    await attack.refresh();
    const [answer] = await attack.send([attack.signed([actionOf('deep', 'go', NO_DATA)])]);
    expect(answer!.body.error.name).toBe('wasm_execution_error');
  });
});

describe('ABIs', () => {
  it('that are evil leave tables, blocks and transactions readable', async () => {
    const abis = { ...evilAbis, 'much of nothing': () => zeroAbi(3500) };
    const stored: string[] = [];
    for (const [i, [what, bytes]] of Object.entries(abis).entries()) {
      const account = `abi${'abcdefghijklmnopqrstuvwxyz'[i]}`;
      await attack.refresh();
      await attack.must([newAccount(account)]);
      const [answer] = await attack.send([attack.signed([setAbi(account, bytes())])]);
      if (answer!.status === 202) stored.push(account);
      else expect(answer!.body.error.name, what).toMatch(/^tx_/);
    }
    await during('evil ABIs', async () => {
      for (const account of stored) {
        for (const [path, body] of [
          ['get_abi', { account_name: account }],
          ['get_raw_abi', { account_name: account }],
          ['get_code', { account_name: account }],
          ['get_table_rows', { code: account, scope: account, table: 'rows', json: true }],
          ['get_table_by_scope', { code: account }],
          ['get_currency_stats', { code: account, symbol: 'XST' }],
          ['get_transaction_id', { actions: [{ account, name: 'go', authorization: [], data: {} }] }],
        ] as const) {
          await expectCoded(`${path} of ${account}`, await post(`/v1/chain/${path}`, JSON.stringify(body)));
        }
        await attack.refresh();
        const [pushed] = await attack.send([
          attack.signed([actionOf(account, 'go', new Uint8Array(200).fill(1), account)]),
        ]);
        expect(pushed!.status, JSON.stringify(pushed!.body).slice(0, 200)).toBe(202);
      }
      // Hundreds of actions, each of which its ABI blows up.
      const account = stored.at(-1)!;
      await attack.refresh();
      const many = attack.signed(
        Array.from({ length: 1000 }, () => ({ ...actionOf(account, 'go', Uint8Array.of(1), account) })),
      );
      const [answer] = await attack.send([many]);
      expect(answer!.status).toBe(202);
      const num = answer!.body.processed.block_num as number;
      await headAfter(num);
      const block = await post('/v1/chain/get_block', JSON.stringify({ block_num_or_id: num }));
      expect(block.status).toBe(200);
      expect((await block.text()).length).toBeLessThan(40_000_000);
    });
  }, 120_000);
});

describe('afterwards', () => {
  it('the node is as it was: transfers work, nothing was logged as a fault', async () => {
    await attack.refresh();
    await attack.must([actionOf('good', 'go', NO_DATA)]);
    expect(node.output()).not.toMatch(/execution-fault|a verifying thread died|could not be made durable|uncaught/i);
    await until('the node calls itself ready', async () => (await fetch(`${node.url}/v1/node/ready`)).status === 200);
  });
});
