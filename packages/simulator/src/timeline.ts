/** Virtual time: what is to happen, in the order of its moments; at one moment, in the order in which it was planned. */
type Planned = { readonly atMs: number; readonly order: number; readonly happen: () => void };

export class Timeline {
  #nowMs: number;
  #order = 0;
  /** A binary heap: each is before its two children. */
  readonly #heap: Planned[] = [];

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Plans something for `delayMs` from now. */
  after(delayMs: number, happen: () => void): void {
    const heap = this.#heap;
    heap.push({ atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, happen });
    for (let at = heap.length - 1; at > 0; ) {
      const above = (at - 1) >> 1;
      if (!isBefore(heap[at]!, heap[above]!)) break;
      this.#swap(at, above);
      at = above;
    }
  }

  /** Lets everything happen up to a moment. `each` is called after each. */
  run(untilMs: number, each: () => void): void {
    while (this.#heap.length > 0 && this.#heap[0]!.atMs <= untilMs) {
      const next = this.#takeFirst();
      this.#nowMs = next.atMs;
      next.happen();
      each();
    }
    this.#nowMs = untilMs;
  }

  #takeFirst(): Planned {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && isBefore(heap[child]!, heap[least]!)) least = child;
      }
      if (least === at) return first;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    const kept = this.#heap[a]!;
    this.#heap[a] = this.#heap[b]!;
    this.#heap[b] = kept;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
