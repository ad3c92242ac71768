import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Output } from '../program/output.js';
import type { Session } from '../program/session.js';
import { Values } from '../program/values.js';
import { filesOf, newContract } from './new.js';
import { compilerPackage, contractFor, contractsOf, openProject } from './project.js';
import { placeholder, templates } from './templates.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapscale-new-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let said = '';
function make(name: string, options: Record<string, string> = {}): Promise<void> {
  said = '';
  const stream = { write: (text: string) => (said += text) };
  const output = new Output({
    stdout: stream,
    stderr: { ...stream, isTTY: true },
    environment: {},
    json: false,
    quiet: false,
    noColour: true,
  });
  const session = { output } as unknown as Session;
  return newContract(session, new Values({ name }, [], { directory: join(folder, name), ...options }));
}

test.each(templates.map((template) => [template.name, template] as const))(
  'the template %s is a project under any name',
  async (_, template) => {
    const files = await filesOf(template, 'a.b1');
    const paths = files.map(({ path }) => path);
    for (const path of [
      '.gitignore',
      'README.md',
      'snapscale.json',
      'tsconfig.json',
      'tests/a.b1.test.ts',
      'src/a.b1.cpp',
      'src/a.b1.contracts.md',
    ]) {
      expect(paths).toContain(path);
    }
    for (const { text, path } of files) expect(path + text).not.toContain(placeholder);
    const { parseProjectFile } = await compilerPackage();
    const [contract] = parseProjectFile(files.find(({ path }) => path === 'snapscale.json')!.text, '/p');
    expect(contract).toMatchObject({ name: 'a.b1', sources: ['/p/src/a.b1.cpp'] });
    expect(files.find(({ path }) => path === 'src/a.b1.cpp')?.text).toContain('contract("a.b1")');
    const [action = ''] = template.call('a.b1').split(' ');
    expect(files.find(({ path }) => path === 'src/a.b1.contracts.md')?.text).toContain(`contract">${action}<`);
  },
);

test('a new project says what to do next', async () => {
  await make('notes');
  expect(said).toContain('✓ contract notes made from the template hello');
  for (const next of [
    'contract build',
    'contract test',
    'contract deploy notes --create',
    'contract call notes greet',
  ]) {
    expect(said).toContain(`snapscale ${next}`);
  }
  expect(readFileSync(join(folder, 'notes', '.gitignore'), 'utf8')).toBe('build/\ntsconfig.json\n');
  expect((await openProject(join(folder, 'notes', 'src'))).contracts[0]?.name).toBe('notes');
});

describe('what is refused leaves nothing behind', () => {
  test.each([
    ['Notes', {}, 2, '"N" cannot be in a name'],
    ['thirteenchars', {}, 2, 'has 13 characters'],
    ['notes', { template: 'tokn' }, 2, 'there is no template tokn'],
    ['notes', { template: '../system' }, 2, 'there is no template ../system'],
  ])('%s %j', async (name, options, exitCode, message) => {
    const failure = make(name, options);
    await expect(failure).rejects.toMatchObject({ exitCode });
    await expect(failure).rejects.toThrow(message);
    expect(existsSync(join(folder, name))).toBe(false);
  });

  test('a folder that has something in it, and a file', async () => {
    mkdirSync(join(folder, 'notes'));
    writeFileSync(join(folder, 'notes', 'mine.txt'), 'mine');
    await expect(make('notes')).rejects.toMatchObject({ exitCode: 9, message: expect.stringContaining('not empty') });
    expect(existsSync(join(folder, 'notes', 'src'))).toBe(false);
    await expect(make('x', { directory: join(folder, 'notes', 'mine.txt') })).rejects.toThrow('is a file');
    await expect(make('x', { directory: join(folder, 'notes', 'mine.txt', 'x') })).rejects.toMatchObject({
      exitCode: 9,
    });
  });

  test('an empty folder is taken', async () => {
    mkdirSync(join(folder, 'notes'));
    await make('notes');
    expect(existsSync(join(folder, 'notes', 'snapscale.json'))).toBe(true);
  });
});

test('which contract of a project is meant', async () => {
  const write = (text: string) => writeFileSync(join(folder, 'snapscale.json'), text);
  await expect(openProject(folder)).rejects.toMatchObject({
    exitCode: 9,
    hint: expect.stringContaining('contract new'),
  });
  write('{');
  await expect(openProject(folder)).rejects.toThrow('is not JSON');
  write('{"contracts":{"a":{},"b":{}}}');
  const project = await openProject(folder);
  expect(contractsOf(project, undefined)).toHaveLength(2);
  expect(contractsOf(project, 'b')[0]?.name).toBe('b');
  expect(contractFor(project, undefined, 'b').name).toBe('b');
  expect(contractFor(project, 'a', 'b').name).toBe('a');
  expect(() => contractsOf(project, 'c')).toThrow('the project has no contract c');
  expect(() => contractFor(project, undefined, 'alice')).toThrow('none is called alice');
});
