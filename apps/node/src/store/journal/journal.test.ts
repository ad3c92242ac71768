import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreCorruption } from '../failures.js';
import { hasJournal, Journal, type JournalRecord } from './journal.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'snapscale-journal-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const block = (number: number, size = 20): JournalRecord => ({
  kind: 'block',
  number,
  bytes: new Uint8Array(size).fill(number),
});
const safety = (number: number): JournalRecord => ({ kind: 'safety', number, bytes: Uint8Array.of(9, number) });
const open = (fileBytesMax?: number) => Journal.open(directory, fileBytesMax === undefined ? {} : { fileBytesMax });
const files = () => readdirSync(directory).sort();
const numbers = (blocks: readonly Uint8Array[]) => blocks.map((bytes) => bytes[0]);

async function write(...records: readonly JournalRecord[]): Promise<void> {
  const { journal } = await open();
  for (const record of records) journal.append(record);
  await journal.close();
}

describe('a journal', () => {
  it('gives back what was written, in order, and the newest safety record', async () => {
    expect(hasJournal(directory)).toBe(false);
    await write(block(1), safety(1), block(2), safety(2));
    await write(safety(3), block(3));
    const { content, journal } = await open();
    await journal.close();
    expect(numbers(content.blocks)).toEqual([1, 2, 3]);
    expect(content.safety).toEqual(Uint8Array.of(9, 3));
    expect(content.cutBytes).toBe(0);
    expect(hasJournal(directory)).toBe(true);
  });

  it('shares one write between flushes that wait for each other', async () => {
    const { journal } = await open();
    const flushes = [1, 2, 3].map((number) => {
      journal.append(block(number));
      return journal.flush();
    });
    await Promise.all(flushes);
    await journal.close();
    expect(numbers((await open()).content.blocks)).toEqual([1, 2, 3]);
  });

  it('removes files whose blocks are final, and never the newest safety record', async () => {
    const { journal } = await open(100);
    for (let number = 1; number <= 20; number++) {
      journal.append(block(number));
      journal.append(safety(number));
      await journal.flush();
    }
    const before = files().length;
    journal.forget(15);
    expect(files().length).toBeLessThan(before);
    await journal.close();
    const { content } = await open();
    expect(content.safety).toEqual(Uint8Array.of(9, 20));
    expect(numbers(content.blocks)).toEqual(expect.arrayContaining([16, 17, 18, 19, 20]));
    expect(numbers(content.blocks)[0]).toBeGreaterThan(10);
  });

  it('keeps a full file until the next one has the newest safety record, whatever becomes final meanwhile', async () => {
    const { journal } = await open(1);
    const promise = Buffer.alloc(40, 0x5a);
    journal.append({ kind: 'safety', number: 1, bytes: promise });
    journal.append(block(1));
    await journal.flush();
    journal.append(block(2));
    let isWritten = false;
    const written = journal.flush().then(() => {
      isWritten = true;
    });
    while (!isWritten) {
      journal.forget(2);
      const contents = files().map((name) => readFileSync(join(directory, name)));
      expect(contents.some((bytes) => bytes.includes(promise))).toBe(true);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await written;
    journal.forget(2);
    expect(files()).toHaveLength(1);
    await journal.close();
  });

  it('keeps a safety record that stands alone when all blocks are final', async () => {
    await write(safety(7), block(1));
    const { journal } = await open();
    journal.forget(1);
    await journal.close();
    expect((await open()).content.safety).toEqual(Uint8Array.of(9, 7));
  });
});

describe('after a crash', () => {
  const path = () => join(directory, files().at(-1)!);

  it('at every byte of the last write, everything before it is there', async () => {
    await write(block(1), safety(1));
    const whole = readFileSync(path());
    await write(block(2), safety(2));
    const last = readFileSync(path());
    const name = path();
    const tail = last.length;
    for (let length = 0; length <= tail; length++) {
      writeFileSync(name, last.subarray(0, length));
      const { content, journal } = await open();
      await journal.close();
      rmSync(path());
      expect(numbers(content.blocks)[0]).toBe(1);
      expect(content.safety![1]).toBe(length === tail ? 2 : 1);
    }
    expect(whole.length).toBeGreaterThan(0);
  });

  it('zeros that the system had not filled yet are cut off', async () => {
    await write(block(1), safety(1));
    appendFileSync(path(), Buffer.alloc(4096));
    const { content } = await open();
    expect(content.cutBytes).toBe(4096);
    expect(content.safety).toEqual(Uint8Array.of(9, 1));
  });

  it('a damaged record with others behind it is refused, with its place', async () => {
    await write(block(1), safety(1), block(2));
    const bytes = readFileSync(path());
    bytes[30]! ^= 1;
    writeFileSync(path(), bytes);
    await expect(open()).rejects.toThrow(StoreCorruption);
    await expect(open()).rejects.toThrow(/journal at offset 8/);
  });

  it('a file of something else is refused', async () => {
    await write(block(1));
    writeFileSync(path(), 'not a journal at all');
    await expect(open()).rejects.toThrow(/header of a journal/);
    truncateSync(path(), 3);
    expect((await open()).content.cutBytes).toBe(3);
  });
});

it('a record that does not fit is a defect of the caller', async () => {
  const { journal } = await open();
  expect(() => journal.append(block(1, (16 << 20) + 1))).toThrow('does not fit');
  await journal.close();
});
