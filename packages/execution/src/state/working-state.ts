/**
 * A writable overlay over a `StateReader`, with undo.
 *
 * A block is executed on one `WorkingState`; a transaction that fails is undone by `rollback` to the `checkpoint`
 * taken before it. `changes()` is the block's changeset.
 *
 * Each key that was read or written has one slot, so that reading it again costs one lookup, however many layers lie
 * below.
 *
 * Order. Keys that exist in the base need no place in the overlay's sorted index, since the base already yields them:
 * only inserted keys pay for order. Removed base keys would make `while (begin() != end()) erase(begin())` quadratic,
 * so each walk over removed keys leaves pointers behind (`#skipUp`, `#skipDown`) that later walks jump along. A base
 * key that comes back to life, through rollback, is put into the sorted index, because pointers may jump over it.
 */
import { OrderedKeys } from './ordered-keys.js';
import { type Changeset, keyAfter, type StateEntry, type StateKey, type StateReader } from './reader.js';

/** What the overlay knows of a key. `null`: it has no value. */
type Slot = { value: Uint8Array | null; changed: boolean };

type Undo = {
  readonly key: StateKey;
  readonly slot: Slot;
  readonly value: Uint8Array | null;
  readonly changed: boolean;
};

export class WorkingState implements StateReader {
  #base: StateReader;
  readonly #slots = new Map<StateKey, Slot>();
  readonly #inserted = new OrderedKeys();
  readonly #journal: Undo[] = [];
  /** removed key -> bound: the base has no live key strictly between them. */
  readonly #skipUp = new Map<StateKey, StateKey>();
  /** removed key -> bound: the base has no live key in [bound, removed key). */
  readonly #skipDown = new Map<StateKey, StateKey>();

  constructor(base: StateReader) {
    this.#base = base;
  }

  get(key: StateKey): Uint8Array | undefined {
    return this.#slot(key).value ?? undefined;
  }

  /** Sets `key`. The value belongs to the state from here on. */
  put(key: StateKey, value: Uint8Array): void {
    const slot = this.#slot(key);
    if (slot.value === null) this.#inserted.add(key);
    this.#write(key, slot, value);
  }

  remove(key: StateKey): void {
    this.#inserted.delete(key);
    this.#write(key, this.#slot(key), null);
  }

  /** Takes in changes that were made elsewhere. Reads nothing, and cannot be undone. */
  load(changes: Iterable<readonly [StateKey, Uint8Array | null]>): void {
    for (const [key, value] of changes) {
      this.#slots.set(key, { value, changed: true });
      if (value === null) this.#inserted.delete(key);
      else this.#inserted.add(key);
    }
  }

  #slot(key: StateKey): Slot {
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = { value: this.#base.get(key) ?? null, changed: false };
      this.#slots.set(key, slot);
    }
    return slot;
  }

  #write(key: StateKey, slot: Slot, value: Uint8Array | null): void {
    this.#journal.push({ key, slot, value: slot.value, changed: slot.changed });
    slot.value = value;
    slot.changed = true;
  }

  first(from: StateKey, to: StateKey): StateEntry | undefined {
    const below = this.#firstOfBase(from, to);
    const own = this.#firstOfOwn(from, to);
    if (own === undefined) return below;
    if (below !== undefined && below.key < own.key) return below;
    return own;
  }

  last(from: StateKey, to: StateKey): StateEntry | undefined {
    const below = this.#lastOfBase(from, to);
    const own = this.#lastOfOwn(from, to);
    if (own === undefined) return below;
    if (below !== undefined && below.key > own.key) return below;
    return own;
  }

  /** Replaces the base by one with the same content, as when the blocks below have been written to the store. */
  rebase(base: StateReader): void {
    this.#base = base;
  }

  /** A point to which `rollback` can return. Checkpoints nest. */
  checkpoint(): number {
    return this.#journal.length;
  }

  /** Undoes everything since `checkpoint`. */
  rollback(checkpoint: number): void {
    while (this.#journal.length > checkpoint) {
      const { key, slot, value, changed } = this.#journal.pop()!;
      if (value === null) this.#inserted.delete(key);
      else if (slot.value === null) this.#inserted.add(key);
      slot.value = value;
      slot.changed = changed;
    }
  }

  /** Forgets the undo journal: no checkpoint taken so far can be rolled back to. */
  forgetUndo(): void {
    this.#journal.length = 0;
  }

  /** Keys changed since `checkpoint`, in order of change, with repetitions. */
  *changedSince(checkpoint: number): Iterable<StateKey> {
    for (let i = checkpoint; i < this.#journal.length; i++) yield this.#journal[i]!.key;
  }

  /** All changes over the base; `null` marks a removed key. Cost: walks all keys that were touched. */
  changes(): Changeset {
    const changes = new Map<StateKey, Uint8Array | null>();
    for (const [key, { value, changed }] of this.#slots) if (changed) changes.set(key, value);
    return changes;
  }

  #firstOfBase(from: StateKey, to: StateKey): StateEntry | undefined {
    const walked: StateKey[] = [];
    let start = from;
    let found: StateEntry | undefined;
    while (start < to) {
      const entry = this.#base.first(start, to);
      if (entry === undefined) break;
      const own = this.#slots.get(entry.key);
      if (own === undefined || own.value !== null) {
        found = own === undefined ? entry : { key: entry.key, value: own.value! };
        break;
      }
      walked.push(entry.key);
      start = this.#skipUp.get(entry.key) ?? keyAfter(entry.key);
    }
    const bound = found?.key ?? (start > to ? start : to);
    for (const key of walked) this.#skipUp.set(key, bound);
    return found;
  }

  #lastOfBase(from: StateKey, to: StateKey): StateEntry | undefined {
    const walked: StateKey[] = [];
    let end = to;
    let found: StateEntry | undefined;
    while (end > from) {
      const entry = this.#base.last(from, end);
      if (entry === undefined) break;
      const own = this.#slots.get(entry.key);
      if (own === undefined || own.value !== null) {
        found = own === undefined ? entry : { key: entry.key, value: own.value! };
        break;
      }
      walked.push(entry.key);
      end = this.#skipDown.get(entry.key) ?? entry.key;
    }
    const bound = found === undefined ? (end < from ? end : from) : keyAfter(found.key);
    for (const key of walked) this.#skipDown.set(key, bound);
    return found;
  }

  #firstOfOwn(from: StateKey, to: StateKey): StateEntry | undefined {
    const key = this.#inserted.firstFrom(from);
    return key !== undefined && key < to ? { key, value: this.get(key)! } : undefined;
  }

  #lastOfOwn(from: StateKey, to: StateKey): StateEntry | undefined {
    const key = this.#inserted.lastBefore(to);
    return key !== undefined && key >= from ? { key, value: this.get(key)! } : undefined;
  }
}
