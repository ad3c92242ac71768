/**
 * The core's side of the network: carries out what the replica wants sent, and gives it what peers send, decoded and
 * verified as far as that needs no state. What no honest node sends is blamed on the sender and never reaches the replica.
 */
import type { MessagePort } from 'node:worker_threads';
import type { PeerId } from '@snapscale/consensus';
import type { VerifiedTransaction } from '@snapscale/execution';
import {
  DecodeError,
  decode,
  encode,
  type PeerMessage,
  type PeerStatus,
  packedTransactionSchema,
  peerLimits,
  peerMessageSchema,
  quorumCertificateSchema,
  type SignedBlock,
  signedBlockSchema,
  voteSchema,
} from '@snapscale/protocol';
import type { NetworkEffect } from '@snapscale/replica';
import type { LinkedPeer } from '../../net/core-channel.js';
import { openEncodedBlock } from './open-block.js';
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
};

type Peer = LinkedPeer & { status: PeerStatus | undefined };

export class PeerLink {
  readonly #owner: PeerLinkOwner;
  readonly #port: PeerPort;
  readonly #peers = new Map<PeerId, Peer>();
  readonly #requests = new Map<number, { readonly peer: PeerId; readonly id: Uint8Array }>();
  #lastRequest = 0;
  #isStatusTold = false;

  constructor(port: MessagePort, owner: PeerLinkOwner) {
    this.#owner = owner;
    this.#port = new PeerPort(port, {
      connected: (peer) => this.#peers.set(peer.id, { ...peer, status: undefined }),
      disconnected: (peer) => this.#peers.delete(peer),
      received: (from, message) => this.#receive(from, message),
    });
  }

  get status(): PeerLinkStatus {
    const peers = [...this.#peers.values()];
    return {
      peers: peers.length,
      producers: peers.filter(({ isProducer }) => isProducer).length,
      syncing: false,
      highestClaimed: Math.max(0, ...peers.map(({ status }) => status?.head.num ?? 0)),
    };
  }

  /** Carries out sendBlock, requestBlock, sendVote, sendCertificate, relayTransactions and penalise. Returns false for others. */
  carryOut(effect: NetworkEffect): boolean {
    switch (effect.kind) {
      case 'sendBlock':
        this.#port.send(this.#allBut(effect.except), { kind: 'block', block: encode(signedBlockSchema, effect.block) });
        return true;
      case 'requestBlock':
        this.#requestBlock(effect.id, effect.from);
        return true;
      case 'sendVote':
        this.#port.send(this.#allBut(), { kind: 'vote', vote: encode(voteSchema, effect.vote) });
        return true;
      case 'sendCertificate': {
        const certificate = encode(quorumCertificateSchema, effect.certificate);
        this.#port.send(this.#allBut(effect.except), { kind: 'certificate', certificate });
        return true;
      }
      case 'relayTransactions':
        this.#sendTransactions(this.#allBut(), effect.transactions);
        return true;
      case 'penalise':
        this.#port.blame(effect.peer, 'invalid', `${effect.rejection.code}: ${effect.rejection.message}`);
        return true;
      default:
        return false;
    }
  }

  /** Head or final moved. */
  moved(): void {
    const owner = this.#owner;
    this.#isStatusTold = true;
    this.#port.tellStatus({ head: owner.head(), final: owner.final(), earliestBlockNum: owner.earliestBlockNum() });
  }

  /** Called on every tick of the replica, at least twice a second. */
  tick(_nowMs: number): void {
    if (!this.#isStatusTold) this.moved();
  }

  close(): void {
    this.#port.close();
  }

  #allBut(except: PeerId = 0): PeerId[] {
    return [...this.#peers.keys()].filter((peer) => peer !== except);
  }

  #sendTransactions(to: readonly PeerId[], transactions: readonly VerifiedTransaction[]): void {
    let batch: Uint8Array[] = [];
    let bytes = 0;
    const flush = () => {
      if (batch.length > 0) this.#port.send(to, { kind: 'transactions', transactions: batch }, true);
      batch = [];
      bytes = 0;
    };
    for (const { received } of transactions) {
      const packed = encode(packedTransactionSchema, received);
      const isFull =
        bytes + packed.length > TRANSACTIONS_BYTES_MAX || batch.length >= peerLimits.transactionsPerMessageMax;
      if (isFull) flush();
      batch.push(packed);
      bytes += packed.length + 8;
    }
    flush();
  }

  #requestBlock(id: Uint8Array, from: PeerId): void {
    const to = this.#peers.has(from) ? [from] : this.#allBut().slice(0, 3);
    for (const peer of to) {
      const request = ++this.#lastRequest;
      this.#requests.set(request, { peer, id });
      this.#port.send([peer], { kind: 'getBlock', getBlock: { request, id } });
    }
  }

  #receive(from: PeerId, encoded: Uint8Array): void {
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
        this.#receiveBlock(from, message.block);
        break;
      case 'vote':
        this.#owner.step({ kind: 'vote', from, vote: decode(voteSchema, message.vote) });
        break;
      case 'certificate':
        this.#owner.step({
          kind: 'certificate',
          from,
          certificate: decode(quorumCertificateSchema, message.certificate),
        });
        break;
      case 'status': {
        const peer = this.#peers.get(from);
        if (peer !== undefined) peer.status = message.status;
        break;
      }
      case 'getBlock':
        this.#answerBlock(from, message.getBlock);
        break;
      case 'getBlocks':
        this.#answerBlocks(from, message.getBlocks);
        break;
      case 'blocks':
        this.#receiveAnswer(from, message.blocks);
        break;
      default:
        break;
    }
  }

  #receiveBlock(from: PeerId, encoded: Uint8Array): void {
    const opened = openEncodedBlock(encoded, this.#owner);
    if ('code' in opened) {
      this.#port.blame(from, opened.code, opened.message);
      return;
    }
    const { block, transactions, signedBy } = opened;
    this.#owner.step({ kind: 'block', from, block, transactions, signedBy });
  }

  #answerBlock(from: PeerId, { request, id }: { readonly request: number; readonly id: Uint8Array }): void {
    const block = this.#owner.block(id);
    this.#port.send([from], { kind: 'blocks', blocks: { request, blocks: encodeSome(block ? [block] : []) } });
  }

  #answerBlocks(
    peer: PeerId,
    { request, from, count }: { readonly request: number; readonly from: number; readonly count: number },
  ): void {
    const blocks = this.#owner.bestChain(from, Math.min(count, peerLimits.blocksPerAnswerMax));
    this.#port.send([peer], { kind: 'blocks', blocks: { request, blocks: encodeSome(blocks) } });
  }

  #receiveAnswer(
    from: PeerId,
    { request, blocks }: { readonly request: number; readonly blocks: readonly Uint8Array[] },
  ): void {
    const asked = this.#requests.get(request);
    this.#requests.delete(request);
    if (asked?.peer !== from) {
      this.#port.blame(from, 'unexpected', `blocks that were not asked for (request ${request})`);
      return;
    }
    for (const encoded of blocks) this.#receiveBlock(from, encoded);
  }
}

const TRANSACTIONS_BYTES_MAX = peerLimits.transactionMessageBytesMax - 64;

/** As many of the blocks as fit into an answer. */
function encodeSome(blocks: readonly SignedBlock[]): Uint8Array[] {
  const encoded: Uint8Array[] = [];
  let bytes = 64;
  for (const block of blocks) {
    const one = encode(signedBlockSchema, block);
    bytes += one.length + 8;
    if (bytes > peerLimits.blocksMessageBytesMax) break;
    encoded.push(one);
  }
  return encoded;
}
