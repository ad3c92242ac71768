import { expect, it } from 'vitest';
import { Spaced } from './spaced.js';

it('L3: what others can ask for without end is done at once, and then once in an interval', () => {
  const done: number[] = [];
  let now = 0;
  const spaced = new Spaced(10, () => done.push(now));
  spaced.look(now);
  expect(done).toEqual([]);
  for (; now < 35; now++) {
    if (now < 22) spaced.want(now);
    spaced.look(now);
  }
  expect(done).toEqual([0, 10, 20, 30]);
});
