/** The node's figures in the text format of Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CoreClient } from '../core/core-client.js';
import type { CoreMetrics } from '../core/core-metrics.js';
import type { VerifyPool } from '../verify/verify-pool.js';

const coreGauges: readonly (readonly [keyof CoreMetrics, string, string])[] = [
  ['blocks', 'snapscale_blocks_total', 'Blocks completed since start'],
  ['transactions', 'snapscale_transactions_total', 'Transactions included in blocks since start'],
  ['transactionsFailed', 'snapscale_transactions_failed_total', 'Transactions refused or failed since start'],
  ['slotsMissed', 'snapscale_slots_missed_total', 'Slots without a block since start'],
  ['waiting', 'snapscale_pool_transactions', 'Transactions that wait for a block with room'],
  ['reversible', 'snapscale_reversible_blocks', 'Complete blocks that are not durable yet'],
  ['executeSeconds', 'snapscale_core_execute_seconds_total', 'Time spent executing transactions'],
  ['closeSeconds', 'snapscale_core_close_seconds_total', 'Time spent completing blocks, state roots included'],
  ['persistSeconds', 'snapscale_core_persist_seconds_total', 'Time from a complete block to a durable one'],
  ['heapBytes', 'snapscale_core_heap_bytes', 'Heap of the core thread'],
];

export class NodeMetrics {
  readonly #registry = new Registry();
  /** Seconds that requests took, by route and status. */
  readonly requests: Histogram<'route' | 'status'>;
  /** Replies of transactions, by outcome. */
  readonly submissions: Counter<'outcome'>;

  constructor(core: CoreClient, verify: VerifyPool) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    for (const [field, name, help] of coreGauges) {
      const read = () => Number(core.metrics?.[field] ?? 0);
      if (name.endsWith('_total')) new Counter({ name, help, registers, collect: followTotal(read) });
      else new Gauge({ name, help, registers, collect: follow(read) });
    }
    new Gauge({
      name: 'snapscale_head_block',
      help: 'Number of the newest block',
      registers,
      collect() {
        this.set(core.head.num);
      },
    });
    new Gauge({
      name: 'snapscale_final_block',
      help: 'Number of the newest final block',
      registers,
      collect() {
        this.set(core.final.num);
      },
    });
    new Gauge({
      name: 'snapscale_verify_waiting',
      help: 'Transactions that wait for a verifying thread',
      registers,
      collect() {
        this.set(verify.stats.waiting);
      },
    });
    this.requests = new Histogram({
      name: 'snapscale_http_request_seconds',
      help: 'Time to answer HTTP requests',
      labelNames: ['route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    });
    this.submissions = new Counter({
      name: 'snapscale_submissions_total',
      help: 'Transactions handed in, by outcome',
      labelNames: ['outcome'],
      registers,
    });
  }

  async expose(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}

function follow(read: () => number): (this: Gauge) => void {
  return function () {
    this.set(read());
  };
}

/** A counter that is counted elsewhere. */
function followTotal(read: () => number): (this: Counter) => void {
  return function () {
    this.reset();
    this.inc(read());
  };
}
