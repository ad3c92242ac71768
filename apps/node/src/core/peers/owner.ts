/** What the core's side of the network needs of the core's host. */
import type { PublicKey } from '@snapscale/crypto';
import type { VerifiedTransaction } from '@snapscale/execution';
import type { PackedTransaction, SignedBlock } from '@snapscale/protocol';
import type { ReplicaInput } from '@snapscale/replica';

/** A place on the chain. */
export type BlockPoint = { readonly id: Uint8Array; readonly num: number; readonly slot: number };

export type PeerLinkOwner = {
  /** Feeds the replica (effects are carried out by the host). */
  step(input: ReplicaInput): void;
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** The best executed block. */
  head(): BlockPoint;
  /** The newest committed block, readable in the block log. */
  final(): BlockPoint;
  earliestBlockNum(): number;
  /** A reversible, executed block; undefined if not here. */
  block(id: Uint8Array): SignedBlock | undefined;
  /** Blocks of the best chain with these numbers above the final one, executed ones only, ascending, at most `count`. */
  bestChain(fromNum: number, count: number): readonly SignedBlock[];
  /** A transaction that this node has verified lately, by id. */
  known(id: Uint8Array): VerifiedTransaction | undefined;
  /** Decodes within limits and recovers the keys of one packed transaction. @throws Reject, DecodeError */
  verify(received: PackedTransaction): VerifiedTransaction;
  /** Recovers the block signature's key. @throws CryptoError */
  signedBy(block: SignedBlock): PublicKey;
  /** Whether a producer has this key, by the schedules that are known here. */
  isBlockKey(key: PublicKey): boolean;
  event(name: string, detail: Readonly<Record<string, string | number>>): void;
};
