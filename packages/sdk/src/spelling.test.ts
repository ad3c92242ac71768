import { expect, test } from 'vitest';
import { closest, editDistance } from './spelling.js';

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['tranfer', 'transfer', 1],
  ['form', 'from', 1],
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
])('distance of %s and %s', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test('the closest word must be close', () => {
  const words = ['transfer', 'issue', 'open', 'close'];
  expect(closest('tranfer', words)).toBe('transfer');
  expect(closest('ISSUE', ['issue'])).toBeUndefined();
  expect(closest('xyzzy', words)).toBeUndefined();
  expect(closest('opne', words)).toBe('open');
});
