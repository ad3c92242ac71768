import type { BlsSignature } from '@snapscale/crypto';
import { signersOf, voteDigest } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { makeElectorate } from '../chain/electorate.js';
import { makeSchedule } from '../testing/cluster.js';
import { fakeVerify, fakeVoteSignature } from '../testing/fake-signatures.js';
import { type VoteJob, VotePool, type VoteVerdict } from './vote-pool.js';

const chainId = new Uint8Array(32);
const names = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace'];
const subject = { phase: 0 as const, slot: 5, blockId: new Uint8Array(32).fill(5) };
const digest = voteDigest(chainId, subject);

function makePool(...schedules: (readonly string[])[]) {
  const electorate = makeElectorate(...schedules.map((accounts, i) => makeSchedule(i, accounts)));
  const pool = new VotePool(subject, { id: subject.blockId, num: 5, slot: 5, electorate });
  const add = (position: number, from = position + 1, forged = false) => {
    const key = electorate.members[position]!.finalizerKey;
    const signature = fakeVoteSignature(key, forged ? new Uint8Array(32).fill(from) : digest);
    pool.add({ position, signature, from });
  };
  const verify = ({ parts }: VoteJob): BlsSignature | undefined =>
    fakeVerify(
      digest,
      parts.map(({ position }) => electorate.members[position]!.finalizerKey),
      parts.map(({ signature }) => signature),
    );
  /** Answers all jobs until there are none. */
  const settle = (): { counts: Record<VoteJob['kind'], number>; verdict: VoteVerdict; bad: number[] } => {
    const counts = { aggregate: 0, part: 0 };
    let verdict: VoteVerdict = { certificate: undefined, bad: [] };
    const bad: number[] = [];
    const open = [...pool.jobs()];
    for (let job = open.shift(); job !== undefined; job = open.shift()) {
      counts[job.kind]++;
      const result = pool.settle(job, verify(job));
      bad.push(...result.bad.map(({ from }) => from));
      if (result.certificate !== undefined) verdict = result;
      open.push(...result.more, ...pool.jobs());
    }
    return { counts, verdict, bad };
  };
  return { pool, electorate, add, settle };
}

describe('FIN-12 votes', () => {
  it('are verified once, when they are a quorum', () => {
    const { pool, add, settle } = makePool(names);
    for (const position of [6, 0, 2, 3]) add(position);
    expect(pool.jobs()).toEqual([]);
    add(1);
    const { counts, verdict } = settle();
    expect(counts).toEqual({ aggregate: 1, part: 0 });
    expect(signersOf(verdict.certificate!.signers, 7)).toEqual([0, 1, 2, 3, 6]);
    add(4);
    expect(pool.jobs()).toEqual([]);
  });

  it('are verified one by one when one of them is bad, which names its sender', () => {
    const { add, settle } = makePool(names);
    for (const position of [0, 1, 2, 3]) add(position);
    add(4, 99, true);
    const first = settle();
    expect(first).toMatchObject({ counts: { aggregate: 1, part: 5 }, bad: [99], verdict: { certificate: undefined } });
    add(5);
    const second = settle();
    expect(second.counts).toEqual({ aggregate: 1, part: 0 });
    expect(second.verdict.certificate).toBeDefined();
  });

  it('of a voter are not kept out by those that others forged', () => {
    const { add, settle } = makePool(names);
    for (const forger of [50, 51]) for (const position of [0, 1, 2, 3, 4]) add(position, forger, true);
    for (const position of [0, 1, 2, 3, 4]) add(position);
    const { verdict, bad } = settle();
    expect(verdict.certificate).toBeDefined();
    expect(new Set(bad)).toEqual(new Set([50, 51]));
  });

  it('are bounded for each voter, one of each sender', () => {
    const { pool, add } = makePool(names);
    for (let from = 1; from < 100; from++) add(0, from, true);
    for (let position = 1; position < 5; position++) add(position);
    const [job] = pool.jobs();
    expect(job!.parts).toHaveLength(5);
    pool.drop(({ from }) => from <= 4);
    pool.settle(job!, undefined);
  });

  it('of peers that were found out are dropped unless they were good', () => {
    const { pool, add, settle } = makePool(names.slice(0, 4));
    for (const position of [0, 1]) add(position);
    add(2, 9, true);
    settle();
    pool.drop(() => true);
    add(2);
    expect(settle().verdict.certificate).toBeDefined();
  });

  it('do not go on for ever when a host says that valid parts make an invalid whole', () => {
    const { pool, add } = makePool(names.slice(0, 1));
    add(0);
    const [job] = pool.jobs();
    const [part] = pool.settle(job!, undefined).more;
    pool.settle(part!, new Uint8Array(192) as BlsSignature);
    const [again] = pool.jobs();
    expect(pool.settle(again!, undefined)).toMatchObject({ more: [], bad: [] });
    expect(pool.jobs()).toEqual([]);
  });

  it('FIN-4 need a quorum of both schedules while one follows the other', () => {
    const { pool, electorate, add, settle } = makePool(names.slice(0, 4), names.slice(2, 6));
    expect(electorate.members).toHaveLength(6);
    for (const position of [0, 1, 2]) add(position);
    expect(pool.jobs()).toEqual([]);
    add(4);
    expect(pool.jobs()).toEqual([]);
    add(5);
    expect(signersOf(settle().verdict.certificate!.signers, 6)).toEqual([0, 1, 2, 4, 5]);
  });
});
