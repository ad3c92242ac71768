/** Counts what the core does, and where its time goes. */
import type { NetworkEffect, NetworkInput, NetworkReplica } from '@snapscale/replica';
import type { CoreMetrics } from './core-metrics.js';

export class CoreMeter {
  #blocks = 0;
  #transactions = 0;
  #transactionsFailed = 0;
  #slotsMissed = 0;
  #headSlot: number | undefined;
  #executeMs = 0;
  #closeMs = 0;
  #persistMs = 0;

  /** Runs one step and books it. */
  measure(input: NetworkInput, step: () => NetworkEffect[]): NetworkEffect[] {
    const began = performance.now();
    const effects = step();
    const took = performance.now() - began;
    if (effects.some(({ kind }) => kind === 'signBlock')) this.#closeMs += took;
    else this.#executeMs += took;
    for (const effect of effects) {
      if (effect.kind === 'head') {
        this.#blocks++;
        if (this.#headSlot !== undefined) this.#slotsMissed += Math.max(0, effect.slot - this.#headSlot - 1);
        this.#headSlot = effect.slot;
        this.#transactions += effect.transactions;
      } else if (effect.kind === 'reply' && input.kind !== 'query') {
        if (effect.result.kind === 'rejected' || effect.result.trace.except !== undefined) this.#transactionsFailed++;
      }
    }
    return effects;
  }

  persisted(tookMs: number): void {
    this.#persistMs += tookMs;
  }

  read(replica: NetworkReplica): CoreMetrics {
    return {
      blocks: this.#blocks,
      transactions: this.#transactions,
      transactionsFailed: this.#transactionsFailed,
      slotsMissed: this.#slotsMissed,
      waiting: replica.status.waiting,
      reversible: replica.status.reversibleBlocks,
      executeSeconds: this.#executeMs / 1000,
      closeSeconds: this.#closeMs / 1000,
      persistSeconds: this.#persistMs / 1000,
      heapBytes: process.memoryUsage().heapUsed,
    };
  }
}
