/** A complete in-memory state: the reference `StateReader`, for tests, tools and the simulator. */
import { OrderedKeys } from './ordered-keys.js';
import type { Changeset, StateEntry, StateKey, StateReader } from './reader.js';

export class MemoryState implements StateReader {
  readonly #values = new Map<StateKey, Uint8Array>();
  readonly #keys = new OrderedKeys();

  get(key: StateKey): Uint8Array | undefined {
    return this.#values.get(key);
  }

  first(from: StateKey, to: StateKey): StateEntry | undefined {
    const key = this.#keys.firstFrom(from);
    return key !== undefined && key < to ? { key, value: this.#values.get(key)! } : undefined;
  }

  last(from: StateKey, to: StateKey): StateEntry | undefined {
    const key = this.#keys.lastBefore(to);
    return key !== undefined && key >= from ? { key, value: this.#values.get(key)! } : undefined;
  }

  /** Applies a changeset. */
  apply(changes: Changeset): void {
    for (const [key, value] of changes) {
      if (value === null) {
        this.#values.delete(key);
        this.#keys.delete(key);
      } else {
        if (!this.#values.has(key)) this.#keys.add(key);
        this.#values.set(key, value);
      }
    }
  }

  /** All entries in no particular order. */
  entries(): IterableIterator<[StateKey, Uint8Array]> {
    return this.#values.entries();
  }
}
