import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BlockLog } from './block-log.js';
import { encodeRecordHeader, indexPath, segmentPath } from './block-log-format.js';
import { BlockLogReader } from './block-log-reader.js';

const BLOCKS = 12;
const OPTIONS = { finalBlockNum: 0, segmentBytesMax: 320, mayLag: true, mayHaveGaps: true };
const payload = (blockNum: number) => new Uint8Array(20 + blockNum).fill(0x40 + blockNum);
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Two segments: blocks 1–8 and 9–12. Offsets of the second one's records: 16, 61, 107, 154. */
describe('a damaged log that may have gaps', () => {
  let root: string;
  let directory: string;
  let last: string;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'log-salvage-'));
    const log = BlockLog.open(join(root, 'pristine'), OPTIONS);
    for (const num of numbers(1, BLOCKS)) log.append(num, payload(num));
    await log.close();
  });
  beforeEach(() => {
    directory = join(root, 'damaged');
    rmSync(directory, { recursive: true, force: true });
    cpSync(join(root, 'pristine'), directory, { recursive: true });
    last = segmentPath(directory, 9);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const flip = (path: string, ...places: readonly number[]) => {
    const bytes = readFileSync(path);
    for (const at of places) bytes[at]! ^= 0x10;
    writeFileSync(path, bytes);
  };
  /** Opens the log, with what it has lost; it must go on, and be in order when it is opened again. */
  const lostOf = async () => {
    const log = BlockLog.open(directory, OPTIONS);
    const held = (source: { readSync(num: number): Uint8Array | undefined }, to: number) =>
      numbers(1, to).filter((num) => {
        const bytes = source.readSync(num);
        if (bytes !== undefined) expect(bytes).toEqual(payload(num));
        return bytes !== undefined;
      });
    const before = held(log, BLOCKS);
    log.skipTo(BLOCKS + 1);
    const reader = BlockLogReader.open(directory);
    for (const num of numbers(BLOCKS + 1, BLOCKS + 3)) log.append(num, payload(num));
    await log.flush();
    const after = [...before, ...numbers(BLOCKS + 1, BLOCKS + 3)];
    expect(held(reader, BLOCKS + 3)).toEqual(after);
    expect(reader.lastBlockNum).toBe(BLOCKS + 3);
    reader.close();
    await log.close();
    const again = BlockLog.open(directory, OPTIONS);
    expect([again.cut, again.lost]).toEqual([undefined, []]);
    expect(held(again, BLOCKS + 3)).toEqual(after);
    await again.close();
    return { lost: log.lost.map(({ from, to }) => [from, to]), kept: before, log };
  };
  const all = numbers(1, BLOCKS);
  const without = (...gone: readonly number[]) => all.filter((num) => !gone.includes(num));

  it('loses the damaged record alone, wherever the byte is', async () => {
    const size = readFileSync(last).length;
    for (let at = 0; at < size; at += 7) {
      rmSync(directory, { recursive: true, force: true });
      cpSync(join(root, 'pristine'), directory, { recursive: true });
      flip(last, at);
      const { lost, kept, log } = await lostOf();
      if (at < 16) expect([lost, kept]).toEqual([[], all]);
      else if (at < 154) {
        const num = at < 61 ? 9 : at < 107 ? 10 : 11;
        expect([lost, kept]).toEqual([[[num, num]], without(num)]);
        expect(log.lost[0]).toMatchObject({ file: last, reason: expect.stringMatching(/^expected .+, found /) });
      } else {
        expect([lost, kept]).toEqual([[], without(12)]);
        expect(log.cut).toMatchObject({ blockNum: 12, file: last });
      }
    }
  });

  it('loses a damaged record, and all from another on behind which nothing is intact', async () => {
    flip(last, 40, 120);
    truncateSync(last, readFileSync(last).length - 1);
    const { lost, kept, log } = await lostOf();
    expect([lost, kept]).toEqual([[[9, 9]], without(9, 11, 12)]);
    expect(log.cut).toMatchObject({ blockNum: 11, file: segmentPath(directory, 10) });
  });

  it('loses what stands behind the damage when no index tells where it begins', async () => {
    flip(last, 70);
    rmSync(indexPath(directory, 9));
    const { lost, kept, log } = await lostOf();
    expect([lost, kept]).toEqual([[], without(10, 11, 12)]);
    expect(log.cut).toMatchObject({ blockNum: 10 });
  });

  it('takes no record out of the data of a damaged one', async () => {
    const forged = new Uint8Array(4).fill(0xee);
    const bytes = readFileSync(last);
    Buffer.concat([encodeRecordHeader(10, forged), forged]).copy(bytes, 16 + 16);
    writeFileSync(last, bytes);
    expect(await lostOf()).toMatchObject({ lost: [[9, 9]], kept: without(9) });
  });

  it('goes on with what an interrupted salvage has left', async () => {
    const moved = Buffer.concat([readFileSync(last).subarray(0, 16), readFileSync(last).subarray(107)]);
    flip(last, 70);
    writeFileSync(segmentPath(directory, 11), moved.subarray(0, 30));
    expect(await lostOf()).toMatchObject({ lost: [[10, 10]], kept: without(10) });
  });

  it('misses a segment that is gone', async () => {
    rmSync(segmentPath(directory, 1));
    expect(await lostOf()).toMatchObject({ lost: [], kept: numbers(9, 12) });
  });
});
