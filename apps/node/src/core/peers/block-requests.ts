/**
 * Requests for single blocks, mostly for parents that are missing. A parent whose child came as an answer is asked for
 * with more ancestors each time, so that a long branch takes a few round trips, and a single block brings no other.
 *
 * Knows no clock: times are milliseconds, given by the caller.
 */
import type { PeerId } from '@snapscale/consensus';
import { toHex } from '@snapscale/crypto';

export type BlockRequest = { readonly peer: PeerId; readonly id: Uint8Array; readonly ancestors: number };

/** The same block is asked of the same peer again only after this time. */
const REPEAT_MS = 500;
/** An answer that comes later was not asked for. */
const FORGET_MS = 60_000;
const OPEN_MAX = 1_024;
export const ANCESTORS_MAX = 63;

type Open = BlockRequest & { readonly atMs: number };

export class BlockRequests {
  /** Also of who has left: after a new connection the answer may still come, and is no fault. */
  readonly #open = new Map<number, Open>();
  /** Ancestors to ask for with a block, by its id in hex: it is the parent of one that was asked for. */
  readonly #depths = new Map<string, number>();

  get size(): number {
    return this.#open.size;
  }

  /** What to ask `peer` for `id`; undefined when it has been asked a moment ago. */
  plan(peer: PeerId, id: Uint8Array, nowMs: number): BlockRequest | undefined {
    const key = toHex(id);
    for (const open of this.#open.values()) {
      if (open.peer === peer && nowMs - open.atMs < REPEAT_MS && toHex(open.id) === key) return undefined;
    }
    return { peer, id, ancestors: this.#depths.get(key) ?? 0 };
  }

  /** The request has been sent under this number. */
  sent(number: number, request: BlockRequest, nowMs: number): void {
    for (const [other, { atMs }] of this.#open) {
      if (this.#open.size < OPEN_MAX && nowMs - atMs < FORGET_MS) break;
      this.#open.delete(other);
    }
    this.#open.set(number, { ...request, atMs: nowMs });
  }

  /** Takes note of an answer: what it is to. Undefined when it was not asked for. */
  answered(peer: PeerId, number: number): BlockRequest | undefined {
    const open = this.#open.get(number);
    if (open?.peer !== peer) return undefined;
    this.#open.delete(number);
    return open;
  }

  /** The oldest block of an answer has this parent: if it is missing too, more of its ancestors will be. */
  foundChildOf(parent: Uint8Array, { ancestors }: BlockRequest): void {
    const key = toHex(parent);
    this.#depths.delete(key);
    this.#depths.set(key, Math.min(ANCESTORS_MAX, 2 * ancestors + 1));
    if (this.#depths.size > OPEN_MAX) this.#depths.delete(this.#depths.keys().next().value!);
  }
}
