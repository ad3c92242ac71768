import { blockId, encode, type PeerMessage, signedBlockSchema } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { FakeCore, fakeBlock, fakeChain } from '../../net/testing/fake-core.js';
import { testTransaction } from '../../verify/testing/transactions.js';
import { BlockService } from './block-service.js';

const chain = fakeChain(60, { isSigned: false });
const encoded = chain.map((block) => encode(signedBlockSchema, block));

function service(finalNum = 20) {
  const core = new FakeCore();
  core.chain.push(...chain);
  core.finalNum = finalNum;
  const sent: PeerMessage[] = [];
  const blamed: string[] = [];
  const givenBack: PeerMessage[] = [];
  const port = {
    send: (_: readonly number[], message: PeerMessage) => sent.push(message),
    blame: (_: number, code: string) => blamed.push(code),
    giveBack: (_: number, message: PeerMessage) => givenBack.push(message),
  };
  return { core, sent, blamed, givenBack, served: new BlockService(port, core, () => undefined) };
}

const getBlocks = (from: number, count: number) => ({
  kind: 'getBlocks' as const,
  getBlocks: { request: 9, from, count },
});
const getBlock = (num: number, ancestors: number) => ({
  kind: 'getBlock' as const,
  getBlock: { request: 9, id: blockId(chain[num - 1]!.header), ancestors },
});
const answer = (blocks: readonly Uint8Array[]) => ({ kind: 'blocks', blocks: { request: 9, blocks } });

describe('BlockService', () => {
  it('answers with blocks that are not final, the oldest first', () => {
    const { served, sent } = service();
    served.answerBlocks(1, getBlocks(30, 5));
    served.answerBlocks(1, getBlocks(58, 50));
    served.answerBlock(1, getBlock(40, 2));
    served.answerBlock(1, getBlock(22, 60));
    expect(sent).toEqual([
      answer(encoded.slice(29, 34)),
      answer(encoded.slice(57)),
      answer(encoded.slice(37, 40)),
      answer(encoded.slice(20, 22)),
    ]);
  });

  it('gives back what has become final meanwhile: a part of it would look like a lie', () => {
    const { served, sent, givenBack } = service(30);
    served.answerBlocks(1, getBlocks(30, 5));
    served.answerBlock(1, getBlock(25, 0));
    expect([sent, givenBack]).toEqual([[], [getBlocks(30, 5), getBlock(25, 0)]]);
  });

  it('answers nothing to a peer that asks for too much', () => {
    const { served, core, sent } = service(0);
    core.chain.length = 0;
    const transaction = testTransaction({ number: 1, dataBytes: 900_000 }).received;
    core.chain.push(
      fakeBlock(
        new Uint8Array(32),
        1,
        Array.from({ length: 4 }, () => transaction),
      ),
    );
    for (let request = 0; request < 50; request++) served.answerBlocks(1, getBlocks(1, 1));
    // 32 MiB at once; the last answer may go beyond it.
    expect(sent.length).toBeGreaterThanOrEqual(9);
    expect(sent.length).toBeLessThan(40);
  });

  it('blames who asks for transactions that a block cannot have', () => {
    const { served, core, sent, blamed } = service(0);
    core.chain.length = 0;
    const block = fakeBlock(
      new Uint8Array(32),
      1,
      [1, 2, 3].map((number) => testTransaction({ number }).received),
    );
    core.chain.push(block);
    const ask = (positions: number[]) =>
      served.answerTransactions(1, {
        kind: 'getBlockTransactions',
        getBlockTransactions: { blockId: blockId(block.header), positions },
      });
    ask([0, 2]);
    expect(sent).toHaveLength(1);
    ask([3]);
    ask([1, 1]);
    ask([2, 0]);
    expect([sent.length, blamed]).toEqual([1, ['malformed', 'malformed', 'malformed']]);
  });
});
