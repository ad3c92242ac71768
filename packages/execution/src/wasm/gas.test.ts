import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { op, opcodes } from './format/opcodes.js';
import { baseGas, instructionParts } from './gas.js';
import { defaultWasmLimits } from './limits.js';
import { prepareModule } from './prepare.js';
import { REWRITER_VERSION } from './rewrite.js';
import { applyFunction, assemble } from './testing/assembler.js';
import { ownImports } from './testing/own-imports.js';
import { testImports } from './testing/test-host.js';

test('whatever can keep a loop going costs something', () => {
  for (const code of [op.br, op.brIf, op.brTable, op.call, op.callIndirect, op.return]) {
    expect(instructionParts[code]).toBeGreaterThan(0);
  }
  const free = opcodes.filter((entry) => entry !== undefined && instructionParts[entry.code] === 0);
  expect(free.map((entry) => entry!.name)).toEqual(['unreachable', 'nop', 'block', 'loop', 'else', 'end', 'drop']);
});

test('base gas by pages', () => {
  expect([0, 1, 16, 17, 528].map(baseGas)).toEqual([1_000, 2_500, 25_000, 35_000, 5_145_000]);
});

/** A contract with what those do not have. */
function everything(): Uint8Array {
  return assemble({
    imports: { note: 'i64>' },
    memory: { initial: 1, maximum: undefined },
    table: { initial: 2, maximum: undefined },
    elements: [{ offset: 0, functions: [0, 1] }],
    globals: ['var f32 = f32.const 1'],
    functions: [
      { code: 'i32.const 1 memory.grow drop i32.const 0 i32.const 0 i32.const 9 memory.copy' },
      applyFunction(
        `i32.const 0 i32.const 0 i32.const 9 memory.fill local.get 0 i32.const 0 call_indirect 0 f32.const 1 f32.sqrt
        global.set 0 loop i32.const 0 br_table:0,1 end`,
      ),
    ],
    start: 1,
  });
}

/**
 * Rewritten code decides about gas, and with it about what all nodes agree on. If one of these hashes changes, so must
 * REWRITER_VERSION.
 */
test('rewritten contracts are pinned', () => {
  const external = join(dirname(createRequire(import.meta.url).resolve('proton-tsc/package.json')), 'external');
  const hash = createHash('sha256');
  for (const name of ['atomicassets', 'eosio.token', 'oracles', 'rng', 'xtokens']) {
    const code = new Uint8Array(readFileSync(join(external, name, `${name}.wasm`)));
    hash.update(prepareModule(code, defaultWasmLimits, ownImports(code)).bytes);
  }
  hash.update(prepareModule(everything(), defaultWasmLimits, testImports).bytes);
  expect([REWRITER_VERSION, hash.digest('hex')]).toEqual([
    1,
    '034881ad3e85e4a03b59d8bb62a0f8faac6f7b4b45896b935bfdc39511f3f455',
  ]);
});
