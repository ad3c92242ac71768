/** Everything that can happen to a replica. Time is an input like any other. */
import type { PeerId } from '@snapscale/consensus';
import type { BlsSignature, PublicKey, Signature } from '@snapscale/crypto';
import type { VerifiedTransaction } from '@snapscale/execution';
import type { QuorumCertificate, SignedBlock, Vote } from '@snapscale/protocol';

/** A number that the host chose to recognise the reply; 0 asks for no reply. */
export type RequestId = number;

export type Submission = { readonly request: RequestId; readonly transaction: VerifiedTransaction };

export type ReplicaInput =
  /** Time has passed. Milliseconds since 1970. */
  | { readonly kind: 'tick'; readonly nowMs: number }
  /** Transactions have arrived, in this order: from a peer if `from` is given, else from clients of this node. */
  | {
      readonly kind: 'transactions';
      readonly nowMs: number;
      readonly submissions: readonly Submission[];
      readonly from?: PeerId;
    }
  /** Somebody asks what a transaction would do. */
  | {
      readonly kind: 'query';
      readonly nowMs: number;
      readonly request: RequestId;
      readonly mode: 'trial' | 'readOnly';
      readonly transaction: VerifiedTransaction;
    }
  /**
   * A block with its decoded transactions, in block order. `signedBy` is the key recovered from its signature. From
   * `ownPeer`: of the own journal, at the start.
   */
  | {
      readonly kind: 'block';
      readonly from: PeerId;
      readonly block: SignedBlock;
      readonly transactions: readonly VerifiedTransaction[];
      readonly signedBy: PublicKey;
    }
  | { readonly kind: 'vote'; readonly from: PeerId; readonly vote: Vote }
  | { readonly kind: 'certificate'; readonly from: PeerId; readonly certificate: QuorumCertificate }
  /** Answer to a `verify` effect: the aggregate if it is valid. */
  | { readonly kind: 'verified'; readonly ticket: number; readonly aggregate: BlsSignature | undefined }
  /** Answer to a `signVote` effect. */
  | { readonly kind: 'voteSigned'; readonly ticket: number; readonly signature: BlsSignature }
  /** Answer to a `signBlock` effect. */
  | { readonly kind: 'blockSigned'; readonly id: Uint8Array; readonly signature: Signature }
  /** The safety record with this number, and everything journalled before it, would survive a crash. */
  | { readonly kind: 'persisted'; readonly sequence: number }
  /** The state of block `num`, final, is durable and shown by the store. */
  | { readonly kind: 'committed'; readonly num: number }
  /** Begin no own blocks while this holds. A new replica begins them. */
  | { readonly kind: 'production'; readonly isHeld: boolean }
  /** Take no more transactions and begin no more blocks: the host wants to end. */
  | { readonly kind: 'drain' };
