/**
 * Answers peers' requests for final blocks from the block log, on the network thread, so that a node that catches up
 * costs the core nothing. Peers are served in turns, one read at a time; each has an allowance of bytes, and nothing is
 * read for a peer that does not take what it has been sent.
 */
import type { PeerId } from '@snapscale/consensus';
import { equalBytes } from '@snapscale/crypto';
import { blockId, blockNumOf, decodeBlockSummary, type PeerMessage, peerLimits } from '@snapscale/protocol';
import { TokenBucket } from '../p2p/token-bucket.js';
import type { BlockQuestion } from './core-channel.js';
import type { NetworkStats } from './network-messages.js';

/** The part of a block log that is needed. */
export type ServedLog = {
  readonly firstBlockNum: number | undefined;
  readonly lastBlockNum: number | undefined;
  readRange(from: number, to: number): Promise<readonly { readonly blockNum: number; readonly bytes: Uint8Array }[]>;
};

export type BlockServerOptions = {
  readonly log: ServedLog;
  readonly nowMs: () => number;
  readonly send: (peer: PeerId, message: PeerMessage) => void;
  /** Bytes that wait for the peer to take them; undefined when it has left. */
  readonly bytesWaiting: (peer: PeerId) => number | undefined;
  /** Whoever asks for a block that is not final is answered by the core. */
  readonly passOn: (peer: PeerId, request: BlockQuestion) => void;
  /** The log could not be read. */
  readonly fault: (error: unknown) => void;
};

/** Requests of one peer that may wait; more are left out. Honest nodes have a few under way, and after a partition some more. */
const REQUESTS_MAX = 64;
/** Blocks before the one asked for that one request may bring. */
const ANCESTORS_MAX = 63;
const BYTES_PER_SECOND = 32 << 20;
const WAITING_BYTES_MAX = 16 << 20;
/** How long a peer that may not be served yet is left alone. */
const RETRY_MS = 20;

type Waiting = { readonly request: BlockQuestion; readonly isReturned: boolean };
type Client = { readonly requests: Waiting[]; readonly allowance: TokenBucket };

export class BlockServer {
  readonly #options: BlockServerOptions;
  readonly #clients = new Map<PeerId, Client>();
  #isRunning = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #blocks = 0;
  #bytes = 0;

  constructor(options: BlockServerOptions) {
    this.#options = options;
  }

  get stats(): NetworkStats['served'] {
    let waiting = 0;
    for (const { requests } of this.#clients.values()) waiting += requests.length;
    return { waiting, blocks: this.#blocks, bytes: this.#bytes };
  }

  /**
   * Takes a request, unless too many of this peer wait already.
   * @param isReturned the core has given it back: what it asks for is final, in this log or nowhere
   */
  request(peer: PeerId, request: BlockQuestion, isReturned = false): void {
    let client = this.#clients.get(peer);
    if (client === undefined) {
      const allowance = new TokenBucket(BYTES_PER_SECOND, BYTES_PER_SECOND, this.#options.nowMs());
      client = { requests: [], allowance };
      this.#clients.set(peer, client);
    }
    if (client.requests.length >= REQUESTS_MAX) return;
    client.requests.push({ request, isReturned });
    void this.#run();
  }

  /** The peer has left: what it asked for is forgotten. */
  forget(peer: PeerId): void {
    this.#clients.delete(peer);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#clients.clear();
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (await this.#serveEachOnce());
    } catch (error) {
      this.#options.fault(error);
    } finally {
      this.#isRunning = false;
    }
    const isWaiting = [...this.#clients.values()].some(({ requests }) => requests.length > 0);
    if (this.#isClosed || !isWaiting) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), RETRY_MS);
  }

  /** One request of each peer that may be served now. Returns whether there was any. */
  async #serveEachOnce(): Promise<boolean> {
    let served = false;
    for (const [peer, { requests, allowance }] of [...this.#clients]) {
      const next = requests[0];
      if (this.#isClosed || next === undefined) continue;
      const waiting = this.#options.bytesWaiting(peer);
      if (waiting === undefined || waiting > WAITING_BYTES_MAX) continue;
      // What an answer costs is known afterwards: the allowance may go below zero once.
      if (!allowance.take(1, this.#options.nowMs())) continue;
      requests.shift();
      served = true;
      allowance.spend(await this.#answer(peer, next));
    }
    return served;
  }

  /** Returns the bytes of the answer. */
  async #answer(peer: PeerId, { request, isReturned }: Waiting): Promise<number> {
    const { log, send, passOn } = this.#options;
    const last = log.lastBlockNum ?? 0;
    const num = request.kind === 'getBlocks' ? request.getBlocks.from : blockNumOf(request.getBlock.id);
    if (num > last && !isReturned) {
      passOn(peer, request);
      return 0;
    }
    const blocks: Uint8Array[] = [];
    let bytes = 0;
    for (const { bytes: block } of await this.#read(request, num, last)) {
      if (bytes + block.length + 16 > peerLimits.blocksMessageBytesMax - 64) break;
      blocks.push(block);
      bytes += block.length + 8;
    }
    this.#blocks += blocks.length;
    this.#bytes += bytes;
    const number = request.kind === 'getBlocks' ? request.getBlocks.request : request.getBlock.request;
    send(peer, { kind: 'blocks', blocks: { request: number, blocks } });
    return bytes;
  }

  async #read(request: BlockQuestion, num: number, last: number): Promise<readonly { readonly bytes: Uint8Array }[]> {
    const { log } = this.#options;
    if (num < (log.firstBlockNum ?? 1) || num > last) return [];
    if (request.kind === 'getBlocks') {
      const count = Math.min(request.getBlocks.count, peerLimits.blocksPerAnswerMax);
      const found = count === 0 ? [] : await log.readRange(num, Math.min(last, num + count - 1));
      // A log that was salvaged may have gaps.
      return found.filter(({ blockNum }, index) => blockNum === num + index);
    }
    const { id, ancestors } = request.getBlock;
    const from = Math.max(num - Math.min(ancestors, ANCESTORS_MAX), log.firstBlockNum ?? 1);
    let found = await log.readRange(from, num);
    // Large blocks, or gaps: the one that was asked for matters most.
    const isWhole = found.length === num - from + 1 && found.at(-1)?.blockNum === num;
    if (!isWhole) found = await log.readRange(num, num);
    const newest = found.at(-1);
    if (newest === undefined) return [];
    // Another block of this number is final: whoever asks is on a branch that lost.
    return equalBytes(blockId(decodeBlockSummary(newest.bytes).header), id) ? found : [];
  }
}
