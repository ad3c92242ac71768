import type { Reject } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { ContractExit } from '../../wasm/host-port.js';
import { Harness } from '../testing/harness.js';

describe('block', () => {
  it('has a time and a number', () => {
    const host = new Harness();
    expect(host.call('current_time')).toBe(946_684_800_500_000n);
    expect(host.call('publication_time')).toBe(946_684_800_500_000n);
    expect(host.call('get_block_num')).toBe(77);
  });
});

describe('get_active_producers', () => {
  it('measures and copies names, cut to the room in bytes', () => {
    const host = new Harness();
    const { activeProducers } = host.context.block;
    const buffer = host.alloc(32);
    expect(host.call('get_active_producers', 0, 0)).toBe(16);
    expect(host.call('get_active_producers', buffer, 16)).toBe(16);
    expect([host.u64(buffer), host.u64(buffer + 8)]).toEqual(activeProducers);
    host.bytes.fill(0, buffer, buffer + 16);
    expect(host.call('get_active_producers', buffer, 9)).toBe(9);
    expect(host.u64(buffer)).toBe(activeProducers[0]);
    expect(host.call('get_active_producers', buffer, 500)).toBe(16);
  });

  it('wants eight times its size in memory, as on Antelope', () => {
    const host = new Harness();
    expect(host.code('get_active_producers', host.size - 64, 16)).toBe('wasm_execution_error');
    expect(host.call('get_active_producers', host.size - 128, 16)).toBe(16);
    expect(host.code('get_active_producers', 0, 0x3fffffff)).toBe('wasm_execution_error');
  });
});

describe('is_feature_activated', () => {
  it('answers for a digest in memory', () => {
    const host = new Harness();
    expect(host.call('is_feature_activated', host.put(new Uint8Array(32).fill(7)))).toBe(1);
    expect(host.call('is_feature_activated', host.put(new Uint8Array(32)))).toBe(0);
    expect(host.refusal('is_feature_activated', 0)).toMatch(/null pointers/);
  });
});

describe('assertions', () => {
  it('let true pass, and still check their strings', () => {
    const host = new Harness();
    const text = host.put('no\0');
    host.call('eosio_assert', 1, text);
    host.call('eosio_assert', -5, text);
    host.call('eosio_assert_message', 1, text, 2);
    host.call('eosio_assert_code', 1, 5n);
    host.bytes.fill(1, host.size - 10);
    expect(host.code('eosio_assert', 1, host.size - 10)).toBe('wasm_execution_error');
    expect(host.code('eosio_assert_message', 1, host.size - 10, 11)).toBe('wasm_execution_error');
  });

  it('reject with their text', () => {
    const host = new Harness();
    expect(host.refusal('eosio_assert', 0, host.put('overdrawn balance\0more'))).toBe(
      'eosio_assert_message_exception: assertion failure with message: overdrawn balance',
    );
    expect(host.refusal('eosio_assert_message', 0, host.put('überzogen'), 10)).toBe(
      'eosio_assert_message_exception: assertion failure with message: überzogen',
    );
    expect(host.refusal('eosio_assert', 0, host.put('\0'))).toBe(
      'eosio_assert_message_exception: assertion failure with message: ',
    );
  });

  it('cut their text at 1024 bytes', () => {
    const host = new Harness();
    const text = host.put(`${'x'.repeat(1500)}\0`);
    const prefix = 'eosio_assert_message_exception: assertion failure with message: ';
    expect(host.refusal('eosio_assert', 0, text)).toBe(prefix + 'x'.repeat(1024));
    expect(host.refusal('eosio_assert_message', 0, text, 1500)).toBe(prefix + 'x'.repeat(1024));
  });

  it('reject with a code, of which those from 10^19 on are reserved', () => {
    const host = new Harness();
    expect(host.refusal('eosio_assert_code', 0, 42n)).toBe(
      'eosio_assert_code_exception: assertion failure with error code: 42',
    );
    expect(host.refusal('eosio_assert_code', 0, 10n ** 19n - 1n)).toBe(
      'eosio_assert_code_exception: assertion failure with error code: 9999999999999999999',
    );
    expect(host.refusal('eosio_assert_code', 0, BigInt.asIntN(64, 10n ** 19n))).toBe(
      'restricted_error_code_exception: eosio_assert_code called with reserved error code: 10000000000000000000',
    );
    try {
      host.call('eosio_assert_code', 0, -1n);
    } catch (error) {
      expect((error as Reject).rejection.evidence).toEqual({ error_code: '18446744073709551615' });
    }
  });
});

describe('ends', () => {
  it('are abort, which rejects, and eosio_exit, which succeeds', () => {
    const host = new Harness();
    expect(host.refusal('abort')).toBe('abort_called: abort() called');
    expect(() => host.call('eosio_exit', 3)).toThrow(ContractExit);
  });
});
