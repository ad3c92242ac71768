import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits, parseName } from '@snapscale/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../config.js';
import { toFailure } from './failure.js';
import { LogFile } from './logs/log-file.js';
import { Notices, noticeOf } from './logs/log-notices.js';
import { nodeNames } from './node-names.js';
import { parseLauncherOptions, producersOf } from './options.js';
import { choosePorts, isFree, taken } from './ports.js';
import { welcome } from './welcome.js';

test('names are different accounts, for as many producers as there can be', () => {
  const names = nodeNames(limits.producersMax);
  expect(names.slice(0, 4).map(({ name }) => name)).toEqual(['north', 'east', 'south', 'west']);
  expect(names[21]).toEqual({ name: 'north1', organisation: 'north', title: 'North Mobile' });
  expect(new Set(names.map(({ name }) => name)).size).toBe(limits.producersMax);
  for (const { name } of names) expect(() => parseName(name), name).not.toThrow();
});

describe('the command line', () => {
  test('has defaults', () => {
    const options = parseLauncherOptions([], '/checkout')!;
    expect(options).toMatchObject({ directory: '/checkout/.snapscale/network', port: 8888, isBackground: false });
    expect(producersOf(options)).toBe(4);
  });

  test('is read', () => {
    const args = ['--data', '/tmp/n', '--port', '0', '--producers', '21', '--log-level', 'warn', '--background'];
    expect(parseLauncherOptions(args, '/checkout')).toEqual({
      directory: '/tmp/n',
      port: 0,
      producers: 21,
      logLevel: 'warn',
      isMembersOnly: false,
      isBackground: true,
      isCleaning: false,
    });
    expect(parseLauncherOptions(['--members-only'], '/checkout')).toMatchObject({ isMembersOnly: true });
    expect(parseLauncherOptions(['--clean'], '/checkout')).toMatchObject({ isCleaning: true });
    expect(parseLauncherOptions(['--help'], '/checkout')).toBeUndefined();
  });

  test.each([
    [['--producers', '0'], '--producers 0: expected a whole number from 1 to 125'],
    [['--producers', '126'], 'from 1 to 125'],
    [['--port', '65536'], '--port 65536'],
    [['--port', '-1'], '--port'],
    [['--log-level', 'loud'], '--log-level loud'],
    [['--host', '0.0.0.0'], '--host is an option of one node alone: add --single'],
    [['--map-size=1'], '--map-size is an option of one node alone'],
    [['--odd'], '--odd'],
    [['word'], 'word'],
  ])('refuses %j', (args, words) => {
    expect(() => parseLauncherOptions(args, '/checkout')).toThrow(UsageError);
    expect(() => parseLauncherOptions(args, '/checkout')).toThrow(words);
  });
});

describe('ports', () => {
  test('those that are taken are passed over, and the first one must be free', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(await isFree(port)).toBe(false);
    await expect(choosePorts(1, port)).rejects.toThrow(`port ${port} of 127.0.0.1 is taken by another program`);
    const { nodes, ca } = await choosePorts(3, 0);
    const ports = nodes.flatMap(({ httpPort, peerPort, tlsPort }) => [httpPort, peerPort, tlsPort]);
    expect(new Set([...ports, ca.port, ca.tlsPort]).size).toBe(11);
    const before = port - 1;
    if (await isFree(before)) {
      const { nodes: chosen } = await choosePorts(2, before);
      expect(chosen[0]!.httpPort).toBe(before);
      expect(chosen[1]!.httpPort).toBeGreaterThan(port);
    }
    server.close();
  });

  test('a node that holds one is recognised; whatever else answers, is not', async () => {
    let answer = '{"server_version_string":"v9.9"}';
    const server = createHttpServer((_, response) => response.end(answer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect((await taken(port)).message).toContain('taken by a node (v9.9)');
    for (answer of ['', 'null', '{"server_version_string":7}']) {
      expect((await taken(port)).message).toContain('taken by another program');
    }
    server.closeAllConnections();
    server.close();
  });
});

describe('logs', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'snapscale-log-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('are read line by line, and begin anew when they are too long', () => {
    const path = join(directory, 'north.log');
    writeFileSync(path, 'of an earlier start\n');
    const log = new LogFile(directory, 'north', 40);
    expect(log.newLines()).toEqual([]);
    appendFileSync(path, 'one\n\ntw');
    expect(log.newLines()).toEqual(['one']);
    appendFileSync(path, 'o\nthree\n');
    expect(log.newLines()).toEqual(['two', 'three']);
    log.rotate();
    expect(existsSync(join(directory, 'north.1.log'))).toBe(false);
    appendFileSync(path, `${'x'.repeat(50)}\n`);
    log.newLines();
    log.rotate();
    expect(readFileSync(path, 'utf8')).toBe('');
    expect(readFileSync(join(directory, 'north.1.log'), 'utf8')).toContain('of an earlier start');
    appendFileSync(path, 'four\n');
    expect(log.newLines()).toEqual(['four']);
    expect(log.tail(3)).toEqual(['four']);
  });

  test('the last lines are shown for people, from the last start on', () => {
    const log = new LogFile(directory, 'north');
    writeFileSync(log.path, 'of an earlier start\n');
    const from = log.sizeBytes;
    appendFileSync(log.path, '{"level":50,"time":"2030-01-01T12:34:56.000Z","msg":"no","port":7}\n{broken\n');
    expect(log.tail(9, from)).toEqual(['12:34:56 error no port=7', '{broken']);
  });
});

describe('notices', () => {
  test.each([
    [
      '{"level":40,"msg":"clock-differs","node":"east","differenceMs":7400}',
      'Clocks seem to differ: for north, that of east is 7.4 s ahead of its own.',
    ],
    ['{"level":40,"msg":"clock-differs","node":"east","differenceMs":-7400}', '7.4 s behind its own'],
    ['{"level":60,"msg":"died","err":{"message":"ENOSPC: no space left on device, write"}}', 'north: the disk is full'],
    ['{"level":50,"time":"2030-01-01T12:34:56.000Z","msg":"a fault"}', 'north: 12:34:56 error a fault'],
  ])('%s', (line, words) => expect(noticeOf('north', line)).toContain(words));

  test.each(['', 'plain words', '{"level":30,"msg":"fine"}', '{"level":"50"}', '{', 'null', '[]'])(
    'nothing of %j',
    (line) => expect(noticeOf('north', line)).toBeUndefined(),
  );

  test('the same matter is said once a minute; the newest are kept', () => {
    let nowMs = 0;
    const said: string[] = [];
    const notices = new Notices(
      (text) => said.push(text),
      () => nowMs,
    );
    notices.add('late by 7 s');
    notices.add('late by 8 s');
    nowMs = 60_000;
    notices.add('late by 9 s');
    expect(said).toEqual(['late by 7 s', 'late by 9 s']);
    for (const node of ['north', 'south']) {
      notices.add(noticeOf(node, '{"level":40,"msg":"clock-differs","node":"east","differenceMs":7400}')!);
    }
    expect(said).toHaveLength(3);
    for (let i = 0; i < 50; i++) notices.add(`matter ${'x'.repeat(i)}`);
    expect(notices.newest).toHaveLength(20);
    expect(notices.newest.at(-1)).toBe(`00:01:00 matter ${'x'.repeat(49)}`);
  });
});

test('failures of the system have words and a way out', () => {
  const cause = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  expect(toFailure(new Error('cannot write x', { cause }))).toMatchObject({
    message: 'the disk is full: cannot write x: ENOSPC: no space left',
    hint: expect.stringContaining('--data'),
  });
  expect(toFailure(Object.assign(new Error('EACCES: mkdir'), { code: 'EACCES' })).hint).toContain('may write');
  expect(toFailure('odd').message).toBe('odd');
});

describe('the last words of a start', () => {
  const nodes = nodeNames(21).map((names, i) => ({ ...names, httpPort: 8888 + i, peerPort: 9888 + i }));
  const description = {
    ...{ chainId: '', createdAt: '', nodes },
    ...{ organisations: [{ account: 'north', title: 'North Mobile' }], ca: { port: 11_888, tlsPort: 11_889 } },
  };
  const usual = { description, directory: '/data', isUsualDirectory: true, isNew: true, isMembersOnly: false };

  test('fit a terminal, name what is needed, and how to let somebody in', () => {
    const text = welcome(usual);
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThan(100);
    for (const words of [
      ...['running at http://localhost:8888\n', '14 more, up to spring  http://localhost:8908', 'WARNING'],
      ...['member invite -o north\n', 'member apply CODE', 'token create --identity guest --curl | sh'],
      ...['transfer alice bob "5.0000 XST"\n'],
    ])
      expect(text).toContain(words);
  });

  test('hold as they are typed for a network elsewhere, and for members', () => {
    const [first] = nodes;
    const elsewhere = { ...description, nodes: [{ ...first!, httpPort: 7000 }] };
    const text = welcome({
      ...usual,
      description: elsewhere,
      isUsualDirectory: false,
      isMembersOnly: true,
      isNew: false,
    });
    for (const words of [
      ...['--ca http://localhost:11888 \\\n', '--ca-secret /data/ca/north/admin.secret\n', 'members of the consortium'],
      ...['"5.0000 XST" --identity guest -u http://localhost:7000\n', 'network status --data /data\n'],
    ])
      expect(text).toContain(words);
    for (const words of ['network kill', 'first transfer']) expect(text).not.toContain(words);
    expect(welcome({ ...usual, description: { chainId: '', createdAt: '', nodes } })).not.toContain('Let somebody in');
  });
});
