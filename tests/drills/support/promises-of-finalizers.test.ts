/** The judge of drills judges right: each breach is found, and what honest finalizers do is not called one. */
import type { Vote } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { judge } from './promises-of-finalizers.js';
import type { SeenBlock, SeenVote } from './witness.js';

const nobody: ReadonlySet<string> = new Set();

/** Blocks by id: slot, parent, and the slot of the highest certificate in the header. */
type Tree = Readonly<Record<string, readonly [slot: number, previous: string, certifiedSlot?: number]>>;

/** `1` forks into `2 3` and `5 6`. */
const forked: Tree = { b1: [1, 'b0'], b2: [2, 'b1', 1], b3: [3, 'b2', 1], c5: [5, 'b1', 1], c6: [6, 'c5', 1] };

function found(tree: Tree, votes: readonly (readonly [phase: 0 | 1, block: string])[]): readonly string[] {
  return judge(
    { blocks: blocksOf(tree), votes: new Map([['key', votes.map(([phase, id]) => seen(phase, tree, id))]]) },
    nobody,
    nobody,
  ).findings;
}

function blocksOf(tree: Tree): Map<string, SeenBlock> {
  return new Map(
    Object.entries(tree).map(([id, [slot, previous, certifiedSlot = -1]]) => [
      id,
      { id, num: slot, slot, producer: `maker of ${id}`, previous, certifiedSlot },
    ]),
  );
}

function seen(phase: 0 | 1, tree: Tree, block: string): SeenVote {
  return { phase, block, slot: tree[block]?.[0] ?? 0, vote: {} as Vote };
}

describe('the judge of finalizers', () => {
  it('has nothing against votes along a chain, in any order, each of both phases', () => {
    expect(
      found(forked, [
        [1, 'b2'],
        [0, 'b3'],
        [0, 'b2'],
        [0, 'b1'],
        [1, 'b1'],
      ]),
    ).toEqual([]);
  });

  it('has nothing against prepares on two branches without a commit between', () => {
    expect(
      found(forked, [
        [0, 'b1'],
        [1, 'b1'],
        [0, 'b2'],
        [0, 'c5'],
        [0, 'c6'],
      ]),
    ).toEqual([]);
  });

  it('FIN-10: finds votes for two blocks of one slot, of whatever phases', () => {
    const tree: Tree = { ...forked, d3: [3, 'b2', 1] };
    expect(
      found(tree, [
        [0, 'b3'],
        [1, 'd3'],
      ]),
    ).toEqual([expect.stringContaining('two blocks of slot 3')]);
  });

  it('FIN-2, FIN-3: finds a commit and a prepare on another branch, in either order', () => {
    const broken = [expect.stringContaining('on another branch without a certificate')];
    expect(
      found(forked, [
        [1, 'b2'],
        [0, 'c5'],
      ]),
    ).toEqual(broken);
    expect(
      found(forked, [
        [0, 'c5'],
        [1, 'b2'],
      ]),
    ).toEqual(broken);
  });

  it('FIN-2: has nothing against leaving a lock on a higher certificate', () => {
    const certified: Tree = { ...forked, c6: [6, 'c5', 5] };
    expect(
      found(certified, [
        [1, 'b2'],
        [0, 'c6'],
      ]),
    ).toEqual([]);
    expect(
      found(certified, [
        [1, 'b2'],
        [0, 'c5'],
        [0, 'c6'],
      ]),
    ).toHaveLength(1);
  });

  it('FIN-2: has nothing against leaving a lock for a higher one on the other branch', () => {
    expect(
      found(forked, [
        [1, 'b2'],
        [1, 'c5'],
        [0, 'c6'],
      ]),
    ).toEqual([]);
  });

  it('does not judge what it has not seen, and says how much that is', () => {
    const votes = new Map([['key', [seen(1, forked, 'b2'), { ...seen(0, forked, 'x9'), slot: 9 }]]]);
    expect(judge({ blocks: blocksOf(forked), votes }, nobody, nobody)).toEqual({ findings: [], undecided: 1 });
  });

  it('finds two blocks of one producer for one slot, unless that is the drill', () => {
    const [one, other] = blocksOf({ b1: [1, 'b0'], c1: [1, 'b0'] }).values();
    const blocks = new Map([one!, other!].map((block) => [block.id, { ...block, producer: 'maker' }]));
    const votes = new Map<string, SeenVote[]>();
    expect(judge({ blocks, votes }, nobody, nobody).findings).toEqual([
      expect.stringContaining('maker made two blocks'),
    ]);
    expect(judge({ blocks, votes }, nobody, new Set(['maker'])).findings).toEqual([]);
  });
});
