/** Everything about a block that follows from its header and its chain: rules CON-1 to CON-6, FIN-7, FIN-8 and FIN-11. */
import { equalBytes, type PublicKey, toHex } from '@snapscale/crypto';
import {
  activeScheduleExtension,
  type BlockHeader,
  blockId,
  blockNumOf,
  DecodeError,
  encode,
  type FinalityExtension,
  finalityExtension,
  finalityExtensionSchema,
  formatName,
  headerExtension,
  producerScheduleSchema,
  proposedScheduleExtension,
  type QuorumCertificate,
  Reject,
  type Rejection,
  reject,
  type VotingSchedule,
  votingScheduleSchema,
} from '@snapscale/protocol';
import { certificateName, certificateProblem, sameCertificate } from './certificate.js';
import { appendLeaf, type FinalityTree, finalityRoot } from './finality-tree.js';
import type { ForkTree, TreeNode } from './fork-tree.js';
import type { ChainFacts, ChainPoint } from './root.js';
import { authorisedProducer } from './schedule.js';
import { producersOf, proposalProblem, sameSchedule, scheduleInForce, scheduleStateAfter } from './set-change.js';

/** A certificate in a header whose signature is still to be verified. */
export type HeaderCertificate = { readonly certificate: QuorumCertificate; readonly point: ChainPoint };

/** A header that is right if these certificates are. */
export type CheckedHeader = {
  readonly facts: ChainFacts;
  readonly certificates: readonly HeaderCertificate[];
};

/** Checks a block against its parent in the tree. Returns a rejection for one that is invalid whatever it contains. */
export function checkHeader(
  tree: ForkTree,
  parent: TreeNode,
  header: BlockHeader,
  signedBy: PublicKey,
): CheckedHeader | Rejection {
  try {
    return assertHeader(tree, parent, header, signedBy);
  } catch (error) {
    if (error instanceof Reject) return error.rejection;
    if (error instanceof DecodeError)
      return {
        code: 'invalid_block_header_extension',
        message: `a header extension of ${show(header)} cannot be read: ${error.message}`,
      };
    throw error;
  }
}

/** A header as messages name it. */
export function show(header: BlockHeader): string {
  return `block ${blockNumOf(header.previous) + 1} of slot ${header.slot} by ${formatName(header.producer)}`;
}

function assertHeader(tree: ForkTree, parent: TreeNode, header: BlockHeader, signedBy: PublicKey): CheckedHeader {
  const { slot } = header;
  const id = blockId(header);
  const num = parent.facts.num + 1;
  // CON-1
  if (slot <= parent.facts.slot) {
    reject('block_validate_exception', `${show(header)} does not come after its parent in slot ${parent.facts.slot}`);
  }
  const schedule = scheduleInForce(parent.facts, slot);
  checkProducer(schedule, parent, header, signedBy);
  checkActivation(schedule, schedule !== parent.facts.schedule, header);
  const proposed = checkProposal(schedule, header);
  const extension = headerExtension(header, finalityExtension, finalityExtensionSchema);
  if (extension === undefined) reject('snap_invalid_finality', `${show(header)} says nothing about finality`);
  const begins = schedule !== parent.facts.schedule;
  const electorate = tree.electorateOf(parent.facts, begins ? schedule : undefined);
  // FIN-4
  if (extension.joint !== electorate.schedules.length > 1) {
    reject('snap_invalid_finality', `${show(header)} is wrong about whether the schedule before votes on it`);
  }
  const certificates = checkCertificates(tree, parent, header, extension);
  const { justify, finalized } = extension;
  const finalityTree = treeAfter(tree, parent, finalized);
  // FIN-11
  if (!equalBytes(finalityRoot(finalityTree), extension.finalityMroot)) {
    reject('snap_invalid_finality', `${show(header)} has another root over the ${finalityTree.leafCount} final blocks`);
  }
  const finalizedNum = finalized === undefined ? 0 : blockNumOf(finalized.blockId);
  const facts: ChainFacts = {
    id,
    num,
    slot,
    electorate,
    activationNum: begins ? num : parent.facts.activationNum,
    ...scheduleStateAfter(parent.facts, { num, slot, proposed, finalizedNum }),
    justify,
    finalized,
    finalityTree,
  };
  return { facts, certificates };
}

function checkProducer(schedule: VotingSchedule, parent: TreeNode, header: BlockHeader, signedBy: PublicKey): void {
  const { name, key } = authorisedProducer(schedule, parent.facts.slot, header.slot);
  if (header.producer !== name) {
    reject('wrong_producer', `${show(header)}: it is the turn of ${formatName(name)} after slot ${parent.facts.slot}`);
  }
  if (!equalBytes(signedBy, key)) reject('wrong_signing_key', `${show(header)} is not signed with its producer's key`);
}

/** CON-6: the header repeats the schedule that comes into force with it. */
function checkActivation(schedule: VotingSchedule, activated: boolean, header: BlockHeader): void {
  const { scheduleVersion, newProducers } = header;
  if (scheduleVersion !== schedule.version) {
    reject(
      'snap_invalid_schedule',
      `${show(header)} names schedule ${scheduleVersion}, in force is ${schedule.version}`,
    );
  }
  const active = headerExtension(header, activeScheduleExtension, votingScheduleSchema);
  if (!activated) {
    if (newProducers !== undefined || active !== undefined) {
      reject('snap_invalid_schedule', `${show(header)} brings a schedule into force before its time`);
    }
    return;
  }
  const producers = encode(producerScheduleSchema, producersOf(schedule));
  const repeated = newProducers !== undefined && equalBytes(encode(producerScheduleSchema, newProducers), producers);
  if (!repeated || active === undefined || !sameSchedule(active, schedule)) {
    reject('snap_invalid_schedule', `${show(header)} does not repeat schedule ${schedule.version}, which it begins`);
  }
}

function checkProposal(schedule: VotingSchedule, header: BlockHeader): VotingSchedule | undefined {
  const proposed = headerExtension(header, proposedScheduleExtension, votingScheduleSchema);
  const problem = proposed === undefined ? undefined : proposalProblem(schedule, proposed);
  if (problem !== undefined) reject('snap_invalid_schedule', `${show(header)} proposes a schedule, but ${problem}`);
  return proposed;
}

function checkCertificates(
  tree: ForkTree,
  parent: TreeNode,
  header: BlockHeader,
  { justify, finalized }: FinalityExtension,
): HeaderCertificate[] {
  const unverified: HeaderCertificate[] = [];
  const pairs = [
    [justify, parent.facts.justify, 0],
    [finalized, parent.facts.finalized, 1],
  ] as const;
  for (const [certificate, before, phase] of pairs) {
    if (sameCertificate(certificate, before)) continue;
    // FIN-8: certificates in headers only grow.
    if (certificate === undefined) {
      return reject('snap_invalid_finality', `${show(header)} leaves out a certificate that its parent has`);
    }
    const refuse = (why: string): never =>
      reject('snap_invalid_finality', `${show(header)} has a ${certificateName(certificate)}, but ${why}`);
    if (certificate.phase !== phase) refuse('of the other phase');
    if (before !== undefined && certificate.slot < before.slot) refuse(`its parent has one for slot ${before.slot}`);
    const point = tree.ancestor(parent, blockNumOf(certificate.blockId));
    if (point === undefined) return refuse(`for block ${toHex(certificate.blockId)}, not one of its ancestors`);
    const problem = certificateProblem(certificate, point);
    if (problem !== undefined) refuse(problem);
    if (!isKnown(tree, certificate)) unverified.push({ certificate, point });
  }
  return unverified;
}

/** Whether this very certificate has been verified already. */
function isKnown(tree: ForkTree, certificate: QuorumCertificate): boolean {
  const node = tree.get(certificate.blockId);
  return node !== undefined && sameCertificate(certificate.phase === 0 ? node.prepare : node.commit, certificate);
}

/** The tree over final blocks of a block on `parent` whose `finalized` is this. */
export function treeAfter(tree: ForkTree, parent: TreeNode, finalized: QuorumCertificate | undefined): FinalityTree {
  let { finalityTree } = parent.facts;
  if (finalized === undefined) return finalityTree;
  const leaves: Uint8Array[] = [];
  const last = blockNumOf(finalized.blockId);
  for (let num = finalityTree.leafCount + 1; num <= last; num++) {
    const point = tree.ancestor(parent, num);
    if (point === undefined) reject('snap_invalid_finality', `final block ${num} is not known`);
    leaves.push(point.id);
  }
  for (const leaf of leaves) finalityTree = appendLeaf(finalityTree, leaf);
  return finalityTree;
}
