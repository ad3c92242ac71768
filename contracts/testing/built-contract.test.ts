import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { editorPaths, loadBuilt, systemContract } from './index.js';

const directory = mkdtempSync(join(tmpdir(), 'snapscale-built-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('says how to get what was not built', () => {
  mkdirSync(join(directory, 'src'));
  for (const name of ['one', 'two']) writeFileSync(join(directory, 'src', `${name}.cpp`), '');
  writeFileSync(join(directory, 'snapscale.json'), '{ "contracts": { "one": {}, "two": {} } }');
  expect(() => loadBuilt(directory)).toThrow('has several contracts, name one: one, two');
  expect(() => loadBuilt(directory, 'three')).toThrow('has no contract three, but one, two');
  expect(() => loadBuilt(directory, 'two')).toThrow(/two\.wasm is missing: run snapscale contract build/);
  mkdirSync(join(directory, 'build'));
  writeFileSync(join(directory, 'build', 'two.wasm'), '');
  writeFileSync(join(directory, 'build', 'two.abi'), '{ "version": ');
  expect(() => loadBuilt(directory, 'two')).toThrow(SyntaxError);
});

it('knows the contracts that the chain starts with', () => {
  expect(systemContract('eosio.token').abi.actions).not.toHaveLength(0);
  expect(() => systemContract('eosio.nothing')).toThrow('it is not one of the system contracts');
});

it('tells editors where its types are', () => {
  for (const [path] of Object.values(editorPaths())) expect(existsSync(path!)).toBe(true);
});
