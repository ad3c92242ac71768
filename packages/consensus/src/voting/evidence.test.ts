import { type PublicKey, type Signature, sha256 } from '@snapscale/crypto';
import {
  type BlockHeader,
  blockDigest,
  DecodeError,
  decode,
  encode,
  limits,
  name,
  type Vote,
  voteDigest,
} from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import {
  fakeBlockSignature,
  fakeFinalizerKey,
  fakeKey,
  fakeRecover,
  fakeVerify,
  fakeVoteSignature,
} from '../testing/fake-signatures.js';
import {
  checkProductionEvidence,
  checkVoteEvidence,
  contradict,
  type Evidence,
  evidenceSchema,
  type ProductionEvidence,
  productionEvidence,
  type VoteEvidence,
  voteEvidence,
} from './evidence.js';

const chainId = sha256(Uint8Array.of(1));
const header = (mark: number, slot = 9, producer = 'alice'): BlockHeader => ({
  slot,
  producer: name(producer),
  confirmed: 0,
  previous: new Uint8Array(32),
  transactionMroot: new Uint8Array(32).fill(mark),
  actionMroot: new Uint8Array(32),
  scheduleVersion: 0,
  newProducers: undefined,
  headerExtensions: [],
});
const signed = (value: BlockHeader, key: PublicKey = fakeKey('alice')) => ({
  header: value,
  signature: fakeBlockSignature(key, blockDigest(value)),
});
const vote = (phase: 0 | 1, slot: number, mark: number, who = 'carol'): Vote => {
  const blockId = new Uint8Array(32).fill(mark);
  const finalizerKey = fakeFinalizerKey(who);
  const signature = fakeVoteSignature(finalizerKey, voteDigest(chainId, { phase, slot, blockId }));
  return { phase, slot, blockId, finalizerKey, signature };
};
const verify = (key: Vote['finalizerKey'], digest: Uint8Array, signature: Vote['signature']) =>
  fakeVerify(digest, [key], [signature]) !== undefined;
const production = (evidence: Evidence | undefined) => (evidence as { production: ProductionEvidence }).production;
const votes = (evidence: Evidence) => (evidence as { votes: VoteEvidence }).votes;

describe('FIN-9 evidence of production', () => {
  it('proves two headers of one slot by one key, in one form', () => {
    const evidence = production(productionEvidence(signed(header(1)), signed(header(2))));
    expect(checkProductionEvidence(evidence, fakeRecover)).toEqual({
      name: name('alice'),
      slot: 9,
      key: fakeKey('alice'),
    });
    expect(production(productionEvidence(signed(header(2)), signed(header(1))))).toEqual(evidence);
  });

  it.each([
    ['the same header', signed(header(1)), signed(header(1))],
    ['another slot', signed(header(1)), signed(header(2, 10))],
    ['another producer', signed(header(1)), signed(header(2, 9, 'bob'))],
    ['another key', signed(header(1)), signed(header(2), fakeKey('bob'))],
    ['a wrong signature', signed(header(1)), { header: header(2), signature: signed(header(3)).signature }],
  ])('does not take %s', (_, a, b) => {
    expect(checkProductionEvidence(production(productionEvidence(a, b)), fakeRecover)).toBeUndefined();
  });

  it('does not take headers in the wrong order, broken ones, or signatures that nobody can read', () => {
    const good = production(productionEvidence(signed(header(1)), signed(header(2))));
    const swapped = { ...good, firstHeader: good.secondHeader, secondHeader: good.firstHeader };
    expect(checkProductionEvidence(swapped, fakeRecover)).toBeUndefined();
    for (let end = 0; end < good.firstHeader.length; end += 7) {
      const cut = { ...good, firstHeader: good.firstHeader.subarray(0, end) };
      expect(checkProductionEvidence(cut, fakeRecover)).toBeUndefined();
    }
    expect(checkProductionEvidence(good, () => undefined)).toBeUndefined();
  });

  it('is not made of headers that are too large for it', () => {
    const data = new Uint8Array(limits.evidenceHeaderBytesMax);
    const large = { ...header(1), headerExtensions: [{ type: 1, data }] };
    expect(productionEvidence(signed(large), signed(header(2)))).toBeUndefined();
  });
});

describe('FIN-10 evidence of votes', () => {
  it.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const)('proves votes of phases %i and %i for two blocks of one slot', (a, b) => {
    const evidence = votes(voteEvidence(vote(a, 9, 1), vote(b, 9, 2)));
    expect(checkVoteEvidence(evidence, chainId, verify)).toEqual({ key: fakeFinalizerKey('carol'), slot: 9 });
    expect(votes(voteEvidence(vote(b, 9, 2), vote(a, 9, 1)))).toEqual(evidence);
  });

  it.each([
    ['one block in both phases', vote(0, 9, 1), vote(1, 9, 1)],
    ['different slots', vote(0, 9, 1), vote(0, 10, 2)],
    ['different keys', vote(0, 9, 1), vote(0, 9, 2, 'dave')],
  ])('does not take %s', (_, a, b) => {
    expect(contradict(a, b)).toBe(false);
    expect(checkVoteEvidence(votes(voteEvidence(a, b)), chainId, verify)).toBeUndefined();
  });

  it('does not take forged votes, votes of another chain, or the wrong order', () => {
    const good = votes(voteEvidence(vote(0, 9, 1), vote(0, 9, 2)));
    const forged = { ...good, second: { ...good.second, signature: good.first.signature } };
    expect(checkVoteEvidence(forged, chainId, verify)).toBeUndefined();
    expect(checkVoteEvidence(good, sha256(chainId), verify)).toBeUndefined();
    expect(checkVoteEvidence({ first: good.second, second: good.first }, chainId, verify)).toBeUndefined();
  });
});

it('comes back from its bytes, and bytes of strangers do no harm', () => {
  const samples = [
    productionEvidence(signed(header(1)), signed(header(2)))!,
    voteEvidence(vote(0, 9, 1), vote(1, 9, 2)),
  ];
  for (const evidence of samples) {
    const bytes = encode(evidenceSchema, evidence);
    expect(decode(evidenceSchema, bytes)).toEqual(evidence);
    for (let end = 0; end < bytes.length; end++) {
      expect(() => decode(evidenceSchema, bytes.subarray(0, end))).toThrow(DecodeError);
    }
  }
  expect((samples[0] as { production: { firstSignature: Signature } }).production.firstSignature).toHaveLength(66);
});
