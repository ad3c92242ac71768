/** The events of blocks, formatted once for all clients. */
import { toHex } from '@snapscale/crypto';
import { formatName, slotToText, type TransactionTrace } from '@snapscale/protocol';
import type { NodeBackend } from '../backend.js';
import type { AbiCache } from '../view/abi-cache.js';
import { decodingBudget } from '../view/action-json.js';
import { traceJson } from '../view/trace-json.js';
import { type StreamFilter, wantsTrace } from './filter.js';

/** Blocks whose formatted events are kept: clients at the head of the chain share them. */
const BLOCKS_KEPT = 8;

/** One block, ready to be sent. */
export type BlockEvents = {
  readonly num: number;
  readonly id: Uint8Array;
  readonly previous: Uint8Array;
  /** Number of events: the block itself, then one for each transaction. */
  readonly count: number;
  /** The event at an index, or undefined when the client does not want it. */
  event(index: number, filter: StreamFilter): { readonly event: string; readonly data: string } | undefined;
};

export class BlockEventSource {
  readonly #backend: NodeBackend;
  readonly #abis: AbiCache;
  readonly #kept = new Map<number, BlockEvents>();

  constructor(backend: NodeBackend, abis: AbiCache) {
    this.#backend = backend;
    this.#abis = abis;
  }

  /** The events of a block of the best branch; undefined when the node does not hold it. */
  get(num: number): BlockEvents | undefined {
    const known = this.#kept.get(num);
    if (known !== undefined) return known;
    const made = this.#make(num);
    if (made === undefined) return undefined;
    this.#kept.set(num, made);
    if (this.#kept.size > BLOCKS_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return made;
  }

  /** Forgets blocks after `num`: the branch has changed. */
  forgetAfter(num: number): void {
    for (const kept of this.#kept.keys()) if (kept > num) this.#kept.delete(kept);
  }

  #make(num: number): BlockEvents | undefined {
    const stored = this.#backend.blockByNum(num);
    if (stored === undefined) return undefined;
    const { id, block } = stored;
    let traces: readonly TransactionTrace[] | undefined;
    const tracesOf = (): readonly TransactionTrace[] => (traces ??= this.#backend.tracesOfBlock(num) ?? []);
    const formatted: (string | undefined)[] = [];
    const source = { state: this.#backend.headState(), abis: this.#abis, budget: decodingBudget() };
    const header = JSON.stringify({
      num,
      id: toHex(id),
      previous: toHex(block.header.previous),
      timestamp: slotToText(block.header.slot),
      producer: formatName(block.header.producer),
      transactions: block.transactions.length,
    });
    return {
      num,
      id,
      previous: block.header.previous,
      get count() {
        return 1 + tracesOf().length;
      },
      event(index, filter) {
        if (index === 0) return filter.topics.has('blocks') ? { event: 'block', data: header } : undefined;
        const trace = filter.topics.has('traces') ? tracesOf()[index - 1] : undefined;
        if (trace === undefined || !wantsTrace(filter, trace)) return undefined;
        const data = (formatted[index] ??= JSON.stringify({
          block_num: num,
          transaction_id: toHex(trace.id),
          trace: traceJson(source, trace, id),
        }));
        return { event: 'trace', data };
      },
    };
  }
}
