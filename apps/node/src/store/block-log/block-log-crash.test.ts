import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StoreCorruption } from '../failures.js';
import { BlockLog } from './block-log.js';
import { segmentPath } from './block-log-format.js';
import { BlockLogReader } from './block-log-reader.js';

const BLOCKS = 12;
const payload = (blockNum: number) => new Uint8Array(20 + blockNum).fill(0x40 + blockNum);
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Two segments: blocks 1–8 and 9–12. */
describe('a damaged block log', () => {
  let root: string;
  let pristine: string;
  let directory: string;
  let second: string;
  let starts: number[];

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'log-crash-'));
    pristine = join(root, 'pristine');
    const log = BlockLog.open(pristine, { finalBlockNum: 0, segmentBytesMax: 320 });
    for (let blockNum = 1; blockNum <= BLOCKS; blockNum++) log.append(blockNum, payload(blockNum));
    await log.close();
    starts = readdirSync(pristine)
      .filter((name) => name.endsWith('.log'))
      .map((name) => Number(name.slice(0, 10)));
    expect(starts).toEqual([1, 9]);
  });
  beforeEach(() => {
    directory = join(root, 'damaged');
    rmSync(directory, { recursive: true, force: true });
    cpSync(pristine, directory, { recursive: true });
    second = segmentPath(directory, 9);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const restore = () => {
    rmSync(directory, { recursive: true, force: true });
    cpSync(pristine, directory, { recursive: true });
  };
  const intactUpTo = async (last: number, finalBlockNum: number) => {
    const log = BlockLog.open(directory, { finalBlockNum, segmentBytesMax: 320 });
    expect(log.lastBlockNum).toBe(last);
    for (let blockNum = 1; blockNum <= last; blockNum++) expect(log.readSync(blockNum)).toEqual(payload(blockNum));
    for (let blockNum = last + 1; blockNum <= BLOCKS; blockNum++) log.append(blockNum, payload(blockNum));
    await log.close();
    const again = BlockLog.open(directory, { finalBlockNum: BLOCKS });
    expect([again.cut, again.lastBlockNum]).toEqual([undefined, BLOCKS]);
    for (let blockNum = 1; blockNum <= BLOCKS; blockNum++) expect(again.readSync(blockNum)).toEqual(payload(blockNum));
    await again.close();
    return log.cut;
  };

  it('torn at every byte of the last record: cut off when not final, refused when final', async () => {
    const size = statSync(second).size;
    const recordBytes = 16 + payload(BLOCKS).length;
    for (const missing of range(recordBytes).map((i) => i + 1)) {
      restore();
      truncateSync(second, size - missing);
      if (missing < recordBytes) {
        const open = () => BlockLog.open(directory, { finalBlockNum: BLOCKS });
        expect(open).toThrow(StoreCorruption);
        expect(open).toThrow(
          `record of block ${BLOCKS}, which is final, is corrupt in ${second} at offset ${size - recordBytes}`,
        );
      } else {
        expect(() => BlockLog.open(directory, { finalBlockNum: BLOCKS })).toThrow('reach the final block');
      }
      expect(statSync(second).size).toBe(size - missing);
      const cut = await intactUpTo(BLOCKS - 1, BLOCKS - 1);
      if (missing < recordBytes) {
        expect(cut).toMatchObject({ blockNum: BLOCKS, file: second, bytes: recordBytes - missing });
      }
    }
  });

  it('a tail of zeros or of foreign bytes is cut off', async () => {
    for (const tail of [new Uint8Array(3), new Uint8Array(5000), new Uint8Array(40).fill(0xff)]) {
      restore();
      const bytes = readFileSync(second);
      writeFileSync(second, Buffer.concat([bytes, tail]));
      expect(await intactUpTo(BLOCKS, BLOCKS)).toMatchObject({ blockNum: BLOCKS + 1, bytes: tail.length });
    }
  });

  it('any byte changed in the last segment is found at opening', async () => {
    const bytes = readFileSync(second);
    for (const at of range(bytes.length)) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << (at % 8);
      writeFileSync(second, damaged);
      expect(() => BlockLog.open(directory, { finalBlockNum: BLOCKS })).toThrow(StoreCorruption);
    }
    const damaged = Buffer.from(bytes);
    damaged[bytes.length - 1]! ^= 1;
    writeFileSync(second, damaged);
    const cut = await intactUpTo(BLOCKS - 1, 11);
    expect(cut?.reason).toMatch(/expected checksum 0x[0-9a-f]{8}, found 0x[0-9a-f]{8}/);
  });

  it('any byte changed in the middle is found when its record is read, and only there', async () => {
    const first = segmentPath(directory, 1);
    const bytes = readFileSync(first);
    const log = BlockLog.open(directory, { finalBlockNum: BLOCKS });
    const reader = BlockLogReader.open(directory);
    for (const at of range(bytes.length).slice(16)) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << (at % 8);
      writeFileSync(first, damaged);
      let failures = 0;
      for (let blockNum = 1; blockNum <= 8; blockNum++) {
        for (const read of [() => log.readSync(blockNum), () => reader.readSync(blockNum)]) {
          try {
            expect(read()).toEqual(payload(blockNum));
          } catch (error) {
            expect(error).toBeInstanceOf(StoreCorruption);
            expect((error as Error).message).toContain(
              `the record of block ${blockNum} is corrupt in ${first} at offset`,
            );
            failures++;
          }
        }
      }
      expect(failures).toBe(2);
      await expect(log.readRange(1, 8)).rejects.toThrow(StoreCorruption);
      await expect(reader.readRange(1, 8)).rejects.toThrow(StoreCorruption);
    }
    await log.close();
    reader.close();
  });

  it('indexes are rebuilt when missing, short or wrong', async () => {
    for (const start of starts) {
      const index = join(directory, `${String(start).padStart(10, '0')}.index`);
      for (const damage of [
        () => rmSync(index),
        () => truncateSync(index, 5),
        () => truncateSync(index, 8000),
        () => writeFileSync(index, new Uint8Array(16).fill(9)),
      ]) {
        restore();
        damage();
        expect(await intactUpTo(BLOCKS, BLOCKS)).toBeUndefined();
      }
    }
  });

  it('says which index entry is wrong when that appears only on reading', () => {
    const index = join(directory, '0000000001.index');
    const bytes = readFileSync(index);
    const damaged = Buffer.from(bytes);
    damaged.fill(0xff, 8, 16);
    writeFileSync(index, damaged);
    const reader = BlockLogReader.open(directory);
    expect(() => reader.readSync(2)).toThrow(`the index entry of block 2 is corrupt in ${index} at offset 8`);
    expect(reader.readSync(1)).toEqual(payload(1));
    reader.close();
  });

  it('a torn new segment and a missing segment', async () => {
    for (const bytes of range(16)) {
      restore();
      truncateSync(second, bytes);
      expect(() => BlockLog.open(directory, { finalBlockNum: 9 })).toThrow('block 9, which is final,');
      expect(await intactUpTo(8, 8)).toMatchObject({ blockNum: 9, bytes });
    }
    restore();
    truncateSync(second, 16);
    expect(await intactUpTo(8, 8)).toBeUndefined();
    restore();
    truncateSync(segmentPath(directory, 1), 100);
    rmSync(join(directory, '0000000001.index'));
    expect(() => BlockLog.open(directory, { finalBlockNum: 8 })).toThrow('which is final,');
    expect(await intactUpTo(2, 2)).toMatchObject({ blockNum: 3, file: segmentPath(directory, 1) });
    restore();
    rmSync(segmentPath(directory, 1));
    expect(() => BlockLog.open(directory, { finalBlockNum: 7 })).toThrow('found blocks 9 to 12');
  });
});
