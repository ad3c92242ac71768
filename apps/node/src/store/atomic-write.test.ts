import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic, writeFileAtomicSync } from './atomic-write.js';
import { StoreFailure } from './failures.js';

describe.each([
  ['writeFileAtomicSync', async (path: string, bytes: Uint8Array) => writeFileAtomicSync(path, bytes)],
  ['writeFileAtomic', writeFileAtomic],
] as const)('%s', (_name, write) => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'atomic-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('creates and replaces a file and leaves nothing beside it', async () => {
    const path = join(directory, 'record');
    await write(path, new Uint8Array([1, 2, 3]));
    await write(path, new Uint8Array(100_000).fill(7));
    await write(path, new Uint8Array(0));
    await write(path, new Uint8Array([4]));
    expect([...readFileSync(path)]).toEqual([4]);
    expect(readdirSync(directory)).toEqual(['record']);
  });

  it('keeps the old content when it cannot replace it', async () => {
    const target = join(directory, 'occupied');
    mkdirSync(target);
    writeFileSync(join(target, 'x'), 'x');
    await expect(write(target, new Uint8Array([1]))).rejects.toThrow(StoreFailure);
    await expect(write(join(directory, 'no', 'such'), new Uint8Array([1]))).rejects.toThrow('cannot write');
    expect(readdirSync(directory)).toEqual(['occupied']);
    expect(readFileSync(join(target, 'x'), 'utf8')).toBe('x');
  });
});
