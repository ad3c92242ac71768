import { describe, expect, it } from 'vitest';
import { type Ancestry, type BlockPoint, finalizerRules, freshFinalizerState } from './finalizer.js';

/** Blocks by name: slot, parent. Two forks on `a`. */
const tree: Record<string, readonly [number, string]> = {
  a: [1, ''],
  b: [2, 'a'],
  c: [3, 'b'],
  x: [4, 'a'],
  y: [6, 'x'],
  d: [7, 'c'],
};
const at = (label: string): BlockPoint => ({ slot: tree[label]![0], id: new TextEncoder().encode(label) });
const isAncestor: Ancestry = (ancestor, block) => {
  const wanted = new TextDecoder().decode(ancestor.id);
  let label = new TextDecoder().decode(block.id);
  while (label !== '' && label !== wanted) label = tree[label]![1];
  return label === wanted;
};
const { mayPrepare, afterPrepare, mayCommit, afterCommit } = finalizerRules;
const candidate = (label: string, justified = -1) => ({ ...at(label), justifiedSlot: justified });
const preparing = (...labels: string[]) =>
  labels.reduce((state, label) => afterPrepare(state, at(label), isAncestor), freshFinalizerState);

describe('preparing', () => {
  it('FIN-1 needs a higher slot than before', () => {
    const state = preparing('a', 'x');
    expect(mayPrepare(state, candidate('c'), isAncestor)).toBe(false);
    expect(mayPrepare(state, candidate('x'), isAncestor)).toBe(false);
    expect(mayPrepare(state, candidate('d'), isAncestor)).toBe(true);
  });

  it('FIN-2 leaves the lock only for a chain that shows a certificate of a higher slot', () => {
    const locked = afterCommit(preparing('a', 'b', 'c'), at('b'));
    expect(mayPrepare(locked, candidate('d'), isAncestor)).toBe(true);
    for (const [justified, allowed] of [
      [-1, false],
      [1, false],
      [2, false],
      [3, true],
    ] as const) {
      expect(mayPrepare(locked, candidate('y', justified), isAncestor)).toBe(allowed);
    }
  });

  it('FIN-2 treats a lock on a block that is not known any more as left', () => {
    const lock = { slot: 2, id: new TextEncoder().encode('?') };
    const locked = { ...preparing('a'), lock };
    expect(mayPrepare(locked, candidate('x', 2), () => false)).toBe(false);
    expect(mayPrepare(locked, candidate('x', 3), () => false)).toBe(true);
  });

  it('FIN-5 notes the highest slot that is left, and never forgets it', () => {
    expect(preparing('a', 'b', 'c').offBranch).toBe(-1);
    expect(preparing('a', 'b', 'x').offBranch).toBe(2);
    expect(preparing('a', 'b', 'x', 'y').offBranch).toBe(2);
    expect(preparing('a', 'b', 'x', 'y', 'd').offBranch).toBe(6);
  });
});

describe('committing', () => {
  it('FIN-3 is for the block prepared last and its ancestors', () => {
    expect(mayCommit(freshFinalizerState, at('a'), isAncestor)).toBe(false);
    const state = preparing('a', 'c');
    for (const label of ['a', 'b', 'c']) expect(mayCommit(state, at(label), isAncestor)).toBe(true);
    for (const label of ['x', 'd']) expect(mayCommit(state, at(label), isAncestor)).toBe(false);
  });

  it('FIN-3 is for blocks above those that were left', () => {
    const state = preparing('a', 'x', 'd');
    expect(state.offBranch).toBe(4);
    expect(mayCommit(state, at('c'), isAncestor)).toBe(false);
    expect(mayCommit(state, at('d'), isAncestor)).toBe(true);
  });

  it('FIN-3 never goes back from the lock, and may repeat it', () => {
    const state = afterCommit(preparing('a', 'c'), at('b'));
    expect(mayCommit(state, at('a'), isAncestor)).toBe(false);
    expect(mayCommit(state, at('b'), isAncestor)).toBe(true);
    expect(mayCommit(state, at('c'), isAncestor)).toBe(true);
    const sameSlot = { ...state, lock: { slot: 2, id: new Uint8Array(1) } };
    expect(mayCommit(sameSlot, at('b'), isAncestor)).toBe(false);
  });
});
