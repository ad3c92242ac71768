import { describe, expect, it } from 'vitest';
import { QueryQueue } from './query-queue.js';

const soon = <T>(value: () => T) => expect.poll(value, { interval: 5, timeout: 5000 });

describe('queries', () => {
  it('run one at a time, in order, and wait for the next slot when their share of this one is used', async () => {
    const began: number[] = [];
    const queue = new QueryQueue<number>(() => {
      began.push(performance.now());
      const end = performance.now() + 60;
      while (performance.now() < end);
    });
    for (let i = 0; i < 5; i++) expect(queue.add(i)).toBe(true);
    expect(began).toEqual([]);
    await soon(() => began.length).toBe(5);
    // Two or three fit into a slot of 500 ms.
    expect(began[4]! - began[0]!).toBeGreaterThan(300);
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
