import { describe, expect, it } from 'vitest';
import {
  blsFpExp,
  blsFpMod,
  blsFpMul,
  blsG1Add,
  blsG1Map,
  blsG1WeightedSum,
  blsG2Add,
  blsG2Map,
  blsG2WeightedSum,
  blsPairing,
} from '../arithmetic/bls12-381.js';
import { Harness } from '../testing/harness.js';

const seed = (size: number, first: number): Uint8Array => {
  const bytes = new Uint8Array(size);
  bytes[0] = first;
  return bytes;
};
const g1 = blsG1Map(seed(48, 1))!;
const g2 = blsG2Map(seed(96, 1))!;

type Case = {
  readonly name: string;
  readonly inputs: readonly Uint8Array[];
  /** Elements of the arrays, for the functions that take a count. */
  readonly count?: number;
  readonly expected: Uint8Array;
  readonly bad: Uint8Array;
};

const cases: readonly Case[] = [
  { name: 'bls_g1_add', inputs: [g1, g1], expected: blsG1Add(g1, g1)!, bad: seed(96, 1) },
  { name: 'bls_g2_add', inputs: [g2, g2], expected: blsG2Add(g2, g2)!, bad: seed(192, 1) },
  {
    name: 'bls_g1_weighted_sum',
    inputs: [g1, seed(32, 9)],
    count: 1,
    expected: blsG1WeightedSum(g1, seed(32, 9))!,
    bad: seed(96, 1),
  },
  {
    name: 'bls_g2_weighted_sum',
    inputs: [g2, seed(32, 9)],
    count: 1,
    expected: blsG2WeightedSum(g2, seed(32, 9))!,
    bad: seed(192, 1),
  },
  { name: 'bls_pairing', inputs: [g1, g2], count: 1, expected: blsPairing(g1, g2)!, bad: seed(96, 1) },
  { name: 'bls_g1_map', inputs: [seed(48, 7)], expected: blsG1Map(seed(48, 7))!, bad: new Uint8Array(48).fill(255) },
  { name: 'bls_g2_map', inputs: [seed(96, 7)], expected: blsG2Map(seed(96, 7))!, bad: new Uint8Array(96).fill(255) },
  {
    name: 'bls_fp_mul',
    inputs: [seed(48, 7), seed(48, 8)],
    expected: blsFpMul(seed(48, 7), seed(48, 8))!,
    bad: new Uint8Array(48).fill(255),
  },
  {
    name: 'bls_fp_exp',
    inputs: [seed(48, 7), seed(64, 8)],
    expected: blsFpExp(seed(48, 7), seed(64, 8))!,
    bad: new Uint8Array(48).fill(255),
  },
  {
    name: 'bls_fp_mod',
    inputs: [new Uint8Array(64).fill(255)],
    expected: blsFpMod(new Uint8Array(64).fill(255)),
    bad: seed(63, 1),
  },
];

describe.each(cases)('$name', ({ name, inputs, count, expected, bad }) => {
  /** Arguments with the sizes changed by `by`. */
  function args(host: Harness, values: readonly Uint8Array[], out: number, by: readonly number[] = []): number[] {
    const spans = values.flatMap((value, i) => [host.put(value), value.length + (by[i] ?? 0)]);
    return [...spans, ...(count === undefined ? [] : [count]), out, expected.length + (by[values.length] ?? 0)];
  }

  it('returns 0 and writes its result', () => {
    const host = new Harness();
    const out = host.alloc(expected.length);
    expect(host.call(name, ...args(host, inputs, out))).toBe(0);
    expect(host.read(out, expected.length)).toEqual(expected);
  });

  it('returns -1 for unacceptable input and every wrong size, and writes nothing', () => {
    const host = new Harness();
    const out = host.alloc(expected.length);
    expect(host.call(name, ...args(host, [bad, ...inputs.slice(1)], out))).toBe(-1);
    for (let i = 0; i <= inputs.length; i++) {
      for (const change of [-1, 1]) {
        const by = Array.from({ length: inputs.length + 1 }, (_, k) => (k === i ? change : 0));
        expect(host.call(name, ...args(host, inputs, out, by))).toBe(-1);
      }
    }
    expect(host.read(out, expected.length).every((byte) => byte === 0)).toBe(true);
  });

  it('refuses spans that alias or leave memory', () => {
    const host = new Harness();
    const list = args(host, inputs, 0);
    const aliased = [...list.slice(0, -2), list[0]!, expected.length];
    expect(host.refusal(name, ...aliased)).toBe('wasm_exception: pointers not allowed to alias');
    expect(host.code(name, ...args(host, inputs, host.size - 1))).toBe('wasm_execution_error');
    expect(host.code(name, host.size - 1, ...list.slice(1))).toBe('wasm_execution_error');
  });
});

describe('counts', () => {
  it('must not be 0 and must agree with the sizes, also beyond 32 bits', () => {
    const host = new Harness();
    const out = host.alloc(96);
    const [points, scalars] = [host.put(g1), host.put(seed(32, 1))];
    expect(host.call('bls_g1_weighted_sum', points, 0, scalars, 0, 0, out, 96)).toBe(-1);
    expect(host.call('bls_g1_weighted_sum', points, 96, scalars, 32, 2, out, 96)).toBe(-1);
    // 96 · n and 32 · n with n = 2^27 + 1 are 96 and 32 modulo 2^32.
    expect(host.call('bls_g1_weighted_sum', points, 96, scalars, 32, 2 ** 27 + 1, out, 96)).toBe(-1);
    expect(host.gasOf('bls_g1_weighted_sum', points, 96, scalars, 32, 1, out, 96)).toBe(950_000);
  });
});
