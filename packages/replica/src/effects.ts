/** Everything that a replica asks of its host. Effects are carried out in order. */

import type { PublicKey } from '@snapscale/crypto';
import type { Changeset } from '@snapscale/execution';
import type { Name, Rejection, SignedBlock, TransactionTrace } from '@snapscale/protocol';
import type { RequestId } from './inputs.js';

/** A block and all that follows from it; one unit of durability. */
export type PersistableBlock = {
  readonly num: number;
  readonly id: Uint8Array;
  readonly block: SignedBlock;
  readonly traces: readonly TransactionTrace[];
  readonly changes: Changeset;
  /** Changed buckets of the state commitment. */
  readonly buckets: ReadonlyMap<string, Uint8Array | null>;
  /** The block is in the log already: only its state needs to be made durable. */
  readonly logged: boolean;
};

export type Effect =
  /** Sign `digest` with `key`; answer with a `signed` input. */
  | { readonly kind: 'sign'; readonly num: number; readonly digest: Uint8Array; readonly key: PublicKey }
  /** Make durable; answer with a `persisted` input. */
  | { readonly kind: 'persist'; readonly block: PersistableBlock }
  | { readonly kind: 'reply'; readonly request: RequestId; readonly result: ReplyResult }
  /** The head state changed: what a reader of the head must see before the reply that follows. */
  | {
      readonly kind: 'changes';
      readonly num: number;
      readonly entries: readonly (readonly [string, Uint8Array | null])[];
    }
  /** A block has been completed and is the new head. */
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
  /** Something an operator should know. */
  | { readonly kind: 'event'; readonly name: ReplicaEvent; readonly detail: Readonly<Record<string, string | number>> };

export type ReplicaEvent = 'slots-missed' | 'production-paused' | 'production-resumed' | 'execution-fault';

/** `trace` of an executed (or failed) transaction, or a rejection that came before execution. */
export type ReplyResult =
  | { readonly kind: 'trace'; readonly trace: TransactionTrace }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };
