/**
 * Catching up by ranges of blocks. Several ranges are asked for at a time, of several peers, so that round trips do not
 * bound the speed; answers wait for their turn in bounded numbers. Which peer gives is chosen anew whenever one stalls,
 * has less than it claims, or gives what does not fit. A claim alone moves nothing: whoever claims the greatest height
 * is only asked for the next blocks, and left aside when it has none.
 *
 * Knows no clock: times are milliseconds, given by the caller.
 */
import type { PeerId } from '@snapscale/consensus';
import { equalBytes } from '@snapscale/crypto';
import { blockId, blockNumOfHeader, DecodeError, decodeBlockSummary, type PeerStatus } from '@snapscale/protocol';
import type { PeerFaultCode } from '../../p2p/faults.js';
import type { BlockPoint } from './owner.js';

/** What synchronisation asks of its host. */
export type SyncPort = {
  /** Sends a request for blocks and returns its number. */
  ask(peer: PeerId, from: number, count: number): number;
  /** Gives the block to the replica, if it is not there. False: it is not valid, or would cost too much before that can be told. */
  give(peer: PeerId, block: Uint8Array): boolean;
  blame(peer: PeerId, code: PeerFaultCode, message: string): void;
  head(): BlockPoint;
  final(): BlockPoint;
  event(name: string, detail: Readonly<Record<string, string | number>>): void;
};

export type SyncLimits = {
  /** Blocks of one request. */
  readonly rangeBlocks: number;
  /** Ranges that are asked for or wait at a time; each holds one answer at most. */
  readonly rangesMax: number;
  /** Being so many blocks behind begins a synchronisation; less comes with the blocks that peers send anyway. */
  readonly behindMin: number;
  /** Blocks given to the replica that are not its head yet: fewer than it keeps of one peer without a parent. */
  readonly aheadMax: number;
  /** Blocks given in one call, and bytes of them: the thread has other things to do. */
  readonly blocksPerCall: number;
  readonly bytesPerCall: number;
  /** After this time another peer is asked for the next range as well. */
  readonly secondAskMs: number;
  /** After this time the peer is left aside. */
  readonly answerMsMax: number;
  /** How long blocks may have been given without the head moving. */
  readonly stuckMs: number;
  /** How long a peer is left aside the first time; doubles each time. */
  readonly asideMs: number;
};

export const defaultSyncLimits: SyncLimits = {
  rangeBlocks: 64,
  rangesMax: 8,
  behindMin: 5,
  aheadMax: 48,
  blocksPerCall: 8,
  bytesPerCall: 256 * 1024,
  secondAskMs: 2_000,
  answerMsMax: 10_000,
  stuckMs: 10_000,
  asideMs: 15_000,
};

/** It is called twice a second: when it is not for so long, this node stood still. */
const PAUSE_MS = 1_500;

type Source = { status: PeerStatus; asideUntilMs: number; failures: number; asked: number };
type Ask = { readonly peer: PeerId; readonly request: number; readonly atMs: number };
type Answer = {
  readonly peer: PeerId;
  readonly blocks: readonly Uint8Array[];
  readonly previous: Uint8Array;
  readonly ids: readonly Uint8Array[];
};
type Range = { readonly from: number; count: number; asks: Ask[]; answer: Answer | undefined };

export class BlockSync {
  readonly #port: SyncPort;
  readonly #limits: SyncLimits;
  readonly #sources = new Map<PeerId, Source>();
  /** Ascending and without gaps. */
  #ranges: Range[] = [];
  #isActive = false;
  #isBusy = false;
  /** The newest block that was given, or on which the first is to follow. */
  #given: { readonly num: number; readonly id: Uint8Array } = { num: 0, id: new Uint8Array(32) };
  #giver: PeerId | undefined;
  /** When the head moved last, or blocks began to be given. */
  #progressMs = 0;
  #progressNum = 0;
  #calledMs = 0;

  constructor(port: SyncPort, limits: SyncLimits = defaultSyncLimits) {
    this.#port = port;
    this.#limits = limits;
  }

  /** Whether this node is fetching blocks by ranges. */
  get isActive(): boolean {
    return this.#isActive;
  }

  /** Bytes of answers that wait for their turn. */
  get bytesHeld(): number {
    let bytes = 0;
    for (const { answer } of this.#ranges) for (const block of answer?.blocks ?? []) bytes += block.length;
    return bytes;
  }

  /** Where a peer says that it stands. */
  heard(peer: PeerId, status: PeerStatus): void {
    const source = this.#sources.get(peer);
    if (source !== undefined) source.status = status;
    else this.#sources.set(peer, { status, asideUntilMs: 0, failures: 0, asked: 0 });
  }

  /** The peer has left. What it was asked for is asked of others. */
  left(peer: PeerId): void {
    this.#sources.delete(peer);
    for (const range of this.#ranges) range.asks = range.asks.filter((ask) => ask.peer !== peer);
  }

  /** The replica found something of this peer wrong: what it gave may be worth nothing. */
  distrust(peer: PeerId, nowMs: number): void {
    this.#setAside(peer, nowMs);
    if (this.#isActive && this.#giver === peer) this.#begin(this.#port.head(), nowMs);
  }

  /** Takes an answer. False when the request is not one of this synchronisation, or no longer. */
  answered(peer: PeerId, request: number, blocks: readonly Uint8Array[], nowMs: number): boolean {
    const range = this.#ranges.find(({ asks }) => asks.some((ask) => ask.request === request && ask.peer === peer));
    if (range === undefined) return false;
    this.#endAsk(range, request);
    if (range.answer !== undefined) return true;
    this.#take(range, peer, blocks, nowMs);
    if (range.answer !== undefined) this.#rate(range, peer);
    return true;
  }

  /**
   * Goes on: begins or ends, asks, gives. To be called after each answer, when the head has moved, and twice a second.
   * Returns true when it wants to be called again as soon as the thread has looked after other things.
   */
  advance(nowMs: number): boolean {
    // Giving a block moves the head, which calls this.
    if (this.#isBusy) return false;
    this.#isBusy = true;
    try {
      return this.#advance(nowMs);
    } finally {
      this.#isBusy = false;
    }
  }

  #advance(nowMs: number): boolean {
    this.#forgiveOwnPause(nowMs);
    const head = this.#port.head();
    const target = this.#target(nowMs);
    if (head.num !== this.#progressNum) {
      this.#progressNum = head.num;
      this.#progressMs = nowMs;
    }
    if (!this.#isActive) {
      if (target < head.num + this.#limits.behindMin) return false;
      this.#port.event('sync-begun', { head: head.num, target });
      this.#begin(head, nowMs);
    } else if (target <= head.num && this.#given.num <= head.num) {
      // Without a usable peer there is nothing to compare with.
      this.#port.event(target === 0 ? 'sync-interrupted' : 'sync-done', { head: head.num });
      this.#end();
      return false;
    }
    this.#checkProgress(head, nowMs);
    this.#dropLateAsks(nowMs);
    this.#extend(target);
    this.#ask(nowMs);
    return this.#give(head, nowMs);
  }

  /** The highest block that a usable peer claims to have. */
  #target(nowMs: number): number {
    let target = 0;
    for (const { status, asideUntilMs } of this.#sources.values()) {
      if (asideUntilMs <= nowMs) target = Math.max(target, status.head.num);
    }
    return target;
  }

  #begin(point: { readonly num: number; readonly id: Uint8Array }, nowMs: number): void {
    for (const { asks } of this.#ranges) for (const { peer } of asks) this.#countAsked(peer, -1);
    this.#isActive = true;
    this.#ranges = [];
    this.#given = point;
    this.#giver = undefined;
    this.#progressMs = nowMs;
  }

  #end(): void {
    for (const { asks } of this.#ranges) for (const { peer } of asks) this.#countAsked(peer, -1);
    this.#isActive = false;
    this.#ranges = [];
  }

  /** Blocks were given, and the head does not move: they were not worth anything, or they are of another branch. */
  #checkProgress(head: BlockPoint, nowMs: number): void {
    if (this.#given.num <= head.num || nowMs - this.#progressMs < this.#limits.stuckMs) return;
    const { num } = this.#given;
    this.#port.event('sync-stuck', { head: head.num, given: num });
    if (this.#giver !== undefined) this.#setAside(this.#giver, nowMs);
    this.#begin(this.#port.final(), nowMs);
  }

  /** This node stood still: answers may be there that it has not looked at, and nobody else is late for that. */
  #forgiveOwnPause(nowMs: number): void {
    const pausedMs = nowMs - this.#calledMs;
    this.#calledMs = nowMs;
    if (!this.#isActive || pausedMs < PAUSE_MS) return;
    this.#progressMs += pausedMs;
    for (const range of this.#ranges) range.asks = range.asks.map((ask) => ({ ...ask, atMs: ask.atMs + pausedMs }));
  }

  #dropLateAsks(nowMs: number): void {
    const { answerMsMax } = this.#limits;
    for (const range of this.#ranges) {
      for (const { peer, request, atMs } of [...range.asks]) {
        if (nowMs - atMs < answerMsMax) continue;
        this.#endAsk(range, request);
        const why = `no answer to a request for blocks from ${range.from} in ${answerMsMax} ms`;
        this.#blameOnce(peer, why, nowMs);
      }
    }
  }

  #extend(target: number): void {
    const { rangeBlocks, rangesMax } = this.#limits;
    while (this.#ranges.length < rangesMax) {
      const last = this.#ranges.at(-1);
      const from = (last === undefined ? this.#given.num : lastOf(last)) + 1;
      if (from > target) return;
      this.#ranges.push({ from, count: Math.min(rangeBlocks, target - from + 1), asks: [], answer: undefined });
    }
  }

  #ask(nowMs: number): void {
    for (const [index, range] of this.#ranges.entries()) {
      if (range.answer !== undefined) continue;
      const [ask] = range.asks;
      const isLate = index === 0 && range.asks.length === 1 && nowMs - ask!.atMs >= this.#limits.secondAskMs;
      if (ask !== undefined && !isLate) continue;
      const peer = this.#choose(range, nowMs);
      if (peer === undefined) continue;
      range.asks.push({ peer, request: this.#port.ask(peer, range.from, range.count), atMs: nowMs });
      this.#countAsked(peer, 1);
    }
  }

  /** Who claims to have the range's first block and has least to do. Whoever gave the last blocks is on the same branch. */
  #choose(range: Range, nowMs: number): PeerId | undefined {
    let best: PeerId | undefined;
    let bestCost = Number.POSITIVE_INFINITY;
    for (const [peer, { status, asideUntilMs, asked, failures }] of this.#sources) {
      const has = status.earliestBlockNum <= range.from && range.from <= status.head.num;
      if (!has || asideUntilMs > nowMs || range.asks.some((ask) => ask.peer === peer)) continue;
      const cost = asked + 2 * failures - (peer === this.#giver ? 0.5 : 0);
      if (cost >= bestCost) continue;
      best = peer;
      bestCost = cost;
    }
    return best;
  }

  #take(range: Range, peer: PeerId, blocks: readonly Uint8Array[], nowMs: number): void {
    if (blocks.length === 0) {
      const { status } = this.#sources.get(peer)!;
      // What is not final may have been on a branch that the peer has left meanwhile.
      if (status.earliestBlockNum <= range.from && range.from <= status.final.num) {
        this.#blameOnce(peer, `it has no block ${range.from}, and said it had up to ${status.final.num}`, nowMs);
      } else this.#setAside(peer, nowMs);
      return;
    }
    const ids = blocks.length > range.count ? undefined : idsOf(range.from, blocks);
    if (ids === undefined) {
      this.#setAside(peer, nowMs);
      this.#port.blame(
        peer,
        'false_data',
        `its answer to a request for blocks from ${range.from} is not a chain from there`,
      );
      return;
    }
    range.answer = { peer, blocks, ids: ids.ids, previous: ids.previous };
    if (blocks.length === range.count) return;
    const rest = { from: range.from + blocks.length, count: range.count - blocks.length, asks: [], answer: undefined };
    range.count = blocks.length;
    this.#ranges.splice(this.#ranges.indexOf(range) + 1, 0, rest);
  }

  /** Whoever was asked first and was overtaken is asked less. */
  #rate({ asks }: Range, peer: PeerId): void {
    const source = this.#sources.get(peer);
    if (source !== undefined) source.failures = Math.max(0, source.failures - 1);
    for (const ask of asks) {
      const slow = this.#sources.get(ask.peer);
      if (slow !== undefined) slow.failures++;
    }
  }

  #give(head: BlockPoint, nowMs: number): boolean {
    const { aheadMax, blocksPerCall, bytesPerCall } = this.#limits;
    let left = Math.min(blocksPerCall, head.num + aheadMax - this.#given.num);
    let bytes = 0;
    while (left > 0 && bytes < bytesPerCall) {
      const range = this.#ranges[0];
      if (range?.answer === undefined) return false;
      const { answer } = range;
      if (!equalBytes(answer.previous, this.#given.id)) {
        this.#refuseBranch(range, nowMs);
        return true;
      }
      const block = answer.blocks[0]!;
      if (this.#given.num <= this.#port.head().num) this.#progressMs = nowMs;
      // The replica may find something wrong with the block at once: then all begins anew, without this peer.
      this.#giver = answer.peer;
      if (!this.#port.give(answer.peer, block)) {
        this.#setAside(answer.peer, nowMs);
        this.#begin(this.#port.head(), nowMs);
        return true;
      }
      if (this.#ranges[0] !== range) return true;
      left--;
      bytes += block.length;
      this.#given = { num: range.from, id: answer.ids[0]! };
      this.#behead(range);
    }
    return this.#ranges[0]?.answer !== undefined && this.#given.num < head.num + aheadMax;
  }

  /** Leaves out the first block of the first range. */
  #behead(range: Range): void {
    const { peer, blocks, ids } = range.answer!;
    this.#ranges.shift();
    if (blocks.length === 1) {
      for (const ask of range.asks) this.#countAsked(ask.peer, -1);
      return;
    }
    const answer = { peer, blocks: blocks.slice(1), ids: ids.slice(1), previous: ids[0]! };
    this.#ranges.unshift({ from: range.from + 1, count: range.count - 1, asks: range.asks, answer });
  }

  /** An answer does not follow on what was given. */
  #refuseBranch(range: Range, nowMs: number): void {
    const { peer } = range.answer!;
    const final = this.#port.final();
    if (this.#giver !== undefined && this.#giver !== peer) {
      // Two peers, two branches: the one that is followed goes first.
      range.answer = undefined;
      this.#setAside(peer, nowMs);
    } else if (this.#given.num > final.num) {
      // The own head is on another branch: what is final is common.
      this.#begin(final, nowMs);
    } else {
      range.answer = undefined;
      this.#setAside(peer, nowMs);
      this.#port.blame(
        peer,
        'unhelpful',
        `its block ${range.from} does not follow on the final block ${final.num} of this node`,
      );
    }
  }

  #endAsk(range: Range, request: number): void {
    const ask = range.asks.find((one) => one.request === request);
    if (ask === undefined) return;
    range.asks = range.asks.filter((one) => one !== ask);
    this.#countAsked(ask.peer, -1);
  }

  #countAsked(peer: PeerId, change: 1 | -1): void {
    const source = this.#sources.get(peer);
    if (source !== undefined) source.asked += change;
  }

  /** A peer that does not help is left aside and blamed, once for all that it is asked at the time. */
  #blameOnce(peer: PeerId, why: string, nowMs: number): void {
    const isAside = (this.#sources.get(peer)?.asideUntilMs ?? 0) > nowMs;
    this.#setAside(peer, nowMs);
    if (!isAside) this.#port.blame(peer, 'unhelpful', why);
  }

  #setAside(peer: PeerId, nowMs: number): void {
    const source = this.#sources.get(peer);
    if (source === undefined || source.asideUntilMs > nowMs) return;
    source.asideUntilMs = nowMs + this.#limits.asideMs * 2 ** Math.min(source.failures, 6);
    source.failures++;
  }
}

function lastOf({ from, count }: Range): number {
  return from + count - 1;
}

/** Ids of blocks that follow on each other and have the numbers from `from`; undefined when they do not. */
function idsOf(
  from: number,
  blocks: readonly Uint8Array[],
): { readonly ids: readonly Uint8Array[]; readonly previous: Uint8Array } | undefined {
  const ids: Uint8Array[] = [];
  let previous: Uint8Array | undefined;
  try {
    for (const [index, block] of blocks.entries()) {
      const { header } = decodeBlockSummary(block);
      const isNext = blockNumOfHeader(header) === from + index;
      if (!isNext || (index > 0 && !equalBytes(header.previous, ids[index - 1]!))) return undefined;
      previous ??= header.previous;
      ids.push(blockId(header));
    }
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
  return previous === undefined ? undefined : { ids, previous };
}
