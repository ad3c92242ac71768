/** How long what replicas ask of their hosts takes, in milliseconds of virtual time. */
import type { Chance } from '@snapscale/consensus/testing';

export type Pace = {
  /** To aggregate and verify so many signatures under so many keys. */
  verifyMs(keys: number, signatures: number): number;
  signVoteMs(): number;
  signBlockMs(): number;
  /** From the arrival of a block to the moment at which the replica takes it in: decoding, key recovery, execution. */
  readonly receiveMs: number;
  /** To make the journal durable. */
  writeMs(): number;
  /** To store the state of final blocks, and then to tell the replica. */
  commitMs(): number;
  answerMs(): number;
  /** Finalizers' signatures are made and verified one after another. */
  readonly isSerial: boolean;
};

/** Answers in any order; writes take up to so long. */
export function randomPace(chance: Chance, writeMaxMs = 8): Pace {
  const upTo = (ms: number) => () => chance.below(ms);
  return {
    verifyMs: upTo(3),
    signVoteMs: () => 1,
    signBlockMs: () => 1,
    receiveMs: 0,
    writeMs: () => 1 + chance.below(writeMaxMs),
    commitMs: () => 1 + chance.below(10),
    answerMs: upTo(10),
    isSerial: false,
  };
}
