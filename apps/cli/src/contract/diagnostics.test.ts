import type { Diagnostic } from '@snapscale/contracts/compiler';
import { expect, test } from 'vitest';
import { diagnosticLines } from './diagnostics.js';

const at = (line: number, column: number, message = 'm', file = 'a.cpp'): Diagnostic => ({
  severity: 'error',
  file,
  line,
  column,
  message,
});
const reading = (text: string) => (path: string) => (path === 'a.cpp' ? text : undefined);

test('the place, the message, the line, and a mark under it', () => {
  expect(diagnosticLines([at(2, 5, 'odd')], reading('int x;\nint y\n'))).toEqual([
    'a.cpp:2:5: error: odd',
    '    2 | int y',
    '      |     ^',
  ]);
});

test('a hint under it', () => {
  const hint = 'Do it so.';
  expect(diagnosticLines([{ ...at(1, 1), hint }], reading('x')).at(-1)).toBe('        Do it so.');
  expect(diagnosticLines([{ ...at(0, 0), file: undefined, hint }], reading('x'))).toEqual([
    'error: m',
    '        Do it so.',
  ]);
});

test('tabs and wide characters do not move the mark', () => {
  expect(diagnosticLines([at(1, 3)], reading('\t\tx')).slice(1)).toEqual(['    1 |     x', '      |     ^']);
  expect(diagnosticLines([at(1, 3)], reading('名字x')).slice(1)).toEqual(['    1 | 名字x', '      |     ^']);
});

test('a long line is shown around the mark', () => {
  const [, line = '', mark = ''] = diagnosticLines([at(1, 1001)], reading(`${'a'.repeat(1000)}X${'b'.repeat(1000)}`));
  expect(line.length).toBeLessThan(180);
  expect(line[mark.indexOf('^')]).toBe('X');
});

test.each([
  ['no file', { ...at(0, 0, 'undefined symbol: f'), file: undefined }, ['error: undefined symbol: f']],
  ['a file that is not there', at(1, 1, 'm', 'b.cpp'), ['b.cpp:1:1: error: m']],
  ['a line that is not there', at(99, 1), ['a.cpp:99:1: error: m']],
  ['an empty line', at(2, 1), ['a.cpp:2:1: error: m']],
  ['a column beyond the line', at(1, 500), ['a.cpp:1:500: error: m', '    1 | x', '      |  ^']],
])('%s', (_, diagnostic, lines) => {
  expect(diagnosticLines([diagnostic], reading('x\n\n'))).toEqual(lines);
});

test('what would move the cursor is shown as text', () => {
  expect(diagnosticLines([at(1, 1, '\u001b[2J')], reading('\u001b[31mx'))).toEqual([
    'a.cpp:1:1: error: \\u001b[2J',
    '    1 | \\u001b[31mx',
    '      | ^',
  ]);
});

test('of many messages the first are shown', () => {
  const lines = diagnosticLines(
    Array.from({ length: 25 }, () => at(9, 9)),
    reading(''),
  );
  expect([lines.length, lines.at(-1)]).toEqual([11, '… and 15 more']);
});
