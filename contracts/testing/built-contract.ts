/** Contracts that tests deploy: compiled now, or built before. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize } from 'node:v8';
import { type Abi, parseAbi } from '@snapscale/protocol';
import { type BuildOptions, ContractCompiler } from '../compiler/build-contract.js';
import { contractsRoot } from '../compiler/contracts-root.js';
import type { InstrumentedCode } from '../compiler/debug/instrument.js';
import { buildFolderName, type ContractProject, loadContractProject, outputPaths } from '../compiler/project-file.js';

/** A contract, ready to be deployed. */
export type BuiltContract = {
  readonly wasm: Uint8Array;
  readonly abi: Abi;
  /** The same, telling which lines it runs. */
  readonly debug?: InstrumentedCode | undefined;
};

let compiler: ContractCompiler | undefined;

/** Compiles a contract. One compiler serves a test process; it ends with it. @throws BuildError */
export async function buildForTest(options: BuildOptions): Promise<BuiltContract> {
  compiler ??= new ContractCompiler();
  const { wasm, abi } = await compiler.build(options);
  return { wasm, abi: parseAbi(JSON.parse(JSON.stringify(abi))) };
}

/**
 * What `snapscale contract build` has made of a contract of a project: of the only one, or of the one with this name.
 * @param directory of the project, or a folder in it
 * @throws Error that says how to build it
 */
export function loadBuilt(directory: string, name?: string): BuiltContract {
  const project = loadContractProject(directory);
  const chosen = name ?? (project.contracts.length === 1 ? project.contracts[0]!.name : undefined);
  const names = project.contracts.map((contract) => contract.name);
  if (chosen === undefined)
    throw new Error(`${project.directory} has several contracts, name one: ${names.join(', ')}`);
  if (!names.includes(chosen))
    throw new Error(`${project.directory} has no contract ${chosen}, but ${names.join(', ')}`);
  const built = readBuilt(
    outputPaths(project, chosen),
    `run snapscale contract build; it writes to ${buildFolderName}/`,
  );
  return { ...built, debug: readDebugBuild(project, chosen) };
}

/** Where the runner puts the debug build of a contract for the processes of its tests. */
export function debugBuildPath(folder: string, name: string): string {
  return join(folder, `${name}.debug`);
}

/** The runner says where the debug builds of this run are; without it, lines are not counted. */
function readDebugBuild({ directory }: ContractProject, name: string): InstrumentedCode | undefined {
  const folder = process.env.SNAPSCALE_DEBUG_BUILDS;
  if (folder === undefined || process.env.SNAPSCALE_DEBUG_PROJECT !== directory) return undefined;
  const path = debugBuildPath(folder, name);
  return existsSync(path) ? (deserialize(readFileSync(path)) as InstrumentedCode) : undefined;
}

/** A contract that the chain starts with: `eosio.token`, `eosio.msig` … */
export function systemContract(name: string): BuiltContract {
  const base = join(contractsRoot, 'system', 'artifacts', name);
  return readBuilt({ wasm: `${base}.wasm`, abi: `${base}.abi` }, 'it is not one of the system contracts');
}

function readBuilt({ wasm, abi }: { readonly wasm: string; readonly abi: string }, hint: string): BuiltContract {
  for (const path of [wasm, abi]) if (!existsSync(path)) throw new Error(`${path} is missing: ${hint}`);
  return { wasm: readFileSync(wasm), abi: parseAbi(JSON.parse(readFileSync(abi, 'utf8'))) };
}
