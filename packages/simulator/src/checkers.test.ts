/** The checkers see what they are there for. */
import { readFileSync } from 'node:fs';
import { type Evidence, productionEvidence, voteEvidence } from '@snapscale/consensus';
import { fakeBlockSignature, fakeVoteSignature } from '@snapscale/consensus/testing';
import { type BlockHeader, blockDigest, name, type SignedBlock, type Vote, voteDigest } from '@snapscale/protocol';
import type { ReplicaEffect } from '@snapscale/replica';
import { beforeEach, describe, expect, it } from 'vitest';
import { Checkers } from './checkers.js';
import { SimulatedGenesis } from './genesis.js';
import type { SimulatedNode } from './node.js';

const artifacts = new URL('../../../contracts/system/artifacts/', import.meta.url);
const token = {
  wasm: readFileSync(new URL('eosio.token.wasm', artifacts)),
  abi: JSON.parse(readFileSync(new URL('eosio.token.abi', artifacts), 'utf8')),
};
const genesis = new SimulatedGenesis({ token }, ['prod.a', 'prod.b', 'prod.c']);
const nodes = genesis.members.map((account, i) => ({ peer: i + 1, account, label: account }) as SimulatedNode);
const [cheat, honest, other] = nodes as [SimulatedNode, SimulatedNode, SimulatedNode];
const idOf = (mark: number) => new Uint8Array(32).fill(mark);

function voteOf(account: string, mark: number, isForged = false): Vote {
  const subject = { phase: 0 as const, slot: 9, blockId: idOf(mark) };
  const finalizerKey = genesis.keys(account).finalizer;
  const signature = fakeVoteSignature(finalizerKey, isForged ? idOf(99) : voteDigest(genesis.chainId, subject));
  return { ...subject, finalizerKey, signature };
}

function headersOf(account: string): Evidence {
  const { block } = genesis.keys(account);
  const [first, second] = [1, 2].map((mark) => {
    const header: BlockHeader = { ...genesis.root.header, slot: 9, producer: name(account), actionMroot: idOf(mark) };
    return { header, signature: fakeBlockSignature(block, blockDigest(header)) };
  });
  return productionEvidence(first!, second!)!;
}

const blockOf = (account: string): SignedBlock => ({
  header: { ...genesis.root.header, slot: 9, producer: name(account) },
  producerSignature: fakeBlockSignature(genesis.keys(account).block, idOf(0)),
  transactions: [],
  blockExtensions: [],
});

let checkers: Checkers;
beforeEach(() => {
  checkers = new Checkers(genesis, new Set([cheat.peer]));
});

describe('evidence', () => {
  const accuse = (node: SimulatedNode, evidence: Evidence) => checkers.observe(node, { kind: 'evidence', evidence });

  it('against a cheat is noted: who has none has not noticed', () => {
    for (const evidence of [voteEvidence(voteOf('prod.a', 1), voteOf('prod.a', 2)), headersOf('prod.a')]) {
      accuse(honest, evidence);
      expect(checkers.unaware(evidence.kind, 'prod.a', 9, nodes)).toBe(other);
      accuse(other, evidence);
      expect(checkers.unaware(evidence.kind, 'prod.a', 9, nodes)).toBeUndefined();
    }
    expect(checkers.unaware('votes', 'prod.a', 10, nodes)).toBe(honest);
    expect(checkers.accusations).toBe(2);
    expect(checkers.fault).toBeUndefined();
  });

  it('against somebody honest is a fault', () => {
    accuse(honest, headersOf('prod.c'));
    expect(checkers.fault).toBe('prod.b accuses prod.c of doing two things in slot 9');
  });

  it('that does not hold is a fault', () => {
    accuse(honest, voteEvidence(voteOf('prod.a', 1), voteOf('prod.a', 2, true)));
    expect(checkers.fault).toMatch(/accuses nobody/);
  });
});

describe('an honest node', () => {
  it.each<[string, ReplicaEffect, ReplicaEffect]>([
    [
      'prod.b votes twice in slot 9',
      { kind: 'sendVote', vote: voteOf('prod.b', 1) },
      { kind: 'sendVote', vote: { ...voteOf('prod.b', 2), phase: 1 } },
    ],
    [
      'prod.b makes blocks twice in slot 9',
      { kind: 'sendBlock', id: idOf(1), block: blockOf('prod.b'), except: 0 },
      { kind: 'sendBlock', id: idOf(2), block: blockOf('prod.b'), except: 0 },
    ],
  ])('%s: a fault', (fault, first, second) => {
    for (const effect of [first, first]) checkers.observe(honest, effect);
    expect(checkers.fault).toBeUndefined();
    checkers.observe(honest, second);
    expect(checkers.fault).toBe(fault);
  });

  it('is not penalised, and does not fall silent', () => {
    const rejection = { code: 'snap_invalid_vote', message: 'no' } as const;
    checkers.observe(honest, { kind: 'penalise', peer: cheat.peer, rejection });
    expect(checkers.fault).toBeUndefined();
    checkers.observe(honest, { kind: 'penalise', peer: other.peer, rejection });
    expect(checkers.fault).toMatch(/penalises peer 3, who is honest/);
    checkers = new Checkers(genesis, new Set());
    checkers.observe(honest, { kind: 'event', name: 'own-key-elsewhere', detail: { reason: 'twin' } });
    expect(checkers.fault).toBe('prod.b falls silent: twin');
  });
});

it('what cheats do is no fault of theirs', () => {
  for (const mark of [1, 2]) checkers.observe(cheat, { kind: 'sendVote', vote: voteOf('prod.a', mark) });
  expect(checkers.fault).toBeUndefined();
});
