/** Everything that can happen to the consensus core. The clock is an input like any other. */
import type { BlsSignature, PublicKey, Signature } from '@snapscale/crypto';
import type { BlockHeader, QuorumCertificate, Vote } from '@snapscale/protocol';

/** A number that the host gave a peer; {@link ownPeer} for itself. */
export type PeerId = number;

/** Origin of what this node made or reads from its own log: never penalised, never relayed back. */
export const ownPeer: PeerId = 0;

export type ConsensusEvent =
  /** The clock stands in this slot. At least once per slot. */
  | { readonly kind: 'tick'; readonly slot: number }
  /** The host could begin a block for `slot`. Answered by a `build` effect if this node is to produce it. */
  | { readonly kind: 'openSlot'; readonly slot: number }
  /** The block asked for by `build`, signed. It has been executed here and is valid. */
  | { readonly kind: 'produced'; readonly header: BlockHeader; readonly signature: Signature }
  /**
   * A block of a peer or of the own log. `signedBy` is the key that the host recovered from `signature`. The host keeps the
   * transactions until `execute` or `forget` names the block.
   */
  | {
      readonly kind: 'block';
      readonly from: PeerId;
      readonly header: BlockHeader;
      readonly signature: Signature;
      readonly signedBy: PublicKey;
    }
  /** Result of an `execute` effect. */
  | { readonly kind: 'executed'; readonly id: Uint8Array; readonly valid: boolean }
  | { readonly kind: 'vote'; readonly from: PeerId; readonly vote: Vote }
  | { readonly kind: 'certificate'; readonly from: PeerId; readonly certificate: QuorumCertificate }
  /** Result of a `verify` effect: the aggregate if it is valid. */
  | { readonly kind: 'verified'; readonly ticket: number; readonly aggregate: BlsSignature | undefined }
  /** Result of a `sign` effect. */
  | { readonly kind: 'signed'; readonly ticket: number; readonly signature: BlsSignature }
  /** The safety record with this sequence number would survive a crash. */
  | { readonly kind: 'persisted'; readonly sequence: number };
