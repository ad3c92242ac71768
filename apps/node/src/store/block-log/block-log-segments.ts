/** Open segments of a block log: index lookups and checked record reads, for the writer and for readers alike. */
import { closeSync, fstatSync, openSync, read as readCallback, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { StoreCorruption, StoreFailure, systemErrorCode } from '../failures.js';
import {
  decodeIndexEntry,
  INDEX_ENTRY_BYTES,
  indexPath,
  PAYLOAD_BYTES_MAX,
  RECORD_HEADER_BYTES,
  type RecordPlace,
  recordProblem,
  SEGMENT_HEADER_BYTES,
  segmentPath,
} from './block-log-format.js';

const readFile = promisify(readCallback);

/** Two descriptors per segment; a node under load touches the last one and what its peers are syncing. */
const OPEN_SEGMENTS_MAX = 16;
/** One read of a range of records is at most this long, unless a single record is longer. */
const RANGE_READ_BYTES_MAX = 4 << 20;

/** A block's number and its record's payload. */
export type LoggedBlock = { readonly blockNum: number; readonly bytes: Uint8Array };

/** A segment's files do not exist (any more): it was pruned, or cut off by a fork. */
export class SegmentGone extends StoreFailure {
  override readonly name = 'SegmentGone';
}

type OpenSegment = { readonly log: number; readonly index: number; users: number };

/** Descriptors of segments by first block number, opened when needed; the least recently used are closed. */
export class SegmentFiles {
  readonly #directory: string;
  readonly #open = new Map<number, OpenSegment>();
  /** Segments that are no longer listed but still being read. */
  readonly #leaving = new Set<OpenSegment>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Number of index entries of the segment, and whether its file still has a name (a pruned one has not). */
  inspect(firstBlockNum: number): { readonly count: number; readonly linked: boolean } {
    const stat = fstatSync(this.#segment(firstBlockNum).index);
    return { count: Math.floor(stat.size / INDEX_ENTRY_BYTES), linked: stat.nlink > 0 };
  }

  /** Where the record of `blockNum` lies; undefined when the index does not reach that far. */
  place(firstBlockNum: number, blockNum: number): RecordPlace | undefined {
    const entry = Buffer.alloc(INDEX_ENTRY_BYTES);
    const at = (blockNum - firstBlockNum) * INDEX_ENTRY_BYTES;
    const got = readSync(this.#segment(firstBlockNum).index, entry, 0, INDEX_ENTRY_BYTES, at);
    return got === INDEX_ENTRY_BYTES ? this.#entry(firstBlockNum, entry, 0, at) : undefined;
  }

  /**
   * The payload of `blockNum`; undefined when the index does not reach that far. Cost: two reads.
   * @throws StoreCorruption when the record is not what was written.
   */
  readSync(firstBlockNum: number, blockNum: number): Uint8Array | undefined {
    const place = this.place(firstBlockNum, blockNum);
    if (place === undefined) return undefined;
    const record = Buffer.allocUnsafeSlow(RECORD_HEADER_BYTES + place.length);
    const got = readSync(this.#segment(firstBlockNum).log, record, 0, record.length, place.offset);
    return this.#payload(firstBlockNum, blockNum, place, record.subarray(0, got));
  }

  /**
   * The payloads from `fromBlockNum` to at most `toBlockNum`, as far as the index reaches and one read allows; at
   * least one when the index has it. Cost: two reads.
   * @throws StoreCorruption when a record is not what was written.
   */
  async readRange(firstBlockNum: number, fromBlockNum: number, toBlockNum: number): Promise<LoggedBlock[]> {
    if (toBlockNum < fromBlockNum) return [];
    const segment = this.#segment(firstBlockNum);
    segment.users++;
    try {
      const count = toBlockNum - fromBlockNum + 1;
      const places = await this.#places(firstBlockNum, segment, fromBlockNum - firstBlockNum, count);
      const start = places[0];
      if (start === undefined) return [];
      const last = places.at(-1)!;
      const bytes = Buffer.allocUnsafeSlow(last.offset - start.offset + RECORD_HEADER_BYTES + last.length);
      const { bytesRead } = await readFile(segment.log, bytes, 0, bytes.length, start.offset);
      return places.map((place, i) => {
        const at = Math.min(place.offset - start.offset, bytesRead);
        const record = bytes.subarray(at, Math.min(at + RECORD_HEADER_BYTES + place.length, bytesRead));
        const blockNum = fromBlockNum + i;
        return { blockNum, bytes: this.#payload(firstBlockNum, blockNum, place, record) };
      });
    } finally {
      segment.users--;
      this.#closeLeaving();
    }
  }

  /** Forgets a segment, because its files were removed or replaced. */
  close(firstBlockNum: number): void {
    const segment = this.#open.get(firstBlockNum);
    if (segment === undefined) return;
    this.#open.delete(firstBlockNum);
    this.#leaving.add(segment);
    this.#closeLeaving();
  }

  closeAll(): void {
    for (const firstBlockNum of [...this.#open.keys()]) this.close(firstBlockNum);
  }

  /** Up to `count` index entries from `entry` on, cut where they would exceed one read of records. */
  async #places(firstBlockNum: number, segment: OpenSegment, entry: number, count: number): Promise<RecordPlace[]> {
    const wanted = Math.min(count, RANGE_READ_BYTES_MAX / RECORD_HEADER_BYTES) * INDEX_ENTRY_BYTES;
    const index = Buffer.alloc(wanted);
    const { bytesRead } = await readFile(segment.index, index, 0, wanted, entry * INDEX_ENTRY_BYTES);
    const places: RecordPlace[] = [];
    let bytes = 0;
    for (let at = 0; at + INDEX_ENTRY_BYTES <= bytesRead; at += INDEX_ENTRY_BYTES) {
      const place = this.#entry(firstBlockNum, index, at, entry * INDEX_ENTRY_BYTES + at);
      const previous = places.at(-1);
      if (previous !== undefined && place.offset !== previous.offset + RECORD_HEADER_BYTES + previous.length) break;
      bytes += RECORD_HEADER_BYTES + place.length;
      if (places.length > 0 && bytes > RANGE_READ_BYTES_MAX) break;
      places.push(place);
    }
    return places;
  }

  #entry(firstBlockNum: number, bytes: Buffer, at: number, offset: number): RecordPlace {
    const place = decodeIndexEntry(bytes, at);
    if (place.offset >= SEGMENT_HEADER_BYTES && place.length <= PAYLOAD_BYTES_MAX) return place;
    throw new StoreCorruption(`the index entry of block ${firstBlockNum + offset / INDEX_ENTRY_BYTES}`, {
      file: indexPath(this.#directory, firstBlockNum),
      offset,
      expected: `an offset >= ${SEGMENT_HEADER_BYTES} and a length <= ${PAYLOAD_BYTES_MAX}`,
      actual: `offset ${place.offset}, length ${place.length}`,
    });
  }

  #payload(firstBlockNum: number, blockNum: number, place: RecordPlace, record: Buffer): Uint8Array {
    const problem = recordProblem(record, blockNum);
    if (problem !== undefined) {
      const file = segmentPath(this.#directory, firstBlockNum);
      throw new StoreCorruption(`the record of block ${blockNum}`, { file, offset: place.offset, ...problem });
    }
    return new Uint8Array(record.buffer, record.byteOffset + RECORD_HEADER_BYTES, place.length);
  }

  #segment(firstBlockNum: number): OpenSegment {
    const known = this.#open.get(firstBlockNum);
    if (known !== undefined) {
      this.#open.delete(firstBlockNum);
      this.#open.set(firstBlockNum, known);
      return known;
    }
    const opened = openSegment(this.#directory, firstBlockNum);
    this.#open.set(firstBlockNum, opened);
    if (this.#open.size > OPEN_SEGMENTS_MAX) this.close(this.#open.keys().next().value!);
    return opened;
  }

  #closeLeaving(): void {
    for (const segment of this.#leaving) {
      if (segment.users > 0) continue;
      this.#leaving.delete(segment);
      closeSync(segment.log);
      closeSync(segment.index);
    }
  }
}

function openSegment(directory: string, firstBlockNum: number): OpenSegment {
  const path = segmentPath(directory, firstBlockNum);
  let log: number | undefined;
  try {
    log = openSync(path, 'r');
    return { log, index: openSync(indexPath(directory, firstBlockNum), 'r'), users: 0 };
  } catch (cause) {
    if (log !== undefined) closeSync(log);
    if (systemErrorCode(cause) === 'ENOENT') throw new SegmentGone(`the segment ${path} is gone`, { cause });
    throw new StoreFailure(`cannot open the segment ${path} and its index`, { cause });
  }
}
