/**
 * Fuzzes every decoder that bytes or texts of strangers reach, for as long as it is told:
 *
 *     npm run fuzz -- [--seed S] [--seconds N] [--target NAME]
 *
 * Whatever goes in, only the decoder's own refusals may come out, within bounds of time and memory, and what decodes must
 * encode to the same bytes. A finding is printed with its seed, made smaller and kept in `findings.json`, whose inputs
 * `fuzz.test.ts` takes forever after; the run goes on, and its exit code is 1.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { toHex } from '@snapscale/crypto';
import { Random } from '../../packages/execution/src/wasm/testing/random.js';
import { type FuzzTarget, findingOf } from './support/fuzz-target.js';
import { fuzzTargets } from './support/fuzz-targets.js';
import { mutated } from './support/mutate.js';

/** Slow targets have their turn once in as many seeds. */
const SLOW_EVERY = 32;
/** The same fault often shows again: as many findings are kept of a target. */
const KEPT_MAX = 3;
const USAGE = 'usage: npm run fuzz -- [--seed S] [--seconds N] [--target NAME]';
const file = new URL('./findings.json', import.meta.url);

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, target: { type: 'string' } },
});
const seconds = Number(values.seconds ?? 60);
const firstSeed = Number(values.seed ?? 1);
const all = fuzzTargets();
const targets = all.filter(({ name }) => values.target === undefined || name === values.target);
if (!(seconds > 0) || !Number.isSafeInteger(firstSeed) || targets.length === 0) {
  process.stderr.write(`${USAGE}\ntargets: ${all.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}
process.exit(run(targets));

function run(targets: readonly FuzzTarget[]): number {
  const counts = new Map(targets.map(({ name }) => [name, 0]));
  const found = new Map<string, string[]>();
  const endMs = Date.now() + seconds * 1000;
  let seed = firstSeed;
  for (; Date.now() < endMs; seed++) {
    for (const target of targets) {
      const known = found.get(target.name) ?? [];
      if (known.length >= KEPT_MAX || (target.slow === true && targets.length > 1 && seed % SLOW_EVERY !== 0)) continue;
      counts.set(target.name, counts.get(target.name)! + 1);
      const input = mutated(target, new Random(seed));
      const finding = findingOf(target, input);
      if (finding === undefined || known.includes(titleOf(finding))) continue;
      found.set(target.name, [...known, titleOf(finding)]);
      keep(target, smaller(target, input, titleOf(finding)), seed, finding);
    }
  }
  for (const [name, count] of counts) process.stdout.write(`${String(count).padStart(9)}  ${name}\n`);
  const total = [...found.values()].flat().length;
  process.stdout.write(`seeds ${firstSeed} to ${seed - 1}: ${total === 0 ? 'no finding' : `${total} findings`}\n`);
  return total === 0 ? 0 : 1;
}

function titleOf(finding: string): string {
  // Numbers differ from input to input where the fault is the same.
  return finding.split('\n', 1)[0]!.replace(/\d+/g, 'N').slice(0, 200);
}

/** Leaves out whatever the finding does not need. */
function smaller(target: FuzzTarget, input: Uint8Array, title: string): Uint8Array {
  let best = input;
  for (let size = input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= best.length && input.length < 200_000; ) {
      const less = Uint8Array.from([...best.subarray(0, at), ...best.subarray(at + size)]);
      const finding = findingOf(target, less);
      if (finding !== undefined && titleOf(finding) === title) best = less;
      else at += size;
    }
    if (target.slow === true && size < input.length >> 4) break;
  }
  return best;
}

function keep(target: FuzzTarget, input: Uint8Array, seed: number, finding: string): void {
  const hex = toHex(input);
  process.stdout.write(`FINDING in "${target.name}" with --seed ${seed}:\n${finding}\ninput: ${hex}\n`);
  const findings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string[]>;
  const kept = (findings[target.name] ??= []);
  if (!kept.includes(hex)) kept.push(hex);
  writeFileSync(file, `${JSON.stringify(findings, null, 2)}\n`);
}
