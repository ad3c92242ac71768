/**
 * A sorted set of keys for overlays: blocks of at most 2·HALF keys, found by binary search.
 *
 * Insertion, removal and neighbour search cost O(log n + HALF); a contract that alternates insertion and iteration
 * therefore stays linear, which a lazily sorted array would not.
 */
import type { StateKey } from './reader.js';

const HALF = 64;

export class OrderedKeys {
  readonly #chunks: StateKey[][] = [];

  /** Adds `key`; a key that is already present is left as it is. */
  add(key: StateKey): void {
    const chunks = this.#chunks;
    if (chunks.length === 0) {
      chunks.push([key]);
      return;
    }
    const at = Math.max(0, this.#chunkOf(key));
    const chunk = chunks[at]!;
    const index = lowerBound(chunk, key);
    if (chunk[index] === key) return;
    chunk.splice(index, 0, key);
    if (chunk.length > 2 * HALF) chunks.splice(at + 1, 0, chunk.splice(HALF));
  }

  /** Removes `key`; false when it was not present. */
  delete(key: StateKey): boolean {
    const at = this.#chunkOf(key);
    if (at < 0) return false;
    const chunk = this.#chunks[at]!;
    const index = lowerBound(chunk, key);
    if (chunk[index] !== key) return false;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    return true;
  }

  /** The smallest key >= `from`. */
  firstFrom(from: StateKey): StateKey | undefined {
    const at = Math.max(0, this.#chunkOf(from));
    const chunk = this.#chunks[at];
    if (chunk === undefined) return undefined;
    const index = lowerBound(chunk, from);
    return index < chunk.length ? chunk[index] : this.#chunks[at + 1]?.[0];
  }

  /** The greatest key < `to`. */
  lastBefore(to: StateKey): StateKey | undefined {
    const at = this.#chunkOf(to);
    if (at < 0) return undefined;
    const chunk = this.#chunks[at]!;
    const index = lowerBound(chunk, to);
    if (index > 0) return chunk[index - 1];
    return at > 0 ? this.#chunks[at - 1]!.at(-1) : undefined;
  }

  /** Index of the last chunk whose first key is <= `key`; -1 when there is none. */
  #chunkOf(key: StateKey): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#chunks[middle]![0]! <= key) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function lowerBound(chunk: readonly StateKey[], key: StateKey): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunk[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
