import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Output } from './output.js';

let said = '';
beforeEach(() => {
  said = '';
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function output(options: { isTTY?: boolean; quiet?: boolean; json?: boolean; columns?: number } = {}): Output {
  const stderr = { write: (text: string) => (said += text), isTTY: options.isTTY ?? true, columns: options.columns };
  const { quiet = false, json = false } = options;
  return new Output({ stdout: stderr, stderr, environment: {}, json, quiet, noColour: true });
}
const clear = '\r\u001b[2K';

test('what is quick is not spoken of', () => {
  const stop = output().progress('Working');
  vi.advanceTimersByTime(600);
  stop();
  vi.advanceTimersByTime(10_000);
  expect(said).toBe('');
});

test('what takes its time says so, then for how long, then why; and goes away', () => {
  const stop = output().progress('Working', 'hard');
  vi.advanceTimersByTime(700);
  expect(said).toBe(`${clear}Working …`);
  vi.advanceTimersByTime(2100);
  expect(said.endsWith(`${clear}Working … 2 s`)).toBe(true);
  vi.advanceTimersByTime(7000);
  expect(said.endsWith(`${clear}Working … 9 s  (hard)`)).toBe(true);
  stop();
  expect(said.endsWith(clear)).toBe(true);
});

test('it stays on one line', () => {
  output({ columns: 12 }).progress('Working', 'hard');
  vi.advanceTimersByTime(9100);
  for (const line of said.split(clear)) expect(line.length).toBeLessThan(12);
});

test.each([{ isTTY: false }, { quiet: true }, { json: true }])('nothing is said with %j', (options) => {
  const stop = output(options).progress('Working');
  vi.advanceTimersByTime(10_000);
  stop();
  expect(said).toBe('');
});

test('words of the chain cannot steer the terminal, wherever they stand in a failure', () => {
  const odd = '\u001b]0;title\u0007\u202e';
  const failure = { exitCode: 1, title: odd, lines: [odd], hints: [odd], reference: undefined, problem: {} };
  output().failure(failure);
  output().note(odd);
  for (const mark of ['\u001b', '\u0007', '\u202e']) expect(said).not.toContain(mark);
  expect(said.split('\\u001b]0;title\\u0007\\u202e')).toHaveLength(5);
});

test('commands in remarks can be typed as they stand', () => {
  const stderr = { write: (text: string) => (said += text) };
  const environment = { npm_command: 'exec' };
  const talking = new Output({ stdout: stderr, stderr, environment, json: false, quiet: false, noColour: true });
  talking.note('Keep it: snapscale contract test --update-gas');
  expect(said).toBe('Keep it: npx snapscale contract test --update-gas\n');
});
