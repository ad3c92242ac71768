/**
 * Whose votes make a certificate for a block (FIN-4): the producers of one schedule, or, while one schedule follows
 * another, those of both, with a quorum of each.
 */
import { toHex } from '@snapscale/crypto';
import { quorumOf, type VotingProducer, type VotingSchedule } from '@snapscale/protocol';
import type { ChainFacts } from './root.js';

/** Those who vote on a block. */
export type Electorate = {
  /** One schedule; or the one before and the one that takes over. */
  readonly schedules: readonly VotingSchedule[];
  /**
   * The producers of the first schedule, then those of the second whose finalizer key is not among them: the order of the
   * bits in certificates.
   */
  readonly members: readonly VotingProducer[];
  /** Positions among the members by finalizer key, in hex. */
  readonly positions: ReadonlyMap<string, number>;
  /** Of each schedule: the positions of its producers among the members. */
  readonly seats: readonly (readonly number[])[];
};

/**
 * Who votes on a child of a block.
 * @param begins the schedule that comes into force with the child, if one does.
 */
export type ElectorateRule = (parent: ChainFacts, begins: VotingSchedule | undefined) => Electorate;

/**
 * FIN-4: from the block with which a schedule comes into force, the schedule before votes too, until a header shows that such
 * a block is final.
 */
export const electorateOf: ElectorateRule = ({ electorate, activationNum, finalityTree }, begins) => {
  const isOver = electorate.schedules.length > 1 && finalityTree.leafCount >= activationNum;
  const current = isOver ? makeElectorate(electorate.schedules[1]!) : electorate;
  return begins === undefined ? current : makeElectorate(current.schedules[0]!, begins);
};

/** The electorate of one schedule, or of the step from one to the next. */
export function makeElectorate(...schedules: readonly VotingSchedule[]): Electorate {
  const positions = new Map<string, number>();
  const members: VotingProducer[] = [];
  for (const { producers } of schedules) {
    for (const producer of producers) {
      const key = toHex(producer.finalizerKey);
      if (positions.has(key)) continue;
      positions.set(key, members.length);
      members.push(producer);
    }
  }
  const seats = schedules.map(({ producers }) =>
    producers.map(({ finalizerKey }) => positions.get(toHex(finalizerKey))!),
  );
  return { schedules, members, positions, seats };
}

/** Why these positions are no quorum; undefined if they are one of each schedule. Asked with every vote. */
export function quorumProblem(
  { schedules, seats }: Electorate,
  positions: { has(position: number): boolean },
): string | undefined {
  for (const [i, seated] of seats.entries()) {
    let count = 0;
    for (const position of seated) if (positions.has(position)) count++;
    const needed = quorumOf(seated.length);
    if (count < needed)
      return `${count} of ${seated.length} finalizers of schedule ${schedules[i]!.version} signed, ${needed} must`;
  }
  return undefined;
}
