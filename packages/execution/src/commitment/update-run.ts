/**
 * One update of the state commitment's tree: first the shape, then the hashes.
 * The walk visits each node on the way to a change once, and notes it in the record before it changes.
 */
import { encodePath } from './bucket-path.js';
import { CommitmentFault } from './commitment-fault.js';
import { type BucketNodes, hashBuckets, hashInterior } from './hash-tree.js';
import { BUCKET_LEAVES_MAX, HASH_BYTES, LEAF_BYTES, type LeafChanges, mergeLeaves, partition } from './leaves.js';
import { type NodePool, ROOT } from './node-pool.js';
import type { UpdateRecord } from './update-record.js';

/** Leaves now in force at a path. */
export type ReadLeaves = (path: string) => Uint8Array | undefined;

const EMPTY = new Uint8Array(0);
const SLAB_BYTES_MAX = 1 << 18;

export class UpdateRun {
  readonly record: UpdateRecord;
  /** Buckets by path; null where one is gone. */
  readonly bucketWrites = new Map<string, Uint8Array | null>();
  readonly #pool: NodePool;
  readonly #changes: LeafChanges;
  readonly #read: ReadLeaves;
  readonly #buckets: BucketNodes = { nodes: [], leaves: [] };
  readonly #interior: number[][] = [];
  /** New buckets are views into slabs: thousands of small buffers would keep the garbage collector busy. */
  #slab = EMPTY;
  #slabUsed = 0;

  constructor(pool: NodePool, changes: LeafChanges, record: UpdateRecord, read: ReadLeaves) {
    this.#pool = pool;
    this.#changes = changes;
    this.record = record;
    this.#read = read;
  }

  /** Changes the tree. @throws CommitmentFault; the record then takes back what was done. */
  apply(): void {
    this.#visit(ROOT, 0, 0, this.#changes.count);
    hashBuckets(this.#pool, this.#buckets);
    hashInterior(this.#pool, this.#interior);
  }

  /** Applies changes `from`..`to`, all of which lie below `node`; tells whether anything changed. */
  #visit(node: number, depth: number, from: number, to: number): boolean {
    if (from === to) return false;
    const pool = this.#pool;
    const pair = pool.childOf(node);
    if (pair === 0) return this.#changeBucket(node, depth, from, to);
    const { keyHashes } = this.#changes;
    const middle = partition(keyHashes, HASH_BYTES, from, to, depth);
    const changedLeft = this.#visit(2 * pair, depth + 1, from, middle);
    const changedRight = this.#visit(2 * pair + 1, depth + 1, middle, to);
    if (!changedLeft && !changedRight) return false;
    this.record.save(pool, node);
    const count = pool.countOf(2 * pair) + pool.countOf(2 * pair + 1);
    pool.setCount(node, count);
    if (count <= BUCKET_LEAVES_MAX) this.#joinChildren(node, depth, HASH_BYTES * from);
    else this.#noteInterior(node, depth);
    return true;
  }

  #changeBucket(node: number, depth: number, from: number, to: number): boolean {
    const pool = this.#pool;
    const { keyHashes } = this.#changes;
    const path = encodePath(keyHashes, HASH_BYTES * from, depth);
    const count = pool.countOf(node);
    const before = count === 0 ? EMPTY : checkedLeaves(this.#read(path), count);
    this.#makeRoom(before.length + LEAF_BYTES * (to - from));
    const size = mergeLeaves(before, this.#changes, from, to, this.#slab, this.#slabUsed);
    if (size < 0) return false;
    this.record.save(pool, node);
    const leaves = this.#slab.subarray(this.#slabUsed, this.#slabUsed + size);
    this.#slabUsed += size;
    if (size <= LEAF_BYTES * BUCKET_LEAVES_MAX) this.#setBucket(node, path, leaves);
    else {
      if (count > 0) this.bucketWrites.set(path, null);
      this.#split(node, depth, leaves);
    }
    return true;
  }

  /** Makes `node` the subtree of these leaves, of which there are too many for a bucket. */
  #split(node: number, depth: number, leaves: Uint8Array): void {
    const pool = this.#pool;
    const pair = pool.allocate();
    this.record.allocated.push(pair);
    pool.setChild(node, pair);
    pool.setCount(node, leaves.length / LEAF_BYTES);
    this.#noteInterior(node, depth);
    const middle = LEAF_BYTES * partition(leaves, LEAF_BYTES, 0, leaves.length / LEAF_BYTES, depth);
    this.#build(2 * pair, depth + 1, leaves.subarray(0, middle));
    this.#build(2 * pair + 1, depth + 1, leaves.subarray(middle));
  }

  #build(node: number, depth: number, leaves: Uint8Array): void {
    if (leaves.length > LEAF_BYTES * BUCKET_LEAVES_MAX) this.#split(node, depth, leaves);
    else if (leaves.length > 0) this.#setBucket(node, encodePath(leaves, 0, depth), leaves);
  }

  /** Makes an interior node with few leaves a bucket; its children are buckets. `key` is the offset of a change below it. */
  #joinChildren(node: number, depth: number, key: number): void {
    const pool = this.#pool;
    const pair = pool.childOf(node);
    const leaves = new Uint8Array(LEAF_BYTES * pool.countOf(node));
    let size = 0;
    for (const side of [0, 1] as const) {
      const count = pool.countOf(2 * pair + side);
      const path = childPath(this.#changes.keyHashes, key, depth, side);
      const written = this.bucketWrites.get(path);
      if (count > 0) {
        leaves.set(written ?? checkedLeaves(this.#read(path), count), size);
        size += LEAF_BYTES * count;
      }
      if (count > 0 || written !== undefined) this.bucketWrites.set(path, null);
    }
    this.record.released.push(pair);
    pool.setChild(node, 0);
    this.#setBucket(node, encodePath(this.#changes.keyHashes, key, depth), leaves);
  }

  #makeRoom(size: number): void {
    if (this.#slabUsed + size <= this.#slab.length) return;
    const left = this.#changes.count - this.#buckets.nodes.length;
    this.#slab = new Uint8Array(Math.max(size, Math.min(SLAB_BYTES_MAX, left * LEAF_BYTES * BUCKET_LEAVES_MAX)));
    this.#slabUsed = 0;
  }

  #setBucket(node: number, path: string, leaves: Uint8Array): void {
    this.#pool.setCount(node, leaves.length / LEAF_BYTES);
    this.#buckets.nodes.push(node);
    this.#buckets.leaves.push(leaves);
    this.bucketWrites.set(path, leaves.length === 0 ? null : leaves);
  }

  #noteInterior(node: number, depth: number): void {
    while (this.#interior.length <= depth) this.#interior.push([]);
    this.#interior[depth]!.push(node);
  }
}

/** The leaves of a bucket that must have `count` of them. @throws CommitmentFault */
export function checkedLeaves(leaves: Uint8Array | undefined, count: number): Uint8Array {
  if (leaves?.length === LEAF_BYTES * count) return leaves;
  const found = leaves === undefined ? 'nothing' : `${leaves.length} bytes`;
  throw new CommitmentFault(`cannot read a bucket of ${count} leaves: the store has ${found}`);
}

/** Path of the child on `side` of the node at `depth` on the way to the key hash at `offset`. */
function childPath(hashes: Uint8Array, offset: number, depth: number, side: 0 | 1): string {
  const bits = hashes.slice(offset, offset + HASH_BYTES);
  const mask = 0x80 >>> (depth & 7);
  if (side === 0) bits[depth >>> 3]! &= ~mask;
  else bits[depth >>> 3]! |= mask;
  return encodePath(bits, 0, depth + 1);
}
