import { msToSlot } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { QueryQueue } from './query-queue.js';

const soon = <T>(value: () => T) => expect.poll(value, { interval: 5, timeout: 30_000 });

describe('queries', () => {
  it('run one at a time, in order, and wait for the next slot when their share of this one is used', async () => {
    const began: { readonly query: number; readonly slot: number }[] = [];
    const queue = new QueryQueue<number>((query) => {
      began.push({ query, slot: msToSlot(Date.now()) });
      const end = performance.now() + 60;
      while (performance.now() < end);
    });
    for (let i = 0; i < 8; i++) expect(queue.add(i)).toBe(true);
    expect(began).toEqual([]);
    await soon(() => began.length).toBe(8);
    expect(began.map(({ query }) => query)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    // Two fit into the share of a slot; a third may have been let go just before the slot began.
    for (const { slot } of began) expect(began.filter((other) => other.slot === slot).length).toBeLessThanOrEqual(3);
  });

  it('are refused when too many wait, and handed back when the node stops', () => {
    const queue = new QueryQueue<number>(() => undefined);
    let taken = 0;
    while (queue.add(taken)) taken++;
    expect(taken).toBe(256);
    expect(queue.clear()).toHaveLength(256);
    expect(queue.add(1)).toBe(true);
    queue.clear();
  });
});
