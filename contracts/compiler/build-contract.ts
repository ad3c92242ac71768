/**
 * From the C++ sources of a contract to its code and its ABI.
 */
import { createHash } from 'node:crypto';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { CompileProcess, type Job } from './compile-process.js';
import { contractsRoot } from './contracts-root.js';
import { debugLineImport, type InstrumentedCode, instrument } from './debug/instrument.js';
import { type ContractAbi, generateAbi, type RicardianTexts } from './frontend/abi.js';
import { type ContractModel, findContract } from './frontend/contract-model.js';
import { BuildError, type Diagnostic, parseClangOutput } from './frontend/diagnostics.js';
import { generateDispatcher } from './frontend/dispatcher.js';
import { FileRefused, loadProject, type Project, projectRoot, type ReadFile } from './frontend/project.js';
import { parseRicardianClauses, parseRicardianContracts } from './frontend/ricardian.js';
import { parseSyntaxTree, type SyntaxTree } from './frontend/syntax-tree.js';
import { projectReader } from './project-reader.js';
import { type CompileInput, type CppStandard, compilerId, type ToolResult } from './toolchain.js';

export type BuildOptions = {
  /** Which contract of the sources to build, and the NAME of its ricardian files. */
  readonly name: string;
  /** Paths of the C++ files; each is compiled by itself, and their objects are linked. */
  readonly sources: readonly string[];
  /** Folders for `#include`, searched in this order, before the SDK and the standard library. */
  readonly includeDirs?: readonly string[];
  /** Folders in which NAME.contracts.md and NAME.clauses.md may be; else those of the sources and includes. */
  readonly ricardianDirs?: readonly string[];
  readonly standard?: CppStandard;
  /** The folder outside of which nothing is read, whatever is included; else the deepest that holds sources and includes. */
  readonly root?: string;
  /** Reads a file in place of the disk, for sources that are not files. */
  readonly readFile?: ReadFile;
};

export type BuildResult = {
  readonly wasm: Uint8Array;
  readonly abi: ContractAbi;
  readonly warnings: readonly Diagnostic[];
  /** SHA-256 of the code, as hex: what the chain calls its hash. */
  readonly codeHash: string;
  /** SHA-256, as hex, over the names and texts of the project's files that were read. */
  readonly sourceHash: string;
  /** What compiled it; see {@link compilerId}. */
  readonly compilerId: string;
};

export type CompilerOptions = {
  /** Where precompiled parts are kept between builds; `contracts/.cache` if not given. */
  readonly cacheDir?: string;
  /** The longest that one step of a build may take. The first build of all precompiles the SDK in its first step. */
  readonly stepMsMax?: number;
  /** False: the SDK is read as text for each source. Slow, with the same result; for tests. */
  readonly usePrecompiled?: boolean;
};

const defaultCacheDir = join(contractsRoot, '.cache');
const defaultStepMsMax = 120_000;

/** A compiler with a process of its own, which lives until `close`. Builds wait for each other. */
export class ContractCompiler {
  private readonly process: CompileProcess;
  private readonly usePrecompiled: boolean;

  constructor(options: CompilerOptions = {}) {
    this.process = new CompileProcess(options.cacheDir ?? defaultCacheDir, options.stepMsMax ?? defaultStepMsMax);
    this.usePrecompiled = options.usePrecompiled ?? true;
  }

  /**
   * Builds one contract. Equal sources give equal bytes, wherever they lie. Throws BuildError if the sources are at
   * fault; any other error is a failure of the compiler, its time or its memory.
   */
  async build(options: BuildOptions): Promise<BuildResult> {
    const { build, absolute, readFile } = this.prepare(options, false);
    const contract = await findContractSource(build, options.name);
    const textDirs = options.ricardianDirs ?? [
      ...options.sources.map((path) => dirname(path)),
      ...(options.includeDirs ?? []),
    ];
    const texts = readRicardianTexts(options.name, textDirs.map(absolute), readFile);
    const abi = await abiOf(build, contract, texts);
    const wasm = await codeOf(build, contract);
    const codeHash = createHash('sha256').update(wasm).digest('hex');
    const { sourceHash } = build.project;
    return { wasm, abi, warnings: build.warnings, codeHash, sourceHash, compilerId: compilerId() };
  }

  /**
   * Builds the same without optimisation, so that it tells which lines of the project it runs. Too large and too slow for
   * a chain, and it imports a function that no chain has. Throws as `build` does.
   */
  async buildDebug(options: BuildOptions): Promise<InstrumentedCode> {
    const { build } = this.prepare(options, true);
    const code = await codeOf(build, await findContractSource(build, options.name));
    return instrument(code, (path) => build.project.locate({ file: path, line: 1, columnBytes: 1 })?.file);
  }

  private prepare(
    options: BuildOptions,
    debug: boolean,
  ): { readonly build: Build; readonly absolute: (path: string) => string; readonly readFile: ReadFile } {
    const onDisk = options.readFile === undefined;
    const readFile = options.readFile ?? projectReader(options);
    const absolute = (path: string): string => (onDisk ? toSlashes(resolve(path)) : posix.resolve('/', path));
    const displayPath = (path: string): string => (onDisk ? toSlashes(relative(process.cwd(), path)) : path);
    const includeDirs = options.includeDirs ?? [];
    const project = loadProject(options.sources.map(absolute), includeDirs.map(absolute), readFile, displayPath);
    const build: Build = {
      run: (job) => this.process.run(job),
      project,
      standard: options.standard ?? 'gnu++17',
      usePrecompiled: this.usePrecompiled,
      debug,
      warnings: [],
    };
    return { build, absolute, readFile };
  }

  close(): void {
    this.process.close();
  }
}

/** Builds one contract with a compiler of its own. */
export async function buildContract(options: BuildOptions & CompilerOptions): Promise<BuildResult> {
  const compiler = new ContractCompiler(options);
  try {
    return await compiler.build(options);
  } finally {
    compiler.close();
  }
}

type Build = {
  readonly run: (job: Job) => Promise<ToolResult>;
  readonly project: Project;
  readonly standard: CppStandard;
  readonly usePrecompiled: boolean;
  readonly debug: boolean;
  readonly warnings: Diagnostic[];
};

/** The contract, and the source whose unit declares it; `apply` is generated unless the unit defines it. */
type FoundContract = { readonly model: ContractModel; readonly tree: SyntaxTree; readonly source: string };

async function findContractSource(build: Build, name: string): Promise<FoundContract> {
  for (const source of build.project.sources) {
    const result = await build.run({ kind: 'syntaxTree', input: unit(build, source, '') });
    assertCompiled(build, result);
    const tree = parseSyntaxTree(result.stdout);
    const errors: Diagnostic[] = [];
    const model = findContract(tree, name, build.project.locate, (error) => errors.push(error));
    if (errors.length > 0) throw new BuildError(errors);
    if (model !== undefined) return { model, tree, source };
    if (tree.definesApply)
      return { model: { name, classes: [], actions: [], notifications: [], tables: [] }, tree, source };
  }
  throw new BuildError([
    general(`none of the sources has a class with the attribute [[snapscale::contract("${name}")]]`),
  ]);
}

/**
 * A type that the user did not declare may be a struct of the SDK. The tree leaves those out; each that turns out to be
 * needed is read by itself.
 */
async function abiOf(build: Build, contract: FoundContract, texts: RicardianTexts): Promise<ContractAbi> {
  const read = new Set<string>();
  for (let { tree } = contract; ; ) {
    const errors: Diagnostic[] = [];
    const unknown = new Set<string>();
    const abi = generateAbi(contract.model, tree, texts, build.project.locate, (error, type) => {
      errors.push(error);
      if (type !== undefined) unknown.add(type);
    });
    if (errors.length === 0) return abi;
    const names = [...unknown].filter((name) => /^\w+$/.test(name) && !read.has(name));
    if (names.length === 0) throw new BuildError(errors);
    for (const name of names) {
      read.add(name);
      const { stdout } = await build.run({ kind: 'sdkTree', standard: build.standard, name: `snapscale::${name}` });
      tree = mergeTrees(tree, parseSyntaxTree(stdout, ['snapscale']));
    }
  }
}

function mergeTrees(a: SyntaxTree, b: SyntaxTree): SyntaxTree {
  return {
    records: [...a.records, ...b.records],
    aliases: [...a.aliases, ...b.aliases],
    enumerations: [...a.enumerations, ...b.enumerations],
    definesApply: a.definesApply,
  };
}

async function codeOf(build: Build, contract: FoundContract): Promise<Uint8Array> {
  const objects: Uint8Array[] = [];
  const errors: Diagnostic[] = [];
  for (const source of build.project.sources) {
    const dispatcher =
      source === contract.source && !contract.tree.definesApply ? generateDispatcher(contract.model) : '';
    const generated = build.debug && source === contract.source ? `${dispatcher}\n${debugLineUse}` : dispatcher;
    const result = await build.run({ kind: 'object', input: unit(build, source, generated) });
    build.warnings.push(...diagnosticsOf(build, result).filter(({ severity }) => severity === 'warning'));
    if (result.file !== undefined && result.ok) objects.push(result.file);
    else errors.push(...errorsOf(build, result));
  }
  if (errors.length > 0) throw new BuildError(errors);
  const linked = await build.run({ kind: 'link', objects, debug: build.debug });
  assertCompiled(build, linked);
  return linked.file!;
}

/** Keeps the import that instrumented code calls. */
const debugLineUse = `#line 1 "${projectRoot}/.generated/debug.cpp"
extern "C" __attribute__((import_module("env"), import_name("${debugLineImport}"))) void snapscale_debug_line(int line);
extern "C" __attribute__((used)) void snapscale_debug_use() { snapscale_debug_line(0); }
`;

/** A translation unit: one source, and what is generated behind it. */
function unit(build: Build, source: string, generated: string): CompileInput {
  const main = `${projectRoot}/.generated/${build.project.sources.indexOf(source)}.cpp`;
  const files = [...build.project.files].map(([path, { text }]) => [path, text] as const);
  return {
    files: [...files, [main, `#include "${source}"\n${generated}`]],
    main,
    includeDirs: build.project.includeDirs,
    standard: build.standard,
    usePrecompiled: build.usePrecompiled,
    debug: build.debug,
  };
}

function diagnosticsOf(build: Build, result: ToolResult): Diagnostic[] {
  return parseClangOutput(result.stderr, build.project.locate);
}

function errorsOf(build: Build, result: ToolResult): Diagnostic[] {
  const errors = diagnosticsOf(build, result).filter(({ severity }) => severity === 'error');
  return errors.length > 0 ? errors : [general(result.stderr.trim() || 'the compiler failed without a message')];
}

function assertCompiled(build: Build, result: ToolResult): void {
  if (!result.ok) throw new BuildError(errorsOf(build, result));
}

function general(message: string): Diagnostic {
  return { severity: 'error', file: undefined, line: 0, column: 0, message };
}

function readRicardianTexts(name: string, dirs: readonly string[], readFile: ReadFile): RicardianTexts {
  const read = (file: string): string => {
    try {
      return dirs.map((dir) => readFile(`${dir}/${file}`)).find((text) => text !== undefined) ?? '';
    } catch (error) {
      throw error instanceof FileRefused ? new BuildError([general(error.message)]) : error;
    }
  };
  return {
    contracts: parseRicardianContracts(read(`${name}.contracts.md`)),
    clauses: parseRicardianClauses(read(`${name}.clauses.md`)),
  };
}

function toSlashes(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}
