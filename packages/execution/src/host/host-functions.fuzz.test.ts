import { Reject } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { ContractExit } from '../wasm/host-port.js';
import { Random } from '../wasm/testing/random.js';
import { hostFunctions } from './table.js';
import { alice, contractAccount, FakeContext } from './testing/fake-context.js';
import { Harness } from './testing/harness.js';

/** Enough for everything but the heavy curve functions with several points. */
const GAS_LIMIT = 20_000_000;
const ROUNDS = 60;

/** Numbers that sit on the edges of what the checks compare. */
function number(random: Random, size: number): number {
  switch (random.below(9)) {
    case 0:
      return 0;
    case 1:
      return -1;
    case 2:
      return random.next() | 0;
    case 3:
      return size - random.below(40);
    case 4:
      return [32, 48, 64, 65, 96, 128, 192, 576][random.below(8)]!;
    case 5:
      return random.below(4);
    default:
      return random.below(size);
  }
}

function wide(random: Random): bigint {
  switch (random.below(6)) {
    case 0:
      return 0n;
    case 1:
      return -1n;
    case 2:
      return alice;
    case 3:
      return contractAccount;
    case 4:
      return BigInt(random.below(5));
    default:
      return (BigInt(random.next()) << 32n) | BigInt(random.next());
  }
}

function argumentsFor(random: Random, params: readonly string[], size: number): (number | bigint)[] {
  return params.map((type) => {
    if (type === 'i64') return BigInt.asIntN(64, wide(random));
    if (type === 'i32') return number(random, size) | 0;
    const value = [0, -0, Number.NaN, Infinity, 1e300, random.next() / 7][random.below(6)]!;
    return type === 'f32' ? Math.fround(value) : value;
  });
}

/** Calls every function with random arguments; whatever is thrown must be a rejection. Returns a transcript. */
function run(seed: number): string[] {
  const random = new Random(seed);
  const context = new FakeContext();
  context.privileged = seed % 2 === 0;
  context.contextFree = seed % 5 === 0;
  const host = new Harness(context);
  for (let i = 0; i < host.size; i++) host.bytes[i] = random.below(4) === 0 ? random.next() & 0xff : 0;
  const transcript: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, params } of hostFunctions) {
      host.env.resetGas(GAS_LIMIT);
      const args = argumentsFor(random, params, host.size);
      let outcome: string;
      try {
        outcome = String(host.call(name, ...args));
      } catch (error) {
        if (error instanceof ContractExit) outcome = 'exit';
        else if (error instanceof Reject) outcome = error.rejection.code;
        else throw new Error(`${name}(${args.join()}) threw ${error}`, { cause: error });
      }
      transcript.push(`${name} ${outcome} ${host.env.takeGas()}`);
    }
    if (random.below(10) === 0) host.beginAction(Object.assign(new FakeContext(), { privileged: context.privileged }));
  }
  return transcript;
}

describe('host functions under random arguments', () => {
  it.each([1, 2, 3, 5, 10])('seed %i: only reject, and do the same again', (seed) => {
    const first = run(seed);
    expect(run(seed)).toEqual(first);
    const outcomes = new Set(first.map((line) => line.split(' ')[1]));
    expect(outcomes.size).toBeGreaterThan(5);
  });
});
