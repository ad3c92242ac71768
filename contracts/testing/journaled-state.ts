/** A state in memory that can return to an earlier point: it remembers what each change replaced. */
import { type Changeset, MemoryState, type StateKey } from '@snapscale/execution';

export class JournaledState extends MemoryState {
  readonly #replaced: (readonly [StateKey, Uint8Array | null])[] = [];

  override apply(changes: Changeset): void {
    for (const key of changes.keys()) this.#replaced.push([key, this.get(key) ?? null]);
    super.apply(changes);
  }

  /** The present point, for `returnTo`. */
  get point(): number {
    return this.#replaced.length;
  }

  /** Undoes every change since `point`. Cost: the number of these changes. */
  returnTo(point: number): void {
    while (this.#replaced.length > point) super.apply(new Map([this.#replaced.pop()!]));
  }
}
