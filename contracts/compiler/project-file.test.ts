import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contractNameProblem, loadContractProject, outputPaths, parseProjectFile } from './project-file.js';

describe('the text of a project file', () => {
  test('one contract, from the source that is named after it', () => {
    expect(parseProjectFile('{"contract":"notes"}', '/p')).toEqual([
      { name: 'notes', root: '/p', sources: ['/p/src/notes.cpp'], includeDirs: [], standard: 'gnu++17' },
    ]);
  });

  test('several, in their order, each with what it needs', () => {
    const text = JSON.stringify({
      contracts: {
        zoo: { sources: ['zoo/a.cpp', './zoo/../zoo/b.cpp'], include: ['shared'], standard: 'gnu++20' },
        'my.bar': {},
      },
    });
    expect(parseProjectFile(text, '/p')).toEqual([
      {
        name: 'zoo',
        root: '/p',
        sources: ['/p/zoo/a.cpp', '/p/zoo/b.cpp'],
        includeDirs: ['/p/shared'],
        standard: 'gnu++20',
      },
      { name: 'my.bar', root: '/p', sources: ['/p/src/my.bar.cpp'], includeDirs: [], standard: 'gnu++17' },
    ]);
  });

  test.each([
    ['', 'it is not JSON'],
    ['{"contract":', 'it is not JSON'],
    ['[]', 'it must be a JSON object'],
    ['null', 'it must be a JSON object'],
    ['{}', 'either "contract" or "contracts"'],
    ['{"contract":"a","contracts":{"a":{}}}', 'either "contract" or "contracts"'],
    ['{"contract":7}', '"contract" must be a name'],
    ['{"contract":"Notes"}', '"N" cannot be in a name'],
    ['{"contract":"notes","source":[]}', 'the file has "source", which is unknown'],
    ['{"contracts":[]}', '"contracts" must be an object'],
    ['{"contracts":{}}', 'not 0'],
    ['{"contracts":{"a":"a.cpp"}}', '"a" must be an object'],
    ['{"contracts":{"a":{"sources":"a.cpp"}}}', '"sources" of "a" must be a list of paths'],
    ['{"contracts":{"a":{"sources":[]}}}', '"sources" of "a" is empty'],
    ['{"contracts":{"a":{"sources":[""]}}}', '"sources" of "a" must be a list of paths'],
    ['{"contracts":{"a":{"include":[1]}}}', '"include" of "a" must be a list of paths'],
    ['{"contracts":{"a":{"standard":"c++11"}}}', 'must be one of gnu++17'],
    ['{"contracts":{"a":{"optimise":3}}}', '"a" has "optimise", which is unknown'],
    ['{"contracts":{"a":{"sources":["/etc/passwd"]}}}', '"/etc/passwd" is outside of the project'],
    ['{"contracts":{"a":{"sources":["src/../../b.cpp"]}}}', 'is outside of the project'],
    ['{"contracts":{"a":{"include":[".."]}}}', '".." is outside of the project'],
  ])('%s is refused', (text, message) => {
    expect(() => parseProjectFile(text, '/p')).toThrow(message);
    expect(() => parseProjectFile(text, '/p')).toThrow('snapscale.json: ');
  });
});

test.each([
  ['notes', undefined],
  ['a', undefined],
  ['eosio.token1', undefined],
  ['', 'empty'],
  ['my-contract', '"-" cannot be in a name'],
  ['contract6', '"6" cannot be in a name'],
  ['thirteenchars', 'has 13 characters'],
  ['.notes', 'dots stand between'],
  ['notes.', 'dots stand between'],
  ['a..b', 'dots stand between'],
  ['../../x', '"/" cannot be in a name'],
])('the name %j', (name, problem) => {
  const said = contractNameProblem(name);
  if (problem === undefined) expect(said).toBeUndefined();
  else expect(said).toContain(problem);
});

describe('on the disk', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'snapscale-project-'));
    mkdirSync(join(folder, 'notes', 'src', 'deep'), { recursive: true });
    mkdirSync(join(folder, 'large'));
    mkdirSync(join(folder, 'odd', 'snapscale.json'), { recursive: true });
    writeFileSync(join(folder, 'notes', 'snapscale.json'), '{"contract":"notes"}');
    writeFileSync(join(folder, 'large', 'snapscale.json'), `{"contract":"notes"}${' '.repeat(70_000)}`);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('a project is found from its folder and from those in it', () => {
    const directory = join(folder, 'notes');
    expect(loadContractProject(directory).directory).toBe(directory);
    const project = loadContractProject(join(directory, 'src', 'deep'));
    expect(project.contracts[0]?.sources).toEqual([join(directory, 'src', 'notes.cpp')]);
    expect(outputPaths(project, 'notes').record).toBe(join(directory, 'build', 'notes.build.json'));
  });

  test('what is no project says so', () => {
    expect(() => loadContractProject(folder)).toThrow('snapscale.json is missing there and in the folders above');
    expect(() => loadContractProject(join(folder, 'nowhere'))).toThrow('there is no folder');
    expect(() => loadContractProject(join(folder, 'large'))).toThrow('more than 65536 bytes');
    expect(() => loadContractProject(join(folder, 'odd'))).toThrow('snapscale.json is not a file');
  });
});
