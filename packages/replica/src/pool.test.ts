import type { VerifiedTransaction } from '@snapscale/execution';
import { TestLedger } from '@snapscale/execution/testing';
import { name } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import type { Submission } from './inputs.js';
import { TransactionPool } from './pool.js';

const ledger = new TestLedger();

/** Transactions of an account; numbers are unique. */
function of(account: string, ...numbers: readonly number[]): Submission[] {
  return numbers.map((request) => {
    const authorization = [{ actor: name(account), permission: name('active') }];
    const action = { account: name('eosio'), name: name('none'), authorization, data: new Uint8Array(0) };
    return { request, transaction: ledger.transaction([action]) };
  });
}

function filled(...submissions: readonly Submission[]): TransactionPool {
  const pool = new TransactionPool();
  for (const submission of submissions) expect(pool.add(submission)).toBeUndefined();
  return pool;
}

function drained(pool: TransactionPool): number[] {
  const order: number[] = [];
  for (let next = pool.take(); next !== undefined; next = pool.take()) order.push(next.request);
  expect(pool.size).toBe(0);
  return order;
}

const transactionsOf = (submissions: readonly Submission[]): VerifiedTransaction[] =>
  submissions.map(({ transaction }) => transaction);

describe('a pool', () => {
  it('gives transactions account by account, in the order of each', () => {
    expect(drained(filled(...of('alice', 1, 2, 3), ...of('bob', 4), ...of('carol', 5, 6)))).toEqual([1, 4, 5, 2, 6, 3]);
  });

  it('gives nothing of accounts that are held, and of others last', () => {
    const pool = filled(...of('alice', 1), ...of('bob', 2), ...of('carol', 3));
    const is = (account: string) => (one: bigint) => one === name(account);
    expect(pool.take(is('alice'), is('bob'))?.request).toBe(3);
    expect(pool.take(is('alice'), is('bob'))?.request).toBe(2);
    expect(pool.take(is('alice'), is('bob'))).toBeUndefined();
    expect(drained(pool)).toEqual([1]);
  });

  it('gives what was taken before all others, in its order', () => {
    const pool = filled(...of('alice', 1, 2, 3), ...of('bob', 4));
    const taken = [pool.take()!, pool.take()!];
    pool.putFirst(taken);
    pool.putFirst(of('dave', 5));
    expect(pool.size).toBe(5);
    expect(drained(pool)).toEqual([5, 1, 4, 2, 3]);
  });

  it('removes from wherever it waits, once', () => {
    const [alice, bob, first] = [of('alice', 1, 2, 3), of('bob', 4), of('carol', 5, 6)];
    const pool = filled(...alice, ...bob);
    pool.putFirst(first);
    const [, second] = transactionsOf(alice);
    expect(pool.remove(second!)?.request).toBe(2);
    expect(pool.remove(second!)).toBeUndefined();
    expect(pool.remove(bob[0]!.transaction)?.request).toBe(4);
    expect(pool.remove(first[0]!.transaction)?.request).toBe(5);
    expect(pool.has(second!.id)).toBe(false);
    expect(pool.add(bob[0]!)).toBeUndefined();
    expect(drained(pool)).toEqual([6, 1, 4, 3]);
  });

  it('refuses what waits already, what is more than an account’s share, and what is more than all', () => {
    const pool = new TransactionPool({ transactionsMax: 8, bytesMax: 1_000_000, accountShareMax: 0.25 });
    const [one, two, three] = of('alice', 1, 2, 3) as [Submission, Submission, Submission];
    expect(pool.add(one)).toBeUndefined();
    expect(pool.add(one)).toMatchObject({ code: 'tx_duplicate' });
    expect(pool.add(two)).toBeUndefined();
    expect(pool.add(three)).toMatchObject({ code: 'tx_resource_exhaustion' });
    pool.remove(one.transaction);
    expect(pool.add(three)).toBeUndefined();
    for (const account of ['bob', 'carol', 'dave']) for (const other of of(account, 4, 5)) pool.add(other);
    expect(pool.add(of('erin', 6)[0]!)).toMatchObject({ code: 'tx_resource_exhaustion' });
    expect(pool.clear()).toHaveLength(8);
    const small = new TransactionPool({ transactionsMax: 8, bytesMax: 60, accountShareMax: 1 });
    expect(small.add(one)).toBeUndefined();
    expect(small.add(two)).toMatchObject({ code: 'tx_resource_exhaustion' });
    expect(pool.add(one)).toBeUndefined();
    expect(drained(pool)).toEqual([1]);
  });

  it('forgets an account: others, and what comes first, stay', () => {
    const [alice, first] = [of('alice', 1, 2, 3), of('alice', 4)];
    const pool = filled(...alice, ...of('bob', 5));
    pool.putFirst(first);
    pool.remove(alice[1]!.transaction);
    pool.dropAccount(name('alice'));
    pool.dropAccount(name('carol'));
    expect(pool.size).toBe(2);
    expect(pool.has(alice[0]!.transaction.id)).toBe(false);
    expect(pool.add(alice[2]!)).toBeUndefined();
    expect(drained(pool)).toEqual([4, 5, 3]);
  });

  it('clears what waits, and nothing that was removed', () => {
    const [alice, first] = [of('alice', 1, 2, 3, 4, 5, 6), of('bob', 7, 8, 9)];
    const pool = filled(...alice);
    pool.putFirst(first);
    pool.remove(alice[2]!.transaction);
    pool.remove(first[1]!.transaction);
    expect(pool.clear().map(({ request }) => request)).toEqual([7, 9, 1, 2, 4, 5, 6]);
    expect(pool.size).toBe(0);
    expect(pool.take()).toBeUndefined();
  });

  it('is emptied in any order at a cost in proportion to its size', () => {
    const many = of('alice', ...Array.from({ length: 1_000 }, (_, i) => i));
    const pool = filled(...many);
    let reads = 0;
    // Each look at a transaction that waits reads its id.
    for (const { transaction } of [...many].reverse()) {
      const { id } = transaction;
      Object.defineProperty(transaction, 'id', {
        get: () => {
          reads++;
          return id;
        },
      });
      expect(pool.remove(transaction)).toBeDefined();
    }
    expect(reads).toBeLessThan(5_000);
    expect(pool.size).toBe(0);
  });
});
