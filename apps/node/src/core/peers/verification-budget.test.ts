import { equalBytes, portableRecover, publicKeyOf, recoverPublicKey, sign } from '@snapscale/crypto';
import { blockDigest, type PackedTransaction, type SignedBlock } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { fakeBlock } from '../../net/testing/fake-core.js';
import { testKey, testTransaction } from '../../verify/testing/transactions.js';
import { VerificationBudget } from './verification-budget.js';

const producer = publicKeyOf(testKey(77));
const stranger = testKey(78);
const { received } = testTransaction({ number: 1 });
const PEER = 1;

function budget() {
  const clock = { nowMs: 1_000_000 };
  const made = new VerificationBudget({
    known: () => undefined,
    signedBy: ({ header, producerSignature }) =>
      recoverPublicKey(producerSignature, blockDigest(header), portableRecover),
    isBlockKey: (key) => equalBytes(key, producer),
    nowMs: () => clock.nowMs,
  });
  return { budget: made, clock };
}

/** Of the producer, unless a stranger signs it; the content need not fit the header. */
function block(transactions: readonly PackedTransaction[], isOfStranger = false): SignedBlock {
  const made = fakeBlock(new Uint8Array(32), 9);
  const receipts = transactions.map((packed) => ({
    status: 0 as const,
    cpuUsageUs: 100,
    netUsageWords: 12,
    transaction: { kind: 'packed' as const, packed },
  }));
  const whole = { ...made, transactions: receipts };
  return isOfStranger ? { ...whole, producerSignature: sign(stranger, blockDigest(made.header)) } : whole;
}

const times = (count: number, packed = received) => Array.from({ length: count }, () => packed);

describe('what blocks may make this node verify', () => {
  it('is little for keys of no producer, asked for or not, and of each peer by itself', () => {
    const { budget: own, clock } = budget();
    expect(own.admits(PEER, block(times(1_960), true), true)).toBe(false);
    expect(own.admits(PEER, block(times(1_900), true), true)).toBe(true);
    expect(own.admits(PEER, block(times(100), true), false)).toBe(false);
    expect(own.admits(PEER + 1, block(times(1_000), true), false)).toBe(true);
    clock.nowMs += 1_000;
    expect(own.admits(PEER, block(times(560), true), true)).toBe(false);
    expect(own.admits(PEER, block(times(450), true), true)).toBe(true);
    // Producers pay with what is their own.
    expect(own.admits(PEER, block(times(1_000)), false)).toBe(true);
  });

  it('is bounded for producers too, but not for blocks that were asked for', () => {
    const { budget: own } = budget();
    expect(own.admits(PEER, block(times(15_000)), false)).toBe(true);
    expect(own.admits(PEER, block(times(15_000)), false)).toBe(false);
    expect(own.admits(PEER, block(times(15_000)), true)).toBe(true);
  });

  it('counts signatures, not transactions, and other curves by what they cost', () => {
    const { budget: own } = budget();
    const many = { ...received, signatures: Array.from({ length: 256 }, () => received.signatures[0]!) };
    expect(own.admits(PEER, block(times(8, many), true), false)).toBe(false);
    expect(own.admits(PEER, block(times(7, many), true), false)).toBe(true);
    const { received: other } = testTransaction({ number: 2, keys: [testKey(3, 'R1')] });
    expect(own.admits(PEER + 1, block(times(290, other), true), false)).toBe(false);
    expect(own.admits(PEER + 1, block(times(270, other), true), false)).toBe(true);
  });

  it('counts bytes as well', () => {
    const { budget: own } = budget();
    const { received: large } = testTransaction({ number: 3, dataBytes: 1_000_000 });
    expect(own.admits(PEER, block(times(5, large), true), true)).toBe(false);
    expect(own.admits(PEER, block(times(4, large), true), true)).toBe(true);
  });

  it('is little where the signature belongs to no key: such a block is found out at once', () => {
    const { budget: own } = budget();
    const bad = block(times(2_001));
    const producerSignature = bad.producerSignature.with(1, 0) as typeof bad.producerSignature;
    expect(own.admits(PEER, { ...bad, producerSignature }, true)).toBe(false);
  });
});
