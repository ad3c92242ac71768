/** Building the contracts of a project: what the compiler gives, written into `build/`. */
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type {
  BuildResult,
  ContractCompiler,
  ContractProject,
  Diagnostic,
  OutputPaths,
  ProjectContract,
} from '@snapscale/contracts/compiler';
import { CommandError, configurationError, exitCodes } from '../program/failures.js';
import type { Output } from '../program/output.js';
import type { Session } from '../program/session.js';
import { counted } from '../terminal/layout.js';
import { diagnosticLines } from './diagnostics.js';
import { compilerPackage } from './project.js';

/** What is kept beside the code: from what it was built, so that it can be built again and compared. */
export type BuildRecord = {
  readonly contract: string;
  readonly compiler: string;
  readonly standard: string;
  /** Over the names and texts of the project's files that were read. */
  readonly source_hash: string;
  readonly code_hash: string;
  readonly code_bytes: number;
};

/** A contract that was built. */
export type BuiltContract = Pick<BuildResult, 'wasm' | 'abi'> & {
  readonly contract: ProjectContract;
  readonly record: BuildRecord;
  readonly milliseconds: number;
};

/**
 * Does something with a compiler, whose process ends afterwards. What it keeps between builds is in its own folder, or
 * where SNAPSCALE_COMPILER_CACHE says: for installations that users cannot write to.
 */
export async function withCompiler<T>(
  { environment }: Pick<Session, 'environment'>,
  work: (compiler: ContractCompiler) => Promise<T>,
): Promise<T> {
  const { ContractCompiler: Compiler } = await compilerPackage();
  const cacheDir = environment.SNAPSCALE_COMPILER_CACHE;
  const compiler = new Compiler(cacheDir === undefined || cacheDir === '' ? {} : { cacheDir: resolve(cacheDir) });
  try {
    return await work(compiler);
  } finally {
    compiler.close();
  }
}

/** Compiles one contract. Warnings are said. @throws CommandError that shows the errors with their source lines */
export async function compile(
  compiler: ContractCompiler,
  contract: ProjectContract,
  output: Output,
): Promise<BuiltContract> {
  const { BuildError } = await compilerPackage();
  const began = performance.now();
  const stop = output.progress(`Compiling ${contract.name}`, 'first build: preparing the SDK');
  let result: BuildResult;
  try {
    result = await compiler.build(contract);
  } catch (error) {
    if (error instanceof BuildError) throw buildFailure(contract.name, error.diagnostics);
    throw error;
  } finally {
    stop();
  }
  const { wasm, abi, warnings } = result;
  for (const warning of warnings) output.warn(diagnosticLines([warning]).join('\n'));
  const record = {
    contract: contract.name,
    compiler: result.compilerId,
    standard: contract.standard,
    source_hash: result.sourceHash,
    code_hash: result.codeHash,
    code_bytes: wasm.length,
  };
  return { wasm, abi, contract, record, milliseconds: performance.now() - began };
}

/** Compiles one contract and writes what it built into. @throws CommandError */
export async function buildInto(
  compiler: ContractCompiler,
  project: ContractProject,
  contract: ProjectContract,
  output: Output,
): Promise<BuiltContract & { readonly paths: OutputPaths }> {
  const { formatAbi, outputPaths } = await compilerPackage();
  const built = await compile(compiler, contract, output);
  const paths = outputPaths(project, contract.name);
  try {
    const folder = dirname(paths.wasm);
    mkdirSync(folder, { recursive: true });
    if (lstatSync(folder).isSymbolicLink()) throw new Error(`${folder} is a symbolic link`);
    replaceFile(paths.wasm, built.wasm);
    replaceFile(paths.abi, formatAbi(built.abi));
    replaceFile(paths.record, `${JSON.stringify(built.record, null, 2)}\n`);
  } catch (error) {
    throw configurationError(
      `the build of ${contract.name} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return { ...built, paths };
}

/** Whole or not at all, and in the place of a symbolic link: a project of a stranger may hold one to a file of the user's. */
function replaceFile(path: string, content: string | Uint8Array): void {
  const unfinished = `${path}.unfinished`;
  rmSync(unfinished, { force: true });
  try {
    writeFileSync(unfinished, content, { flag: 'wx' });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

/** What the last build of a contract was; undefined where there was none, or its record is unusable. */
export async function lastBuild(project: ContractProject, name: string): Promise<BuildRecord | undefined> {
  const { outputPaths } = await compilerPackage();
  try {
    const record = JSON.parse(readFileSync(outputPaths(project, name).record, 'utf8')) as Partial<BuildRecord> | null;
    const { code_hash: hash, compiler } = record ?? {};
    return typeof hash === 'string' && typeof compiler === 'string' ? (record as BuildRecord) : undefined;
  } catch {
    return undefined;
  }
}

function buildFailure(name: string, diagnostics: readonly Diagnostic[]): CommandError {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return new CommandError(
    'build_failed',
    exitCodes.failed,
    `${name} does not compile: ${counted(errors.length, 'error')}`,
    undefined,
    { lines: diagnosticLines(diagnostics), values: { diagnostics } },
  );
}
