/** Talking to the process that holds a network of this machine, and finding what it has left when it is gone. */
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  defaultNetworkDirectory,
  type LauncherAddress,
  type NetworkCommand,
  type NetworkDescription,
  type NetworkReply,
  type NetworkStatus,
  networkFiles,
} from '@snapscale/api';
import { CommandError, configurationError, exitCodes } from '../program/failures.js';

/** The checkout that this program is part of. */
const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** The program that holds a network: compiled, as it starts nodes that are. */
export const launcherProgram = join(root, 'apps/node/dist/launcher/main.js');

/** The directory of a network: the one that was given with --data, or the usual one. */
export function networkDirectory(given: string | undefined): string {
  return given === undefined ? join(root, defaultNetworkDirectory) : resolve(given);
}

/** Has a command carried out. @throws CommandError when nobody holds the network, or it is refused */
export async function command(directory: string, command: NetworkCommand): Promise<NetworkStatus> {
  const status = await tryCommand(directory, command);
  if (status !== undefined) return status;
  const exists = describedNetwork(directory) !== undefined;
  throw new CommandError(
    'network_not_running',
    exitCodes.unreachable,
    exists ? `the network in ${directory} is not running` : `there is no network in ${directory}`,
    exists
      ? 'Start it with: snapscale network up'
      : 'Make one with: snapscale network up. One elsewhere is named with --data DIR.',
  );
}

/** Whether a launcher has left its address behind, as one does that is killed. */
export function hasLeftAddress(directory: string): boolean {
  return existsSync(join(directory, networkFiles.launcher));
}

/** As `command`; undefined when nobody holds the network. */
export async function tryCommand(directory: string, command: NetworkCommand): Promise<NetworkStatus | undefined> {
  const file = join(directory, networkFiles.launcher);
  if (!hasLeftAddress(directory)) return undefined;
  const { socket, token } = readJson<LauncherAddress>(file);
  const reply = await ask(socket, `${JSON.stringify({ token, command })}\n`);
  if (reply === undefined) return undefined;
  return statusOf(reply);
}

/** The last of the answers. */
export type FinalReply = Exclude<NetworkReply, { readonly kind: 'progress' }>;

/** What the last answer says. @throws CommandError when the launcher has refused */
export function statusOf(reply: FinalReply): NetworkStatus {
  if (reply.kind === 'done') return reply.status;
  const { message, lines, hint } = reply;
  throw new CommandError('network_refused', exitCodes.failed, message, hint, { lines });
}

/** The network that a directory holds, running or not; undefined when there is none. */
export function describedNetwork(directory: string): NetworkDescription | undefined {
  const file = join(directory, networkFiles.network);
  return existsSync(file) ? readJson<NetworkDescription>(file) : undefined;
}

/** Undefined: nobody listens, so that the address is one that a killed launcher has left behind. */
function ask(socket: string, request: string): Promise<FinalReply | undefined> {
  return new Promise((resolvePromise, reject) => {
    let text = '';
    const connection = connect(socket, () => connection.write(request));
    connection.setEncoding('utf8');
    connection.on('data', (piece) => (text += piece));
    connection.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolvePromise(undefined);
      else reject(configurationError(`the launcher cannot be asked at ${socket}: ${error.message}`));
    });
    connection.on('close', () => {
      if (text === '') resolvePromise(undefined);
      else if (text.endsWith('\n')) resolvePromise(JSON.parse(text) as FinalReply);
      else reject(configurationError(`the answer of the launcher at ${socket} was cut off`));
    });
  });
}

function readJson<T>(file: string): T {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (error) {
    throw configurationError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}
