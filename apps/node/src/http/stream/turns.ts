/**
 * Whose turn it is to send. Catching up from an old block means reading and formatting thousands of events; done for
 * dozens of clients at once it would keep the thread from answering anybody else. So clients work in turns, all of them
 * together for a few milliseconds of each round of the event loop.
 */
import { performance } from 'node:perf_hooks';

/** Time for all clients in one round of the event loop, milliseconds. */
const ROUND_MS = 4;

/** Somebody with something to send. */
export type Sender = {
  /** Sends until `endMs`, by `performance.now()`, but at least one event; true when there is more to send at once. */
  sendUntil(endMs: number): boolean;
};

export class Turns {
  readonly #waiting = new Set<Sender>();
  #isScheduled = false;

  /** Gives `sender` a turn; it must not rely on when. */
  add(sender: Sender): void {
    this.#waiting.add(sender);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#round());
  }

  /** Whether `sender` waits for its turn. */
  has(sender: Sender): boolean {
    return this.#waiting.has(sender);
  }

  remove(sender: Sender): void {
    this.#waiting.delete(sender);
  }

  #round(): void {
    this.#isScheduled = false;
    const endMs = performance.now() + ROUND_MS;
    for (const sender of [...this.#waiting]) {
      this.#waiting.delete(sender);
      // Who is not done goes to the back.
      if (sender.sendUntil(endMs)) this.#waiting.add(sender);
      if (performance.now() >= endMs) break;
    }
    const [next] = this.#waiting;
    if (next !== undefined) this.add(next);
  }
}
