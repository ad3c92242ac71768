import { expect, test } from 'vitest';
import { isPlainRemote } from './plain-http.js';

test.each([
  ['http://localhost:8900', false],
  ['http://127.0.0.1', false],
  ['http://127.8.9.1:1', false],
  ['http://[::1]:8900', false],
  ['https://ca.example', false],
  ['http://ca.example', true],
  ['http://10.0.0.7:8900', true],
  ['http://localhost.evil.example', true],
  ['http://127.0.0.1.evil.example', true],
  ['http://localhost@evil.example', true],
  ['http://0x7f000001', false],
  ['nothing', false],
])('%s', (url, expected) => {
  expect(isPlainRemote(url)).toBe(expected);
});
