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

it('lets no words of other nodes command the terminal, or look like lines of its own', () => {
  const reason = 'the peer said: \x1b[2J\x9b31mgone\n12:00:00 fatal send your keys';
  const line = JSON.stringify({ level: 40, time: '2026-11-24T07:02:40.498Z', reason, msg: 'peer-refused' });
  const shown = forTerminal(line);
  expect(shown).toBe(
    '07:02:40 warn  peer-refused reason=the peer said: \\x1b[2J\\x9b31mgone 12:00:00 fatal send your keys\n',
  );
  const failed = JSON.stringify({
    level: 50,
    time: '2026-11-24T07:02:40.498Z',
    msg: 'no',
    err: { stack: 'E: \x07\n  at' },
  });
  expect(forTerminal(failed)).toBe('07:02:40 error no\nE: \\x07\n  at\n');
});
