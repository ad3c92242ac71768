/** Writing a snapshot of a running node's state, and building a new state from one. */
import { createHash } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { consensusRootSchema } from '@snapscale/consensus';
import { decode, encode } from '@snapscale/protocol';
import { fsyncDirectory, fsyncDirectorySync, writeFully } from './atomic-write.js';
import { StoreCorruption, StoreFailure } from './failures.js';
import {
  CHUNK_BYTES_MAX,
  CHUNK_HEADER_BYTES,
  type ChunkKind,
  chunkHash,
  chunkKinds,
  decodeEntries,
  decodeInfo,
  decodeTotals,
  EntryBuffer,
  encodeChunkHeader,
  encodeInfo,
  encodePreamble,
  encodeTotals,
  PREAMBLE_BYTES,
  SNAPSHOT_VERSION,
  type SnapshotInfo,
  type SnapshotTotals,
} from './snapshot-format.js';
import { StateStore } from './state-store.js';

export type { SnapshotInfo, SnapshotTotals } from './snapshot-format.js';

/** What is written to the new state in one transaction. */
const LOAD_BYTES = 16 << 20;

/** What a snapshot must be, and a last look at the new state before it can be used. */
export type SnapshotDemands = {
  /** Refuse another chain. */
  readonly chainId?: Uint8Array;
  /** Refuse any content but this (the `hash` that `writeSnapshot` returned). */
  readonly hash?: Uint8Array;
  /** Throws when the state is not what the header promises, for example by its state root. */
  readonly check?: (info: SnapshotInfo, state: StateStore) => void | Promise<void>;
};

export type WrittenSnapshot = SnapshotInfo & SnapshotTotals;

/**
 * Writes the state at the last final block to `file`, while commits go on. Memory: one chunk (about 1 MiB). The file
 * appears under its name when it is complete and durable.
 * @throws StoreFailure when there is no final block yet, or the disk refuses.
 */
export async function writeSnapshot(store: StateStore, file: string, chainId: Uint8Array): Promise<WrittenSnapshot> {
  const temporary = `${file}.${process.pid}.tmp`;
  const snapshot = store.snapshot();
  let handle: FileHandle | undefined;
  try {
    const final = snapshot.finalBlock();
    const root = snapshot.consensusRoot();
    if (final === undefined || root === undefined) throw new StoreFailure(`${store.directory} has no final block yet`);
    const info = { chainId, blockNum: final.num, blockId: final.id, root: comparableRoot(root) };
    handle = await open(temporary, 'w');
    const writer = new ChunkWriter(handle);
    await writer.start();
    await writer.chunk(chunkKinds.info, encodeInfo(info));
    const entries = await writer.entries(chunkKinds.state, stateEntries(snapshot.state()));
    const buckets = await writer.entries(chunkKinds.bucket, snapshot.buckets());
    const totals = await writer.end(entries, buckets);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(temporary, file);
    await fsyncDirectory(dirname(resolve(file)));
    return { ...info, ...totals };
  } catch (cause) {
    await handle?.close().catch(() => {});
    await rm(temporary, { force: true });
    throw new StoreFailure(`cannot write the snapshot ${file}`, { cause });
  } finally {
    snapshot.end();
  }
}

/** What the snapshot in `file` is of. Reads and checks its first chunk only. @throws StoreFailure, StoreCorruption */
export async function snapshotInfo(file: string): Promise<SnapshotInfo> {
  const reader = await ChunkReader.open(file);
  try {
    return await reader.info();
  } finally {
    await reader.close();
  }
}

/** Reads the whole snapshot and checks it, without keeping anything. @throws StoreFailure, StoreCorruption */
export async function verifySnapshot(file: string): Promise<WrittenSnapshot> {
  return readSnapshot(file, () => {});
}

/**
 * Builds the state directory `directory` from a snapshot. Everything is checked before the directory appears under its
 * name; a failure leaves nothing behind.
 * @throws StoreFailure when `directory` exists or a demand is not met; StoreCorruption when the file is damaged.
 */
export async function loadSnapshot(
  file: string,
  directory: string,
  demands: SnapshotDemands = {},
): Promise<WrittenSnapshot> {
  const target = resolve(directory);
  if (existsSync(target)) throw new StoreFailure(`${target} exists: move it away before a snapshot is loaded there`);
  const temporary = `${target}.loading`;
  rmSync(temporary, { recursive: true, force: true });
  let store: StateStore | undefined;
  try {
    store = StateStore.open(temporary, { cacheBytesMax: 0 });
    const written = await fill(store, file, demands);
    await store.close();
    fsyncDirectorySync(temporary);
    renameSync(temporary, target);
    fsyncDirectorySync(dirname(target));
    return written;
  } catch (error) {
    await store?.close();
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function fill(store: StateStore, file: string, demands: SnapshotDemands): Promise<WrittenSnapshot> {
  let state = new Map<string, Uint8Array>();
  let buckets = new Map<string, Uint8Array>();
  let bytes = 0;
  const load = (end?: Parameters<StateStore['load']>[2]) => {
    store.load(state, buckets, end);
    state = new Map();
    buckets = new Map();
    bytes = 0;
  };
  const meetDemands = (info: SnapshotInfo) => {
    if (demands.chainId !== undefined && !Buffer.from(demands.chainId).equals(info.chainId)) {
      throw new StoreFailure(`${file} is of the chain ${hex(info.chainId)}, not of ${hex(demands.chainId)}`);
    }
  };
  const written = await readSnapshot(
    file,
    (kind, entries, size) => {
      const target = kind === chunkKinds.state ? state : buckets;
      for (const { key, value } of entries) target.set(key, value);
      bytes += size;
      if (bytes >= LOAD_BYTES) load();
    },
    meetDemands,
  );
  if (demands.hash !== undefined && !Buffer.from(demands.hash).equals(written.hash)) {
    throw new StoreFailure(`${file} has the content ${hex(written.hash)}, not ${hex(demands.hash)}`);
  }
  load({ final: { num: written.blockNum, id: written.blockId }, root: written.root });
  await demands.check?.(written, store);
  return written;
}

type EntriesReceiver = (
  kind: typeof chunkKinds.state | typeof chunkKinds.bucket,
  entries: readonly { readonly key: string; readonly value: Uint8Array }[],
  sizeBytes: number,
) => void;

async function readSnapshot(
  file: string,
  receive: EntriesReceiver,
  begun?: (info: SnapshotInfo) => void,
): Promise<WrittenSnapshot> {
  const reader: ChunkReader = await ChunkReader.open(file);
  try {
    const info = await reader.info();
    begun?.(info);
    const counts = { [chunkKinds.state]: 0, [chunkKinds.bucket]: 0 };
    let section: ChunkKind = chunkKinds.state;
    let last: string | undefined;
    for (;;) {
      const { kind, payload, hashBefore } = await reader.next();
      if (kind === chunkKinds.end) {
        const totals = decodeTotals(payload) ?? reader.corrupt('an end of 48 bytes', `${payload.length} bytes`);
        const [entries, buckets] = [counts[chunkKinds.state], counts[chunkKinds.bucket]];
        const hash = hashBefore;
        if (totals.entries !== entries || totals.buckets !== buckets || !hash.equals(totals.hash)) {
          reader.corrupt(
            `${totals.entries} entries, ${totals.buckets} buckets, hash ${hex(totals.hash)}`,
            `${entries} entries, ${buckets} buckets, hash ${hex(hash)}`,
          );
        }
        await reader.assertEnd();
        return { ...info, ...totals };
      }
      if (kind === chunkKinds.info || kind < section)
        reader.corrupt(`a chunk of kind ${section} or later`, `kind ${kind}`);
      if (kind > section) last = undefined;
      section = kind;
      const entries = decodeEntries(payload) ?? reader.corrupt('entries', 'other bytes');
      for (const { key } of entries) {
        if (last !== undefined && key <= last)
          reader.corrupt('ascending keys', `${JSON.stringify(key)} after ${JSON.stringify(last)}`);
        last = key;
      }
      counts[kind] += entries.length;
      receive(kind, entries, payload.length);
    }
  } finally {
    await reader.close();
  }
}

/** Without the certificate that this node happens to have: the same block gives the same file everywhere. */
function comparableRoot(root: Uint8Array): Uint8Array {
  return encode(consensusRootSchema, { ...decode(consensusRootSchema, root), certificate: undefined });
}

class ChunkWriter {
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async start(): Promise<void> {
    await writeFully(this.#file, encodePreamble());
  }

  async chunk(kind: ChunkKind, payload: Uint8Array): Promise<void> {
    const header = encodeChunkHeader(kind, payload);
    this.#hash.update(header.subarray(5));
    await writeFully(this.#file, header);
    await writeFully(this.#file, payload);
  }

  /** Returns the number of entries. */
  async entries(kind: ChunkKind, entries: Iterable<readonly [string, Uint8Array]>): Promise<number> {
    const buffer = new EntryBuffer();
    let count = 0;
    for (const [key, value] of entries) {
      buffer.add(key, value);
      count++;
      if (buffer.isFull) await this.chunk(kind, buffer.take());
    }
    if (!buffer.isEmpty) await this.chunk(kind, buffer.take());
    return count;
  }

  async end(entries: number, buckets: number): Promise<SnapshotTotals> {
    const totals = { entries, buckets, hash: Uint8Array.from(this.#hash.digest()) };
    const payload = encodeTotals(totals);
    await writeFully(this.#file, encodeChunkHeader(chunkKinds.end, payload));
    await writeFully(this.#file, payload);
    return totals;
  }
}

type Chunk = {
  readonly kind: ChunkKind;
  readonly payload: Buffer;
  /** Over the hashes of the chunks before this one. */
  readonly hashBefore: Buffer;
};

/** Reads and checks one chunk after the other. */
class ChunkReader {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #position = 0;
  /** Where the chunk that was read last begins. */
  #chunkStart = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<ChunkReader> {
    try {
      return new ChunkReader(path, await open(path, 'r'));
    } catch (cause) {
      throw new StoreFailure(`cannot open the snapshot ${path}`, { cause });
    }
  }

  async info(): Promise<SnapshotInfo> {
    const preamble = await this.#read(PREAMBLE_BYTES, 'the preamble');
    if (!preamble.equals(encodePreamble())) {
      this.corrupt(`a snapshot of version ${SNAPSHOT_VERSION} (${hex(encodePreamble())})`, hex(preamble));
    }
    const { kind, payload } = await this.next();
    if (kind !== chunkKinds.info) this.corrupt(`a chunk of kind ${chunkKinds.info}`, `kind ${kind}`);
    return decodeInfo(payload) ?? this.corrupt('chain id, block number and block id', `${payload.length} bytes`);
  }

  async next(): Promise<Chunk> {
    this.#chunkStart = this.#position;
    const header = await this.#read(CHUNK_HEADER_BYTES, 'a chunk');
    const kind = header.readUInt8(0);
    const length = header.readUInt32LE(1);
    if (!isChunkKind(kind) || length > CHUNK_BYTES_MAX) {
      this.corrupt(`a chunk of kind 1 to 4 and at most ${CHUNK_BYTES_MAX} bytes`, `kind ${kind}, ${length} bytes`);
    }
    const payload = await this.#read(length, `the ${length} bytes of a chunk`);
    const expected = header.subarray(5);
    const actual = chunkHash(header, payload);
    if (!expected.equals(actual)) this.corrupt(`a chunk with hash ${hex(expected)}`, hex(actual));
    const hashBefore = this.#hash.copy().digest();
    this.#hash.update(expected);
    return { kind, payload, hashBefore };
  }

  async assertEnd(): Promise<void> {
    const { size } = await this.#file.stat();
    if (size !== this.#position) this.corrupt(`the file to end at ${this.#position}`, `${size} bytes`);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  corrupt(expected: string, actual: string): never {
    throw new StoreCorruption('the snapshot', { file: this.#path, offset: this.#chunkStart, expected, actual });
  }

  async #read(count: number, what: string): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(count);
    let read = 0;
    while (read < count) {
      const { bytesRead } = await this.#file.read(bytes, read, count - read, this.#position + read);
      if (bytesRead === 0) this.corrupt(what, `the end of the file after ${read} bytes`);
      read += bytesRead;
    }
    this.#position += count;
    return bytes;
  }
}

function isChunkKind(kind: number): kind is ChunkKind {
  return kind >= chunkKinds.info && kind <= chunkKinds.end;
}

function* stateEntries(
  entries: Iterable<{ readonly key: string; readonly value: Uint8Array }>,
): Generator<[string, Uint8Array]> {
  for (const { key, value } of entries) yield [key, value];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
