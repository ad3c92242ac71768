/** Everything before the first node starts: nobody else at work there, room, a sane clock, ports, keys, certificates. */
import { rmSync, statfsSync } from 'node:fs';
import type { NetworkDescription } from '@snapscale/api';
import { DirectoryInUse } from '../store/failures.js';
import { type DirectoryLock, holderOf, lockDirectory } from '../store/lock.js';
import { prepareIdentities } from './consortium/identities.js';
import { NetworkAuthorities } from './consortium/network-authorities.js';
import { addConsortium, createNetwork, reachOf } from './create-network.js';
import { diskHint, LaunchFailure } from './failure.js';
import { NetworkDirectory } from './network-directory.js';
import { type LauncherOptions, producersOf } from './options.js';
import { choosePorts, type NetworkPorts } from './ports.js';

/** A network is not started with less room than this for each node. */
const FREE_BYTES_PER_NODE_MIN = 32 * 2 ** 20;
/** A clock that is behind the making of the network by more than this is off. */
const CLOCK_TOLERANCE_MS = 5000;
/** Nodes that a killed launcher has left behind get this time to end, milliseconds. */
const LEFT_BEHIND_MS_MAX = 15_000;
const LEFT_BEHIND_POLL_MS = 50;

export type PreparedNetwork = {
  readonly directory: NetworkDirectory;
  readonly description: NetworkDescription;
  readonly isNew: boolean;
  readonly lock: DirectoryLock;
};

/** Opens the network of a directory or makes one there, and takes the directory's lock. @throws LaunchFailure, StoreFailure */
export async function prepareNetwork(
  options: LauncherOptions,
  say: (text: string) => void,
  nowMs: number,
): Promise<PreparedNetwork> {
  const directory = new NetworkDirectory(options.directory);
  const lock = takeLock(directory.path, say);
  try {
    const found = directory.open();
    if (found !== undefined) requireFits(found, options, directory.path);
    const count = found?.nodes.length ?? producersOf(options);
    requireRoom(directory.path, count);
    if (found !== undefined) {
      requireClock(found, nowMs);
      for (const { name } of found.nodes) await endLeftBehind(name, directory.nodeDirectory(name), say);
    } else say(`Making a network of ${count} organisations in ${directory.path}`);
    const ports = await choosePorts(count, options.port);
    const description =
      found === undefined
        ? await createNetwork(directory, ports, nowMs)
        : await resumeNetwork(directory, withPorts(found, ports), nowMs);
    const authorities = new NetworkAuthorities(directory.authorities);
    const issued = await prepareIdentities(directory, description, authorities, nowMs);
    if (found !== undefined && issued.length > 0)
      say(`New certificates for ${issued.join(', ')}: theirs were not valid`);
    const isNew = description.nodes.some(({ name }) => !directory.isFounded(name));
    return { directory, description, isNew, lock };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function withPorts(found: NetworkDescription, { nodes, ca }: NetworkPorts): NetworkDescription {
  return { ...found, nodes: found.nodes.map((node, index) => ({ ...node, ...nodes[index]! })), ca };
}

async function resumeNetwork(
  directory: NetworkDirectory,
  found: NetworkDescription,
  nowMs: number,
): Promise<NetworkDescription> {
  if (found.organisations === undefined) return addConsortium(directory, found, nowMs);
  directory.save(found);
  const authorities = new NetworkAuthorities(directory.authorities);
  if (authorities.exist) {
    for (const { account } of found.organisations) authorities.setReach(account, reachOf(found));
  }
  return found;
}

/** Ends the nodes that a killed launcher has left behind, and takes its address away. */
export async function cleanNetwork({ directory: path }: LauncherOptions, say: (text: string) => void): Promise<void> {
  const directory = new NetworkDirectory(path);
  const lock = takeLock(path, say);
  try {
    for (const { name } of directory.open()?.nodes ?? []) await endLeftBehind(name, directory.nodeDirectory(name), say);
    rmSync(directory.launcherFile, { force: true });
  } finally {
    lock.release();
  }
}

function takeLock(path: string, say: (text: string) => void): DirectoryLock {
  try {
    return lockDirectory(path, say);
  } catch (error) {
    if (!(error instanceof DirectoryInUse)) throw error;
    const holder = holderOf(path);
    throw new LaunchFailure(
      `a network is running in ${path} already${holder === undefined ? '' : ` (process ${holder})`}`,
      { hint: 'Look at it with: snapscale network status. End it with: snapscale network down' },
    );
  }
}

function requireFits(found: NetworkDescription, { producers }: LauncherOptions, path: string): void {
  const { length } = found.nodes;
  if (producers === undefined || producers === length) return;
  throw new LaunchFailure(`the network in ${path} has ${length} producers, not ${producers}`, {
    hint: 'Leave --producers out, or make another network elsewhere: --data DIR',
  });
}

function requireRoom(path: string, count: number): void {
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  const needed = count * FREE_BYTES_PER_NODE_MIN;
  if (free >= needed) return;
  const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;
  throw new LaunchFailure(
    `the disk is full: ${path} has room for ${megabytes(free)}, and ${count} nodes need ${megabytes(needed)} at least`,
    { hint: diskHint },
  );
}

function requireClock({ createdAt }: NetworkDescription, nowMs: number): void {
  if (nowMs >= Date.parse(createdAt) - CLOCK_TOLERANCE_MS) return;
  throw new LaunchFailure(
    `the clock of this machine is off: it says ${new Date(nowMs).toISOString()}, but this network was made at ${createdAt}`,
    { hint: 'Set the clock (NTP does it), then start again; blocks are made by the clock' },
  );
}

/** A launcher that was killed leaves its nodes behind; they would refuse to share their directories. */
async function endLeftBehind(name: string, directory: string, say: (text: string) => void): Promise<void> {
  const pid = holderOf(directory);
  if (pid === undefined) return;
  say(`${name} still runs (process ${pid}): its launcher was killed. Ending it.`);
  process.kill(pid, 'SIGTERM');
  const began = performance.now();
  while (holderOf(directory) === pid) {
    await new Promise((resolve) => setTimeout(resolve, LEFT_BEHIND_POLL_MS));
    if (performance.now() - began > LEFT_BEHIND_MS_MAX) process.kill(pid, 'SIGKILL');
  }
}
