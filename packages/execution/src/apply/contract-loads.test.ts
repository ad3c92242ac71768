import { expect, it } from 'vitest';
import { ContractLoads } from './contract-loads.js';
import { nativeGas } from './gas.js';

const hash = (serial: number) => new Uint8Array(32).fill(serial);
const SIZE = 1000;
const price = nativeGas.contractLoad + nativeGas.loadedByte * SIZE;

it('a transaction loads eight contracts for nothing, and pays for the others and for what it has pushed out', () => {
  const loads = new ContractLoads();
  const gas = (serial: number) => loads.gasOf(hash(serial), () => SIZE);
  for (let i = 0; i < 8; i++) expect(gas(i)).toBe(0);
  for (let i = 0; i < 8; i++) expect(gas(i)).toBe(0);
  for (let i = 8; i < 32; i++) expect(gas(i)).toBe(price);
  // All 32 are loaded; the next pushes out the one called longest ago.
  for (let i = 0; i < 32; i++) expect(gas(i)).toBe(0);
  expect(gas(32)).toBe(price);
  expect(gas(1)).toBe(0);
  expect(gas(0)).toBe(price);
});

it('asks for the size of code only where it is charged', () => {
  const loads = new ContractLoads();
  const never = () => {
    throw new Error('asked');
  };
  for (let i = 0; i < 8; i++) loads.gasOf(hash(i), never);
  expect(() => loads.gasOf(hash(9), never)).toThrow('asked');
});
