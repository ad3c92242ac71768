/** One core or a few, in situations that need more than the words of a transcript. */
import {
  type BlsPrivateKey,
  type BlsPublicKey,
  type BlsSignature,
  blsAggregate,
  blsPublicKeyOf,
  blsSign,
  blsVerifyAggregate,
  generateBlsPrivateKey,
  sha256,
} from '@snapscale/crypto';
import {
  type BlockHeader,
  blockDigest,
  blockId,
  finalityExtension,
  finalityExtensionSchema,
  headerExtension,
  limits,
  makeHeaderExtension,
  name,
  type Vote,
  type VotingSchedule,
} from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { genesisRoot } from './chain/root.js';
import { ConsensusCore } from './consensus-core.js';
import type { ConsensusEvent } from './events.js';
import { Cluster } from './testing/cluster.js';
import {
  fakeBlockSignature,
  fakeFinalizerKey,
  fakeKey,
  fakeVerify,
  fakeVoteSignature,
} from './testing/fake-signatures.js';
import { lonelyCore, only } from './testing/lonely-core.js';
import { Chance } from './testing/random.js';
import type { TestNode } from './testing/test-node.js';

const names = ['alice', 'bob', 'carol', 'dave'];
describe('CON-9 blocks', () => {
  it('that are early wait for their time, a few slots, a few blocks', () => {
    const { core, root, makeBlock, give } = lonelyCore();
    const at = (slot: number, mark = 0) => makeBlock(core.planBlock(root.facts.id, slot)!, mark);
    expect(only(give(at(2)), 'execute')).toHaveLength(1);
    expect(core.status.waitingBlocks.future).toBe(0);
    expect(give(at(3))).toEqual([]);
    expect(core.status.waitingBlocks.future).toBe(1);
    expect(only(give(at(2 + limits.slotsAheadMax + 1)), 'forget')).toHaveLength(1);
    for (let mark = 1; mark < 50; mark++) give(at(4, mark));
    expect(core.status.waitingBlocks.future).toBe(limits.futureBlocksPerPeerMax);
    for (let mark = 50; mark < 200; mark++) give(at(4, mark), 2 + (mark % 9));
    expect(core.status.waitingBlocks.future).toBe(limits.futureBlocksMax);
    core.step({ kind: 'tick', slot: 2 });
    expect(core.status.treeBlocks).toBe(3);
  });

  it('without a known parent wait in bounded numbers, the oldest going first; the parent is asked for', () => {
    const { core, root, makeBlock, give } = lonelyCore();
    const plan = core.planBlock(root.facts.id, 1)!;
    const orphan = (mark: number) =>
      makeBlock(
        {
          ...plan,
          previous: Uint8Array.from([0, 0, 0, 9, ...sha256(Uint8Array.of(mark & 255, mark >> 8)).subarray(4)]),
        },
        mark,
      );
    const effects = give(orphan(0), 7);
    expect(only(effects, 'request')).toMatchObject([{ from: 7, id: orphan(0).header.previous }]);
    for (let mark = 1; mark < 200; mark++) give(orphan(mark), 7);
    expect(core.status.waitingBlocks.orphans).toBe(limits.orphanBlocksPerPeerMax);
    for (let mark = 200; mark < 1200; mark++) give(orphan(mark), 8 + (mark % 20));
    expect(core.status.waitingBlocks.orphans).toBe(limits.orphanBlocksMax);
    expect(only(core.step({ kind: 'tick', slot: 3 }), 'request').length).toBe(8);
  });

  it('of one producer for one slot are kept to a number, and the first two are evidence, once', () => {
    const { core, root, makeBlock, give } = lonelyCore();
    const plan = core.planBlock(root.facts.id, 1)!;
    const effects = Array.from({ length: 20 }, (_, mark) => give(makeBlock(plan, mark))).flat();
    expect(only(effects, 'evidence')).toHaveLength(1);
    expect(core.status.treeBlocks).toBe(1 + limits.forksPerSlotMax);
  });

  it('that are one too many of a slot are taken when a certificate waits for them, or for what builds on them', () => {
    const { core, root, makeBlock, give, certificateOf } = lonelyCore();
    core.step({ kind: 'tick', slot: 3 });
    const plan = core.planBlock(root.facts.id, 1)!;
    const blocks = Array.from({ length: limits.forksPerSlotMax }, (_, mark) => makeBlock(plan, mark));
    for (const block of blocks) give(block);
    // A chain as long as that of the block which there is no room for.
    const next = makeBlock(core.planBlock(blockId(blocks[0]!.header), 2)!);
    give(next);
    give(makeBlock(core.planBlock(blockId(next.header), 3)!));
    const right = makeBlock(plan, 9);
    expect(only(give(right), 'forget')).toHaveLength(1);
    const child = makeBlock({ ...core.planBlock(root.facts.id, 2)!, previous: blockId(right.header) });
    const grandchild = makeBlock({ ...core.planBlock(root.facts.id, 3)!, previous: blockId(child.header) });
    expect(only([...give(child), ...give(grandchild)], 'request')).toMatchObject([{ id: blockId(right.header) }]);
    expect(only(give(right), 'forget')).toHaveLength(1);
    core.step({ kind: 'certificate', from: 5, certificate: certificateOf(0, grandchild.header) });
    expect(only(give(right), 'forget')).toEqual([]);
    expect(core.status).toMatchObject({ treeBlocks: limits.forksPerSlotMax + 6, waitingBlocks: { orphans: 0 } });
  });

  it('that are one too many of a slot are taken when a longer chain waits for them: without, it might get no certificate', () => {
    const { core, root, makeBlock, give } = lonelyCore();
    core.step({ kind: 'tick', slot: 3 });
    const plan = core.planBlock(root.facts.id, 1)!;
    const blocks = Array.from({ length: limits.forksPerSlotMax }, (_, mark) => makeBlock(plan, mark));
    for (const block of blocks) give(block);
    give(makeBlock(core.planBlock(blockId(blocks[0]!.header), 2)!));
    const right = makeBlock(plan, 9);
    const child = makeBlock({ ...core.planBlock(root.facts.id, 2)!, previous: blockId(right.header) });
    const grandchild = makeBlock({ ...core.planBlock(root.facts.id, 3)!, previous: blockId(child.header) });
    give(child);
    expect(only(give(right), 'forget')).toHaveLength(1);
    give(grandchild);
    expect(only(give(right), 'forget')).toEqual([]);
    expect(core.status).toMatchObject({ treeBlocks: limits.forksPerSlotMax + 5, waitingBlocks: { orphans: 0 } });
  });

  it('FIN-9 that are two of a slot are noticed also when both were on their way at once', () => {
    const { core, root, makeBlock, give } = lonelyCore();
    core.step({ kind: 'tick', slot: 2 });
    const parent = makeBlock(core.planBlock(root.facts.id, 1)!);
    const plan = { ...core.planBlock(root.facts.id, 2)!, previous: blockId(parent.header) };
    expect(only([...give(makeBlock(plan, 1)), ...give(makeBlock(plan, 2))], 'evidence')).toEqual([]);
    expect(only(give(parent), 'evidence')).toHaveLength(1);
    expect(core.status.treeBlocks).toBe(4);
    expect(only(give(makeBlock(plan, 3)), 'evidence')).toEqual([]);
  });

  it('that wait for the verification of certificates count as well', () => {
    const { core, root, makeBlock, give } = lonelyCore();
    const [execute] = only(give(makeBlock(core.planBlock(root.facts.id, 1)!)), 'execute');
    const plan = core.planBlock(execute!.id, 2)!;
    const forged = { phase: 0 as const, slot: 1, blockId: execute!.id, signers: Uint8Array.of(7) };
    const effects = Array.from({ length: 20 }, (_, mark) => {
      const justify = { ...forged, signature: new Uint8Array(192).fill(mark) as BlsSignature };
      const finality = headerExtension(plan, finalityExtension, finalityExtensionSchema)!;
      const extension = makeHeaderExtension(finalityExtension, finalityExtensionSchema, { ...finality, justify });
      return give(makeBlock({ ...plan, headerExtensions: [extension] }));
    }).flat();
    const verifications = only(effects, 'verify');
    expect(verifications).toHaveLength(limits.forksPerSlotMax);
    const refused = verifications.flatMap(({ ticket }) =>
      core.step({ kind: 'verified', ticket, aggregate: undefined }),
    );
    expect(only(refused, 'penalise')[0]).toMatchObject({ rejection: { code: 'snap_invalid_finality' } });
    expect(core.status).toMatchObject({ treeBlocks: 2, waitingBlocks: { verifying: 0 } });
  });

  it('with wrong headers are their sender’s fault; those with wrong content are not', () => {
    const { core, root, makeBlock, give } = lonelyCore();
    const block = makeBlock(core.planBlock(root.facts.id, 1)!);
    expect(only(give({ ...block, signedBy: fakeKey('mallory') }), 'penalise')).toMatchObject([
      { peer: 1, rejection: { code: 'wrong_signing_key' } },
    ]);
    const [execute] = only(give(block), 'execute');
    const effects = core.step({ kind: 'executed', id: execute!.id, valid: false });
    expect(only(effects, 'penalise')).toEqual([]);
    expect(only(effects, 'event')).toMatchObject([{ name: 'block-refused' }]);
    expect(core.head.num).toBe(1);
    expect(only(give(makeBlock(core.planBlock(execute!.id, 2)!)), 'execute')).toEqual([]);
  });
});

describe('FIN-13 certificates', () => {
  it('that are forged do not keep the right one out', () => {
    const { core, root, makeBlock, give, digestOf } = lonelyCore();
    const block = makeBlock(core.planBlock(root.facts.id, 1)!);
    give(block);
    const id = blockId(block.header);
    const subject = { phase: 1 as const, slot: 1, blockId: id };
    const digest = digestOf(subject);
    const parts = names.slice(0, 3).map((label) => fakeVoteSignature(fakeFinalizerKey(label), digest));
    const keys = names.slice(0, 3).map(fakeFinalizerKey);
    const certificate = { ...subject, signers: Uint8Array.of(7), signature: fakeVerify(digest, keys, parts)! };
    const forged = { ...certificate, signature: parts[0]! };
    const [first] = only(core.step({ kind: 'certificate', from: 5, certificate: forged }), 'verify');
    expect(core.step({ kind: 'certificate', from: 6, certificate })).toEqual([]);
    const effects = core.step({ kind: 'verified', ticket: first!.ticket, aggregate: undefined });
    expect(only(effects, 'penalise')).toMatchObject([{ peer: 5 }]);
    const [second] = only(effects, 'verify');
    const after = core.step({ kind: 'verified', ticket: second!.ticket, aggregate: certificate.signature });
    expect(only(after, 'relayCertificate')).toMatchObject([{ except: 6 }]);
    // Final only when it has been executed here as well.
    expect(only(after, 'finalized')).toEqual([]);
    expect(only(core.step({ kind: 'executed', id, valid: true }), 'finalized')).toMatchObject([{ num: 2 }]);
  });

  it('that are verified after a later block became final change nothing', () => {
    const { core, root, makeBlock, give, digestOf } = lonelyCore();
    core.step({ kind: 'tick', slot: 2 });
    const ids: Uint8Array[] = [];
    for (const slot of [1, 2]) {
      const block = makeBlock(core.planBlock(ids.at(-1) ?? root.facts.id, slot)!);
      give(block);
      ids.push(blockId(block.header));
      core.step({ kind: 'executed', id: ids.at(-1)!, valid: true });
    }
    const commitOf = (slot: number) => ({ phase: 1 as const, slot, blockId: ids[slot - 1]! });
    const votes = names.slice(0, 3).map((label): Vote => {
      const finalizerKey = fakeFinalizerKey(label);
      const signature = fakeVoteSignature(finalizerKey, digestOf(commitOf(1)));
      return { ...commitOf(1), finalizerKey, signature };
    });
    const [late] = only(
      votes.flatMap((vote, i) => core.step({ kind: 'vote', from: i + 1, vote })),
      'verify',
    );
    const certificate = { ...commitOf(2), signers: Uint8Array.of(7), signature: votes[0]!.signature };
    const [next] = only(core.step({ kind: 'certificate', from: 1, certificate }), 'verify');
    const effects = core.step({ kind: 'verified', ticket: next!.ticket, aggregate: certificate.signature });
    expect(only(effects, 'finalized')).toMatchObject([{ num: 3 }]);
    expect(core.step({ kind: 'verified', ticket: late!.ticket, aggregate: votes[0]!.signature })).toEqual([]);
    expect(core.status.broken).toBe(false);
  });

  it('FIN-16 for a block that is invalid here stop the node', () => {
    const { core, root, makeBlock, give } = lonelyCore();
    const block = makeBlock(core.planBlock(root.facts.id, 1)!);
    give(block);
    const id = blockId(block.header);
    core.step({ kind: 'executed', id, valid: false });
    const certificate = {
      phase: 1 as const,
      slot: 1,
      blockId: id,
      signers: Uint8Array.of(7),
      signature: new Uint8Array(192) as BlsSignature,
    };
    const [verify] = only(core.step({ kind: 'certificate', from: 5, certificate }), 'verify');
    const effects = core.step({ kind: 'verified', ticket: verify!.ticket, aggregate: certificate.signature });
    expect(only(effects, 'event')).toMatchObject([{ name: 'finality-broken' }]);
    expect(core.step({ kind: 'tick', slot: 9 })).toEqual([]);
  });

  it('for unknown blocks wait, a few of each peer, and the block is asked for', () => {
    const { core } = lonelyCore();
    const make = (mark: number) => ({
      phase: 0 as const,
      slot: 2,
      blockId: sha256(Uint8Array.of(mark)),
      signers: Uint8Array.of(7),
      signature: new Uint8Array(192) as BlsSignature,
    });
    const effects = Array.from({ length: 100 }, (_, mark) =>
      core.step({ kind: 'certificate', from: 5, certificate: make(mark) }),
    ).flat();
    expect(only(effects, 'request')).toHaveLength(limits.unknownCertificatesPerPeerMax);
    expect(core.status.waitingCertificates).toBe(limits.unknownCertificatesPerPeerMax);
    expect(
      only(core.step({ kind: 'certificate', from: 6, certificate: { ...make(1), slot: 4000 } }), 'request'),
    ).toEqual([]);
  });
});

describe('FIN-6 a vote', () => {
  it('leaves when it is signed and its record is durable, whichever comes last', () => {
    for (const order of [
      ['signed', 'persisted'],
      ['persisted', 'signed'],
    ] as const) {
      const { core, root, makeBlock, give } = lonelyCore();
      const [execute] = only(give(makeBlock(core.planBlock(root.facts.id, 1)!)), 'execute');
      const effects = core.step({ kind: 'executed', id: execute!.id, valid: true });
      const [sign] = only(effects, 'sign');
      const [persist] = only(effects, 'persist');
      const signature = fakeVoteSignature(sign!.key, sign!.digest);
      const answers: Record<'signed' | 'persisted', ConsensusEvent> = {
        signed: { kind: 'signed', ticket: sign!.ticket, signature },
        persisted: { kind: 'persisted', sequence: persist!.sequence },
      };
      expect(core.step({ kind: 'persisted', sequence: persist!.sequence + 1 })).toEqual([]);
      expect(only(core.step(answers[order[0]]), 'sendVote')).toEqual([]);
      expect(only(core.step(answers[order[1]]), 'sendVote')).toMatchObject([
        { vote: { phase: 0, slot: 1, signature } },
      ]);
      expect(core.step(answers[order[1]])).toEqual([]);
    }
  });

  it('of strangers fills bounded memory only, and answers that nobody asked for do nothing', () => {
    const { core } = lonelyCore();
    const chance = new Chance(1);
    for (let i = 0; i < 3000; i++) {
      const vote: Vote = {
        phase: chance.below(2) as 0 | 1,
        slot: chance.below(12),
        blockId: sha256(Uint8Array.of(i & 255, i >> 8)),
        finalizerKey: fakeFinalizerKey(chance.pick(names.slice(0, 3))),
        signature: new Uint8Array(192) as BlsSignature,
      };
      core.step({ kind: 'vote', from: 1 + chance.below(3), vote });
    }
    expect(core.status.votes.unknown).toBeLessThanOrEqual(3 * limits.unknownVotesPerPeerMax);
    for (const kind of ['verified', 'signed'] as const) {
      expect(
        core.step({
          kind,
          ticket: 99_999,
          aggregate: undefined,
          signature: new Uint8Array(192) as BlsSignature,
        } as ConsensusEvent),
      ).toEqual([]);
    }
    expect(core.step({ kind: 'executed', id: new Uint8Array(32), valid: true })).toEqual([]);
  });
});

describe('a producer', () => {
  it('CON-2 begins a slot once, also after a restart', () => {
    const cluster = new Cluster({ names });
    const alice: TestNode = cluster.node('alice');
    cluster.slot(1);
    const once = alice.core!.step({ kind: 'openSlot', slot: 2 });
    expect(only(once, 'build')).toMatchObject([{ plan: { slot: 2 } }]);
    const [persist] = only(once, 'persist');
    expect(only(alice.core!.step({ kind: 'openSlot', slot: 2 }), 'build')).toEqual([]);
    alice.disk[persist!.sequence % 2] = persist!.record;
    alice.crash();
    alice.start();
    expect(only(alice.core!.step({ kind: 'openSlot', slot: 2 }), 'build')).toEqual([]);
    expect(only(alice.core!.step({ kind: 'openSlot', slot: 3 }), 'build')).toHaveLength(1);
  });
});

it('answers of workers may come in any order', () => {
  for (let seed = 0; seed < 10; seed++) {
    const chance = new Chance(seed);
    const cluster = new Cluster({ names });
    cluster.route = () => [chance.below(200)];
    for (let slot = 1; slot <= 30; slot++) {
      cluster.slot(slot);
      cluster.run(slot * 500 + 450);
    }
    const finals = cluster.nodes.map(({ core }) => core!.final.slot);
    expect(Math.min(...finals)).toBeGreaterThanOrEqual(28);
  }
});

it('FIN-7 works with real BLS signatures', () => {
  const secret: BlsPrivateKey = generateBlsPrivateKey(Uint8Array.from({ length: 48 }, (_, i) => i + 1));
  const finalizerKey = blsPublicKeyOf(secret);
  const alice = { name: name('alice'), key: fakeKey('alice'), finalizerKey };
  const schedule: VotingSchedule = { version: 0, producers: [alice] };
  const { root: template } = new Cluster({ names });
  const root = genesisRoot(template.header, schedule);
  const core = new ConsensusCore({
    chainId: sha256(new Uint8Array(1)),
    root,
    safetyRecord: undefined,
    producers: [name('alice')],
    finalizerKeys: [finalizerKey],
  });
  const finals: number[] = [];
  const run = (event: ConsensusEvent): void => {
    for (const effect of core.step(event)) {
      if (effect.kind === 'sign')
        run({ kind: 'signed', ticket: effect.ticket, signature: blsSign(secret, effect.digest) });
      else if (effect.kind === 'persist') run({ kind: 'persisted', sequence: effect.sequence });
      else if (effect.kind === 'finalized') finals.push(effect.num);
      else if (effect.kind === 'build') {
        const { plan } = effect;
        const header: BlockHeader = {
          slot: plan.slot,
          producer: plan.producer,
          confirmed: 0,
          previous: plan.previous,
          transactionMroot: new Uint8Array(32),
          actionMroot: new Uint8Array(32),
          scheduleVersion: 0,
          newProducers: undefined,
          headerExtensions: plan.headerExtensions,
        };
        run({ kind: 'produced', header, signature: fakeBlockSignature(fakeKey('alice'), blockDigest(header)) });
      } else if (effect.kind === 'verify') {
        const aggregate = blsAggregate(effect.signatures);
        const valid = blsVerifyAggregate(effect.keys as BlsPublicKey[], effect.digest, aggregate);
        run({ kind: 'verified', ticket: effect.ticket, aggregate: valid ? aggregate : undefined });
      }
    }
  };
  for (const slot of [1, 2]) {
    run({ kind: 'tick', slot });
    run({ kind: 'openSlot', slot });
  }
  expect(finals).toEqual([2, 3]);
});
