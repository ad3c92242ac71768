/**
 * Builds the contracts of `contracts/system` into `contracts/system/artifacts`.
 * `node --conditions=source --import tsx contracts/compiler/build-system-contracts.ts [NAME…]`
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, ContractCompiler } from './build-contract.js';
import { contractsRoot } from './contracts-root.js';
import { formatAbi } from './frontend/abi.js';
import { formatDiagnostic } from './frontend/diagnostics.js';

const systemDir = join(contractsRoot, 'system');

/** The system contracts' names, and where their sources are. */
export const systemContracts: readonly BuildOptions[] = [
  contract('eosio', ['governance', 'stake', 'voting', 'producers', 'finalizers', 'duties', 'schedule', 'evidence']),
  contract('eosio.token'),
  contract('eosio.msig'),
  contract('eosio.wrap'),
  contract('snap.ca', ['governance', 'decisions', 'authorities', 'members', 'holders', 'revocations']),
];

/** `files`: its sources, in its folder; one with its own name if not given. */
function contract(name: string, files: readonly string[] = [name]): BuildOptions {
  return { name, sources: files.map((file) => `${systemDir}/${name}/${file}.cpp`) };
}

/** The path of a committed file of a system contract. */
export function artifactPath(name: string, extension: 'wasm' | 'abi'): string {
  return `${systemDir}/artifacts/${name}.${extension}`;
}

async function main(names: readonly string[]): Promise<void> {
  const chosen = systemContracts.filter(({ name }) => names.length === 0 || names.includes(name));
  if (chosen.length < names.length) throw new Error(`known are ${systemContracts.map(({ name }) => name).join(', ')}`);
  const compiler = new ContractCompiler();
  try {
    mkdirSync(`${systemDir}/artifacts`, { recursive: true });
    for (const contract of chosen) {
      const started = performance.now();
      const { wasm, abi, warnings } = await compiler.build(contract);
      for (const warning of warnings) console.warn(formatDiagnostic(warning));
      writeFileSync(artifactPath(contract.name, 'wasm'), wasm);
      writeFileSync(artifactPath(contract.name, 'abi'), formatAbi(abi));
      console.log(`${contract.name}: ${wasm.length} bytes in ${Math.round(performance.now() - started)} ms`);
    }
  } finally {
    compiler.close();
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(process.argv.slice(2));
}
