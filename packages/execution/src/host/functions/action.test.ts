import { name } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { alice, bob, contractAccount, FakeContext } from '../testing/fake-context.js';
import { Harness } from '../testing/harness.js';

describe('action data', () => {
  it('is measured and copied, as much as fits', () => {
    const host = new Harness();
    const buffer = host.alloc(16);
    expect(host.call('action_data_size')).toBe(5);
    expect(host.call('read_action_data', 0, 0)).toBe(5);
    expect(host.call('read_action_data', buffer, 3)).toBe(3);
    expect([...host.read(buffer, 6)]).toEqual([1, 2, 3, 0, 0, 0]);
    expect(host.call('read_action_data', buffer, 100)).toBe(5);
    expect([...host.read(buffer, 6)]).toEqual([1, 2, 3, 4, 5, 0]);
    expect(host.refusal('read_action_data', host.size - 2, 3)).toMatch(/access violation/);
  });

  it('can be empty', () => {
    const context = new FakeContext();
    context.action = { ...context.action, data: new Uint8Array(0) };
    const host = new Harness(context);
    expect(host.call('read_action_data', 500, 10)).toBe(0);
  });
});

describe('receiver and sender', () => {
  it('are names', () => {
    const context = new FakeContext();
    context.sender = name('zzzzz');
    const host = new Harness(context);
    expect(host.call('current_receiver')).toBe(contractAccount);
    expect(host.call('get_sender')).toBe(name('zzzzz'));
    expect(new Harness().call('get_sender')).toBe(0n);
  });
});

describe('return value', () => {
  it('is copied and bounded by the chain, except in read-only transactions', () => {
    const host = new Harness();
    const value = host.put(Uint8Array.of(9, 8, 7));
    host.call('set_action_return_value', value, 3);
    host.bytes.fill(0, value, value + 3);
    expect([...host.context.returnValue!]).toEqual([9, 8, 7]);
    expect(host.refusal('set_action_return_value', 0, 257)).toBe(
      'action_return_value_exception: action return value size must be less or equal to 256 bytes',
    );
    host.call('set_action_return_value', 0, 256);
    host.context.transaction.readOnly = true;
    host.call('set_action_return_value', 0, 5000);
    expect(host.context.returnValue).toHaveLength(5000);
    expect(host.code('set_action_return_value', host.size, 1)).toBe('wasm_execution_error');
  });
});

describe('authorization', () => {
  it('is required and asked for by actor, with whatever permission', () => {
    const host = new Harness();
    host.call('require_auth', alice);
    expect(host.call('has_auth', alice)).toBe(1);
    expect(host.call('has_auth', bob)).toBe(0);
    expect(host.code('require_auth', bob)).toBe('missing_auth_exception');
  });

  it('is required with exactly one permission by require_auth2', () => {
    const host = new Harness();
    host.call('require_auth2', alice, name('active'));
    expect(host.code('require_auth2', alice, name('owner'))).toBe('missing_auth_exception');
    expect(host.code('require_auth2', bob, name('active'))).toBe('missing_auth_exception');
  });

  it('takes names whose highest bit is set', () => {
    const context = new FakeContext();
    context.action = { ...context.action, authorization: [{ actor: name('zzzzz'), permission: name('active') }] };
    const host = new Harness(context);
    host.call('require_auth', BigInt.asIntN(64, name('zzzzz')));
    host.call('require_recipient', BigInt.asIntN(64, name('zzzzz')));
    expect(host.context.recipients).toEqual([name('zzzzz')]);
  });
});
