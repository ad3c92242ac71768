/**
 * Whether a root that a stranger gives is that of its block. The block's header is known to be final; everything else in the
 * root follows from the headers before it and from the schedules that a light client has followed.
 *
 * What cannot be seen is only this: that no proposal waits which is older than the headers that came along. A stranger who keeps
 * one back makes a node that will take the block which brings it into force for a wrong one, and stand still.
 */
import { equalBytes } from '@snapscale/crypto';
import {
  activeScheduleExtension,
  type BlockHeader,
  blockId,
  blockNumOf,
  type FinalityExtension,
  finalityExtension,
  finalityExtensionSchema,
  headerExtension,
  proposedScheduleExtension,
  type VotingSchedule,
  votingScheduleSchema,
} from '@snapscale/protocol';
import { sameCertificate } from './certificate.js';
import type { Electorate } from './electorate.js';
import { finalityRoot } from './finality-tree.js';
import type { LightTrust } from './light-client.js';
import type { LightStep } from './light-update.js';
import type { ConsensusRoot } from './root.js';
import { sameSchedule } from './set-change.js';

/** A schedule that is trusted, and the number of the block with which it came into force, where that is known. */
export type TrustedSchedule = { readonly schedule: VotingSchedule; readonly activationNum: number | undefined };

/**
 * The schedules that are trusted after steps that have been followed, the oldest first.
 * @param activationNum of the schedule of `trust`, where it is known: 1 for that of a genesis
 */
export function trustedSchedules(
  trust: LightTrust,
  steps: readonly LightStep[],
  activationNum: number | undefined,
): TrustedSchedule[] {
  const trusted: TrustedSchedule[] = [];
  if (trust.previous !== undefined) trusted.push({ schedule: trust.previous, activationNum: undefined });
  trusted.push({ schedule: trust.schedule, activationNum });
  for (const { headers } of steps) {
    const [first] = headers;
    if (first === undefined || first.scheduleVersion <= trust.schedule.version) continue;
    const schedule = headerExtension(first, activeScheduleExtension, votingScheduleSchema);
    if (schedule !== undefined) trusted.push({ schedule, activationNum: blockNumOf(blockId(first)) });
  }
  return trusted;
}

/** Number of the oldest block whose header {@link rootProblem} needs. */
export function oldestHeaderNeeded({ facts, trail }: ConsensusRoot): number {
  return Math.min(trail[0]?.num ?? facts.num, facts.pending?.proposedNum ?? facts.num);
}

/**
 * Why `root` is not that of its block; undefined if it is. The certificate is not looked at.
 * @param headers one after the other without gaps, from {@link oldestHeaderNeeded} or before, to the root's own, which is final
 * @throws DecodeError for headers with malformed extensions
 */
export function rootProblem(
  root: ConsensusRoot,
  headers: readonly BlockHeader[],
  trusted: readonly TrustedSchedule[],
): string | undefined {
  const ids = headers.map(blockId);
  for (let i = 1; i < headers.length; i++) {
    if (!equalBytes(headers[i]!.previous, ids[i - 1]!)) return `header ${i} does not follow the one before`;
  }
  const last = ids.at(-1);
  if (last === undefined || !equalBytes(last, root.facts.id)) return 'the last header is not that of the root';
  if (blockNumOf(ids[0]!) > oldestHeaderNeeded(root)) return 'the headers do not reach back far enough';
  const chain: KnownChain = { headers, ids, firstNum: blockNumOf(ids[0]!), trusted };
  return (
    pointProblem(chain, root.facts) ??
    scheduleProblem(chain, root) ??
    finalityProblem(root) ??
    trailProblem(chain, root) ??
    pendingProblem(chain, root)
  );
}

type KnownChain = {
  readonly headers: readonly BlockHeader[];
  readonly ids: readonly Uint8Array[];
  readonly firstNum: number;
  readonly trusted: readonly TrustedSchedule[];
};

type Point = {
  readonly id: Uint8Array;
  readonly num: number;
  readonly slot: number;
  readonly electorate: Electorate;
};

/** A block that the root names, against its header. */
function pointProblem(chain: KnownChain, { id, num, slot, electorate }: Point): string | undefined {
  const header = chain.headers[num - chain.firstNum];
  const known = chain.ids[num - chain.firstNum];
  if (header === undefined || known === undefined || !equalBytes(known, id)) return `block ${num} is another one`;
  if (header.slot !== slot) return `block ${num} is of slot ${header.slot}, not ${slot}`;
  const versions = finalityOf(header)?.joint === true ? [-1, 0] : [0];
  const expected = versions.map((before) => scheduleOf(chain, header.scheduleVersion + before));
  if (expected.some((schedule) => schedule === undefined)) {
    return `schedule ${header.scheduleVersion} of block ${num}, or the one before, is not trusted`;
  }
  const { schedules } = electorate;
  const isSame =
    schedules.length === expected.length && schedules.every((schedule, i) => sameSchedule(schedule, expected[i]!));
  return isSame ? undefined : `block ${num} has other voters`;
}

function scheduleProblem({ headers, trusted }: KnownChain, { facts }: ConsensusRoot): string | undefined {
  const version = headers.at(-1)!.scheduleVersion;
  const known = trusted.find(({ schedule }) => schedule.version === version);
  if (known === undefined) return `schedule ${version} is not trusted`;
  if (!sameSchedule(known.schedule, facts.schedule)) return `schedule ${version} is another one`;
  const { activationNum } = known;
  if (activationNum !== undefined) {
    return activationNum === facts.activationNum
      ? undefined
      : `schedule ${version} came into force with block ${activationNum}, not ${facts.activationNum}`;
  }
  // It only decides when the schedule before stops to vote.
  const isOver = facts.electorate.schedules.length === 1 && facts.activationNum <= facts.finalityTree.leafCount;
  return isOver ? undefined : `it is not known with which block schedule ${version} came into force`;
}

function finalityProblem({ header, facts }: ConsensusRoot): string | undefined {
  const { justify, finalized, finalityTree } = facts;
  const finality = finalityOf(header);
  if (!sameCertificate(finality?.justify, justify) || !sameCertificate(finality?.finalized, finalized)) {
    return 'its certificates are not those of the header';
  }
  // Only block 1 says nothing: its tree is over itself.
  const leafCount = finalized === undefined ? 1 : blockNumOf(finalized.blockId);
  const peaks = leafCount.toString(2).replaceAll('0', '').length;
  if (finalityTree.leafCount !== leafCount || finalityTree.peaks.length !== peaks) {
    return `the tree is over ${finalityTree.leafCount} blocks, not ${leafCount}`;
  }
  const expected = finality?.finalityMroot ?? facts.id;
  return equalBytes(finalityRoot(finalityTree), expected) ? undefined : 'the tree over final blocks has another root';
}

/** Ancestors down to the oldest one that descendants may still refer to. */
function trailProblem(chain: KnownChain, { facts, trail }: ConsensusRoot): string | undefined {
  const { justify, finalityTree, num } = facts;
  const justified = justify === undefined ? 0 : blockNumOf(justify.blockId);
  const from = Math.max(1, Math.min(justified === 0 ? finalityTree.leafCount : justified, finalityTree.leafCount));
  for (let at = from, i = trail.length - (num - from); at < num; at++, i++) {
    if (trail[i]?.num !== at) return `block ${at} is missing in the trail`;
  }
  for (const point of trail) {
    const problem = pointProblem(chain, point);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** CON-4, CON-5: the proposal that waits, by the headers that are known. */
function pendingProblem({ headers, firstNum }: KnownChain, { facts }: ConsensusRoot): string | undefined {
  const { schedule, pending } = facts;
  let waiting: { proposed: VotingSchedule; num: number; carriedSlot: number | undefined } | undefined;
  for (const [i, header] of headers.entries()) {
    if (header.scheduleVersion !== schedule.version) continue;
    const proposed = headerExtension(header, proposedScheduleExtension, votingScheduleSchema);
    const finalized = finalityOf(header)?.finalized;
    if (proposed !== undefined) waiting = { proposed, num: firstNum + i, carriedSlot: undefined };
    else if (waiting !== undefined && waiting.carriedSlot === undefined && finalized !== undefined) {
      if (blockNumOf(finalized.blockId) >= waiting.num) waiting.carriedSlot = header.slot;
    }
  }
  if (pending === undefined || waiting === undefined) {
    return pending === waiting ? undefined : 'it is wrong about whether a schedule is proposed';
  }
  const isSame =
    sameSchedule(pending.schedule, waiting.proposed) &&
    pending.proposedNum === waiting.num &&
    pending.carriedSlot === waiting.carriedSlot;
  return isSame ? undefined : `the schedule that waits is not the one of block ${waiting.num}`;
}

function scheduleOf({ trusted }: KnownChain, version: number): VotingSchedule | undefined {
  return trusted.find(({ schedule }) => schedule.version === version)?.schedule;
}

function finalityOf(header: BlockHeader): FinalityExtension | undefined {
  return headerExtension(header, finalityExtension, finalityExtensionSchema);
}
