import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ContractCompiler } from '../build-contract.js';
import { instrument } from './instrument.js';
import { LineTableError, readLineTable } from './line-table.js';

const source = `#include <snapscale/snapscale.hpp>
class [[snapscale::contract]] a : public snapscale::contract {
 public:
  using contract::contract;
  [[snapscale::action]] void f(uint32_t n) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; ++i) {
      sum += i;
    }
    if (sum > 10) {
      snapscale::print("large");
    }
  }
};
`;

const compiler = new ContractCompiler();
let built: Awaited<ReturnType<ContractCompiler['buildDebug']>>;

beforeAll(async () => {
  const readFile = (path: string) => (path === '/a.cpp' ? source : undefined);
  built = await compiler.buildDebug({ name: 'a', sources: ['/a.cpp'], readFile });
}, 240_000);
afterAll(() => compiler.close());

describe('a debug build', () => {
  it('knows the lines of the user’s file that have code, and no others', () => {
    const lines = new Set(built.hooks.map(({ line }) => line));
    expect([...new Set(built.hooks.map(({ file }) => file))]).toEqual(['/a.cpp']);
    for (const line of [6, 7, 8, 10, 11, 13]) expect(lines).toContain(line);
    for (const line of [1, 3, 9, 12, 14]) expect(lines).not.toContain(line);
  });

  it('is a module that an engine accepts', () => {
    const { validate } = (globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } })
      .WebAssembly;
    expect(validate(built.wasm)).toBe(true);
  });

  it('has no line table itself, so that it cannot be instrumented twice', () => {
    expect(() => instrument(built.wasm, (path) => path)).toThrow('has no line table');
  });
});

describe('a line table', () => {
  /** DWARF 4, one directory and file, lines 3 and 4 at addresses 16 and 18. */
  const program = [0, 5, 2, 16, 0, 0, 0, 3, 2, 1, 2, 2, 3, 1, 1, 2, 4, 0, 1, 1];
  const header = [
    1,
    1,
    1,
    0xfb,
    14,
    13,
    0,
    1,
    1,
    1,
    1,
    0,
    0,
    0,
    1,
    0,
    0,
    1,
    ...bytes('/project\0'),
    0,
    ...bytes('a.cpp\0'),
    1,
    0,
    0,
    0,
  ];
  const unit = [4, 0, ...u32(header.length), ...header, ...program];
  const table = Uint8Array.from([...u32(unit.length), ...unit]);

  it('is read', () => {
    expect(readLineTable(table)).toEqual([
      { address: 16, file: '/project/a.cpp', line: 3 },
      { address: 18, file: '/project/a.cpp', line: 4 },
    ]);
  });

  it('is refused when it is cut off anywhere, or noise', () => {
    for (let length = 1; length < table.length; length++) {
      expect(() => readLineTable(table.subarray(0, length)), String(length)).toThrow(LineTableError);
    }
    let seed = 1;
    for (let round = 0; round < 3000; round++) {
      const mutated = Uint8Array.from(table);
      for (let i = 0; i < 3; i++) {
        seed = (seed * 48_271) % 0x7fffffff;
        mutated[seed % mutated.length] = (seed >> 8) & 0xff;
      }
      try {
        readLineTable(mutated);
      } catch (error) {
        expect(error).toBeInstanceOf(LineTableError);
      }
    }
  });

  it('of functions that were left out has no rows', () => {
    const dead = Uint8Array.from(table);
    dead[table.length - program.length + 3] = 0;
    expect(readLineTable(dead)).toEqual([]);
  });

  it('of another version is refused', () => {
    const five = Uint8Array.from(table);
    five[4] = 5;
    expect(() => readLineTable(five)).toThrow('DWARF 5 is not supported');
  });
});

function bytes(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

function u32(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
}
