/** A contract that nests as deeply as the chain allows, with the largest frames, has enough stack where its tests run. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { applyFunction, assemble } from '../../../packages/execution/src/wasm/testing/assembler.js';
import { loadContractProject } from '../../compiler/project-file.js';
import { runContractTests } from './run-tests.js';

const directory = mkdtempSync(join(tmpdir(), 'snapscale-deep-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const LEVELS = 240;
const locals = Array(1000).fill('i64').join(' ');

const code = assemble({
  imports: { read_action_data: 'i32 i32>i32' },
  memory: { initial: 1, maximum: undefined },
  functions: [
    { params: 'i32', locals, code: 'local.get 0 if local.get 0 i32.const 1 i32.sub call 1 end' },
    applyFunction('i32.const 0 i32.const 4 call 0 drop i32.const 0 i32.load call 1'),
  ],
});
const abi = {
  version: 'eosio::abi/1.2',
  structs: [{ name: 'dive', base: '', fields: [{ name: 'levels', type: 'uint32' }] }],
  actions: [{ name: 'dive', type: 'dive', ricardian_contract: '' }],
};
const test = `
import { test } from 'node:test';
import { ContractTest, loadBuilt } from '@snapscale/contracts/testing';

test('dive', async () => {
  const chain = await ContractTest.start({ accounts: ['alice'] });
  chain.deploy('deep', loadBuilt('.'));
  chain.rows('deep', [
    ['dive', 'alice', { levels: ${LEVELS} }, 'ok'],
    ['dive', 'alice', { levels: 1000 }, { code: 'wasm_execution_error' }],
  ]);
});
`;

it('runs', async () => {
  for (const folder of ['build', 'src', 'tests']) mkdirSync(join(directory, folder));
  writeFileSync(join(directory, 'snapscale.json'), '{ "contract": "deep" }');
  writeFileSync(join(directory, 'src', 'deep.cpp'), '// built already\n');
  writeFileSync(join(directory, 'build', 'deep.wasm'), code);
  writeFileSync(join(directory, 'build', 'deep.abi'), JSON.stringify(abi));
  writeFileSync(join(directory, 'tests', 'deep.test.ts'), test);
  const { tests } = await runContractTests(loadContractProject(directory));
  expect(tests.map(({ outcome, message }) => [outcome, message])).toEqual([['passed', undefined]]);
});
