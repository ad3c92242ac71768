/**
 * Peers' messages on their way to the core: how many of each kind a peer may send, and how many may wait.
 *
 * A peer of which too much waits is not read until the core has worked it off, so that a flood fills the sender's socket
 * and nobody else's. What comes too often is dropped (consensus repeats what counts); who goes on is put out.
 */
import type { PeerId } from '@snapscale/consensus';
import type { PeerMessageKind } from '@snapscale/protocol';
import { PeerFault } from '../p2p/faults.js';
import { TokenBucket } from '../p2p/token-bucket.js';
import type { Taken } from './core-channel.js';
import type { NetworkStats } from './network-messages.js';

/** Messages of a kind that one peer may send in a second, and four times as many at once. */
const perSecond: Partial<Record<PeerMessageKind, number>> = {
  // Two votes a block and finalizer, and repetitions: more than 20 would be a node with many keys.
  vote: 500,
  // A few in each step of a busy core.
  transactions: 2_000,
  certificate: 200,
  block: 100,
  compactBlock: 100,
  status: 20,
  getBlock: 100,
  getBlocks: 100,
  getBlockTransactions: 100,
  blockTransactions: 100,
  blocks: 400,
  getSnapshot: 2,
  getChunk: 100,
};
const BURST_SECONDS = 4;
/** Bytes of blocks that nobody asked for: several times what a chain produces. */
const BLOCK_BYTES_PER_SECOND = 8 << 20;
const BLOCK_BYTES_AT_ONCE = 24 << 20;
/** Messages that may be dropped in a row before the peer is put out; so many are forgiven in a minute. */
const DROPPED_MAX = 2_000;

/** Of one peer: above these it is not read, and is read again below half of them. */
const WAITING_MESSAGES_MAX = 4_096;
const WAITING_BYTES_MAX = 24 << 20;

type Sender = {
  readonly allowances: Map<PeerMessageKind, TokenBucket>;
  readonly excess: TokenBucket;
  readonly blockBytes: TokenBucket;
  messages: number;
  bytes: number;
  isPaused: boolean;
};

export class CoreGate {
  readonly #senders = new Map<PeerId, Sender>();
  readonly #setPaused: (peer: PeerId, paused: boolean) => void;
  #dropped = 0;

  /** `setPaused`: stops and resumes reading a peer. */
  constructor(setPaused: (peer: PeerId, paused: boolean) => void) {
    this.#setPaused = setPaused;
  }

  get stats(): Pick<NetworkStats, 'coreQueue' | 'dropped' | 'paused'> {
    const senders = [...this.#senders.values()];
    const sum = (of: (sender: Sender) => number) => senders.reduce((total, sender) => total + of(sender), 0);
    return {
      coreQueue: { messages: sum(({ messages }) => messages), bytes: sum(({ bytes }) => bytes) },
      dropped: this.#dropped,
      paused: sum(({ isPaused }) => (isPaused ? 1 : 0)),
    };
  }

  /** Whether blocks of so many bytes, which nobody asked for, may pass now. */
  admitsBlock(peer: PeerId, bytes: number, nowMs: number): boolean {
    if (this.#senderOf(peer, nowMs).blockBytes.take(bytes, nowMs)) return true;
    this.#dropped++;
    return false;
  }

  /** Whether a message of this kind may pass now. @throws PeerFault when the peer goes on flooding */
  admits(peer: PeerId, kind: PeerMessageKind, nowMs: number): boolean {
    const rate = perSecond[kind];
    if (rate === undefined) return true;
    const sender = this.#senderOf(peer, nowMs);
    let allowance = sender.allowances.get(kind);
    if (allowance === undefined) {
      allowance = new TokenBucket(rate, BURST_SECONDS * rate, nowMs);
      sender.allowances.set(kind, allowance);
    }
    if (allowance.take(1, nowMs)) return true;
    this.#dropped++;
    if (!sender.excess.take(1, nowMs)) throw new PeerFault('flooding', `the peer sends too many ${kind} messages`);
    return false;
  }

  /** A message of so many bytes goes to the core. */
  passed(peer: PeerId, bytes: number, nowMs: number): void {
    const sender = this.#senderOf(peer, nowMs);
    sender.messages++;
    sender.bytes += bytes;
    if (sender.isPaused || (sender.messages < WAITING_MESSAGES_MAX && sender.bytes < WAITING_BYTES_MAX)) return;
    sender.isPaused = true;
    this.#setPaused(peer, true);
  }

  /** The core has worked these off. */
  taken(of: readonly Taken[]): void {
    for (const { peer, messages, bytes } of of) {
      const sender = this.#senders.get(peer);
      if (sender === undefined) continue;
      sender.messages -= messages;
      sender.bytes -= bytes;
      const isLow = sender.messages <= WAITING_MESSAGES_MAX / 2 && sender.bytes <= WAITING_BYTES_MAX / 2;
      if (!sender.isPaused || !isLow) continue;
      sender.isPaused = false;
      this.#setPaused(peer, false);
    }
  }

  /** A new connection of a peer of which much still waits is not read either. */
  connected(peer: PeerId): void {
    if (this.#senders.get(peer)?.isPaused) this.#setPaused(peer, true);
  }

  #senderOf(peer: PeerId, nowMs: number): Sender {
    let sender = this.#senders.get(peer);
    if (sender === undefined) {
      const excess = new TokenBucket(DROPPED_MAX / 60, DROPPED_MAX, nowMs);
      const blockBytes = new TokenBucket(BLOCK_BYTES_PER_SECOND, BLOCK_BYTES_AT_ONCE, nowMs);
      sender = { allowances: new Map(), excess, blockBytes, messages: 0, bytes: 0, isPaused: false };
      this.#senders.set(peer, sender);
    }
    return sender;
  }
}
