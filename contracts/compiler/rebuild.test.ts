import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { ContractCompiler } from './build-contract.js';
import { artifactPath, systemContracts } from './build-system-contracts.js';
import { formatAbi } from './frontend/abi.js';

// The first build on a machine precompiles the SDK, which takes some ten seconds of CPU, more on a busy machine.
const buildMsMax = 240_000;
const compiler = new ContractCompiler({ stepMsMax: buildMsMax });

afterAll(() => compiler.close());

test.each(systemContracts.map((contract) => [contract.name, contract] as const))(
  'the committed files of %s are what its sources build into',
  async (name, contract) => {
    const { wasm, abi, warnings } = await compiler.build(contract);
    expect(warnings).toEqual([]);
    expect(formatAbi(abi)).toBe(readFileSync(artifactPath(name, 'abi'), 'utf8'));
    expect(Buffer.from(wasm).equals(readFileSync(artifactPath(name, 'wasm')))).toBe(true);
  },
  buildMsMax,
);
