import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { locate } from './contract.js';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'snapscale-contract-')), 'mytoken');
  mkdirSync(folder);
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

function add(...names: readonly string[]): void {
  for (const name of names) writeFileSync(join(folder, name), '');
}
const found = (wasm: string, abi: string) => ({ wasm: join(folder, wasm), abi: join(folder, abi) });

test('the only ones', () => {
  add('a.wasm', 'b.abi', 'README.md');
  expect(locate(folder, undefined, undefined)).toEqual(found('a.wasm', 'b.abi'));
});

test('of several, those that are named as the folder, or as one says', () => {
  add('mytoken.wasm', 'mytoken.abi', 'test.wasm', 'test.abi');
  expect(locate(folder, undefined, undefined)).toEqual(found('mytoken.wasm', 'mytoken.abi'));
  expect(locate(folder, 'test.wasm', 'test.abi')).toEqual(found('test.wasm', 'test.abi'));
});

test('a file instead of the folder', () => {
  add('a.wasm', 'a.abi', 'b.wasm');
  expect(locate(join(folder, 'a.wasm'), undefined, undefined)).toEqual(found('a.wasm', 'a.abi'));
  expect(() => locate(join(folder, 'b.wasm'), undefined, undefined)).toThrow('no ABI beside');
  expect(() => locate(join(folder, 'a.abi'), undefined, undefined)).toThrow('neither a folder nor');
});

test('none, or too many', () => {
  expect(() => locate(folder, undefined, undefined)).toThrow('there is no .wasm file');
  add('a.wasm', 'b.wasm', 'a.abi');
  expect(() => locate(folder, undefined, undefined)).toThrow('several .wasm files');
  expect(() => locate(join(folder, 'nowhere'), undefined, undefined)).toThrow('there is no folder');
});
