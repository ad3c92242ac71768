import { MemoryState } from '@snapscale/execution';
import { expect, it } from 'vitest';
import { firstDifference } from './unchanged-state.js';

const bytes = (...values: number[]) => new Uint8Array(values);

it('tells what two changesets make of one state', () => {
  const base = new MemoryState();
  base.apply(new Map([['a', bytes(1)]]));
  const none = new Map();
  expect(firstDifference(base, none, none)).toBeUndefined();
  expect(firstDifference(base, none, new Map([['b', bytes(2)]]))).toBe('b');
  expect(firstDifference(base, new Map([['b', bytes(2)]]), none)).toBe('b');
  expect(firstDifference(base, new Map([['b', bytes(2)]]), new Map([['b', bytes(3)]]))).toBe('b');
  expect(firstDifference(base, none, new Map([['a', null]]))).toBe('a');
  expect(firstDifference(base, none, new Map([['a', bytes(1, 2)]]))).toBe('a');
});

it('takes a value that was changed back, and a removal of nothing, for no difference', () => {
  const base = new MemoryState();
  base.apply(new Map([['a', bytes(1)]]));
  expect(firstDifference(base, new Map(), new Map([['a', bytes(1)]]))).toBeUndefined();
  expect(firstDifference(base, new Map(), new Map([['b', null]]))).toBeUndefined();
});
