/**
 * Clang and its linker, with the flags that contracts are compiled with. Runs inside of the compiler's own process.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { runLLVM, type Tree } from '@yowasp/clang';
import { cached } from './cache.js';
import { contractsRoot } from './contracts-root.js';

/** Versions of the C++ language that contracts may choose. */
export const cppStandards = ['gnu++17', 'gnu++20', 'gnu++23'] as const;
export type CppStandard = (typeof cppStandards)[number];

/** What one run of a tool left. `file` is its output file, if it succeeded. */
export type ToolResult = {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly file: Uint8Array | undefined;
};

/** Sources by their virtual paths, all below `/project`, and how to compile them. */
export type CompileInput = {
  readonly files: readonly (readonly [path: string, text: string])[];
  readonly main: string;
  readonly includeDirs: readonly string[];
  readonly standard: CppStandard;
  /** False: objects are compiled with the SDK read as text, which takes long and must give the same. */
  readonly usePrecompiled: boolean;
  /** Without optimisation, with a line table: what runs is what stands in the source. */
  readonly debug: boolean;
};

/** Text that a tool may print before its run counts as failed. */
const outputBytesMax = 128 * 1024 * 1024;

const includeRoot = join(contractsRoot, 'include');
const sdkRoot = '/sdk';
const libraryDir = '/usr/lib/wasm32-wasip1';
const builtinsLibrary = '/usr/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a';
/** The stack lies below the data, so that overflowing it traps. With 8 KiB a small contract needs one page of memory. */
const stackBytes = 8192;
/** Frames that are not optimised are many times larger. */
const debugStackBytes = 256 * 1024;

/** The package's version is part of every cache key and of what a rebuild must use. */
export const compilerVersion: string = readVersion(createRequire(import.meta.url).resolve('@yowasp/clang'));

export class Toolchain {
  private readonly cacheDir: string;
  private readonly sdk: Tree;
  private readonly sdkTexts: readonly string[];
  private runtime: Promise<readonly (readonly [string, Uint8Array])[]> | undefined;

  constructor(cacheDir: string) {
    this.cacheDir = cacheDir;
    const texts: string[] = [];
    this.sdk = readTree(includeRoot, texts);
    this.sdkTexts = texts;
  }

  /** The syntax tree of a translation unit as JSON in `stdout`, without the bodies of functions. */
  async syntaxTree(input: CompileInput): Promise<ToolResult> {
    const args = [...frontendFlags(input.standard), '-ast-dump=json', '-skip-function-bodies', ...includes(input)];
    return this.remembered('tree', input, args);
  }

  /** The object file of a translation unit. */
  async object(input: CompileInput): Promise<ToolResult> {
    const flags = input.debug ? debugFlags : codeFlags;
    const args = [...frontendFlags(input.standard), ...flags, '-emit-obj', ...includes(input), '-o', '/out'];
    return this.remembered('unit', input, args);
  }

  /** The SDK's declarations whose name begins with `name`: for the ABI of contracts that use structs of the SDK. */
  async sdkTree(standard: CppStandard, name: string): Promise<string> {
    const bytes = await cached(this.cacheDir, 'ast', this.cacheInputs(standard, `tree of ${name}`), async () => {
      const main = '/project/sdk.cpp';
      const input = {
        files: [[main, '']] as const,
        main,
        includeDirs: [],
        standard,
        usePrecompiled: true,
        debug: false,
      };
      const args = [...frontendFlags(standard), '-ast-dump=json', '-skip-function-bodies', `-ast-dump-filter=${name}`];
      return Buffer.from(assertOk(await this.compile(input, args), 'reading the SDK').stdout);
    });
    return Buffer.from(bytes).toString();
  }

  /** The contract's code out of its objects. `debug`: with their line tables. */
  async link(objects: readonly Uint8Array[], debug: boolean): Promise<ToolResult> {
    this.runtime ??= this.buildRuntime();
    const named = [...objects.map((object, i) => [`contract${i}.o`, object] as const), ...(await this.runtime)];
    const args = ['wasm-ld', ...linkFlags, ...(debug ? [] : ['--strip-all'])];
    args.push(
      '-z',
      `stack-size=${debug ? debugStackBytes : stackBytes}`,
      '--error-limit=0',
      '--allow-undefined-file=/imports',
      `-L${libraryDir}`,
    );
    args.push(...named.map(([name]) => `/${name}`), '-lc++', '-lc++abi', '-lc', builtinsLibrary, '-o', '/out');
    const result = await run(args, { ...Object.fromEntries(named), imports: this.hostFunctions().join('\n') });
    const foreign = result.ok ? foreignImports(result.file!) : [];
    if (foreign.length === 0) return result;
    const stderr = foreign
      .map((name) => `error: the contract needs ${name}, which only an operating system has\n`)
      .join('');
    return { ok: false, stdout: '', stderr, file: undefined };
  }

  /** The names of the functions that the SDK declares as the host's: contracts can import these and no others. */
  hostFunctions(): string[] {
    const host = (this.sdk.snapscale as Tree).host as Tree;
    const texts = Object.keys(host)
      .sort()
      .map((name) => Buffer.from(host[name] as Uint8Array).toString());
    return texts.flatMap((text) =>
      [...text.matchAll(/^(?:\[\[noreturn\]\] )?(?:u?int\d+_t|void|bool) (\w+)\(.*\);$/gm)].map((match) => match[1]!),
    );
  }

  /** A run that succeeded is not made again for the same input. Failures are: they may be of time or memory. */
  private async remembered(kind: string, input: CompileInput, args: readonly string[]): Promise<ToolResult> {
    const texts = [...input.files].sort(([a], [b]) => (a < b ? -1 : 1)).flat();
    const inputs = [
      ...this.cacheInputs(input.standard, kind),
      ...args,
      input.main,
      String(input.usePrecompiled),
      ...texts,
    ];
    let failed: ToolResult | undefined;
    const kept = await cached(this.cacheDir, kind, inputs, async () => {
      const result = await this.compile(input, args);
      if (!result.ok) {
        failed = result;
        throw new RunFailed();
      }
      return packResult(result);
    }).catch((cause: unknown) => {
      if (cause instanceof RunFailed) return undefined;
      throw cause;
    });
    return kept === undefined ? failed! : (unpackResult(kept) ?? this.compile(input, args));
  }

  private async compile(input: CompileInput, args: readonly string[]): Promise<ToolResult> {
    const tree: Tree = { sdk: this.sdk };
    // Without it, the syntax tree would be that of the whole SDK and library.
    const usePrecompiled = input.usePrecompiled || args.includes('-ast-dump=json');
    if (usePrecompiled) tree['sdk.pch'] = await this.precompiledHeader(input.standard);
    for (const [path, text] of input.files) place(tree, path, text);
    const sdk = usePrecompiled
      ? ['-include-pch', '/sdk.pch', '-fno-validate-pch']
      : ['-include', `${sdkRoot}/snapscale/snapscale.hpp`];
    return run(['clang', '-cc1', ...args, ...sdk, '-x', 'c++', input.main], tree);
  }

  /** The SDK and the parts of the standard library that it uses, parsed once for all builds. */
  private async precompiledHeader(standard: CppStandard): Promise<Uint8Array> {
    return cached(this.cacheDir, 'pch', this.cacheInputs(standard, 'header'), async () => {
      const args = [...frontendFlags(standard), ...codeFlags, '-emit-pch', '-fno-pch-timestamp', '-x', 'c++-header'];
      const result = await run(['clang', '-cc1', ...args, `${sdkRoot}/snapscale/snapscale.hpp`, '-o', '/out'], {
        sdk: this.sdk,
      });
      return assertOk(result, 'precompiling the SDK').file!;
    });
  }

  private async buildRuntime(): Promise<readonly (readonly [string, Uint8Array])[]> {
    const folder = (this.sdk.snapscale as Tree).runtime as Tree;
    const names = Object.keys(folder)
      .filter((name) => name.endsWith('.cpp'))
      .sort();
    const objects: (readonly [string, Uint8Array])[] = [];
    for (const name of names) {
      const object = await cached(this.cacheDir, 'o', this.cacheInputs('gnu++17', name), async () => {
        // Without -fno-builtin the loops of memcpy would become calls of memcpy.
        const args = [...frontendFlags('gnu++17'), ...codeFlags, '-Os', '-fno-builtin', '-emit-obj', '-x', 'c++'];
        const result = await run(['clang', '-cc1', ...args, `${sdkRoot}/snapscale/runtime/${name}`, '-o', '/out'], {
          sdk: this.sdk,
        });
        return assertOk(result, `compiling ${name}`).file!;
      });
      objects.push([name.replace('.cpp', '.o'), object]);
    }
    return objects;
  }

  private cacheInputs(standard: CppStandard, what: string): string[] {
    return [compilerVersion, ...frontendFlags(standard), ...codeFlags, what, ...this.sdkTexts];
  }
}

/**
 * What compiles here: the package's version, and the first digits of the SHA-256 of the flags and of the SDK. Two builds of
 * one source with one id give the same bytes.
 */
export function compilerId(): string {
  const texts: string[] = [];
  readTree(includeRoot, texts);
  const hash = createHash('sha256');
  for (const text of [...frontendFlags('gnu++17'), ...codeFlags, ...linkFlags, String(stackBytes), ...texts])
    hash.update(`${text.length}:${text}`);
  return `${compilerVersion}+sdk.${hash.digest('hex').slice(0, 12)}`;
}

/** Flags that decide what the source text means. The target is WebAssembly without its later extensions. */
function frontendFlags(standard: CppStandard): string[] {
  const system = [
    '/usr/include/wasm32-wasip1/c++/v1',
    '/usr/include/c++/v1',
    '/usr/include',
    '/usr/include/wasm32-wasip1',
  ];
  return [
    ...['-triple', 'wasm32-unknown-wasip1', '-target-cpu', 'mvp', '-resource-dir', '/usr', '-isysroot', '/usr'],
    ...system.flatMap((dir) => ['-internal-isystem', dir]),
    ...['-isystem', sdkRoot, `-std=${standard}`, '-fno-rtti', '-fdeprecated-macro', '-fgnuc-version=4.2.1'],
    ...['-fno-caret-diagnostics', '-ferror-limit', '50', '-Wno-unknown-attributes'],
  ];
}

/** Flags that decide what code comes out. Fused multiplication would make results depend on the machine. */
const codeFlags: readonly string[] = [
  ...['-O2', '-ffp-contract=off', '-fvisibility=hidden', '-ffunction-sections', '-fdata-sections'],
  ...['-mconstructor-aliases', '-disable-free', '-clear-ast-before-backend'],
];

/** Thrown past the cache by a run that did not succeed. */
class RunFailed extends Error {}

function packResult({ stdout, stderr, file }: ToolResult): Uint8Array {
  return serialize({ stdout, stderr, file });
}

/** Undefined for bytes that are damaged. */
function unpackResult(bytes: Uint8Array): ToolResult | undefined {
  try {
    const { stdout, stderr, file } = deserialize(bytes) as Omit<ToolResult, 'ok'>;
    if (typeof stdout !== 'string' || typeof stderr !== 'string') return undefined;
    return { ok: true, stdout, stderr, file: file === undefined ? undefined : Uint8Array.from(file) };
  } catch {
    return undefined;
  }
}

const linkFlags: readonly string[] = [
  '-m',
  'wasm32',
  '--no-entry',
  '--export=apply',
  '--gc-sections',
  '--stack-first',
  '-O2',
];

const debugFlags: readonly string[] = [
  ...['-O0', '-debug-info-kind=line-tables-only', '-dwarf-version=4'],
  ...codeFlags.filter((flag) => flag !== '-O2'),
];

function includes(input: CompileInput): string[] {
  return input.includeDirs.flatMap((dir) => ['-I', dir]);
}

function readVersion(entryPath: string): string {
  const manifest = JSON.parse(readFileSync(join(dirname(entryPath), '../package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

async function run(args: string[], tree: Tree): Promise<ToolResult> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let bytes = 0;
  const into = (chunks: Buffer[]) => (chunk: Uint8Array | null) => {
    if (chunk === null || (bytes += chunk.length) > outputBytesMax) return;
    chunks.push(Buffer.from(chunk));
  };
  let file: Uint8Array | undefined;
  let failure = '';
  try {
    const options = { stdout: into(out), stderr: into(err), decodeASCII: false, fetchProgress: () => {} };
    const result = await runLLVM(args, tree, options);
    file = result?.out as Uint8Array | undefined;
  } catch (cause) {
    // Messages explain an ordinary failure; anything else is a fault of the compiler itself.
    const message = cause instanceof Error ? cause.message : String(cause);
    const nested = cause instanceof RangeError && message.includes('call stack');
    failure = nested
      ? 'error: the source nests more deeply than the compiler can follow\n'
      : `error: the compiler failed: ${message}\n`;
  }
  const stderr = Buffer.concat(err).toString();
  if (bytes > outputBytesMax) failure = `error: the compiler printed more than ${outputBytesMax} bytes\n`;
  const explained = failure === '' || /(?:^|: )(?:fatal )?error: /m.test(stderr);
  return {
    ok: failure === '',
    stdout: Buffer.concat(out).toString(),
    stderr: explained ? stderr : stderr + failure,
    file,
  };
}

/** What the code would import from elsewhere than the chain: parts of the C library that the runtime cannot stand in for. */
function foreignImports(code: Uint8Array): string[] {
  const { Module } = (globalThis as unknown as WebAssemblyGlobal).WebAssembly;
  const imports = Module.imports(new Module(Uint8Array.from(code)));
  return imports.filter(({ module }) => module !== 'env').map(({ name }) => name);
}

/** The part of the engine that is used here; its types belong to browsers' libraries, which programs of ours do not load. */
type WebAssemblyGlobal = {
  readonly WebAssembly: {
    readonly Module: {
      new (bytes: Uint8Array): object;
      imports(module: object): readonly { readonly module: string; readonly name: string }[];
    };
  };
};

function assertOk(result: ToolResult, what: string): ToolResult {
  if (!result.ok) throw new Error(`${what} failed:\n${result.stderr}`);
  return result;
}

function place(tree: Tree, path: string, text: string): void {
  const segments = path.split('/').filter((segment) => segment !== '');
  const name = segments.pop()!;
  let folder = tree;
  for (const segment of segments) folder = (folder[segment] ??= {}) as Tree;
  folder[name] = text;
}

/** Reads a folder in the order of names, which is part of the cache key; `texts` gets the names and contents. */
function readTree(path: string, texts: string[]): Tree {
  const tree: Tree = {};
  const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) {
      tree[entry.name] = readTree(inner, texts);
    } else {
      const bytes = readFileSync(inner);
      tree[entry.name] = bytes;
      texts.push(entry.name, bytes.toString());
    }
  }
  return tree;
}
