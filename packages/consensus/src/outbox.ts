/** The effects of one step, and what to do when the host answers those that ask. */
import type { BlsPublicKey, BlsSignature } from '@snapscale/crypto';
import type { Rejection } from '@snapscale/protocol';
import type { ConsensusEffect, ConsensusNotice } from './effects.js';
import { ownPeer, type PeerId } from './events.js';

export class Outbox {
  #effects: ConsensusEffect[] = [];
  #ticket = 0;
  readonly #verifications = new Map<number, (aggregate: BlsSignature | undefined) => void>();
  readonly #signatures = new Map<number, (signature: BlsSignature) => void>();

  push(effect: ConsensusEffect): void {
    this.#effects.push(effect);
  }

  /** The effects since the last call. */
  take(): ConsensusEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** Verifications without an answer. */
  get unanswered(): number {
    return this.#verifications.size;
  }

  verify(
    digest: Uint8Array,
    keys: readonly BlsPublicKey[],
    signatures: readonly BlsSignature[],
    then: (aggregate: BlsSignature | undefined) => void,
  ): void {
    const ticket = ++this.#ticket;
    this.#verifications.set(ticket, then);
    this.push({ kind: 'verify', ticket, digest, keys, signatures });
  }

  sign(digest: Uint8Array, key: BlsPublicKey, then: (signature: BlsSignature) => void): void {
    const ticket = ++this.#ticket;
    this.#signatures.set(ticket, then);
    this.push({ kind: 'sign', ticket, digest, key });
  }

  /** The answer to `verify`; ignored if it came already. */
  verified(ticket: number, aggregate: BlsSignature | undefined): void {
    const then = this.#verifications.get(ticket);
    this.#verifications.delete(ticket);
    then?.(aggregate);
  }

  /** The answer to `sign`; ignored if it came already. */
  signed(ticket: number, signature: BlsSignature): void {
    const then = this.#signatures.get(ticket);
    this.#signatures.delete(ticket);
    then?.(signature);
  }

  notice(name: ConsensusNotice, detail: Readonly<Record<string, string | number>>): void {
    this.push({ kind: 'event', name, detail });
  }

  /** Complains about a peer; what this node made itself is a matter for its operator. */
  penalise(peer: PeerId, rejection: Rejection): void {
    if (peer !== ownPeer) this.push({ kind: 'penalise', peer, rejection });
  }
}
