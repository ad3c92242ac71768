/** The stores that a ledger of the benchmark can run on. */
import { type Changeset, MemoryState } from '@snapscale/execution';
import { StateStore } from '../../../apps/node/src/store/state-store.js';
import type { BenchStore } from './bench-ledger.js';

/** In memory. */
export class MemoryStore extends MemoryState implements BenchStore {
  readonly #leaves = new Map<string, Uint8Array>();
  readonly buckets = { get: (path: string) => this.#leaves.get(path), scan: () => this.#leaves };

  async keep(
    _num: number,
    _id: Uint8Array,
    changes: Changeset,
    buckets: ReadonlyMap<string, Uint8Array | null>,
  ): Promise<void> {
    this.apply(changes);
    for (const [path, leaves] of buckets) {
      if (leaves === null) this.#leaves.delete(path);
      else this.#leaves.set(path, leaves);
    }
  }
}

/** The node's own store, in `directory`. Close `state` in the end. */
export function lmdbStore(directory: string): BenchStore & { readonly state: StateStore } {
  const state = StateStore.open(directory);
  return {
    state,
    buckets: state.buckets,
    get: (key) => state.get(key),
    first: (from, to) => state.first(from, to),
    last: (from, to) => state.last(from, to),
    keep: (blockNum, blockId, changes, buckets) =>
      state.commit({ blockNum, blockId, changes, buckets, root: new Uint8Array(0) }),
  };
}
