import { expect, test } from 'vitest';
import type { Application } from './application.js';
import { refuseFullQueue } from './queue-bounds.js';

const from = (address: string | undefined, count: number, source: 'rest' | 'chain' = 'rest'): Application[] =>
  Array.from({ length: count }, (_, i) => ({ id: `${address ?? source}-${i}`, source, address }) as Application);

test('an address has its part, others have theirs', () => {
  expect(refuseFullQueue(from('a', 19), 'rest', 'a')).toBeUndefined();
  expect(() => refuseFullQueue(from('a', 20), 'rest', 'a')).toThrow(/20 requests from here wait/);
  expect(refuseFullQueue(from('a', 20), 'est', 'b')).toBeUndefined();
  expect(refuseFullQueue(from(undefined, 500, 'chain'), 'chain', undefined)).toBeUndefined();
});

test('where the queue is full, the oldest of whoever has most makes room', () => {
  const many = Array.from({ length: 50 }, (_, i) => from(`10.0.0.${i}`, 15)).flat();
  const waiting = [...from('a', 1), ...many, ...from(undefined, 300, 'chain')];
  expect(refuseFullQueue(waiting, 'rest', 'b')).toBe('chain-0');
  expect(refuseFullQueue([...from('a', 1), ...many, ...from('x', 249), ...from('y', 18)], 'rest', 'b')).toBe('x-0');
});
