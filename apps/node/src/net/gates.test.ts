import { blockId, encode, type PeerMessage, type SignedBlock, signedBlockSchema } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { PeerFault } from '../p2p/faults.js';
import { BlockServer, type BlockServerOptions } from './block-server.js';
import { IncomingWriter, OutgoingWriter, readIncoming, readOutgoing } from './core-channel.js';
import { CoreGate } from './core-gate.js';
import { PeerNumbers } from './peer-numbers.js';
import { RecentSet } from './recent-set.js';
import { fakeChain } from './testing/fake-core.js';
import { defaultTransactionGateLimits, TransactionGate } from './transaction-gate.js';

const bytesOf = (number: number) => Uint8Array.of(number & 255, (number >> 8) & 255, number >> 16);

describe('CoreGate', () => {
  it('lets so many messages of a kind pass, drops some, and then puts the peer out', () => {
    const gate = new CoreGate(() => {});
    const admitted = (count: number, nowMs: number) => {
      let passed = 0;
      for (let i = 0; i < count; i++) if (gate.admits(1, 'vote', nowMs)) passed++;
      return passed;
    };
    expect(admitted(2_500, 0)).toBe(2_000);
    expect(admitted(2_000, 1_000)).toBe(500);
    expect(() => admitted(40, 1_000)).toThrow(PeerFault);
    // Others are not meant, nor other kinds.
    expect([gate.admits(2, 'vote', 1_000), gate.admits(1, 'certificate', 1_000)]).toEqual([true, true]);
    expect(gate.stats.dropped).toBeGreaterThan(2_000);
  });

  it('lets a bounded number of bytes of blocks pass', () => {
    const gate = new CoreGate(() => {});
    const admitted = Array.from({ length: 5 }, () => gate.admitsBlock(1, 7 << 20, 0));
    expect(admitted).toEqual([true, true, true, false, false]);
    expect([gate.admitsBlock(2, 7 << 20, 0), gate.admitsBlock(1, 7 << 20, 1_000)]).toEqual([true, true]);
  });

  it('stops reading a peer of which too much waits, until half of it is worked off', () => {
    const paused: [number, boolean][] = [];
    const gate = new CoreGate((peer, isPaused) => paused.push([peer, isPaused]));
    for (let i = 0; i < 3; i++) gate.passed(1, 9 << 20, 0);
    gate.passed(2, 100, 0);
    expect(paused).toEqual([[1, true]]);
    expect(gate.stats).toMatchObject({ coreQueue: { messages: 4, bytes: 27 * (1 << 20) + 100 }, paused: 1 });
    gate.connected(1);
    expect(paused).toEqual([
      [1, true],
      [1, true],
    ]);
    gate.taken([{ peer: 1, messages: 1, bytes: 9 << 20 }]);
    expect(paused).toHaveLength(2);
    gate.taken([
      { peer: 1, messages: 1, bytes: 9 << 20 },
      { peer: 9, messages: 1, bytes: 1 },
    ]);
    expect(paused.at(-1)).toEqual([1, false]);
    for (let i = 0; i < 4_200; i++) gate.passed(3, 1, 0);
    expect(paused.at(-1)).toEqual([3, true]);
  });
});

describe('TransactionGate', () => {
  it('hands on each transaction once', () => {
    const gate = new TransactionGate();
    expect(gate.offer(1, [bytesOf(1), bytesOf(2), bytesOf(1)], 0)).toBe(true);
    expect(gate.offer(2, [bytesOf(2), bytesOf(3)], 0)).toBe(false);
    expect(gate.take().map(({ peer }) => peer)).toEqual([1, 1, 2]);
    expect(gate.offer(3, [bytesOf(1)], 0)).toBe(false);
    expect(gate.stats).toEqual({ waiting: 3, passed: 3, repeated: 3, dropped: 0 });
    gate.taken(3, 9);
    expect(gate.stats.waiting).toBe(0);
  });

  it('drops what is too much, of one peer and of all, and takes it when it comes again', () => {
    const gate = new TransactionGate({ ...defaultTransactionGateLimits, perPeerAndSecond: 10, transactionsMax: 30 });
    gate.offer(
      1,
      Array.from({ length: 25 }, (_, i) => bytesOf(i)),
      0,
    );
    expect(gate.stats).toMatchObject({ passed: 20, dropped: 5 });
    gate.offer(
      2,
      Array.from({ length: 20 }, (_, i) => bytesOf(100 + i)),
      0,
    );
    expect(gate.stats).toMatchObject({ passed: 30, dropped: 15 });
    gate.taken(30, 90);
    gate.offer(1, [bytesOf(24)], 1_000);
    expect(gate.stats).toMatchObject({ passed: 31, waiting: 1 });
  });

  it('lets a transaction through again after a while: its sender reminds, and it may have been lost here', () => {
    const gate = new TransactionGate({ ...defaultTransactionGateLimits, rememberedMs: 1_000 });
    for (const nowMs of [0, 900, 1_000, 1_900]) gate.offer(1, [bytesOf(1)], nowMs);
    expect(gate.stats).toMatchObject({ passed: 1, repeated: 3 });
    gate.offer(1, [bytesOf(1)], 2_000);
    expect(gate.stats).toMatchObject({ passed: 2, repeated: 3 });
  });

  it('holds bounded bytes', () => {
    const gate = new TransactionGate({ ...defaultTransactionGateLimits, bytesMax: 5_000 });
    gate.offer(1, [new Uint8Array(3_000), new Uint8Array(3_001), new Uint8Array(1_999)], 0);
    expect(gate.stats).toMatchObject({ passed: 2, dropped: 1 });
  });
});

describe('RecentSet', () => {
  it('remembers the newest in bounded memory', () => {
    const set = new RecentSet(100);
    for (let i = 0; i < 1_000; i++) set.add(String(i));
    expect([set.has('999'), set.has('901'), set.has('700')]).toEqual([true, true, false]);
  });
});

describe('PeerNumbers', () => {
  it('stay, and begin at 1', () => {
    const numbers = new PeerNumbers();
    expect([numbers.numberOf('a'), numbers.numberOf('b'), numbers.numberOf('a')]).toEqual([1, 2, 1]);
    expect([numbers.nameOf(2), numbers.nameOf(0), numbers.nameOf(3)]).toEqual(['b', undefined, undefined]);
  });
});

describe('the channel to the core', () => {
  it('carries messages in both directions', () => {
    const incoming = new IncomingWriter();
    const messages = [
      { from: 1, message: bytesOf(1) },
      { from: 70_000, message: new Uint8Array(0) },
    ];
    for (const message of messages) incoming.add(message);
    expect([...readIncoming(incoming.take())]).toEqual(messages);
    expect(incoming.isEmpty).toBe(true);
    const outgoing = new OutgoingWriter();
    const frames = [
      { to: [1, 2, 3], lossy: false, frame: bytesOf(9) },
      { to: [4], lossy: true, frame: bytesOf(8) },
    ];
    for (const frame of frames) outgoing.add(frame);
    expect([...readOutgoing(outgoing.take())]).toEqual(frames);
  });
});

describe('BlockServer', () => {
  const emptyLog = { firstBlockNum: undefined, lastBlockNum: undefined };
  const chain = fakeChain(100, { isSigned: false });
  const encoded = chain.map((block) => encode(signedBlockSchema, block));

  function server(overrides: Partial<BlockServerOptions> = {}) {
    const sent: [number, readonly Uint8Array[]][] = [];
    const passedOn: PeerMessage[] = [];
    const readRange = async (from: number, to: number) =>
      encoded.slice(from - 1, to).map((bytes, i) => ({ blockNum: from + i, bytes }));
    const served = new BlockServer({
      log: { firstBlockNum: 11, lastBlockNum: 100, readRange },
      nowMs: () => 0,
      send: (peer, message) => {
        if (message.kind === 'blocks') sent.push([peer, message.blocks.blocks]);
      },
      bytesWaiting: () => 0,
      passOn: (_, request) => passedOn.push(request),
      fault: (error) => {
        throw error;
      },
      ...overrides,
    });
    const idle = async () => {
      while (served.stats.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
    };
    return { served, sent, passedOn, idle };
  }

  const getBlocks = (from: number, count: number) => ({
    kind: 'getBlocks' as const,
    getBlocks: { request: 1, from, count },
  });
  const getBlock = (block: SignedBlock, ancestors = 0) => ({
    kind: 'getBlock' as const,
    getBlock: { request: 1, id: blockId(block.header), ancestors },
  });

  it('answers ranges and single blocks, with ancestors', async () => {
    const { served, sent, idle } = server();
    served.request(1, getBlocks(20, 3));
    served.request(2, getBlocks(99, 50));
    served.request(3, getBlocks(5, 50));
    served.request(4, getBlocks(50, 0));
    await idle();
    served.request(5, getBlock(chain[59]!));
    await idle();
    served.request(6, getBlock(chain[59]!, 2));
    await idle();
    served.request(7, getBlock(chain[12]!, 50));
    await idle();
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toEqual([
      [1, encoded.slice(19, 22)],
      [2, encoded.slice(98, 100)],
      [3, []],
      [4, []],
      [5, [encoded[59]]],
      [6, encoded.slice(57, 60)],
      [7, encoded.slice(10, 13)],
    ]);
  });

  it('has nothing for who asks for a block that lost', async () => {
    const { served, sent, idle } = server();
    const other = fakeChain(60, { firstSlot: 2, isSigned: false }).at(-1)!;
    served.request(1, getBlock(other));
    await idle();
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toEqual([[1, []]]);
  });

  it('passes on to the core what is not final', async () => {
    const { served, passedOn, idle } = server();
    served.request(1, getBlocks(101, 5));
    await idle();
    expect(passedOn).toEqual([getBlocks(101, 5)]);
  });

  it('has nothing for a request that the core gave back and the log cannot answer', async () => {
    const { served, sent, passedOn, idle } = server({ log: { ...emptyLog, readRange: async () => [] } });
    served.request(1, getBlocks(101, 5), true);
    await idle();
    await new Promise((resolve) => setImmediate(resolve));
    expect([sent, passedOn]).toEqual([[[1, []]], []]);
  });

  it('leaves out what follows a gap', async () => {
    const readRange = async () => [11, 12, 14].map((blockNum) => ({ blockNum, bytes: encoded[blockNum - 1]! }));
    const { served, sent, idle } = server({ log: { firstBlockNum: 11, lastBlockNum: 100, readRange } });
    served.request(1, getBlocks(11, 50));
    await idle();
    while (sent.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toEqual([[1, encoded.slice(10, 12)]]);
  });

  it('serves nobody who does not take what was sent, and others in turns', async () => {
    const { served, sent, idle } = server({
      bytesWaiting: (peer) => (peer === 1 ? 20 << 20 : peer === 3 ? undefined : 0),
    });
    for (let i = 0; i < 100; i++) served.request(1, getBlocks(20, 1));
    served.request(2, getBlocks(20, 1));
    served.request(3, getBlocks(20, 1));
    while (sent.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect([sent.map(([peer]) => peer), served.stats.waiting]).toEqual([[2], 65]);
    served.forget(1);
    served.forget(3);
    await idle();
    served.close();
  });

  it('gives one peer a bounded number of bytes at a time', async () => {
    const large = new Uint8Array(4 << 20);
    const header = encoded[0]!;
    large.set(header);
    const readRange = async (from: number) => [{ blockNum: from, bytes: large }];
    let nowMs = 0;
    const { served, sent } = server({
      log: { firstBlockNum: 1, lastBlockNum: 100, readRange },
      nowMs: () => nowMs,
    });
    for (let i = 0; i < 14; i++) served.request(1, getBlocks(1, 1));
    while (served.stats.waiting > 6) await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toHaveLength(8);
    nowMs = 10_000;
    while (sent.length < 14) await new Promise((resolve) => setTimeout(resolve, 1));
    served.close();
  });
});
