import { describe, expect, it } from 'vitest';
import { fakeChain } from '../../net/testing/fake-core.js';
import { ANCESTORS_MAX, BlockRequests } from './block-requests.js';
import { BlockSpread } from './block-spread.js';
import { RecentBlocks, SeenBlocks } from './recent-blocks.js';

const idOf = (number: number) => new Uint8Array(32).fill(number);

describe('BlockRequests', () => {
  it('asks for more ancestors with each parent that is missing too', () => {
    const requests = new BlockRequests();
    const depths: number[] = [];
    for (let number = 0; number < 9; number++) {
      const plan = requests.plan(1, idOf(number), 0)!;
      depths.push(plan.ancestors);
      requests.sent(number, plan, 0);
      requests.foundChildOf(idOf(number + 1), requests.answered(1, number)!);
    }
    expect(depths).toEqual([0, 1, 3, 7, 15, 31, 63, ANCESTORS_MAX, ANCESTORS_MAX]);
    expect(requests.plan(1, idOf(200), 0)!.ancestors).toBe(0);
  });

  it('does not ask the same peer twice in a row', () => {
    const requests = new BlockRequests();
    requests.sent(1, requests.plan(1, idOf(1), 0)!, 0);
    expect(requests.plan(1, idOf(1), 499)).toBeUndefined();
    expect(requests.plan(2, idOf(1), 499)).toBeDefined();
    expect(requests.plan(1, idOf(2), 499)).toBeDefined();
    expect(requests.plan(1, idOf(1), 500)).toBeDefined();
  });

  it('knows answers that were not asked for, of this peer, or twice', () => {
    const requests = new BlockRequests();
    requests.sent(1, requests.plan(1, idOf(1), 0)!, 0);
    expect(requests.answered(2, 1)).toBeUndefined();
    expect(requests.answered(1, 2)).toBeUndefined();
    expect(requests.answered(1, 1)).toBeDefined();
    expect(requests.answered(1, 1)).toBeUndefined();
  });

  it('remembers a bounded number', () => {
    const requests = new BlockRequests();
    for (let number = 0; number < 5_000; number++) {
      requests.sent(number, { peer: number % 7, id: idOf(number & 255), ancestors: 0 }, number);
    }
    expect(requests.size).toBeLessThanOrEqual(1_024);
    expect(requests.answered(4_999 % 7, 4_999)).toBeDefined();
  });
});

describe('BlockSpread', () => {
  it('knows who has a block, of the newest ones', () => {
    const spread = new BlockSpread();
    spread.has(1, idOf(1));
    spread.has(3, idOf(1));
    expect(spread.without([1, 2, 3], idOf(1))).toEqual([2]);
    expect(spread.without([1, 2, 3], idOf(2))).toEqual([1, 2, 3]);
    for (let number = 0; number < 300; number++) spread.has(1, Uint8Array.of(number & 255, number >> 8));
    expect(spread.without([1], idOf(1))).toEqual([1]);
  });
});

describe('SeenBlocks', () => {
  it('forget after a while, and when the replica asks', () => {
    const seen = new SeenBlocks();
    seen.add(idOf(1), idOf(9), 0);
    expect([seen.has(idOf(1), idOf(9), 2_999), seen.has(idOf(1), idOf(8), 10)]).toEqual([true, false]);
    expect(seen.has(idOf(1), idOf(9), 3_000)).toBe(false);
    seen.add(idOf(1), idOf(9), 0);
    seen.forget(idOf(1));
    expect(seen.has(idOf(1), idOf(9), 1)).toBe(false);
  });
});

describe('RecentBlocks', () => {
  it('keep the newest', () => {
    const recent = new RecentBlocks();
    const blocks = fakeChain(100, { isSigned: false });
    for (const [number, block] of blocks.entries()) recent.add(idOf(number), block);
    expect([recent.get(idOf(35)), recent.get(idOf(99))]).toEqual([undefined, blocks[99]]);
  });
});
