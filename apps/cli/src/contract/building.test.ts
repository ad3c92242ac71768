import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContractCompiler, ContractProject } from '@snapscale/contracts/compiler';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Output } from '../program/output.js';
import { buildInto } from './building.js';

let folder: string;
let project: ContractProject;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapscale-building-'));
  const directory = join(folder, 'notes');
  mkdirSync(directory);
  project = {
    directory,
    contracts: [{ name: 'notes', root: directory, sources: [], includeDirs: [], standard: 'gnu++17' }],
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const silent = { write: () => true };
const output = new Output({
  stdout: silent,
  stderr: silent,
  environment: {},
  json: false,
  quiet: true,
  noColour: true,
});
const compiler = {
  build: async () => ({
    wasm: Uint8Array.of(0, 97, 115, 109),
    abi: {},
    warnings: [],
    codeHash: 'aa',
    sourceHash: 'bb',
    compilerId: 'cc',
  }),
} as unknown as ContractCompiler;
const build = () => buildInto(compiler, project, project.contracts[0]!, output);

test('writes code, ABI and record, and nothing besides; also over an earlier build', async () => {
  await build();
  const { paths } = await build();
  expect(readdirSync(join(project.directory, 'build')).sort()).toEqual(['notes.abi', 'notes.build.json', 'notes.wasm']);
  expect(readFileSync(paths.wasm)).toEqual(Buffer.from([0, 97, 115, 109]));
  expect(JSON.parse(readFileSync(paths.record, 'utf8'))).toMatchObject({ contract: 'notes', code_hash: 'aa' });
});

test('a link in the place of an output is replaced, and not followed', async () => {
  const precious = join(folder, 'precious');
  writeFileSync(precious, 'mine');
  mkdirSync(join(project.directory, 'build'));
  for (const name of ['notes.wasm', 'notes.wasm.unfinished']) {
    symlinkSync(precious, join(project.directory, 'build', name));
  }
  await build();
  expect(readFileSync(precious, 'utf8')).toBe('mine');
});

test('a folder for outputs that leads out of the project is refused', async () => {
  const outside = join(folder, 'outside');
  mkdirSync(outside);
  symlinkSync(outside, join(project.directory, 'build'));
  await expect(build()).rejects.toThrow('is a symbolic link');
  expect(readdirSync(outside)).toEqual([]);
});

test('what cannot be written says so, and leaves nothing half done', async () => {
  mkdirSync(join(project.directory, 'build', 'notes.abi', 'in the way'), { recursive: true });
  await expect(build()).rejects.toThrow('the build of notes cannot be written');
  expect(existsSync(join(project.directory, 'build', 'notes.abi.unfinished'))).toBe(false);
});
