/** The chain behind nodes: another node where one does not answer, and refusals told apart from failures. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newPrivateKey } from '@snapscale/sdk/certificates';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChainRefusal, ChainUnavailable } from '../failures.js';
import { nodeAccess } from './chain-access.js';
import { roleNames } from './consortium.js';

const dead = 'http://127.0.0.1:1';
let server: Server;
let url: string;
const asked: { path: string; body: Record<string, unknown> }[] = [];
let pages: unknown[] = [];
const info = {
  chain_id: 'cf'.repeat(32),
  head_block_num: 9,
  head_block_time: '2026-01-31T12:00:00.500',
  last_irreversible_block_num: 7,
  last_irreversible_block_id: '07'.repeat(32),
};

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const path = request.url!.replace('/v1/chain/', '');
    asked.push({ path, body: text === '' ? {} : JSON.parse(text) });
    const answer = path === 'get_info' ? info : pages.shift();
    response.statusCode = (answer as { code?: number })?.code ?? 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const error = (status: number, code: number, name: string) => ({
  code: status,
  message: name,
  error: { code, name, what: name, details: [{ message: `${name}: why`, file: '', line_number: 0, method: '' }] },
});

test('the next node is asked when one does not answer; all of them failing is no refusal', async () => {
  expect(await nodeAccess([dead, url], undefined).finalNumber()).toBe(7);
  await expect(nodeAccess([dead], undefined).finalNumber()).rejects.toThrow(ChainUnavailable);
});

test('a node of another chain is asked for nothing, and nothing is signed for it', async () => {
  const key = newPrivateKey('K1', () => new Uint8Array(32).fill(7));
  const before = asked.length;
  const other = nodeAccess([url], undefined, 'ab'.repeat(32));
  await expect(other.rows('members', 'north')).rejects.toThrow(/is a node of the chain cfcfcfcfcfcf…/);
  await expect(other.push('revoke', 'north@ca', key, {})).rejects.toThrow(ChainUnavailable);
  await expect(other.seenIsFinal()).rejects.toThrow(ChainUnavailable);
  expect(asked.slice(before).map(({ path }) => path)).toEqual(['get_info', 'get_info', 'get_info']);
  pages = [{ rows: [{ n: 1 }], more: false, next_key: '' }];
  const same = nodeAccess([url], undefined, info.chain_id);
  expect(await same.rows('members', 'north')).toEqual([{ n: 1 }]);
  expect(await same.finalNumber()).toBe(7);
});

test('rows come page by page, within bounds', async () => {
  pages = [
    { rows: [{ n: 1 }, { n: 2 }], more: true, next_key: '3' },
    { rows: [{ n: 3 }], more: false, next_key: '' },
  ];
  expect(await nodeAccess([url], undefined).rows('members', 'north', { lower: '1' })).toEqual([
    { n: 1 },
    { n: 2 },
    { n: 3 },
  ]);
  expect(asked.at(-1)!.body).toMatchObject({
    code: 'snap.ca',
    scope: 'north',
    table: 'members',
    lower_bound: '3',
    json: true,
  });
});

test('what a node says is told apart', async () => {
  const access = nodeAccess([url], undefined);
  const random = (size: number) => new Uint8Array(size).fill(7);
  const push = () => access.push('issue', 'north@ca', newPrivateKey('K1', random), {});
  for (const [answer, kind] of [
    [error(500, 3050003, 'eosio_assert_message_exception'), ChainRefusal],
    [error(401, 3090003, 'unsatisfied_authorization'), ChainRefusal],
    [error(500, 3080002, 'tx_net_usage_exceeded'), ChainUnavailable],
    [error(503, 3990000, 'busy'), ChainUnavailable],
    [error(500, 3040005, 'expired_tx_exception'), ChainUnavailable],
  ] as const) {
    pages = [answer];
    await expect(push()).rejects.toThrow(kind);
  }
});

test('roles are in the order of their values on chain', () => {
  expect(roleNames(['producer', 'ca-operator', 'client', 'edge', 'client'])).toEqual([
    'ca.operator',
    'client',
    'edge',
    'producer',
  ]);
});
