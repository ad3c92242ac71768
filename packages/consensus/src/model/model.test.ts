/**
 * The model, explored. Bounded to seconds; `MODEL_BLOCKS=4 MODEL_WALKS=1000000 npx vitest run packages/consensus/src/model`
 * visits every tree of four blocks (half a minute) and walks for longer.
 */
import { describe, expect, it } from 'vitest';
import { type FinalizerRules, finalizerRules } from '../voting/finalizer.js';
import { changeCase, overlappingChange, smallCases } from './cases.js';
import { explore } from './explore.js';
import type { ModelCase } from './model.js';
import { mutants, withoutGrowingSlots } from './mutants.js';
import { randomWalk } from './random-walk.js';

const blocksMax = Number(process.env.MODEL_BLOCKS ?? 3);
const walks = Number(process.env.MODEL_WALKS ?? 8000);
const everyNth = (cases: Iterable<ModelCase>, n: number) => [...cases].filter((_, i) => i % n === 7);

function firstViolation(cases: Iterable<ModelCase>, rules: FinalizerRules): readonly string[] | undefined {
  for (const modelCase of cases) {
    const { violation } = explore(modelCase, rules);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

/** The case that shows why `offBranch` is needed: two forks of three blocks, and a header that shows a certificate. */
const leftBranch: ModelCase = {
  blocks: [
    { slot: 1, parent: -1, justify: -1, finalized: -1, electorate: [0] },
    { slot: 2, parent: -1, justify: -1, finalized: -1, electorate: [0] },
    { slot: 3, parent: 0, justify: -1, finalized: -1, electorate: [0] },
    { slot: 3, parent: 1, justify: 1, finalized: -1, electorate: [0] },
  ],
  honest: [[0], [0], [0]],
  cheats: [1],
};

describe('FIN-1 FIN-2 FIN-3 FIN-5 agreement', () => {
  it.each(Array.from({ length: blocksMax - 2 }, (_, i) => i + 3))(
    'holds in every order of events in every fork of %i blocks, one of four members cheating',
    (count) => {
      expect(firstViolation(smallCases(count), finalizerRules)).toBeUndefined();
    },
    600_000,
  );

  it('holds in some forks of four blocks, and in the one that needs offBranch', () => {
    expect(firstViolation([leftBranch, ...everyNth(smallCases(4), 25)], finalizerRules)).toBeUndefined();
  });

  it('holds on random walks through larger trees', () => {
    for (let seed = 0; seed < walks; seed++) expect(randomWalk(seed, finalizerRules), `seed ${seed}`).toBe(false);
  }, 600_000);

  it.each(Object.entries(mutants))('is lost by %s: exploring finds it', (_, rules) => {
    const violation = firstViolation([leftBranch, ...smallCases(3)], rules);
    expect(violation?.at(-1)).toMatch(/are both final/);
  });

  it.each(Object.entries(mutants))('is lost by %s: random walks find it', (_, rules) => {
    let seed = 0;
    while (seed < 50_000 && !randomWalk(seed, rules)) seed++;
    expect(seed).toBeLessThan(50_000);
  });

  it('does not need FIN-1', () => {
    expect(firstViolation([leftBranch, ...smallCases(3)], withoutGrowingSlots)).toBeUndefined();
  });
});

describe('FIN-4 a change of the finalizers', () => {
  it('keeps agreement when both sets vote until the step is final', () => {
    expect(explore(changeCase('joint'), finalizerRules).violation).toBeUndefined();
    if (blocksMax > 3) expect(explore(overlappingChange(), finalizerRules).violation).toBeUndefined();
  });

  it('lets two branches become final when the new set does not wait for the old one', () => {
    expect(explore(changeCase('none'), finalizerRules).violation?.at(-1)).toBe('blocks 1 and 5 are both final');
  });

  it('lets two branches become final when it waits for the last old block on its chain only', () => {
    const { violation } = explore(changeCase('last-block-final'), finalizerRules);
    expect(violation?.at(-1)).toBe('blocks 1 and 5 are both final');
  });
});
