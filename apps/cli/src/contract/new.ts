/** `contract new`: a project from a template. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import type { Handler } from '../program/command.js';
import { configurationError, usageError } from '../program/failures.js';
import { fields } from '../terminal/layout.js';
import { compilerPackage } from './project.js';
import { defaultTemplate, placeholder, type Template, templates } from './templates.js';

/** A file of a new project. */
export type NewFile = { readonly path: string; readonly text: string };

export const newContract: Handler = async ({ output }, values) => {
  const name = values.argument('name');
  const template = await templateCalled(values.text('template') ?? defaultTemplate);
  await checkName(name);
  const directory = values.text('directory') ?? name;
  const files = await filesOf(template, name);
  write(directory, files);
  const shown = relative('.', directory) || '.';
  const paths = files.map(({ path }) => path);
  output.result({ contract: name, template: template.name, directory: resolve(directory), files: paths }, () => [
    `${output.style.green('✓')} contract ${name} made from the template ${template.name}, in ${shown}/`,
    ...fields([['files', paths.join('\n')]], output.style),
  ]);
  if (shown !== '.') output.note(`Go there: cd ${shown}`);
  output.next(
    'contract build',
    'contract test',
    `contract deploy ${name} --create`,
    `contract call ${name} ${template.call(name)}`,
  );
};

/** The files of a template under the name of a contract. */
export async function filesOf(template: Template, name: string): Promise<NewFile[]> {
  const { buildFolderName, contractsRoot } = await compilerPackage();
  const root = join(contractsRoot, 'templates', template.name);
  const named = (text: string) => text.replaceAll(placeholder, name);
  const made = filesIn(root).map((path) => ({
    path: named(path),
    text: named(readFileSync(join(root, path), 'utf8')),
  }));
  const ignored = { path: '.gitignore', text: `${buildFolderName}/\n${editorFile}\n` };
  return [...made, ignored, await editorSettings()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Tells editors where the types of tests are. It names folders of this machine, so it is not to be committed. */
const editorFile = 'tsconfig.json';

async function editorSettings(): Promise<NewFile> {
  const { editorPaths } = await import('@snapscale/contracts/testing');
  const compilerOptions = {
    target: 'ES2023',
    module: 'NodeNext',
    strict: true,
    noEmit: true,
    types: ['node'],
    typeRoots: typeRoots(),
    paths: editorPaths(),
  };
  return { path: editorFile, text: `${JSON.stringify({ compilerOptions, include: ['tests'] }, null, 2)}\n` };
}

/** Where the types of Node are, if this program was installed with them. */
function typeRoots(): string[] | undefined {
  try {
    return [dirname(dirname(createRequire(import.meta.url).resolve('@types/node/package.json')))];
  } catch {
    return undefined;
  }
}

function filesIn(root: string, below = ''): string[] {
  return readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? filesIn(root, path) : [path];
  });
}

async function templateCalled(name: string): Promise<Template> {
  const found = templates.find((template) => template.name === name);
  if (found !== undefined) return found;
  const { closest } = await import('@snapscale/sdk');
  const names = templates.map((template) => template.name);
  const similar = closest(name, names);
  throw usageError(
    `there is no template ${name}`,
    `${similar === undefined ? '' : `Did you mean ${similar}? `}There are ${names.join(', ')}.`,
  );
}

async function checkName(name: string): Promise<void> {
  const { contractNameProblem } = await compilerPackage();
  const problem = contractNameProblem(name);
  if (problem === undefined) return;
  throw usageError(
    `${JSON.stringify(name)} cannot be the name of a contract: ${problem}`,
    'Contracts are named as accounts are: up to 12 characters out of a-z, 1-5 and dots.',
  );
}

function write(directory: string, files: readonly NewFile[]): void {
  if (existsSync(directory)) {
    if (!statSync(directory).isDirectory()) throw configurationError(`${directory} exists already, and is a file`);
    if (readdirSync(directory).length > 0) {
      throw configurationError(
        `the folder ${directory} exists already, and is not empty`,
        'Choose another one: --directory DIR',
      );
    }
  }
  try {
    for (const { path, text } of files) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text, { flag: 'wx' });
    }
  } catch (error) {
    throw configurationError(
      `${directory} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
