/** Blocks that are not final yet, of all branches, for the main thread to answer from: the block log has final ones alone. */
import { toHex } from '@snapscale/crypto';
import { blockId, blockNumOf, decodeBlockSummary } from '@snapscale/protocol';

/** More are not held: without finality production pauses before there are so many on one branch. */
const BLOCKS_MAX = 1000;

export class ReversibleBlocks {
  /** Encoded blocks by id, in the order of their arrival. */
  readonly #blocks = new Map<string, Uint8Array>();

  /** Takes in an executed block, encoded. */
  add(encoded: Uint8Array): void {
    this.#blocks.set(toHex(blockId(decodeBlockSummary(encoded).header)), encoded);
    if (this.#blocks.size > BLOCKS_MAX) this.#blocks.delete(this.#blocks.keys().next().value!);
  }

  /** The block with this id, encoded. */
  get(id: Uint8Array): Uint8Array | undefined {
    return this.#blocks.get(toHex(id));
  }

  /** The block with number `num` on the branch that ends in `head`. Cost: linear in the blocks between. */
  onBranch(head: Uint8Array, num: number): Uint8Array | undefined {
    let id = head;
    for (let block = this.get(id); block !== undefined; block = this.get(id)) {
      if (blockNumOf(id) <= num) return blockNumOf(id) === num ? block : undefined;
      id = decodeBlockSummary(block).header.previous;
    }
    return undefined;
  }

  /** Blocks up to `num` are in the log, or of no branch any more. */
  finalize(num: number): void {
    for (const id of this.#blocks.keys()) {
      if (Number.parseInt(id.slice(0, 8), 16) <= num) this.#blocks.delete(id);
    }
  }
}
