/**
 * The log of a node's process. The process writes to the file by itself, so that it goes on when the launcher is killed;
 * the launcher looks at what has come, and keeps the file from growing without bound.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { logFileNames } from '@snapscale/api';
import { forTerminal, harmless } from '../../log.js';

/** A log that is longer becomes the previous one, and a new one begins. */
const SIZE_BYTES_MAX = 8 * 2 ** 20;
/** What is read at once at most. */
const READ_BYTES_MAX = 2 ** 20;

export class LogFile {
  readonly path: string;
  readonly #previous: string;
  readonly #sizeBytesMax: number;
  /** How far it has been read. */
  #offset: number;
  #partial = '';

  constructor(directory: string, node: string, sizeBytesMax = SIZE_BYTES_MAX) {
    mkdirSync(directory, { recursive: true });
    const names = logFileNames(node);
    this.path = join(directory, names.current);
    this.#previous = join(directory, names.previous);
    this.#sizeBytesMax = sizeBytesMax;
    this.#offset = sizeOf(this.path);
  }

  /** A file descriptor for the process to append to. The caller closes it. */
  open(): number {
    return openSync(this.path, 'a', 0o600);
  }

  /** Whole lines that have come since the last call. */
  newLines(): string[] {
    if (!existsSync(this.path)) return [];
    const file = openSync(this.path, 'r');
    try {
      const { size } = fstatSync(file);
      if (size < this.#offset) this.#offset = 0;
      const bytes = Buffer.alloc(Math.min(size - this.#offset, READ_BYTES_MAX));
      this.#offset += readSync(file, bytes, 0, bytes.length, this.#offset);
      const lines = (this.#partial + bytes.toString('utf8')).split('\n');
      this.#partial = lines.pop()!.slice(-READ_BYTES_MAX);
      return lines.filter((line) => line !== '');
    } finally {
      closeSync(file);
    }
  }

  /**
   * Begins anew when it has become too long. The process goes on with the same open file, which is emptied: lines that it
   * writes between the copy and that are lost.
   */
  rotate(): void {
    if (sizeOf(this.path) <= this.#sizeBytesMax) return;
    copyFileSync(this.path, this.#previous);
    truncateSync(this.path);
    this.#offset = 0;
    this.#partial = '';
  }

  /** The last lines, for people. @param fromBytes where to begin at the earliest */
  tail(count: number, fromBytes = 0): string[] {
    if (!existsSync(this.path)) return [];
    const text = readFileSync(this.path).subarray(fromBytes).toString('utf8');
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.slice(-count).flatMap((line) => readable(line).split('\n'));
  }

  /** Its present length. */
  get sizeBytes(): number {
    return sizeOf(this.path);
  }
}

/** A line of a node's log as a person reads it. */
export function readable(line: string): string {
  if (!line.startsWith('{')) return harmless(line);
  try {
    return forTerminal(line).trimEnd();
  } catch {
    return harmless(line);
  }
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}
