import { type BlsPublicKey, type BlsSignature, sha256, toHex } from '@snapscale/crypto';
import { encode, packedTransactionSchema, type Vote } from '@snapscale/protocol';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { testTransaction } from '../verify/testing/transactions.js';
import { TestNetwork, until } from './testing/test-node.js';

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
    await until(() => alpha.client.stats !== undefined);
    expect(alpha.client.stats!.peers).toBe(2);
  });
});
