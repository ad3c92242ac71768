/** A slice of the simulator; `npm run sim` has the whole of it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { biosWasm } from '../../../tests/testing/bios-contract.js';
import { cheatKinds, SimulatedGenesis, simulate } from './index.js';
import { Timeline } from './timeline.js';

const artifacts = new URL('../../../contracts/system/artifacts/', import.meta.url);
const token = {
  wasm: readFileSync(new URL('eosio.token.wasm', artifacts)),
  abi: JSON.parse(readFileSync(new URL('eosio.token.abi', artifacts), 'utf8')),
};
const members = ['prod.a', 'prod.b', 'prod.c', 'prod.d', 'prod.e'];
const genesis = new SimulatedGenesis({ token, system: biosWasm }, members.slice(0, 4), members.slice(4));

describe('a storm of a quarter of a minute', () => {
  it.each(cheatKinds)('%s: nodes agree, and finality returns', (cheat) => {
    const seed = 1 + cheatKinds.indexOf(cheat);
    const result = simulate({ genesis, seed, members, minutes: 0.25, cheat });
    expect(result, `npm run sim -- --seed ${seed} --cheat "${cheat}"`).toMatchObject({ outcome: 'pass' });
    expect(result.transactions).toBeGreaterThan(15);
    if (cheat === 'double dealer') expect(result.evidence).toBeGreaterThan(10);
  });

  it('goes the same way with the same seed, another with another', () => {
    const run = (seed: number) => simulate({ genesis, seed, members, minutes: 0.1, cheat: 'none' }).transcript;
    expect(run(11)).toBe(run(11));
    expect(run(12)).not.toBe(run(11));
  });
});

describe('the timeline', () => {
  it('lets things happen in the order of their moments, then of their planning', () => {
    const timeline = new Timeline(1000);
    const seen: string[] = [];
    const plan = (delayMs: number, what: string) =>
      timeline.after(delayMs, () => seen.push(`${timeline.nowMs} ${what}`));
    for (let i = 0; i < 50; i++) plan((i * 7) % 10, `${i}`);
    timeline.run(1004, () => {});
    plan(0, 'now');
    timeline.run(1020, () => {});
    const moments = seen.map((line) => Number(line.split(' ')[0]));
    expect(moments).toEqual([...moments].sort((a, b) => a - b));
    expect(seen).toHaveLength(51);
    expect(seen.filter((line) => line.startsWith('1000 '))).toEqual([0, 10, 20, 30, 40].map((i) => `1000 ${i}`));
    expect(timeline.nowMs).toBe(1020);
  });
});
