/**
 * The bytes of a block log: segment files, their records, and the index beside each segment.
 *
 * Segment `<first block number, 10 digits>.log`: a header of 16 bytes (magic, version, first block number, crc32 of
 * these 12), then one record per block, numbers ascending by one. Record: magic u32, block number u32, payload length
 * u32, crc32 u32 of (block number, length, payload), payload. Index `<…>.index`: per block 8 bytes, the record's
 * offset u32 and payload length u32; it is derived data and can be rebuilt from the segment. All little-endian.
 */
import { readSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

export const SEGMENT_HEADER_BYTES = 16;
export const RECORD_HEADER_BYTES = 16;
export const INDEX_ENTRY_BYTES = 8;
/** Offsets are u32, and a segment is closed only after the record that reached its size limit. */
export const PAYLOAD_BYTES_MAX = 0x2000_0000;

const SEGMENT_MAGIC = 0x474c_5353;
const RECORD_MAGIC = 0x4352_5353;
const FORMAT_VERSION = 1;
const SCAN_BUFFER_BYTES = 1 << 20;

/** Where a record lies in its segment. `length` is the payload's. */
export type RecordPlace = { readonly offset: number; readonly length: number };

/** Why bytes are not the expected ones. */
export type Problem = { readonly expected: string; readonly actual: string };

export function segmentPath(directory: string, firstBlockNum: number): string {
  return join(directory, `${String(firstBlockNum).padStart(10, '0')}.log`);
}

export function indexPath(directory: string, firstBlockNum: number): string {
  return join(directory, `${String(firstBlockNum).padStart(10, '0')}.index`);
}

/** The first block number in a segment's or index's file name; undefined for other files. */
export function parseSegmentName(name: string, extension: '.log' | '.index'): number | undefined {
  const digits = name.endsWith(extension) ? name.slice(0, -extension.length) : '';
  return /^\d{10}$/.test(digits) ? Number(digits) : undefined;
}

export function encodeSegmentHeader(firstBlockNum: number): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  header.writeUInt32LE(SEGMENT_MAGIC, 0);
  header.writeUInt32LE(FORMAT_VERSION, 4);
  header.writeUInt32LE(firstBlockNum, 8);
  header.writeUInt32LE(crc32(header.subarray(0, 12)), 12);
  return header;
}

/** Undefined when `header` is exactly the header of the segment that begins with `firstBlockNum`. */
export function segmentHeaderProblem(header: Buffer, firstBlockNum: number): Problem | undefined {
  const expected = encodeSegmentHeader(firstBlockNum);
  if (header.equals(expected)) return undefined;
  return { expected: `segment header ${expected.toString('hex')}`, actual: header.toString('hex') || 'no bytes' };
}

export function encodeRecordHeader(blockNum: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header.writeUInt32LE(RECORD_MAGIC, 0);
  header.writeUInt32LE(blockNum, 4);
  header.writeUInt32LE(payload.length, 8);
  header.writeUInt32LE(recordChecksum(header, payload), 12);
  return header;
}

/**
 * Checks header and payload of a record.
 * @param record the record's header and payload; shorter when the file ended.
 */
export function recordProblem(record: Buffer, blockNum: number): Problem | undefined {
  const inHeader = recordHeaderProblem(record, blockNum);
  if (inHeader !== undefined) return inHeader;
  const length = record.readUInt32LE(8);
  if (record.length !== RECORD_HEADER_BYTES + length) {
    return { expected: `${length} bytes of payload`, actual: `${record.length - RECORD_HEADER_BYTES} bytes` };
  }
  const expected = record.readUInt32LE(12);
  const actual = recordChecksum(record, record.subarray(RECORD_HEADER_BYTES));
  return expected === actual ? undefined : { expected: `checksum ${hex(expected)}`, actual: hex(actual) };
}

export function encodeIndex(places: readonly RecordPlace[]): Buffer {
  const bytes = Buffer.alloc(places.length * INDEX_ENTRY_BYTES);
  places.forEach((place, i) => {
    bytes.writeUInt32LE(place.offset, i * INDEX_ENTRY_BYTES);
    bytes.writeUInt32LE(place.length, i * INDEX_ENTRY_BYTES + 4);
  });
  return bytes;
}

export function decodeIndexEntry(bytes: Buffer, at = 0): RecordPlace {
  return { offset: bytes.readUInt32LE(at), length: bytes.readUInt32LE(at + 4) };
}

/** The valid records of a segment from its start, where they end, and what stopped the scan before the file's end. */
export type SegmentScan = {
  readonly places: RecordPlace[];
  /** Offset behind the last valid record. */
  readonly end: number;
  readonly problem: Problem | undefined;
};

/** Reads and checks every record of an open segment. Cost: the whole file is read once. */
export function scanSegment(file: number, sizeBytes: number, firstBlockNum: number): SegmentScan {
  const reader = new SequentialReader(file, SEGMENT_HEADER_BYTES, sizeBytes);
  const places: RecordPlace[] = [];
  let end = SEGMENT_HEADER_BYTES;
  while (end < sizeBytes) {
    const blockNum = firstBlockNum + places.length;
    const header = reader.peek(RECORD_HEADER_BYTES);
    const headerProblem = recordHeaderProblem(header, blockNum);
    if (headerProblem !== undefined) return { places, end, problem: headerProblem };
    const length = header.readUInt32LE(8);
    const record = reader.peek(Math.min(RECORD_HEADER_BYTES + length, sizeBytes - end));
    const problem = recordProblem(record, blockNum);
    if (problem !== undefined) return { places, end, problem };
    reader.skip(record.length);
    places.push({ offset: end, length });
    end += record.length;
  }
  return { places, end, problem: undefined };
}

function recordHeaderProblem(record: Buffer, blockNum: number): Problem | undefined {
  if (record.length < RECORD_HEADER_BYTES) {
    return { expected: `a record header of ${RECORD_HEADER_BYTES} bytes`, actual: `${record.length} bytes` };
  }
  const magic = record.readUInt32LE(0);
  if (magic !== RECORD_MAGIC) return { expected: `record mark ${hex(RECORD_MAGIC)}`, actual: hex(magic) };
  const actual = record.readUInt32LE(4);
  return actual === blockNum ? undefined : { expected: `block ${blockNum}`, actual: `block ${actual}` };
}

function recordChecksum(header: Buffer, payload: Uint8Array): number {
  return crc32(payload, crc32(header.subarray(4, 12)));
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

/** A window over a file that moves forward only; `peek` returns bytes that are valid until the next call. */
class SequentialReader {
  readonly #file: number;
  readonly #end: number;
  #position: number;
  #buffer = Buffer.alloc(SCAN_BUFFER_BYTES);
  #from = 0;
  #to = 0;

  constructor(file: number, position: number, end: number) {
    this.#file = file;
    this.#position = position;
    this.#end = end;
  }

  peek(count: number): Buffer {
    if (this.#to - this.#from < count) this.#fill(count);
    return this.#buffer.subarray(this.#from, Math.min(this.#from + count, this.#to));
  }

  skip(count: number): void {
    this.#from += count;
  }

  #fill(count: number): void {
    const rest = this.#buffer.subarray(this.#from, this.#to);
    const target = count > this.#buffer.length ? Buffer.alloc(count) : this.#buffer;
    rest.copy(target);
    this.#buffer = target;
    this.#from = 0;
    this.#to = rest.length;
    while (this.#to < target.length && this.#position < this.#end) {
      const wanted = Math.min(target.length - this.#to, this.#end - this.#position);
      const got = readSync(this.#file, target, this.#to, wanted, this.#position);
      if (got === 0) break;
      this.#to += got;
      this.#position += got;
    }
  }
}
