/** Blocks from and to peers: sends new ones compactly, opens those that come, asks for missing ones, catches up. */
import { ownPeer, type PeerId } from '@snapscale/consensus';
import { equalBytes } from '@snapscale/crypto';
import {
  blockId,
  blockNumOf,
  decode,
  decodeBlockSummary,
  encode,
  type PeerMessage,
  type PeerStatus,
  packedTransactionSchema,
  type SignedBlock,
  signedBlockSchema,
} from '@snapscale/protocol';
import { type AssemblyStep, BlockAssembly, compactOf, isWhole } from './block-assembly.js';
import { BlockRequests } from './block-requests.js';
import { BlockService } from './block-service.js';
import { BlockSpread } from './block-spread.js';
import { BlockSync } from './block-sync.js';
import type { LinkedPeers } from './linked-peers.js';
import { type BlockFault, decodeBlock, type OpenedBlock, openBlock } from './open-block.js';
import type { PeerLinkOwner } from './owner.js';
import type { PeerPort } from './peer-port.js';
import { RecentBlocks, SeenBlocks } from './recent-blocks.js';
import { VerificationBudget } from './verification-budget.js';

type Message<K extends PeerMessage['kind']> = Extract<PeerMessage, { kind: K }>;

/** Producers that have not shown in this time that they have a block are sent it, although its producer sent it too. */
const PASS_ON_MS = 60;
/** Blocks further ahead of the head than this are not taken one by one: they come with the ranges. */
const AHEAD_MAX = 64;
/** Peers that are asked for a block of which nobody is known to have it. */
const ASKED_AT_ONCE = 2;
/** Requests of the synchronisation whose answers may still come after it has changed its mind. */
const LATE_MAX = 256;

type Later = { readonly id: Uint8Array; readonly block: SignedBlock; readonly except: PeerId; readonly dueMs: number };

export class BlockExchange {
  readonly #port: PeerPort;
  readonly #owner: PeerLinkOwner;
  readonly #peers: LinkedPeers;
  readonly #assembly: BlockAssembly;
  readonly #requests = new BlockRequests();
  readonly #service: BlockService;
  readonly #spread = new BlockSpread();
  readonly #sync: BlockSync;
  readonly #recent = new RecentBlocks();
  readonly #seen = new SeenBlocks();
  readonly #rangeAsked = new Map<number, PeerId>();
  readonly #budget: VerificationBudget;
  #later: Later[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isPumpScheduled = false;
  #isClosed = false;
  #lastRequest = 0;
  #turn = 0;

  constructor(port: PeerPort, owner: PeerLinkOwner, peers: LinkedPeers) {
    this.#port = port;
    this.#owner = owner;
    this.#peers = peers;
    this.#assembly = new BlockAssembly((id) => owner.known(id));
    this.#budget = new VerificationBudget(owner);
    this.#service = new BlockService(port, owner, (id) => this.#recent.get(id));
    this.#sync = new BlockSync({
      ask: (peer, from, count) => this.#askRange(peer, from, count),
      give: (peer, block) => this.#giveOfRange(peer, block),
      blame: (peer, code, message) => port.blame(peer, code, message),
      head: () => owner.head(),
      final: () => owner.final(),
      event: (name, detail) => owner.event(name, detail),
    });
  }

  get isSyncing(): boolean {
    return this.#sync.isActive;
  }

  /** What waits here, for metrics. */
  get size(): { readonly assembling: number; readonly requested: number; readonly syncBytes: number } {
    const { blocks: assembling } = this.#assembly.size;
    return { assembling, requested: this.#requests.size, syncBytes: this.#sync.bytesHeld };
  }

  // To peers

  /** Sends a block to all peers but `except` that do not have it. */
  send(id: Uint8Array, block: SignedBlock, except: PeerId): void {
    this.#recent.add(id, block);
    if (except === ownPeer) {
      this.#sendTo(this.#spread.without(this.#peers.allBut(except), id), id, block);
      return;
    }
    this.#spread.has(except, id);
    this.#sendTo(this.#spread.without(this.#peers.others, id), id, block);
    this.#later.push({ id, block, except, dueMs: this.#owner.nowMs() + PASS_ON_MS });
    this.#timer ??= setTimeout(() => this.#passOn(), PASS_ON_MS);
  }

  /** Asks `from`, or whoever has it, for a block. */
  request(id: Uint8Array, from: PeerId): void {
    this.#seen.forget(id);
    // It would not be taken; it comes with the ranges.
    if (blockNumOf(id) > this.#owner.head().num + AHEAD_MAX) return;
    const peers = this.#peers.has(from) ? [from] : this.#whoMayHave(id);
    const nowMs = this.#owner.nowMs();
    for (const peer of peers) {
      const plan = this.#requests.plan(peer, id, nowMs);
      if (plan === undefined) continue;
      const request = ++this.#lastRequest;
      this.#requests.sent(request, plan, nowMs);
      this.#port.send([peer], { kind: 'getBlock', getBlock: { request, id, ancestors: plan.ancestors } });
    }
  }

  /** Goes on with what waits for time to pass. */
  tick(nowMs: number): void {
    const { whole, given } = this.#assembly.expire(nowMs);
    for (const { peer, id } of whole) this.request(id, peer);
    // Not a fault: a machine that has too much to do is slow. Who does it on purpose is bounded.
    for (const { id } of given) this.request(id, ownPeer);
    this.#pump();
  }

  /** The head has moved. */
  moved(): void {
    if (this.#sync.isActive) this.#schedulePump();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  // Of peers

  /** A peer says where it stands. */
  heard(peer: PeerId, status: PeerStatus): void {
    this.#sync.heard(peer, status);
    this.#pump();
  }

  /** A peer has shown that it has a block, by voting for it. */
  shown(peer: PeerId, id: Uint8Array): void {
    this.#spread.has(peer, id);
  }

  /** The replica found something wrong that a peer sent. */
  distrust(peer: PeerId): void {
    this.#sync.distrust(peer, this.#owner.nowMs());
  }

  left(peer: PeerId): void {
    this.#sync.left(peer);
    for (const id of this.#assembly.left(peer)) this.request(id, ownPeer);
  }

  /** A whole block, sent without being asked for. */
  receive(from: PeerId, encoded: Uint8Array): void {
    const block = decodeBlock(encoded);
    if ('code' in block) this.#blame(from, block);
    else this.#receiveWhole(from, block, false);
  }

  /** A block with ids instead of transactions. */
  receiveCompact(from: PeerId, encoded: Uint8Array): void {
    const block = decodeBlock(encoded);
    if ('code' in block) {
      this.#blame(from, block);
      return;
    }
    const id = blockId(block.header);
    if (!this.#isNews(from, id, block) || this.#assembly.isPending(from, id)) return;
    if (!this.#budget.admits(from, block, false)) return;
    const nowMs = this.#owner.nowMs();
    this.#follow(from, id, this.#assembly.begin(from, id, block, encoded.length, nowMs));
  }

  /** Transactions of a block that were missing. @throws DecodeError */
  receiveTransactions(from: PeerId, { blockTransactions }: Message<'blockTransactions'>): void {
    const { blockId: id, transactions } = blockTransactions;
    if (!this.#assembly.isPending(from, id)) return;
    const found = transactions.map((packed) => decode(packedTransactionSchema, packed));
    const step = this.#assembly.fill(from, id, found);
    if (step === undefined) return;
    // Ids did not say how many signatures would come.
    if (step.kind === 'complete' && !this.#budget.admits(from, step.assembled.block, true)) return;
    this.#follow(from, id, step);
  }

  /** Blocks that were asked for. @throws DecodeError */
  receiveAnswer(from: PeerId, { blocks: { request, blocks } }: Message<'blocks'>): void {
    const isOfRange = this.#rangeAsked.get(request) === from;
    if (isOfRange) {
      this.#rangeAsked.delete(request);
      this.#sync.answered(from, request, blocks, this.#owner.nowMs());
      this.#pump();
      return;
    }
    const asked = this.#requests.answered(from, request);
    if (asked === undefined) this.#port.blame(from, 'unexpected', 'blocks that were not asked for');
    else if (blocks.length === 0) return;
    else if (blocks.length > asked.ancestors + 1 || !isChainTo(asked.id, blocks)) {
      this.#port.blame(from, 'false_data', 'it answers a request for a block with others');
    } else {
      this.#requests.foundChildOf(decodeBlockSummary(blocks[0]!).header.previous, asked);
      for (const encoded of blocks) {
        const block = decodeBlock(encoded);
        if ('code' in block) this.#blame(from, block);
        else this.#receiveWhole(from, block, true);
      }
    }
  }

  answer(from: PeerId, message: Message<'getBlock' | 'getBlocks' | 'getBlockTransactions'>): void {
    if (message.kind === 'getBlock') this.#service.answerBlock(from, message);
    else if (message.kind === 'getBlocks') this.#service.answerBlocks(from, message);
    else this.#service.answerTransactions(from, message);
  }

  #receiveWhole(from: PeerId, block: SignedBlock, isAsked: boolean): void {
    const id = blockId(block.header);
    if (!this.#isNews(from, id, block) || !this.#budget.admits(from, block, isAsked)) return;
    if (!isWhole(block)) {
      this.#port.blame(from, 'false_data', `block ${blockNumOf(id)} has other transactions than its header names`);
      return;
    }
    this.#deliver(from, openBlock(block, id, this.#owner));
  }

  /** Whether to look at a block at all. Most copies come when the first is there. */
  #isNews(from: PeerId, id: Uint8Array, { producerSignature }: SignedBlock): boolean {
    this.#spread.has(from, id);
    const num = blockNumOf(id);
    if (num <= this.#owner.final().num || num > this.#owner.head().num + AHEAD_MAX) return false;
    return this.#owner.block(id) === undefined && !this.#seen.has(id, producerSignature, this.#owner.nowMs());
  }

  #follow(from: PeerId, id: Uint8Array, step: AssemblyStep): void {
    switch (step.kind) {
      case 'complete':
        this.#deliver(from, openBlock(step.assembled.block, id, this.#owner, step.assembled.transactions));
        break;
      case 'missing':
        this.#port.send([from], {
          kind: 'getBlockTransactions',
          getBlockTransactions: { blockId: id, positions: step.positions },
        });
        break;
      case 'whole':
        this.request(id, from);
        break;
      case 'full':
        break;
    }
  }

  #deliver(from: PeerId, opened: OpenedBlock | BlockFault): void {
    if ('code' in opened) {
      this.#blame(from, opened);
      return;
    }
    const { id, block, transactions, signedBy } = opened;
    this.#assembly.drop(id);
    this.#seen.add(id, block.producerSignature, this.#owner.nowMs());
    this.#owner.step({ kind: 'block', from, block, transactions, signedBy });
  }

  #blame(peer: PeerId, { code, message }: BlockFault): void {
    this.#port.blame(peer, code, message);
  }

  // Sending

  #sendTo(peers: readonly PeerId[], id: Uint8Array, block: SignedBlock): void {
    if (peers.length === 0) return;
    for (const peer of peers) this.#spread.has(peer, id);
    const message: PeerMessage =
      block.transactions.length === 0
        ? { kind: 'block', block: encode(signedBlockSchema, block) }
        : { kind: 'compactBlock', compactBlock: { block: encode(signedBlockSchema, compactOf(block)) } };
    this.#port.send(peers, message);
  }

  #passOn(): void {
    this.#timer = undefined;
    if (this.#isClosed) return;
    const nowMs = this.#owner.nowMs();
    const due = this.#later.filter(({ dueMs }) => dueMs <= nowMs);
    this.#later = this.#later.filter(({ dueMs }) => dueMs > nowMs);
    for (const { id, block, except } of due) {
      const producers = this.#peers.producers.filter((peer) => peer !== except);
      this.#sendTo(this.#spread.without(producers, id), id, block);
    }
    const [next] = this.#later;
    if (next !== undefined) this.#timer = setTimeout(() => this.#passOn(), Math.max(1, next.dueMs - nowMs));
  }

  #whoMayHave(id: Uint8Array): PeerId[] {
    const num = blockNumOf(id);
    const all = this.#peers.allBut(ownPeer);
    const likely = all.filter((peer) => (this.#peers.statusOf(peer)?.head.num ?? 0) >= num);
    const from = likely.length > 0 ? likely : all;
    const first = this.#turn++;
    return Array.from({ length: Math.min(ASKED_AT_ONCE, from.length) }, (_, i) => from[(first + i) % from.length]!);
  }

  // Catching up

  #askRange(peer: PeerId, from: number, count: number): number {
    const request = ++this.#lastRequest;
    this.#rangeAsked.set(request, peer);
    if (this.#rangeAsked.size > LATE_MAX) this.#rangeAsked.delete(this.#rangeAsked.keys().next().value!);
    this.#port.send([peer], { kind: 'getBlocks', getBlocks: { request, from, count } });
    return request;
  }

  #giveOfRange(peer: PeerId, encoded: Uint8Array): boolean {
    const id = blockId(decodeBlockSummary(encoded).header);
    const isKnown = blockNumOf(id) <= this.#owner.final().num || this.#owner.block(id) !== undefined;
    if (isKnown) return true;
    const block = decodeBlock(encoded);
    // Whoever gives the others' next blocks waits until this node knows of their producers.
    if (!('code' in block) && !this.#budget.admits(peer, block, true)) return false;
    const opened = 'code' in block ? block : openBlock(block, id, this.#owner);
    if ('code' in opened) {
      this.#blame(peer, opened);
      return false;
    }
    const { transactions, signedBy } = opened;
    this.#owner.step({ kind: 'block', from: peer, block: opened.block, transactions, signedBy });
    return true;
  }

  #pump(): void {
    if (!this.#isClosed && this.#sync.advance(this.#owner.nowMs())) this.#schedulePump();
  }

  #schedulePump(): void {
    if (this.#isPumpScheduled) return;
    this.#isPumpScheduled = true;
    setImmediate(() => {
      this.#isPumpScheduled = false;
      this.#pump();
    });
  }
}

/** Whether these blocks follow on each other and end with the one of this id. @throws DecodeError */
function isChainTo(id: Uint8Array, blocks: readonly Uint8Array[]): boolean {
  const headers = blocks.map((block) => decodeBlockSummary(block).header);
  return headers.every((header, index) => {
    const next = headers[index + 1];
    return equalBytes(blockId(header), next === undefined ? id : next.previous);
  });
}
