import { expect, test } from 'vitest';
import { withSnakeCaseNames } from './json-names.js';

test('names change at every depth, values do not', () => {
  expect(withSnakeCaseNames({ gasMedian: 1, rows: [{ netBytesMax: 'camelCase', a: null }], plain: [1, 'x'] })).toEqual({
    gas_median: 1,
    rows: [{ net_bytes_max: 'camelCase', a: null }],
    plain: [1, 'x'],
  });
});
