import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Harness } from '../testing/harness.js';

function pattern(): Harness {
  const host = new Harness();
  for (let i = 0; i < 1000; i++) host.bytes[1024 + i] = i & 0xff;
  return host;
}

describe('memcpy', () => {
  it.each([0, 1, 31, 32, 100])('copies %i bytes and returns its target', (size) => {
    const host = pattern();
    expect(host.call('memcpy', 4096, 1030, size)).toBe(4096);
    expect(host.read(4096, size + 1)).toEqual(Uint8Array.from([...host.read(1030, size), 0]));
  });

  it('refuses ranges that overlap, not those that touch', () => {
    const host = pattern();
    expect(host.refusal('memcpy', 1030, 1024, 7)).toBe(
      'overlapping_memory_error: memcpy can only accept non-aliasing pointers',
    );
    expect(host.code('memcpy', 1024, 1030, 7)).toBe('overlapping_memory_error');
    expect(host.code('memcpy', 1024, 1024, 1)).toBe('overlapping_memory_error');
    host.call('memcpy', 1024, 1024, 0);
    host.call('memcpy', 1030, 1024, 6);
  });

  it('refuses ranges outside of memory; the target must be a byte of memory even for no bytes', () => {
    const host = pattern();
    expect(host.code('memcpy', host.size - 3, 1024, 4)).toBe('wasm_execution_error');
    expect(host.code('memcpy', 1024, host.size - 3, 4)).toBe('wasm_execution_error');
    expect(host.code('memcpy', host.size, 1024, 0)).toBe('wasm_execution_error');
    expect(host.call('memcpy', 1024, host.size, 0)).toBe(1024);
  });
});

describe('memmove', () => {
  it('copies ranges that overlap, either way', () => {
    const host = pattern();
    const before = host.read(1024, 20);
    expect(host.call('memmove', 1030, 1024, 20)).toBe(1030);
    expect(host.read(1030, 20)).toEqual(before);
    const shifted = host.read(1040, 20);
    host.call('memmove', 1035, 1040, 20);
    expect(host.read(1035, 20)).toEqual(shifted);
    expect(host.code('memmove', host.size - 1, 0, 2)).toBe('wasm_execution_error');
    expect(host.code('memmove', 0, host.size - 1, 2)).toBe('wasm_execution_error');
  });
});

describe('memcmp', () => {
  it('orders bytes as unsigned', () => {
    const host = new Harness();
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 9 });
    const [a, b] = [host.alloc(16), host.alloc(16)];
    fc.assert(
      fc.property(bytes, bytes, (left, right) => {
        const size = Math.min(left.length, right.length);
        host.bytes.set(left, a);
        host.bytes.set(right, b);
        const expected = Math.sign(Buffer.compare(left.subarray(0, size), right.subarray(0, size)));
        expect(host.call('memcmp', a, b, size)).toBe(expected);
      }),
    );
    expect(host.call('memcmp', a, host.size, 0)).toBe(0);
    expect(host.code('memcmp', a, host.size, 1)).toBe('wasm_execution_error');
    expect(host.code('memcmp', host.size - 1, a, 2)).toBe('wasm_execution_error');
  });
});

describe('memset', () => {
  it('fills with the low byte', () => {
    const host = new Harness();
    expect(host.call('memset', 2000, 0x1ff, 5)).toBe(2000);
    expect([...host.read(1999, 7)]).toEqual([0, 255, 255, 255, 255, 255, 0]);
    host.call('memset', 2000, -2, 1);
    expect(host.bytes[2000]).toBe(254);
    expect(host.code('memset', host.size - 1, 1, 2)).toBe('wasm_execution_error');
    expect(host.code('memset', host.size, 1, 0)).toBe('wasm_execution_error');
  });
});

describe('gas', () => {
  it('grows with the size', () => {
    const host = new Harness();
    expect(host.gasOf('memcpy', 0, 32_000, 31)).toBe(0);
    expect(host.gasOf('memcpy', 0, 32_000, 3200)).toBe(100);
    expect(host.gasOf('memmove', 0, 1, 3200)).toBe(100);
    expect(host.gasOf('memset', 0, 1, 3200)).toBe(100);
    expect(host.gasOf('memcmp', 0, 1, 3200)).toBe(3200);
  });
});
