/**
 * A network of four real nodes, by the commands that a user has: transfers, its consortium, a kill, a partition, a stop and a
 * start.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cliWith } from '../../apps/cli/src/testing/run-cli.js';
import { until } from '../testing/node-process.js';

const launcher = fileURLToPath(new URL('../../apps/node/dist/launcher/main.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'snapscale-network-'));
const run = cliWith({ SNAPSCALE_HOME: join(directory, 'home') });

/** For a machine that is busy with other tests; on a quiet one all takes half a minute. */
const PATIENCE_MS = 60_000;

type Node = { readonly name: string; readonly url: string; readonly state: string; readonly peers: number | null };
type Info = { readonly head: number; readonly final: number; readonly finalId: string; readonly chainId: string };

let nodes: readonly Node[] = [];

/** Runs `snapscale network …`; gives the nodes afterwards. */
async function network(...args: readonly string[]): Promise<readonly Node[]> {
  const { code, stdout, stderr } = await run(['network', ...args, '--data', directory, '--json']);
  expect(code, stdout + stderr).toBe(0);
  return JSON.parse(stdout).nodes;
}

async function post<T>(name: string, path: string, body: unknown = {}): Promise<T> {
  const { url } = nodes.find((node) => node.name === name)!;
  const response = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  return (await response.json()) as T;
}

async function info(name: string): Promise<Info> {
  const answer = await post<Record<string, never>>(name, '/v1/chain/get_info');
  return {
    head: answer.head_block_num!,
    final: answer.last_irreversible_block_num!,
    finalId: answer.last_irreversible_block_id!,
    chainId: answer.chain_id!,
  };
}

async function balance(name: string, account: string): Promise<string> {
  const body = { code: 'eosio.token', account, symbol: 'XST' };
  const [amount] = await post<string[]>(name, '/v1/chain/get_currency_balance', body);
  return amount!;
}

/** Runs a command; gives its result. */
async function result<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await run([...args, '--json']);
  expect(code, stdout + stderr).toBe(0);
  return JSON.parse(stdout);
}

/** Pays at a node, without waiting. */
async function pay(name: string, quantity: string): Promise<string> {
  const { url } = nodes.find((node) => node.name === name)!;
  const paid = await result<{ readonly transaction_id: string }>(
    ...['transfer', 'alice', 'bob', quantity, '--no-wait', '-u', url],
  );
  return paid.transaction_id;
}

function finalAt(name: string, id: string): Promise<boolean> {
  return until(
    `${id} is final at ${name}`,
    async () => {
      const { state } = await post<{ readonly state: string }>(name, '/v1/chain/get_transaction_status', { id });
      return state === 'IRREVERSIBLE';
    },
    PATIENCE_MS,
  );
}

/** The launcher as `npm start` runs it. */
function startForeground(...options: readonly string[]) {
  const args = [launcher, '--data', directory, '--port', '0', '--log-level', 'warn', ...options];
  const child = spawn(process.execPath, args);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (output += piece));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const interrupt = () => {
    child.kill('SIGINT');
    return ended;
  };
  process.once('exit', interrupt);
  ended.then(() => process.off('exit', interrupt));
  return { output: () => output, interrupt };
}

beforeAll(async () => {
  nodes = await network('up', '--port', '0', '--log-level', 'warn');
}, 4 * PATIENCE_MS);
afterAll(async () => {
  await run(['network', 'down', '--data', directory]);
  rmSync(directory, { recursive: true, force: true });
});

describe('a network of four', { timeout: 4 * PATIENCE_MS }, () => {
  test('is connected, and what is paid at one node is final at another', async () => {
    expect(nodes.map(({ name, state }) => [name, state])).toEqual(
      ['north', 'east', 'south', 'west'].map((name) => [name, 'running']),
    );
    await until(
      'all are connected with all',
      async () => {
        const now = await network('status');
        return now.every(({ peers }) => peers === 3);
      },
      PATIENCE_MS,
    );
    await finalAt('south', await pay('north', '1.0001 XST'));
    await finalAt('north', await pay('west', '1.0002 XST'));
  });

  test('is a consortium; its authority gives out certificates, and nobody depends on it', async () => {
    const [{ url }] = nodes as [Node];
    const organisations = await result<{ rows: Record<string, unknown>[] }>(
      'get',
      'table',
      'snap.ca',
      'snap.ca',
      'orgs',
      '-u',
      url,
    );
    expect(organisations.rows.map(({ account, title, producers }) => [account, title, producers])).toEqual(
      ['east', 'north', 'south', 'west'].map((name) => [name, `${capital(name)} Mobile`, [name]]),
    );
    const { ca: port } = JSON.parse(readFileSync(join(directory, 'network.json'), 'utf8')) as { ca: { port: number } };
    const secret = join(directory, 'ca', 'north', 'admin.secret');
    const ca = ['--ca', `http://localhost:${port.port}`, '--ca-secret', secret];
    const { code } = await result<{ readonly code: string }>('member', 'invite', '-o', 'north', ...ca);
    await result('member', 'apply', code, '--name', 'guest', '-u', url);
    await network('kill', 'ca');
    await finalAt('south', await pay('north', '1.0006 XST'));
  });

  test('goes on when one is killed, which catches up when it is back', async () => {
    const killed = await network('kill', 'west');
    expect(killed.find(({ name }) => name === 'west')).toMatchObject({ state: 'killed' });
    const before = await info('north');
    const id = await pay('north', '1.0003 XST');
    await finalAt('south', id);
    await until(
      'blocks become final without it',
      async () => (await info('east')).final > before.head + 4,
      PATIENCE_MS,
    );
    await network('start', 'west');
    const goal = await info('north');
    await until('it has caught up', async () => (await info('west')).final >= goal.final, PATIENCE_MS);
    await finalAt('west', id);
  });

  test('parted in two halves, nothing is final until they are joined', async () => {
    await network('partition', 'north,east', 'south,west');
    const lag = async () => {
      const { head, final } = await info('north');
      return head - final;
    };
    await until('finality waits while blocks are made', async () => (await lag()) > 6, PATIENCE_MS);
    const { final } = await info('north');
    const id = await pay('north', '1.0004 XST');
    expect((await info('south')).final).toBeLessThanOrEqual(final + 1);
    await network('heal');
    for (const name of ['north', 'south']) await finalAt(name, id);
    const ids = await Promise.all(
      ['north', 'east', 'south', 'west'].map((name) =>
        post<{ readonly id: string }>(name, '/v1/chain/get_block_info', { block_num: final }).then((block) => block.id),
      ),
    );
    expect(new Set(ids).size).toBe(1);
  });

  test('is the same after a stop and a start, in the foreground as by npm start, for members only', async () => {
    const [amount, before] = [await balance('north', 'bob'), await info('north')];
    expect(await network('down')).toMatchObject(Array(4).fill({ state: 'stopped' }));
    const foreground = startForeground('--members-only');
    await until('it is up', () => foreground.output().includes('is running at'), 2 * PATIENCE_MS);
    nodes = await network('status');
    const { url } = nodes.find(({ name }) => name === 'south')!;
    expect((await fetch(`${url}/v1/chain/get_info`)).status).toBe(401);
    const guest = ['--identity', 'guest', '-u', url];
    const after = await result<Record<string, unknown>>('status', ...guest);
    expect(after.chain_id).toBe(before.chainId);
    expect(Number(after.last_irreversible_block_num)).toBeGreaterThanOrEqual(before.final);
    expect(JSON.stringify(await result('get', 'table', 'eosio.token', 'bob', 'accounts', ...guest))).toContain(amount);
    // Waits until it is final, at another node.
    const { url: east } = nodes.find(({ name }) => name === 'east')!;
    await result('transfer', 'alice', 'bob', '1.0005 XST', '--identity', 'guest', '-u', east);
    expect(await foreground.interrupt(), foreground.output()).toBe(0);
    expect(foreground.output()).toContain('Stopped; everything is stored.');
    expect((await network('status')).map(({ state }) => state)).toEqual(Array(4).fill('stopped'));
  });
});

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
