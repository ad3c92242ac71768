import { type BlockHeader, blockId, encode, names, signedBlockSchema } from '@snapscale/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { ReversibleBlocks } from './reversible-blocks.js';

/** An encoded block on `previous`, and its id. */
function block(previous: Uint8Array, slot: number): { readonly id: Uint8Array; readonly encoded: Uint8Array } {
  const header: BlockHeader = {
    slot,
    producer: names.eosio,
    confirmed: 0,
    previous,
    transactionMroot: new Uint8Array(32),
    actionMroot: new Uint8Array(32),
    scheduleVersion: 0,
    newProducers: undefined,
    headerExtensions: [],
  };
  const producerSignature = new Uint8Array(66) as never;
  const encoded = encode(signedBlockSchema, { header, producerSignature, transactions: [], blockExtensions: [] });
  return { id: blockId(header), encoded };
}

describe('blocks that are not final', () => {
  const genesis = block(new Uint8Array(32), 1);
  const [a2, b2] = [block(genesis.id, 2), block(genesis.id, 3)];
  const [a3, b3] = [block(a2.id, 4), block(b2.id, 5)];
  let blocks: ReversibleBlocks;
  beforeEach(() => {
    blocks = new ReversibleBlocks();
    for (const { encoded } of [a2, b2, a3, b3]) blocks.add(encoded);
  });

  it('are found by id, and by number on a branch', () => {
    expect(blocks.get(b2.id)).toBe(b2.encoded);
    expect(blocks.onBranch(a3.id, 2)).toBe(a2.encoded);
    expect(blocks.onBranch(b3.id, 2)).toBe(b2.encoded);
    expect(blocks.onBranch(b3.id, 3)).toBe(b3.encoded);
    expect(blocks.onBranch(b3.id, 4)).toBeUndefined();
    expect(blocks.onBranch(b3.id, 1)).toBeUndefined();
    expect(blocks.onBranch(genesis.id, 1)).toBeUndefined();
  });

  it('leave with finality, whatever their branch', () => {
    blocks.finalize(2);
    expect([a2, b2].map(({ id }) => blocks.get(id))).toEqual([undefined, undefined]);
    expect(blocks.onBranch(a3.id, 3)).toBe(a3.encoded);
    expect(blocks.onBranch(a3.id, 2)).toBeUndefined();
  });
});
