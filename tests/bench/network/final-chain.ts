/** The final chain as a node has stored it, and when its blocks became final at which node. */
import { join } from 'node:path';
import { decode, formatName, signedBlockSchema, slotToMs, transactionId } from '@snapscale/protocol';
import { BlockLogReader } from '../../../apps/node/src/store/block-log/block-log-reader.js';
import type { SeenFinal } from '../load/messages.js';

export type FinalBlock = {
  readonly num: number;
  readonly slot: number;
  readonly producer: string;
  readonly bytes: number;
  /** Ids of its transactions, as latin1 text. */
  readonly ids: readonly string[];
};

/** The newest block that a node has stored; 0 when there is none. */
export function lastStoredBlock(dataDir: string): number {
  const log = BlockLogReader.open(join(dataDir, 'blocks'));
  const { lastBlockNum } = log;
  log.close();
  return lastBlockNum ?? 0;
}

/** Final blocks from this one on, as one node has stored them. */
export function readFinalChain(dataDir: string, fromNum: number): FinalBlock[] {
  const log = BlockLogReader.open(join(dataDir, 'blocks'));
  const blocks: FinalBlock[] = [];
  for (let num = fromNum; ; num++) {
    const bytes = log.readSync(num);
    if (bytes === undefined) break;
    const { header, transactions } = decode(signedBlockSchema, bytes);
    const ids = transactions.map(({ transaction }) =>
      Buffer.from(
        transaction.kind === 'id' ? transaction.id : transactionId(transaction.packed.packedTransaction),
      ).toString('latin1'),
    );
    blocks.push({ num, slot: header.slot, producer: formatName(header.producer), bytes: bytes.length, ids });
  }
  log.close();
  return blocks;
}

/** When blocks became final, by node and number: a report of a block is one of all before it. */
export class FinalTimes {
  readonly #byNode = new Map<string, SeenFinal[]>();

  constructor(finals: readonly SeenFinal[]) {
    for (const seen of finals) {
      const list = this.#byNode.get(seen.node);
      if (list === undefined) this.#byNode.set(seen.node, [seen]);
      else if (seen.num > list.at(-1)!.num) list.push(seen);
    }
  }

  get nodes(): string[] {
    return [...this.#byNode.keys()];
  }

  /** The first report that covers the block; undefined when none does, or when it may have been final before all of them. */
  at(node: string, num: number): number | undefined {
    const list = this.#byNode.get(node) ?? [];
    if (num <= (list[0]?.num ?? Number.POSITIVE_INFINITY) - 1) return undefined;
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle]!.num >= num) high = middle;
      else low = middle + 1;
    }
    return list[low]?.atMs;
  }

  reports(node: string): readonly SeenFinal[] {
    return this.#byNode.get(node) ?? [];
  }
}

/** From the end of each block's slot, when its producer closes it, to its being final at each node, in milliseconds. */
export function finalityLatencies(blocks: readonly FinalBlock[], times: FinalTimes): number[] {
  return blocks.flatMap(({ num, slot }) =>
    times.nodes.flatMap((node) => {
      const at = times.at(node, num);
      return at === undefined ? [] : [at - slotToMs(slot)];
    }),
  );
}
