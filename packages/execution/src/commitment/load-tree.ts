/** Building the state commitment's tree from stored buckets, with all checks that tell a damaged store. */
import { bitAt, decodePath } from './bucket-path.js';
import { CommitmentFault } from './commitment-fault.js';
import { type BucketNodes, hashBuckets, hashInterior } from './hash-tree.js';
import { areBucketLeaves, BUCKET_LEAVES_MAX, LEAF_BYTES } from './leaves.js';
import { NodePool, ROOT } from './node-pool.js';

/** Buckets hashed at a time: bounds what is held of the store. */
const CHUNK_BUCKETS = 4096;

/** The tree of these buckets, in any order. @throws CommitmentFault when they are not those of one canonical tree. */
export function loadTree(buckets: Iterable<readonly [path: string, leaves: Uint8Array]>): NodePool {
  const pool = new NodePool();
  let chunk: BucketNodes = { nodes: [], leaves: [] };
  for (const [path, leaves] of buckets) {
    chunk.nodes.push(placeBucket(pool, path, leaves));
    chunk.leaves.push(leaves);
    if (chunk.nodes.length < CHUNK_BUCKETS) continue;
    hashBuckets(pool, chunk);
    chunk = { nodes: [], leaves: [] };
  }
  hashBuckets(pool, chunk);
  const byDepth: number[][] = [];
  countLeaves(pool, ROOT, 0, byDepth);
  hashInterior(pool, byDepth);
  return pool;
}

/** Makes the nodes on the way to a bucket; returns the bucket's. */
function placeBucket(pool: NodePool, path: string, leaves: Uint8Array): number {
  const decoded = decodePath(path);
  if (decoded === undefined) throw new CommitmentFault(`cannot load bucket ${printable(path)}: that is no path`);
  const { bits, depth } = decoded;
  if (leaves.length === 0 || !areBucketLeaves(leaves, bits, depth)) {
    throw new CommitmentFault(`cannot load bucket ${printable(path)}: its ${leaves.length} bytes are no leaves for it`);
  }
  let node = ROOT;
  for (let i = 0; i < depth && pool.countOf(node) === 0; i++) {
    if (pool.childOf(node) === 0) {
      const pair = pool.allocate();
      pool.setChild(node, pair);
    }
    node = 2 * pool.childOf(node) + bitAt(bits, 0, i);
  }
  if (pool.countOf(node) !== 0 || pool.childOf(node) !== 0) {
    throw new CommitmentFault(`cannot load bucket ${printable(path)}: it overlaps another`);
  }
  pool.setCount(node, leaves.length / LEAF_BYTES);
  return node;
}

/** Sets the counts of interior nodes, and lists them by depth. */
function countLeaves(pool: NodePool, node: number, depth: number, byDepth: number[][]): number {
  const pair = pool.childOf(node);
  if (pair === 0) return pool.countOf(node);
  while (byDepth.length <= depth) byDepth.push([]);
  byDepth[depth]!.push(node);
  const count = countLeaves(pool, 2 * pair, depth + 1, byDepth) + countLeaves(pool, 2 * pair + 1, depth + 1, byDepth);
  if (count <= BUCKET_LEAVES_MAX) {
    throw new CommitmentFault(`cannot load the state commitment: ${count} leaves at depth ${depth} are not one bucket`);
  }
  pool.setCount(node, count);
  return count;
}

function printable(path: string): string {
  return Array.from(path, (char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}
