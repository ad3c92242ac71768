/**
 * The user's files as the compiler gets to see them: all those that the sources include, directly or not, rewritten,
 * under paths that do not depend on the machine.
 */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { type Include, scanSource } from './attributes.js';
import { BuildError, type Diagnostic, type VirtualPlace } from './diagnostics.js';
import { originalPosition, type RewrittenSource, rewriteSource } from './rewrite.js';

/**
 * The text of a file, or undefined if there is none. Paths are absolute, with `/` between segments.
 * @throws FileRefused for a file that the build may not read
 */
export type ReadFile = (path: string) => string | undefined;

/** A file that is there but that a build may not read; the message says why. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';
}

/** Bounds of what one build may read. */
export const projectFilesMax = 1000;
export const projectBytesMax = 16 * 1024 * 1024;

/** Where the user's files are mounted in the compiler's file tree. */
export const projectRoot = '/project';

/** A loaded project. Virtual paths begin with `/project/`. */
export type Project = {
  readonly files: ReadonlyMap<string, RewrittenSource>;
  readonly includeDirs: readonly string[];
  /** The virtual path of each source given, in the same order. */
  readonly sources: readonly string[];
  /** SHA-256, as hex, over the names and texts of all files, in the order of their names. */
  readonly sourceHash: string;
  /** The user's place for a virtual one; undefined for files that are not the project's. */
  readonly locate: (place: VirtualPlace) => Pick<Diagnostic, 'file' | 'line' | 'column'> | undefined;
};

/**
 * Loads `sources` and what they include from `includeDirs` or beside themselves. Includes that are found in neither
 * place are left to the compiler, which knows the SDK and the standard library. `displayPath` gives the form of paths
 * in messages. Throws BuildError for missing sources.
 */
export function loadProject(
  sources: readonly string[],
  includeDirs: readonly string[],
  readFile: ReadFile,
  displayPath: (path: string) => string,
): Project {
  const scanned = readClosure(sources, includeDirs, readFile, displayPath);
  const root = commonDirectory([...scanned.keys(), ...includeDirs.map((dir) => `${dir}/`)]);
  const virtual = (path: string): string => projectRoot + path.slice(root.length);
  const files = new Map<string, RewrittenSource>();
  for (const [path, file] of scanned) {
    const targets = file.upward.map(({ include, target }) => ({
      offset: include.offset,
      length: include.path.length,
      text: virtual(target),
    }));
    files.set(virtual(path), rewriteSource(file.text, [...file.edits, ...targets]));
  }
  const hash = createHash('sha256');
  for (const [path, { text }] of [...scanned].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const part of [virtual(path), text]) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  }
  return {
    files,
    sourceHash: hash.digest('hex'),
    includeDirs: includeDirs.map(virtual),
    sources: sources.map(virtual),
    locate: ({ file, line, columnBytes }) => {
      const source = files.get(file);
      const path = root + file.slice(projectRoot.length);
      return source && { file: displayPath(path), ...originalPosition(source, line, columnBytes) };
    },
  };
}

type LoadedFile = {
  readonly text: string;
  readonly edits: ReturnType<typeof scanSource>['edits'];
  /** Includes with `..`, which the compiler's file tree does not understand, and the files they mean. */
  readonly upward: readonly { readonly include: Include; readonly target: string }[];
};

function readClosure(
  sources: readonly string[],
  includeDirs: readonly string[],
  readFile: ReadFile,
  displayPath: (path: string) => string,
): Map<string, LoadedFile> {
  const loaded = new Map<string, LoadedFile>();
  const texts = new Map<string, string | undefined>();
  const textOf = (path: string): string | undefined => {
    if (!texts.has(path)) texts.set(path, readFile(path));
    return texts.get(path);
  };
  const included = (path: string, from: LoadedFrom): string | undefined => {
    try {
      return textOf(path);
    } catch (error) {
      if (error instanceof FileRefused) throw failure(error.message, placeOf(from, displayPath));
      throw error;
    }
  };
  const queue = [...sources];
  let bytes = 0;
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (loaded.has(path)) continue;
    const text = included(path, undefined);
    if (text === undefined) throw failure(`no such source file: ${path}`);
    bytes += text.length;
    if (loaded.size >= projectFilesMax || bytes > projectBytesMax) {
      throw failure(`the sources include more than ${projectFilesMax} files or ${projectBytesMax} bytes`);
    }
    const { edits, includes } = scanSource(text);
    const upward: { include: Include; target: string }[] = [];
    for (const include of includes) {
      const dirs = include.quoted ? [posix.dirname(path), ...includeDirs] : includeDirs;
      const target = dirs
        .map((dir) => posix.resolve(dir, include.path))
        .find((candidate) => included(candidate, { path, text, offset: include.offset }) !== undefined);
      if (target === undefined) continue;
      queue.push(target);
      if (include.path.split('/').includes('..')) upward.push({ include, target });
    }
    loaded.set(path, { text, edits, upward });
  }
  return loaded;
}

/** The deepest directory that holds all paths, without a `/` at its end. */
function commonDirectory(paths: readonly string[]): string {
  const [first = '', ...rest] = paths.map((path) => path.split('/').slice(0, -1));
  let depth = first.length;
  for (const segments of rest) {
    let same = 0;
    while (same < depth && same < segments.length && segments[same] === first[same]) same++;
    depth = same;
  }
  return (first as readonly string[]).slice(0, depth).join('/');
}

/** Where an include stands; undefined for a source that was named by the caller. */
type LoadedFrom = { readonly path: string; readonly text: string; readonly offset: number } | undefined;

type Place = Pick<Diagnostic, 'file' | 'line' | 'column'>;

const nowhere: Place = { file: undefined, line: 0, column: 0 };

function placeOf(from: LoadedFrom, displayPath: (path: string) => string): Place {
  if (from === undefined) return nowhere;
  const before = from.text.slice(0, from.offset).split('\n');
  return { file: displayPath(from.path), line: before.length, column: before.at(-1)!.length + 1 };
}

function failure(message: string, place: Place = nowhere): BuildError {
  return new BuildError([{ severity: 'error', ...place, message }]);
}
