/** A short run of the fuzzer, and the inputs that once were findings. `npm run fuzz` is the long run. */
import { readFileSync } from 'node:fs';
import { fromHex } from '@snapscale/crypto';
import { expect, it } from 'vitest';
import { Random } from '../../packages/execution/src/wasm/testing/random.js';
import { findingOf } from './support/fuzz-target.js';
import { fuzzTargets } from './support/fuzz-targets.js';
import { mutated } from './support/mutate.js';

/** Inputs in hex by target. */
type Findings = Readonly<Record<string, readonly string[]>>;

const targets = fuzzTargets();
const findings = JSON.parse(readFileSync(new URL('./findings.json', import.meta.url), 'utf8')) as Findings;
const FIRST_SEED = 1;
const SEEDS = 250;
const SLOW_SEEDS = 12;

it.each(targets)('$name: only its own refusals', (target) => {
  const end = FIRST_SEED + (target.slow === true ? SLOW_SEEDS : SEEDS);
  for (let seed = FIRST_SEED; seed < end; seed++) {
    const input = mutated(target, new Random(seed));
    expect(findingOf(target, input), `npm run fuzz -- --seed ${seed} --target "${target.name}"`).toBeUndefined();
  }
});

it('each target has a name of its own and sound samples', () => {
  expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length);
  for (const target of targets) {
    for (const sample of target.samples) expect(findingOf(target, sample), target.name).toBeUndefined();
  }
});

it('finds other errors than refusals', () => {
  const target = { name: '', samples: [], refusals: [RangeError], run: (input: Uint8Array) => fail(input[0]!) };
  const fail = (kind: number) => {
    if (kind === 1) throw new RangeError('refused');
    if (kind === 2) throw new Error('broken');
  };
  expect([0, 1].map((kind) => findingOf(target, Uint8Array.of(kind)))).toEqual([undefined, undefined]);
  expect(findingOf(target, Uint8Array.of(2))).toMatch(/^Error: broken/);
});

it('takes what once were findings', () => {
  for (const [name, inputs] of Object.entries(findings)) {
    const target = targets.find((one) => one.name === name);
    expect(target, name).toBeDefined();
    for (const input of inputs) expect(findingOf(target!, fromHex(input)), `${name}: ${input}`).toBeUndefined();
  }
});
