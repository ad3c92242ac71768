/** Trees to explore: all small ones with a fork, and those of a change of the finalizers. */
import type { ModelBlock, ModelCase } from './model.js';

/**
 * All trees of `count` blocks with a fork, one set, at most two blocks in a slot, and every choice of what headers show;
 * four members, one of which cheats.
 */
export function* smallCases(count: number): Generator<ModelCase> {
  for (const blocks of trees(count, [])) {
    if (blocks.some(({ parent }, i) => parent !== i - 1)) {
      yield { blocks, honest: [[0], [0], [0]], cheats: [1] };
    }
  }
}

function* trees(count: number, before: readonly ModelBlock[]): Generator<readonly ModelBlock[]> {
  if (before.length === count) {
    yield before;
    return;
  }
  const last = before.at(-1)?.slot ?? 0;
  const twice = before.at(-2)?.slot === last;
  for (const slot of twice || before.length === 0 ? [last + 1] : [last, last + 1]) {
    for (let parent = -1; parent < before.length; parent++) {
      const above = before[parent];
      if (above !== undefined && above.slot >= slot) continue;
      // Two blocks of one slot come in one order.
      if (slot === last && parent < before.at(-1)!.parent) continue;
      for (const justify of shownBy(before, parent)) {
        yield* trees(count, [...before, { slot, parent, justify, finalized: -1, electorate: [0] }]);
      }
    }
  }
}

/** What a header on `parent` may show: nothing less than its parent's. */
function shownBy(blocks: readonly ModelBlock[], parent: number): number[] {
  const lowest = blocks[parent]?.justify ?? -1;
  const shown = [lowest];
  for (let at = parent; at > lowest; at = blocks[at]!.parent) shown.push(at);
  return shown;
}

/** How a change of the finalizers is done: as FIN-4 says, or wrongly. */
export type ChangeRule = 'joint' | 'last-block-final' | 'none';

/**
 * One member of set 0 hands over to one of set 1. Blocks 0, 1 are of the old schedule, one after the other; blocks 2 and 3
 * begin the new schedule on each of them: whoever made block 2 had not seen block 1. Blocks 4 and 5 follow block 2.
 */
export function changeCase(rule: ChangeRule): ModelCase {
  const oldOnly = { justify: -1, finalized: -1, electorate: [0] };
  const begins = {
    joint: { justify: -1, finalized: -1, electorate: [0, 1] },
    'last-block-final': { justify: -1, finalized: -1, electorate: [1] },
    none: { justify: -1, finalized: -1, electorate: [1] },
  }[rule];
  // The rule that this project began with: the new finalizers wait for the last block of the old schedule on that chain.
  const waits = (last: number) => (rule === 'last-block-final' ? { ...begins, finalized: last } : begins);
  const settled = rule === 'joint' ? { justify: 2, finalized: 2, electorate: [1] } : { ...waits(0), justify: 2 };
  return {
    blocks: [
      { slot: 1, parent: -1, ...oldOnly },
      { slot: 2, parent: 0, ...oldOnly },
      { slot: 3, parent: 0, ...waits(0) },
      { slot: 4, parent: 1, ...waits(1) },
      { slot: 5, parent: 2, ...settled },
      { slot: 6, parent: 4, ...settled },
    ],
    honest: [[0], [1]],
    cheats: [0, 0],
  };
}

/** As {@link changeCase} by the joint rule, with four members in each set, three of them in both, and a cheat in each. */
export function overlappingChange(): ModelCase {
  const { blocks } = changeCase('joint');
  return { blocks: blocks.slice(0, 5), honest: [[0], [0, 1], [0, 1], [1]], cheats: [1, 1] };
}
