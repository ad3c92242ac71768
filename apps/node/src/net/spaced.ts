/** Work that anybody can ask for, and that is done at once, but not again for a while: then once, however often it was asked for. */
export class Spaced {
  readonly #intervalMs: number;
  readonly #work: () => void;
  #isWanted = false;
  #doneMs = Number.NEGATIVE_INFINITY;

  constructor(intervalMs: number, work: () => void) {
    this.#intervalMs = intervalMs;
    this.#work = work;
  }

  /** Does it now, or when `look` is called after the interval. */
  want(nowMs: number): void {
    this.#isWanted = true;
    this.look(nowMs);
  }

  /** To be called now and then. */
  look(nowMs: number): void {
    if (!this.#isWanted || nowMs - this.#doneMs < this.#intervalMs) return;
    this.#isWanted = false;
    this.#doneMs = nowMs;
    this.#work();
  }
}
