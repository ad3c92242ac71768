/**
 * Leaves of the state commitment: 64 bytes, sha256(key) then sha256(value). A bucket is a run of at most 16 leaves in
 * the order of their key hashes; runs are byte strings and nothing else.
 */
import { type MessageSource, sha256Many } from '@snapscale/crypto';
import { bitAt } from './bucket-path.js';

export const HASH_BYTES = 32;
export const LEAF_BYTES = 64;

/** A subtree of at most this many leaves is one bucket; of more, an interior node. */
export const BUCKET_LEAVES_MAX = 16;

/** Changes by key, hashed, in the order of their key hashes, each key hash once. */
export type LeafChanges = {
  readonly count: number;
  /** Key hash of change i at 32·i. */
  readonly keyHashes: Uint8Array;
  /** Value hash of change i at 32·i; meaningless where the key is removed. */
  readonly valueHashes: Uint8Array;
  /** 1 where the key is removed. */
  readonly removed: Uint8Array;
};

/**
 * Hashes and orders changes, at most two million; of several with one key the last counts.
 * @param changes pairs of a latin1 key and its new value, or null where the key is removed.
 */
export function hashChanges(changes: Iterable<readonly [key: string, value: Uint8Array | null]>): LeafChanges {
  const keys: string[] = [];
  const values: (Uint8Array | null)[] = [];
  for (const [key, value] of changes) {
    keys.push(key);
    values.push(value);
  }
  if (keys.length > INDEX_LIMIT) throw new RangeError(`cannot commit to ${keys.length} changes at once`);
  const hashes = new Uint8Array(HASH_BYTES * keys.length);
  sha256Many(keys.length, keySource(keys), hashes);
  const order = orderByHash(hashes, keys.length);
  const count = order.length;
  const ordered: Uint8Array[] = [];
  const keyHashes = new Uint8Array(HASH_BYTES * count);
  const removed = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const index = order[i]!;
    copyBytes(hashes, HASH_BYTES * index, keyHashes, HASH_BYTES * i, HASH_BYTES);
    const value = values[index]!;
    if (value === null) removed[i] = 1;
    ordered.push(value ?? NOTHING);
  }
  const valueHashes = new Uint8Array(HASH_BYTES * count);
  sha256Many(count, byteSource(ordered), valueHashes);
  return { count, keyHashes, valueHashes, removed };
}

/** Copies short runs: below about 100 bytes a loop is faster than a view and `set`. */
export function copyBytes(from: Uint8Array, fromOffset: number, to: Uint8Array, toOffset: number, size: number): void {
  for (let i = 0; i < size; i++) to[toOffset + i] = from[fromOffset + i]!;
}

/** Negative, zero or positive as the 32 bytes at `offsetA` are before, equal to or after those at `offsetB`. */
export function compareHashes(a: Uint8Array, offsetA: number, b: Uint8Array, offsetB: number): number {
  for (let i = 0; i < HASH_BYTES; i++) {
    const difference = a[offsetA + i]! - b[offsetB + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The leaves after changes `from` to `to`, written at `offset` of `target` (room for both). Returns their size in bytes,
 * or -1 when the changes change nothing.
 */
export function mergeLeaves(
  leaves: Uint8Array,
  changes: LeafChanges,
  from: number,
  to: number,
  target: Uint8Array,
  offset: number,
): number {
  const { keyHashes, valueHashes, removed } = changes;
  let write = offset;
  let read = 0;
  let changed = false;
  for (let i = from; i < to; i++) {
    let at = read;
    let order = 1;
    while (at < leaves.length && (order = compareHashes(leaves, at, keyHashes, HASH_BYTES * i)) < 0) at += LEAF_BYTES;
    write = copyRun(leaves, read, at, target, write);
    read = at;
    const exists = at < leaves.length && order === 0;
    if (removed[i] === 1) {
      if (exists) read += LEAF_BYTES;
      changed ||= exists;
      continue;
    }
    if (exists && compareHashes(leaves, at + HASH_BYTES, valueHashes, HASH_BYTES * i) === 0) continue;
    changed = true;
    if (exists) read += LEAF_BYTES;
    copyBytes(keyHashes, HASH_BYTES * i, target, write, HASH_BYTES);
    copyBytes(valueHashes, HASH_BYTES * i, target, write + HASH_BYTES, HASH_BYTES);
    write += LEAF_BYTES;
  }
  write = copyRun(leaves, read, leaves.length, target, write);
  return changed ? write - offset : -1;
}

/** The first of `from`..`to` whose hash, at `stride`·index, has bit `depth` set; the hashes agree in the bits before. */
export function partition(hashes: Uint8Array, stride: number, from: number, to: number, depth: number): number {
  if (to - from === 1) return bitAt(hashes, stride * from, depth) === 0 ? to : from;
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bitAt(hashes, stride * middle, depth) === 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether `leaves` are a possible bucket at the given path: whole, few, in order without repetition, and of that path. */
export function areBucketLeaves(leaves: Uint8Array, path: Uint8Array, depth: number): boolean {
  if (leaves.length % LEAF_BYTES !== 0 || leaves.length > LEAF_BYTES * BUCKET_LEAVES_MAX) return false;
  for (let at = 0; at < leaves.length; at += LEAF_BYTES) {
    if (at > 0 && compareHashes(leaves, at - LEAF_BYTES, leaves, at) >= 0) return false;
    for (let bit = 0; bit < depth; bit++) if (bitAt(leaves, at, bit) !== bitAt(path, 0, bit)) return false;
  }
  return true;
}

/** Value hash of the leaf with this key hash; undefined when there is none. */
export function valueHashAt(leaves: Uint8Array, keyHash: Uint8Array): Uint8Array | undefined {
  for (let at = 0; at < leaves.length; at += LEAF_BYTES) {
    if (compareHashes(leaves, at, keyHash, 0) === 0) return leaves.subarray(at + HASH_BYTES, at + LEAF_BYTES);
  }
  return undefined;
}

/** The bytes of a latin1 key. */
export function latin1Bytes(key: string): Uint8Array {
  const bytes = new Uint8Array(key.length);
  for (let i = 0; i < key.length; i++) bytes[i] = key.charCodeAt(i);
  return bytes;
}

const NOTHING = new Uint8Array(0);
/** Changes in one update; number and 32 bits of a hash fit the 53 bits of a double. */
const INDEX_LIMIT = 2 ** 21;

function copyRun(from: Uint8Array, start: number, end: number, to: Uint8Array, offset: number): number {
  if (start < end) to.set(from.subarray(start, end), offset);
  return offset + end - start;
}

function keySource(keys: readonly string[]): MessageSource {
  return {
    sizeOf: (index) => keys[index]!.length,
    write: (index, target, offset) => {
      const key = keys[index]!;
      for (let i = 0; i < key.length; i++) target[offset + i] = key.charCodeAt(i);
    },
  };
}

function byteSource(values: readonly Uint8Array[]): MessageSource {
  return {
    sizeOf: (index) => values[index]!.length,
    write: (index, target, offset) => target.set(values[index]!, offset),
  };
}

/** Numbers of the hashes in order, of equal ones the last only. */
function orderByHash(hashes: Uint8Array, count: number): number[] {
  // Sorting numbers natively, and comparing in JavaScript only what agrees in 32 bits, takes a third of the time.
  const heads = new Float64Array(count);
  const view = new DataView(hashes.buffer);
  for (let i = 0; i < count; i++) heads[i] = view.getUint32(HASH_BYTES * i) * INDEX_LIMIT + i;
  heads.sort();
  const order: number[] = [];
  for (let from = 0, to = 0; from < count; from = to) {
    const head = Math.floor(heads[from]! / INDEX_LIMIT);
    to = from + 1;
    while (to < count && Math.floor(heads[to]! / INDEX_LIMIT) === head) to++;
    if (to === from + 1) {
      order.push(heads[from]! % INDEX_LIMIT);
      continue;
    }
    const run = Array.from(heads.subarray(from, to), (value) => value % INDEX_LIMIT);
    run.sort((a, b) => compareAt(hashes, a, b) || a - b);
    for (let i = 0; i < run.length; i++) {
      if (i + 1 === run.length || compareAt(hashes, run[i]!, run[i + 1]!) !== 0) order.push(run[i]!);
    }
  }
  return order;
}

function compareAt(hashes: Uint8Array, a: number, b: number): number {
  return compareHashes(hashes, HASH_BYTES * a, hashes, HASH_BYTES * b);
}
