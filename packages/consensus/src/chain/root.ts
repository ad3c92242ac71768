/**
 * Where a core begins: the newest final block with all that the chain up to it says about schedules and finality. A host
 * stores it with the state of that block.
 */

import { toHex } from '@snapscale/crypto';
import {
  array,
  type BlockHeader,
  blockHeaderSchema,
  blockId,
  blockNumOf,
  checksum256,
  encode,
  FormatError,
  limits,
  mapped,
  nullable,
  type QuorumCertificate,
  quorumCertificateSchema,
  type Schema,
  slotSchema,
  struct,
  u8,
  u32,
  type VotingSchedule,
  votingScheduleSchema,
} from '@snapscale/protocol';
import { type Electorate, makeElectorate } from './electorate.js';
import { appendLeaf, emptyFinalityTree, type FinalityTree, finalityTreeSchema } from './finality-tree.js';
import type { ScheduleState } from './set-change.js';

/** A block, as far as certificates for it need it. */
export type ChainPoint = {
  readonly id: Uint8Array;
  readonly num: number;
  readonly slot: number;
  /** Whose votes count for it. */
  readonly electorate: Electorate;
};

/** What a chain up to some block says; a pure function of its headers. */
export type ChainFacts = ChainPoint &
  ScheduleState & {
    /** Number of the block with which `schedule` came into force. */
    readonly activationNum: number;
    /** Of the block's header. */
    readonly justify: QuorumCertificate | undefined;
    readonly finalized: QuorumCertificate | undefined;
    /** Over the ids of all blocks up to the one that `finalized` names. */
    readonly finalityTree: FinalityTree;
  };

/** The newest final block. */
export type ConsensusRoot = {
  readonly header: BlockHeader;
  readonly facts: ChainFacts;
  /** Ancestors that certificates and trees in headers of descendants may still refer to, ascending, without gaps. */
  readonly trail: readonly ChainPoint[];
  /** What made it final: a commit certificate for it or for a descendant. Undefined for the genesis block only. */
  readonly certificate: QuorumCertificate | undefined;
};

/** The root of a new chain. `header` is block 1's; its producers and finalizers are those of `schedule`. */
export function genesisRoot(header: BlockHeader, schedule: VotingSchedule): ConsensusRoot {
  const id = blockId(header);
  const num = blockNumOf(id);
  const facts: ChainFacts = {
    id,
    num,
    slot: header.slot,
    electorate: makeElectorate(schedule),
    schedule,
    activationNum: num,
    pending: undefined,
    justify: undefined,
    finalized: undefined,
    finalityTree: appendLeaf(emptyFinalityTree, id),
  };
  return { header, facts, trail: [], certificate: undefined };
}

const schedulesMax = 64;

const pendingSchema = struct('pending_schedule', {
  schedule: votingScheduleSchema,
  proposedNum: u32,
  carriedSlot: nullable(slotSchema),
});

/** Positions of one or two schedules. */
const electorateSchema = array(u8, 2);

const trailPointSchema = struct('trail_point', { id: checksum256, slot: slotSchema, electorate: electorateSchema });

const rootStruct = struct('consensus_root', {
  version: u8,
  header: blockHeaderSchema,
  /** Each schedule once; the others refer to it by its position. */
  schedules: array(votingScheduleSchema, schedulesMax),
  electorate: electorateSchema,
  schedule: u8,
  activationNum: u32,
  pending: nullable(pendingSchema),
  justify: nullable(quorumCertificateSchema),
  finalized: nullable(quorumCertificateSchema),
  finalityTree: finalityTreeSchema,
  trail: array(trailPointSchema, limits.reversibleBlocksMax),
  certificate: nullable(quorumCertificateSchema),
});

const FORMAT_VERSION = 1;

/** Wire type of a root; first byte: version. */
export const consensusRootSchema: Schema<ConsensusRoot> = mapped('consensus_root', rootStruct, {
  back({ header, facts, trail, certificate }) {
    const schedules: VotingSchedule[] = [];
    const positions = new Map<string, number>();
    const position = (schedule: VotingSchedule): number => {
      const key = toHex(encode(votingScheduleSchema, schedule));
      const known = positions.get(key) ?? schedules.push(schedule) - 1;
      positions.set(key, known);
      return known;
    };
    return {
      version: FORMAT_VERSION,
      header,
      electorate: facts.electorate.schedules.map(position),
      schedule: position(facts.schedule),
      activationNum: facts.activationNum,
      pending: facts.pending,
      justify: facts.justify,
      finalized: facts.finalized,
      finalityTree: facts.finalityTree,
      trail: trail.map(({ id, slot, electorate }) => ({ id, slot, electorate: electorate.schedules.map(position) })),
      certificate,
      schedules,
    };
  },
  view(value) {
    if (value.version !== FORMAT_VERSION)
      throw new FormatError(`consensus root of version ${value.version}, not ${FORMAT_VERSION}`);
    const scheduleAt = (position: number): VotingSchedule => {
      const schedule = value.schedules[position];
      if (schedule === undefined) throw new FormatError(`there is no schedule ${position}`);
      return schedule;
    };
    const electorates = new Map<string, Electorate>();
    const electorateAt = (positions: readonly number[]): Electorate => {
      if (positions.length === 0) throw new FormatError('a block has no finalizers');
      const key = positions.join();
      const known = electorates.get(key) ?? makeElectorate(...positions.map(scheduleAt));
      electorates.set(key, known);
      return known;
    };
    const { header, certificate, activationNum, pending, justify, finalized, finalityTree } = value;
    const id = blockId(header);
    const facts: ChainFacts = {
      id,
      num: blockNumOf(id),
      slot: header.slot,
      electorate: electorateAt(value.electorate),
      schedule: scheduleAt(value.schedule),
      activationNum,
      pending: pending === undefined ? undefined : { ...pending, carriedSlot: pending.carriedSlot },
      justify,
      finalized,
      finalityTree,
    };
    const trail = value.trail.map((point) => ({
      id: point.id,
      num: blockNumOf(point.id),
      slot: point.slot,
      electorate: electorateAt(point.electorate),
    }));
    return { header, facts, trail, certificate };
  },
});
