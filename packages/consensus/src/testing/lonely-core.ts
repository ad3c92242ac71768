/** One core without a host: every answer that it waits for is the test's to give. */
import { type PublicKey, type Signature, sha256 } from '@snapscale/crypto';
import {
  type BlockHeader,
  blockDigest,
  blockId,
  name,
  type QuorumCertificate,
  signerBitmap,
  type VotePhase,
  type VoteSubject,
} from '@snapscale/protocol';
import type { ConsensusRoot } from '../chain/root.js';
import { ConsensusCore } from '../consensus-core.js';
import type { BlockPlan, ConsensusEffect } from '../effects.js';
import { Cluster } from './cluster.js';
import { fakeBlockSignature, fakeFinalizerKey, fakeKey, fakeVerify, fakeVoteSignature } from './fake-signatures.js';

/** The members of its schedule. */
export const lonelyMembers = ['alice', 'bob', 'carol', 'dave'] as const;

/** A block as a host hands it over. */
export type GivenBlock = { readonly header: BlockHeader; readonly signature: Signature; readonly signedBy: PublicKey };

/** Dave's core, with what a test makes for it. */
export type LonelyCore = {
  readonly core: ConsensusCore;
  readonly root: ConsensusRoot;
  makeBlock(plan: BlockPlan, mark?: number): GivenBlock;
  give(block: GivenBlock, from?: number): ConsensusEffect[];
  digestOf(subject: VoteSubject): Uint8Array;
  /** A valid certificate, signed by the first three members. */
  certificateOf(phase: VotePhase, header: BlockHeader): QuorumCertificate;
};

/** The effects of one kind. */
export function only<K extends ConsensusEffect['kind']>(
  effects: readonly ConsensusEffect[],
  kind: K,
): Extract<ConsensusEffect, { kind: K }>[] {
  return effects.filter((effect): effect is Extract<ConsensusEffect, { kind: K }> => effect.kind === kind);
}

/** Dave's core at slot 1, on its own; blocks of alice are made by hand. */
export function lonelyCore(): LonelyCore {
  const cluster = new Cluster({ names: lonelyMembers });
  const { root } = cluster;
  const { chainId } = cluster.node('dave').options;
  const core = new ConsensusCore({
    chainId,
    root,
    safetyRecord: undefined,
    producers: [name('dave')],
    finalizerKeys: [fakeFinalizerKey('dave')],
  });
  core.step({ kind: 'tick', slot: 1 });
  const makeBlock = (plan: BlockPlan, mark = 0): GivenBlock => {
    const { slot, previous, producer, scheduleVersion, headerExtensions } = plan;
    const header: BlockHeader = {
      slot,
      producer,
      confirmed: 0,
      previous,
      transactionMroot: sha256(Uint8Array.of(mark & 255, mark >> 8)),
      actionMroot: new Uint8Array(32),
      scheduleVersion,
      newProducers: undefined,
      headerExtensions,
    };
    const signedBy = fakeKey('alice');
    return { header, signature: fakeBlockSignature(signedBy, blockDigest(header)), signedBy };
  };
  const give = (block: GivenBlock, from = 1) => core.step({ kind: 'block', from, ...block });
  const digestOf = (subject: VoteSubject) => cluster.voteDigest(subject);
  const certificateOf = (phase: VotePhase, header: BlockHeader): QuorumCertificate => {
    const subject = { phase, slot: header.slot, blockId: blockId(header) };
    const keys = lonelyMembers.slice(0, 3).map(fakeFinalizerKey);
    const digest = digestOf(subject);
    const parts = keys.map((key) => fakeVoteSignature(key, digest));
    return { ...subject, signers: signerBitmap([0, 1, 2], 4), signature: fakeVerify(digest, keys, parts)! };
  };
  return { core, root, makeBlock, give, digestOf, certificateOf };
}
