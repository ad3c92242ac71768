/** What all nodes call final, by their block logs: no two may ever differ, and nothing may go back. */
import { join } from 'node:path';
import { blockId, decode, type SignedBlock, signedBlockSchema, transactionId } from '@snapscale/protocol';
import { BlockLogReader } from '../../../apps/node/src/store/block-log/block-log-reader.js';
import { hex } from './http.js';

/** Blocks below the last one that are read again at each look: a restart may have cut the log. */
const AGAIN = 12;

export class FinalBlocks {
  /** Ids by number, hex. */
  readonly ids = new Map<number, string>();
  /** Block of each transaction. */
  readonly blockOf = new Map<string, number>();
  readonly findings: string[] = [];
  readonly #last = new Map<string, number>();
  readonly #taken: (block: SignedBlock) => void;

  /** @param taken is called for each final block once */
  constructor(taken: (block: SignedBlock) => void) {
    this.#taken = taken;
  }

  get last(): number {
    return this.ids.size === 0 ? 0 : Math.max(...this.#last.values());
  }

  lastOf(node: string): number {
    return this.#last.get(node) ?? 0;
  }

  /** Takes what a node says to be final. */
  said(node: string, num: number, id: string): void {
    const known = this.ids.get(num);
    if (known === undefined) this.ids.set(num, id);
    else if (known !== id) this.findings.push(`block ${num} is final as ${known}, and as ${id} at ${node}`);
  }

  /** Reads a node's log on from where it was read last; `all`: from its beginning. The node may run. */
  read(node: string, dataDir: string, all = false): void {
    const log = BlockLogReader.open(join(dataDir, 'blocks'));
    try {
      const before = this.lastOf(node);
      const last = log.lastBlockNum ?? 0;
      if (last < before) this.findings.push(`${node} had ${before} final blocks in its log and has ${last} now`);
      const from = Math.max(log.firstBlockNum ?? 1, all ? 1 : before - AGAIN);
      for (let num = from; num <= last; num++) {
        const bytes = log.readSync(num);
        if (bytes === undefined) this.findings.push(`block ${num} of ${last} is missing in the log of ${node}`);
        else this.#take(node, num, decode(signedBlockSchema, bytes));
      }
      this.#last.set(node, Math.max(before, last));
    } catch (error) {
      this.findings.push(`the log of ${node} cannot be read: ${error instanceof Error ? error.message : error}`);
    } finally {
      log.close();
    }
  }

  #take(node: string, num: number, block: SignedBlock): void {
    const isNew = num > this.#highest;
    this.said(node, num, hex(blockId(block.header)));
    if (!isNew) return;
    this.#highest = num;
    this.#taken(block);
    for (const { transaction } of block.transactions) {
      const id = transaction.kind === 'id' ? transaction.id : transactionId(transaction.packed.packedTransaction);
      const key = hex(id);
      const other = this.blockOf.get(key);
      if (other !== undefined) this.findings.push(`transaction ${key} is in block ${other} and in block ${num}`);
      this.blockOf.set(key, num);
    }
  }

  #highest = 0;
}
