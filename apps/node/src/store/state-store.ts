/**
 * The durable state: exactly what follows from the last final block, and nothing else. A commit is one transaction of
 * LMDB that also stores the block's number and id, so that a crash at any moment leaves the state of some final block.
 */
import type { Changeset, StateEntry, StateKey, StateReader } from '@snapscale/execution';
import { ChainIndex, type IndexedBlock } from './chain-index.js';
import { Environment, type EnvironmentOptions, type RangeOptions, type Snapshot, type Table } from './environment.js';
import { StoreFailure } from './failures.js';
import { ValueCache } from './value-cache.js';

const FORMAT_VERSION = 3;
const CACHE_BYTES_DEFAULT = 128 << 20;
/** Bucket prefixes may be empty, keys may not. */
const BUCKET_KEY_PREFIX = 'b';
const FINAL_KEY = 'final';
const ROOT_KEY = 'root';
const FORMAT_KEY = 'format';

export type StateStoreOptions = EnvironmentOptions & {
  /** Memory for recently read values; the writer only. Default 128 MiB. */
  readonly cacheBytesMax?: number;
};

/** A block that will never be undone. */
export type FinalBlock = { readonly num: number; readonly id: Uint8Array };

/** The step from one final block to a later one. */
export type StateCommit = {
  readonly blockNum: number;
  readonly blockId: Uint8Array;
  /** Of the state; neither map nor values may change before the commit has resolved. */
  readonly changes: Changeset;
  /** Of the state commitment. */
  readonly buckets: ReadonlyMap<string, Uint8Array | null>;
  /** What consensus goes on from (`consensusRootSchema`, encoded): of this block. */
  readonly root: Uint8Array;
  /** The blocks that became final, for the index. */
  readonly indexed?: readonly IndexedBlock[];
};

/** Buckets of the state commitment by prefix. */
export type StoredBuckets = {
  get(prefix: string): Uint8Array | undefined;
  /** All buckets in the order of their prefixes. */
  scan(): Iterable<[string, Uint8Array]>;
};

/** The state at the last final block. Reads see the last resolved commit; one instance per environment may write. */
export class StateStore implements StateReader {
  readonly directory: string;
  readonly buckets: StoredBuckets;
  readonly index: ChainIndex;
  readonly #environment: Environment;
  readonly #state: Table;
  readonly #buckets: Table;
  readonly #meta: Table;
  readonly #cache: ValueCache | undefined;
  /** What the running transaction writes: not to be taken into the cache meanwhile. */
  #committing: Changeset | undefined;
  #final: FinalBlock | undefined;
  #tail: Promise<void> = Promise.resolve();
  #failure: StoreFailure | undefined;
  #closed = false;

  private constructor(directory: string, options: StateStoreOptions) {
    const readOnly = options.readOnly === true;
    this.directory = directory;
    this.#environment = Environment.open(directory, options);
    this.#state = this.#environment.table('state');
    this.#buckets = this.#environment.table('buckets');
    this.#meta = this.#environment.table('meta');
    this.index = new ChainIndex(this.#environment);
    this.#checkFormat(readOnly);
    this.#cache = readOnly ? undefined : new ValueCache(options.cacheBytesMax ?? CACHE_BYTES_DEFAULT);
    this.#final = this.#readFinal();
    this.buckets = {
      get: (prefix) => this.#buckets.get(BUCKET_KEY_PREFIX + prefix),
      scan: () => this.#scanBuckets(),
    };
  }

  /**
   * Opens the state in `directory`; a writer creates it when missing. A reader in the same process must be opened after
   * the writer.
   * @throws StoreFailure
   */
  static open(directory: string, options: StateStoreOptions = {}): StateStore {
    return new StateStore(directory, options);
  }

  get(key: StateKey): Uint8Array | undefined {
    const cached = this.#cache?.get(key);
    if (cached !== undefined) return cached;
    const value = this.#state.get(key);
    if (value !== undefined && this.#cache !== undefined && this.#committing?.has(key) !== true) {
      this.#cache.put(key, value);
    }
    return value;
  }

  first(from: StateKey, to: StateKey): StateEntry | undefined {
    return this.#state.first(from, to);
  }

  last(from: StateKey, to: StateKey): StateEntry | undefined {
    return this.#state.last(from, to);
  }

  /**
   * The entries with `from <= key < to` in order, of one moment even when commits go on. End the loop, or the generator
   * by `return()`: while it is open, LMDB cannot reuse space.
   */
  range(from: StateKey, to: StateKey, options: RangeOptions = {}): Generator<StateEntry> {
    return this.#state.range(from, to, options);
  }

  /** The block whose state this is; undefined before the first commit. */
  finalBlock(): FinalBlock | undefined {
    return this.#cache === undefined ? this.#readFinal() : this.#final;
  }

  /** What consensus goes on from, as the last commit gave it. */
  consensusRoot(): Uint8Array | undefined {
    return this.#meta.get(ROOT_KEY);
  }

  /**
   * Takes the state to a later final block. Commits are done in the order of the calls, one transaction each; the
   * promise resolves when the result would survive a power cut. Reads see the change when it resolves.
   * @throws StoreFailure when the disk refuses; the stored state is then unchanged, and the store refuses every
   * further commit, since what followed in memory is not what is stored.
   */
  commit(commit: StateCommit): Promise<void> {
    return this.#enqueue(`block ${commit.blockNum}`, () => this.#write(commit));
  }

  /** Removes blocks before `keepFromBlockNum` from the index, in steps between commits. */
  async pruneIndex(keepFromBlockNum: number): Promise<void> {
    for (let more = true; more; ) {
      await this.#enqueue(`pruning of the index up to block ${keepFromBlockNum}`, async () => {
        const removals = this.index.removals(keepFromBlockNum);
        more = removals !== undefined;
        if (removals !== undefined) await this.#environment.write('pruning of the index', removals);
      });
    }
  }

  /** Lets a reader see the last commit now; otherwise it does so at the next turn of its event loop. */
  refresh(): void {
    this.#environment.refresh();
  }

  /** A view that does not change while commits go on. End it soon: LMDB cannot reuse space meanwhile. */
  snapshot(): StateSnapshot {
    const snapshot = this.#environment.snapshot();
    return {
      finalBlock: () => this.#readFinal(snapshot),
      consensusRoot: () => this.#readMeta(ROOT_KEY, snapshot),
      state: () => this.#state.range('', '\u0100', {}, snapshot),
      buckets: () => this.#scanBuckets(snapshot),
      end: () => snapshot.end(),
    };
  }

  /** @internal For building a state that nobody uses yet; see snapshot.ts. Blocks the thread. */
  load(
    state: Changeset,
    buckets: ReadonlyMap<string, Uint8Array | null>,
    end?: { readonly final: FinalBlock; readonly root: Uint8Array },
  ): void {
    const meta: [string, Uint8Array][] =
      end === undefined
        ? []
        : [
            [FINAL_KEY, encodeFinal(end.final)],
            [ROOT_KEY, end.root],
          ];
    this.#environment.writeSync('a part of a snapshot', [
      { table: this.#state, changes: state },
      { table: this.#buckets, changes: bucketKeys(buckets) },
      { table: this.#meta, changes: new Map(meta) },
    ]);
    if (end !== undefined) this.#final = end.final;
  }

  /** Waits for running commits, and closes. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#tail;
    await this.#environment.close();
  }

  *#scanBuckets(snapshot?: Snapshot): Generator<[string, Uint8Array]> {
    for (const { key, value } of this.#buckets.range('', '\u0100', {}, snapshot)) {
      yield [key.slice(BUCKET_KEY_PREFIX.length), value];
    }
  }

  #enqueue(what: string, operation: () => Promise<void>): Promise<void> {
    const run = this.#tail.then(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        await operation();
      } catch (cause) {
        this.#failure = new StoreFailure(
          `${what} was not committed to ${this.directory}, which now accepts no more commits`,
          { cause },
        );
        throw this.#failure;
      }
    });
    this.#tail = run.catch(() => {});
    return run;
  }

  async #write({ blockNum, blockId, changes, buckets, root, indexed }: StateCommit): Promise<void> {
    const previous = this.#final;
    if (previous !== undefined && blockNum <= previous.num) {
      throw new Error(`commit of block ${blockNum}, but block ${previous.num} is final already`);
    }
    const final: FinalBlock = { num: blockNum, id: blockId.slice() };
    this.#committing = changes;
    const cached = [...changes.keys()].filter((key) => this.#cache?.delete(key));
    try {
      await this.#environment.write(`block ${blockNum}`, [
        { table: this.#state, changes },
        { table: this.#buckets, changes: bucketKeys(buckets) },
        ...this.index.additions(indexed ?? []),
        {
          table: this.#meta,
          changes: new Map([
            [FINAL_KEY, encodeFinal(final)],
            [ROOT_KEY, root],
          ]),
        },
      ]);
    } finally {
      this.#committing = undefined;
    }
    this.#final = final;
    for (const key of cached) {
      const value = changes.get(key);
      if (value) this.#cache?.put(key, ownMemory(value));
    }
  }

  #readFinal(snapshot?: Snapshot): FinalBlock | undefined {
    const value = this.#readMeta(FINAL_KEY, snapshot);
    return value === undefined ? undefined : decodeFinal(value);
  }

  #readMeta(key: string, snapshot?: Snapshot): Uint8Array | undefined {
    for (const { value } of this.#meta.range(key, `${key}\0`, {}, snapshot)) return value;
    return undefined;
  }

  #checkFormat(readOnly: boolean): void {
    const stored = this.#meta.get(FORMAT_KEY);
    if (stored === undefined && !readOnly) {
      const changes = new Map([[FORMAT_KEY, Uint8Array.of(FORMAT_VERSION)]]);
      this.#environment.writeSync('the format version', [{ table: this.#meta, changes }]);
    } else if (stored?.[0] !== FORMAT_VERSION) {
      throw new StoreFailure(
        `the state in ${this.directory} has format ${stored?.[0] ?? 'none'}; this program reads format ${FORMAT_VERSION}`,
      );
    }
  }
}

/** A view of the state at one moment. */
export type StateSnapshot = {
  finalBlock(): FinalBlock | undefined;
  consensusRoot(): Uint8Array | undefined;
  /** All entries in the order of their keys. */
  state(): Iterable<StateEntry>;
  buckets(): Iterable<[string, Uint8Array]>;
  end(): void;
};

function bucketKeys(buckets: ReadonlyMap<string, Uint8Array | null>): Map<string, Uint8Array | null> {
  return new Map([...buckets].map(([prefix, value]) => [BUCKET_KEY_PREFIX + prefix, value]));
}

function encodeFinal({ num, id }: FinalBlock): Uint8Array {
  const bytes = new Uint8Array(4 + id.length);
  new DataView(bytes.buffer).setUint32(0, num, false);
  bytes.set(id, 4);
  return bytes;
}

function decodeFinal(bytes: Uint8Array): FinalBlock {
  const num = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, false);
  return { num, id: bytes.slice(4) };
}

function ownMemory(value: Uint8Array): Uint8Array {
  return value.byteLength === value.buffer.byteLength ? value : value.slice();
}
