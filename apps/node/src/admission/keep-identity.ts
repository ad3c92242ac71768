/**
 * Keeps a node's papers in order while it runs: the roots in its folder are those of the chain, and where a CA was named its
 * certificate is renewed, sooner when the chain ends it sooner.
 */
import { consortiumVersion } from '@snapscale/execution/consortium';
import { slotToMs } from '@snapscale/protocol';
import type { NodeConfig } from '../config.js';
import type { CoreClient } from '../core/core-client.js';
import { CATCHING_UP_SEC } from './admission.js';
import { CertificateRenewal, type RenewalOptions } from './renewal.js';
import { endOnChain, followRoots, isSupersededOnChain } from './roots-on-chain.js';

/** After which roots that could not be written are written again. */
const AGAIN_MS = 60_000;

/** Follows final blocks until `close`. A node without links to others has no papers. */
export function keepIdentity(
  { ca, renewKey, identityDir: directory, peerPort }: NodeConfig,
  core: CoreClient,
  event: RenewalOptions['event'],
): { close(): void } {
  if (peerPort === undefined) return { close: () => undefined };
  const nowMs = Date.now;
  const endSec: RenewalOptions['endSec'] = (identity) => endOnChain(core.reader, identity, nowMs());
  const isSuperseded: RenewalOptions['isSuperseded'] = (identity) => isSupersededOnChain(core.reader, identity);
  const renewal =
    ca === undefined
      ? undefined
      : new CertificateRenewal({ directory, ca, renewKey, nowMs, endSec, isSuperseded, event });
  let version: bigint | undefined;
  let failedMs = Number.NEGATIVE_INFINITY;
  const look = (slot: number): void => {
    const now = consortiumVersion(core.reader);
    // An old state does not know the newest roots; those of the folder may be all that lets the node catch up (NET-19).
    if (now === version || slotToMs(slot) < nowMs() - CATCHING_UP_SEC * 1000) return;
    if (nowMs() - failedMs < AGAIN_MS) return;
    try {
      if (followRoots(directory, core.reader, nowMs())) event('info', 'roots-changed', { directory });
      version = now;
    } catch (error) {
      failedMs = nowMs();
      event('warn', 'roots-not-written', { directory, reason: error instanceof Error ? error.message : String(error) });
    }
    renewal?.look();
  };
  const stopListening = core.listen({ finalized: (_num, _id, slot) => look(slot) });
  return {
    close() {
      stopListening();
      renewal?.close();
    },
  };
}
