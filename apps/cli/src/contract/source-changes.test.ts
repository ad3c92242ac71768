import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SourceChanges } from './source-changes.js';

let folder: string;
let stop: AbortController;
let changes: SourceChanges;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapscale-watch-'));
  mkdirSync(join(folder, 'src'));
  mkdirSync(join(folder, 'build'));
  writeFileSync(join(folder, 'src', 'a.cpp'), 'a');
  stop = new AbortController();
  changes = new SourceChanges(folder, 'build', stop.signal);
});
afterEach(() => {
  stop.abort();
  rmSync(folder, { recursive: true, force: true });
});

test('a file that is written, replaced, and written again', async () => {
  const source = join(folder, 'src', 'a.cpp');
  for (const change of [
    () => appendFileSync(source, 'b'),
    () => {
      writeFileSync(`${source}.tmp`, 'c');
      renameSync(`${source}.tmp`, source);
    },
    () => appendFileSync(source, 'd'),
  ]) {
    change();
    expect(await changes.next()).toBe(true);
  }
});

test('files of a new folder', async () => {
  mkdirSync(join(folder, 'src', 'deep'));
  expect(await changes.next()).toBe(true);
  writeFileSync(join(folder, 'src', 'deep', 'b.hpp'), '');
  expect(await changes.next()).toBe(true);
});

test('what builds and tests write is no change; the end is', async () => {
  writeFileSync(join(folder, 'build', 'a.wasm'), '');
  writeFileSync(join(folder, 'gas-report.json'), '');
  writeFileSync(join(folder, 'src', 'a.cpp~'), '');
  const next = changes.next();
  setTimeout(() => stop.abort(), 150);
  expect(await next).toBe(false);
  expect(await changes.next()).toBe(false);
});

test('a folder that is not there', () => {
  expect(() => new SourceChanges(join(folder, 'nowhere'), 'build', stop.signal)).toThrow('cannot be watched');
});
