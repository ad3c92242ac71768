import { expect, it } from 'vitest';
import { forTerminal } from './log.js';

it('shows a JSON line of the log as a person reads it', () => {
  const line = '{"level":40,"time":"2026-11-24T07:02:40.498Z","missed":2,"slot":17,"msg":"slots-missed"}';
  expect(forTerminal(line)).toBe('07:02:40 warn  slots-missed missed=2 slot=17\n');
});

it('shows the stack of an error', () => {
  const line =
    '{"level":50,"time":"2026-11-24T07:02:40.498Z","msg":"failed","err":{"message":"no","stack":"Error: no\\n  at x"}}';
  expect(forTerminal(line)).toBe('07:02:40 error failed\nError: no\n  at x\n');
});
