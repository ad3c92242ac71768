import { name } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { Harness } from '../testing/harness.js';

function printed(call: (host: Harness) => void): string {
  const host = new Harness();
  call(host);
  return host.context.console;
}

const wide = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

describe('console', () => {
  it('takes strings', () => {
    expect(printed((host) => host.call('prints', host.put('hällo\0x')))).toBe('hällo');
    expect(printed((host) => host.call('prints_l', host.put('abcdef'), 3))).toBe('abc');
    expect(printed((host) => host.call('prints_l', 0, 0))).toBe('');
    expect(printed((host) => host.call('printhex', host.put(Uint8Array.of(0, 171, 255)), 3))).toBe('00abff');
  });

  it('takes integers and names', () => {
    expect(printed((host) => host.call('printi', -5n))).toBe('-5');
    expect(printed((host) => host.call('printui', -1n))).toBe('18446744073709551615');
    expect(printed((host) => host.call('printn', BigInt.asIntN(64, name('zzz.token'))))).toBe('zzz.token');
    const max = (1n << 128n) - 1n;
    expect(printed((host) => host.call('printi128', host.put(wide(max))))).toBe('-1');
    expect(printed((host) => host.call('printi128', host.put(wide(1n << 127n))))).toBe(String(-(1n << 127n)));
    expect(printed((host) => host.call('printui128', host.put(wide(max))))).toBe(String(max));
  });

  it('takes floating-point numbers in scientific notation with 6, 15 and 18 digits', () => {
    expect(printed((host) => host.call('printsf', Math.fround(1 / 3)))).toBe('3.333333e-01');
    expect(printed((host) => host.call('printdf', 1 / 3))).toBe('3.333333333333333e-01');
    const third = 0x3ffd5555555555555555555555555555n;
    expect(printed((host) => host.call('printqf', host.put(wide(third))))).toBe('3.333333333333333333e-01');
    expect(printed((host) => host.call('printdf', -Infinity))).toBe('-inf');
  });

  it('refuses bad pointers', () => {
    const host = new Harness();
    host.bytes.fill(65, host.size - 4);
    expect(host.code('prints', host.size - 4)).toBe('wasm_execution_error');
    expect(host.code('prints_l', host.size - 4, 5)).toBe('wasm_execution_error');
    expect(host.code('printhex', host.size - 4, 5)).toBe('wasm_execution_error');
    for (const name of ['printi128', 'printui128', 'printqf']) {
      expect(host.refusal(name, 0)).toMatch(/null pointers/);
      expect(host.refusal(name, host.size - 15)).toMatch(/access violation/);
    }
  });

  it('charges for what it shows', () => {
    const host = new Harness();
    const text = host.put(`${'y'.repeat(200)}\0`);
    expect(host.gasOf('prints_l', text, 100)).toBe(100);
    expect(host.gasOf('printhex', text, 100)).toBe(800);
    expect(host.gasOf('prints', text)).toBe(200 + 200 - 64);
    expect(host.gasOf('printqf', host.put(wide(1n)))).toBe(3 * 16_383);
  });
});
