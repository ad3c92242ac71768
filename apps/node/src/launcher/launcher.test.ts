import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LauncherAddress, NetworkCommand, NetworkReply, NetworkStatus } from '@snapscale/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LaunchFailure } from './failure.js';
import { Launcher } from './launcher.js';
import type { LauncherOptions } from './options.js';
import { cleanNetwork } from './prepare.js';

const fake = (name: string) => [fileURLToPath(new URL(`testing/${name}.mjs`, import.meta.url))];
const programs = { node: fake('fake-node'), ca: fake('fake-ca') };

let directory = '';
let said: string[] = [];
const open: Launcher[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'snapscale-launcher-'));
  said = [];
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((launcher) => launcher.end()));
  rmSync(directory, { recursive: true, force: true });
});

const defaults = (): LauncherOptions => ({
  ...{ directory, port: 0, producers: undefined, logLevel: 'warn' },
  ...{ isMembersOnly: false, isBackground: false, isCleaning: false },
});

async function launch(options: Partial<LauncherOptions> = {}): Promise<Launcher> {
  const launcher = await Launcher.open({ ...defaults(), ...options }, (text) => said.push(text), programs);
  open.push(launcher);
  return launcher;
}

async function up(options: Partial<LauncherOptions> = {}): Promise<Launcher> {
  const launcher = await launch(options);
  expect(await launcher.up()).toBe(true);
  return launcher;
}

/** Sends bytes to the control socket; gives the answers. */
function converse(text: string): Promise<NetworkReply[]> {
  const { socket } = address();
  return new Promise((resolve, reject) => {
    let answer = '';
    const connection = connect(socket, () => connection.write(text));
    connection.setEncoding('utf8');
    connection.on('data', (piece) => (answer += piece));
    connection.on('error', reject);
    connection.on('close', () =>
      resolve(
        answer
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line)),
      ),
    );
  });
}

function address(): LauncherAddress {
  return JSON.parse(readFileSync(join(directory, 'launcher.json'), 'utf8'));
}

async function command(command: NetworkCommand): Promise<NetworkStatus> {
  const replies = await converse(`${JSON.stringify({ token: address().token, command })}\n`);
  const last = replies.at(-1);
  if (last?.kind === 'done') return last.status;
  throw new Error(JSON.stringify(last));
}

/** A process that holds the lock of a data directory, as a node does. */
async function holdDirectory(path: string): Promise<{ readonly pid: number; readonly ended: Promise<unknown> }> {
  const lock = JSON.stringify(fileURLToPath(new URL('../store/lock.ts', import.meta.url)));
  const program = `const { lockDirectory } = await import(${lock}); lockDirectory(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000);`;
  const node = ['--conditions=source', '--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program];
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)));
  await Promise.race([once(child.stdout, 'data'), ended]);
  return { pid: child.pid!, ended };
}

const states = ({ nodes }: NetworkStatus) => nodes.map(({ name, state }) => `${name} ${state}`);

describe('a network of four', () => {
  test('runs, is asked and commanded, and ends', async () => {
    const launcher = await up();
    const first = await command({ kind: 'status' });
    expect(states(first)).toEqual(['north running', 'east running', 'south running', 'west running']);
    expect(first.nodes.map(({ peers }) => peers)).toEqual([3, 3, 3, 3]);
    expect(new Set(first.nodes.map(({ url }) => url)).size).toBe(4);

    const parted = await command({ kind: 'partition', groups: [['north', 'west']] });
    expect(parted.nodes.map(({ side, peers }) => [side, peers])).toEqual([
      [1, 1],
      [2, 1],
      [2, 1],
      [1, 1],
    ]);
    expect((await command({ kind: 'heal' })).nodes.map(({ side, peers }) => [side, peers])).toEqual(
      Array(4).fill([undefined, 3]),
    );

    expect(states(await command({ kind: 'kill', node: 'west' }))).toContain('west killed');
    expect(states(await command({ kind: 'stop', node: 'south' }))).toContain('south stopped');
    await expect(command({ kind: 'kill', node: 'west' })).rejects.toThrow('does not run');
    await expect(command({ kind: 'start', node: 'east' })).rejects.toThrow('is running already');
    await expect(command({ kind: 'start', node: 'nord' })).rejects.toThrow('north, east, south, west');
    expect(states(await command({ kind: 'start', node: 'west' }))).toContain('west running');

    expect(await command({ kind: 'down' })).toMatchObject({ running: false });
    expect(await launcher.ended).toBe(true);
    expect(existsSync(join(directory, 'launcher.json'))).toBe(false);
  });

  test('is the same at the next start, with its certificates', async () => {
    const before = await up({ producers: 2 });
    const { chainId } = before.description;
    const certificate = () => readFileSync(join(directory, 'nodes', 'east', 'identity', 'node.pem'), 'utf8');
    const kept = certificate();
    await before.end();
    const after = await up();
    expect([after.isNew, after.description.chainId, certificate()]).toEqual([false, chainId, kept]);
  });

  test('a node that starts while the network is parted is told so', async () => {
    await up();
    await command({ kind: 'kill', node: 'west' });
    await command({
      kind: 'partition',
      groups: [
        ['north', 'west'],
        ['east', 'south'],
      ],
    });
    const { nodes } = await command({ kind: 'start', node: 'west' });
    expect(nodes.at(-1)).toMatchObject({ name: 'west', side: 1, peers: 1 });
  });
});

describe('nodes that fail', () => {
  test('one that dies is said and stays dead', async () => {
    await up({ producers: 2 });
    const { pid } = (await command({ kind: 'status' })).nodes[1]!;
    process.kill(pid!, 'SIGKILL');
    await expect.poll(() => said.join('\n')).toContain('east has died: its process has ended (SIGKILL)');
    const status = await command({ kind: 'status' });
    expect(status.nodes[1]).toMatchObject({ state: 'failed', reason: 'its process has ended (SIGKILL)' });
    expect(status.notices[0]).toContain('snapscale network start east');
  });

  test('when all die, so does the launcher', async () => {
    const launcher = await up({ producers: 1 });
    process.kill((await command({ kind: 'status' })).nodes[0]!.pid!, 'SIGKILL');
    expect(await launcher.ended).toBe(false);
  });

  test('one of four that cannot start does not keep the others from it; its words are shown', async () => {
    await (await up()).end();
    writeFileSync(join(directory, 'nodes', 'south', 'fails'), 'the disk is made of cheese');
    await up();
    expect(said.join('\n')).toContain('south could not be started: the disk is made of cheese');
    expect(said.join('\n')).toContain('00:00:00 fatal it is broken');
    expect(states(await command({ kind: 'status' }))).toEqual([
      'north running',
      'east running',
      'south failed',
      'west running',
    ]);
  });

  test('the one that founds the chain must start', async () => {
    await (await launch({ producers: 2 })).end();
    writeFileSync(join(directory, 'nodes', 'north', 'fails'), 'no');
    await expect((await launch()).up()).rejects.toThrow('north could not be started: no');
    rmSync(join(directory, 'nodes', 'north', 'fails'));
    expect((await up()).isNew).toBe(true);
  });

  test('two of four that cannot start are too many', async () => {
    await (await up()).end();
    for (const node of ['east', 'west']) writeFileSync(join(directory, 'nodes', node, 'fails'), 'no');
    const launcher = await launch();
    await expect(launcher.up()).rejects.toThrow('2 of 4 nodes are too few to agree');
    expect(await launcher.ended).toBe(true);
  });

  test('ended while it starts', async () => {
    const launcher = await launch();
    const started = launcher.up();
    await launcher.end();
    expect(await started).toBe(false);
    expect(said.join('\n')).not.toContain('could not');
  });
});

describe('what is in the way', () => {
  test('a network that runs already', async () => {
    await up({ producers: 1 });
    await expect(launch()).rejects.toThrow(`a network is running in ${directory} already (process ${process.pid})`);
  });

  test('a port that is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await expect(launch({ port })).rejects.toThrow(`port ${port} of 127.0.0.1 is taken by another program`);
    server.close();
  });

  test('the chain of a single node, and other files', async () => {
    writeFileSync(join(directory, 'holiday.jpg'), '');
    await expect(launch()).rejects.toThrow('is not empty (holiday.jpg) and holds no network');
    writeFileSync(join(directory, 'genesis.json'), '{}');
    await expect(launch()).rejects.toMatchObject({
      message: expect.stringContaining('holds the chain of a single node'),
      hint: expect.stringContaining('--single'),
    });
  });

  test('another number of producers, data of another network, a clock that is off', async () => {
    await (await up({ producers: 2 })).end();
    await expect(launch({ producers: 3 })).rejects.toThrow('has 2 producers, not 3');

    const genesis = join(directory, 'nodes', 'east', 'genesis.json');
    const text = readFileSync(genesis, 'utf8');
    writeFileSync(genesis, text.replace(/"initial_timestamp": ?"20\d\d/, '"initial_timestamp": "2031'));
    await expect(launch()).rejects.toThrow('the data of east are of another network');
    writeFileSync(genesis, '{"genesis"');
    await expect(launch()).rejects.toThrow(`${genesis} cannot be read`);
    writeFileSync(genesis, text);

    const file = join(directory, 'network.json');
    const description = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...description, createdAt: '2999-01-01T00:00:00.000Z' }));
    await expect(launch()).rejects.toThrow('the clock of this machine is off');
    writeFileSync(file, JSON.stringify({ ...description, nodes: [{ ...description.nodes[0], name: '../x' }] }));
    await expect(launch()).rejects.toThrow('it does not describe a network');
  });

  test('nodes that a killed launcher has left behind are ended first', async () => {
    await (await up({ producers: 1 })).end();
    const left = await holdDirectory(join(directory, 'nodes', 'north'));
    await up();
    expect(await left.ended).toBe('SIGTERM');
    expect(said.join('\n')).toContain(`north still runs (process ${left.pid}): its launcher was killed`);
  });

  test('they can be ended without a start', async () => {
    const launcher = await up({ producers: 1 });
    const options = { ...defaults(), isCleaning: true };
    await expect(cleanNetwork(options, () => undefined)).rejects.toThrow('is running in');
    await launcher.end();
    writeFileSync(join(directory, 'launcher.json'), '{}');
    const left = await holdDirectory(join(directory, 'nodes', 'north'));
    await cleanNetwork(options, () => undefined);
    expect(await left.ended).toBe('SIGTERM');
    expect(existsSync(join(directory, 'launcher.json'))).toBe(false);
  });

  test('an interrupted making is made again, what was complete is used', async () => {
    mkdirSync(join(directory, 'nodes.new', 'north'), { recursive: true });
    const launcher = await up({ producers: 1 });
    expect(launcher.isNew).toBe(true);
    expect(existsSync(join(directory, 'nodes.new'))).toBe(false);
  });
});

describe('the consortium', () => {
  const identity = (node: string, file: string) => join(directory, 'nodes', node, 'identity', file);
  const organisations = () =>
    JSON.parse(readFileSync(join(directory, 'nodes', 'north', 'consortium.json'), 'utf8')).organisations;

  test('has an authority for each organisation; nodes without a valid certificate get a new one', async () => {
    await (await up({ producers: 2 })).end();
    expect(organisations()).toMatchObject([
      { account: 'north', title: 'North Mobile' },
      { account: 'east', title: 'East Mobile' },
    ]);
    const kept = readFileSync(identity('north', 'node.pem'), 'utf8');
    rmSync(identity('east', 'node.key'));
    await (await up()).end();
    expect(said.join('\n')).toContain('New certificates for east: theirs were not valid');
    expect(readFileSync(identity('north', 'node.pem'), 'utf8')).toBe(kept);
    expect(readFileSync(identity('east', 'authorities.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
  });

  test('without the authorities the network goes on, as long as certificates are valid', async () => {
    await (await up({ producers: 1 })).end();
    rmSync(join(directory, 'ca'), { recursive: true });
    await up();
    expect((await command({ kind: 'status' })).ca).toBeUndefined();
    await expect(command({ kind: 'start', node: 'ca' })).rejects.toThrow('there is no node');
    await open.at(-1)!.end();
    rmSync(identity('north', 'node.pem'));
    await expect(launch()).rejects.toThrow('north has no valid certificate');
  });

  test('a network that was made before there were consortia gets one', async () => {
    await (await up({ producers: 2 })).end();
    for (const gone of ['ca', join('nodes', 'north', 'consortium.json')]) {
      rmSync(join(directory, gone), { recursive: true });
    }
    const file = join(directory, 'network.json');
    const { organisations: _, ca: __, nodes, ...old } = JSON.parse(readFileSync(file, 'utf8'));
    const oldNodes = nodes.map(
      ({ name, httpPort, peerPort }: { name: string; httpPort: number; peerPort: number }) => ({
        ...{ name, httpPort, peerPort },
        organisation: name.toUpperCase(),
      }),
    );
    writeFileSync(file, JSON.stringify({ ...old, nodes: oldNodes }));
    await up();
    expect(organisations()).toHaveLength(2);
    expect((await command({ kind: 'status' })).nodes.map(({ organisation }) => organisation)).toEqual([
      'North Mobile',
      'East Mobile',
    ]);
  });

  test('its program is started, obeys, and is started again when it dies; the network does not depend on it', async () => {
    await up({ producers: 1 });
    const ca = async () => (await command({ kind: 'status' })).ca!;
    await expect.poll(async () => (await ca()).state, { timeout: 10_000 }).toBe('running');
    expect((await command({ kind: 'stop', node: 'ca' })).ca).toMatchObject({ state: 'stopped' });
    expect((await command({ kind: 'start', node: 'ca' })).ca).toMatchObject({ state: 'running' });
    const { pid } = await ca();
    process.kill(pid!, 'SIGKILL');
    await expect.poll(() => said.join('\n')).toContain('certificate authority: it has died');
    await expect.poll(async () => (await ca()).state, { timeout: 10_000 }).toBe('running');
    expect((await ca()).pid).not.toBe(pid);
    expect((await command({ kind: 'kill', node: 'ca' })).ca).toMatchObject({ state: 'killed' });
    expect(states(await command({ kind: 'status' }))).toEqual(['north running']);
  });

  test('one that cannot start keeps nobody from anything', async () => {
    await (await up({ producers: 1 })).end();
    writeFileSync(join(directory, 'ca.fails'), '');
    await up();
    await expect.poll(() => said.join('\n')).toContain('certificate authority: ca could not be started');
    expect(states(await command({ kind: 'status' }))).toEqual(['north running']);
  });
});

describe('the control socket', () => {
  test('obeys nobody without the token, and survives what is no request', async () => {
    await up({ producers: 1 });
    const request = (token: unknown, command: unknown) => `${JSON.stringify({ token, command })}\n`;
    const { token } = address();
    for (const [text, why] of [
      [request('', { kind: 'down' }), 'token'],
      [request(undefined, { kind: 'down' }), 'token'],
      [request(`${token}0`, { kind: 'down' }), 'token'],
      ['null\n', 'token'],
      ['{"token"\n', 'not JSON'],
      ['x'.repeat(100_000), 'not JSON'],
      [request(token, undefined), 'no command'],
      [request(token, { kind: 'rm' }), 'no command'],
      [request(token, { kind: 'kill' }), 'which node'],
      [request(token, { kind: 'kill', node: ['north'] }), 'which node'],
      [request(token, { kind: 'partition', groups: 'north' }), 'lists of names'],
      [request(token, { kind: 'partition', groups: [[1]] }), 'lists of names'],
      [request(token, { kind: 'partition', groups: [['north']] }), 'two sides'],
      [request(token, { kind: 'partition', groups: [['north', 'north']] }), 'named twice'],
      [request(token, { kind: 'start', node: '__proto__' }), 'there is no node'],
    ] as const) {
      expect(await converse(text), text.slice(0, 80)).toEqual([
        expect.objectContaining({ kind: 'refused', message: expect.stringContaining(why) }),
      ]);
    }
    expect(states(await command({ kind: 'status' }))).toEqual(['north running']);
  });

  test('failures are errors with lines and a hint', () => {
    expect(new LaunchFailure('no', { lines: ['a'], hint: 'b' })).toMatchObject({ lines: ['a'], hint: 'b' });
  });
});
