import { type Action, actionSchema, encode, name, transactionSchema } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { alice, bob, emptyTransaction, FakeContext } from '../testing/fake-context.js';
import { Harness } from '../testing/harness.js';

const action: Action = {
  account: bob,
  name: name('transfer'),
  authorization: [{ actor: alice, permission: name('active') }],
  data: Uint8Array.of(1, 2, 3),
};
const packed = encode(actionSchema, action);

describe('inline actions', () => {
  it('are decoded, copied and passed on; bytes behind them are ignored', () => {
    const host = new Harness();
    const at = host.put(Uint8Array.from([...packed, 9, 9]));
    host.call('send_inline', at, packed.length + 2);
    host.call('send_context_free_inline', at, packed.length);
    host.bytes.fill(0, at, at + packed.length);
    expect(host.context.inline).toEqual([
      { action, contextFree: false },
      { action, contextFree: true },
    ]);
  });

  it('are refused from max_inline_action_size bytes on, and when malformed', () => {
    const context = new FakeContext();
    context.config = { ...context.config, maxInlineActionSize: packed.length };
    const host = new Harness(context);
    const at = host.put(packed);
    expect(host.refusal('send_inline', at, packed.length)).toMatch(/^inline_action_too_big: inline action too big/);
    expect(host.code('send_context_free_inline', at, packed.length)).toBe('inline_action_too_big');
    context.config = { ...context.config, maxInlineActionSize: packed.length + 1 };
    host.call('send_inline', at, packed.length);
    expect(host.code('send_inline', at, packed.length - 1)).toBe('out_of_range_exception');
    expect(host.gasOf('send_inline', at, packed.length)).toBe(4 * packed.length);
  });
});

describe('deferred transactions', () => {
  it('do nothing, except that arguments are still checked', () => {
    const host = new Harness();
    const id = host.alloc(16);
    const trx = encode(transactionSchema, emptyTransaction);
    expect(host.call('send_deferred', id, alice, host.put(trx), trx.length, 0)).toBeUndefined();
    expect(host.code('send_deferred', id, alice, host.put(trx), 3, 0)).toBe('out_of_range_exception');
    expect(host.code('send_deferred', 0, alice, host.put(trx), trx.length, 0)).toBe('wasm_execution_error');
    expect(host.call('cancel_deferred', id)).toBe(0);
    expect(host.code('cancel_deferred', host.size - 15)).toBe('wasm_execution_error');
  });
});

describe('the transaction', () => {
  it('is measured and read as it was packed', () => {
    const host = new Harness();
    const buffer = host.alloc(16);
    expect(host.call('transaction_size')).toBe(4);
    expect(host.call('read_transaction', 0, 0)).toBe(4);
    expect(host.call('read_transaction', buffer, 3)).toBe(3);
    expect([...host.read(buffer, 4)]).toEqual([10, 20, 30, 0]);
    expect(host.call('read_transaction', buffer, 9)).toBe(4);
    expect(host.code('read_transaction', host.size, 1)).toBe('wasm_execution_error');
  });

  it('shows its header', () => {
    const host = new Harness();
    expect(host.call('expiration')).toBe(1_700_000_000);
    expect(host.call('tapos_block_num')).toBe(513);
    expect((host.call('tapos_block_prefix') as number) >>> 0).toBe(0xfedcba98);
  });

  it('shows its actions, packed if there is room', () => {
    const host = new Harness();
    host.context.transaction.transaction = { ...emptyTransaction, actions: [action], contextFreeActions: [action] };
    const buffer = host.alloc(128);
    for (const type of [0, 1]) {
      expect(host.call('get_action', type, 0, buffer, packed.length - 1)).toBe(packed.length);
      expect(host.bytes[buffer]).toBe(0);
      expect(host.call('get_action', type, 0, buffer, 128)).toBe(packed.length);
      expect(host.read(buffer, packed.length)).toEqual(packed);
      expect(host.call('get_action', type, 1, buffer, 128)).toBe(-1);
      expect(host.call('get_action', type, -1, buffer, 128)).toBe(-1);
      host.bytes.fill(0, buffer, buffer + 128);
    }
    expect(host.code('get_action', 2, 0, buffer, 128)).toBe('action_not_found_exception');
  });
});

describe('context-free data', () => {
  it('is measured and copied', () => {
    const context = new FakeContext();
    context.contextFree = true;
    context.transaction.contextFreeData = [new Uint8Array(0), Uint8Array.of(5, 6, 7)];
    const host = new Harness(context);
    const buffer = host.alloc(8);
    expect(host.call('get_context_free_data', 1, 0, 0)).toBe(3);
    expect(host.call('get_context_free_data', 1, buffer, 2)).toBe(2);
    expect([...host.read(buffer, 3)]).toEqual([5, 6, 0]);
    expect(host.call('get_context_free_data', 0, buffer, 8)).toBe(0);
    expect(host.call('get_context_free_data', 2, buffer, 8)).toBe(-1);
    expect(host.code('get_context_free_data', 2, host.size, 8)).toBe('wasm_execution_error');
  });
});
