import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalNodeStatus, NetworkStatus } from '@snapscale/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeStyle } from '../terminal/style.js';
import { command, tryCommand } from './launcher-client.js';
import { LogTail, readLogLine } from './logs.js';
import { networkLines, stoppedNetwork } from './network-view.js';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'snapscale-cli-network-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const node = (name: string, fields: Partial<LocalNodeStatus> = {}): LocalNodeStatus => ({
  name,
  organisation: name.toUpperCase(),
  state: 'running',
  pid: 7,
  url: 'http://localhost:8888',
  peerPort: 9876,
  head: 100,
  final: 98,
  peers: 3,
  ...fields,
});

const network = (nodes: readonly LocalNodeStatus[], notices: readonly string[] = []): NetworkStatus => ({
  directory: '/data',
  running: true,
  chainId: 'ab',
  nodes,
  notices,
});

describe('the table', () => {
  const rowsOf = (status: NetworkStatus) => networkLines(status, makeStyle(false)).slice(3);

  test('says of each node how it is', () => {
    const { pid: _pid, head: _head, final: _final, peers: _peers, ...ended } = node('west');
    const { head: _, final: __, ...silent } = node('south');
    const rows = rowsOf(
      network([
        node('north'),
        node('east', { head: 90, final: 88 }),
        node('late', { final: 80 }),
        silent,
        { ...ended, state: 'failed', reason: 'its process has ended (SIGKILL)' },
      ]),
    );
    expect(rows.map((row) => row.replace(/ +/g, ' '))).toEqual([
      'north NORTH 7 http://localhost:8888 9876 100 98 2 3 running',
      'east EAST 7 http://localhost:8888 9876 90 88 2 3 catching up',
      'late LATE 7 http://localhost:8888 9876 100 80 20 3 waits for finality',
      'south SOUTH 7 http://localhost:8888 9876 - - - 3 silent',
      'west WEST - http://localhost:8888 9876 - - - - failed',
      '',
      'west: its process has ended (SIGKILL)',
    ]);
  });

  test('shows the sides of a partition, and what happened, without marks that steer the terminal', () => {
    const lines = networkLines(network([node('north', { side: 1 })], ['12:00:00 \u001b[31mred']), makeStyle(false));
    expect(lines[2]).toContain('side');
    expect(lines.join('\n')).toContain('lately');
    expect(lines.join('\n')).not.toContain('\u001b');
  });

  test('a network that nobody holds has stopped nodes', () => {
    const nodes = [{ name: 'north', organisation: 'North', httpPort: 8888, peerPort: 9876 }];
    const status = stoppedNetwork('/data', { chainId: 'ab', createdAt: '', nodes }, false);
    expect(networkLines(status, makeStyle(false))[0]).toContain('not running');
    expect(rowsOf(status)[0]).toContain('stopped');
    expect(stoppedNetwork('/data', { chainId: 'ab', createdAt: '', nodes }, true).notices[0]).toContain('was killed');
  });
});

describe('logs', () => {
  test.each([
    ['{"level":40,"time":"2030-01-01T12:00:00.000Z","msg":"slots-missed","count":3}', 'warn', 'slots-missed count=3'],
    ['{"level":60,"time":"2030-01-01T12:00:00.000Z","msg":"died","err":{"message":"why"}}', 'fatal', 'died\nwhy'],
    ['2030-01-01T12:00:00.000Z Starting 4 nodes', '', 'Starting 4 nodes'],
    ['{"level":40}', '', '{"level":40}'],
    ['null', '', 'null'],
    ['Stopped at block 7', '', 'Stopped at block 7'],
  ])('%s', (line, level, text) => expect(readLogLine('north', line, 'before')).toMatchObject({ level, text }));

  test('go on where they were, also when they begin anew', () => {
    writeFileSync(join(directory, 'north.1.log'), 'zero\n');
    writeFileSync(join(directory, 'north.log'), 'one\ntw');
    const tail = new LogTail(directory, 'north');
    const texts = (lines: readonly { readonly text: string }[]) => lines.map(({ text }) => text);
    expect(texts(tail.past())).toEqual(['zero', 'one']);
    appendFileSync(join(directory, 'north.log'), 'o\n');
    expect(texts(tail.fresh())).toEqual(['two']);
    writeFileSync(join(directory, 'north.log'), 'new\n');
    expect(texts(tail.fresh())).toEqual(['new']);
    expect(new LogTail(directory, 'nobody').past()).toEqual([]);
  });
});

describe('asking the launcher', () => {
  const socket = () => join(directory, 'control.sock');
  const write = (name: string, value: unknown) => writeFileSync(join(directory, name), JSON.stringify(value));
  let server: Server | undefined;
  afterEach(() => new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve))));

  function answerWith(text: string): Promise<void> {
    write('launcher.json', { pid: 1, socket: socket(), token: 'ab' });
    server = createServer((connection) => connection.once('data', () => connection.end(text)));
    return new Promise((resolve) => server!.listen(socket(), resolve));
  }

  test('a directory without a network, with one that is down, and an address that a kill has left behind', async () => {
    await expect(command(directory, { kind: 'heal' })).rejects.toThrow('there is no network in');
    write('network.json', { chainId: 'ab', nodes: [] });
    await expect(command(directory, { kind: 'heal' })).rejects.toThrow('is not running');
    write('launcher.json', { pid: 1, socket: socket(), token: 'ab' });
    expect(await tryCommand(directory, { kind: 'heal' })).toBeUndefined();
    writeFileSync(join(directory, 'launcher.json'), '{');
    await expect(command(directory, { kind: 'heal' })).rejects.toThrow('launcher.json cannot be read');
  });

  test('an answer, a refusal, and words that are cut off', async () => {
    await answerWith(`${JSON.stringify({ kind: 'done', status: network([]) })}\n`);
    expect(await command(directory, { kind: 'status' })).toMatchObject({ chainId: 'ab' });
    await new Promise((resolve) => server!.close(resolve));
    await answerWith(`${JSON.stringify({ kind: 'refused', message: 'no', lines: ['why'], hint: 'do' })}\n`);
    await expect(command(directory, { kind: 'heal' })).rejects.toMatchObject({
      message: 'no',
      hint: 'do',
      annotation: { lines: ['why'] },
    });
    await new Promise((resolve) => server!.close(resolve));
    await answerWith('{"kind":"do');
    await expect(command(directory, { kind: 'heal' })).rejects.toThrow('cut off');
  });
});
