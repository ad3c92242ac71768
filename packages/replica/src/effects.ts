/** Everything that a replica asks of its host. Effects are carried out in order. */
import type { ConsensusNotice, ConsensusRoot, Evidence, PeerId } from '@snapscale/consensus';
import type { BlsPublicKey, BlsSignature, PublicKey } from '@snapscale/crypto';
import type { Changeset, VerifiedTransaction } from '@snapscale/execution';
import type { Name, QuorumCertificate, Rejection, SignedBlock, TransactionTrace, Vote } from '@snapscale/protocol';
import type { RequestId } from './inputs.js';

/** A final block and all that follows from it. */
export type FinalBlock = {
  readonly num: number;
  readonly id: Uint8Array;
  readonly block: SignedBlock;
  /** `onblock` first, then those of the transactions, in order. */
  readonly traces: readonly TransactionTrace[];
  readonly changes: Changeset;
  /** Changed buckets of the state commitment. */
  readonly buckets: ReadonlyMap<string, Uint8Array | null>;
};

/** What the journal holds beyond the committed state. */
export type JournalEntry =
  | { readonly kind: 'block'; readonly num: number; readonly id: Uint8Array; readonly block: SignedBlock }
  /** See `latestSafetyRecord` of the consensus package for how to keep it. Its durability is reported by `persisted`. */
  | { readonly kind: 'record'; readonly sequence: number; readonly record: Uint8Array };

export type ReplicaEffect =
  /** Aggregate and verify as the consensus core asks; answer with `verified`. */
  | {
      readonly kind: 'verify';
      readonly ticket: number;
      readonly digest: Uint8Array;
      readonly keys: readonly BlsPublicKey[];
      readonly signatures: readonly BlsSignature[];
    }
  /** Sign a vote with the finalizer key `key`; answer with `voteSigned`. */
  | { readonly kind: 'signVote'; readonly ticket: number; readonly digest: Uint8Array; readonly key: BlsPublicKey }
  /** Sign a block with `key`; answer with `blockSigned`. */
  | { readonly kind: 'signBlock'; readonly id: Uint8Array; readonly digest: Uint8Array; readonly key: PublicKey }
  /** Append to the journal. A record is reported as `persisted` only when all entries before it are durable too. */
  | { readonly kind: 'journal'; readonly entry: JournalEntry }
  /**
   * These blocks are final, in order: store them, the state after the last, and `root` with it, all or nothing; answer with
   * `committed`. `certificate` is of the last block or of a descendant.
   */
  | {
      readonly kind: 'commit';
      readonly blocks: readonly FinalBlock[];
      readonly root: ConsensusRoot;
      readonly certificate: QuorumCertificate;
    }
  /** Send this block to all peers but `except`. */
  | { readonly kind: 'sendBlock'; readonly id: Uint8Array; readonly block: SignedBlock; readonly except: PeerId }
  /** Ask `from`, or whoever has it, for this block. */
  | { readonly kind: 'requestBlock'; readonly id: Uint8Array; readonly from: PeerId }
  | { readonly kind: 'sendVote'; readonly vote: Vote }
  | { readonly kind: 'sendCertificate'; readonly certificate: QuorumCertificate; readonly except: PeerId }
  /** Clients of this node have sent these, or they were in a block that lost: producers should know of them. */
  | { readonly kind: 'relayTransactions'; readonly transactions: readonly VerifiedTransaction[] }
  | { readonly kind: 'reply'; readonly request: RequestId; readonly result: ReplyResult }
  /**
   * What a reader of the head must see before the reply that follows: it comes on top of what the reader sees already, and may
   * be of the draft of a block. When the draft has become the head, only what closing it has written follows.
   */
  | {
      readonly kind: 'changes';
      readonly num: number;
      readonly entries: readonly (readonly [string, Uint8Array | null])[];
    }
  /** The best executed block is another one. */
  | {
      readonly kind: 'head';
      readonly num: number;
      readonly id: Uint8Array;
      readonly slot: number;
      readonly producer: Name;
      readonly transactions: number;
    }
  /** All blocks up to `num` are final and durable. */
  | { readonly kind: 'finalized'; readonly num: number; readonly id: Uint8Array; readonly slot: number }
  /** There is more to do: tick again as soon as possible. */
  | { readonly kind: 'continue' }
  /** A reader of the head must see no more of the changes with numbers above `num`: they are of another branch, or of a draft. */
  | { readonly kind: 'rewind'; readonly num: number }
  /** These blocks will not be asked for again: they may leave the journal. */
  | { readonly kind: 'forget'; readonly ids: readonly Uint8Array[] }
  | { readonly kind: 'penalise'; readonly peer: PeerId; readonly rejection: Rejection }
  /** Proof that a producer or finalizer cheats: for the system contract. */
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  /** Something an operator should know. */
  | {
      readonly kind: 'event';
      readonly name: ReplicaNotice;
      readonly detail: Readonly<Record<string, string | number>>;
    };

/** `trace` of an executed (or failed) transaction, or a rejection that came before execution. */
export type ReplyResult =
  | { readonly kind: 'trace'; readonly trace: TransactionTrace }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

export type ReplicaNotice =
  | ConsensusNotice
  /** Own slots have passed without a block of this node. */
  | 'slots-missed'
  /** The schedule names a key for a producer of this node that it does not have: it makes no blocks. */
  | 'block-key-missing'
  /** Too many final blocks wait for the store: no more are made or executed until half of them are in it. */
  | 'store-behind'
  | 'store-caught-up'
  /** This node could not execute a transaction, or a block, because of a defect of its own. */
  | 'execution-fault'
  /** Executing a peer's block gave something else than its header says. */
  | 'block-invalid';
