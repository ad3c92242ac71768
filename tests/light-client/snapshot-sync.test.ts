/**
 * A new node with nothing but a genesis takes its state from peers, goes on with their blocks, and serves the next one, and
 * light clients, in its turn. Real processes over mutual TLS.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApiClient, type Fetch } from '@snapscale/api';
import { getChainProof, readTrust, verifyChainProof } from '@snapscale/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeKeys } from '../../apps/node/src/data-directory.js';
import { DevelopmentAuthority } from '../../apps/node/src/p2p/development-authority.js';
import { identityFiles } from '../../apps/node/src/p2p/identity-files.js';
import { until } from '../testing/node-process.js';

const program = fileURLToPath(new URL('../../apps/node/dist/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'snapscale-sync-'));
const dataOf = (name: string) => join(folder, name);

type Running = { readonly url: string; readonly peerPort: number; output(): string; stop(): Promise<void> };

/** On a machine that does much else. */
const DEADLINE_MS = 120_000;
const TEST_MS = 2 * DEADLINE_MS;

const children = new Set<ChildProcess>();
let authority: DevelopmentAuthority;
let first: Running;

async function prepare(name: string): Promise<void> {
  const directory = join(folder, `identity-${name}`);
  mkdirSync(directory, { recursive: true });
  const hosts = ['127.0.0.1'];
  const request = { node: name, organisation: name, roles: ['observer'] as const, nowMs: Date.now(), hosts };
  const { certificate, privateKey, authorities } = await authority.issue(request);
  const files = identityFiles(directory);
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.privateKey, privateKey);
  writeFileSync(files.authorities, authorities.join('\n'));
}

/** A node that has the genesis of the first one, and produces nothing. */
async function prepareFollower(name: string): Promise<void> {
  await prepare(name);
  mkdirSync(dataOf(name), { recursive: true });
  writeFileSync(join(dataOf(name), 'genesis.json'), readFileSync(join(dataOf('first'), 'genesis.json')));
  writeKeys(dataOf(name), { producers: [], producerKeys: [], finalizerKeys: [], inUse: false });
}

function start(name: string, ...args: readonly string[]): Promise<Running> {
  const options = ['--data', dataOf(name), '--port', '0', '--peer-port', '0', '--log-level', 'info'];
  const identity = ['--identity', join(folder, `identity-${name}`)];
  const child = spawn(process.execPath, [program, ...options, ...identity, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (piece) => (output += piece));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  ended.then(() => children.delete(child));
  const stop = () => {
    child.kill('SIGTERM');
    return ended;
  };
  return new Promise((resolve, reject) => {
    child.on('message', (message: { kind: string; url: string; peerPort: number; message: string }) => {
      if (message.kind === 'failed') reject(new Error(message.message));
      else resolve({ url: message.url, peerPort: message.peerPort, output: () => output, stop });
    });
    ended.then(() => reject(new Error(`${name} ended before it was ready:\n${output}`)));
  });
}

const apiOf = ({ url }: Running) => createApiClient({ url, fetch: fetch as Fetch });
const finalOf = async (node: Running) => (await apiOf(node).chain.getInfo()).last_irreversible_block_num;
const idAt = async (node: Running, num: number) => (await apiOf(node).chain.getBlockInfo({ block_num: num })).id;
const shelf = (name: string) => join(dataOf(name), 'snapshots', 'for-peers');
const manifestIn = (name: string) =>
  existsSync(shelf(name)) && readdirSync(shelf(name)).some((file) => file.endsWith('.manifest'));

beforeAll(async () => {
  authority = await DevelopmentAuthority.create('sync test', Date.now());
  await prepare('first');
  first = await start('first', '--snapshot-every', '20');
  await until('the first node has a snapshot for others', () => manifestIn('first'), DEADLINE_MS);
}, TEST_MS);
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('SN-12 a new node', { timeout: TEST_MS }, () => {
  let second: Running;

  it('begins with the state of peers and goes on with their blocks', async () => {
    await prepareFollower('second');
    const peers = `127.0.0.1:${first.peerPort}`;
    second = await start('second', '--sync', 'snapshot', '--snapshot-every', '20', '--peers', peers);
    await until('its log says so', () => /checked from the genesis on/.test(second.output()), DEADLINE_MS);
    const goal = await finalOf(first);
    await until('it has caught up', async () => (await finalOf(second)) > goal, DEADLINE_MS);
    expect(await idAt(second, goal)).toBe(await idAt(first, goal));
    const { block_num } = await apiOf(second).chain.getBlockInfo({ block_num: goal });
    expect(block_num).toBe(goal);
    await expect(apiOf(second).chain.getBlock({ block_num_or_id: '2' })).rejects.toThrow(/Could not find block/);
    expect(existsSync(join(dataOf('second'), 'incoming-snapshot'))).toBe(false);
  });

  it('serves light clients from the genesis on, and the next new node', async () => {
    const num = String(await finalOf(second));
    const proof = await getChainProof(apiOf(second), { kind: 'block', block: num });
    const trust = readTrust(readFileSync(join(dataOf('first'), 'genesis.json'), 'utf8'));
    expect(verifyChainProof(proof, trust)).toMatchObject({ valid: true, block: { num: Number(num) } });
    const row = { kind: 'row', code: 'eosio.token', scope: 'bob', table: 'accounts', primaryKey: 'XST' } as const;
    expect(verifyChainProof(await getChainProof(apiOf(second), row), trust)).toMatchObject({
      valid: true,
      content: { row: { scope: 'bob', payer: 'eosio' } },
    });
    await until('it has a snapshot for others', () => manifestIn('second'), DEADLINE_MS);
    await prepareFollower('third');
    const third = await start('third', '--sync', 'snapshot', '--peers', `127.0.0.1:${second.peerPort}`);
    const goal = await finalOf(second);
    await until('it has caught up', async () => (await finalOf(third)) > goal, DEADLINE_MS);
    await third.stop();
  });

  it('starts again with what it has', async () => {
    await second.stop();
    const peers = `127.0.0.1:${first.peerPort}`;
    second = await start('second', '--sync', 'snapshot', '--peers', peers);
    expect(second.output()).not.toMatch(/asking other nodes for a snapshot/);
    const goal = await finalOf(first);
    await until('it has caught up', async () => (await finalOf(second)) > goal, DEADLINE_MS);
    await second.stop();
  });

  it('says what is missing', async () => {
    await prepareFollower('lost');
    await expect(start('lost', '--sync', 'snapshot')).rejects.toThrow(/give --peers too/);
    mkdirSync(dataOf('nothing'), { recursive: true });
    await prepare('nothing');
    const peers = `127.0.0.1:${first.peerPort}`;
    await expect(start('nothing', '--sync', 'snapshot', '--peers', peers)).rejects.toThrow(/genesis\.json/);
  });
});
