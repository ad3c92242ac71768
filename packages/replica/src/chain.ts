/**
 * The chain as a replica holds it: the final block, whose state is durable, and the blocks above it, whose changes are
 * stacked in memory until the host reports them durable.
 */

import {
  type BlockParent,
  type Changeset,
  type CommitmentUpdate,
  globalKeys,
  isCommitted,
  type StateCommitment,
  type StateKey,
  type StateProof,
  type StateReader,
  type WorkingState,
} from '@snapscale/execution';
import { blockHeaderSchema, encode } from '@snapscale/protocol';

/** A block above the final one. */
export type ReversibleBlock = {
  readonly parent: BlockParent;
  readonly state: WorkingState;
  /** Undefined on chains without state roots. */
  readonly commitment: CommitmentUpdate | undefined;
};

export class Chain {
  readonly #store: StateReader;
  readonly #commitment: StateCommitment | undefined;
  readonly #reversible: ReversibleBlock[] = [];
  #final: BlockParent;

  /** `store` is the state after `final`. Without `commitment`, headers carry no state root. */
  constructor(store: StateReader, final: BlockParent, commitment: StateCommitment | undefined) {
    this.#store = store;
    this.#final = final;
    this.#commitment = commitment;
  }

  get final(): BlockParent {
    return this.#final;
  }

  get head(): BlockParent {
    return this.#reversible.at(-1)?.parent ?? this.#final;
  }

  /** Number of blocks above the final one. */
  get reversible(): number {
    return this.#reversible.length;
  }

  /** The state after the head. */
  get headState(): StateReader {
    return this.#reversible.at(-1)?.state ?? this.#store;
  }

  /**
   * Brings the commitment to the state after `changes` on the head, which the caller then pushes as a block. Undefined on
   * chains without state roots.
   */
  commit(changes: Changeset): CommitmentUpdate | undefined {
    return this.#commitment?.update([...changes].filter(([key]) => isCommitted(key)));
  }

  /** Proves the entry at `key`, or its absence, against the head's state root. Undefined on chains without. */
  prove(key: StateKey): { readonly value: Uint8Array | undefined; readonly proof: StateProof } | undefined {
    const proof = this.#commitment?.proof(key);
    return proof === undefined ? undefined : { value: this.headState.get(key), proof };
  }

  /** Adds a block on the head. */
  push(block: ReversibleBlock): void {
    block.state.put(globalKeys.header, encode(blockHeaderSchema, block.parent.header));
    block.state.forgetUndo();
    this.#reversible.push(block);
  }

  /** Blocks up to `num` are durable in the store: they become final. Returns the new final block, if it changed. */
  finalize(num: number): BlockParent | undefined {
    let count = 0;
    while (count < this.#reversible.length && this.#reversible[count]!.parent.num <= num) count++;
    if (count === 0) return undefined;
    const made = this.#reversible.splice(0, count);
    this.#final = made.at(-1)!.parent;
    const token = made.at(-1)!.commitment?.token;
    if (token !== undefined) this.#commitment!.forget(token);
    this.#reversible[0]?.state.rebase(this.#store);
    return this.#final;
  }
}
