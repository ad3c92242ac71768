/** What a node with producers does on the chain by itself: registers their finalizer keys at first, publishes round-trip times, and reports cheats. */
import { parseBlsPrivateKey, parsePrivateKey } from '@snapscale/crypto';
import { chainIdOf, type Genesis, parseName } from '@snapscale/protocol';
import type { CoreClient } from '../core/core-client.js';
import type { NodeKeys } from '../data-directory.js';
import type { NodeBackend } from '../http/backend.js';
import { type OwnTransactions, waitFor } from '../own-transactions.js';
import { EvidenceReporter } from './evidence-reporter.js';
import { registerFinalizers } from './producer-account.js';
import { publishRoundTrips, type RoundTrips } from './round-trips.js';

export type DutyParts = {
  readonly core: CoreClient;
  readonly backend: NodeBackend;
  readonly genesis: Genesis;
  readonly keys: NodeKeys;
  readonly notice: OwnTransactions['notice'];
  /** As they are now. */
  readonly roundTrips: () => RoundTrips;
};

export class ProducerDuties {
  readonly reporter: EvidenceReporter;
  readonly #stop = new AbortController();
  readonly #endListening: () => void;

  constructor({ core, backend, genesis, keys, notice, roundTrips }: DutyParts) {
    const context: OwnTransactions = {
      chainId: chainIdOf(genesis),
      producers: keys.producers.map(parseName),
      keys: keys.producerKeys.map(parsePrivateKey),
      headState: () => core.view,
      finalState: () => core.view.final,
      // A final block is on every branch: what names another one is void where that one is lost.
      headId: () => core.final.id,
      nowMs: Date.now,
      submit: async (packed) => {
        const outcome = await backend.submit(packed, 'push');
        if (outcome.kind === 'busy') return { code: 'snap_queue_full', message: 'the queue of this node is full' };
        return outcome.kind === 'rejected' ? outcome.rejection : outcome.except;
      },
      wait: waitFor,
      notice,
    };
    const failed = (what: string) => (error: unknown) => notice('error', { err: error }, `${what} failed`);
    this.reporter = new EvidenceReporter(context, Math.random);
    this.#endListening = core.listen({
      evidence: (evidence) => void this.reporter.report(evidence).catch(failed('reporting evidence')),
    });
    const finalizers = keys.finalizerKeys.map(parseBlsPrivateKey);
    registerFinalizers(context, genesis.producers, finalizers, this.#stop.signal).catch(
      failed('registering finalizers'),
    );
    publishRoundTrips(context, roundTrips, this.#stop.signal).catch(failed('publishing round-trip times'));
  }

  close(): void {
    this.#stop.abort();
    this.#endListening();
    this.reporter.close();
  }
}
