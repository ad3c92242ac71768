/** How the doors of an HTTP server are set up. */
import type { AdmissionPolicy } from '@snapscale/api';
import { slotToMs } from '@snapscale/protocol';
import { Admission } from '../../admission/admission.js';
import type { NodeBackend } from '../backend.js';
import type { FutureTokens } from './future-tokens.js';
import { NodeKeys, newNodeKey } from './node-keys.js';
import type { TlsIdentity } from './tls-door.js';

export type HttpAccess = {
  readonly policy: AdmissionPolicy;
  readonly admission: Admission;
  readonly keys: NodeKeys;
  readonly nowMs: () => number;
  /** What is known of tokens from before the start; undefined: nothing. */
  readonly futureTokens?: FutureTokens;
  /** HTTPS; undefined: none. */
  readonly tls: { readonly port: number; readonly identity: Omit<TlsIdentity, 'authorities'> } | undefined;
};

/** Admission by the final state that a backend shows. @param authorities roots of the identity folder, PEM */
export function admissionOf(backend: NodeBackend, authorities: readonly string[], nowMs: () => number): Admission {
  return new Admission({
    state: backend.finalState(),
    finalTimeSec: () => Math.floor(slotToMs(backend.chainInfo().final.slot) / 1000),
    authorities,
    nowMs,
  });
}

/** Everybody may do everything; members may show who they are, with tokens for a key of this run. */
export function openAccess(backend: NodeBackend): HttpAccess {
  return {
    policy: 'open',
    admission: admissionOf(backend, [], Date.now),
    keys: new NodeKeys('urn:snap:node:unnamed', newNodeKey(), Date.now),
    nowMs: Date.now,
    tls: undefined,
  };
}
