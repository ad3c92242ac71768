import { blockId, encode, signedBlockSchema } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { FakeCore, fakeBlock } from '../../net/testing/fake-core.js';
import { testKey, testTransaction } from '../../verify/testing/transactions.js';
import { type AssemblyLimits, BlockAssembly, compactOf, defaultAssemblyLimits, isWhole } from './block-assembly.js';

const transactions = Array.from({ length: 10 }, (_, number) => testTransaction({ number }).received);
const zlib = testTransaction({ number: 99, isCompressed: true }).received;
const block = fakeBlock(new Uint8Array(32), 7, [...transactions, zlib]);
const id = blockId(block.header);
const compact = compactOf(block);
const bytes = encode(signedBlockSchema, compact).length;

function assembly(known: readonly number[], limits: Partial<AssemblyLimits> = {}): BlockAssembly {
  const core = new FakeCore();
  for (const position of known) core.know(transactions[position]!);
  return new BlockAssembly((wanted) => core.known(wanted), { ...defaultAssemblyLimits, ...limits });
}

describe('BlockAssembly', () => {
  it('needs nothing but the ids of what is known', () => {
    const step = assembly([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).begin(1, id, compact, bytes, 0);
    if (step.kind !== 'complete') throw new Error(step.kind);
    expect(step.assembled.block).toEqual(block);
    expect(step.assembled.transactions.map((transaction) => transaction === undefined)).toEqual([
      ...transactions.map(() => false),
      true,
    ]);
    expect(bytes).toBeLessThan(encode(signedBlockSchema, block).length / 2);
    expect([isWhole(block), isWhole(compact)]).toEqual([true, false]);
  });

  it('asks for what is missing and puts it in its place', () => {
    const assembling = assembly([0, 1, 2, 4, 5, 7, 9]);
    expect(assembling.begin(1, id, compact, bytes, 0)).toEqual({ kind: 'missing', positions: [3, 6, 8] });
    expect(assembling.size).toEqual({ blocks: 1, bytes });
    const found = [3, 6, 8].map((position) => transactions[position]!);
    expect(assembling.fill(2, id, found)).toBeUndefined();
    const step = assembling.fill(1, id, found);
    if (step?.kind !== 'complete') throw new Error(step?.kind);
    expect(step.assembled.block).toEqual(block);
    expect(step.assembled.transactions[3]).toBeUndefined();
    expect(assembling.size).toEqual({ blocks: 0, bytes: 0 });
    expect(assembling.fill(1, id, found)).toBeUndefined();
  });

  it('takes the copy of another peer while one waits, and forgets both when the block is there', () => {
    const assembling = assembly([0, 1, 2, 4, 5, 7, 9]);
    // Somebody puts ids of his own in the place of some: the header does not show it.
    const { transactions: receipts } = compact;
    const forged = receipts.map((receipt, position) =>
      position === 3 ? { ...receipt, transaction: { kind: 'id' as const, id: new Uint8Array(32).fill(3) } } : receipt,
    );
    expect(assembling.begin(1, id, { ...compact, transactions: forged }, bytes, 0).kind).toBe('missing');
    expect([assembling.isPending(1, id), assembling.isPending(2, id)]).toEqual([true, false]);
    expect(assembling.begin(2, id, compact, bytes, 0).kind).toBe('missing');
    const step = assembling.fill(
      2,
      id,
      [3, 6, 8].map((position) => transactions[position]!),
    );
    if (step?.kind !== 'complete') throw new Error(step?.kind);
    expect(step.assembled.block).toEqual(block);
    expect(assembling.size).toEqual({ blocks: 1, bytes });
    assembling.drop(id);
    expect(assembling.size).toEqual({ blocks: 0, bytes: 0 });
  });

  it('asks for the whole block when most of it is missing', () => {
    expect(assembly([0]).begin(1, id, compact, bytes, 0)).toEqual({ kind: 'whole' });
  });

  it('asks for the whole block when a transaction came here with another signature', () => {
    const core = new FakeCore();
    for (const [number, received] of transactions.entries()) {
      core.know(number === 4 ? testTransaction({ number, keys: [testKey(2)] }).received : received);
    }
    const assembling = new BlockAssembly((wanted) => core.known(wanted));
    expect(assembling.begin(1, id, compact, bytes, 0)).toEqual({ kind: 'whole' });
  });

  it.each([
    ['too few', transactions.slice(3, 4)],
    ['none', []],
    ['others', [transactions[0]!, transactions[6]!, transactions[8]!]],
  ])('asks for the whole block when %s of the missing transactions come', (_, found) => {
    const assembling = assembly([0, 1, 2, 4, 5, 7, 9]);
    assembling.begin(1, id, compact, bytes, 0);
    expect(assembling.fill(1, id, found)).toEqual({ kind: 'whole' });
    expect(assembling.size.blocks).toBe(0);
  });

  it('asks for the whole block when nothing comes in time, and gives up after as long again', () => {
    const assembling = assembly([0, 1, 2, 4, 5, 7, 9], { answerMsMax: 100 });
    assembling.begin(1, id, compact, bytes, 1_000);
    expect(assembling.expire(1_099)).toEqual({ whole: [], given: [] });
    expect(assembling.expire(1_100)).toEqual({ whole: [{ peer: 1, id }], given: [] });
    expect(assembling.expire(1_150)).toEqual({ whole: [], given: [] });
    expect(assembling.expire(1_200)).toEqual({ whole: [], given: [{ peer: 1, id }] });
    expect(assembling.size).toEqual({ blocks: 0, bytes: 0 });
  });

  it('holds a bounded number of blocks of one peer, of all, and bytes', () => {
    const assembling = assembly([0, 1, 2, 4, 5, 7, 9], { blocksPerPeerMax: 2, blocksMax: 3, bytesMax: 4 * bytes });
    const ids = Array.from({ length: 5 }, (_, i) => new Uint8Array(32).fill(i));
    const kinds = [1, 1, 1, 2, 3].map((peer, i) => assembling.begin(peer, ids[i]!, compact, bytes, 0).kind);
    expect(kinds).toEqual(['missing', 'missing', 'full', 'missing', 'full']);
    expect(assembling.left(1)).toEqual(ids.slice(0, 2));
    expect(assembling.size).toEqual({ blocks: 1, bytes });
    expect(assembling.begin(3, ids[4]!, compact, 4 * bytes, 0).kind).toBe('full');
  });
});
