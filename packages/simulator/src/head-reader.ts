/** A reader of a node's head, as its HTTP server has one: the committed store, with the changes that effects have told of on top. */
import type { StateKey, StateReader } from '@snapscale/execution';
import type { ReplicaEffect } from '@snapscale/replica';

type Layer = { readonly num: number; readonly entries: ReadonlyMap<StateKey, Uint8Array | null> };

export class HeadReader {
  readonly #store: Pick<StateReader, 'get'>;
  /** Ascending in number. */
  #layers: Layer[] = [];

  constructor(store: Pick<StateReader, 'get'>) {
    this.#store = store;
  }

  get(key: StateKey): Uint8Array | undefined {
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      const value = this.#layers[i]!.entries.get(key);
      if (value !== undefined) return value ?? undefined;
    }
    return this.#store.get(key);
  }

  observe(effect: ReplicaEffect): void {
    if (effect.kind === 'rewind') this.#layers = this.#layers.filter(({ num }) => num <= effect.num);
    else if (effect.kind === 'finalized') this.#layers = this.#layers.filter(({ num }) => num > effect.num);
    else if (effect.kind === 'changes') this.#layers.push({ num: effect.num, entries: new Map(effect.entries) });
  }
}
