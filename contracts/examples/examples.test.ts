/** Every example compiles without a warning, and passes its own tests, run as its user runs them. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { ContractCompiler, formatAbi, loadContractProject, outputPaths } from '../compiler/index.js';
import { runContractTests } from '../testing/index.js';

const compiler = new ContractCompiler();
afterAll(() => compiler.close());

const here = fileURLToPath(new URL('.', import.meta.url));
const examples = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());

test.each(examples.map(({ name }) => name))(
  '%s',
  async (name) => {
    const project = loadContractProject(join(here, name));
    for (const contract of project.contracts) {
      const { wasm, abi, warnings } = await compiler.build(contract);
      expect(warnings).toEqual([]);
      const paths = outputPaths(project, contract.name);
      mkdirSync(dirname(paths.wasm), { recursive: true });
      writeFileSync(paths.wasm, wasm);
      writeFileSync(paths.abi, formatAbi(abi));
      const undescribed = abi.actions.filter(({ ricardian_contract: text }) => text === '');
      expect(undescribed).toEqual([]);
    }
    const { tests } = await runContractTests(project);
    expect(tests.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(tests.length).toBeGreaterThan(5);
  },
  240_000,
);
