import { privateKeyFromBytes, publicKeyOf } from '@snapscale/crypto';
import { encode, name, transactionSchema, Writer } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { alice, emptyTransaction } from '../testing/fake-context.js';
import { Harness } from '../testing/harness.js';

const key = publicKeyOf(privateKeyFromBytes('K1', new Uint8Array(32).fill(1)));

function packedKeys(): Uint8Array {
  const writer = new Writer();
  writer.varuint32(1);
  writer.raw(key);
  return writer.finish();
}

function packedPermissions(): Uint8Array {
  const writer = new Writer();
  writer.varuint32(1);
  writer.u64(alice);
  writer.u64(name('active'));
  return writer.finish();
}

describe('accounts', () => {
  it('exist or not', () => {
    const host = new Harness();
    expect(host.call('is_account', alice)).toBe(1);
    expect(host.call('is_account', name('nobody'))).toBe(0);
  });

  it('have a time of creation, and permissions one of last use', () => {
    const host = new Harness();
    expect(host.call('get_account_creation_time', alice)).toBe(946_684_800_000_000n);
    expect(host.code('get_account_creation_time', name('nobody'))).toBe('account_query_exception');
    expect(host.call('get_permission_last_used', alice, 5n)).toBe(alice + 5n);
    expect(host.code('get_permission_last_used', name('nobody'), 5n)).toBe('permission_query_exception');
  });
});

describe('get_code_hash', () => {
  it('writes the packed description if there is room, and always says how long it is', () => {
    const host = new Harness();
    host.context.code = { codeSequence: 513n, codeHash: new Uint8Array(32).fill(0xab), vmType: 1, vmVersion: 2 };
    const buffer = host.alloc(64);
    expect(host.call('get_code_hash', alice, 0, buffer, 42)).toBe(43);
    expect(host.read(buffer, 43).every((byte) => byte === 0)).toBe(true);
    expect(host.call('get_code_hash', alice, 99, buffer, 50)).toBe(43);
    const expected = [0, 1, 2, 0, 0, 0, 0, 0, 0, ...new Array(32).fill(0xab), 1, 2, 0];
    expect([...host.read(buffer, 44)]).toEqual(expected);
    expect(host.code('get_code_hash', alice, 0, host.size, 43)).toBe('wasm_execution_error');
  });
});

describe('check_transaction_authorization', () => {
  it('passes on what it was given and returns the answer', () => {
    const host = new Harness();
    const trx = encode(transactionSchema, emptyTransaction);
    const keys = packedKeys();
    const permissions = packedPermissions();
    const args = [host.put(trx), trx.length, host.put(keys), keys.length, host.put(permissions), permissions.length];
    expect(host.call('check_transaction_authorization', ...args)).toBe(1);
    expect(host.context.checks).toEqual([
      { transaction: emptyTransaction, keys: [key], permissions: [{ actor: alice, permission: name('active') }] },
    ]);
    host.context.authorizationAnswer = false;
    expect(host.call('check_transaction_authorization', args[0]!, args[1]!, 0, 0, 0, 0)).toBe(0);
    expect(host.context.checks[1]).toEqual({ transaction: emptyTransaction, keys: [], permissions: [] });
  });

  it('rejects malformed bytes', () => {
    const host = new Harness();
    const trx = encode(transactionSchema, emptyTransaction);
    const good = host.put(trx);
    expect(host.code('check_transaction_authorization', good, 5, 0, 0, 0, 0)).toBe('out_of_range_exception');
    const bad = host.put(Uint8Array.of(200, 1));
    const check = (...rest: number[]) => host.code('check_transaction_authorization', good, trx.length, ...rest);
    expect(check(bad, 2, 0, 0)).toBe('out_of_range_exception');
    expect(check(0, 0, bad, 2)).toBe('out_of_range_exception');
    expect(check(host.size, 1, 0, 0)).toBe('wasm_execution_error');
  });
});

describe('check_permission_authorization', () => {
  it('passes on what it was given and bounds the delay', () => {
    const host = new Harness();
    const keys = packedKeys();
    const call = (delay: bigint) =>
      ['check_permission_authorization', alice, 7n, host.put(keys), keys.length, 0, 0, delay] as const;
    expect(host.call(...call(3_000_000n))).toBe(1);
    expect(host.context.checks).toEqual([
      { account: alice, permission: 7n, keys: [key], permissions: [], delayUs: 3_000_000n },
    ]);
    expect(host.refusal(...call(-1n))).toMatch(/^action_validate_exception: provided delay is too large/);
  });
});
