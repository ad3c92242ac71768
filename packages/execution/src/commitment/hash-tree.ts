/** Hashing of the state commitment's nodes in batches, four at a time. */
import { type MessageSource, sha256Many } from '@snapscale/crypto';
import { HASH_BYTES } from './leaves.js';
import { BUCKET_TAG, INTERIOR_TAG } from './node-hash.js';
import type { NodePool } from './node-pool.js';

/** Bucket nodes and the leaves that they now have, in two lists of equal length. */
export type BucketNodes = { readonly nodes: number[]; readonly leaves: Uint8Array[] };

/** Sets the hashes of buckets. */
export function hashBuckets(pool: NodePool, { nodes, leaves }: BucketNodes): void {
  const hashes = new Uint8Array(HASH_BYTES * nodes.length);
  const source: MessageSource = {
    sizeOf: (index) => 1 + leaves[index]!.length,
    write: (index, target, offset) => {
      target[offset] = BUCKET_TAG;
      target.set(leaves[index]!, offset + 1);
    },
  };
  sha256Many(nodes.length, source, hashes);
  const words = new Int32Array(hashes.buffer);
  for (let i = 0; i < nodes.length; i++) {
    if (leaves[i]!.length === 0) pool.clearHash(nodes[i]!);
    else pool.setHash(nodes[i]!, words, 8 * i);
  }
}

/** Sets the hashes of interior nodes, given by depth; the deepest are hashed first. */
export function hashInterior(pool: NodePool, byDepth: readonly (readonly number[])[]): void {
  const widest = byDepth.reduce((most, nodes) => Math.max(most, nodes.length), 0);
  const hashes = new Uint8Array(HASH_BYTES * widest);
  const words = new Int32Array(hashes.buffer);
  const source = new InteriorSource(pool);
  for (let depth = byDepth.length - 1; depth >= 0; depth--) {
    const nodes = byDepth[depth]!;
    source.nodes = nodes;
    sha256Many(nodes.length, source, hashes);
    for (let i = 0; i < nodes.length; i++) pool.setHash(nodes[i]!, words, 8 * i);
  }
}

/** The preimages of interior nodes, written in words: byte by byte takes as long as a third of the hash. */
class InteriorSource implements MessageSource {
  nodes: readonly number[] = [];
  readonly #pool: NodePool;
  #target: Uint8Array = new Uint8Array(0);
  #words: Int32Array = new Int32Array(0);

  constructor(pool: NodePool) {
    this.#pool = pool;
  }

  sizeOf(): number {
    return 1 + 2 * HASH_BYTES;
  }

  write(index: number, target: Uint8Array, offset: number): void {
    const pair = this.#pool.childOf(this.nodes[index]!);
    target[offset] = INTERIOR_TAG;
    if (((target.byteOffset + offset + 1) & 3) !== 0) {
      target.set(this.#pool.pairHashes(pair), offset + 1);
      return;
    }
    if (target !== this.#target) {
      this.#target = target;
      this.#words = new Int32Array(target.buffer);
    }
    this.#pool.copyPairHashes(pair, this.#words, (target.byteOffset + offset + 1) >>> 2);
  }
}
