/** How the benchmark shows what it measured: the machine, tables, numbers. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** Says which machine this is, and how busy it is: figures mean nothing without. */
export function machineText(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const load = loadavg().map((value) => value.toFixed(2));
  return [
    `machine   ${model}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform}-${process.arch}`,
    `node      ${process.version}`,
    `load      ${load.join(' ')} (1, 5, 15 minutes) at ${new Date().toISOString()}`,
  ].join('\n');
}

/** Prints a heading. */
export function heading(text: string): void {
  print(`\n== ${text}`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints rows under their column names; all columns but the first are aligned to the right. */
export function printTable(columns: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => row[i]?.length ?? 0)));
  for (const row of [columns, ...rows]) {
    print(`  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('   ')}`);
  }
}

/** 12345.6 → "12,346"; small numbers keep their digits. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}

export function milliseconds(value: number): string {
  return Number.isFinite(value) ? `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ms` : '–';
}

export function mebibytes(bytes: number): string {
  return Number.isFinite(bytes) ? `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 26 ? 1 : 0)} MiB` : '–';
}

export function percent(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(1)} %` : '–';
}

/** The value below which `share` (0..1) of the sorted numbers lie; NaN when there are none. */
export function quantile(sorted: Float64Array | readonly number[], share: number): number {
  return sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** "p50 1.2 ms, p99 3.4 ms" of the numbers, in any order. */
export function spread(values: Iterable<number>): string {
  const sorted = Float64Array.from(values).sort();
  return `p50 ${milliseconds(quantile(sorted, 0.5))}, p99 ${milliseconds(quantile(sorted, 0.99))}`;
}
