/**
 * One process per data directory: a lock file that names its holder, with detection of holders that no longer live.
 *
 * A holder on this machine lives while its process id does, with the same start time (Linux tells it) and since the
 * same boot. A holder on another machine (a shared volume) lives while it renews the file's modification time.
 */

import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import { DirectoryInUse, StoreFailure, systemErrorCode } from './failures.js';

/** The lock file's name inside the data directory. */
export const LOCK_FILE_NAME = 'node.lock';

const RENEWAL_INTERVAL_MS = 2_000;
/** A holder on another machine is given up after this long without a renewal. */
const REMOTE_SILENCE_MS_MAX = 60_000;
/**
 * A lock file that names nobody belongs to a process that is just writing it or died doing so, or it was damaged: a
 * holder that lives writes it again at its next renewal. Nobody holds one that stays so for this long.
 */
const UNREADABLE_MS_MAX = 5_000;
const UNREADABLE_POLL_MS = 50;
/** Two readings of the boot time (now − uptime) differ by clock adjustments; a reboot differs by more. Not on Linux. */
const BOOT_TIME_TOLERANCE_MS = 120_000;

type Holder = {
  readonly pid: number;
  readonly host: string;
  /** Which run of the machine's kernel: its id on Linux, elsewhere the time of the boot in milliseconds. */
  readonly boot: string;
  /** Start of the process in clock ticks since boot; '' where the system does not tell. */
  readonly processStart: string;
  readonly since: string;
  readonly token: string;
};

/** The right to use a data directory; give it back with `release`. */
export type DirectoryLock = { readonly path: string; release(): void };

/**
 * Takes the lock of `directory` (which is created when missing) for this process.
 * The lock is released at `release()` or at the process's exit; after a kill it is found stale. A lock file that names no
 * process blocks the thread for some seconds, in which one may claim it; `say` is told so.
 * @throws DirectoryInUse when a living process holds it; StoreFailure when the file cannot be written.
 */
export function lockDirectory(directory: string, say: (text: string) => void = () => {}): DirectoryLock {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, LOCK_FILE_NAME);
  const self = describeSelf();
  if (!tryCreate(path, self)) {
    const unclaimed = awaitClaim(path, say);
    refuseIfHeld(directory, path, unclaimed);
    takeOver(directory, path, self, unclaimed);
    if (unclaimed !== undefined) say(`${path} was taken over: no process has claimed it`);
  }
  return held(path, self);
}

/** Process id of the living process of this machine that holds a directory; undefined when none does. */
export function holderOf(directory: string): number | undefined {
  const path = join(directory, LOCK_FILE_NAME);
  const holder = readHolder(path);
  return holder !== undefined && holder.host === hostname() && isAlive(holder, path) ? holder.pid : undefined;
}

/** Waits until the lock file names a process. Gives its state if it does not for long enough; undefined when it does. */
function awaitClaim(path: string, say: (text: string) => void): string | undefined {
  const began = performance.now();
  let isSaid = false;
  while (readHolder(path) === undefined) {
    const state = stateOf(path);
    if (state === undefined) return undefined;
    // The age alone would not do: a file from the future, by a clock that was wrong, would never be old enough.
    if (ageMs(path) >= UNREADABLE_MS_MAX || performance.now() - began >= UNREADABLE_MS_MAX) return state;
    if (!isSaid)
      say(`${path} names no process: waiting up to ${UNREADABLE_MS_MAX / 1000} s for one that holds it to say so`);
    isSaid = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, UNREADABLE_POLL_MS);
  }
  return undefined;
}

/** Which file is there, and since when; undefined when there is none. */
function stateOf(path: string): string | undefined {
  try {
    const { ino, mtimeMs, size } = statSync(path);
    return `${ino} ${mtimeMs} ${size}`;
  } catch {
    return undefined;
  }
}

function held(path: string, self: Holder): DirectoryLock {
  const renewal = setInterval(() => renew(path, self), RENEWAL_INTERVAL_MS);
  renewal.unref();
  const release = () => {
    clearInterval(renewal);
    process.removeListener('exit', release);
    if (readHolder(path)?.token === self.token) rmSync(path, { force: true });
  };
  process.on('exit', release);
  return { path, release };
}

function renew(path: string, self: Holder): void {
  try {
    const holder = readHolder(path);
    if (holder?.token === self.token) utimesSync(path, new Date(), new Date());
    // Damaged: others must see again that the directory is in use.
    else if (holder === undefined && stateOf(path) !== undefined) writeFileSync(path, JSON.stringify(self));
  } catch {
    // A missed renewal is harmless: only another machine looks at it, and only after many of them.
  }
}

/** Creates the lock file with the holder's description; false when it exists already. */
function tryCreate(path: string, self: Holder): boolean {
  try {
    const file = openSync(path, 'wx', 0o644);
    try {
      writeSync(file, JSON.stringify(self));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return true;
  } catch (cause) {
    if (systemErrorCode(cause) === 'EEXIST') return false;
    throw new StoreFailure(`cannot create the lock file ${path}`, { cause });
  }
}

/**
 * Replaces a stale lock. Removing and creating are two steps, so that they are done under a second lock: else of two
 * processes that both saw the stale file, the slower one could remove the faster one's fresh lock.
 */
function takeOver(directory: string, path: string, self: Holder, unclaimed: string | undefined): void {
  const guard = `${path}.takeover`;
  if (!tryCreate(guard, self)) {
    if (isBeingTaken(guard)) refuseTakeOver(directory);
    rmSync(guard, { force: true });
    if (!tryCreate(guard, self)) refuseTakeOver(directory);
  }
  try {
    refuseIfHeld(directory, path, unclaimed);
    rmSync(path, { force: true });
    if (!tryCreate(path, self)) refuse(directory, path, readHolder(path));
  } finally {
    rmSync(guard, { force: true });
  }
}

/** True when the process that holds the second lock lives, or may still be writing its description. */
function isBeingTaken(guard: string): boolean {
  const holder = readHolder(guard);
  return holder === undefined ? ageMs(guard) < UNREADABLE_MS_MAX : isAlive(holder, guard);
}

function refuseTakeOver(directory: string): never {
  throw new DirectoryInUse(`the data directory ${directory} is just being locked by another process`);
}

/** @param unclaimed state of a lock file that no process has claimed: another than this may be a new one's */
function refuseIfHeld(directory: string, path: string, unclaimed: string | undefined): void {
  const holder = readHolder(path);
  if (holder === undefined) {
    const state = stateOf(path);
    if (state !== undefined && state !== unclaimed) refuse(directory, path, undefined);
  } else if (isAlive(holder, path)) {
    refuse(directory, path, holder);
  }
}

function refuse(directory: string, path: string, holder: Holder | undefined): never {
  const who =
    holder === undefined
      ? 'a process that is just starting'
      : `process ${holder.pid} on ${holder.host} (since ${holder.since})`;
  throw new DirectoryInUse(
    `the data directory ${directory} is in use by ${who}. Two nodes on one directory would destroy it: stop that ` +
      `process first, or give this node another directory. If no such process runs any more, remove ${path}.`,
  );
}

function isAlive(holder: Holder, path: string): boolean {
  if (holder.host !== hostname()) return ageMs(path) < REMOTE_SILENCE_MS_MAX;
  if (!isSameBoot(holder.boot, currentBoot())) return false;
  if (!processExists(holder.pid)) return false;
  const start = processStart(holder.pid);
  return holder.processStart === '' || start === '' || start === holder.processStart;
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** Field 22 of /proc/<pid>/stat, counted from behind the command name (which may contain spaces and parentheses). */
function processStart(pid: number): string {
  if (process.platform !== 'linux') return '';
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** The clock of a device without a battery jumps by years after the boot, hence the kernel's id where there is one. */
function currentBoot(): string {
  if (process.platform === 'linux') {
    try {
      return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    } catch {
      // A sandbox may hide it; the boot time serves as well there.
    }
  }
  return String(Math.round(Date.now() - uptime() * 1000));
}

function isSameBoot(first: string, second: string): boolean {
  return first === second || Math.abs(Number(first) - Number(second)) <= BOOT_TIME_TOLERANCE_MS;
}

function describeSelf(): Holder {
  return {
    pid: process.pid,
    host: hostname(),
    boot: currentBoot(),
    processStart: processStart(process.pid),
    since: new Date().toISOString(),
    token: randomUUID(),
  };
}

/** The holder named in the lock file; undefined when the file is missing or its content is not a holder. */
function readHolder(path: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isHolder(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    Number.isSafeInteger(fields.pid) &&
    (fields.pid as number) > 0 &&
    typeof fields.host === 'string' &&
    typeof fields.boot === 'string' &&
    typeof fields.processStart === 'string' &&
    typeof fields.since === 'string' &&
    typeof fields.token === 'string'
  );
}

/** Milliseconds since the file was last written; infinite when it is gone (it was released a moment ago). */
function ageMs(path: string): number {
  try {
    return Math.max(0, Date.now() - statSync(path).mtimeMs);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
