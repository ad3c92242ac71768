/** Which lines of a contract tests have run: gathered in a process, merged over processes, told to people and tools. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeReport } from './gas-report.js';

/** Lines of a file that have code, ascending, and how often each was run. */
export type FileCoverage = {
  readonly file: string;
  readonly lines: readonly number[];
  readonly hits: readonly number[];
};

/** Lines that were run out of those that have code, and the ranges that were not, as `12-14, 20`. */
export type CoverageSummary = {
  readonly file: string;
  readonly hit: number;
  readonly total: number;
  readonly missed: string;
};

/** Where a run writes what other tools read. */
export function lcovPath(directory: string): string {
  return join(directory, 'build', 'lcov.info');
}

/** Counts runs of lines. */
export class CoverageCollector {
  readonly #files = new Map<string, Map<number, number>>();

  /** Announces a line that has code. */
  know(file: string, line: number): void {
    const lines = this.#files.get(file) ?? new Map<number, number>();
    this.#files.set(file, lines);
    if (!lines.has(line)) lines.set(line, 0);
  }

  hit(file: string, line: number): void {
    const lines = this.#files.get(file)!;
    lines.set(line, lines.get(line)! + 1);
  }

  get files(): FileCoverage[] {
    return [...this.#files]
      .map(([file, lines]) => {
        const sorted = [...lines].sort(([a], [b]) => a - b);
        return { file, lines: sorted.map(([line]) => line), hits: sorted.map(([, hits]) => hits) };
      })
      .sort((a, b) => (a.file < b.file ? -1 : 1));
  }
}

/** Of all chains of this process. The runner says where it is to be written when the process ends. */
export const coverageOfProcess = new CoverageCollector();
const reportPath = process.env.SNAPSCALE_COVERAGE_REPORT;
if (reportPath !== undefined)
  process.on('exit', () => writeFileSync(reportPath, JSON.stringify(coverageOfProcess.files)));

/** Reads what a process has written; nothing when it has not. */
export function readCoverage(path: string): FileCoverage[] {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as FileCoverage[]) : [];
}

/** Adds up several processes. */
export function mergeCoverage(reports: readonly (readonly FileCoverage[])[]): FileCoverage[] {
  const merged = new Map<string, Map<number, number>>();
  for (const { file, lines, hits } of reports.flat()) {
    const known = merged.get(file) ?? new Map<number, number>();
    merged.set(file, known);
    for (const [i, line] of lines.entries()) known.set(line, (known.get(line) ?? 0) + hits[i]!);
  }
  return [...merged].map(([file, counts]) => {
    const sorted = [...counts].sort(([a], [b]) => a - b);
    return { file, lines: sorted.map(([line]) => line), hits: sorted.map(([, count]) => count) };
  });
}

/** What a person wants to know of a file. */
export function summarise({ file, lines, hits }: FileCoverage): CoverageSummary {
  const ranges: string[] = [];
  let from: number | undefined;
  let to = 0;
  const close = (): void => {
    if (from !== undefined) ranges.push(from === to ? String(from) : `${from}-${to}`);
    from = undefined;
  };
  for (const [i, line] of lines.entries()) {
    if (hits[i]! > 0) close();
    else {
      from ??= line;
      to = line;
    }
  }
  close();
  return { file, hit: hits.filter((count) => count > 0).length, total: lines.length, missed: ranges.join(', ') };
}

/** The format that editors and services read (`man geninfo`). */
export function writeLcov(path: string, files: readonly FileCoverage[]): void {
  const records = files.map(({ file, lines, hits }) => {
    const counts = lines.map((line, i) => `DA:${line},${hits[i]}`);
    const hit = hits.filter((count) => count > 0).length;
    return ['TN:', `SF:${file}`, ...counts, `LF:${lines.length}`, `LH:${hit}`, 'end_of_record'].join('\n');
  });
  writeReport(path, `${records.join('\n')}\n`);
}
