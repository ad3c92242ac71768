/** The launcher's ear: commands of `snapscale network` over a socket that the owner of the directory alone may use. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { LauncherAddress, NetworkCommand, NetworkReply, NetworkStatus } from '@snapscale/api';
import { writeFileAtomicSync } from '../store/atomic-write.js';
import { toFailure } from './failure.js';
import type { NetworkDirectory } from './network-directory.js';

const SOCKET_NAME = 'control.sock';
const REQUEST_BYTES_MAX = 64 * 1024;
/** Longer paths do not fit into the address of a Unix socket everywhere. */
const SOCKET_PATH_BYTES_MAX = 100;

/** Carries out a command. */
export type Obey = (command: NetworkCommand) => Promise<NetworkStatus>;

export class ControlServer {
  readonly #server: Server;
  readonly #address: LauncherAddress;
  readonly #file: string;
  readonly #connections = new Set<Socket>();

  private constructor(server: Server, address: LauncherAddress, file: string) {
    this.#server = server;
    this.#address = address;
    this.#file = file;
  }

  /** Listens, and writes down where. The directory's lock must be held: a socket that is there already is a dead one's. */
  static async open(directory: NetworkDirectory, obey: Obey): Promise<ControlServer> {
    const socket = socketOf(directory.path);
    const address = { pid: process.pid, socket, token: randomBytes(32).toString('hex') };
    const server = createServer();
    const control = new ControlServer(server, address, directory.launcherFile);
    server.on('connection', (connection) => control.#serve(connection, obey));
    if (process.platform !== 'win32') rmSync(socket, { force: true });
    await listen(server, socket);
    writeFileAtomicSync(directory.launcherFile, new TextEncoder().encode(`${JSON.stringify(address)}\n`));
    return control;
  }

  /** Answers nobody any more, once those who wait have their answers. */
  async close(): Promise<void> {
    rmSync(this.#file, { force: true });
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const connection of this.#connections) connection.destroySoon();
    await closed;
    const folder = dirname(this.#address.socket);
    if (process.platform !== 'win32' && folder !== dirname(this.#file))
      rmSync(folder, { recursive: true, force: true });
  }

  #serve(connection: Socket, obey: Obey): void {
    this.#connections.add(connection);
    connection.on('close', () => this.#connections.delete(connection));
    // Who asked may have gone: what he wanted is done anyhow.
    connection.on('error', () => connection.destroy());
    connection.setEncoding('utf8');
    let text = '';
    const read = (piece: string) => {
      text += piece;
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= REQUEST_BYTES_MAX) return;
      connection.off('data', read);
      connection.resume();
      void this.#answer(connection, text.slice(0, Math.max(0, end)), obey);
    };
    connection.on('data', read);
  }

  async #answer(connection: Socket, line: string, obey: Obey): Promise<void> {
    const reply = (message: NetworkReply) => {
      if (connection.writable) connection.write(`${JSON.stringify(message)}\n`);
    };
    try {
      const command = readRequest(line, this.#address.token);
      reply({ kind: 'done', status: await obey(command) });
    } catch (error) {
      const { message, lines, hint } = toFailure(error);
      reply({ kind: 'refused', message, lines, ...(hint === undefined ? {} : { hint }) });
    }
    connection.end();
  }
}

/** A request, checked. @throws Error when it is none, or of somebody who may not command */
export function readRequest(line: string, token: string): NetworkCommand {
  let request: { readonly token?: unknown; readonly command?: unknown } | null;
  try {
    request = JSON.parse(line);
  } catch {
    throw new Error('the request is not JSON on one line');
  }
  if (!isToken(request?.token, token)) throw new Error('the token is not that of launcher.json');
  const command = (request?.command ?? {}) as Record<string, unknown>;
  switch (command.kind) {
    case 'status':
    case 'heal':
    case 'down':
      return { kind: command.kind };
    case 'start':
    case 'stop':
    case 'kill':
      if (typeof command.node !== 'string') throw new Error(`${command.kind}: which node?`);
      return { kind: command.kind, node: command.node };
    case 'partition':
      if (!isGroups(command.groups)) throw new Error('partition: groups are lists of names');
      return { kind: 'partition', groups: command.groups };
    default:
      throw new Error(`there is no command ${JSON.stringify(command.kind)}`);
  }
}

function isToken(given: unknown, token: string): boolean {
  if (typeof given !== 'string') return false;
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}

function isGroups(value: unknown): value is string[][] {
  return (
    Array.isArray(value) &&
    value.every((group) => Array.isArray(group) && group.every((name) => typeof name === 'string'))
  );
}

function socketOf(directory: string): string {
  if (process.platform === 'win32') {
    return `\\\\.\\pipe\\snapscale-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`;
  }
  const inside = join(directory, SOCKET_NAME);
  if (Buffer.byteLength(inside) <= SOCKET_PATH_BYTES_MAX) return inside;
  // A folder that is made for the owner alone: a name that others can guess they could take first.
  return join(mkdtempSync(join(tmpdir(), 'snapscale-')), SOCKET_NAME);
}

function listen(server: Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Created for the owner alone, not restricted afterwards: there is no moment for others.
    const before = process.platform === 'win32' ? undefined : process.umask(0o177);
    server.listen(socket, () => {
      if (process.platform !== 'win32') chmodSync(socket, 0o600);
      resolve();
    });
    if (before !== undefined) process.umask(before);
  });
}
