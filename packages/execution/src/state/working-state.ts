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
 *
 * Values may be large, and contracts choose where they lie. A search of the base therefore ends before the first key
 * that could not be its result, be it removed or behind an inserted one: the only value it reads is the one it gives.
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
  /** Base keys that were removed at some time. Those that came back to life are among the inserted ones. */
  readonly #removed = new OrderedKeys();
  /** removed key -> bound: the base has no live key strictly between them. */
  readonly #skipUp = new Map<StateKey, StateKey>();
  /** removed key -> bound: the base has no live key in [bound, removed key). */
  readonly #skipDown = new Map<StateKey, StateKey>();

  constructor(base: StateReader) {
    this.#base = base;
  }

  get(key: StateKey): Uint8Array | undefined {
    const slot = this.#slots.get(key);
    if (slot !== undefined) return slot.value ?? undefined;
    const value = this.#base.get(key);
    if (value === undefined || value.length <= REMEMBERED_BYTES_MAX) {
      this.#slots.set(key, { value: value ?? null, changed: false });
    }
    return value;
  }

  /** Sets `key`. The value belongs to the state from here on. */
  put(key: StateKey, value: Uint8Array): void {
    const slot = this.#slot(key);
    if (slot.value === null) this.#inserted.add(key);
    this.#write(key, slot, value);
  }

  remove(key: StateKey): void {
    const slot = this.#slot(key);
    if (!this.#inserted.delete(key) && slot.value !== null) this.#removed.add(key);
    this.#write(key, slot, null);
  }

  /** Takes in changes that were made elsewhere. Reads nothing, and cannot be undone. */
  load(changes: Iterable<readonly [StateKey, Uint8Array | null]>): void {
    for (const [key, value] of changes) {
      this.#slots.set(key, { value, changed: true });
      if (value !== null) this.#inserted.add(key);
      else if (!this.#inserted.delete(key)) this.#removed.add(key);
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
    const own = this.#firstOfOwn(from, to);
    return this.#firstOfBase(from, own?.key ?? to) ?? own;
  }

  last(from: StateKey, to: StateKey): StateEntry | undefined {
    const own = this.#lastOfOwn(from, to);
    return this.#lastOfBase(own === undefined ? from : keyAfter(own.key), to) ?? own;
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
      const removed = this.#removed.firstFrom(start);
      const end = removed === undefined || removed >= to ? to : removed;
      found = start < end ? this.#base.first(start, end) : undefined;
      if (found !== undefined || end === to) break;
      walked.push(end);
      start = this.#skipUp.get(end) ?? keyAfter(end);
    }
    const bound = found?.key ?? (start > to ? start : to);
    for (const key of walked) this.#skipUp.set(key, bound);
    return this.#ownVersion(found);
  }

  #lastOfBase(from: StateKey, to: StateKey): StateEntry | undefined {
    const walked: StateKey[] = [];
    let end = to;
    let found: StateEntry | undefined;
    while (end > from) {
      const removed = this.#removed.lastBefore(end);
      const start = removed === undefined || removed < from ? from : keyAfter(removed);
      found = start < end ? this.#base.last(start, end) : undefined;
      if (found !== undefined || removed === undefined || removed < from) break;
      walked.push(removed);
      end = this.#skipDown.get(removed) ?? removed;
    }
    const bound = found === undefined ? (end < from ? end : from) : keyAfter(found.key);
    for (const key of walked) this.#skipDown.set(key, bound);
    return this.#ownVersion(found);
  }

  /** An entry of the base as it is now. Its key has not been removed. */
  #ownVersion(entry: StateEntry | undefined): StateEntry | undefined {
    const own = entry === undefined ? undefined : this.#slots.get(entry.key);
    return own === undefined || own.value === null ? entry : { key: entry!.key, value: own.value };
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

/** Larger values of the base are read again when they are needed again, rather than held until the block ends. */
const REMEMBERED_BYTES_MAX = 64 * 1024;
