/**
 * A journal: one JSON value a line, each on disk before it counts. A crash can only leave a last line that is cut off, which is
 * dropped; a line in the middle that cannot be read means that somebody else wrote there, and stops the program.
 */
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigurationError } from '../failures.js';
import { syncDirectory, writeFileAtomic } from './atomic-file.js';

export class Journal<Event> {
  readonly #path: string;
  #file: number;
  #size: number;

  private constructor(path: string, file: number, size: number) {
    this.#path = path;
    this.#file = file;
    this.#size = size;
  }

  /** Opens a journal, making it where there is none, and reads what is in it. @throws ConfigurationError */
  static open<Event>(path: string): { readonly journal: Journal<Event>; readonly events: readonly Event[] } {
    const isNew = !existsSync(path);
    const text = isNew ? '' : readFileSync(path, 'utf8');
    // What follows the last line feed was cut off by a crash.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const events = whole
      .split('\n')
      .slice(0, -1)
      .map((line, i) => parsed<Event>(path, line, i + 1));
    const file = openSync(path, 'a', 0o600);
    const size = Buffer.byteLength(whole);
    ftruncateSync(file, size);
    fsyncSync(file);
    if (isNew) syncDirectory(dirname(path));
    return { journal: new Journal<Event>(path, file, size), events };
  }

  /** Writes an event. It is on disk when this returns. Cost: one fsync. */
  append(event: Event): void {
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    try {
      for (let written = 0; written < line.length; ) written += writeSync(this.#file, line, written);
      fsyncSync(this.#file);
      this.#size += line.length;
    } catch (cause) {
      // Half a line must not stand before the next one.
      ftruncateSync(this.#file, this.#size);
      throw new Error(`cannot write ${this.#path}: ${(cause as Error).message}`, { cause });
    }
  }

  /** Replaces all events, at once. */
  rewrite(events: readonly Event[]): void {
    const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    writeFileAtomic(this.#path, bytes);
    closeSync(this.#file);
    this.#file = openSync(this.#path, 'a', 0o600);
    this.#size = bytes.length;
  }

  close(): void {
    closeSync(this.#file);
  }
}

function parsed<Event>(path: string, line: string, number: number): Event {
  try {
    return JSON.parse(line) as Event;
  } catch {
    throw new ConfigurationError(`${path}, line ${number}, cannot be read: restore the file from a backup`);
  }
}
