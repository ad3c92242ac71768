/** Recently read values of the state, bounded by their size. */
import type { StateKey } from '@snapscale/execution';

/** What an entry costs besides its key and value: map slot, string and array headers; measured to about 10 %. */
const ENTRY_OVERHEAD_BYTES = 160;

/**
 * Two generations: what is read goes to the young one; when that is half of the bound, it becomes the old one, and the
 * former old one is forgotten. This keeps what is in use like a least-recently-used list, but a hit costs one lookup.
 */
export class ValueCache {
  readonly #generationBytesMax: number;
  #young = new Map<StateKey, Uint8Array>();
  #old = new Map<StateKey, Uint8Array>();
  #youngBytes = 0;

  /** @param bytesMax upper bound of the memory used; 0 switches the cache off. */
  constructor(bytesMax: number) {
    this.#generationBytesMax = bytesMax / 2;
  }

  get(key: StateKey): Uint8Array | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) {
      this.#old.delete(key);
      this.put(key, old);
    }
    return old;
  }

  /** Adds or replaces a value. The array is kept, and must own its memory: a small view would keep a large buffer. */
  put(key: StateKey, value: Uint8Array): void {
    const size = sizeOf(key, value);
    if (size > this.#generationBytesMax / 8) {
      this.delete(key);
      return;
    }
    const replaced = this.#young.get(key);
    if (replaced !== undefined) this.#youngBytes -= sizeOf(key, replaced);
    this.#young.set(key, value);
    this.#youngBytes += size;
    if (this.#youngBytes <= this.#generationBytesMax) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }

  /** Forgets a value; true when it was known. */
  delete(key: StateKey): boolean {
    const young = this.#young.get(key);
    if (young === undefined) return this.#old.delete(key);
    this.#youngBytes -= sizeOf(key, young);
    this.#young.delete(key);
    this.#old.delete(key);
    return true;
  }
}

function sizeOf(key: StateKey, value: Uint8Array): number {
  return key.length + value.length + ENTRY_OVERHEAD_BYTES;
}
