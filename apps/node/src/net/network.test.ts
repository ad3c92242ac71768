import { type BlsPublicKey, type BlsSignature, sha256, toHex } from '@snapscale/crypto';
import { encode, packedTransactionSchema, type Vote } from '@snapscale/protocol';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Identity } from '../p2p/identity.js';
import { testChainId, testTransaction } from '../verify/testing/transactions.js';
import { NetworkClient } from './network-client.js';
import { FakeCore, fakeChain } from './testing/fake-core.js';
import { TestNetwork, type TestNode, until } from './testing/test-node.js';

let network: TestNetwork;
beforeAll(async () => {
  network = await TestNetwork.create();
});
afterEach(() => network.stop());

const vote: Vote = {
  phase: 0,
  slot: 7,
  blockId: new Uint8Array(32).fill(3),
  finalizerKey: new Uint8Array(96).fill(1) as BlsPublicKey,
  signature: new Uint8Array(192).fill(2) as BlsSignature,
};

describe('nodes', () => {
  it('pass on blocks, votes and transactions, and tell each other where they stand', async () => {
    const alpha = await network.start('alpha');
    const beta = await network.start('beta', { peers: [alpha] });
    const gamma = await network.start('gamma', { peers: [alpha, beta] });
    const nodes = [alpha, beta, gamma];
    await until(() => nodes.every(({ core }) => core.link!.status.peers === 2));
    const block = alpha.core.produce([testTransaction({ number: 1 }).received]);
    await until(() => beta.core.chain.length === 1 && gamma.core.chain.length === 1);
    expect(beta.core.chain[0]).toEqual(block);
    beta.core.link!.carryOut({ kind: 'sendVote', vote });
    await until(() => alpha.core.heard('vote').length === 1 && gamma.core.heard('vote').length === 1);
    expect(alpha.core.heard('vote')[0]!.vote).toEqual(vote);
    const { received } = testTransaction({ number: 2 });
    gamma.core.link!.carryOut({ kind: 'relayTransactions', transactions: [gamma.core.know(received)] });
    await until(() => alpha.transactions.length === 1 && beta.transactions.length === 1);
    expect(toHex(sha256(alpha.transactions[0]!.packed))).toBe(toHex(sha256(encode(packedTransactionSchema, received))));
    await until(async () => {
      const infos = await alpha.client.peers();
      return infos.every(({ status }) => status?.head.num === 1);
    });
    await until(() => alpha.client.stats?.peers === 2);
  });

  it('send blocks by the ids of their transactions, and ask for those that are missing', async () => {
    const { alpha, beta } = await pair();
    const transactions = Array.from({ length: 20 }, (_, number) => testTransaction({ number }).received);
    for (const received of transactions.slice(0, 15)) beta.core.know(received);
    const block = alpha.core.produce(transactions);
    await until(() => beta.core.chain.length === 1);
    expect(beta.core.chain[0]).toEqual(block);
    expect(beta.core.verified).toBe(5);
    const sent = async (kind: string) => {
      await until(() => alpha.client.stats?.traffic.some((traffic) => traffic.kind === kind) ?? false);
      return alpha.client.stats!.traffic.find((traffic) => traffic.kind === kind)!;
    };
    expect(await sent('compactBlock')).toMatchObject({ messagesOut: 1 });
    expect(await sent('blockTransactions')).toMatchObject({ messagesOut: 1 });
    // None of them is known: the whole block is asked for at once.
    alpha.core.produce(Array.from({ length: 5 }, (_, i) => testTransaction({ number: 100 + i }).received));
    await until(() => beta.core.chain.length === 2);
    expect(await sent('blocks')).toMatchObject({ messagesOut: 1 });
  });

  it('ask for what they missed, parents first', async () => {
    const { alpha, beta } = await pair();
    alpha.core.chain.push(...fakeChain(30));
    alpha.core.produce();
    await until(() => beta.core.head().num === 31);
  });

  it('catch up from the block log and beyond it', async () => {
    const chain = fakeChain(260);
    const alpha = await network.start('alpha', { blocks: chain.slice(0, 200) });
    alpha.core.chain.push(...chain.slice(200));
    alpha.core.link!.moved();
    const beta = await network.start('beta', { peers: [alpha] });
    await until(() => beta.core.head().num === 260);
    expect(beta.core.chain.at(-1)).toEqual(chain.at(-1));
    await until(() => !beta.core.link!.status.syncing);
    await until(() => (alpha.client.stats?.served.blocks ?? 0) >= 200);
    expect(beta.happened('peer-blamed')).toEqual([]);
  });

  it('pass transactions of those who produce nothing on to producers, and no others', async () => {
    const alpha = await network.start('alpha');
    const beta = await network.start('beta', { peers: [alpha] });
    const gamma = await network.start('gamma', { peers: [alpha], roles: ['observer'] });
    await until(() => alpha.core.link!.status.peers === 2 && gamma.core.link!.status.producers === 1);
    const { received } = testTransaction({ number: 1 });
    gamma.core.link!.carryOut({ kind: 'relayTransactions', transactions: [gamma.core.know(received)] });
    await until(() => alpha.transactions.length === 1);
    alpha.core.link!.passOn(alpha.transactions[0]!.peer, [alpha.core.know(received)]);
    await until(() => beta.transactions.length === 1);
    beta.core.link!.passOn(beta.transactions[0]!.peer, [beta.core.know(received)]);
    beta.core.link!.carryOut({ kind: 'sendVote', vote });
    await until(() => alpha.core.heard('vote').length === 1);
    expect([alpha.transactions.length, gamma.transactions.length]).toEqual([1, 0]);
  });
});

describe('a partition', () => {
  it('keeps nodes apart until it heals, and nobody is blamed', async () => {
    const { alpha, beta } = await pair();
    alpha.client.isolate(['beta']);
    await until(() => alpha.core.link!.status.peers === 0 && beta.core.link!.status.peers === 0);
    await until(() => beta.happened('dial-failed').length >= 2);
    expect(beta.happened('dial-failed').at(-1)!.reason).toContain('kept apart');
    alpha.core.produce();
    alpha.client.isolate([]);
    beta.client.isolate([]);
    await until(() => alpha.core.link!.status.peers === 1 && beta.core.link!.status.peers === 1);
    alpha.core.produce();
    await until(() => beta.core.head().num === 2);
    expect([...alpha.happened('peer-blamed'), ...beta.happened('peer-blamed')]).toEqual([]);
  });
});

describe('versions of the protocol', () => {
  it('n and n + 1 work together', async () => {
    const alpha = await network.start('alpha', { versions: { min: 1, max: 1 }, agent: 'snapscale 1' });
    const beta = await network.start('beta', { versions: { min: 1, max: 2 }, peers: [alpha], agent: 'snapscale 2' });
    const gamma = await network.start('gamma', { versions: { min: 2, max: 2 }, peers: [beta] });
    await until(() => beta.core.link!.status.peers === 2 && alpha.core.link!.status.peers === 1);
    expect((await beta.client.peers()).map(({ node, version }) => [node, version]).sort()).toEqual([
      ['alpha', 1],
      ['gamma', 2],
    ]);
    alpha.core.produce();
    await until(() => gamma.core.head().num === 1);
  });

  it('nothing in common is refused, and both say who must be upgraded', async () => {
    const alpha = await network.start('alpha', { versions: { min: 1, max: 1 }, agent: 'snapscale 1' });
    const beta = await network.start('beta', { versions: { min: 2, max: 3 }, peers: [alpha], agent: 'snapscale 3' });
    await until(() => beta.happened('dial-failed').length > 0 && alpha.happened('peer-refused').length > 0);
    const words = [...beta.happened('dial-failed'), ...alpha.happened('peer-refused')].map(({ reason }) =>
      String(reason),
    );
    expect(words.some((text) => text.includes('speaks versions'))).toBe(true);
    for (const text of words) {
      expect(text).toMatch(
        /snapscale 1\) speaks versions 1 to 1 of the protocol, this node 2 to 3: the peer must be upgraded|snapscale 3\) speaks versions 2 to 3 of the protocol, this node 1 to 1: this node must be upgraded/,
      );
    }
    expect(alpha.core.link!.status.peers).toBe(0);
  });
});

describe('starting', () => {
  it('fails with clear words when the port is taken', async () => {
    const alpha = await network.start('alpha');
    const options = { identity: await network.identity('beta'), port: alpha.client.port };
    await expect(startOn(options)).rejects.toThrow(/is taken by another program .* choose another with --peer-port N/);
  });

  it('fails with clear words when the key is of another certificate', async () => {
    const [own, other] = [await network.identity('beta'), await network.identity('gamma')];
    const identity = { ...own, privateKey: other.privateKey };
    await expect(startOn({ identity, port: 0 })).rejects.toThrow(/the private key does not belong to the certificate/);
  });
});

function startOn({ identity, port }: { readonly identity: Identity; readonly port: number }): Promise<NetworkClient> {
  return NetworkClient.start({
    identity,
    chainId: testChainId,
    port,
    host: '127.0.0.1',
    peers: [],
    dataDir: '/nonexistent',
    corePort: new FakeCore().open(),
    transactions: () => {},
    event: () => {},
  });
}

async function pair(): Promise<{ readonly alpha: TestNode; readonly beta: TestNode }> {
  const alpha = await network.start('alpha');
  const beta = await network.start('beta', { peers: [alpha] });
  await until(() => alpha.core.link!.status.peers === 1 && beta.core.link!.status.peers === 1);
  return { alpha, beta };
}
