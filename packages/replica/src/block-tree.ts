/**
 * Blocks above the committed state: bodies by id, and of those that have been executed the state, stacked on the parent's.
 *
 * There is one state commitment for all branches. It stands on one block at a time and is moved to another by taking back
 * updates down to the common ancestor and applying the recorded changes of the other branch.
 */
import { equalBytes, toHex } from '@snapscale/crypto';
import {
  type BlockParent,
  type Changeset,
  type CommitmentUpdate,
  globalKeys,
  isCommitted,
  type RootOf,
  type StateCommitment,
  type StateKey,
  type StateProof,
  type StateReader,
  type VerifiedTransaction,
  type WorkingState,
} from '@snapscale/execution';
import { blockHeaderSchema, encode, type SignedBlock, type TransactionTrace } from '@snapscale/protocol';

/** A block as it came, with its transactions decoded. */
export type BlockBody = {
  readonly block: SignedBlock;
  readonly transactions: readonly VerifiedTransaction[];
  /** It is in this node's journal. */
  readonly isJournalled: boolean;
};

/** A block that has been executed here. */
export type ExecutedBlock = {
  readonly point: BlockParent;
  /** Undefined on the committed state. */
  previous: ExecutedBlock | undefined;
  readonly transactions: readonly VerifiedTransaction[];
  /** `onblock` first, then those of the transactions, in order. */
  readonly traces: readonly TransactionTrace[];
  readonly state: WorkingState;
  readonly changes: Changeset;
  /** What closing the block has written, its header among it: all that a reader of its finished draft has not seen. */
  readonly closingKeys: readonly StateKey[];
};

/** The state root of a block under execution. */
export type PendingRoot = { readonly rootOf: RootOf; update: CommitmentUpdate | undefined };

export class BlockTree {
  readonly #store: StateReader;
  readonly #commitment: StateCommitment | undefined;
  readonly #bodies = new Map<string, BlockBody>();
  readonly #executed = new Map<string, ExecutedBlock>();
  /** Newest update of the commitment by each executed block. */
  readonly #updates = new Map<ExecutedBlock, CommitmentUpdate>();
  /** Where the commitment stands: the blocks from the committed state upwards whose changes it has. */
  #applied: ExecutedBlock[] = [];
  #committed: BlockParent;
  /** Newest block that was given to be committed. */
  #final: BlockParent;

  /** `store` shows the state after `committed`. Without `commitment`, headers carry no state root. */
  constructor(store: StateReader, committed: BlockParent, commitment: StateCommitment | undefined) {
    this.#store = store;
    this.#committed = committed;
    this.#final = committed;
    this.#commitment = commitment;
  }

  /** The block whose state the store shows. */
  get committed(): BlockParent {
    return this.#committed;
  }

  /** True when no final block waits for the store. */
  get isCommitted(): boolean {
    return this.#final === this.#committed;
  }

  /** Final blocks that wait for the store. */
  get uncommitted(): number {
    return this.#final.num - this.#committed.num;
  }

  /** Bodies, and executed blocks, that are held. */
  get size(): { readonly bodies: number; readonly executed: number } {
    return { bodies: this.#bodies.size, executed: this.#executed.size };
  }

  addBody(id: Uint8Array, body: BlockBody): void {
    const key = toHex(id);
    if (!this.#bodies.has(key)) this.#bodies.set(key, body);
  }

  body(id: Uint8Array): BlockBody | undefined {
    return this.#bodies.get(toHex(id));
  }

  executed(id: Uint8Array): ExecutedBlock | undefined {
    return this.#executed.get(toHex(id));
  }

  /** A block to build on, with the state after it: the final one, or an executed one above it. */
  place(id: Uint8Array): { readonly point: BlockParent; readonly state: StateReader } | undefined {
    if (equalBytes(id, this.#committed.id)) {
      // Once a final block waits for the store, the store may show it at any time.
      return this.isCommitted ? { point: this.#committed, state: this.#store } : undefined;
    }
    const block = this.executed(id);
    return block !== undefined && this.#isOnFinal(block) ? block : undefined;
  }

  /** For the execution of a block on `previous`: gives its state root, and holds what {@link insert} or {@link discard} need. */
  rootOn(previous: Uint8Array): PendingRoot {
    const pending: PendingRoot = {
      update: undefined,
      rootOf: (changes) => {
        this.#moveTo(this.executed(previous));
        pending.update = this.#commitment?.update(committedOf(changes));
        return pending.update?.root;
      },
    };
    return pending;
  }

  /** The block turned out wrong: its changes leave the commitment again. */
  discard({ update }: PendingRoot): void {
    if (update !== undefined) this.#commitment!.revert(update.token);
  }

  /** Adds a block that has just been executed; nothing else has been executed since. */
  insert(executed: Omit<ExecutedBlock, 'changes' | 'previous'>, { update }: PendingRoot): ExecutedBlock {
    const { point, state } = executed;
    const closingKeys = [...executed.closingKeys, globalKeys.header];
    const previous = this.executed(point.header.previous);
    state.put(globalKeys.header, encode(blockHeaderSchema, point.header));
    state.forgetUndo();
    const block: ExecutedBlock = { ...executed, previous, changes: state.changes(), closingKeys };
    this.#executed.set(toHex(point.id), block);
    if (update !== undefined) {
      this.#updates.set(block, update);
      this.#applied.push(block);
    }
    return block;
  }

  /** Proves the entry at `key`, or its absence, against the state root of a block, or of the committed state. Undefined on chains without. */
  prove(block: ExecutedBlock | undefined, key: StateKey): StateProof | undefined {
    if (this.#commitment === undefined) return undefined;
    this.#moveTo(block);
    return this.#commitment.proof(key);
  }

  /**
   * An executed block and its ancestors are final. Gives those that were not given before, the oldest first, with the buckets
   * of the state commitment that each changes.
   */
  finalize(id: Uint8Array): (readonly [ExecutedBlock, ReadonlyMap<string, Uint8Array | null>])[] {
    const last = this.executed(id);
    if (last === undefined || last.point.num <= this.#final.num) return [];
    // From now on the store may show the new buckets at any time: no update below this block may be taken back.
    if (!this.#applied.includes(last)) this.#moveTo(last);
    const blocks = pathTo(last).filter(({ point }) => point.num > this.#final.num);
    this.#final = last.point;
    return blocks.map((block) => [block, this.#updates.get(block)?.bucketWrites ?? NO_BUCKETS]);
  }

  /** The store shows the state of final block `num`. Returns it if that is news. */
  commit(num: number): BlockParent | undefined {
    const last = pathTo(this.executed(this.#final.id)).find(({ point }) => point.num === num);
    if (last === undefined) return undefined;
    const update = this.#updates.get(last);
    if (update !== undefined) {
      this.#commitment!.forget(update.token);
      this.#applied.splice(0, this.#applied.indexOf(last) + 1);
    }
    this.#committed = last.point;
    for (const [key, block] of this.#executed) {
      if (block.point.num <= num) this.#drop(key);
      else if (block.previous === last) {
        block.state.rebase(this.#store);
        block.previous = undefined;
      }
    }
    return last.point;
  }

  /**
   * Consensus will not ask for these blocks again. Final ones that wait for the store are kept: consensus drops them when a
   * peer sends them once more. Returns what is gone.
   */
  forget(ids: readonly Uint8Array[]): Uint8Array[] {
    const waiting = this.isCommitted ? [] : pathTo(this.executed(this.#final.id));
    const gone = ids.filter((id) => !waiting.some(({ point }) => equalBytes(point.id, id)));
    for (const id of gone) {
      const key = toHex(id);
      this.#bodies.delete(key);
      // What the commitment stands on stays known until it has moved away.
      if (!this.#applied.some(({ point }) => toHex(point.id) === key)) this.#drop(key);
      else this.#executed.delete(key);
    }
    return gone;
  }

  #isOnFinal(block: ExecutedBlock): boolean {
    if (this.isCommitted) return true;
    let at: ExecutedBlock | undefined = block;
    while (at !== undefined && at.point.num > this.#final.num) at = at.previous;
    return at?.point === this.#final;
  }

  #drop(key: string): void {
    const block = this.#executed.get(key);
    if (block !== undefined) this.#updates.delete(block);
    this.#executed.delete(key);
    this.#bodies.delete(key);
  }

  #moveTo(target: ExecutedBlock | undefined): void {
    const commitment = this.#commitment;
    if (commitment === undefined) return;
    const path = pathTo(target);
    const common = commonLength(this.#applied, path);
    const left = this.#applied.splice(common);
    if (left.length > 0) commitment.revert(this.#updates.get(left[0]!)!.token);
    for (const block of path.slice(common)) {
      this.#updates.set(block, commitment.update(committedOf(block.changes)));
      this.#applied.push(block);
    }
    for (const block of left) {
      if (this.#executed.get(toHex(block.point.id)) !== block) this.#updates.delete(block);
    }
  }
}

/** How to get from one block to another: what is left, the newest first, and what is entered, the oldest first. */
export function wayBetween(
  from: ExecutedBlock | undefined,
  to: ExecutedBlock | undefined,
): { readonly left: readonly ExecutedBlock[]; readonly entered: readonly ExecutedBlock[] } {
  const before = pathTo(from);
  const after = pathTo(to);
  const common = commonLength(before, after);
  return { left: before.slice(common).reverse(), entered: after.slice(common) };
}

const NO_BUCKETS: ReadonlyMap<string, null> = new Map();

function committedOf(changes: Changeset): (readonly [StateKey, Uint8Array | null])[] {
  return [...changes].filter(([key]) => isCommitted(key));
}

/** From above the committed state up to `block`. */
function pathTo(block: ExecutedBlock | undefined): ExecutedBlock[] {
  const path: ExecutedBlock[] = [];
  for (let at = block; at !== undefined; at = at.previous) path.push(at);
  return path.reverse();
}

function commonLength<T>(a: readonly T[], b: readonly T[]): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
