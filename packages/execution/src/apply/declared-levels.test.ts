import { name, type PermissionLevel } from '@snapscale/protocol';
import { expect, it } from 'vitest';
import { DeclaredLevels } from './declared-levels.js';

const level = (actor: string, permission: string): PermissionLevel => ({
  actor: name(actor),
  permission: name(permission),
});

it.each([2, 100])('finds %i declared levels by actor, and by actor and permission', (count) => {
  const others = Array.from({ length: count - 2 }, () => level('carol', 'active'));
  const declared = new DeclaredLevels([level('alice', 'active'), ...others, level('alice', 'owner')]);
  expect(declared.has(name('alice'))).toBe(true);
  expect(declared.has(name('alice'), name('owner'))).toBe(true);
  expect(declared.has(name('alice'), name('active'))).toBe(true);
  expect(declared.has(name('alice'), name('spare'))).toBe(false);
  expect(declared.has(name('bob'))).toBe(false);
  expect(declared.has(name('bob'), name('active'))).toBe(false);
});
