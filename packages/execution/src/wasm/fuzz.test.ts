import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Reject } from '@snapscale/protocol';
import { describe, expect, test } from 'vitest';
import { webAssembly } from './engine.js';
import { defaultWasmLimits } from './limits.js';
import { prepareModule } from './prepare.js';
import { ContractInstance } from './running/contract-instance.js';
import { idleHost, ownImports } from './testing/own-imports.js';
import { Random } from './testing/random.js';
import { randomContract } from './testing/random-program.js';
import { testImports } from './testing/test-host.js';
import type { ImportTable } from './validate.js';

const external = join(dirname(createRequire(import.meta.url).resolve('proton-tsc/package.json')), 'external');
const contract = (name: string) => new Uint8Array(readFileSync(join(external, name, `${name}.wasm`)));

describe('real contracts', () => {
  test.each(['eosio.token', 'xtokens', 'rng', 'oracles', 'atomicassets'])('%s is accepted and runs', (name) => {
    const code = contract(name);
    const imports = ownImports(code);
    const prepared = prepareModule(code, defaultWasmLimits, imports);
    expect(prepared.initialPages).toBe(1);
    expect(prepared.importsUsed).toContain('require_auth');
    const host = idleHost(imports);
    const instance = new ContractInstance(prepared, host, Object.fromEntries(host.functions));
    expect(instance.run(1e7, 1n, 1n, 1n)).toBeLessThan(1e7);
  });
});

/** Changes, drops, repeats or exchanges a few bytes, mostly in the second half, where the code is. */
function mutate(code: Uint8Array, random: Random): Uint8Array {
  let bytes = code.slice();
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.once(8) ? random.below(Math.min(400, bytes.length)) : random.below(bytes.length);
    switch (random.below(6)) {
      case 0:
        bytes[at]! ^= 1 << random.below(8);
        break;
      case 1:
        bytes[at] = random.pick([0x00, 0x0b, 0x0c, 0x10, 0x11, 0x1a, 0x20, 0x7f, 0x80, 0xff, 0x40, 0xfc]);
        break;
      case 2:
        bytes[at] = bytes[random.below(bytes.length)]!;
        break;
      case 3:
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + random.below(3))]);
        break;
      case 4:
        bytes.copyWithin(at, random.below(bytes.length), random.below(bytes.length));
        break;
      default:
        bytes[at] = random.below(256);
    }
  }
  return bytes;
}

/** 1 if a mutant is accepted; then it compiles, can be instantiated, and ends in one of the known ways. */
function survive(code: Uint8Array, imports: ImportTable, what: string): number {
  let prepared: ReturnType<typeof prepareModule>;
  try {
    prepared = prepareModule(code, defaultWasmLimits, imports);
  } catch (error) {
    if (!(error instanceof Reject)) throw new Error(what, { cause: error });
    expect(error.rejection.message, what).not.toMatch(/compiler refuses/);
    return 0;
  }
  expect(webAssembly.validate(code), what).toBe(true);
  const host = idleHost(imports);
  const instance = new ContractInstance(prepared, host, Object.fromEntries(host.functions));
  try {
    instance.run(200_000, 1n, 1n, 1n);
  } catch (error) {
    if (!(error instanceof Reject) && !(error instanceof webAssembly.RuntimeError))
      throw new Error(what, { cause: error });
  }
  return 1;
}

describe('mutants are rejected, or compile and run', () => {
  test.each([
    ['eosio.token', 2500],
    ['xtokens', 2000],
    ['rng', 350],
    ['oracles', 150],
    ['atomicassets', 20],
  ] as const)('of %s', (name, count) => {
    const code = contract(name);
    const imports = ownImports(code);
    const random = new Random(name.length);
    let accepted = 0;
    for (let round = 0; round < count; round++) accepted += survive(mutate(code, random), imports, `${name} ${round}`);
    expect(accepted).toBeGreaterThan(count / 50);
    expect(accepted).toBeLessThan(count);
  });

  test('of random contracts', () => {
    const random = new Random(3);
    let accepted = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const code = randomContract(seed, 'bits');
      for (let round = 0; round < 50; round++)
        accepted += survive(mutate(code, random), testImports, `${seed} ${round}`);
    }
    expect(accepted).toBeGreaterThan(100);
  });
});

test('bytes at random', () => {
  const random = new Random(11);
  for (let round = 0; round < 500; round++) {
    const bytes = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
    bytes.set([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00].slice(0, bytes.length));
    survive(bytes, testImports, `${round}`);
  }
});
