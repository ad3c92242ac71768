/**
 * What a node must not forget between final states: blocks that are not final yet, and what its finalizers have promised.
 * One append and one fdatasync make both durable, in the order in which they were given, so that nothing leaves the node
 * before the record that covers it (consensus.md 4.2).
 *
 * Files `NUMBER.journal`, each a header and records: length u32, CRC-32 of kind and payload u32, kind u8, payload. A file
 * begins with the newest safety record, so that older files can go when all of their blocks are final.
 */
import {
  closeSync,
  existsSync,
  fdatasync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  write,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { fsyncDirectorySync } from '../atomic-write.js';
import { StoreCorruption, StoreFailure } from '../failures.js';

/** A record: a block by its number, or a safety record by its sequence. */
export type JournalRecord = {
  readonly kind: 'block' | 'safety';
  /** Number of the block, or sequence of the safety record. */
  readonly number: number;
  readonly bytes: Uint8Array;
};

/** What was found at the start. */
export type JournalContent = {
  /** Blocks in the order in which they were written. A block may stand there twice. */
  readonly blocks: readonly Uint8Array[];
  readonly safety: Uint8Array | undefined;
  /** Bytes of an unfinished record that a crash left at the end, which were cut off. */
  readonly cutBytes: number;
};

/** Its folder in a node's data directory. */
export const JOURNAL_FOLDER = 'journal';

const HEADER = Buffer.from('SNAPJRN1');
const RECORD_HEADER_BYTES = 13;
const KINDS = ['block', 'safety'] as const;
const FILE_BYTES_MAX = 16 << 20;
const RECORD_BYTES_MAX = 16 << 20;

const writeAt = promisify(write);
const syncData = promisify(fdatasync);

type JournalFile = { readonly serial: number; lastBlockNum: number };

export class Journal {
  readonly #directory: string;
  readonly #fileBytesMax: number;
  readonly #older: JournalFile[] = [];
  #current: JournalFile;
  #file: number;
  #position: number;
  #safety: JournalRecord | undefined;
  #queued: JournalRecord[] = [];
  #writing: Promise<void> = Promise.resolve();
  #failure: StoreFailure | undefined;

  private constructor(directory: string, found: Found, fileBytesMax: number) {
    this.#directory = directory;
    this.#fileBytesMax = fileBytesMax;
    this.#older.push(...found.files);
    this.#safety = found.safety;
    this.#current = { serial: (found.files.at(-1)?.serial ?? 0) + 1, lastBlockNum: 0 };
    this.#file = this.#create();
    this.#position = 0;
  }

  /**
   * Opens the journal in `directory`, which is made if it is missing. A new file is begun, so that what a crash left
   * unfinished is never written over.
   * @throws StoreCorruption when a record that was complete is damaged: what was promised may be in it
   */
  static async open(
    directory: string,
    options: { readonly fileBytesMax?: number } = {},
  ): Promise<{ readonly journal: Journal; readonly content: JournalContent }> {
    mkdirSync(directory, { recursive: true });
    const found = readAll(directory);
    const journal = new Journal(directory, found, options.fileBytesMax ?? FILE_BYTES_MAX);
    await journal.#begin();
    const { blocks, safety, cutBytes } = found;
    return { journal, content: { blocks, safety: safety?.bytes, cutBytes } };
  }

  /** Queues a record. `bytes` must not change until `flush` has resolved. */
  append(record: JournalRecord): void {
    if (record.bytes.length > RECORD_BYTES_MAX) {
      throw new Error(`a ${record.kind} of ${record.bytes.length} bytes does not fit the journal`);
    }
    this.#queued.push(record);
  }

  /** Resolves when everything appended before would survive a power cut. Flushes that wait for each other share one write. */
  flush(): Promise<void> {
    const done = this.#writing.then(() => this.#write());
    this.#writing = done.catch(() => undefined);
    return done;
  }

  /** Blocks up to this one are final and stored elsewhere: files that hold no later one are removed. */
  forget(finalBlockNum: number): void {
    while (this.#older.length > 0 && this.#older[0]!.lastBlockNum <= finalBlockNum) {
      const { serial } = this.#older.shift()!;
      rmSync(pathOf(this.#directory, serial), { force: true });
    }
  }

  async close(): Promise<void> {
    await this.flush();
    closeSync(this.#file);
  }

  async #write(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const records = this.#queued;
    this.#queued = [];
    if (records.length === 0) return;
    try {
      if (this.#position >= this.#fileBytesMax) await this.#rotate();
      for (const { kind, number } of records) {
        if (kind === 'block') this.#current.lastBlockNum = Math.max(this.#current.lastBlockNum, number);
      }
      await this.#put(Buffer.concat(records.map(encodeRecord)));
      await syncData(this.#file);
    } catch (cause) {
      this.#failure = new StoreFailure(`the journal in ${this.#directory} cannot be written`, { cause });
      throw this.#failure;
    }
    for (const record of records) if (record.kind === 'safety') this.#safety = record;
  }

  async #rotate(): Promise<void> {
    closeSync(this.#file);
    const full = this.#current;
    this.#current = { serial: full.serial + 1, lastBlockNum: 0 };
    this.#file = this.#create();
    await this.#begin();
    // Not before: blocks become final meanwhile, and the newest safety record may be in the full file alone.
    this.#older.push(full);
  }

  #create(): number {
    return openSync(pathOf(this.#directory, this.#current.serial), 'wx', 0o600);
  }

  /** A new file is durable, safety record included, before an older one may go. */
  async #begin(): Promise<void> {
    this.#position = 0;
    const safety = this.#safety === undefined ? [] : [encodeRecord(this.#safety)];
    await this.#put(Buffer.concat([HEADER, ...safety]));
    await syncData(this.#file);
    fsyncDirectorySync(this.#directory);
  }

  async #put(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await writeAt(this.#file, bytes, done, bytes.length - done, this.#position);
      done += bytesWritten;
      this.#position += bytesWritten;
    }
  }
}

type Found = {
  readonly files: readonly JournalFile[];
  readonly blocks: readonly Uint8Array[];
  readonly safety: JournalRecord | undefined;
  readonly cutBytes: number;
};

function readAll(directory: string): Found {
  const serials = readdirSync(directory)
    .flatMap((name) => /^(\d{10})\.journal$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const files: JournalFile[] = [];
  const blocks: Uint8Array[] = [];
  let safety: JournalRecord | undefined;
  let cutBytes = 0;
  for (const serial of serials) {
    const path = pathOf(directory, serial);
    const { records, rest } = readFile(path, readFileSync(path));
    cutBytes += rest;
    const file = { serial, lastBlockNum: 0 };
    files.push(file);
    for (const record of records) {
      if (record.kind === 'safety') {
        if (safety === undefined || record.number >= safety.number) safety = record;
      } else {
        blocks.push(record.bytes);
        file.lastBlockNum = Math.max(file.lastBlockNum, record.number);
      }
    }
  }
  return { files, blocks, safety, cutBytes };
}

/** Records up to the first that is not complete. A damaged one with more behind it was complete once. */
function readFile(path: string, bytes: Buffer): { readonly records: JournalRecord[]; readonly rest: number } {
  const records: JournalRecord[] = [];
  if (bytes.length < HEADER.length) return { records, rest: bytes.length };
  if (!bytes.subarray(0, HEADER.length).equals(HEADER)) {
    throw corrupt(path, 0, 'the header of a journal', bytes.subarray(0, HEADER.length).toString('hex'));
  }
  let position = HEADER.length;
  while (position < bytes.length) {
    const length = bytes.length - position >= 4 ? bytes.readUInt32LE(position) : undefined;
    const end = length === undefined ? undefined : position + RECORD_HEADER_BYTES + length;
    const isWhole = end !== undefined && length! <= RECORD_BYTES_MAX && end <= bytes.length;
    const record = isWhole ? decodeRecord(bytes.subarray(position, end)) : undefined;
    if (record === undefined) {
      const tail = bytes.subarray(position);
      // A crash leaves a part of the last write, or zeros where the system had not written yet; more behind it was promised.
      if (isWhole && end < bytes.length && !isZero(bytes.subarray(end))) {
        throw corrupt(path, position, 'a record with its checksum', `${length} bytes that do not fit it`);
      }
      return { records, rest: tail.length };
    }
    records.push(record);
    position = end!;
  }
  return { records, rest: 0 };
}

function encodeRecord({ kind, number, bytes }: JournalRecord): Buffer {
  const record = Buffer.alloc(RECORD_HEADER_BYTES + bytes.length);
  record.writeUInt32LE(bytes.length, 0);
  record[8] = KINDS.indexOf(kind);
  record.writeUInt32LE(number, 9);
  record.set(bytes, RECORD_HEADER_BYTES);
  record.writeUInt32LE(crc32(record.subarray(8)), 4);
  return record;
}

function decodeRecord(record: Buffer): JournalRecord | undefined {
  const kind = KINDS[record[8]!];
  if (kind === undefined || crc32(record.subarray(8)) !== record.readUInt32LE(4)) return undefined;
  return { kind, number: record.readUInt32LE(9), bytes: new Uint8Array(record.subarray(RECORD_HEADER_BYTES)) };
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

function pathOf(directory: string, serial: number): string {
  return join(directory, `${String(serial).padStart(10, '0')}.journal`);
}

function corrupt(path: string, offset: number, expected: string, actual: string): StoreCorruption {
  return new StoreCorruption('the journal', { file: path, offset, expected, actual });
}

/** Whether there is a journal in a directory: a node whose keys may have voted must find one. */
export function hasJournal(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).some((name) => name.endsWith('.journal'));
}
