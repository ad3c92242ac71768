import { describe, expect, it } from 'vitest';
import { AddressAllowance } from './address-allowance.js';

describe('AddressAllowance', () => {
  it('bounds how many connections an address opens, each for itself', () => {
    const allowance = new AddressAllowance();
    const admitted = (address: string, count: number, nowMs: number) => {
      let taken = 0;
      for (let i = 0; i < count; i++) if (allowance.admits(address, nowMs)) taken++;
      return taken;
    };
    expect(admitted('10.0.0.1', 1_000, 0)).toBe(250);
    expect(admitted('10.0.0.1', 1_000, 1_000)).toBe(50);
    expect(admitted('10.0.0.2', 10, 1_000)).toBe(10);
  });

  it('remembers a bounded number of addresses', () => {
    const allowance = new AddressAllowance();
    for (let i = 0; i < 250; i++) allowance.admits('first', 0);
    expect(allowance.admits('first', 0)).toBe(false);
    for (let i = 0; i < 4_096; i++) allowance.admits(String(i), 0);
    expect(allowance.admits('first', 0)).toBe(true);
  });
});
