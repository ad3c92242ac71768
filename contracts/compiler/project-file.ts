/**
 * `snapscale.json`: which contracts a project has, and where the sources of each are.
 *
 * One contract, from `src/NAME.cpp`:    { "contract": "NAME" }
 * Several, or one that has more to say: { "contracts": { "NAME": { "sources": ["src/a.cpp"], "include": ["include"],
 *                                         "standard": "gnu++20" }, "OTHER": {} } }
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, resolve, sep } from 'node:path';
import type { BuildOptions } from './build-contract.js';
import { type CppStandard, cppStandards } from './toolchain.js';

/** A folder that holds a file of this name is a contract project. */
export const projectFileName = 'snapscale.json';

/** Where a project's build output goes. */
export const buildFolderName = 'build';

/** Where a project's tests are, as `*.test.ts`. */
export const testFolderName = 'tests';

/** A contract of a project, as the compiler takes it. Paths are absolute. */
export type ProjectContract = BuildOptions & {
  readonly includeDirs: readonly string[];
  readonly standard: CppStandard;
};

/** A contract project. */
export type ContractProject = {
  /** Absolute path of its folder. */
  readonly directory: string;
  /** In the order of the file; at least one. */
  readonly contracts: readonly ProjectContract[];
};

/** A project that cannot be used; the message says what is wrong in which file, `hint` what to do. */
export class ProjectFileError extends Error {
  override readonly name = 'ProjectFileError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Files that the build of a contract writes. */
export type OutputPaths = { readonly wasm: string; readonly abi: string; readonly record: string };

/** Largest project file that is read. */
const projectFileBytesMax = 64 * 1024;
const contractsMax = 100;

/**
 * Reads the project in `directory`, or in the nearest folder above it that is one.
 * @throws ProjectFileError
 */
export function loadContractProject(directory: string): ContractProject {
  const from = resolve(directory);
  if (!existsSync(from)) throw new ProjectFileError(`there is no folder ${directory}`);
  const found = findProjectDirectory(from);
  if (found === undefined) {
    throw new ProjectFileError(
      `there is no contract project in ${directory}: ${projectFileName} is missing there and in the folders above`,
      'Make one: snapscale contract new NAME',
    );
  }
  const path = join(found, projectFileName);
  const stat = statSync(path);
  // Reading a pipe would wait for ever.
  if (!stat.isFile()) throw new ProjectFileError(`${path} is not a file`);
  if (stat.size > projectFileBytesMax) {
    throw new ProjectFileError(`${path} has more than ${projectFileBytesMax} bytes`);
  }
  return { directory: found, contracts: parseProjectFile(readFileSync(path, 'utf8'), found, path) };
}

/** Where the build of a contract writes. */
export function outputPaths({ directory }: Pick<ContractProject, 'directory'>, name: string): OutputPaths {
  const base = join(directory, buildFolderName, name);
  return { wasm: `${base}.wasm`, abi: `${base}.abi`, record: `${base}.build.json` };
}

/**
 * Reads the text of a project file. Paths in it are relative to `directory` and stay inside it.
 * @param path of the file, for messages
 * @throws ProjectFileError
 */
export function parseProjectFile(text: string, directory: string, path = projectFileName): readonly ProjectContract[] {
  const fail = (message: string, hint?: string): never => {
    throw new ProjectFileError(`${path}: ${message}`, hint);
  };
  const file = parseObject(text, fail);
  onlyKeys(file, ['contract', 'contracts'], 'the file', fail);
  const { contract, contracts } = file;
  if ((contract === undefined) === (contracts === undefined)) {
    return fail('it must have either "contract" or "contracts"', 'As: { "contract": "mycontract" }');
  }
  if (contracts === undefined) {
    if (typeof contract !== 'string') return fail('"contract" must be a name in quotes');
    return [readContract(contract, {}, directory, fail)];
  }
  if (!isObject(contracts)) return fail('"contracts" must be an object of contracts by name');
  const entries = Object.entries(contracts);
  if (entries.length === 0 || entries.length > contractsMax) {
    return fail(`"contracts" must have 1 to ${contractsMax} contracts, not ${entries.length}`);
  }
  return entries.map(([name, settings]) =>
    isObject(settings)
      ? readContract(name, settings, directory, fail)
      : fail(`"${name}" must be an object, as { "sources": ["src/${name}.cpp"] }`),
  );
}

/** Why a text cannot be the name of a contract, which is the name of an account; undefined if it can. */
export function contractNameProblem(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name.length > 12) return `it has ${name.length} characters, and names have at most 12`;
  const odd = /[^a-z1-5.]/.exec(name)?.[0];
  if (odd !== undefined) return `${JSON.stringify(odd)} cannot be in a name: a-z, 1-5 and dots can`;
  if (name.startsWith('.') || name.endsWith('.') || name.includes('..')) return 'dots stand between other characters';
  return undefined;
}

type Fail = (message: string, hint?: string) => never;
type JsonObject = Readonly<Record<string, unknown>>;

function findProjectDirectory(from: string): string | undefined {
  for (let directory = from; ; ) {
    if (existsSync(join(directory, projectFileName))) return directory;
    const above = dirname(directory);
    if (above === directory) return undefined;
    directory = above;
  }
}

function parseObject(text: string, fail: Fail): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  return isObject(value) ? value : fail('it must be a JSON object');
}

function readContract(name: string, settings: JsonObject, directory: string, fail: Fail): ProjectContract {
  const problem = contractNameProblem(name);
  if (problem !== undefined) return fail(`${JSON.stringify(name)} is not the name of a contract: ${problem}`);
  onlyKeys(settings, ['sources', 'include', 'standard'], `"${name}"`, fail);
  const paths = (key: string, otherwise: readonly string[]): string[] => {
    const given = settings[key] ?? otherwise;
    if (!Array.isArray(given) || !given.every((entry): entry is string => typeof entry === 'string' && entry !== '')) {
      return fail(`"${key}" of "${name}" must be a list of paths in quotes`);
    }
    return given.map((entry) => insidePath(directory, entry, fail));
  };
  const sources = paths('sources', [`src/${name}.cpp`]);
  if (sources.length === 0) return fail(`"sources" of "${name}" is empty`);
  const standard = settings.standard ?? 'gnu++17';
  const known = cppStandards.find((one) => one === standard);
  if (known === undefined) return fail(`"standard" of "${name}" must be one of ${cppStandards.join(', ')}`);
  return { name, root: directory, sources, includeDirs: paths('include', []), standard: known };
}

/** What lies outside of the project is not there on another machine, where somebody verifies the build. */
function insidePath(directory: string, path: string, fail: Fail): string {
  const inside = normalize(path);
  if (isAbsolute(path) || inside === '..' || inside.startsWith(`..${sep}`)) {
    return fail(`${JSON.stringify(path)} is outside of the project; paths are relative to ${projectFileName}`);
  }
  return join(directory, inside);
}

function onlyKeys(object: JsonObject, known: readonly string[], what: string, fail: Fail): void {
  const odd = Object.keys(object).find((key) => !known.includes(key));
  if (odd !== undefined) fail(`${what} has ${JSON.stringify(odd)}, which is unknown; known are ${known.join(', ')}`);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
