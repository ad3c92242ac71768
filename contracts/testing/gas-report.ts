/** What actions cost: gathered while tests run, kept in a file, compared with what they cost before. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ActionResult } from './action-result.js';

/** One action of one contract over all its executions that succeeded. */
export type GasRow = {
  /** `account::action`. */
  readonly action: string;
  readonly count: number;
  readonly gasMin: number;
  readonly gasMedian: number;
  readonly gasMax: number;
  readonly netBytesMax: number;
  /** Greatest growth of all accounts' RAM together, bytes. */
  readonly ramMax: number;
};

/** How a row differs from the one before. */
export type GasDifference = {
  readonly row: GasRow;
  readonly before: GasRow | undefined;
  readonly percent: number | undefined;
};

/** File of a project that holds what its actions cost; commit it to see what changes. */
export const gasReportFile = 'gas-report.json';

type Samples = { readonly gas: number[]; netBytesMax: number; ramMax: number };

/** Gathers executions. */
export class GasCollector {
  readonly #actions = new Map<string, Samples>();

  add(account: string, action: string, { gas, netBytes, ramDeltas }: ActionResult): void {
    const key = `${account}::${action}`;
    const samples = this.#actions.get(key) ?? { gas: [], netBytesMax: 0, ramMax: 0 };
    this.#actions.set(key, samples);
    samples.gas.push(gas);
    samples.netBytesMax = Math.max(samples.netBytesMax, netBytes);
    const ram = Object.values(ramDeltas).reduce((sum, delta) => sum + delta, 0);
    samples.ramMax = Math.max(samples.ramMax, ram);
  }

  /** The rows, by action. Native actions, which run no contract, are left out. */
  get rows(): GasRow[] {
    return [...this.#actions]
      .map(([action, { gas, netBytesMax, ramMax }]) => {
        const sorted = gas.toSorted((a, b) => a - b);
        const gasMedian = sorted[Math.floor(sorted.length / 2)]!;
        const [gasMin, gasMax] = [sorted[0]!, sorted.at(-1)!];
        return { action, count: gas.length, gasMin, gasMedian, gasMax, netBytesMax, ramMax };
      })
      .filter(({ gasMax }) => gasMax > 0)
      .sort((a, b) => (a.action < b.action ? -1 : 1));
  }
}

/** Of all chains of this process. The runner says where it is to be written when the process ends. */
export const gasOfProcess = new GasCollector();
const reportPath = process.env.SNAPSCALE_GAS_REPORT;
if (reportPath !== undefined) process.on('exit', () => writeGasReport(reportPath, gasOfProcess.rows));

/** Joins the rows of several test files. The median is that of the file with the most executions. */
export function mergeGas(reports: readonly (readonly GasRow[])[]): GasRow[] {
  const merged = new Map<string, GasRow>();
  for (const row of reports.flat()) {
    const known = merged.get(row.action);
    merged.set(row.action, known === undefined ? row : joinRows(known, row));
  }
  return [...merged.values()].sort((a, b) => (a.action < b.action ? -1 : 1));
}

function joinRows(a: GasRow, b: GasRow): GasRow {
  return {
    action: a.action,
    count: a.count + b.count,
    gasMin: Math.min(a.gasMin, b.gasMin),
    gasMedian: a.count >= b.count ? a.gasMedian : b.gasMedian,
    gasMax: Math.max(a.gasMax, b.gasMax),
    netBytesMax: Math.max(a.netBytesMax, b.netBytesMax),
    ramMax: Math.max(a.ramMax, b.ramMax),
  };
}

/** Differences from `before`, by median gas, in percent. */
export function compareGas(rows: readonly GasRow[], before: readonly GasRow[] | undefined): GasDifference[] {
  return rows.map((row) => {
    const known = before?.find(({ action }) => action === row.action);
    const percent = known === undefined ? undefined : ((row.gasMedian - known.gasMedian) / known.gasMedian) * 100;
    return { row, before: known, percent };
  });
}

/** Reads a report. Undefined when there is none, or none that can be read. */
export function readGasReport(path: string): GasRow[] | undefined {
  return existsSync(path) ? parseGasReport(readFileSync(path, 'utf8')) : undefined;
}

/** Writes a report, one action a line, so that a difference of two versions shows the actions that changed. */
export function writeGasReport(path: string, rows: readonly GasRow[]): void {
  writeReport(path, `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`);
}

/** Writes what a run found out, into a folder that need not be there yet. */
export function writeReport(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the report ${path} cannot be written: ${reason}`, { cause });
  }
}

/** The report of the project's last commit; undefined without a repository, a commit or such a file in it. */
export function committedGasReport(directory: string): GasRow[] | undefined {
  try {
    const text = execFileSync('git', ['show', `HEAD:./${gasReportFile}`], {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return parseGasReport(text);
  } catch {
    return undefined;
  }
}

/** Where a run writes its report. */
export function builtGasReport(directory: string): string {
  return join(directory, 'build', gasReportFile);
}

function parseGasReport(text: string): GasRow[] | undefined {
  try {
    const rows: unknown = JSON.parse(text);
    return Array.isArray(rows) && rows.every(isRow) ? rows : undefined;
  } catch {
    return undefined;
  }
}

function isRow(value: unknown): value is GasRow {
  if (typeof value !== 'object' || value === null) return false;
  const row = value as Record<string, unknown>;
  const numbers = ['count', 'gasMin', 'gasMedian', 'gasMax', 'netBytesMax', 'ramMax'];
  return typeof row.action === 'string' && numbers.every((field) => typeof row[field] === 'number');
}
