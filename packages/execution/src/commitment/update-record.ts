/** What one update replaced: enough to take it back, and to look at the tree as it was before. */
import { type NodePool, type NodeSlot, SAVED_WORDS, savedSlot } from './node-pool.js';

/** A bucket that the store may not have yet; null where it is gone. `token` is the update that made it so. */
export type PendingBucket = { readonly token: number; readonly leaves: Uint8Array | null };

const NODES_MIN = 64;

export class UpdateRecord {
  readonly token: number;
  /** Child pairs that the update made, and those it gave up; the latter keep their content until the update is forgotten. */
  readonly allocated: number[] = [];
  readonly released: number[] = [];
  /** Paths of the buckets that the update wrote, and what was pending for each; undefined where the store's was in force. */
  readonly paths: string[] = [];
  readonly pendingBefore: (PendingBucket | undefined)[] = [];
  readonly #nodes: number[] = [];
  #saved = new Int32Array(SAVED_WORDS * NODES_MIN);
  #indexOfNode: Map<number, number> | undefined;
  #indexOfPath: Map<string, number> | undefined;

  constructor(token: number) {
    this.token = token;
  }

  /** Notes a node before the update changes it; once for each node. */
  save(pool: NodePool, node: number): void {
    const at = SAVED_WORDS * this.#nodes.length;
    if (at === this.#saved.length) {
      const grown = new Int32Array(2 * at);
      grown.set(this.#saved);
      this.#saved = grown;
    }
    pool.save(node, this.#saved, at);
    this.#nodes.push(node);
  }

  /** Puts the noted nodes back. */
  restore(pool: NodePool): void {
    this.#nodes.forEach((node, i) => {
      pool.restore(node, this.#saved, SAVED_WORDS * i);
    });
    for (const pair of this.allocated) pool.release(pair);
  }

  /** The node as it was before the update; undefined when the update left it alone. */
  before(node: number): NodeSlot | undefined {
    this.#indexOfNode ??= new Map(this.#nodes.map((saved, i) => [saved, i]));
    const i = this.#indexOfNode.get(node);
    return i === undefined ? undefined : savedSlot(this.#saved, SAVED_WORDS * i);
  }

  /** What was pending at a path before the update; undefined when the update left the path alone. */
  pendingAt(path: string): { readonly before: PendingBucket | undefined } | undefined {
    this.#indexOfPath ??= new Map(this.paths.map((written, i) => [written, i]));
    const i = this.#indexOfPath.get(path);
    return i === undefined ? undefined : { before: this.pendingBefore[i] };
  }
}
