/**
 * Replacing small files so that a crash at any moment leaves either the old content or the new one, never a mixture:
 * write a temporary file beside the target, fsync it, rename it over the target, fsync the directory.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StoreFailure, systemErrorCode } from './failures.js';

/** Windows refuses to replace a file that a virus scanner or backup holds open for a moment. */
const RENAME_ATTEMPTS = 5;

/**
 * Replaces `path` with `bytes` and returns when the new content would survive a power cut. The file becomes readable by
 * its owner alone. Cost: two fsyncs.
 * @throws StoreFailure when any step fails; `path` then still has its old content.
 */
export function writeFileAtomicSync(path: string, bytes: Uint8Array): void {
  const temporary = temporaryPathFor(path);
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameReplacingSync(temporary, path);
    fsyncDirectorySync(dirname(path));
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new StoreFailure(`cannot write ${path} (${bytes.length} bytes)`, { cause });
  }
}

/** As `writeFileAtomicSync`, without blocking the thread. Two writes of one path at the same time must not overlap. */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryPathFor(path);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await writeFully(file, bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await renameReplacing(temporary, path);
    await fsyncDirectory(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new StoreFailure(`cannot write ${path} (${bytes.length} bytes)`, { cause });
  }
}

/** Makes created, renamed and removed names in `directory` durable. Does nothing where the system has no such call. */
export function fsyncDirectorySync(directory: string): void {
  if (process.platform === 'win32') return;
  const file = openSync(directory, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** As `fsyncDirectorySync`, without blocking the thread. */
export async function fsyncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const file = await open(directory, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes all of `bytes` at the file's current position; a single write may be short. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number | null = null): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const at = position === null ? null : position + written;
    written += (await file.write(bytes, written, bytes.length - written, at)).bytesWritten;
  }
}

function temporaryPathFor(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`);
}

function renameReplacingSync(from: string, to: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      if (attempt === RENAME_ATTEMPTS || !isMomentary(error)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10 * attempt);
    }
  }
}

async function renameReplacing(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (attempt === RENAME_ATTEMPTS || !isMomentary(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10 * attempt));
    }
  }
}

function isMomentary(error: unknown): boolean {
  const code = systemErrorCode(error);
  return process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES' || code === 'EBUSY');
}
