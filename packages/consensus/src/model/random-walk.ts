/** Random trees, random steps: goes where exploring everything would take too long. */
import { Chance } from '../testing/random.js';
import type { FinalizerRules } from '../voting/finalizer.js';
import { Model, type ModelBlock, type ModelCase, type ModelStep } from './model.js';

/** Walks through one random case until nobody can move. True if two conflicting blocks are final then; votes only add up. */
export function randomWalk(seed: number, rules: FinalizerRules): boolean {
  const chance = new Chance(seed);
  const model = new Model(randomCase(chance), rules);
  const { blocks, honest } = model.case;
  const steps: { readonly member: number; readonly step: ModelStep }[] = [];
  for (let member = 0; member < honest.length; member++) {
    for (let block = 0; block < blocks.length; block++) {
      steps.push({ member, step: { phase: 0, block } }, { member, step: { phase: 1, block } });
    }
  }
  let states: readonly number[] = honest.map(() => 0);
  for (let tried = 0; tried < steps.length; ) {
    // Early blocks first, mostly: who prepares a late one at once has little left to do.
    const range = Math.min(steps.length, 8 + chance.below(steps.length));
    const at = chance.below(range);
    const { member, step } = steps[at]!;
    const number = model.next(states, member, step);
    if (number < 0) {
      tried++;
      continue;
    }
    states = states.with(member, number);
    steps.splice(at, 1);
    tried = 0;
  }
  return model.conflict(states) !== undefined;
}

function randomCase(chance: Chance): ModelCase {
  const blocks: ModelBlock[] = [];
  const count = 4 + chance.below(9);
  for (let i = 0; i < count; i++) {
    const before = blocks.at(-1)?.slot ?? 0;
    const slot = i > 0 && chance.percent(20) ? before : before + 1;
    // Forks of recent blocks are likelier than others.
    let parent = i - 1 - (chance.percent(60) ? 0 : chance.below(Math.min(i + 1, 4)));
    while (parent >= 0 && blocks[parent]!.slot >= slot) parent--;
    const lowest = blocks[parent]?.justify ?? -1;
    let justify = parent;
    while (justify > lowest && chance.percent(50)) justify = blocks[justify]!.parent;
    blocks.push({ slot, parent, justify: chance.percent(40) ? lowest : justify, finalized: -1, electorate: [0] });
  }
  const honest = chance.percent(70) ? 3 : 5;
  return { blocks, honest: Array.from({ length: honest }, () => [0]), cheats: [honest === 3 ? 1 : 2] };
}
