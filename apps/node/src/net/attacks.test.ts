/**
 * Nodes with proper certificates that misbehave, over real sockets against a real network thread. Each is put out or
 * bounded, and the other nodes do not notice: blocks go on coming and going while the attack lasts.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { type BlsPublicKey, type BlsSignature, merkleRoot } from '@snapscale/crypto';
import {
  blockId,
  encode,
  type PeerMessage,
  packedTransactionSchema,
  peerMessageBytesMax,
  receiptDigests,
  type SignedBlock,
  signedBlockSchema,
  voteSchema,
} from '@snapscale/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compactOf } from '../core/peers/block-assembly.js';
import { encodeFrame } from '../p2p/frames.js';
import { type Identity, openIdentity } from '../p2p/identity.js';
import { testTransaction } from '../verify/testing/transactions.js';
import { Adversary } from './testing/adversary.js';
import { fakeBlock, fakeChain } from './testing/fake-core.js';
import { TestNetwork, type TestNode, until } from './testing/test-node.js';

let network: TestNetwork;
/** Attacked. */
let alpha: TestNode;
/** An honest peer of it. */
let beta: TestNode;
/** The number that the attacked node has given the honest one. */
const BETA = 1;
const adversaries: { close(): void }[] = [];
let names = 0;

const history = fakeChain(100);

beforeAll(async () => {
  network = await TestNetwork.create();
  alpha = await network.start('alpha', { blocks: history });
  beta = await network.start('beta', { peers: [alpha], blocks: history });
  await until(() => alpha.core.link!.status.peers === 1 && beta.core.link!.status.peers === 1);
});

afterEach(() => {
  for (const adversary of adversaries.splice(0)) adversary.close();
});

afterAll(() => network.stop());

/** A connection of a node that nobody knows yet, or of the one that is given. */
async function eve(identity?: Identity): Promise<Adversary> {
  const shown = identity ?? (await network.identity(`eve-${++names}`));
  const name = openIdentity(shown).member.node;
  const adversary = await Adversary.greet(alpha.client.port, shown);
  adversaries.push(adversary);
  const connected = () => alpha.happened('peer-connected').filter(({ node }) => node === name).length;
  const before = connected();
  await until(() => connected() > before || adversary.ended !== undefined);
  return adversary;
}

/** Blocks of either node reach the other one. */
async function othersDoNotNotice(): Promise<void> {
  for (const [from, to] of [
    [alpha, beta],
    [beta, alpha],
  ] as const) {
    const block = from.core.produce([testTransaction({ number: from.core.chain.length }).received]);
    await until(() => to.core.head().num === from.core.head().num);
    expect(to.core.chain.at(-1)).toEqual(block);
  }
  expect(alpha.happened('peer-disconnected').filter(({ node }) => node === 'beta')).toEqual([]);
  expect(alpha.happened('peer-blamed').filter(({ node }) => node === 'beta')).toEqual([]);
}

const vote = (number: number): PeerMessage => ({
  kind: 'vote',
  vote: encode(voteSchema, {
    phase: 0,
    slot: number,
    blockId: new Uint8Array(32).fill(number & 255),
    finalizerKey: new Uint8Array(96).fill(number & 127) as BlsPublicKey,
    signature: new Uint8Array(192) as BlsSignature,
  }),
});

describe('what is put out at once', () => {
  it.each<[string, () => Uint8Array]>([
    ['noise', () => new Uint8Array(5_000).fill(0xa7)],
    ['a frame larger than its kind may be', () => Uint8Array.of(0, 255, 255, 255, 10, 1)],
    ['a block larger than any may be', () => frameHead(6, peerMessageBytesMax('block') + 1)],
    ['a vote that is none', () => encodeFrame({ kind: 'vote', vote: new Uint8Array(40) })],
    ['a certificate that is none', () => encodeFrame({ kind: 'certificate', certificate: new Uint8Array(40) })],
    ['a block that is none', () => encodeFrame({ kind: 'block', block: new Uint8Array(400) })],
    [
      'a compact block that is none',
      () => encodeFrame({ kind: 'compactBlock', compactBlock: { block: new Uint8Array(9) } }),
    ],
    ['a block with other transactions than its header names', () => blockFrame({ ...nextBlock(2), transactions: [] })],
    ['a block with a signature of nobody', () => blockFrame(withSignature(nextBlock(1)))],
    ['a block with a transaction of nobody', () => blockFrame(withBadTransaction())],
  ])('%s', async (_, bytes) => {
    const identity = await network.identity(`eve-${++names}`);
    const adversary = await eve(identity);
    adversary.sendBytes(bytes());
    await until(() => adversary.ended !== undefined);
    await othersDoNotNotice();
    expect(alpha.core.heard('block').filter(({ from }) => from !== BETA)).toEqual([]);
    // It is not let in again.
    const again = await eve(identity);
    await until(() => again.ended === 'banned');
  });

  it('a greeting that was recorded on another connection', async () => {
    const identity = await network.identity('recorded');
    const first = await Adversary.connect(alpha.client.port, identity);
    const recorded = first.hello();
    const second = await Adversary.connect(alpha.client.port, identity);
    adversaries.push(first, second);
    second.sendBytes(recorded);
    await until(() => second.ended === 'bad_signature');
    await othersDoNotNotice();
  });

  it('answers that nobody asked for', async () => {
    const adversary = await eve();
    adversary.send(...Array.from({ length: 3 }, (_, request) => answerOf(request, history.slice(0, 2))));
    await until(() => adversary.ended === 'banned');
    await othersDoNotNotice();
  });
});

describe('floods', () => {
  it('of votes', async () => {
    const adversary = await eve();
    for (let number = 0; number < 12_000; number++) adversary.send(vote(number));
    await until(() => adversary.ended === 'flooding');
    // 500 a second, and as many as in four seconds at once.
    expect(alpha.core.heard('vote').length).toBeLessThan(11_000);
    await othersDoNotNotice();
  });

  it('of transactions', async () => {
    const adversary = await eve();
    const { encoded } = testTransaction({ number: 1 });
    for (let message = 0; message < 30; message++) {
      const transactions = Array.from({ length: 1_000 }, (_, i) =>
        encoded
          .with(40, message)
          .with(41, i & 255)
          .with(42, i >> 8),
      );
      adversary.send({ kind: 'transactions', transactions });
    }
    await until(() => (alpha.client.stats?.transactions.dropped ?? 0) > 0);
    const { received } = testTransaction({ number: 7 });
    beta.core.link!.carryOut({ kind: 'relayTransactions', transactions: [beta.core.know(received)] });
    await until(() =>
      alpha.transactions.some(({ packed }) => Buffer.compare(packed, encode(packedTransactionSchema, received)) === 0),
    );
    await othersDoNotNotice();
  });

  it('of the smallest transactions', async () => {
    const adversary = await eve();
    const frame = encodeFrame({
      kind: 'transactions',
      transactions: Array.from({ length: 4_096 }, () => Uint8Array.of(9, 9)),
    });
    for (let i = 0; i < 20_000 && adversary.ended === undefined; i += 100) {
      for (let j = 0; j < 100; j++) adversary.sendBytes(frame);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await othersDoNotNotice();
  });

  it('of the same transaction', async () => {
    const adversary = await eve();
    const { encoded } = testTransaction({ number: 2 });
    const leftOut = () => {
      const { repeated, dropped } = alpha.client.stats?.transactions ?? { repeated: 0, dropped: 0 };
      return repeated + dropped;
    };
    const before = leftOut();
    for (let message = 0; message < 20; message++) {
      adversary.send({ kind: 'transactions', transactions: Array.from({ length: 1_000 }, () => encoded) });
    }
    // Once in a while it is taken again.
    await until(() => leftOut() >= before + 19_900);
    const taken = alpha.transactions.filter(({ packed }) => Buffer.compare(packed, encoded) === 0);
    expect(taken.length).toBeGreaterThanOrEqual(1);
    expect(taken.length).toBeLessThanOrEqual(100);
    await othersDoNotNotice();
  });

  it('of transactions with bad signatures', async () => {
    const adversary = await eve();
    adversary.send({ kind: 'transactions', transactions: [Uint8Array.of(1)] });
    const sent = () => alpha.transactions.find(({ packed }) => packed.length === 1);
    await until(() => sent() !== undefined);
    const { peer } = sent()!;
    // A stale one is nobody's fault; the others are.
    for (let i = 0; i < 50; i++) alpha.client.rejected(peer, { code: 'expired_tx_exception', message: 'expired' });
    await othersDoNotNotice();
    expect(adversary.ended).toBeUndefined();
    for (let i = 0; i < 26; i++) alpha.client.rejected(peer, { code: 'assert_exception', message: 'no key' });
    await until(() => adversary.ended === 'banned');
  });

  it('of requests for final blocks', async () => {
    const adversary = await eve();
    for (let request = 0; request < 5_000; request++) {
      adversary.send({ kind: 'getBlocks', getBlocks: { request, from: 1, count: 100 } });
    }
    await until(() => adversary.ended === 'flooding');
    await othersDoNotNotice();
  });

  it('of requests for blocks that are not final', async () => {
    const adversary = await eve();
    const id = new Uint8Array(32).fill(0xff);
    for (let request = 0; request < 5_000; request++) {
      adversary.send({ kind: 'getBlock', getBlock: { request, id, ancestors: 65_535 } });
    }
    await until(() => adversary.ended === 'flooding');
    await othersDoNotNotice();
  });

  it('of blocks that are full of transactions which verify', async () => {
    const adversary = await eve();
    const { received } = testTransaction({ number: 1 });
    const before = alpha.core.verified;
    const beganMs = Date.now();
    const unknown = alpha.core.head().id.with(20, 1).with(21, 2);
    for (let number = 0; number < 12; number++) {
      // Any key can sign: that the producer is none shows in the replica alone.
      adversary.sendBytes(
        blockFrame(
          fakeBlock(
            unknown,
            9_000 + number,
            Array.from({ length: 4_000 }, () => received),
          ),
        ),
      );
    }
    await othersDoNotNotice();
    const seconds = Math.ceil((Date.now() - beganMs) / 1000);
    expect(alpha.core.verified - before).toBeLessThanOrEqual(20_000 + 4_000 * seconds);
    expect(alpha.core.verified - before).toBeGreaterThanOrEqual(4_000);
  });

  it('of pings', async () => {
    const adversary = await eve();
    const ping = encodeFrame({ kind: 'ping', ping: { nonce: 1n } });
    for (let i = 0; i < 60; i++) adversary.sendBytes(Buffer.concat(Array.from({ length: 1_000 }, () => ping)));
    await until(() => adversary.ended !== undefined);
    await othersDoNotNotice();
  });
});

describe('what is bounded', () => {
  it('a peer that asks for blocks and reads none of them', async () => {
    const adversary = await eve();
    adversary.socket.pause();
    for (let request = 0; request < 12; request++) {
      adversary.send({ kind: 'getBlocks', getBlocks: { request, from: 1, count: 100 } });
    }
    await othersDoNotNotice();
    await until(() => (alpha.client.stats?.served.blocks ?? 0) >= 100);
    expect(alpha.client.stats!.served.waiting).toBeLessThanOrEqual(64);
  });

  it('compact blocks with transactions that do not exist', async () => {
    const adversary = await eve();
    const asked: PeerMessage[] = [];
    adversary.answer = (message) => asked.push(message);
    for (let slot = 1_000; slot < 1_050; slot++) {
      const block = compactOf(fakeBlock(alpha.core.head().id, slot, [testTransaction({ number: slot }).received]));
      const compactBlock = { block: encode(signedBlockSchema, withMadeUpIds(block)) };
      adversary.send({ kind: 'compactBlock', compactBlock });
    }
    await until(() => asked.some(({ kind }) => kind === 'getBlock'));
    expect(alpha.core.link!.status.assembling).toBeLessThanOrEqual(6);
    await othersDoNotNotice();
    // Half of the transactions are here: the others are asked for, and again as a whole block.
    const slots = alpha.core.heard('block').map(({ block }) => block.header.slot);
    expect(slots.some((slot) => slot >= 1_000 && slot < 1_050)).toBe(false);
  });

  it('2,000 sockets that say nothing, as many as the usual limit of files allows', async () => {
    const idle: Socket[] = [];
    let ended = 0;
    for (let i = 0; i < 2_000; i++) {
      const socket = connectTcp(alpha.client.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.on('close', () => ended++);
      idle.push(socket);
      if (i % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    adversaries.push({
      close() {
        for (const socket of idle) socket.destroy();
      },
    });
    await until(() => ended >= 2_000 - 128);
    await othersDoNotNotice();
    const gamma = await network.start('gamma', { peers: [alpha], blocks: history });
    await until(() => gamma.core.link!.status.peers === 1);
  });
});

describe('a node that catches up', () => {
  const long = fakeChain(160);
  const other = fakeChain(160, { firstSlot: 9 });
  const pointAt = (num: number) => ({
    num,
    id: num > 160 ? new Uint8Array(32) : blockId(long[num - 1]!.header),
    slot: num,
  });

  /** What each of the liars answers to a request for blocks, and the height that it claims. */
  const liars: Readonly<
    Record<string, readonly [number, (from: number, count: number) => readonly SignedBlock[] | undefined]>
  > = {
    'has-nothing': [0xffff_ffff, () => []],
    'never-answers': [0xffff_ffff, () => undefined],
    'other-numbers': [160, (from, count) => long.slice(from, from + count)],
    'not-a-chain': [160, (from) => [long[from - 1]!, long[from + 1]!]],
    'own-chain': [160, (from, count) => other.slice(from - 1, from - 1 + count)],
  };

  it('does so although five of six peers lie', async () => {
    const newcomer = await network.start('newcomer', { blocks: long.slice(0, 40) });
    let asked = 0;
    for (const [name, [height, conduct]] of Object.entries(liars)) {
      const status = { head: pointAt(height), final: pointAt(height), earliestBlockNum: 1 };
      const adversary = await Adversary.greet(newcomer.client.port, await network.identity(name), { status });
      adversaries.push(adversary);
      adversary.answer = (message) => {
        if (message.kind !== 'getBlocks') return;
        asked++;
        const { request, from, count } = message.getBlocks;
        const blocks = conduct(from, count);
        if (blocks !== undefined) adversary.send(answerOf(request, blocks));
      };
    }
    await until(() => asked >= 5);
    expect(newcomer.core.head().num).toBe(40);
    const honest = await network.start('honest', { blocks: long, peers: [newcomer] });
    await until(() => newcomer.core.head().num === 160);
    expect(newcomer.core.chain.at(-1)).toEqual(long.at(-1));
    const blamed = new Set(newcomer.happened('peer-blamed').map(({ node }) => node));
    expect(blamed.has('honest')).toBe(false);
    expect([blamed.has('other-numbers'), blamed.has('not-a-chain')]).toEqual([true, true]);
    expect(honest.core.link!.status.peers).toBe(1);
  });
});

function frameHead(kind: number, length: number): Uint8Array {
  const head = new Uint8Array(5);
  new DataView(head.buffer).setUint32(0, length);
  head[4] = kind;
  return head;
}

function answerOf(request: number, blocks: readonly SignedBlock[]): PeerMessage {
  return { kind: 'blocks', blocks: { request, blocks: blocks.map((block) => encode(signedBlockSchema, block)) } };
}

function blockFrame(block: SignedBlock): Uint8Array {
  return encodeFrame({ kind: 'block', block: encode(signedBlockSchema, block) });
}

/** A block on the head of the attacked node. */
function nextBlock(number: number): SignedBlock {
  return fakeBlock(alpha.core.head().id, 5_000 + number, [testTransaction({ number }).received]);
}

/** R of the signature is no coordinate of a point. */
function withSignature(block: SignedBlock): SignedBlock {
  const producerSignature = block.producerSignature.slice().fill(0xff, 2, 34) as SignedBlock['producerSignature'];
  return { ...block, producerSignature };
}

function withBadTransaction(): SignedBlock {
  const { received } = testTransaction({ number: 3 });
  const signature = received.signatures[0]!.slice().fill(0xff, 2, 34) as SignedBlock['producerSignature'];
  return fakeBlock(alpha.core.head().id, 5_003, [{ ...received, signatures: [signature] }]);
}

/** Two transactions, of which the attacked node can have one. */
function withMadeUpIds(block: SignedBlock): SignedBlock {
  const [first] = block.transactions;
  const madeUp = {
    ...first!,
    transaction: { kind: 'id' as const, id: new Uint8Array(32).fill(block.header.slot & 255) },
  };
  const packed = testTransaction({ number: 1 }).received;
  const known = { ...first!, transaction: { kind: 'packed' as const, packed } };
  const transactions = [known, madeUp];
  return {
    ...block,
    header: { ...block.header, transactionMroot: merkleRoot(receiptDigests(transactions)) },
    transactions,
  };
}
