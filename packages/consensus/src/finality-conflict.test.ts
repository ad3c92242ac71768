/** What a core does about blocks and certificates that conflict with a final block: FIN-16 and the end of CON-8. */
import {
  blockId,
  type FinalityExtension,
  finalityExtension,
  finalityExtensionSchema,
  headerExtension,
  makeHeaderExtension,
} from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { makeElectorate } from './chain/electorate.js';
import { ConsensusCore } from './consensus-core.js';
import type { BlockPlan, ConsensusEffect } from './effects.js';
import { Cluster, makeSchedule } from './testing/cluster.js';
import { fakeKey } from './testing/fake-signatures.js';
import { type GivenBlock, type LonelyCore, lonelyCore, lonelyMembers, only } from './testing/lonely-core.js';

type Fork = LonelyCore & {
  readonly left: GivenBlock;
  readonly right: GivenBlock;
  execute(block: GivenBlock): ConsensusEffect[];
  /** A certificate comes, and its verification ends as it should. */
  certify(block: GivenBlock, phase?: 0 | 1): ConsensusEffect[];
};

/** Two blocks of alice on the root, in slots 1 and 2; the core has `left`, not executed yet. */
function fork(): Fork {
  const lonely = lonelyCore();
  const { core, root, makeBlock, give, certificateOf } = lonely;
  core.step({ kind: 'tick', slot: 2 });
  const left = makeBlock(core.planBlock(root.facts.id, 1)!);
  const right = makeBlock(core.planBlock(root.facts.id, 2)!, 1);
  give(left);
  const execute = ({ header }: GivenBlock) => core.step({ kind: 'executed', id: blockId(header), valid: true });
  const certify = ({ header }: GivenBlock, phase: 0 | 1 = 1) => {
    const certificate = certificateOf(phase, header);
    const effects = core.step({ kind: 'certificate', from: 5, certificate });
    const answers = only(effects, 'verify').flatMap(({ ticket }) =>
      core.step({ kind: 'verified', ticket, aggregate: certificate.signature }),
    );
    return [...effects, ...answers];
  };
  return { ...lonely, left, right, execute, certify };
}

const isBroken = (effects: readonly ConsensusEffect[]) =>
  only(effects, 'event').some(({ name }) => name === 'finality-broken');

describe('CON-8 a block that conflicts with one that has a commit certificate', () => {
  it('leaves the tree, with all that builds on it, though the other has not been executed yet', () => {
    const { core, left, right, give, makeBlock, certify } = fork();
    give(right);
    give(makeBlock(core.planBlock(blockId(right.header), 3)!));
    expect(core.status.treeBlocks).toBe(4);
    const effects = certify(left);
    expect(only(effects, 'finalized')).toEqual([]);
    expect(only(effects, 'forget').flatMap(({ ids }) => ids)).toHaveLength(2);
    expect(core.status.treeBlocks).toBe(2);
  });

  it('does not enter the tree later on, and what builds on it waits in vain', () => {
    const { core, left, right, give, makeBlock, certify, execute } = fork();
    const child = makeBlock({ ...core.planBlock(blockId(left.header), 3)!, previous: blockId(right.header) });
    certify(left);
    const effects = give(right);
    expect(effects).toMatchObject([{ kind: 'forget', ids: [blockId(right.header)] }]);
    give(child);
    expect(core.status).toMatchObject({ treeBlocks: 2, waitingBlocks: { orphans: 1 } });
    expect(only(execute(left), 'finalized')).toMatchObject([{ num: 2 }]);
    expect(core.final.id).toEqual(blockId(left.header));
    expect(isBroken(effects)).toBe(false);
  });

  it('is let go when it was on its way while the other became final', () => {
    const { core, left, give, makeBlock, certify, certificateOf } = fork();
    const sibling = makeBlock(core.planBlock(blockId(left.header), 3)!);
    const justify = certificateOf(0, left.header);
    const late = makeBlock(showing(core.planBlock(blockId(left.header), 2)!, { justify }), 1);
    give(sibling);
    // Its header shows a certificate that this core has not seen.
    const [verify] = only(give(late), 'verify');
    certify(sibling);
    const effects = core.step({ kind: 'verified', ticket: verify!.ticket, aggregate: justify.signature });
    expect(only(effects, 'forget')).toMatchObject([{ ids: [blockId(late.header)] }]);
    expect(core.status).toMatchObject({ treeBlocks: 3, waitingBlocks: { verifying: 0 }, broken: false });
  });
});

describe('FIN-16 a commit certificate for a block that conflicts with a final one', () => {
  it('stops the node, which passes on both', () => {
    const { left, right, certify, execute, core } = fork();
    certify(left);
    execute(left);
    const effects = certify(right);
    expect(isBroken(effects)).toBe(true);
    expect(only(effects, 'relayCertificate').map(({ certificate }) => certificate.blockId)).toEqual([
      blockId(right.header),
      blockId(left.header),
    ]);
    expect(core.status.broken).toBe(true);
    expect(core.step({ kind: 'tick', slot: 9 })).toEqual([]);
  });

  it('stops it as well when it came first, and waited for a block that is of no use any more', () => {
    const { core, left, right, give, certificateOf, certify, execute } = fork();
    const waiting = certificateOf(1, right.header);
    expect(only(core.step({ kind: 'certificate', from: 7, certificate: waiting }), 'request')).toHaveLength(1);
    certify(left);
    expect(only(give(right), 'forget')).toHaveLength(1);
    const [verify] = only(execute(left), 'verify');
    const effects = core.step({ kind: 'verified', ticket: verify!.ticket, aggregate: waiting.signature });
    expect(isBroken(effects)).toBe(true);
  });

  it('stops it as well when the block left the tree during the verification', () => {
    const { core, left, right, give, certificateOf, certify } = fork();
    give(right);
    const certificate = certificateOf(1, right.header);
    const [verify] = only(core.step({ kind: 'certificate', from: 7, certificate }), 'verify');
    certify(left);
    const effects = core.step({ kind: 'verified', ticket: verify!.ticket, aggregate: certificate.signature });
    expect(isBroken(effects)).toBe(true);
  });

  it('is nothing but its sender’s fault when it is forged or too weak, and keeps no right one out', () => {
    const { core, left, right, certificateOf, certify, execute } = fork();
    certify(left);
    execute(left);
    const right1 = certificateOf(1, right.header);
    const weak = core.step({ kind: 'certificate', from: 7, certificate: { ...right1, signers: Uint8Array.of(3) } });
    expect(only(weak, 'penalise')).toMatchObject([{ peer: 7, rejection: { code: 'snap_invalid_certificate' } }]);
    const [verify] = only(core.step({ kind: 'certificate', from: 8, certificate: right1 }), 'verify');
    // One at a time.
    expect(core.step({ kind: 'certificate', from: 9, certificate: right1 })).toEqual([]);
    const forged = core.step({ kind: 'verified', ticket: verify!.ticket, aggregate: undefined });
    expect(only(forged, 'penalise')).toMatchObject([{ peer: 8 }]);
    expect(core.status.broken).toBe(false);
    expect(isBroken(certify(right))).toBe(true);
  });

  it('is not one if it is of the prepare phase: blocks that lost have those', () => {
    const { left, right, certify, execute } = fork();
    certify(left);
    execute(left);
    expect(certify(right, 0)).toEqual([]);
    expect(certify(left)).toEqual([]);
  });

  it('proves nothing around a change of schedules, where only the chain of the block could tell who votes', () => {
    const lonely = lonelyCore();
    const { root } = lonely;
    const { chainId } = new Cluster({ names: lonelyMembers }).node('dave').options;
    const certificate = { ...lonely.certificateOf(1, root.header), blockId: new Uint8Array(32) };
    const verifications = [[0], [0, 1]].map((versions) => {
      const electorate = makeElectorate(...versions.map((version) => makeSchedule(version, lonelyMembers)));
      const facts = { ...root.facts, electorate };
      const options = { chainId, root: { ...root, facts }, safetyRecord: undefined, producers: [], finalizerKeys: [] };
      return only(new ConsensusCore(options).step({ kind: 'certificate', from: 7, certificate }), 'verify').length;
    });
    expect(verifications).toEqual([1, 0]);
  });
});

it('a block that a twin of this node made in the same way enters the tree once', () => {
  const { core, root, makeBlock, give, certify, certificateOf, left, execute } = fork();
  execute(left);
  const dave = 36;
  const justify = certificateOf(0, left.header);
  core.step({ kind: 'tick', slot: dave - 1 });
  const [build] = only(core.step({ kind: 'openSlot', slot: dave }), 'build');
  const own = makeBlock(showing(build!.plan, { justify }));
  const signed = { ...own, signedBy: fakeKey('dave') };
  const [verify] = only(give(signed), 'verify');
  certify(left, 0);
  core.step({ kind: 'produced', header: own.header, signature: own.signature });
  expect(core.status.treeBlocks).toBe(3);
  core.step({ kind: 'verified', ticket: verify!.ticket, aggregate: justify.signature });
  expect(core.status).toMatchObject({ treeBlocks: 3, waitingBlocks: { verifying: 0 } });
  expect(only(certify(own), 'finalized')).toMatchObject([{ num: 3 }]);
  expect(core.status.treeBlocks).toBe(1);
  expect(root.facts.num).toBe(1);
});

/** The plan with other certificates in its header. */
function showing(plan: BlockPlan, certificates: Partial<FinalityExtension>): BlockPlan {
  const finality = headerExtension(plan, finalityExtension, finalityExtensionSchema)!;
  const extension = makeHeaderExtension(finalityExtension, finalityExtensionSchema, { ...finality, ...certificates });
  return { ...plan, headerExtensions: [extension] };
}
