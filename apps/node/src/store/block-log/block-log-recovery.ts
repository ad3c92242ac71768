/**
 * Bringing a block log's directory into a known state before it is written to: what a crash can leave behind is
 * repaired, and what a crash cannot explain is refused with the evidence.
 *
 * A crash can leave: a torn record at the end, a segment whose header is torn, an index that is too short, too long or
 * wrong, an index without its segment, segments behind a truncation. None of these can reach the final block, because
 * a block is flushed before it can become final.
 */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { fsyncDirectorySync, writeFileAtomicSync } from '../atomic-write.js';
import { StoreCorruption, systemErrorCode } from '../failures.js';
import {
  decodeIndexEntry,
  encodeIndex,
  INDEX_ENTRY_BYTES,
  indexPath,
  type Problem,
  parseSegmentName,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  type SegmentScan,
  scanSegment,
  segmentHeaderProblem,
  segmentPath,
} from './block-log-format.js';

/** A segment that is in order. */
export type Segment = { readonly firstBlockNum: number; count: number; sizeBytes: number };

/** What was cut off: everything from `blockNum` on, which was not final. */
export type CutTail = {
  readonly blockNum: number;
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly reason: string;
};

export type Recovery = { readonly segments: Segment[]; readonly cut: CutTail | undefined };

/**
 * Checks and repairs the log in `directory`, which is created when missing. Cost: the last segment is read once.
 * @param finalBlockNum blocks up to this one must be intact; 0 when none is final.
 * @param mayHaveGaps segments need not follow on each other
 * @throws StoreCorruption when a block that is final, or would have to be there, is damaged or missing.
 */
export function recoverBlockLog(directory: string, finalBlockNum: number, mayHaveGaps = false): Recovery {
  mkdirSync(directory, { recursive: true });
  const names = readdirSync(directory);
  const starts = startsOf(names, '.log');
  for (const orphan of startsOf(names, '.index')) {
    if (!starts.includes(orphan)) rmSync(indexPath(directory, orphan), { force: true });
  }
  const segments: Segment[] = [];
  for (const [i, firstBlockNum] of starts.entries()) {
    const previous = segments.at(-1);
    const end = previous === undefined ? firstBlockNum : previous.firstBlockNum + previous.count;
    const expectedFirst = mayHaveGaps ? Math.max(firstBlockNum, end) : end;
    const found =
      firstBlockNum === expectedFirst
        ? checkSegment(directory, firstBlockNum, starts[i + 1])
        : { count: 0, sizeBytes: 0, problem: { expected: `the segment of block ${expectedFirst}`, actual: 'none' } };
    const { count, sizeBytes, problem, scan } = { scan: undefined, ...found };
    const blockNum = expectedFirst + count;
    const file = segmentPath(directory, firstBlockNum);
    if (problem !== undefined && blockNum <= finalBlockNum) {
      const evidence = { file, offset: sizeBytes, ...problem };
      throw new StoreCorruption(`the record of block ${blockNum}, which is final,`, evidence);
    }
    if (scan !== undefined && count > 0)
      writeFileAtomicSync(indexPath(directory, firstBlockNum), encodeIndex(scan.places));
    if (count > 0) segments.push({ firstBlockNum, count, sizeBytes });
    else if (problem === undefined) removeSegment(directory, firstBlockNum);
    if (problem !== undefined) {
      const bytes = cutTail(directory, starts.slice(i), count, sizeBytes);
      const reason = `expected ${problem.expected}, found ${problem.actual}`;
      return { segments, cut: { blockNum, file, offset: sizeBytes, bytes, reason } };
    }
  }
  return { segments, cut: undefined };
}

/** The segments' first block numbers, ascending. */
export function startsOf(names: readonly string[], extension: '.log' | '.index'): number[] {
  return names
    .map((name) => parseSegmentName(name, extension))
    .filter((start) => start !== undefined)
    .sort((a, b) => a - b);
}

type CheckedSegment = {
  readonly count: number;
  readonly sizeBytes: number;
  readonly problem: Problem | undefined;
  /** Present when the segment was read as a whole, so that its index is to be rewritten. */
  readonly scan?: SegmentScan;
};

/** A segment that has a successor was complete when that was made, so that its two ends tell enough. */
export function checkSegment(directory: string, firstBlockNum: number, next: number | undefined): CheckedSegment {
  const file = openSync(segmentPath(directory, firstBlockNum), 'r');
  try {
    const sizeBytes = fstatSync(file).size;
    const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
    const got = readSync(file, header, 0, SEGMENT_HEADER_BYTES, 0);
    const problem = segmentHeaderProblem(header.subarray(0, got), firstBlockNum);
    if (problem !== undefined) return { count: 0, sizeBytes: 0, problem };
    if (next !== undefined && isClosedProperly(directory, firstBlockNum, next, sizeBytes)) {
      return { count: next - firstBlockNum, sizeBytes, problem: undefined };
    }
    const scan = scanSegment(file, sizeBytes, firstBlockNum);
    return { count: scan.places.length, sizeBytes: scan.end, problem: scan.problem, scan };
  } finally {
    closeSync(file);
  }
}

function isClosedProperly(directory: string, firstBlockNum: number, next: number, sizeBytes: number): boolean {
  const count = next - firstBlockNum;
  const index = openIndex(directory, firstBlockNum);
  if (index === undefined) return false;
  try {
    if (fstatSync(index).size !== count * INDEX_ENTRY_BYTES) return false;
    const entry = Buffer.alloc(INDEX_ENTRY_BYTES);
    readSync(index, entry, 0, INDEX_ENTRY_BYTES, (count - 1) * INDEX_ENTRY_BYTES);
    const last = decodeIndexEntry(entry);
    return last.offset + RECORD_HEADER_BYTES + last.length === sizeBytes;
  } finally {
    closeSync(index);
  }
}

function openIndex(directory: string, firstBlockNum: number): number | undefined {
  try {
    return openSync(indexPath(directory, firstBlockNum), 'r');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Removes the segments of `starts` except the first `keep` blocks (`keepBytes`) of the first one; the last goes first,
 * so that a crash on the way leaves a log without gaps. Returns the number of bytes removed.
 */
function cutTail(directory: string, starts: readonly number[], keep: number, keepBytes: number): number {
  let bytes = keep > 0 ? -keepBytes : 0;
  for (const [i, start] of [...starts.entries()].reverse()) {
    bytes += statSync(segmentPath(directory, start)).size;
    if (i > 0 || keep === 0) {
      removeSegment(directory, start);
    } else {
      truncateSegment(directory, start, keepBytes);
    }
  }
  return bytes;
}

/** Removes a segment and its index durably. */
export function removeSegment(directory: string, firstBlockNum: number): void {
  rmSync(indexPath(directory, firstBlockNum), { force: true });
  rmSync(segmentPath(directory, firstBlockNum));
  fsyncDirectorySync(directory);
}

/** Cuts a segment's file to `sizeBytes` durably. */
export function truncateSegment(directory: string, firstBlockNum: number, sizeBytes: number): void {
  const file = openSync(segmentPath(directory, firstBlockNum), 'r+');
  try {
    ftruncateSync(file, sizeBytes);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}
