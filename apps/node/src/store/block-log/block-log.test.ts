import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreCorruption, StoreFailure } from '../failures.js';
import { BlockLog } from './block-log.js';
import { BlockLogReader } from './block-log-reader.js';

/** A block's bytes that depend on number and fork, of varying length (0 too). */
const payload = (blockNum: number, fork = 0) =>
  new Uint8Array((blockNum * 37 + fork * 11) % 90).fill((blockNum + fork * 100) & 0xff);

describe('BlockLog', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'log-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const open = (options: { finalBlockNum?: number; segmentBytesMax?: number; mayLag?: boolean } = {}) =>
    BlockLog.open(directory, { finalBlockNum: 0, segmentBytesMax: 400, ...options });
  const segmentCount = () => readdirSync(directory).filter((name) => name.endsWith('.log')).length;
  const fill = async (log: BlockLog, from: number, to: number, fork = 0) => {
    for (let blockNum = from; blockNum <= to; blockNum++) log.append(blockNum, payload(blockNum, fork));
    await log.flush();
  };

  it('reads queued and flushed blocks alike, over segments and after reopening', async () => {
    const log = open();
    expect([log.firstBlockNum, log.lastBlockNum, log.readSync(5)]).toEqual([undefined, undefined, undefined]);
    await fill(log, 5, 60);
    log.append(61, payload(61));
    for (let blockNum = 5; blockNum <= 61; blockNum++) {
      expect(log.readSync(blockNum)).toEqual(payload(blockNum));
      expect(await log.read(blockNum)).toEqual(payload(blockNum));
    }
    expect([log.readSync(4), log.readSync(62), await log.read(62)]).toEqual([undefined, undefined, undefined]);
    expect(segmentCount()).toBeGreaterThan(4);
    await log.close();
    const again = open();
    expect([again.firstBlockNum, again.lastBlockNum, again.cut]).toEqual([5, 61, undefined]);
    expect([...again.blocks(50)].map(({ blockNum }) => blockNum)).toEqual([
      50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61,
    ]);
    await fill(again, 62, 63);
    expect(again.readSync(63)).toEqual(payload(63));
    await again.close();
  });

  it('returns ranges in order, cut at segment ends', async () => {
    const log = open();
    await fill(log, 1, 40);
    const blocks = [];
    for (let at = 1; at <= 40; at += 0) {
      const part = await log.readRange(at, 38);
      if (part.length === 0) break;
      blocks.push(...part);
      at += part.length;
    }
    expect(blocks).toEqual(Array.from({ length: 38 }, (_, i) => ({ blockNum: i + 1, bytes: payload(i + 1) })));
    expect(await log.readRange(10, 9)).toEqual([]);
    await log.close();
  });

  it('bounds a range read by bytes but returns at least one record', async () => {
    const log = open({ segmentBytesMax: 64 << 20 });
    for (let blockNum = 1; blockNum <= 4; blockNum++) log.append(blockNum, new Uint8Array(3 << 20).fill(blockNum));
    log.append(5, new Uint8Array(9 << 20));
    await log.flush();
    expect((await log.readRange(1, 5)).map(({ blockNum }) => blockNum)).toEqual([1]);
    expect((await log.readRange(5, 5))[0]?.bytes.length).toBe(9 << 20);
    await log.close();
  });

  it('refuses numbers out of order, and use after close', async () => {
    const log = open();
    await fill(log, 7, 8);
    expect(() => log.append(10, payload(10))).toThrow('block 9 is next');
    expect(() => log.append(8, payload(8))).toThrow('block 9 is next');
    await log.close();
    expect(() => log.append(9, payload(9))).toThrow('is closed');
  });

  it('is unusable after the disk has refused, until it is opened again', async () => {
    const log = open({ segmentBytesMax: 100 });
    await fill(log, 1, 3);
    rmSync(directory, { recursive: true });
    log.append(4, payload(4));
    log.append(5, payload(5));
    await expect(log.flush()).rejects.toThrow(StoreFailure);
    expect(() => log.append(6, payload(6))).toThrow(`cannot write to ${directory}`);
    await expect(log.flush()).rejects.toThrow(StoreFailure);
    await log.close();
  });

  it('truncates for forks: flushed, queued and being written', async () => {
    const log = open();
    await fill(log, 1, 30);
    await log.truncateAfter(11);
    expect([log.lastBlockNum, log.readSync(12), log.readSync(11)]).toEqual([11, undefined, payload(11)]);
    await fill(log, 12, 14, 1);
    log.append(15, payload(15, 1));
    const flushing = log.flush();
    log.append(16, payload(16, 1));
    const truncating = log.truncateAfter(13);
    log.append(14, payload(14, 2));
    log.append(15, payload(15, 2));
    expect(log.readSync(14)).toEqual(payload(14, 2));
    await Promise.all([flushing, truncating, log.flush()]);
    expect(log.readSync(15)).toEqual(payload(15, 2));
    await log.close();
    const again = open({ finalBlockNum: 15 });
    expect([again.lastBlockNum, again.cut]).toEqual([15, undefined]);
    expect(again.readSync(13)).toEqual(payload(13, 1));
    expect(again.readSync(14)).toEqual(payload(14, 2));
    await again.truncateAfter(-1);
    expect([again.firstBlockNum, again.lastBlockNum, again.readSync(1)]).toEqual([undefined, undefined, undefined]);
    await fill(again, 100, 101);
    await again.close();
    expect(readdirSync(directory)).toEqual(['0000000100.index', '0000000100.log']);
  });

  it('prunes whole segments and keeps the last', async () => {
    const log = open();
    await fill(log, 1, 40);
    const first = await log.prune(20);
    expect(first).toBeGreaterThan(1);
    expect(first).toBeLessThanOrEqual(20);
    expect([log.readSync(first! - 1), log.readSync(first!)]).toEqual([undefined, payload(first!)]);
    await log.prune(1000);
    expect(segmentCount()).toBe(1);
    expect(log.readSync(40)).toEqual(payload(40));
    await log.close();
    const again = open({ finalBlockNum: 40 });
    expect(again.lastBlockNum).toBe(40);
    await again.close();
  });

  it('refuses a log that does not reach the final block, unless it may lag', async () => {
    const log = open();
    await fill(log, 10, 20);
    await log.close();
    expect(() => open({ finalBlockNum: 21 })).toThrow(StoreCorruption);
    expect(() => open({ finalBlockNum: 21 })).toThrow('blocks that reach the final block 21, found blocks 10 to 20');
    expect(() => open({ finalBlockNum: 8 })).toThrow(StoreCorruption);
    await open({ finalBlockNum: 9 }).close();
    const lagging = open({ finalBlockNum: 50, mayLag: true });
    expect(lagging.lastBlockNum).toBe(20);
    await lagging.close();
    rmSync(directory, { recursive: true });
    await open({ finalBlockNum: 50 }).close();
  });

  it('a reader elsewhere follows growth, forks and pruning', async () => {
    const reader = BlockLogReader.open(directory);
    expect([reader.firstBlockNum, reader.lastBlockNum, reader.readSync(1)]).toEqual([undefined, undefined, undefined]);
    const log = open();
    await fill(log, 1, 3);
    expect([reader.firstBlockNum, reader.lastBlockNum]).toEqual([1, 3]);
    log.append(4, payload(4));
    expect(reader.readSync(4)).toBeUndefined();
    await log.flush();
    expect(reader.readSync(4)).toEqual(payload(4));
    await fill(log, 5, 40);
    expect(reader.lastBlockNum).toBe(40);
    expect(await reader.read(33)).toEqual(payload(33));
    await log.truncateAfter(20);
    expect([reader.readSync(33), reader.lastBlockNum]).toEqual([undefined, 20]);
    await fill(log, 21, 45, 1);
    expect(await reader.read(33)).toEqual(payload(33, 1));
    expect(reader.readSync(45)).toEqual(payload(45, 1));
    const first = await log.prune(30);
    expect(reader.firstBlockNum).toBe(first);
    expect(reader.readSync(first! - 1)).toBeUndefined();
    expect(reader.readSync(first!)).toEqual(payload(first!, first! > 20 ? 1 : 0));
    await log.truncateAfter(-1);
    expect([reader.firstBlockNum, reader.lastBlockNum, await reader.readRange(30, 33)]).toEqual([
      undefined,
      undefined,
      [],
    ]);
    reader.close();
    await log.close();
  });

  it('agrees with an array over random operations and reopenings', async () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 9 }) }),
      },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('flush' as const), wait: fc.boolean() }) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('truncate' as const),
          back: fc.integer({ min: 0, max: 14 }),
          wait: fc.boolean(),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        rmSync(directory, { recursive: true, force: true });
        let log = open();
        let model: Uint8Array[] = [];
        let fork = 0;
        const waiting: Promise<unknown>[] = [];
        for (const operation of steps) {
          if (operation.kind === 'append') {
            for (let i = 0; i < operation.count; i++) {
              model.push(payload(model.length + 1, ++fork));
              log.append(model.length, model.at(-1)!);
            }
          } else if (operation.kind === 'flush') {
            waiting.push(log.flush());
            if (operation.wait) await waiting.at(-1);
          } else if (operation.kind === 'truncate') {
            model = model.slice(0, Math.max(0, model.length - operation.back));
            waiting.push(log.truncateAfter(model.length));
            if (operation.wait) await waiting.at(-1);
          } else {
            await log.close();
            log = open();
            expect(log.cut).toBeUndefined();
          }
          expect(log.lastBlockNum ?? 0).toBe(model.length);
          for (let i = 0; i <= model.length; i++) expect(log.readSync(i + 1)).toEqual(model[i]);
        }
        await Promise.all(waiting);
        await log.close();
        const again = open({ finalBlockNum: model.length });
        for (let i = 0; i <= model.length; i++) expect(again.readSync(i + 1)).toEqual(model[i]);
        await again.close();
      }),
      { numRuns: 60 },
    );
  });
});
