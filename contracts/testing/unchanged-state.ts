/** Proof that an attempt left nothing behind. */
import type { Changeset, StateKey, StateReader } from '@snapscale/execution';

/**
 * The first key at which two changesets on one base lead to different states; undefined when there is none. A key that
 * was changed and changed back is no difference.
 */
export function firstDifference(base: StateReader, before: Changeset, after: Changeset): StateKey | undefined {
  const valueIn = (changes: Changeset, key: StateKey): Uint8Array | null => {
    const changed = changes.get(key);
    return changed === undefined ? (base.get(key) ?? null) : changed;
  };
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    if (!isSame(valueIn(before, key), valueIn(after, key))) return key;
  }
  return undefined;
}

function isSame(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
