import { pino } from 'pino';
import { expect, test } from 'vitest';
import { logNotice } from './chain-log.js';

function logged(name: string): { readonly level: number; readonly msg: string; readonly reason?: string } {
  let text = '';
  logNotice(pino({ level: 'info' }, { write: (line: string) => void (text += line) }), name, { reason: 'a reason' });
  return JSON.parse(text);
}

test('a key that runs twice is fatal, with the reason, and with what to do', () => {
  expect(logged('own-key-elsewhere')).toMatchObject({
    level: 60,
    reason: 'a reason',
    msg: expect.stringMatching(/^own-key-elsewhere: another node .* Stop the other node, then start this one again$/),
  });
});

test.each([
  ['finality-broken', 60],
  ['execution-fault', 50],
  ['block-invalid', 50],
  ['production-paused', 40],
  ['production-resumed', 30],
  ['peer-left-something', 40],
])('%s has level %i', (name, level) => {
  expect(logged(name)).toMatchObject({ level, msg: expect.stringContaining(name) });
});
