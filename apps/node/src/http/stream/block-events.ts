/** The events of blocks, formatted once for all clients. */
import { formatServerSentEvent } from '@snapscale/api';
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
  /** Number of events for a client: the block itself, then one for each transaction where the client wants traces. */
  count(filter: StreamFilter): number;
  /** The event at an index as bytes without its id, or undefined when the client does not want it. */
  event(index: number, filter: StreamFilter): Uint8Array | undefined;
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
    const summary = this.#backend.blockSummary(num);
    if (summary === undefined) return undefined;
    const { id, header, transactionCount } = summary;
    let traces: readonly TransactionTrace[] | undefined;
    let traceCount: number | undefined;
    const tracesOf = (): readonly TransactionTrace[] => (traces ??= this.#backend.tracesOfBlock(num) ?? []);
    const formatted: (Uint8Array | undefined)[] = [];
    const source = { state: this.#backend.headState(), abis: this.#abis, budget: decodingBudget() };
    const shown = {
      num,
      id: toHex(id),
      previous: toHex(header.previous),
      timestamp: slotToText(header.slot),
      producer: formatName(header.producer),
      transactions: transactionCount,
    };
    return {
      num,
      id,
      count: ({ topics }) => (topics.has('traces') ? 1 + (traceCount ??= this.#backend.traceCount(num)) : 1),
      event(index, filter) {
        if (index === 0) return filter.topics.has('blocks') ? (formatted[0] ??= eventBytes('block', shown)) : undefined;
        const trace = filter.topics.has('traces') ? tracesOf()[index - 1] : undefined;
        if (trace === undefined || !wantsTrace(filter, trace)) return undefined;
        formatted[index] ??= eventBytes('trace', {
          block_num: num,
          transaction_id: toHex(trace.id),
          trace: traceJson(source, trace, id),
        });
        return formatted[index];
      },
    };
  }
}

/** Encoded once: a large trace that is sent to many clients would otherwise be encoded for each. */
function eventBytes(event: string, data: object): Uint8Array {
  return Buffer.from(formatServerSentEvent({ id: '', event, data: JSON.stringify(data) }));
}
