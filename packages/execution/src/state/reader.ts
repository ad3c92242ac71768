/**
 * The one read port of the ledger's state: an ordered map from byte strings to byte strings.
 *
 * Keys are latin1 strings (one UTF-16 unit per byte), so that JavaScript's string order is byte order and a key can
 * index a `Map` without copying. Every host (LMDB, memory, overlay) offers exactly these three synchronous reads.
 */

/** A key: each character is one byte, 0..255. */
export type StateKey = string;

/** One stored pair. The value must not be modified by the receiver. */
export type StateEntry = { readonly key: StateKey; readonly value: Uint8Array };

/** The state cannot be read: nothing that was computed meanwhile counts, and the node must stop. */
export class StateFault extends Error {
  override readonly name: string = 'StateFault';
}

/** Reads throw `StateFault` when what is stored cannot be read or is damaged. */
export interface StateReader {
  /** The value at `key`, or undefined. Cost: one lookup. */
  get(key: StateKey): Uint8Array | undefined;
  /** The smallest entry with `from <= key < to`. */
  first(from: StateKey, to: StateKey): StateEntry | undefined;
  /** The greatest entry with `from <= key < to`. */
  last(from: StateKey, to: StateKey): StateEntry | undefined;
}

/** Changes to a state: `null` removes the key. */
export type Changeset = ReadonlyMap<StateKey, Uint8Array | null>;

/** The smallest key greater than every key that begins with `prefix`. */
export function prefixEnd(prefix: StateKey): StateKey {
  let end = prefix.length;
  while (end > 0 && prefix.charCodeAt(end - 1) === 0xff) end--;
  if (end === 0) return '\u0100';
  return prefix.slice(0, end - 1) + String.fromCharCode(prefix.charCodeAt(end - 1) + 1);
}

/** The smallest key greater than `key`. */
export function keyAfter(key: StateKey): StateKey {
  return `${key}\u0000`;
}
