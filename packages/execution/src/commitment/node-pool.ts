/**
 * The nodes of the state commitment's tree in one flat array: 80 bytes for each pair of siblings, no objects.
 *
 * Nodes live in pairs of siblings: the children of a node are the nodes 2p and 2p+1 of its child pair p. A pair is
 * 20 words: two hashes side by side, as the parent hashes them, then two child pairs, then two leaf counts. All that a
 * step down the tree touches is so in one or two cache lines, which halves the time of updates in large trees.
 * Pair 0 holds the root (node 0); child pair 0 marks a bucket.
 */
import { HASH_BYTES } from './leaves.js';

export const ROOT = 0;

/** What is known of one node. */
export type NodeSlot = { readonly child: number; readonly count: number; readonly hash: Uint8Array };

/** Words of a hash, and of what is saved of a node: hash, child pair, count. */
const HASH_WORDS = 8;
export const SAVED_WORDS = HASH_WORDS + 2;

const PAIRS_MIN = 1024;
const PAIR_WORDS = 20;
const CHILD_WORD = 16;
const COUNT_WORD = 18;

export class NodePool {
  #words = new Int32Array(PAIR_WORDS * PAIRS_MIN);
  #bytes = new Uint8Array(this.#words.buffer);
  readonly #free: number[] = [];
  #used = 1;

  /** Memory held. */
  get byteLength(): number {
    return this.#bytes.length;
  }

  /** Child pair of a node; 0 for a bucket. */
  childOf(node: number): number {
    return this.#words[PAIR_WORDS * (node >>> 1) + CHILD_WORD + (node & 1)]!;
  }

  setChild(node: number, pair: number): void {
    this.#words[PAIR_WORDS * (node >>> 1) + CHILD_WORD + (node & 1)] = pair;
  }

  /** Leaves below a node. */
  countOf(node: number): number {
    return this.#words[PAIR_WORDS * (node >>> 1) + COUNT_WORD + (node & 1)]!;
  }

  setCount(node: number, count: number): void {
    this.#words[PAIR_WORDS * (node >>> 1) + COUNT_WORD + (node & 1)] = count;
  }

  /** A copy of a node's hash. */
  hashOf(node: number): Uint8Array {
    const at = byteOffset(node);
    return this.#bytes.slice(at, at + HASH_BYTES);
  }

  /** Sets a node's hash to the eight words at `offset`, in the byte order of the machine. */
  setHash(node: number, words: Int32Array, offset: number): void {
    const at = byteOffset(node) >>> 2;
    const own = this.#words;
    for (let i = 0; i < HASH_WORDS; i++) own[at + i] = words[offset + i]!;
  }

  clearHash(node: number): void {
    const at = byteOffset(node) >>> 2;
    this.#words.fill(0, at, at + HASH_WORDS);
  }

  /** The two hashes of a pair, left first; not a copy. */
  pairHashes(pair: number): Uint8Array {
    const at = 4 * PAIR_WORDS * pair;
    return this.#bytes.subarray(at, at + 2 * HASH_BYTES);
  }

  /** Writes the two hashes of a pair, left first, at word `offset` of `target`. */
  copyPairHashes(pair: number, target: Int32Array, offset: number): void {
    const at = PAIR_WORDS * pair;
    const own = this.#words;
    for (let i = 0; i < 2 * HASH_WORDS; i++) target[offset + i] = own[at + i]!;
  }

  /** Writes all that is known of a node at `offset` of `saved`. */
  save(node: number, saved: Int32Array, offset: number): void {
    const at = byteOffset(node) >>> 2;
    const own = this.#words;
    for (let i = 0; i < HASH_WORDS; i++) saved[offset + i] = own[at + i]!;
    saved[offset + HASH_WORDS] = this.childOf(node);
    saved[offset + HASH_WORDS + 1] = this.countOf(node);
  }

  /** Inverse of {@link save}. */
  restore(node: number, saved: Int32Array, offset: number): void {
    this.setHash(node, saved, offset);
    this.setChild(node, saved[offset + HASH_WORDS]!);
    this.setCount(node, saved[offset + HASH_WORDS + 1]!);
  }

  /** A pair of two empty buckets. */
  allocate(): number {
    const pair = this.#free.pop() ?? this.#used++;
    if (PAIR_WORDS * pair >= this.#words.length) this.#grow();
    this.#words.fill(0, PAIR_WORDS * pair, PAIR_WORDS * (pair + 1));
    return pair;
  }

  release(pair: number): void {
    this.#free.push(pair);
  }

  #grow(): void {
    const grown = new Int32Array(2 * this.#words.length);
    grown.set(this.#words);
    this.#words = grown;
    this.#bytes = new Uint8Array(grown.buffer);
  }
}

/** Reads what {@link NodePool.save} wrote. */
export function savedSlot(saved: Int32Array, offset: number): NodeSlot {
  const words = saved.slice(offset, offset + HASH_WORDS);
  return {
    child: saved[offset + HASH_WORDS]!,
    count: saved[offset + HASH_WORDS + 1]!,
    hash: new Uint8Array(words.buffer),
  };
}

function byteOffset(node: number): number {
  return 4 * PAIR_WORDS * (node >>> 1) + HASH_BYTES * (node & 1);
}
