/**
 * Reading a project's files from the disk, and nothing else: an include may name any path, and a symbolic link may lead
 * anywhere, but what lies outside of the project's folder is not read.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { FileRefused, projectBytesMax, type ReadFile } from './frontend/project.js';

/** What says where a project lies. */
export type ProjectPlaces = {
  readonly sources: readonly string[];
  readonly includeDirs?: readonly string[];
  readonly ricardianDirs?: readonly string[];
  readonly root?: string;
};

/** A reader of text files below the project's folder. It throws FileRefused for files that lie elsewhere or are too large. */
export function projectReader({ sources, includeDirs = [], ricardianDirs = [], root }: ProjectPlaces): ReadFile {
  const folders = [...sources.map((path) => dirname(path)), ...includeDirs, ...ricardianDirs];
  const asked = resolve(root ?? commonFolder(folders.map((folder) => resolve(folder))));
  const allowed = realOf(asked) ?? asked;
  return (path) => {
    const real = realOf(path);
    if (real === undefined) return undefined;
    const inside = relative(allowed, real);
    if (inside === '..' || inside.startsWith(`..${sep}`) || resolve(inside) === inside) {
      throw new FileRefused(`${path} lies outside of the project's folder ${asked}, and is not read`);
    }
    return readText(real, path);
  };
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function readText(real: string, path: string): string | undefined {
  let file: number | undefined;
  try {
    // Without waiting: a pipe with no writer would hold the build for ever.
    file = openSync(real, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = fstatSync(file);
    if (!stat.isFile()) return undefined;
    if (stat.size > projectBytesMax) {
      throw new FileRefused(`${path} has ${stat.size} bytes: a project may have at most ${projectBytesMax}`);
    }
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof FileRefused) throw error;
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The deepest folder that holds all of them. */
function commonFolder(folders: readonly string[]): string {
  const [first = '.', ...rest] = folders;
  let common = first.split(sep);
  for (const folder of rest) {
    const segments = folder.split(sep);
    let same = 0;
    while (same < common.length && same < segments.length && segments[same] === common[same]) same++;
    common = common.slice(0, same);
  }
  return common.join(sep) || sep;
}
