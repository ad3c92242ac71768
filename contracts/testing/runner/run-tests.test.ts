import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContractProject } from '../../compiler/project-file.js';
import { gasReportFile, readGasReport } from '../gas-report.js';
import { runContractTests } from './run-tests.js';

let directory: string;
let project: ContractProject;

const head = `
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ContractTest } from '@snapscale/contracts/testing';
import { pay } from './support.js';
`;

const files: Record<string, string> = {
  'support.ts': `export const pay = (from: string, to: string, quantity: string) => ({ from, to, quantity, memo: '' });`,
  'good.test.ts': `${head}
describe('a token', () => {
  test('moves', async () => {
    const chain = await ContractTest.start({ accounts: ['alice', 'bob'] });
    chain.issue('alice', '5.0000 XST');
    chain.push('eosio.token', 'transfer', 'alice', pay('alice', 'bob', '1.0000 XST'));
    assert.equal(chain.balance('bob'), '1.0000 XST');
    console.log('printed by a test');
  });
  test.skip('later', () => {});
});
`,
  'bad.test.ts': `${head}
test('pays too much', async () => {
  const chain = await ContractTest.start({ accounts: ['alice', 'bob'] });
  chain.issue('alice', '5.0000 XST');
  chain.push('eosio.token', 'transfer', 'alice', pay('alice', 'bob', '9.0000 XST'));
});
`,
  'broken.test.ts': `import { nothing } from './missing.js';\nnothing();\n`,
  'endless.test.ts': `import { test } from 'node:test';\ntest('first', () => {});\ntest('endless', () => { for (;;); });\n`,
};

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'snapscale-runner-'));
  mkdirSync(join(directory, 'tests'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, 'tests', name), text);
  project = { directory, contracts: [] };
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the runner', () => {
  it('runs tests of a folder that has nothing installed, and measures their actions', async () => {
    const printed: string[] = [];
    const { tests, gas, compared } = await runContractTests(project, {
      pattern: 'good',
      updateGas: true,
      printed: (text) => printed.push(text),
    });
    expect(tests.map(({ path, outcome }) => [path.join(' › '), outcome])).toEqual([
      ['a token › moves', 'passed'],
      ['a token › later', 'skipped'],
    ]);
    expect(printed.join('')).toBe('printed by a test\n');
    expect(compared).toBe(false);
    expect(gas.map(({ row }) => row.action)).toContain('eosio.token::transfer');
    expect(readGasReport(join(directory, gasReportFile))).toEqual(gas.map(({ row }) => row));
  });

  it('compares with the report of the last commit', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
        cwd: directory,
        stdio: 'ignore',
      });
    git('init');
    const [first, ...others] = readGasReport(join(directory, gasReportFile))!;
    writeFileSync(
      join(directory, gasReportFile),
      JSON.stringify([{ ...first, gasMedian: first!.gasMedian * 2 }, ...others.slice(0, -1)]),
    );
    git('add', gasReportFile);
    git('commit', '-m', 'report');
    const { gas, compared } = await runContractTests(project, { pattern: 'good' });
    expect(compared).toBe(true);
    expect(gas[0]!.percent).toBe(-50);
    expect(gas[1]!.percent).toBe(0);
    expect(gas.at(-1)!.percent).toBeUndefined();
  });

  it('keeps what a run of some files did not measure, and everything when a test fails', async () => {
    const path = join(directory, gasReportFile);
    const other = { ...readGasReport(path)![0]!, action: 'other::action' };
    writeFileSync(path, JSON.stringify([other]));
    await runContractTests(project, { pattern: 'bad', updateGas: true });
    expect(readGasReport(path)).toEqual([other]);
    const { gas } = await runContractTests(project, { pattern: 'good', updateGas: true });
    expect(readGasReport(path)).toHaveLength(gas.length + 1);
    expect(readGasReport(path)).toContainEqual(other);
  });

  it('says what failed, and where', async () => {
    const { tests } = await runContractTests(project, { pattern: 'bad' });
    expect(tests).toMatchObject([{ outcome: 'failed', place: 'tests/bad.test.ts:10' }]);
    expect(tests[0]!.message).toContain('eosio.token::transfer by alice with');
    expect(tests[0]!.message).toContain('overdrawn balance');
  });

  it('says why a file cannot be run', async () => {
    const { tests } = await runContractTests(project, { pattern: 'broken' });
    expect(tests).toHaveLength(1);
    expect(tests[0]).toMatchObject({ file: 'tests/broken.test.ts', outcome: 'failed' });
    expect(tests[0]!.message).toContain('missing.js');
  });

  it('ends a file that does not end', async () => {
    const { tests } = await runContractTests(project, { pattern: 'endless', fileMsMax: 3000 });
    expect(tests.at(-1)).toMatchObject({ outcome: 'failed', message: expect.stringContaining('ended after 3 s') });
  });
});
