/**
 * LMDB as this node uses it: tables from byte strings to byte strings, one asynchronous write transaction at a time,
 * synchronous reads of the last committed state.
 *
 * What is deliberate: `overlappingSync: false`, so that a commit is visible only when it is on disk;
 * `eventTurnBatching: false`, so that a transaction is exactly one `write`; no synchronous transaction besides
 * `writeSync`, because that would commit a running asynchronous one half-way; values are copied into one buffer per
 * transaction, because LMDB's thread reads them while this thread goes on and may change, move or detach the originals;
 * LMDB has no checksums, so that each value carries one over its key and itself, and a flipped bit is found when it is read.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Changeset, StateEntry, StateKey } from '@snapscale/execution';
import { type Database, open, type RootDatabase, type RootDatabaseOptions } from 'lmdb';
import { CHECKSUM_BYTES, checksumOf, readChecksum, writeChecksum } from './checksum.js';
import { checkDataFile } from './data-file.js';
import { StoreCorruption, StoreFailure } from './failures.js';

/** LMDB itself ends at 1978 bytes with pages of 4 KiB; bounds of ranges may be one byte longer than keys. */
export const KEY_BYTES_MAX = 1024;

/** Address space only; the file grows with its content. */
const MAP_BYTES_DEFAULT = 64 * 2 ** 30;
const DATA_FILE_NAME = 'data.mdb';

export type EnvironmentOptions = {
  /** Read what another thread or process writes. In one process the writer must be opened first. */
  readonly readOnly?: boolean;
  /** Address space to reserve, in bytes: an upper bound of the file's size. Default 64 GiB. */
  readonly mapSizeBytes?: number;
};

export type RangeOptions = {
  /** Descending from `to` instead of ascending from `from`. */
  readonly reverse?: boolean;
  readonly limit?: number;
};

/** A consistent view that stays as it is while commits go on; end it, because it keeps LMDB from reusing space. */
export type Snapshot = { readonly transaction: ReadTransaction; end(): void };

type ReadTransaction = ReturnType<RootDatabase['useReadTransaction']>;
type LmdbTable = Database<Uint8Array, StateKey>;
type LmdbEntry = { readonly key: StateKey; readonly value: Uint8Array };
type LmdbRange = {
  start?: string | undefined;
  end?: string | undefined;
  reverse?: boolean;
  exclusiveStart?: boolean;
  inclusiveEnd?: boolean;
  limit?: number;
  transaction?: ReadTransaction;
};

/** Changes of one table; `null` removes. */
export type TableChanges = { readonly table: Table; readonly changes: Changeset };

const latin1Keys = {
  /** A loop is faster than Buffer's methods for keys of some 30 bytes. */
  writeKey: (key: string, target: Buffer, start: number) => {
    for (let i = 0; i < key.length; i++) target[start + i] = key.charCodeAt(i);
    return start + key.length;
  },
  readKey: (source: Buffer, start: number, end: number) => source.toString('latin1', start, end),
};

export class Environment {
  readonly #directory: string;
  readonly #root: RootDatabase;

  private constructor(directory: string, root: RootDatabase) {
    this.#directory = directory;
    this.#root = root;
  }

  /** Opens the LMDB environment in `directory`; a writer creates it when missing. @throws StoreFailure */
  static open(directory: string, options: EnvironmentOptions = {}): Environment {
    const readOnly = options.readOnly === true;
    if (readOnly && !existsSync(join(directory, DATA_FILE_NAME))) {
      throw new StoreFailure(`there is no state in ${directory}: ${DATA_FILE_NAME} is missing`);
    }
    checkDataFile(join(directory, DATA_FILE_NAME));
    try {
      if (!readOnly) mkdirSync(directory, { recursive: true });
      const lmdbOptions: RootDatabaseOptions & { path: string } = {
        path: directory,
        noSubdir: false,
        readOnly,
        maxDbs: 16,
        mapSize: options.mapSizeBytes ?? MAP_BYTES_DEFAULT,
        overlappingSync: false,
        eventTurnBatching: false,
      };
      return new Environment(directory, open(lmdbOptions));
    } catch (cause) {
      const hint = readOnly ? 'for reading' : 'for writing (in one process the writer must be opened before readers)';
      throw new StoreFailure(`cannot open the state in ${directory} ${hint}`, { cause });
    }
  }

  /** A table by name; a writer creates it when missing. @throws StoreFailure */
  table(name: string): Table {
    const options = { name, encoding: 'binary' as const, cache: false, keyEncoder: latin1Keys };
    let table: LmdbTable | undefined;
    try {
      table = this.#root.openDB<Uint8Array, StateKey>(options);
    } catch (cause) {
      throw new StoreFailure(`cannot open the table ${name} in ${this.#directory}`, { cause });
    }
    if (table === undefined) throw new StoreFailure(`the state in ${this.#directory} has no table ${name}`);
    return new Table(table, `${name} of ${join(this.#directory, DATA_FILE_NAME)}`);
  }

  /**
   * Applies all changes in one transaction; resolves when it is on disk. Not before the previous one has resolved.
   * Cost: about 0.5 µs of this thread per change, the rest in LMDB's thread.
   * @throws StoreFailure; nothing has changed then.
   */
  async write(what: string, parts: readonly TableChanges[]): Promise<void> {
    // An exception inside of a batch would commit what came before it, so that everything is checked beforehand.
    for (const { changes } of parts) for (const key of changes.keys()) assertStorableKey(key);
    const arena = new Arena(parts);
    try {
      await this.#root.batch(() => {
        for (const { table, changes } of parts) {
          for (const [key, value] of changes) table.write(key, value === null ? null : arena.copy(key, value));
        }
      });
    } catch (cause) {
      throw new StoreFailure(`cannot commit ${what} to ${this.#directory}`, { cause: await reasonOf(cause) });
    }
    this.refresh();
  }

  /** As `write`, blocking: for building a state that nobody uses yet. */
  writeSync(what: string, parts: readonly TableChanges[]): void {
    try {
      this.#root.transactionSync(() => {
        for (const { table, changes } of parts) {
          for (const [key, value] of changes) {
            assertStorableKey(key);
            table.write(
              key,
              value === null ? null : withChecksum(key, value, new Uint8Array(value.length + CHECKSUM_BYTES)),
            );
          }
        }
      });
    } catch (cause) {
      throw new StoreFailure(`cannot write ${what} to ${this.#directory}`, { cause });
    }
  }

  /** Lets the next read see the last commit; happens by itself at each turn of the event loop. */
  refresh(): void {
    this.#root.resetReadTxn();
  }

  snapshot(): Snapshot {
    const transaction = this.#root.useReadTransaction();
    return { transaction, end: () => transaction.done() };
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

/** One ordered map. Keys are latin1 strings of 1 to `KEY_BYTES_MAX` characters. */
export class Table {
  readonly #table: LmdbTable;
  /** For messages. */
  readonly #place: string;
  /** LMDB answers small values in one reused buffer; this is the same memory without Buffer's methods. */
  #lastBuffer: Buffer | undefined;
  #lastView: Uint8Array = new Uint8Array(0);

  /** @internal Use `Environment.table`. */
  constructor(table: LmdbTable, place: string) {
    this.#table = table;
    this.#place = place;
  }

  get(key: StateKey): Uint8Array | undefined {
    if (!isStorableKey(key)) return undefined;
    const found = this.#table.getBinaryFast(key);
    if (found === undefined) return undefined;
    if (found !== this.#lastBuffer) {
      this.#lastBuffer = found;
      this.#lastView = new Uint8Array(found.buffer, found.byteOffset, found.byteLength);
    }
    return this.#checked(key, this.#lastView.slice(0, found.length));
  }

  first(from: StateKey, to: StateKey): StateEntry | undefined {
    return this.#firstOf(this.#iterate(from, to));
  }

  last(from: StateKey, to: StateKey): StateEntry | undefined {
    return this.#firstOf(this.#iterate(from, to, true));
  }

  /** The entries with `from <= key < to` in order. The values may be kept. */
  *range(from: StateKey, to: StateKey, options: RangeOptions = {}, snapshot?: Snapshot): Generator<StateEntry> {
    const found = this.#iterate(from, to, options.reverse, options.limit, snapshot);
    if (found === undefined) return;
    try {
      for (let next = found.next(); next.done !== true; next = found.next()) yield this.#entry(next.value);
    } finally {
      found.return?.();
    }
  }

  /** Not a generator: `first` and `last` are what contracts' iterators are made of. Undefined for empty ranges. */
  #iterate(from: StateKey, to: StateKey, reverse = false, limit?: number, snapshot?: Snapshot) {
    const start = from === '' ? '\0' : storableBound(from);
    const end = storableBound(to);
    if (start === undefined || (end !== undefined && start >= end)) return undefined;
    const options: LmdbRange = reverse
      ? { start: end, end: start, reverse: true, exclusiveStart: end !== undefined, inclusiveEnd: true }
      : { start, end };
    if (limit !== undefined) options.limit = limit;
    if (snapshot !== undefined) options.transaction = snapshot.transaction;
    return this.#table.getRange(options as Parameters<LmdbTable['getRange']>[0])[Symbol.iterator]();
  }

  #firstOf(found: Iterator<LmdbEntry> | undefined): StateEntry | undefined {
    const next = found?.next();
    if (next === undefined || next.done === true) return undefined;
    found?.return?.();
    return this.#entry(next.value);
  }

  /** LMDB's values are Buffers, whose methods differ from those of byte arrays. */
  #entry({ key, value }: LmdbEntry): StateEntry {
    return { key, value: this.#checked(key, new Uint8Array(value.buffer, value.byteOffset, value.length)) };
  }

  /** The value in front of a checksum that fits. @throws StoreCorruption */
  #checked(key: StateKey, stored: Uint8Array): Uint8Array {
    const size = stored.length - CHECKSUM_BYTES;
    const value = stored.subarray(0, Math.max(0, size));
    const expected = checksumOf(key, value);
    if (size >= 0 && readChecksum(stored, size) === expected) return value;
    throw new StoreCorruption(`the entry ${Buffer.from(key, 'latin1').toString('hex')}`, {
      file: this.#place,
      expected: `the checksum ${expected.toString(16)}`,
      actual: size < 0 ? `${stored.length} bytes` : readChecksum(stored, size).toString(16),
    });
  }

  /** @internal Within `Environment.write` only, with a checked key. */
  write(key: StateKey, value: Uint8Array | null): void {
    if (value === null) this.#table.remove(key);
    else this.#table.put(key, value);
  }
}

/** One buffer for all values of a transaction, with their checksums: one address to look up, and nothing that others can change. */
class Arena {
  readonly #bytes: Uint8Array;
  #used = 0;

  constructor(parts: readonly TableChanges[]) {
    let size = 0;
    for (const { changes } of parts)
      for (const value of changes.values()) size += value === null ? 0 : value.length + CHECKSUM_BYTES;
    this.#bytes = new Uint8Array(size);
  }

  copy(key: StateKey, value: Uint8Array): Uint8Array {
    const end = this.#used + value.length + CHECKSUM_BYTES;
    const target = this.#bytes.subarray(this.#used, end);
    this.#used = end;
    return withChecksum(key, value, target);
  }
}

const notLatin1 = /[\u0100-\uffff]/;

function isStorableKey(key: StateKey): boolean {
  return key.length > 0 && key.length <= KEY_BYTES_MAX && !notLatin1.test(key);
}

function assertStorableKey(key: StateKey): void {
  if (isStorableKey(key)) return;
  throw new Error(`not a state key: ${JSON.stringify(key.slice(0, 80))} (${key.length} characters)`);
}

/**
 * The smallest string of bytes that is not below `bound`, undefined when every key is below it. A bound may contain a
 * character above 0xff: it is above all bytes, so that all keys with what is before it as their beginning are below.
 */
function storableBound(bound: StateKey): StateKey | undefined {
  const length = bound.length;
  for (let i = 0; i < length; i++) if (bound.charCodeAt(i) > 0xff) return nextPrefix(bound.slice(0, i));
  return length > KEY_BYTES_MAX ? `${bound.slice(0, KEY_BYTES_MAX)}\0` : bound;
}

function nextPrefix(prefix: string): string | undefined {
  let end = prefix.length;
  while (end > 0 && prefix.charCodeAt(end - 1) === 0xff) end--;
  if (end === 0) return undefined;
  return storableBound(prefix.slice(0, end - 1) + String.fromCharCode(prefix.charCodeAt(end - 1) + 1));
}

function withChecksum(key: StateKey, value: Uint8Array, target: Uint8Array): Uint8Array {
  target.set(value);
  writeChecksum(target, value.length, checksumOf(key, value));
  return target;
}

/** LMDB's rejection carries the true reason as a promise of its own. */
async function reasonOf(error: unknown): Promise<unknown> {
  const reason = (error as { commitError?: Promise<unknown> }).commitError;
  if (reason === undefined) return error;
  return reason.catch((cause: unknown) => cause);
}
