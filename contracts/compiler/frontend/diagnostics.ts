/**
 * What the compiler has to say, in terms of the user's files.
 */

import { hintFor } from './hints.js';

/** A message at a place of the user's file; lines and columns count from 1. */
export type Diagnostic = {
  readonly severity: 'error' | 'warning';
  /** The path as the user gave it; undefined for messages that belong to no file, such as the linker's. */
  readonly file: string | undefined;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What to do about it, where that is known. */
  readonly hint?: string;
};

/** A place in the virtual file tree of the compiler. */
export type VirtualPlace = { readonly file: string; readonly line: number; readonly columnBytes: number };

/** The user's place for a virtual one, or undefined for files of the toolchain. */
export type Locate = (place: VirtualPlace) => Pick<Diagnostic, 'file' | 'line' | 'column'> | undefined;

/** Thrown by a build whose sources are at fault; its message lists the diagnostics, one a line. */
export class BuildError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n'));
    this.name = 'BuildError';
    this.diagnostics = diagnostics.map((diagnostic) => {
      const hint = hintFor(diagnostic.message);
      return hint === undefined ? diagnostic : { ...diagnostic, hint };
    });
  }
}

/** `token.cpp:12:3: error: use of undeclared identifier 'x'` */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const place = diagnostic.file === undefined ? '' : `${diagnostic.file}:${diagnostic.line}:${diagnostic.column}: `;
  return `${place}${diagnostic.severity}: ${diagnostic.message}`;
}

/**
 * Reads clang's messages. An error inside the SDK, such as in a template, is reported at the place in the user's code
 * that led there, which clang's notes tell.
 */
export function parseClangOutput(stderr: string, locate: Locate): Diagnostic[] {
  const result: Diagnostic[] = [];
  let open: { severity: Diagnostic['severity']; message: string; inside: string } | undefined;
  const close = (): void => {
    if (open?.severity === 'error') {
      result.push({
        severity: 'error',
        file: undefined,
        line: 0,
        column: 0,
        message: `${open.message} (in ${open.inside})`,
      });
    }
    open = undefined;
  };
  for (const line of stderr.split('\n')) {
    const match = /^(.+?):(\d+):(\d+): (fatal error|error|warning|note): (.*)$/.exec(line);
    if (match === null) {
      const general = /^(?:wasm-ld: )?(error|warning): (?:\/\S+\.o: )?(.*)$/.exec(line);
      if (general === null) continue;
      close();
      result.push({
        severity: general[1] as Diagnostic['severity'],
        file: undefined,
        line: 0,
        column: 0,
        message: general[2]!,
      });
      continue;
    }
    const file = match[1]!;
    const place = locate({ file, line: Number(match[2]), columnBytes: Number(match[3]) });
    const message = match[5]!;
    if (match[4] === 'note') {
      if (open !== undefined && place !== undefined) {
        result.push({ severity: open.severity, ...place, message: `${open.message} (in ${open.inside})` });
        open = undefined;
      }
      continue;
    }
    close();
    const severity = match[4] === 'warning' ? 'warning' : 'error';
    if (place !== undefined) result.push({ severity, ...place, message });
    else open = { severity, message, inside: file };
  }
  close();
  return result;
}
