/**
 * Keeping what is good of a damaged log whose records may be missing: traces, which nothing but queries needs. A damaged
 * record costs itself alone; what stands behind it gets a segment of its own.
 *
 * Only places that the index names are looked at. Searching the bytes for the next record would also find those that a
 * contract has put into its data.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { writeFileAtomicSync } from '../atomic-write.js';
import { systemErrorCode } from '../failures.js';
import {
  decodeIndexEntry,
  encodeSegmentHeader,
  INDEX_ENTRY_BYTES,
  indexPath,
  RECORD_HEADER_BYTES,
  recordProblem,
  SEGMENT_HEADER_BYTES,
  segmentPath,
} from './block-log-format.js';
import { checkSegment, removeSegment, startsOf, truncateSegment } from './block-log-recovery.js';

/** Blocks whose records are gone. */
export type LostBlocks = { readonly from: number; readonly to: number; readonly file: string; readonly reason: string };

/**
 * Takes damaged records out of the log in `directory`; a torn end is left to `recoverBlockLog`. A crash on the way leaves
 * a log on which this does the same again. Cost: the last segment is read once, damaged ones some more times.
 */
export function salvageBlockLog(directory: string): LostBlocks[] {
  mkdirSync(directory, { recursive: true });
  const lost: LostBlocks[] = [];
  const starts = startsOf(readdirSync(directory), '.log');
  for (let i = 0; i < starts.length; i++) {
    const start = starts[i]!;
    const { count, sizeBytes, problem } = checkSegment(directory, start, starts[i + 1]);
    if (problem === undefined) continue;
    const from = start + count;
    const rest = moveRest(directory, start, from);
    if (rest === start) {
      // Only the segment's header was damaged, and is written anew: the records are still to be checked.
      i--;
      continue;
    }
    if (rest !== undefined && rest !== starts[i + 1]) starts.splice(i + 1, 0, rest);
    const next = starts[i + 1];
    if (next === undefined) break;
    if (count > 0) truncateSegment(directory, start, sizeBytes);
    else removeSegment(directory, start);
    const reason = `expected ${problem.expected}, found ${problem.actual}`;
    if (next > from) lost.push({ from, to: next - 1, file: segmentPath(directory, start), reason });
  }
  return lost;
}

/** Gives the intact records from a block on a segment that begins with the first of them, whose number is returned. */
function moveRest(directory: string, start: number, from: number): number | undefined {
  const bytes = readFileSync(segmentPath(directory, start));
  const index = readIndex(directory, start);
  for (let at = (from - start) * INDEX_ENTRY_BYTES; at + INDEX_ENTRY_BYTES <= index.length; at += INDEX_ENTRY_BYTES) {
    const blockNum = start + at / INDEX_ENTRY_BYTES;
    const { offset, length } = decodeIndexEntry(index, at);
    const record = bytes.subarray(offset, offset + RECORD_HEADER_BYTES + length);
    if (offset < SEGMENT_HEADER_BYTES || recordProblem(record, blockNum) !== undefined) continue;
    const moved = Buffer.concat([encodeSegmentHeader(blockNum), bytes.subarray(offset)]);
    writeFileAtomicSync(segmentPath(directory, blockNum), moved);
    return blockNum;
  }
  return undefined;
}

/** Empty when there is none: then nothing tells where records begin. */
function readIndex(directory: string, start: number): Buffer {
  try {
    return readFileSync(indexPath(directory, start));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
