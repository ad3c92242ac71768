/**
 * The head state as the HTTP thread sees it: the durable state plus the changes of blocks that are not durable yet,
 * posted by the core. Reading it never waits for execution.
 */
import { type StateEntry, type StateKey, type StateReader, WorkingState } from '@snapscale/execution';

export class HeadView implements StateReader {
  readonly #store: StateReader;
  /** Layers by block number, oldest first; each one's base is the one before it. */
  readonly #layers: { readonly num: number; readonly state: WorkingState }[] = [];

  /** `store`: the durable state, which this thread reads by itself. */
  constructor(store: StateReader) {
    this.#store = store;
  }

  /** The durable state alone. */
  get final(): StateReader {
    return this.#store;
  }

  /** Takes in changes of block `num`. Blocks arrive in order. */
  apply(num: number, entries: Iterable<readonly [StateKey, Uint8Array | null]>): void {
    let layer = this.#layers.at(-1);
    if (layer === undefined || layer.num < num) {
      layer = { num, state: new WorkingState(this.#top) };
      this.#layers.push(layer);
    }
    layer.state.load(entries);
  }

  /** Changes of blocks above `num` are of another branch, or of a draft. */
  rewind(num: number): void {
    while (this.#layers.length > 0 && this.#layers.at(-1)!.num > num) this.#layers.pop();
  }

  /** Blocks up to `num` are in the store, and the store has been told to look again. */
  finalize(num: number): void {
    let count = 0;
    while (count < this.#layers.length && this.#layers[count]!.num <= num) count++;
    this.#layers.splice(0, count);
    this.#layers[0]?.state.rebase(this.#store);
  }

  get(key: StateKey): Uint8Array | undefined {
    return this.#top.get(key);
  }

  first(from: StateKey, to: StateKey): StateEntry | undefined {
    return this.#top.first(from, to);
  }

  last(from: StateKey, to: StateKey): StateEntry | undefined {
    return this.#top.last(from, to);
  }

  get #top(): StateReader {
    return this.#layers.at(-1)?.state ?? this.#store;
  }
}
