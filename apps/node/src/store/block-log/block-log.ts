/**
 * An append-only log of one byte string per block, in segments; the node keeps one for blocks and one for traces.
 *
 * `append` only queues; `flush` writes what is queued with one fdatasync per segment touched, and only then extends
 * the index, so that a reader elsewhere sees durable records only. Operations run in the order of their calls.
 */
import { closeSync, fdatasync, fsyncSync, ftruncateSync, openSync, write, writeSync, writev } from 'node:fs';
import { promisify } from 'node:util';
import { fsyncDirectorySync } from '../atomic-write.js';
import { StoreCorruption, StoreFailure } from '../failures.js';
import {
  encodeIndex,
  encodeRecordHeader,
  encodeSegmentHeader,
  INDEX_ENTRY_BYTES,
  indexPath,
  PAYLOAD_BYTES_MAX,
  RECORD_HEADER_BYTES,
  type RecordPlace,
  SEGMENT_HEADER_BYTES,
  segmentPath,
} from './block-log-format.js';
import { type CutTail, recoverBlockLog, removeSegment, type Segment, truncateSegment } from './block-log-recovery.js';
import { type LostBlocks, salvageBlockLog } from './block-log-salvage.js';
import { type LoggedBlock, SegmentFiles } from './block-log-segments.js';

const writeAt = promisify(write);
const writeVector = promisify(writev);
const syncData = promisify(fdatasync);

const SEGMENT_BYTES_MAX_DEFAULT = 256 << 20;
/** The system bounds the number of buffers of one write (IOV_MAX, 1024 on Linux); a record takes two. */
const RECORDS_PER_WRITE_MAX = 256;

export type BlockLogOptions = {
  /** Blocks up to this one must be intact; 0 when none is final. */
  readonly finalBlockNum: number;
  /** A segment is closed when it has reached this size. Default 256 MiB. */
  readonly segmentBytesMax?: number;
  /** Accept a log that does not reach from its first block to the final one. Default false. */
  readonly mayLag?: boolean;
  /**
   * Records may be missing: damage costs the damaged ones alone (see `lost`), and the owner may leave blocks out with
   * `skipTo`. Default false.
   */
  readonly mayHaveGaps?: boolean;
};

/** The writing side of a block log; at most one per directory (`lockDirectory` sees to that). */
export class BlockLog {
  /** What `open` cut off behind the last intact record; undefined when the log was in order. */
  readonly cut: CutTail | undefined;
  /** What `open` found damaged between intact records; empty but for a log that may have gaps. */
  readonly lost: readonly LostBlocks[];
  readonly #directory: string;
  readonly #segmentBytesMax: number;
  readonly #files: SegmentFiles;
  readonly #segments: Segment[];
  /** Blocks that are appended but not yet readable from the files. */
  readonly #queued = new Map<number, Uint8Array>();
  #firstBlockNum: number | undefined;
  /** The number the next appended block must have; undefined while the log is empty. */
  #nextBlockNum: number | undefined;
  /** The files still hold blocks after this one that are removed from the log already. */
  #cutAfter: number | undefined;
  #tail: Promise<void> = Promise.resolve();
  #nextFlush: Promise<void> | undefined;
  #failure: StoreFailure | undefined;
  #closed = false;
  #writing: { readonly firstBlockNum: number; readonly log: number; readonly index: number } | undefined;

  private constructor(directory: string, options: BlockLogOptions) {
    this.lost = options.mayHaveGaps === true ? salvageBlockLog(directory) : [];
    const { segments, cut } = recoverBlockLog(directory, options.finalBlockNum, options.mayHaveGaps);
    this.cut = cut;
    this.#directory = directory;
    this.#segmentBytesMax = Math.max(options.segmentBytesMax ?? SEGMENT_BYTES_MAX_DEFAULT, SEGMENT_HEADER_BYTES + 1);
    this.#files = new SegmentFiles(directory);
    this.#segments = segments;
    const last = segments.at(-1);
    this.#firstBlockNum = segments[0]?.firstBlockNum;
    this.#nextBlockNum = last === undefined ? undefined : last.firstBlockNum + last.count;
    if (options.mayLag !== true) this.#refuseMissingBlocks(options.finalBlockNum);
  }

  /**
   * Opens the log in `directory`, created when missing. A torn or damaged tail is cut off when none of its blocks is
   * final (see `cut`). Cost: reads the last segment once.
   * @throws StoreCorruption when a final block is damaged or missing.
   */
  static open(directory: string, options: BlockLogOptions): BlockLog {
    return new BlockLog(directory, options);
  }

  /** The first block in the log, flushed or not; undefined when it is empty. */
  get firstBlockNum(): number | undefined {
    return this.#firstBlockNum;
  }

  /** The last block in the log, flushed or not; undefined when it is empty. */
  get lastBlockNum(): number | undefined {
    return this.#nextBlockNum === undefined ? undefined : this.#nextBlockNum - 1;
  }

  /**
   * Queues a block; `flush` makes it durable. `bytes` must not change until then.
   * @param blockNum one more than `lastBlockNum`; anything when the log is empty.
   */
  append(blockNum: number, bytes: Uint8Array): void {
    this.#assertUsable();
    if (this.#nextBlockNum !== undefined && blockNum !== this.#nextBlockNum) {
      throw new Error(`block ${blockNum} appended to ${this.#directory}, but block ${this.#nextBlockNum} is next`);
    }
    if (!Number.isSafeInteger(blockNum) || blockNum < 0 || blockNum >= 0xffff_ffff) {
      throw new Error(`block number ${blockNum} appended to ${this.#directory}`);
    }
    if (bytes.length > PAYLOAD_BYTES_MAX) {
      throw new Error(`block ${blockNum} has ${bytes.length} bytes, more than ${PAYLOAD_BYTES_MAX}`);
    }
    this.#queued.set(blockNum, bytes);
    this.#firstBlockNum ??= blockNum;
    this.#nextBlockNum = blockNum + 1;
  }

  /** Leaves blocks out: the next to be appended is `blockNum`. Only while nothing is queued, in a log with gaps. */
  skipTo(blockNum: number): void {
    this.#assertUsable();
    if (this.#nextBlockNum === undefined || blockNum <= this.#nextBlockNum) return;
    if (this.#queued.size > 0) throw new Error(`blocks of ${this.#directory} are skipped before others are written`);
    // Readers find a segment by its name in the listing, or because it begins where the last one ends.
    this.#segments.push(createSegment(this.#directory, blockNum));
    this.#nextBlockNum = blockNum;
  }

  /**
   * Resolves when every block appended before this call would survive a power cut.
   * @throws StoreFailure when the disk refuses; the log then stays unusable until it is opened again.
   */
  flush(): Promise<void> {
    this.#nextFlush ??= this.#enqueue(() => {
      this.#nextFlush = undefined;
      return this.#writeQueued();
    });
    return this.#nextFlush;
  }

  /** The bytes of a block, flushed or not; undefined when the log does not have it. @throws StoreCorruption */
  readSync(blockNum: number): Uint8Array | undefined {
    const queued = this.#queued.get(blockNum);
    if (queued !== undefined) return queued;
    const segment = this.#segmentOf(blockNum);
    return segment === undefined ? undefined : this.#files.readSync(segment.firstBlockNum, blockNum);
  }

  /** As `readSync`, without blocking the thread. */
  async read(blockNum: number): Promise<Uint8Array | undefined> {
    return (await this.readRange(blockNum, blockNum))[0]?.bytes;
  }

  /**
   * Consecutive blocks from `fromBlockNum` to at most `toBlockNum`; fewer where a segment ends or 4 MiB are reached,
   * at least one when the log has `fromBlockNum`. @throws StoreCorruption
   */
  async readRange(fromBlockNum: number, toBlockNum: number): Promise<LoggedBlock[]> {
    const queued = this.#queued.get(fromBlockNum);
    if (queued !== undefined) return [{ blockNum: fromBlockNum, bytes: queued }];
    const segment = this.#segmentOf(fromBlockNum);
    if (segment === undefined) return [];
    const last = Math.min(toBlockNum, segment.firstBlockNum + segment.count - 1);
    return this.#files.readRange(segment.firstBlockNum, fromBlockNum, last);
  }

  /** All blocks from `fromBlockNum` on, for the replay at start. @throws StoreCorruption */
  *blocks(fromBlockNum: number): Generator<LoggedBlock> {
    for (let blockNum = fromBlockNum; ; blockNum++) {
      const bytes = this.readSync(blockNum);
      if (bytes === undefined) return;
      yield { blockNum, bytes };
    }
  }

  /**
   * Removes every block after `blockNum`, which becomes the last one; a number before the first block empties the log.
   * Takes effect for reads and appends at once; the promise resolves when it is durable.
   */
  truncateAfter(blockNum: number): Promise<void> {
    this.#assertUsable();
    if (this.#nextBlockNum === undefined || blockNum >= this.#nextBlockNum - 1) return this.#tail;
    for (const queued of [...this.#queued.keys()]) if (queued > blockNum) this.#queued.delete(queued);
    const isEmptied = blockNum < this.#firstBlockNum!;
    this.#nextBlockNum = isEmptied ? undefined : blockNum + 1;
    if (isEmptied) this.#firstBlockNum = undefined;
    this.#cutAfter = Math.min(this.#cutAfter ?? blockNum, blockNum);
    return this.#enqueue(async () => this.#cutFiles());
  }

  /**
   * Removes whole segments that end before `keepFromBlockNum`; the last segment stays. Resolves when durable, with the
   * number of the first block that is left.
   */
  async prune(keepFromBlockNum: number): Promise<number | undefined> {
    this.#assertUsable();
    await this.#enqueue(async () => {
      this.#cutFiles();
      while (this.#segments.length > 1 && this.#segments[1]!.firstBlockNum <= keepFromBlockNum) {
        const { firstBlockNum } = this.#segments.shift()!;
        this.#files.close(firstBlockNum);
        removeSegment(this.#directory, firstBlockNum);
        this.#firstBlockNum = this.#segments[0]!.firstBlockNum;
      }
    });
    return this.#firstBlockNum;
  }

  /** Flushes, and closes the files. */
  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      if (this.#failure === undefined) await this.flush();
    } finally {
      this.#closed = true;
      await this.#tail.catch(() => {});
      this.#closeWriting();
      this.#files.closeAll();
    }
  }

  /** Runs an operation after all earlier ones. The first that fails makes the log unusable. */
  #enqueue(operation: () => Promise<void>): Promise<void> {
    const run = this.#tail.then(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        await operation();
      } catch (cause) {
        this.#failure =
          cause instanceof StoreFailure ? cause : new StoreFailure(`cannot write to ${this.#directory}`, { cause });
        throw this.#failure;
      }
    });
    this.#tail = run.catch(() => {});
    return run;
  }

  async #writeQueued(): Promise<void> {
    this.#cutFiles();
    const batch = [...this.#queued];
    for (let at = 0; at < batch.length; ) {
      const segment = this.#writableSegment(batch[at]![0]);
      const part: [number, Uint8Array][] = [];
      for (let size = segment.sizeBytes; at < batch.length && size < this.#segmentBytesMax; at++) {
        const block = batch[at]!;
        part.push(block);
        size += RECORD_HEADER_BYTES + block[1].length;
      }
      await this.#writeRecords(segment, part);
    }
    for (const [blockNum, bytes] of batch) {
      if (this.#queued.get(blockNum) === bytes) this.#queued.delete(blockNum);
    }
  }

  async #writeRecords(segment: Segment, blocks: readonly (readonly [number, Uint8Array])[]): Promise<void> {
    const { log, index } = this.#writing!;
    const places: RecordPlace[] = [];
    let end = segment.sizeBytes;
    for (let at = 0; at < blocks.length; at += RECORDS_PER_WRITE_MAX) {
      const buffers: Uint8Array[] = [];
      const position = end;
      for (const [blockNum, bytes] of blocks.slice(at, at + RECORDS_PER_WRITE_MAX)) {
        buffers.push(encodeRecordHeader(blockNum, bytes), bytes);
        places.push({ offset: end, length: bytes.length });
        end += RECORD_HEADER_BYTES + bytes.length;
      }
      await writeAll(log, buffers, position);
    }
    await syncData(log);
    const entries = encodeIndex(places);
    await writeAll(index, [entries], segment.count * INDEX_ENTRY_BYTES);
    segment.count += places.length;
    segment.sizeBytes = end;
  }

  /** The segment that `blockNum` goes to, its files open for writing. */
  #writableSegment(blockNum: number): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.sizeBytes < this.#segmentBytesMax) {
      this.#openForWriting(last.firstBlockNum);
      return last;
    }
    if (last !== undefined) {
      this.#openForWriting(last.firstBlockNum);
      fsyncSync(this.#writing!.index);
    }
    const created = createSegment(this.#directory, blockNum);
    this.#segments.push(created);
    this.#openForWriting(blockNum);
    return created;
  }

  #openForWriting(firstBlockNum: number): void {
    if (this.#writing?.firstBlockNum === firstBlockNum) return;
    this.#closeWriting();
    const log = openSync(segmentPath(this.#directory, firstBlockNum), 'r+');
    const index = openSync(indexPath(this.#directory, firstBlockNum), 'r+');
    this.#writing = { firstBlockNum, log, index };
  }

  #closeWriting(): void {
    if (this.#writing === undefined) return;
    closeSync(this.#writing.log);
    closeSync(this.#writing.index);
    this.#writing = undefined;
  }

  /**
   * Brings the files behind a truncation. Every operation does this first, so that blocks which were appended after a
   * truncation are written behind it, whichever operation writes them.
   */
  #cutFiles(): void {
    if (this.#cutAfter === undefined) return;
    const blockNum = this.#cutAfter;
    this.#cutAfter = undefined;
    this.#closeWriting();
    while (this.#segments.length > 0 && this.#segments.at(-1)!.firstBlockNum > blockNum) {
      const { firstBlockNum } = this.#segments.pop()!;
      this.#files.close(firstBlockNum);
      removeSegment(this.#directory, firstBlockNum);
    }
    const last = this.#segments.at(-1);
    if (last === undefined || last.firstBlockNum + last.count - 1 <= blockNum) return;
    const end = this.#files.place(last.firstBlockNum, blockNum + 1)!.offset;
    const count = blockNum + 1 - last.firstBlockNum;
    this.#openForWriting(last.firstBlockNum);
    ftruncateSync(this.#writing!.index, count * INDEX_ENTRY_BYTES);
    truncateSegment(this.#directory, last.firstBlockNum, end);
    last.count = count;
    last.sizeBytes = end;
  }

  #segmentOf(blockNum: number): Segment | undefined {
    if (this.#nextBlockNum === undefined || blockNum >= this.#nextBlockNum || blockNum < this.#firstBlockNum!) {
      return undefined;
    }
    const segment = this.#segments.findLast(({ firstBlockNum }) => firstBlockNum <= blockNum);
    return segment !== undefined && blockNum < segment.firstBlockNum + segment.count ? segment : undefined;
  }

  #refuseMissingBlocks(finalBlockNum: number): void {
    const first = this.firstBlockNum;
    const last = this.lastBlockNum;
    if (first === undefined || last === undefined) return;
    if (last >= finalBlockNum && (finalBlockNum === 0 || first <= finalBlockNum + 1)) return;
    throw new StoreCorruption(`the block log`, {
      file: segmentPath(this.#directory, this.#segments.at(-1)!.firstBlockNum),
      offset: this.#segments.at(-1)!.sizeBytes,
      expected: `blocks that reach the final block ${finalBlockNum}`,
      actual: `blocks ${first} to ${last}`,
    });
  }

  #assertUsable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new Error(`the block log ${this.#directory} is closed`);
  }
}

/** Both files exist and the header is durable before the first record is written. */
function createSegment(directory: string, firstBlockNum: number): Segment {
  closeSync(openSync(indexPath(directory, firstBlockNum), 'w'));
  const file = openSync(segmentPath(directory, firstBlockNum), 'wx');
  try {
    writeSync(file, encodeSegmentHeader(firstBlockNum));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  fsyncDirectorySync(directory);
  return { firstBlockNum, count: 0, sizeBytes: SEGMENT_HEADER_BYTES };
}

/** Writes all buffers one behind the other; a vector write may be short. */
async function writeAll(file: number, buffers: readonly Uint8Array[], position: number): Promise<void> {
  const total = buffers.reduce((sum, bytes) => sum + bytes.length, 0);
  let { bytesWritten } = await writeVector(file, buffers, position);
  while (bytesWritten < total) {
    const rest = Buffer.concat(buffers).subarray(bytesWritten);
    bytesWritten += (await writeAt(file, rest, 0, rest.length, position + bytesWritten)).bytesWritten;
  }
}
