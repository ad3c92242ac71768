/** What the compiler says, for people: the place, the message, and the line of the source with a mark under it. */
import { readFileSync } from 'node:fs';
import type { Diagnostic } from '@snapscale/contracts/compiler';
import { printable, widthOf } from '../terminal/style.js';

/** Messages that are shown; more of them help nobody. */
const SHOWN_MAX = 10;
/** Longest piece of a source line that is shown. */
const LINE_MAX = 160;

/** Lines for messages. @param readText gives the text of a file, or undefined */
export function diagnosticLines(
  diagnostics: readonly Diagnostic[],
  readText: (path: string) => string | undefined = readTextFile,
): string[] {
  const texts = new Map<string, readonly string[]>();
  const linesOf = (path: string): readonly string[] => {
    const known = texts.get(path) ?? (readText(path) ?? '').split(/\r?\n/);
    texts.set(path, known);
    return known;
  };
  const shown = diagnostics.slice(0, SHOWN_MAX);
  const more = diagnostics.length - shown.length;
  return [
    ...shown.flatMap((diagnostic) => oneDiagnostic(diagnostic, linesOf)),
    ...(more > 0 ? [`… and ${more} more`] : []),
  ];
}

function oneDiagnostic(
  { file, line, column, severity, message, hint }: Diagnostic,
  linesOf: (path: string) => readonly string[],
): string[] {
  const help = hint === undefined ? [] : [`        ${hint}`];
  if (file === undefined) return [`${severity}: ${printable(message)}`, ...help];
  const head = `${printable(file)}:${line}:${column}: ${severity}: ${printable(message)}`;
  const source = linesOf(file)[line - 1];
  if (source === undefined || source.trim() === '') return [head, ...help];
  const margin = String(line).padStart(5);
  const before = withoutTabs(source.slice(0, Math.max(0, column - 1)));
  // A long line is shown from near the mark on.
  const from = widthOf(before) > LINE_MAX - 20 ? before.length - 40 : 0;
  const shown = printable(withoutTabs(source)).slice(from, from + LINE_MAX);
  const blanks = ' '.repeat(widthOf(before.slice(from)));
  return [head, `${margin} | ${shown.trimEnd()}`, `${' '.repeat(margin.length)} | ${blanks}^`, ...help];
}

function withoutTabs(text: string): string {
  return text.replaceAll('\t', '  ');
}

function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
