import { portableRecover } from '@snapscale/crypto';
import { describe, expect, it } from 'vitest';
import { type TestTransaction, testChainId, testTransaction } from '../verify/testing/transactions.js';
import { verifyReceived } from '../verify/verify-transaction.js';
import { RecentlyVerified } from './recently-verified.js';

function verified(options: TestTransaction) {
  return verifyReceived(testTransaction(options).received, testChainId, portableRecover).verified;
}

describe('transactions that were verified lately', () => {
  it('are found by their ids, the newest copy of each', () => {
    const recent = new RecentlyVerified();
    const first = verified({ number: 1 });
    const again = { ...first };
    recent.add(first);
    recent.add(again);
    expect(recent.get(first.id)).toBe(again);
    expect(recent.get(verified({ number: 2 }).id)).toBeUndefined();
  });

  it('are bounded in bytes: the oldest go, also when one came twice', () => {
    const recent = new RecentlyVerified(3_000);
    const all = [1, 2, 3].map((number) => verified({ number, dataBytes: 1_000 }));
    const [one, two, three] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]];
    for (const transaction of [one, one, two, three]) recent.add(transaction);
    expect(all.map(({ id }) => recent.get(id) !== undefined)).toEqual([false, true, true]);
  });

  it('count with what they unpack to', () => {
    const recent = new RecentlyVerified(3_000);
    const bomb = verified({ number: 4, dataBytes: 100_000, isCompressed: true });
    recent.add(bomb);
    expect(recent.get(bomb.id)).toBeUndefined();
  });
});
