/** Everything that can happen to a replica. Time is an input like any other. */
import type { Signature } from '@snapscale/crypto';
import type { VerifiedTransaction } from '@snapscale/execution';
import type { SignedBlock } from '@snapscale/protocol';

/** A number that the host chose to recognise the reply; 0 asks for no reply. */
export type RequestId = number;

export type Submission = { readonly request: RequestId; readonly transaction: VerifiedTransaction };

export type Input =
  /** Time has passed. Milliseconds since 1970. */
  | { readonly kind: 'tick'; readonly nowMs: number }
  /** Transactions have arrived, in this order. */
  | { readonly kind: 'transactions'; readonly nowMs: number; readonly submissions: readonly Submission[] }
  /** Somebody asks what a transaction would do. */
  | {
      readonly kind: 'query';
      readonly nowMs: number;
      readonly request: RequestId;
      readonly mode: 'trial' | 'readOnly';
      readonly transaction: VerifiedTransaction;
    }
  /** The signature asked for by a `sign` effect. */
  | { readonly kind: 'signed'; readonly num: number; readonly signature: Signature }
  /** A block from the log (or from a peer) with its decoded transactions, in block order. */
  | {
      readonly kind: 'block';
      readonly block: SignedBlock;
      readonly transactions: readonly VerifiedTransaction[];
      /** The host has it on disk already. */
      readonly logged: boolean;
    }
  /** Everything up to block `num` is durable. */
  | { readonly kind: 'persisted'; readonly num: number }
  /** Take no more transactions: the host wants to end after the block under construction. */
  | { readonly kind: 'drain' };
