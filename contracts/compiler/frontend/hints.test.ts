import { expect, test } from 'vitest';
import { BuildError } from './diagnostics.js';
import { hintFor } from './hints.js';

test.each([
  ["cannot use 'throw' with exceptions disabled", 'check(condition'],
  ["'missing.hpp' file not found", 'snapscale.json'],
  ['undefined symbol: other(int)', 'sources'],
  ["parameter 'p': the type 'const char *' has no counterpart in an ABI", 'public fields'],
  ["use of undeclared identifier 'check'", 'namespace snapscale'],
])('%s', (message, part) => {
  expect(hintFor(message)).toContain(part);
});

test('other messages are left alone', () => {
  expect(hintFor('expected expression')).toBeUndefined();
});

test('a failed build carries hints beside the messages, which stay as they are', () => {
  const at = { severity: 'error', file: 'a.cpp', line: 1, column: 1 } as const;
  const error = new BuildError([
    { ...at, message: "'x.hpp' file not found" },
    { ...at, message: 'expected expression' },
  ]);
  expect(error.message).not.toContain('Quoted paths');
  expect(error.diagnostics.map(({ hint }) => hint !== undefined)).toEqual([true, false]);
});
