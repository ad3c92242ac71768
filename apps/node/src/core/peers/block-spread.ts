/**
 * Which peer has which of the newest blocks, so that each is sent where it is missing. Producers hear of a block from its
 * producer at once; others pass it on to them only a moment later, and only where nothing has shown that it is there.
 */
import type { PeerId } from '@snapscale/consensus';
import { toHex } from '@snapscale/crypto';

/** Blocks that are remembered. */
const BLOCKS_MAX = 256;

export class BlockSpread {
  readonly #holders = new Map<string, Set<PeerId>>();

  /** The peer has sent the block, voted for it, or been sent it. */
  has(peer: PeerId, id: Uint8Array): void {
    this.#of(toHex(id)).add(peer);
  }

  /** Those of `peers` that are not known to have the block. */
  without(peers: readonly PeerId[], id: Uint8Array): PeerId[] {
    const holders = this.#holders.get(toHex(id));
    return holders === undefined ? [...peers] : peers.filter((peer) => !holders.has(peer));
  }

  #of(key: string): Set<PeerId> {
    let holders = this.#holders.get(key);
    if (holders === undefined) {
      holders = new Set();
      this.#holders.set(key, holders);
      if (this.#holders.size > BLOCKS_MAX) this.#holders.delete(this.#holders.keys().next().value!);
    }
    return holders;
  }
}
