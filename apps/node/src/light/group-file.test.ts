import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@snapscale/crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { groupFile } from './group-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'groups-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const roots = [1, 2, 3].map((byte) => sha256(Uint8Array.of(byte)));
const path = () => join(folder, 'light', 'groups-7');

function filled(): Buffer {
  const store = groupFile(folder, 7);
  for (const root of roots) store.append(root);
  return readFileSync(path());
}

it('gives back what was appended', () => {
  expect(groupFile(folder, 7).roots).toEqual([]);
  filled();
  const again = groupFile(folder, 7);
  expect(again).toMatchObject({ first: 7, roots });
  again.append(roots[0]!);
  expect(groupFile(folder, 7).roots).toEqual([...roots, roots[0]]);
  // A node that began elsewhere does not take them for its own.
  expect(groupFile(folder, 0).roots).toEqual([]);
});

it('cuts off what is torn or damaged, and goes on from there', () => {
  const bytes = filled();
  for (let end = 0; end <= bytes.length; end++) {
    writeFileSync(path(), bytes.subarray(0, end));
    expect(groupFile(folder, 7).roots).toEqual(roots.slice(0, Math.floor(end / 40)));
  }
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 1;
    writeFileSync(path(), damaged);
    const store = groupFile(folder, 7);
    expect(store.roots).toEqual(roots.slice(0, Math.floor(at / 40)));
    for (const root of roots.slice(store.roots.length)) store.append(root);
    expect(readFileSync(path())).toEqual(bytes);
  }
});

it('goes on without the disk, and leaves no gap in the file', () => {
  writeFileSync(join(folder, 'light'), 'a file in the way');
  const store = groupFile(folder, 7);
  for (const root of roots) {
    store.append(root);
    rmSync(join(folder, 'light'), { force: true });
  }
  expect(store.roots).toEqual(roots);
  expect(groupFile(folder, 7).roots).toEqual([]);
});
