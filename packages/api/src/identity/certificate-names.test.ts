import { expect, test } from 'vitest';
import { isNodeOf } from './certificate-names.js';

test.each([
  ['north', 'north', true],
  ['north', 'north-watcher', true],
  ['north', 'north-1.example', true],
  ['north', 'north-', false],
  ['north', 'north1', false],
  ['north', 'northwatcher', false],
  ['north', 'south', false],
  ['north', 'south-north-1', false],
  ['north', '-north', false],
  ['north', '', false],
  ['nor', 'north', false],
  ['north.a', 'north-a', false],
])('of %s: %s', (organisation, node, expected) => {
  expect(isNodeOf(organisation, node)).toBe(expected);
});
