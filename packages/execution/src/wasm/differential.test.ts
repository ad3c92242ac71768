import { expect, test } from 'vitest';
import { type ContractMemory, type ModuleInstance, webAssembly } from './engine.js';
import { op } from './format/opcodes.js';
import { instructionParts } from './gas.js';
import { defaultWasmLimits } from './limits.js';
import { prepareModule } from './prepare.js';
import { type RewritingRules, rewritingRules } from './rewrite.js';
import { markEveryNan } from './rewriting/nan-marks.js';
import { ContractInstance } from './running/contract-instance.js';
import { randomContract } from './testing/random-program.js';
import { TEST_HOST_GAS, TestHost, testImports } from './testing/test-host.js';

const CALL = [0xfedcba9876543210n, 5n, 7n] as const;
const GAS = 1e12;

type Result = {
  readonly end: string;
  readonly notes: readonly unknown[];
  readonly memory: Uint8Array;
  readonly gas: number;
};

/** What a run came to: how it ended, what it noted, what it left in memory. */
function finish(host: TestHost, memory: () => ContractMemory, run: () => number): Result {
  host.notes.length = 0;
  let end = 'done';
  let gas = 0;
  try {
    gas = run();
  } catch (error) {
    if (!(error instanceof webAssembly.RuntimeError)) throw error;
    end = error.message;
  }
  return { end, notes: [...host.notes], memory: new Uint8Array(memory().buffer).slice(), gas };
}

function runPlain(code: Uint8Array): Result {
  const host = new TestHost();
  const instance: ModuleInstance = new webAssembly.Instance(new webAssembly.Module(code), {
    env: Object.fromEntries(host.functions),
  });
  const apply = instance.exports.apply as (...values: bigint[]) => void;
  return finish(
    host,
    () => instance.exports.memory as ContractMemory,
    () => {
      apply(...CALL);
      return 0;
    },
  );
}

function runRewritten(code: Uint8Array, rules: RewritingRules = rewritingRules): Result {
  const host = new TestHost();
  const prepared = prepareModule(code, defaultWasmLimits, testImports, rules);
  const instance = new ContractInstance(prepared, host, Object.fromEntries(host.functions));
  host.activate(instance.memory);
  return finish(
    host,
    () => instance.memory,
    () => GAS - instance.run(GAS, ...CALL),
  );
}

function expectSame(a: Result, b: Result, what: string): void {
  expect(a.end, what).toBe(b.end);
  expect(a.notes, what).toEqual(b.notes);
  expect(Buffer.compare(a.memory, b.memory), what).toBe(0);
}

test.each(['none', 'values'] as const)('random contracts (floats: %s) do the same rewritten as plain', (floats) => {
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= 250; seed++) {
    const code = randomContract(seed, floats);
    const plain = runPlain(code);
    expectSame(runRewritten(code), plain, `seed ${seed}`);
    ends.set(plain.end, (ends.get(plain.end) ?? 0) + 1);
  }
  expect(ends.get('done')).toBeGreaterThan(150);
  expect(ends.size).toBeGreaterThan(2);
});

test('NaNs made canonical where they show are as if made canonical at once', () => {
  const eager: RewritingRules = { ...rewritingRules, markNans: (body) => markEveryNan(body) };
  let nans = 0;
  for (let seed = 1; seed <= 500; seed++) {
    const code = randomContract(seed, 'bits');
    const result = runRewritten(code);
    expectSame(result, runRewritten(code, eager), `seed ${seed}`);
    if (Buffer.from(result.memory.buffer, 0, 8192).includes(Buffer.from([0xf8, 0x7f]))) nans++;
  }
  expect(nans).toBeGreaterThan(20);
});

test('gas is the sum over the instructions that ran', () => {
  // Charges each instruction by itself, right before it.
  const single: RewritingRules = {
    ...rewritingRules,
    planGas: (instructions, importParts, plan) => {
      rewritingRules.planGas(instructions, importParts, plan);
      plan.charges.fill(0, 0, instructions.count);
      for (let i = 0; i < instructions.count; i++) {
        const code = instructions.opcodes[i]!;
        if (plan.dead[i] === 1) continue;
        plan.charges[i] = instructionParts[code]!;
        if (code === op.call) plan.charges[i]! += importParts[instructions.immediates[i]!] ?? 0;
      }
    },
  };
  let compared = 0;
  for (let seed = 1; seed <= 250; seed++) {
    const code = randomContract(seed, 'none');
    const result = runRewritten(code);
    const counted = runRewritten(code, single);
    expectSame(result, counted, `seed ${seed}`);
    if (result.end !== 'done') continue;
    expect(result.gas, `seed ${seed}`).toBe(counted.gas);
    expect(result.gas).toBeGreaterThanOrEqual(result.notes.length * TEST_HOST_GAS);
    compared++;
  }
  expect(compared).toBeGreaterThan(150);
});
