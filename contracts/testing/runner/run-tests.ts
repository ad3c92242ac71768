/** `snapscale contract test`: runs the test files of a project, each in a process of its own, and gathers what they say. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serialize } from 'node:v8';
import { contractsRoot } from '../../compiler/contracts-root.js';
import type { InstrumentedCode } from '../../compiler/debug/instrument.js';
import { type ContractProject, testFolderName } from '../../compiler/project-file.js';
import { debugBuildPath } from '../built-contract.js';
import { type CoverageSummary, lcovPath, mergeCoverage, readCoverage, summarise, writeLcov } from '../coverage.js';
import {
  builtGasReport,
  committedGasReport,
  compareGas,
  type GasDifference,
  type GasRow,
  gasReportFile,
  mergeGas,
  readGasReport,
  writeGasReport,
} from '../gas-report.js';

/** A test that ended. */
export type TestOutcome = {
  /** Path of its file, relative to the project. */
  readonly file: string;
  /** Names of the suites around it, and its own. */
  readonly path: readonly string[];
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly durationMs: number;
  /** What went wrong; for a person. */
  readonly message: string | undefined;
  /** `file:line` of the project that it happened at. */
  readonly place: string | undefined;
};

export type TestSummary = {
  readonly tests: readonly TestOutcome[];
  /** What the actions cost, beside what they cost in the last commit. */
  readonly gas: readonly GasDifference[];
  /** Files of the contracts, when debug builds were given. `build/lcov.info` has the same. */
  readonly coverage: readonly CoverageSummary[];
  /** There is a report of the last commit to compare with. */
  readonly compared: boolean;
};

export type RunOptions = {
  /** Only files whose name contains this. */
  readonly pattern?: string | undefined;
  /** Counts the lines that run: debug builds of these contracts, from `ContractCompiler.buildDebug`. */
  readonly debugBuilds?: ReadonlyMap<string, InstrumentedCode> | undefined;
  /** Writes `gas-report.json`, to be committed, unless a test fails. */
  readonly updateGas?: boolean | undefined;
  /** The longest that one file may take. */
  readonly fileMsMax?: number | undefined;
  /** Called as tests end. */
  readonly ended?: ((test: TestOutcome) => void) | undefined;
  /** What the tests print. */
  readonly printed?: ((text: string) => void) | undefined;
};

const defaultFileMsMax = 120_000;

/** Test files of a project, in the order of their names. */
export function testFiles({ directory }: ContractProject, pattern?: string): string[] {
  const folder = join(directory, testFolderName);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && (pattern === undefined || name.includes(pattern)))
    .sort()
    .map((name) => join(folder, name));
}

/** Runs the tests, one file after the other, and writes the gas report into `build/`. */
export async function runContractTests(project: ContractProject, options: RunOptions = {}): Promise<TestSummary> {
  const scratch = mkdtempSync(join(tmpdir(), 'snapscale-contract-test-'));
  try {
    for (const [name, code] of options.debugBuilds ?? []) {
      writeFileSync(debugBuildPath(scratch, name), serialize(code));
    }
    const tests: TestOutcome[] = [];
    const reports: string[] = [];
    for (const [index, file] of testFiles(project, options.pattern).entries()) {
      const report = join(scratch, `${index}.json`);
      reports.push(report);
      tests.push(...(await runFile(project, file, report, options)));
    }
    const rows = mergeGas(reports.map((path) => readGasReport(path) ?? []));
    const committed = committedGasReport(project.directory);
    if (rows.length > 0) {
      writeGasReport(builtGasReport(project.directory), rows);
      const passed = tests.every(({ outcome }) => outcome !== 'failed');
      if (options.updateGas && passed) keepGasReport(project, rows, options.pattern);
    }
    const files = mergeCoverage(reports.map((path) => readCoverage(coveragePath(path))));
    if (files.length > 0) writeLcov(lcovPath(project.directory), files);
    const gas = compareGas(rows, committed);
    return { tests, gas, coverage: files.map(summarise), compared: committed !== undefined };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Writes the report that is to be committed. A run of some files alone leaves what it did not measure as it was. */
function keepGasReport({ directory }: ContractProject, rows: readonly GasRow[], pattern: string | undefined): void {
  const path = join(directory, gasReportFile);
  const kept = pattern === undefined ? [] : (readGasReport(path) ?? []);
  const others = kept.filter(({ action }) => rows.every((row) => row.action !== action));
  writeGasReport(path, mergeGas([others, rows]));
}

function runFile(project: ContractProject, file: string, report: string, options: RunOptions): Promise<TestOutcome[]> {
  const { fileMsMax = defaultFileMsMax, ended, printed } = options;
  const name = relative(project.directory, file);
  const outcomes = `${report}.outcomes`;
  // This variable would make the child one of another test runner, which reports to that one alone.
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const child = spawn(process.execPath, [...processArguments(outcomes), file], {
    cwd: project.directory,
    env: {
      ...environment,
      SNAPSCALE_GAS_REPORT: report,
      SNAPSCALE_COVERAGE_REPORT: coveragePath(report),
      SNAPSCALE_DEBUG_BUILDS: dirname(report),
      SNAPSCALE_DEBUG_PROJECT: project.directory,
    },
    // Tests may print whatever they like; outcomes come in a file of their own.
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tests: TestOutcome[] = [];
  const take = (outcome: TestOutcome): void => {
    tests.push(outcome);
    ended?.(outcome);
  };
  return new Promise((resolve, reject) => {
    let said = '';
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
      // A compiler that it started may hold the other ends for longer.
      child.stdout!.destroy();
      child.stderr!.destroy();
    }, fileMsMax);
    const hear = (chunk: Buffer): void => {
      const text = chunk.toString();
      said = (said + text).slice(-SAID_KEPT);
      printed?.(text);
    };
    child.stdout!.on('data', hear);
    child.stderr!.on('data', hear);
    child.on('error', (cause) => {
      clearTimeout(deadline);
      reject(new Error(`${name} could not be run: ${cause.message}`, { cause }));
    });
    child.on('close', (code) => {
      clearTimeout(deadline);
      for (const reported of readReported(outcomes)) {
        const outcome = outcomeOf(reported, project, name);
        if (outcome !== undefined) take(outcome);
      }
      const failed = tests.some(({ outcome }) => outcome === 'failed');
      const problem = late
        ? `it was ended after ${fileMsMax / 1000} s, with ${tests.length} tests done`
        : code !== 0 && !failed
          ? `the process ended with code ${code}:\n${said.trim()}`
          : undefined;
      if (problem !== undefined) {
        take({ file: name, path: [name], outcome: 'failed', durationMs: 0, message: problem, place: undefined });
      }
      resolve(tests);
    });
  });
}

const SAID_KEPT = 4000;

function coveragePath(report: string): string {
  return `${report}.coverage`;
}

/** One line of the reporter. */
type ReportedTest = {
  readonly passed: boolean;
  readonly path: readonly string[];
  readonly skipped: boolean;
  readonly suite: boolean;
  readonly durationMs: number;
  readonly inherited: boolean;
  readonly message?: string;
  readonly stack?: string;
  readonly file?: string;
  readonly line?: number;
};

function outcomeOf(test: ReportedTest, { directory }: ContractProject, file: string): TestOutcome | undefined {
  if (test.suite || test.inherited) return undefined;
  return {
    file,
    path: test.path,
    outcome: test.skipped ? 'skipped' : test.passed ? 'passed' : 'failed',
    durationMs: test.durationMs,
    message: test.message,
    place: test.passed ? undefined : placeIn(directory, test),
  };
}

/** The line of the project that the error passed through last; else where the test stands. */
function placeIn(directory: string, { stack, file, line }: ReportedTest): string | undefined {
  const root = pathToFileURL(directory).href;
  for (const entry of (stack ?? '').split('\n')) {
    const at = /(file:[^\s)]+):(\d+):\d+/.exec(entry);
    if (at?.[1]?.startsWith(root)) return `${decodeURIComponent(at[1].slice(root.length + 1))}:${at[2]}`;
    const path = /\(?(\/[^\s)]+):(\d+):\d+\)?$/.exec(entry);
    if (path?.[1]?.startsWith(directory)) return `${relative(directory, path[1])}:${path[2]}`;
  }
  return file === undefined ? undefined : `${relative(directory, file)}:${line ?? 1}`;
}

function processArguments(outcomes: string): string[] {
  const runner = join(contractsRoot, 'testing', 'runner');
  // From its sources, the program finds those of its packages too.
  const fromSources = import.meta.url.endsWith('.ts') ? ['--conditions=source'] : [];
  return [
    ...fromSources,
    '--enable-source-maps',
    '--import',
    pathToFileURL(join(runner, 'test-process.mjs')).href,
    `--test-reporter=${pathToFileURL(join(runner, 'line-reporter.mjs')).href}`,
    `--test-reporter-destination=${outcomes}`,
    join(runner, 'test-thread.mjs'),
  ];
}

/** A process that was killed leaves its last line unfinished. */
function readReported(path: string): ReportedTest[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as ReportedTest);
}
