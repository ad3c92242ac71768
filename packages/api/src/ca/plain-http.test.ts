import { expect, test } from 'vitest';
import { isLoopback, isPlainRemote } from './plain-http.js';

test.each([
  ['http://localhost:8900', true, false],
  ['http://127.0.0.1', true, false],
  ['http://127.8.9.1:1', true, false],
  ['http://[::1]:8900', true, false],
  ['https://ca.example', false, false],
  ['http://ca.example', false, true],
  ['http://10.0.0.7:8900', false, true],
  ['http://localhost.evil.example', false, true],
  ['http://127.0.0.1.evil.example', false, true],
  ['http://localhost@evil.example', false, true],
  ['http://0x7f000001', true, false],
  ['nothing', false, false],
])('%s', (url, isHere, isInTheClear) => {
  expect([isLoopback(url), isPlainRemote(url)]).toEqual([isHere, isInTheClear]);
});
