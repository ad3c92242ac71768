/**
 * Changes of a project's sources, as the system tells them. Every folder is watched by itself: watching recursively, Node
 * 20 on Linux loses files that editors replace instead of writing into them.
 */
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { configurationError } from '../program/failures.js';

/** Editors write a file in several steps: what follows within this time is one change. */
const SETTLE_MS = 80;
const FOLDERS_MAX = 500;

/** Sources, texts for signers, the project file; a name without a dot is a new folder. */
const relevant = /\.(c|cc|cpp|cxx|h|hh|hpp|hxx|inc|ipp|md)$|^snapscale\.json$|^[^.]+$/;

/** Watches a project until a signal aborts. */
export class SourceChanges {
  readonly #directory: string;
  readonly #ignored: ReadonlySet<string>;
  readonly #signal: AbortSignal;
  readonly #watchers = new Map<string, FSWatcher>();
  #changed = false;
  #wake: () => void = () => undefined;

  /** @param buildFolder what builds write, and what is therefore no change @throws CommandError */
  constructor(directory: string, buildFolder: string, signal: AbortSignal) {
    this.#directory = directory;
    this.#ignored = new Set([buildFolder, 'node_modules']);
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    try {
      this.#watchFolders();
    } catch (error) {
      throw configurationError(
        `${directory} cannot be watched: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** Resolves when something has changed since the last call; with false when the signal has aborted. */
  async next(): Promise<boolean> {
    while (!this.#changed && !this.#signal.aborted) await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#signal.aborted) return false;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    this.#changed = false;
    this.#watchFolders();
    return !this.#signal.aborted;
  }

  /** Also those that are new. */
  #watchFolders(): void {
    for (const folder of this.#foldersIn(this.#directory)) {
      if (this.#watchers.has(folder) || this.#watchers.size >= FOLDERS_MAX) continue;
      const watcher = watch(folder, { signal: this.#signal });
      this.#watchers.set(folder, watcher);
      watcher.on('change', (_, name) => this.#noteChange(String(name)));
      // The folder is gone, and its name may come back as another one.
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(folder);
      });
    }
  }

  #noteChange(name: string): void {
    if (this.#ignored.has(name) || !relevant.test(name)) return;
    this.#changed = true;
    this.#wake();
  }

  *#foldersIn(folder: string): Generator<string> {
    yield folder;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name.startsWith('.') || this.#ignored.has(entry.name)) continue;
      yield* this.#foldersIn(join(folder, entry.name));
    }
  }
}
