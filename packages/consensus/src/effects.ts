/** Everything that the consensus core asks of its host. Effects are carried out in order; answers come as events, in any order. */
import type { BlsPublicKey, BlsSignature } from '@snapscale/crypto';
import type {
  Extension,
  Name,
  ProducerSchedule,
  QuorumCertificate,
  Rejection,
  Vote,
  VotingSchedule,
} from '@snapscale/protocol';
import type { ConsensusRoot } from './chain/root.js';
import type { PeerId } from './events.js';
import type { Evidence } from './voting/evidence.js';

/** What the header of a block on a given parent must say; the rest is the execution's. */
export type BlockPlan = {
  readonly slot: number;
  readonly previous: Uint8Array;
  readonly producer: Name;
  readonly scheduleVersion: number;
  /** The schedule that comes into force with this block, if one does: `newProducers` of the header. */
  readonly newProducers: ProducerSchedule | undefined;
  /** In force in this block. */
  readonly schedule: VotingSchedule;
  /** The finality extension, and that of the schedule that comes into force. A proposal of the block itself comes on top. */
  readonly headerExtensions: readonly Extension[];
};

export type ConsensusEffect =
  /**
   * Aggregate `signatures` and verify the aggregate on `digest` under the sum of `keys`; answer with `verified`. A malformed
   * signature or key counts as invalid.
   */
  | {
      readonly kind: 'verify';
      readonly ticket: number;
      readonly digest: Uint8Array;
      readonly keys: readonly BlsPublicKey[];
      readonly signatures: readonly BlsSignature[];
    }
  /** Sign `digest` with the private key of `key`; answer with `signed`. */
  | { readonly kind: 'sign'; readonly ticket: number; readonly digest: Uint8Array; readonly key: BlsPublicKey }
  /** Make the safety record durable (see `latestSafetyRecord` for how); answer with `persisted`. At most one is under way. */
  | { readonly kind: 'persist'; readonly sequence: number; readonly record: Uint8Array }
  /** Execute this block on its parent, whose state the host has; answer with `executed`. At most one is under way. */
  | { readonly kind: 'execute'; readonly id: Uint8Array; readonly previous: Uint8Array }
  /** Build a block by this plan; answer with `produced`. At its end, `planBlock` gives the newest finality extension. */
  | { readonly kind: 'build'; readonly plan: BlockPlan }
  /** Ask `from`, or whoever has it, for this block; answer with `block`. */
  | { readonly kind: 'request'; readonly id: Uint8Array; readonly from: PeerId }
  /** Send this block to all peers but `except`, which has it. */
  | { readonly kind: 'relayBlock'; readonly id: Uint8Array; readonly except: PeerId }
  /** Send this own vote to all peers. */
  | { readonly kind: 'sendVote'; readonly vote: Vote }
  /** Send this certificate to all peers but `except`. */
  | { readonly kind: 'relayCertificate'; readonly certificate: QuorumCertificate; readonly except: PeerId }
  /** The best executed block is another one. */
  | { readonly kind: 'head'; readonly id: Uint8Array; readonly num: number; readonly slot: number }
  /**
   * This block and its ancestors are final, executed here, and `root` is where a restarted core begins: store it together
   * with the state of the block. `certificate` is of the block or of a descendant.
   */
  | {
      readonly kind: 'finalized';
      readonly id: Uint8Array;
      readonly num: number;
      readonly slot: number;
      readonly certificate: QuorumCertificate;
      readonly root: ConsensusRoot;
    }
  /** These blocks will never be asked for again: drop their transactions and states. */
  | { readonly kind: 'forget'; readonly ids: readonly Uint8Array[] }
  /** The peer sent what no honest node sends. */
  | { readonly kind: 'penalise'; readonly peer: PeerId; readonly rejection: Rejection }
  /** Proof that a producer or finalizer cheats, both signatures verified: for the system contract. */
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  /** Something an operator should know. */
  | {
      readonly kind: 'event';
      readonly name: ConsensusNotice;
      readonly detail: Readonly<Record<string, string | number>>;
    };

export type ConsensusNotice =
  /** Too many blocks wait for finality: this node produces only as CON-7 allows. */
  | 'production-paused'
  | 'production-resumed'
  /** The turn is ours, but a better block waits for its execution. */
  | 'production-skipped'
  /** Somebody votes or produces with our key: this node does neither until it is restarted. */
  | 'own-key-elsewhere'
  /** A certificate makes a block final that is invalid here: more members cheat than are tolerated, or this node is broken. It stops. */
  | 'finality-broken'
  /** A peer's block has been refused. */
  | 'block-refused';
