/** Remembers what was seen lately, in bounded memory: two generations, of which the older is dropped when the newer is full, or when it is time. */
export class RecentSet {
  readonly #size: number;
  #newer = new Set<string>();
  #older = new Set<string>();

  /** Remembers at least the `size` newest, and at most twice as many. */
  constructor(size: number) {
    this.#size = size;
  }

  has(key: string): boolean {
    return this.#newer.has(key) || this.#older.has(key);
  }

  add(key: string): void {
    this.#newer.add(key);
    if (this.#newer.size >= this.#size) this.turn();
  }

  /** Forgets what is older than the last turn. */
  turn(): void {
    this.#older = this.#newer;
    this.#newer = new Set();
  }

  delete(key: string): void {
    this.#newer.delete(key);
    this.#older.delete(key);
  }
}
