import { name } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { AccountLoad } from './account-load.js';

const alice = name('alice');
const bob = name('bob');

describe('the load of an account', () => {
  it('exceeds its allowance until enough blocks have passed', () => {
    const load = new AccountLoad(50);
    load.add(alice, 30);
    expect(load.exceeds(alice)).toBe(false);
    load.add(alice, 120);
    expect([load.exceeds(alice), load.exceeds(bob)]).toEqual([true, false]);
    load.forgive();
    expect(load.exceeds(alice)).toBe(true);
    load.forgive();
    expect(load.exceeds(alice)).toBe(false);
  });

  it('counts no transaction for more than one can take, and none for less than nothing', () => {
    const load = new AccountLoad(50_000);
    load.add(alice, 1e12);
    for (let block = 0; block < 4; block++) load.forgive();
    expect(load.exceeds(alice)).toBe(false);
    load.add(bob, -1);
    expect(load.exceeds(bob)).toBe(false);
  });
});
