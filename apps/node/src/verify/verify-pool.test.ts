import { publicKeyOf } from '@snapscale/crypto';
import type { Rejection } from '@snapscale/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { testChainId, testKey, testTransaction } from './testing/transactions.js';
import { readVerifiedBatch } from './verified-batch.js';
import { VerifyPool, type VerifyPoolOptions } from './verify-pool.js';

type Answer = { readonly keys: readonly Uint8Array[] } | Rejection;

/** Collects answers; `all` resolves when as many as asked for have come. */
function collector() {
  const answers = new Map<number, Answer>();
  const batchSizes: number[] = [];
  const faults: unknown[] = [];
  let wake = () => {};
  const origins = new Map<number, number>();
  const take = (request: number, answer: Answer, from: number) => {
    expect(answers.has(request)).toBe(false);
    answers.set(request, answer);
    origins.set(request, from);
    wake();
  };
  const options: Omit<VerifyPoolOptions, 'chainId'> = {
    verified: (batch, count) => {
      const submissions = [...readVerifiedBatch(batch)];
      expect(submissions).toHaveLength(count);
      batchSizes.push(count);
      for (const { request, from, transaction } of submissions) take(request, { keys: transaction.keys }, from);
    },
    rejected: take,
    fault: (error) => faults.push(error),
  };
  const all = async (count: number) => {
    while (answers.size < count) await new Promise<void>((resolve) => (wake = resolve));
    return answers;
  };
  return { options, answers, origins, batchSizes, faults, all };
}

describe('VerifyPool', () => {
  let pool: VerifyPool | undefined;
  afterEach(() => pool?.close());

  it('answers good and bad transactions once each, alone and in batches', async () => {
    const { options, all, batchSizes, faults } = collector();
    pool = await VerifyPool.start({ ...options, chainId: testChainId, threads: 2 });
    expect(pool.description).toContain('K1 by');
    const good = Array.from(
      { length: 40 },
      (_, number) => testTransaction({ number, keys: [testKey(number % 3)], isCompressed: number % 2 === 0 }).encoded,
    );
    const bad = [
      good[0]!.subarray(0, 40),
      new Uint8Array(0),
      testTransaction({ number: 5, keys: [testKey(1), testKey(1)] }).encoded,
    ];
    expect(pool.submit(1000, good[0]!)).toBeUndefined();
    await all(1);
    for (let request = 0; request < 400; request++) expect(pool.submit(request, good[request % 40]!)).toBeUndefined();
    for (const [i, bytes] of bad.entries()) expect(pool.submit(2000 + i, bytes)).toBeUndefined();
    const answers = await all(404);
    for (let request = 0; request < 400; request++) {
      expect(answers.get(request)).toEqual({ keys: [publicKeyOf(testKey((request % 40) % 3))] });
    }
    expect([2000, 2001, 2002].map((request) => (answers.get(request) as Rejection).code)).toEqual([
      'packed_transaction_type_exception',
      'packed_transaction_type_exception',
      'tx_duplicate_sig',
    ]);
    expect(batchSizes[0]).toBe(1);
    expect(Math.max(...batchSizes)).toBeGreaterThan(10);
    expect(Math.max(...batchSizes)).toBeLessThanOrEqual(64);
    expect(pool.stats).toEqual({ threads: 2, waiting: 0, inWork: 0, verified: 401, rejected: 3, refused: 0 });
    expect(faults).toEqual([]);
  });

  it('refuses when too many or too large transactions wait, and takes more afterwards', async () => {
    const { options, all } = collector();
    pool = await VerifyPool.start({
      ...options,
      chainId: testChainId,
      threads: 1,
      transactionsMax: 100,
      bytesMax: 100_000,
    });
    const { encoded } = testTransaction({ number: 1 });
    for (let request = 0; request < 100; request++) expect(pool.submit(request, encoded)).toBeUndefined();
    expect(pool.submit(100, encoded)?.code).toBe('snap_queue_full');
    await all(100);
    const large = testTransaction({ number: 2, dataBytes: 60_000 }).encoded;
    expect([pool.submit(200, large), pool.submit(201, large)?.code]).toEqual([undefined, 'snap_queue_full']);
    await all(101);
    expect(pool.submit(202, large)).toBeUndefined();
    await all(102);
    expect(pool.stats).toMatchObject({ verified: 102, refused: 2, waiting: 0, inWork: 0 });
  });

  it('says whose each transaction was, verified or rejected', async () => {
    const { options, origins, all } = collector();
    pool = await VerifyPool.start({ ...options, chainId: testChainId, threads: 1 });
    const { encoded } = testTransaction({ number: 1 });
    expect(pool.submit(1, encoded, 7)).toBeUndefined();
    expect(pool.submit(2, encoded.subarray(0, 9), 8)).toBeUndefined();
    expect(pool.submit(3, encoded)).toBeUndefined();
    await all(3);
    for (let request = 4; request < 20; request++) pool.submit(request, encoded, 9);
    await pool.close();
    await all(19);
    expect([1, 2, 3, 4, 19].map((request) => origins.get(request))).toEqual([7, 8, 0, 9, 9]);
  });

  it('has room for clients and other peers whatever one peer sends', async () => {
    const { options, all } = collector();
    const limits = { transactionsMax: 40, transactionsPerPeerMax: 15 };
    pool = await VerifyPool.start({ ...options, chainId: testChainId, threads: 1, ...limits });
    const { encoded } = testTransaction({ number: 1 });
    let request = 0;
    const accepted = (count: number, from: number) => {
      let taken = 0;
      for (let i = 0; i < count; i++) if (pool!.submit(++request, encoded, from) === undefined) taken++;
      return taken;
    };
    expect([accepted(100, 1), accepted(100, 2), accepted(5, 3), accepted(100, 0)]).toEqual([15, 5, 0, 20]);
    await all(40);
    expect(accepted(100, 1)).toBe(15);
    await all(55);
  });

  it('replaces a thread that fails and rejects what it had', async () => {
    const { options, all, answers, faults } = collector();
    const notBytes = null as unknown as Uint8Array;
    pool = await VerifyPool.start({ ...options, chainId: notBytes, threads: 1 });
    for (let request = 0; request < 3; request++) pool.submit(request, testTransaction({ number: request }).encoded);
    await all(3);
    expect([...answers.values()].every((answer) => 'code' in answer && answer.code === 'snap_node_failure')).toBe(true);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults[0]).toBeInstanceOf(Error);
    expect(pool.stats.threads).toBe(1);
  });

  it('answers everything when it is closed, and takes nothing more', async () => {
    const { options, answers } = collector();
    pool = await VerifyPool.start({ ...options, chainId: testChainId, threads: 1 });
    const { encoded } = testTransaction({ number: 1 });
    for (let request = 0; request < 300; request++) pool.submit(request, encoded);
    await pool.close();
    expect(answers.size).toBe(300);
    expect((answers.get(299) as Rejection).code).toBe('snap_shutting_down');
    expect(pool.submit(300, encoded)?.code).toBe('snap_shutting_down');
  });
});
