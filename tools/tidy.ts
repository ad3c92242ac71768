/**
 * House style that no general linter checks: which package may import which, what pure packages may not touch, sizes,
 * banned names, paths that documents mention, and rules of the specification that are cited. Prints every violation; exit
 * code 1 when there is one.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Packages by layer; a package may import packages of lower layers only. */
const layers: readonly (readonly string[])[] = [
  ['crypto'],
  ['protocol'],
  ['consensus', 'execution', 'api'],
  ['replica', 'sdk', 'contracts'],
  ['simulator', 'node', 'ca', 'gateway', 'indexer', 'console', 'cli'],
];

const FILE_LINES_MAX = 800;
const FUNCTION_LINES_MAX = 90;
const FOLDER_FILES_MAX = 16;
const bannedFileNames = /^(util|utils|common|helper|helpers|misc|manager)\./;
/** What packages/** may not use, tests excepted: it would let the outside world into the state machine. */
const impure: readonly (readonly [RegExp, string])[] = [
  [/from 'node:/, 'imports a Node module'],
  [/\bDate\.now\(|new Date\(\)/, 'reads the clock'],
  [/\bMath\.random\(/, 'uses chance'],
  [/\bset(Timeout|Interval|Immediate)\(/, 'uses timers'],
  [/\bperformance\.(now|timeOrigin)/, 'reads the clock'],
  [/\bprocess\.(env|exit|argv|cwd|hrtime)/, 'uses the process'],
  [/\bglobalThis\.crypto\b|[^.\w]crypto\.(getRandomValues|subtle)/, 'uses global crypto'],
  [/\bconsole\.(log|error|warn|info)\(/, 'writes to the console'],
];

/** Rules with these prefixes must all be cited where the code keeps them. */
const citedPrefixes: ReadonlySet<string> = new Set(['CON', 'FIN']);

/** All violations in the tree below the repository's root. */
export function violations(): string[] {
  const files = [
    ...sources('packages'),
    ...sources('apps'),
    ...sources('tools'),
    ...sources('tests'),
    ...sources('contracts'),
  ];
  return [...files.flatMap(checkFile), ...folderSizes(files), ...documentPaths(), ...ruleIds(files)];
}

function checkFile(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  const lines = text.split('\n');
  const found: string[] = [];
  if (lines.length > FILE_LINES_MAX) found.push(`${path}: ${lines.length} lines, at most ${FILE_LINES_MAX}`);
  if (bannedFileNames.test(basename(path))) found.push(`${path}: the name says nothing; name the concept`);
  const todo = new RegExp(`\\b(${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')})\\b`);
  lines.forEach((line, i) => {
    if (todo.test(line)) found.push(`${path}:${i + 1}: unfinished work is an issue, not a comment`);
  });
  const isTest = /^tests\/|\.test\.ts$|\/testing\/|\/testdata\//.test(path);
  if (path.startsWith('packages/') && !isTest) found.push(...purity(path, lines));
  if (!isTest) found.push(...longFunctions(path, lines));
  return [...found, ...edges(path, text)];
}

function purity(path: string, lines: readonly string[]): string[] {
  return lines.flatMap((line, i) =>
    /^\s*(\*|\/\/|\/\*)/.test(line)
      ? []
      : impure.filter(([pattern]) => pattern.test(line)).map(([, what]) => `${path}:${i + 1}: a pure package ${what}`),
  );
}

/** Functions and methods by their indentation, which the formatter guarantees. */
function longFunctions(path: string, lines: readonly string[]): string[] {
  const found: string[] = [];
  lines.forEach((line, start) => {
    const opening =
      /^(\s*)(export )?(default )?(async )?(function|(static |async |get |set |#)*[\w#]+\(.*\).*\{$)/.exec(line);
    if (opening === null || !line.endsWith('{') || /^\s*(if|for|while|switch|catch|return|else)\b/.test(line)) return;
    const end = lines.findIndex((later, i) => i > start && later.startsWith(`${opening[1]}}`));
    if (end - start > FUNCTION_LINES_MAX) {
      found.push(`${path}:${start + 1}: a function of ${end - start} lines, at most ${FUNCTION_LINES_MAX}`);
    }
  });
  return found;
}

function edges(path: string, text: string): string[] {
  const own = /^(?:(?:packages|apps)\/([^/]+)|(contracts)\/(?:compiler|testing))\//
    .exec(path)
    ?.slice(1)
    .find((part) => part !== undefined);
  if (own === undefined || path.endsWith('.test.ts')) return [];
  const level = layers.findIndex((layer) => layer.includes(own));
  if (level < 0) return [`${path}: package ${own} has no layer in tools/tidy.ts`];
  return [...text.matchAll(/from '@snapscale\/([\w-]+)(?:\/[\w-]+)?'/g)].flatMap(([, target]) => {
    const targetLevel = layers.findIndex((layer) => layer.includes(target!));
    const allowed = targetLevel >= 0 && targetLevel < level;
    return allowed ? [] : [`${path}: ${own} may not import ${target}`];
  });
}

function folderSizes(files: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const path of files) {
    if (path.endsWith('.test.ts')) continue;
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  }
  return [...counts]
    .filter(([folder, count]) => count > FOLDER_FILES_MAX && !folder.endsWith('/host/functions'))
    .map(([folder, count]) => `${folder}: ${count} files, at most ${FOLDER_FILES_MAX}`);
}

/** Files named in documents, in backquotes and with a slash, must exist. */
function documentPaths(): string[] {
  const documents = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    ...filesBelow('docs').filter((path) => path.endsWith('.md')),
  ];
  return documents.flatMap((document) => {
    if (!existsSync(join(root, document))) return [`${document}: missing`];
    const text = readFileSync(join(root, document), 'utf8');
    return [...text.matchAll(/`((?:packages|apps|contracts|docs|tools|tests|vectors|\.ci)\/[\w./-]*)`/g)]
      .map(([, path]) => path!)
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${document}: names ${path}, which does not exist`);
  });
}

/** Rule ids, as `FIN-3`: those that are cited must be in docs/spec, each once, and the other way round. */
function ruleIds(files: readonly string[]): string[] {
  const documents = filesBelow('docs').filter((path) => path.endsWith('.md'));
  const defined = new Map<string, string>();
  const found: string[] = [];
  for (const path of documents.filter((document) => document.startsWith('docs/spec/'))) {
    for (const [, id] of readFileSync(join(root, path), 'utf8').matchAll(/^[-\s\d.|]*\*\*([A-Z]{2,4}-\d+)\*\*/gm)) {
      if (defined.has(id!)) found.push(`${path}: rule ${id} is there twice, also in ${defined.get(id!)}`);
      defined.set(id!, path);
    }
  }
  const prefixes = new Set([...defined.keys()].map((id) => id.split('-')[0]!));
  const cited = new Set<string>();
  for (const path of [...files, ...documents]) {
    for (const [id, prefix] of readFileSync(join(root, path), 'utf8').matchAll(/\b([A-Z]{2,4})-\d+\b/g)) {
      if (!prefixes.has(prefix!)) continue;
      if (!defined.has(id)) found.push(`${path}: cites rule ${id}, which is not in docs/spec`);
      if (!path.startsWith('docs/')) cited.add(id);
    }
  }
  for (const [id, path] of defined) {
    const isDue = citedPrefixes.has(id.split('-')[0]!);
    if (isDue && !cited.has(id)) found.push(`${path}: rule ${id} is cited nowhere in the code`);
  }
  return found;
}

function sources(folder: string): string[] {
  return filesBelow(folder).filter((path) => /\.(ts|tsx|mjs)$/.test(path) && !path.endsWith('.d.ts'));
}

function filesBelow(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (['dist', 'node_modules', '.cache'].includes(entry.name)) return [];
    const path = relative(root, join(root, folder, entry.name)).replaceAll('\\', '/');
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = violations();
  for (const line of found) process.stdout.write(`${line}\n`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
