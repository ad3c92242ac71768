/**
 * The core's side of the network: carries out what the replica wants sent, and gives it what peers send, decoded and
 * verified as far as that needs no state. What no honest node sends is blamed on the sender and never reaches the replica.
 */
import type { MessagePort } from 'node:worker_threads';
import { ownPeer, type PeerId } from '@snapscale/consensus';
import type { VerifiedTransaction } from '@snapscale/execution';
import {
  DecodeError,
  decode,
  encode,
  limits,
  type PeerMessage,
  packedTransactionSchema,
  peerLimits,
  peerMessageSchema,
  quorumCertificateSchema,
  voteSchema,
} from '@snapscale/protocol';
import type { ReplicaEffect } from '@snapscale/replica';
import type { LinkedPeer } from '../../net/core-channel.js';
import { BlockExchange } from './block-exchange.js';
import { CERTIFICATE_DELAY_MS, CertificateRelay, type Delivery } from './certificate-relay.js';
import { LinkedPeers } from './linked-peers.js';
import type { PeerLinkOwner } from './owner.js';
import { PeerPort } from './peer-port.js';

export type { PeerLinkOwner } from './owner.js';

/** For metrics and health. */
export type PeerLinkStatus = {
  readonly peers: number;
  readonly producers: number;
  /** Whether this node is behind and fetches blocks by ranges. */
  readonly syncing: boolean;
  /** The highest block that a peer says it has. */
  readonly highestClaimed: number;
  /** Blocks that wait for transactions, requests for single blocks without an answer, and bytes of ranges that wait. */
  readonly assembling: number;
  readonly requested: number;
  readonly syncBytes: number;
};

export class PeerLink {
  readonly #owner: PeerLinkOwner;
  readonly #port: PeerPort;
  readonly #peers = new LinkedPeers();
  readonly #blocks: BlockExchange;
  readonly #certificates = new CertificateRelay();
  #timer: NodeJS.Timeout | undefined;
  #isStatusTold = false;
  #isClosed = false;

  /** `port`: this side of the channel whose other end the network has. */
  constructor(port: MessagePort, owner: PeerLinkOwner) {
    this.#owner = owner;
    this.#port = new PeerPort(port, {
      connected: (peer) => this.#connected(peer),
      disconnected: (peer) => this.#disconnected(peer),
      received: (from, message) => this.#receive(from, message),
    });
    this.#blocks = new BlockExchange(this.#port, owner, this.#peers);
  }

  get status(): PeerLinkStatus {
    return {
      peers: this.#peers.size,
      producers: this.#peers.producers.length,
      syncing: this.#blocks.isSyncing,
      highestClaimed: this.#peers.highestClaimed,
      ...this.#blocks.size,
    };
  }

  /** Carries out sendBlock, requestBlock, sendVote, sendCertificate, relayTransactions and penalise. Returns false for others. */
  carryOut(effect: ReplicaEffect): boolean {
    switch (effect.kind) {
      case 'sendBlock':
        this.#blocks.send(effect.id, effect.block, effect.except);
        return true;
      case 'requestBlock':
        this.#blocks.request(effect.id, effect.from);
        return true;
      case 'sendVote':
        this.#port.send(this.#peers.allBut(ownPeer), { kind: 'vote', vote: encode(voteSchema, effect.vote) });
        return true;
      case 'sendCertificate': {
        const now = this.#certificates.take(effect.certificate, effect.except, this.#peers, this.#owner.nowMs());
        this.#sendCertificate({ certificate: effect.certificate, to: now });
        this.#timer ??= setTimeout(() => this.#sendDueCertificates(), CERTIFICATE_DELAY_MS);
        return true;
      }
      case 'relayTransactions':
        this.#sendTransactions(this.#peers.allBut(ownPeer), effect.transactions);
        return true;
      case 'penalise':
        this.#port.blame(effect.peer, 'invalid', `${effect.rejection.code}: ${effect.rejection.message}`);
        this.#blocks.distrust(effect.peer);
        return true;
      default:
        return false;
    }
  }

  /** Head or final moved: peers are told, and catching up goes on. */
  moved(): void {
    const owner = this.#owner;
    this.#isStatusTold = true;
    this.#port.tellStatus({ head: owner.head(), final: owner.final(), earliestBlockNum: owner.earliestBlockNum() });
    this.#blocks.moved();
  }

  /**
   * Verified transactions of a peer have been given to the replica: what does not come from a producer is passed on to the
   * producers, because its sender may know none of them. What a producer sent has been sent to all already.
   */
  passOn(from: PeerId, transactions: readonly VerifiedTransaction[]): void {
    if (!this.#peers.has(from) || this.#peers.isProducer(from)) return;
    const producers = this.#peers.producers.filter((peer) => peer !== from);
    this.#sendTransactions(producers, transactions);
  }

  /** Called on every tick of the replica, at least twice a second. */
  tick(nowMs: number): void {
    if (!this.#isStatusTold) this.moved();
    this.#blocks.tick(nowMs);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#blocks.close();
    this.#port.close();
  }

  #connected(peer: LinkedPeer): void {
    this.#peers.add(peer);
  }

  #disconnected(peer: PeerId): void {
    this.#peers.remove(peer);
    this.#blocks.left(peer);
  }

  #sendCertificate({ certificate, to }: Delivery): void {
    this.#port.send(to, { kind: 'certificate', certificate: encode(quorumCertificateSchema, certificate) });
  }

  #sendDueCertificates(): void {
    this.#timer = undefined;
    if (this.#isClosed) return;
    const nowMs = this.#owner.nowMs();
    for (const delivery of this.#certificates.due(this.#peers.producers, nowMs)) this.#sendCertificate(delivery);
    const { nextMs } = this.#certificates;
    if (nextMs === undefined) return;
    this.#timer = setTimeout(() => this.#sendDueCertificates(), Math.max(1, nextMs - nowMs));
  }

  #sendTransactions(to: readonly PeerId[], transactions: readonly VerifiedTransaction[]): void {
    let batch: Uint8Array[] = [];
    let bytes = 0;
    const flush = () => {
      if (batch.length > 0) this.#port.send(to, { kind: 'transactions', transactions: batch }, true);
      batch = [];
      bytes = 0;
    };
    if (to.length === 0) return;
    for (const { received } of transactions) {
      const packed = encode(packedTransactionSchema, received);
      // Larger than a message may hold one: only blocks carry it.
      if (packed.length > limits.packedTransactionBytesMax) continue;
      const isFull =
        bytes + packed.length + 8 > BATCH_BYTES_MAX || batch.length >= peerLimits.transactionsPerMessageMax;
      if (isFull) flush();
      batch.push(packed);
      bytes += packed.length + 8;
    }
    flush();
  }

  #receive(from: PeerId, encoded: Uint8Array): void {
    // It has left since: what it asked for cannot be answered, and what it sent will be sent by others.
    if (!this.#peers.has(from)) return;
    try {
      this.#dispatch(from, decode(peerMessageSchema, encoded));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#port.blame(from, 'malformed', error.message);
    }
  }

  /** @throws DecodeError */
  #dispatch(from: PeerId, message: PeerMessage): void {
    switch (message.kind) {
      case 'block':
        this.#blocks.receive(from, message.block);
        break;
      case 'compactBlock':
        this.#blocks.receiveCompact(from, message.compactBlock.block);
        break;
      case 'vote': {
        const vote = decode(voteSchema, message.vote);
        this.#blocks.shown(from, vote.blockId);
        this.#certificates.voted(from, vote);
        this.#owner.step({ kind: 'vote', from, vote });
        break;
      }
      case 'certificate': {
        const certificate = decode(quorumCertificateSchema, message.certificate);
        this.#certificates.came(from, certificate);
        this.#owner.step({ kind: 'certificate', from, certificate });
        break;
      }
      case 'status':
        this.#peers.heard(from, message.status);
        this.#blocks.heard(from, message.status);
        break;
      case 'getBlock':
      case 'getBlocks':
      case 'getBlockTransactions':
        this.#blocks.answer(from, message);
        break;
      case 'blockTransactions':
        this.#blocks.receiveTransactions(from, message);
        break;
      case 'blocks':
        this.#blocks.receiveAnswer(from, message);
        break;
      default:
        throw new Error(`the network passed a ${message.kind} on to the core`);
    }
  }
}

const BATCH_BYTES_MAX = peerLimits.transactionMessageBytesMax - 64;
