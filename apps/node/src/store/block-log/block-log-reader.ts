/** Reading a block log while another thread or process writes it. */
import { existsSync, readdirSync } from 'node:fs';
import { StoreFailure, systemErrorCode } from '../failures.js';
import { segmentPath } from './block-log-format.js';
import { startsOf } from './block-log-recovery.js';
import { type LoggedBlock, SegmentFiles, SegmentGone } from './block-log-segments.js';

/**
 * The reading side of a block log. It follows growth, forks (truncation) and pruning without being told, and sees
 * durable blocks only. A record that is damaged on disk is reported as such; one that is just being replaced is not.
 */
export class BlockLogReader {
  readonly #directory: string;
  readonly #files: SegmentFiles;
  /** First block numbers of the segments, ascending. */
  #starts: number[] = [];

  private constructor(directory: string) {
    this.#directory = directory;
    this.#files = new SegmentFiles(directory);
    this.#list();
  }

  /** Opens the log in `directory`, which may still be empty or missing. */
  static open(directory: string): BlockLogReader {
    return new BlockLogReader(directory);
  }

  /** The first block in the log; undefined when it is empty. */
  get firstBlockNum(): number | undefined {
    const first = this.#starts[0];
    if (first !== undefined && !existsSync(segmentPath(this.#directory, first))) this.#relist();
    return this.lastBlockNum === undefined ? undefined : this.#starts[0];
  }

  /** The last durable block; undefined when the log is empty. */
  get lastBlockNum(): number | undefined {
    this.#follow();
    const start = this.#starts.at(-1);
    if (start === undefined) return undefined;
    const { count } = this.#inspect(start);
    return count > 0 || this.#starts.length > 1 ? start + count - 1 : undefined;
  }

  /** The bytes of a block; undefined when the log does not have it. @throws StoreCorruption */
  readSync(blockNum: number): Uint8Array | undefined {
    try {
      return this.#readOnce(blockNum);
    } catch (error) {
      this.#prepareSecondLook(error);
    }
    try {
      return this.#readOnce(blockNum);
    } catch (error) {
      if (error instanceof SegmentGone) return undefined;
      throw error;
    }
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
    try {
      return await this.#readRangeOnce(fromBlockNum, toBlockNum);
    } catch (error) {
      this.#prepareSecondLook(error);
    }
    try {
      return await this.#readRangeOnce(fromBlockNum, toBlockNum);
    } catch (error) {
      if (error instanceof SegmentGone) return [];
      throw error;
    }
  }

  close(): void {
    this.#files.closeAll();
  }

  /** A read can meet a record that the writer is just replacing; the second look meets the new one, or true damage. */
  #prepareSecondLook(error: unknown): void {
    if (!(error instanceof StoreFailure)) throw error;
    this.#relist();
  }

  #readOnce(blockNum: number): Uint8Array | undefined {
    const start = this.#startFor(blockNum);
    return start === undefined ? undefined : this.#files.readSync(start, blockNum);
  }

  async #readRangeOnce(fromBlockNum: number, toBlockNum: number): Promise<LoggedBlock[]> {
    const start = this.#startFor(fromBlockNum);
    if (start === undefined) return [];
    const next = this.#starts[this.#starts.indexOf(start) + 1];
    const last = next === undefined ? toBlockNum : Math.min(toBlockNum, next - 1);
    return this.#files.readRange(start, fromBlockNum, last);
  }

  #startFor(blockNum: number): number | undefined {
    const last = this.#starts.at(-1);
    if (last === undefined || blockNum >= last) this.#follow();
    const find = () => this.#starts.findLast((start) => start <= blockNum);
    const found = find();
    if (found === undefined || this.#inspect(found).linked) return found;
    this.#relist();
    return find();
  }

  /** Catches up with the writer: a later segment begins at the number behind the last one's, so that a look suffices. */
  #follow(): void {
    const last = this.#starts.at(-1);
    if (last === undefined) {
      this.#list();
      return;
    }
    const inspected = this.#inspect(last);
    const next = last + inspected.count;
    if (!inspected.linked) {
      this.#relist();
    } else if (inspected.count > 0 && existsSync(segmentPath(this.#directory, next))) {
      this.#starts.push(next);
      this.#follow();
    }
  }

  #inspect(start: number): { readonly count: number; readonly linked: boolean } {
    try {
      return this.#files.inspect(start);
    } catch (error) {
      if (!(error instanceof SegmentGone)) throw error;
      return { count: 0, linked: false };
    }
  }

  #relist(): void {
    this.#files.closeAll();
    this.#list();
  }

  #list(): void {
    try {
      this.#starts = startsOf(readdirSync(this.#directory), '.log');
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
      this.#starts = [];
    }
  }
}
