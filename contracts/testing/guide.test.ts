/** The example of the guide passes, run as its reader runs it. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { contractsRoot } from '../compiler/contracts-root.js';
import { loadContractProject } from '../compiler/project-file.js';
import { runContractTests } from './runner/run-tests.js';

const directory = mkdtempSync(join(tmpdir(), 'snapscale-guide-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('docs/guides/test-a-contract.md', async () => {
  const guide = readFileSync(join(contractsRoot, '..', 'docs', 'guides', 'test-a-contract.md'), 'utf8');
  const example = /```ts\n(.*?)```/s.exec(guide)![1]!;
  for (const folder of ['build', 'src', 'tests']) mkdirSync(join(directory, folder));
  writeFileSync(join(directory, 'snapscale.json'), '{ "contract": "token" }');
  writeFileSync(join(directory, 'src', 'token.cpp'), '// built already\n');
  writeFileSync(join(directory, 'tests', 'token.test.ts'), example);
  for (const kind of ['wasm', 'abi']) {
    const artifact = join(contractsRoot, 'system', 'artifacts', `eosio.token.${kind}`);
    copyFileSync(artifact, join(directory, 'build', `token.${kind}`));
  }
  const { tests, gas } = await runContractTests(loadContractProject(directory));
  expect(tests.map(({ path, outcome, message }) => [path.join(), outcome, message])).toEqual([
    ['transfers, and what is refused', 'passed', undefined],
    ['who pays for a new balance', 'passed', undefined],
    ['two futures of one past', 'passed', undefined],
  ]);
  expect(gas.map(({ row }) => row.action)).toEqual(['token::create', 'token::issue', 'token::transfer']);
});
