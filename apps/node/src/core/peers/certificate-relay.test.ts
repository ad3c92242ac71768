import type { BlsPublicKey, BlsSignature } from '@snapscale/crypto';
import type { QuorumCertificate, Vote, VotePhase } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { CERTIFICATE_DELAY_MS, CertificateRelay } from './certificate-relay.js';

const blockId = new Uint8Array(32).fill(3);
const signature = new Uint8Array(192) as BlsSignature;
const vote = (phase: VotePhase): Vote => ({
  phase,
  slot: 7,
  blockId,
  finalizerKey: new Uint8Array(96) as BlsPublicKey,
  signature,
});
const certificate = (phase: VotePhase): QuorumCertificate => ({
  phase,
  slot: 7,
  blockId,
  signers: Uint8Array.of(7),
  signature,
});
const peers = { producers: [1, 2, 3, 4], others: [5, 6] };

describe('CertificateRelay', () => {
  it('gives those who do not vote at once, and producers that have not shown that they have it', () => {
    const relay = new CertificateRelay();
    expect(relay.take(certificate(0), 6, peers, 1_000)).toEqual([5]);
    relay.voted(1, vote(1));
    relay.voted(2, vote(0));
    relay.came(3, certificate(0));
    relay.came(4, certificate(1));
    expect(relay.nextMs).toBe(1_000 + CERTIFICATE_DELAY_MS);
    expect(relay.due(peers.producers, 1_000)).toEqual([]);
    expect(relay.due(peers.producers, 1_000 + CERTIFICATE_DELAY_MS)).toEqual([
      { certificate: certificate(0), to: [2, 4] },
    ]);
    expect([relay.nextMs, relay.due(peers.producers, 5_000)]).toEqual([undefined, []]);
  });

  it('tells the two phases apart', () => {
    const relay = new CertificateRelay();
    relay.take(certificate(1), 0, peers, 0);
    relay.came(1, certificate(0));
    relay.came(2, certificate(1));
    relay.voted(3, vote(1));
    expect(relay.due(peers.producers, 100)).toEqual([{ certificate: certificate(1), to: [1, 4] }]);
  });

  it('gives all when consensus sends it again', () => {
    const relay = new CertificateRelay();
    relay.take(certificate(0), 0, peers, 0);
    for (const peer of peers.producers) relay.voted(peer, vote(1));
    expect(relay.take(certificate(0), 2, peers, 1_000)).toEqual([5, 6, 1, 3, 4]);
  });
});
