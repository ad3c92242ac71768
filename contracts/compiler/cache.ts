/**
 * Files kept between builds, found by a hash of everything that they were made from.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Kept bytes of one kind; the oldest files go when a new one comes. A precompiled SDK takes 17 MB. */
const bytesPerKindMax = 80 * 1024 * 1024;

/** How long to wait for another process that makes the same file, and how often to look. */
const waitMsMax = 60_000;
const lookMs = 200;

const HASH_BYTES = 32;

/**
 * The file `kind` made from `inputs`, from `directory` or else by `make`. Files are written under another name first,
 * so that other processes never see half of one, and what one process is making others wait for. A directory that
 * cannot be written only costs time.
 */
export async function cached(
  directory: string,
  kind: string,
  inputs: readonly (string | Uint8Array)[],
  make: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(`${input.length}:`).update(input);
  const path = join(directory, `${hash.digest('hex').slice(0, 32)}.${kind}`);
  const lock = `${path}.lock`;
  for (let waitedMs = 0; ; waitedMs += lookMs) {
    const known = readKept(path);
    if (known !== undefined) return known;
    if (waitedMs >= waitMsMax || !isBeingMade(directory, lock)) break;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  try {
    const made = await make();
    keep(directory, kind, path, made);
    return made;
  } finally {
    rmSync(lock, { force: true });
  }
}

/** What is kept, behind its hash: a file that a full disk or a crash has damaged is made again. */
function readKept(path: string): Uint8Array | undefined {
  const file = readIfExists(path);
  if (file === undefined || file.length < HASH_BYTES) return undefined;
  const bytes = file.subarray(HASH_BYTES);
  return hashOf(bytes).equals(file.subarray(0, HASH_BYTES)) ? bytes : undefined;
}

function hashOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function readIfExists(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** True if another process holds the lock; otherwise this one holds it now, if it can. */
function isBeingMade(directory: string, lock: string): boolean {
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return false;
  } catch {
    return isAlive(Number(readIfExists(lock)?.toString()));
  }
}

/** A process that was stopped leaves its lock behind. */
function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function keep(directory: string, kind: string, path: string, bytes: Uint8Array): void {
  try {
    mkdirSync(directory, { recursive: true });
    const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
    writeFileSync(temporary, Buffer.concat([hashOf(bytes), bytes]));
    renameSync(temporary, path);
    const same = readdirSync(directory).filter((name) => name.endsWith(`.${kind}`));
    const newestFirst = same
      .map((name) => ({ name, stat: statSync(join(directory, name)) }))
      .sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs);
    let kept = 0;
    for (const { name, stat } of newestFirst) {
      kept += stat.size;
      if (kept > bytesPerKindMax) rmSync(join(directory, name), { force: true });
    }
  } catch {
    // Another process may have pruned the same files, or the disk is full or read-only: the build has its result.
  }
}
