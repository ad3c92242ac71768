import { Reject } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { alice, FakeContext } from './testing/fake-context.js';
import { Harness } from './testing/harness.js';

const OUTSIDE = 'wasm_execution_error: access violation';

describe('arguments', () => {
  it('refuses null references, and references and spans that leave memory', () => {
    const host = new Harness();
    const { env, size } = host;
    expect(() => env.reference(0, 1)).toThrow('references cannot be created for null pointers');
    expect(env.reference(size - 8, 8)).toBe(size - 8);
    expect(() => env.reference(size - 7, 8)).toThrow(Reject);
    expect(() => env.reference(-8, 8)).toThrow('access violation');
    expect(env.span(size - 4, 4)).toHaveLength(4);
    expect(() => env.span(size - 4, 5)).toThrow('access violation');
    expect(() => env.span(4, -1)).toThrow('access violation');
  });

  it('accepts empty spans anywhere up to the end of memory', () => {
    const { env, size } = new Harness();
    expect(env.span(0, 0)).toHaveLength(0);
    expect(env.span(size, 0)).toHaveLength(0);
    expect(() => env.span(size + 1, 0)).toThrow('access violation');
  });

  it('finds the end of strings, however far, and refuses strings that have none', () => {
    const host = new Harness();
    const near = host.put('near\0');
    const far = host.put(`${'x'.repeat(300)}\0`);
    expect(host.env.cString(near, 100)).toBe('near');
    expect(host.env.cString(far, 1000)).toHaveLength(300);
    expect(host.env.cString(far, 10)).toBe('x'.repeat(10));
    host.bytes.fill(1, host.size - 100);
    expect(() => host.env.cStringEnd(host.size - 100)).toThrow('does not end within memory');
    expect(() => host.env.cStringEnd(host.size - 3)).toThrow('does not end within memory');
    expect(() => host.env.cStringEnd(host.size)).toThrow('does not end within memory');
    expect(() => host.env.cStringEnd(-1)).toThrow('does not end within memory');
  });

  it('refuses spans that share a byte, not spans that touch or are empty', () => {
    const { env } = new Harness();
    expect(() => env.requireDistinct(100, 10, 110, 10)).not.toThrow();
    expect(() => env.requireDistinct(100, 10, 105, 0, 120, 5)).not.toThrow();
    expect(() => env.requireDistinct(100, 11, 110, 10)).toThrow('pointers not allowed to alias');
    expect(() => env.requireDistinct(100, 50, 110, 10)).toThrow('pointers not allowed to alias');
    expect(() => env.requireDistinct(100, 1, 500, 10, 509, 10)).toThrow('pointers not allowed to alias');
  });

  it('sees memory that has grown', () => {
    const host = new Harness();
    expect(host.env.bytes).toHaveLength(65_536);
    host.memory.grow(1);
    expect(host.env.bytes).toHaveLength(131_072);
    expect(host.env.span(70_000, 4)).toHaveLength(4);
    host.memory.grow(1);
    expect(host.env.view.byteLength).toBe(196_608);
  });

  it('works without any memory', () => {
    const host = new Harness();
    const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: new (l: { initial: number }) => never } })
      .WebAssembly;
    host.env.activate(new Memory({ initial: 0 }));
    expect(host.env.span(0, 0)).toHaveLength(0);
    expect(() => host.env.span(0, 1)).toThrow('access violation');
  });

  it('turns malformed bytes into a rejection', () => {
    const host = new Harness();
    expect(host.refusal('send_inline', host.put(Uint8Array.of(1, 2, 3)), 3)).toMatch(
      /^out_of_range_exception: cannot read inline action: /,
    );
    expect(host.refusal('send_inline', host.size - 2, 3)).toMatch(OUTSIDE);
  });
});

describe('gas of host functions', () => {
  it('is summed from the last reset and refused beyond the limit', () => {
    const { env } = new Harness();
    env.resetGas(100);
    env.chargeGas(60);
    env.chargeGas(40);
    expect(env.takeGas()).toBe(100);
    expect(() => env.chargeGas(1)).toThrow('host functions used 101 gas of 100 that were left');
    env.resetGas(10);
    expect(env.takeGas()).toBe(0);
  });

  it('is charged before the work, so that huge inputs cannot stall a node', () => {
    const host = new Harness();
    host.env.resetGas(1_000_000);
    expect(host.code('blake2_f', -1, 0, 64, 64, 128, 192, 8, 200, 8, 1, 208, 64)).toBe('tx_cpu_usage_exceeded');
    host.env.resetGas(1_000_000);
    expect(host.code('mod_exp', 0, 9000, 9000, 9000, 18_000, 9000, 27_000, 9000)).toBe('tx_cpu_usage_exceeded');
    host.env.resetGas(1_000_000);
    expect(host.code('bls_pairing', 0, 96 * 10, 1000, 192 * 10, 10, 4000, 576)).toBe('tx_cpu_usage_exceeded');
  });
});

describe('actions', () => {
  it('number iterators afresh, while the receivers of one action share them', () => {
    const host = new Harness();
    host.call('db_store_i64', 1n, 1n, alice, 7n, 0, 0);
    host.call('db_store_i64', 1n, 1n, alice, 8n, 0, 0);
    host.env.context = host.context;
    expect(host.call('db_find_i64', host.context.receiver, 1n, 1n, 8n)).toBe(1);
    host.beginAction(new FakeContext());
    expect(host.call('db_find_i64', host.context.receiver, 1n, 1n, 8n)).toBe(0);
  });
});
