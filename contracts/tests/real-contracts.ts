/**
 * Compiles contracts that others have written, unchanged, and sets them on a chain in memory, whose checks of code and ABI are
 * those of every node. Says which do not compile or are refused, and why.
 * `node --conditions=source --import tsx contracts/tests/real-contracts.ts DIR`
 *
 * Each folder in DIR is one contract: all `.cpp` files in it that no other of its files includes, with its folders of
 * headers, and after those the folders of headers of its neighbours, as a build of their repository would have them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseAbi } from '@snapscale/protocol';
import { BuildError, ContractCompiler, formatDiagnostic } from '../compiler/index.js';
import { ContractTest, ContractTestError } from '../testing/index.js';

/** What became of one contract. `problems`: what the compiler said, or why the chain refused it. */
type Outcome = {
  readonly folder: string;
  readonly contract: string;
  readonly bytes: number | undefined;
  readonly actions: number;
  readonly problems: readonly string[];
};

const problemsShown = 3;

async function main(directory: string): Promise<void> {
  const folders = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const headers = new Map(folders.map((folder) => [folder, headerFolders(filesBelow(join(directory, folder)))]));
  const compiler = new ContractCompiler();
  const outcomes: Outcome[] = [];
  try {
    for (const folder of folders) {
      const others = folders.filter((other) => other !== folder).flatMap((other) => headers.get(other)!);
      const includeDirs = [...headers.get(folder)!, ...others];
      const outcome = await compile(compiler, join(directory, folder), includeDirs, directory);
      if (outcome === undefined) continue;
      outcomes.push(outcome);
      print(outcome);
    }
  } finally {
    compiler.close();
  }
  const compiled = outcomes.filter(({ bytes }) => bytes !== undefined).length;
  console.log(`${compiled} of ${outcomes.length} compile and can be deployed`);
}

/** Undefined for a folder without sources. */
async function compile(
  compiler: ContractCompiler,
  folder: string,
  includeDirs: readonly string[],
  root: string,
): Promise<Outcome | undefined> {
  const files = filesBelow(folder);
  const texts = files.map((file) => readFileSync(file, 'utf8'));
  const included = new Set(
    texts.flatMap((text) => [...text.matchAll(/#include\s+["<]([^">]+)/g)].map((m) => basename(m[1]!))),
  );
  const sources = files.filter((file) => file.endsWith('.cpp') && !included.has(basename(file)));
  if (sources.length === 0) return undefined;
  const contract = contractName(texts, sources);
  const common = { folder: basename(folder), contract };
  try {
    const { wasm, abi } = await compiler.build({ name: contract, sources, includeDirs, root });
    const chain = await ContractTest.start();
    chain.deploy('contract', { wasm, abi: parseAbi(JSON.parse(JSON.stringify(abi))) });
    return { ...common, bytes: wasm.length, actions: abi.actions.length, problems: [] };
  } catch (error) {
    return { ...common, bytes: undefined, actions: 0, problems: problemsOf(error) };
  }
}

function problemsOf(error: unknown): string[] {
  if (error instanceof BuildError) return error.diagnostics.map(formatDiagnostic);
  // Its own message repeats the code.
  if (error instanceof ContractTestError) return [`compiles, but is refused: ${error.rejection?.message}`];
  return [String(error)];
}

/** The name in the attribute of the contract, or else that of the class which has the attribute or the macro. */
function contractName(texts: readonly string[], sources: readonly string[]): string {
  const patterns = [/\[\[eosio::contract\("([^"]+)"\)/, /\[\[eosio::contract\]\]\s+(\w+)/, /\bCONTRACT\s+(\w+)/];
  for (const pattern of patterns) {
    for (const text of texts) {
      const found = pattern.exec(text)?.[1];
      if (found !== undefined) return found;
    }
  }
  return basename(sources[0]!, '.cpp');
}

/** Folders named `include`, and those with headers of their own. */
function headerFolders(files: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const file of files) {
    if (!/\.(hpp|h)$/.test(file)) continue;
    const parts = dirname(file).split('/');
    const at = parts.lastIndexOf('include');
    folders.add(at < 0 ? dirname(file) : parts.slice(0, at + 1).join('/'));
  }
  return [...folders].sort();
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(cpp|hpp|h)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function print({ folder, contract, bytes, actions, problems }: Outcome): void {
  const result = bytes === undefined ? 'fails' : `${String(bytes).padStart(7)} bytes, ${actions} actions`;
  console.log(`${folder.padEnd(20)} ${contract.padEnd(22)} ${result}`);
  for (const problem of problems.slice(0, problemsShown)) console.log(`    ${problem.replaceAll('\n', '\n    ')}`);
  if (problems.length > problemsShown) console.log(`    … and ${problems.length - problemsShown} more`);
}

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('name a folder whose folders are contracts');
await main(directory);
