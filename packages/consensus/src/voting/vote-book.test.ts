import type { BlsSignature } from '@snapscale/crypto';
import { limits, type Vote } from '@snapscale/protocol';
import { expect, it } from 'vitest';
import { fakeFinalizerKey } from '../testing/fake-signatures.js';
import { VoteBook } from './vote-book.js';

const vote = (block: number, slot = 5, who = 'alice'): Vote => ({
  phase: 0,
  slot,
  blockId: Uint8Array.from({ length: 32 }, (_, i) => (block >> (8 * (i % 4))) & 255),
  finalizerKey: fakeFinalizerKey(who),
  signature: new Uint8Array(192) as BlsSignature,
});

it('FIN-12 keeps votes for unknown blocks, a bounded number of each peer, and gives them to the block', () => {
  const book = new VoteBook();
  for (let block = 0; block < 1000; block++) book.keep({ vote: vote(block), from: 1 });
  book.keep({ vote: vote(7), from: 2 });
  book.keep({ vote: vote(7), from: 2 });
  book.keep({ vote: vote(7, 5, 'bob'), from: 2 });
  expect(book.size.unknown).toBe(limits.unknownVotesPerPeerMax + 2);
  expect(book.take(vote(7).blockId).map(({ from }) => from)).toEqual([1, 2, 2]);
  expect(book.take(vote(7).blockId)).toEqual([]);
  book.keep({ vote: vote(2000), from: 1 });
  expect(book.take(vote(2000).blockId)).toHaveLength(1);
});

it('FIN-12 forgets votes of old slots, and those of a peer', () => {
  const book = new VoteBook();
  for (let block = 0; block < 100; block++) book.keep({ vote: vote(block, block), from: 1 + (block % 2) });
  book.prune(49, () => false);
  expect(book.size.unknown).toBe(50);
  book.dropPeer(1);
  expect(book.size.unknown).toBe(25);
  book.prune(100, () => true);
  expect(book.size).toEqual({ unknown: 0, pools: 0 });
});
