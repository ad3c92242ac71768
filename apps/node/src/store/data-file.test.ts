import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkDataFile } from './data-file.js';
import { StoreCorruption } from './failures.js';
import { StateStore } from './state-store.js';

const directory = mkdtempSync(join(tmpdir(), 'data-file-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('accepts what LMDB wrote, and refuses it when its end or its meta pages are missing', async () => {
  const store = StateStore.open(directory, { mapSizeBytes: 1 << 26 });
  const changes = new Map(Array.from({ length: 500 }, (_, i) => [`k${i}`, new Uint8Array(100).fill(i)]));
  await store.commit({
    blockNum: 1,
    blockId: new Uint8Array(32),
    changes,
    buckets: new Map(),
    root: new Uint8Array(0),
  });
  await store.close();
  const path = join(directory, 'data.mdb');
  const whole = readFileSync(path);
  expect(() => checkDataFile(path)).not.toThrow();

  truncateSync(path, whole.length - 4096);
  expect(() => checkDataFile(path)).toThrow(StoreCorruption);
  expect(() => StateStore.open(directory)).toThrow(/data\.mdb/);

  writeFileSync(path, Buffer.alloc(whole.length));
  expect(() => checkDataFile(path)).toThrow(/a meta page of LMDB/);
  expect(() => checkDataFile(join(directory, 'missing.mdb'))).not.toThrow();
});
