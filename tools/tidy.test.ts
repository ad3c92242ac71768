import { expect, it } from 'vitest';
import { violations } from './tidy.js';

it('the tree keeps the house style', () => {
  expect(violations()).toEqual([]);
});
