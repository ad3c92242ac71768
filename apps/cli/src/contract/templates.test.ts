/** Every template, under another name than its own, as `contract new` makes it: it builds, and its tests pass. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ContractCompiler, formatAbi, loadContractProject, outputPaths } from '@snapscale/contracts/compiler';
import { runContractTests } from '@snapscale/contracts/testing';
import { parseName } from '@snapscale/protocol';
import { afterAll, expect, test } from 'vitest';
import { filesOf } from './new.js';
import { templates } from './templates.js';

const BUILD_MS_MAX = 240_000;
const folder = mkdtempSync(join(tmpdir(), 'snapscale-templates-'));
const compiler = new ContractCompiler({ stepMsMax: BUILD_MS_MAX });

afterAll(() => {
  compiler.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each(templates.map((template) => [template.name, template] as const))(
  '%s',
  async (kind, template) => {
    const name = `my.${kind}`;
    const directory = join(folder, kind);
    for (const { path, text } of await filesOf(template, name)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    const project = loadContractProject(directory);
    const { wasm, abi, warnings } = await compiler.build(project.contracts[0]!);
    expect(warnings).toEqual([]);
    // Who signs an action can read what it does.
    for (const action of abi.actions) expect(action.ricardian_contract, action.name).toContain('title: ');
    const [action = ''] = template.call(name).split(' ');
    expect(abi.actions.map((one) => one.name)).toContain(action);
    expect(() => parseName(name)).not.toThrow();

    const paths = outputPaths(project, name);
    mkdirSync(dirname(paths.wasm));
    writeFileSync(paths.wasm, wasm);
    writeFileSync(paths.abi, formatAbi(abi));
    const { tests, gas } = await runContractTests(project);
    const failed = tests.filter(({ outcome }) => outcome !== 'passed');
    expect(failed.map(({ path, message }) => `${path.join(' › ')}: ${message}`)).toEqual([]);
    // Each action is run by a test that expects it to succeed; those that only read are not measured.
    const source = readFileSync(project.contracts[0]!.sources[0]!, 'utf8');
    const changing = abi.actions.map((one) => one.name).filter((one) => !isReadOnly(source, one));
    expect(gas.map(({ row }) => row.action)).toEqual(expect.arrayContaining(changing.map((one) => `${name}::${one}`)));
  },
  BUILD_MS_MAX,
);

function isReadOnly(source: string, action: string): boolean {
  return new RegExp(`read_only\\]\\] [\\w:]+ ${action}\\(`).test(source);
}
