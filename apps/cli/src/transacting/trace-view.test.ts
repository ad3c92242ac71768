import { expect, test } from 'vitest';
import { makeStyle } from '../terminal/style.js';
import { type ActionView, actionLines, dataText } from './trace-view.js';

const style = makeStyle(false);
let ordinal = 0;

function action(receiver: string, creator: number, change: Partial<ActionView> = {}): ActionView {
  const act = {
    account: 'token',
    name: 'pay',
    authorization: [{ actor: 'alice', permission: 'active' }],
    data: { n: 1 },
  };
  return { action_ordinal: ++ordinal, creator_action_ordinal: creator, receiver, act, console: '', ...change };
}

test('notifications, inline actions, prints and results stand under what caused them', () => {
  ordinal = 0;
  const inner = { account: 'log', name: 'note', authorization: [], data: {} };
  const traces = [
    action('token', 0, { console: 'paid\n', return_value_data: { left: 2 } }),
    action('alice', 1),
    action('bob', 1, { console: 'thanks' }),
    action('log', 3, { act: inner }),
  ];
  expect(actionLines(traces, style, '')).toEqual([
    'token::pay  alice@active  n 1',
    '  > paid',
    '  = {left: 2}',
    '  notified alice',
    '  notified bob',
    '    > thanks',
    '    log::note',
  ]);
});

test('the nonce of --force-unique is not shown', () => {
  ordinal = 0;
  const act = { account: 'eosio.null', name: 'nonce', authorization: [], data: '0011' };
  expect(actionLines([action('eosio.null', 0, { act })], style)).toEqual([]);
});

test('data on one line; bytes and long texts are cut', () => {
  expect(dataText({ from: 'alice', memo: '', list: [1, { a: null }] }, style)).toBe(
    'from alice · memo "" · list [1, {a: null}]',
  );
  expect(dataText('00ff', style)).toBe('0x00ff');
  expect(dataText({ code: '00'.repeat(3000) }, style)).toBe(`code ${'0'.repeat(16)}… (2.93 KiB)`);
  expect(dataText({ memo: 'x'.repeat(1000) }, style).length).toBeLessThan(450);
  expect(dataText({ memo: 'a\u001b[2Jb\nc' }, style)).toBe('memo a\\u001b[2Jb\\nc');
});
