/** The newest blocks that were sent, for peers that ask for transactions of them; and which blocks came a moment ago. */
import { toHex } from '@snapscale/crypto';
import type { SignedBlock } from '@snapscale/protocol';

const BLOCKS_MAX = 64;
const TRANSACTIONS_MAX = 40_000;

export class RecentBlocks {
  readonly #blocks = new Map<string, SignedBlock>();
  #transactions = 0;

  add(id: Uint8Array, block: SignedBlock): void {
    const key = toHex(id);
    if (this.#blocks.has(key)) return;
    this.#blocks.set(key, block);
    this.#transactions += block.transactions.length;
    while (this.#blocks.size > BLOCKS_MAX || (this.#transactions > TRANSACTIONS_MAX && this.#blocks.size > 1)) {
      const [oldest, { transactions }] = this.#blocks.entries().next().value!;
      this.#blocks.delete(oldest);
      this.#transactions -= transactions.length;
    }
  }

  get(id: Uint8Array): SignedBlock | undefined {
    return this.#blocks.get(toHex(id));
  }
}

/** How long a block that came is not looked at again. Afterwards it may have been dropped by the replica. */
const SEEN_MS = 3_000;
const SEEN_MAX = 1_024;

/** Blocks come from several peers: the first copy is enough. Copies with another signature are other blocks. */
export class SeenBlocks {
  readonly #seen = new Map<string, { readonly id: string; readonly atMs: number }>();

  has(id: Uint8Array, signature: Uint8Array, nowMs: number): boolean {
    const seen = this.#seen.get(keyOf(id, signature));
    return seen !== undefined && nowMs - seen.atMs < SEEN_MS;
  }

  add(id: Uint8Array, signature: Uint8Array, nowMs: number): void {
    const key = keyOf(id, signature);
    this.#seen.delete(key);
    this.#seen.set(key, { id: toHex(id), atMs: nowMs });
    if (this.#seen.size > SEEN_MAX) this.#seen.delete(this.#seen.keys().next().value!);
  }

  /** The replica asks for the block: it is looked at again. */
  forget(id: Uint8Array): void {
    const wanted = toHex(id);
    for (const [key, seen] of this.#seen) if (seen.id === wanted) this.#seen.delete(key);
  }
}

function keyOf(id: Uint8Array, signature: Uint8Array): string {
  return `${toHex(id)} ${toHex(signature)}`;
}
