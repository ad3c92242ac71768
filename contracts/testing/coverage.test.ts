import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CoverageCollector, mergeCoverage, readCoverage, summarise, writeLcov } from './coverage.js';

const directory = mkdtempSync(join(tmpdir(), 'snapscale-coverage-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function collected(known: readonly number[], hits: readonly number[]) {
  const collector = new CoverageCollector();
  for (const line of known) collector.know('a.cpp', line);
  for (const line of hits) collector.hit('a.cpp', line);
  return collector.files;
}

it('counts lines, in the order of the file', () => {
  expect(collected([7, 3, 7], [7, 7])).toEqual([{ file: 'a.cpp', lines: [3, 7], hits: [0, 2] }]);
});

it('adds up processes, which may know different lines', () => {
  expect(mergeCoverage([collected([1, 2], [1]), collected([2, 9], [2, 2]), []])).toEqual([
    { file: 'a.cpp', lines: [1, 2, 9], hits: [1, 2, 0] },
  ]);
});

it('tells ranges of lines that were not run, across lines without code', () => {
  const [file] = collected([1, 2, 4, 5, 8, 9], [5, 8]);
  expect(summarise(file!)).toEqual({ file: 'a.cpp', hit: 2, total: 6, missed: '1-4, 9' });
  const [all] = collected([1], [1]);
  expect(summarise(all!).missed).toBe('');
});

it('writes lcov', () => {
  const path = join(directory, 'build', 'lcov.info');
  writeLcov(path, collected([1, 2], [1]));
  expect(readFileSync(path, 'utf8')).toBe('TN:\nSF:a.cpp\nDA:1,1\nDA:2,0\nLF:2\nLH:1\nend_of_record\n');
});

it('reads nothing where a process was killed before it wrote', () => {
  expect(readCoverage(join(directory, 'missing'))).toEqual([]);
});
