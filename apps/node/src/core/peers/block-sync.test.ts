import {
  blockId,
  blockNumOfHeader,
  decodeBlockSummary,
  encode,
  type PeerStatus,
  type SignedBlock,
  signedBlockSchema,
} from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { fakeBlock, fakeChain } from '../../net/testing/fake-core.js';
import { BlockSync, defaultSyncLimits, type SyncLimits } from './block-sync.js';
import type { BlockPoint } from './owner.js';

const LATENCY_MS = 100;
const STEP_MS = 10;

/** Answers a request; undefined: never. */
type Conduct = (from: number, count: number, chain: readonly SignedBlock[]) => readonly SignedBlock[] | undefined;

const honest: Conduct = (from, count, chain) => chain.slice(from - 1, from - 1 + count);
const silent: Conduct = () => undefined;
const empty: Conduct = () => [];
/** As honest, but a few blocks at a time. */
const sparing: Conduct = (from, count, chain) => honest(from, Math.min(count, 5), chain);

type TestPeer = { readonly conduct: Conduct; readonly chain: readonly SignedBlock[]; status: PeerStatus };

function point(block: SignedBlock | undefined): BlockPoint {
  if (block === undefined) return { num: 0, id: new Uint8Array(32), slot: 0 };
  return { num: blockNumOfHeader(block.header), id: blockId(block.header), slot: block.header.slot };
}

function statusOf(chain: readonly SignedBlock[], finalNum = chain.length): PeerStatus {
  return { head: point(chain.at(-1)), final: point(chain[finalNum - 1]), earliestBlockNum: 1 };
}

/** A node that catches up, its peers, and the time, all without a clock. */
class SyncWorld {
  nowMs = 1_000_000;
  readonly own: SignedBlock[];
  finalNum: number;
  /** The replica executes nothing of these. */
  isValid: (block: SignedBlock) => boolean = () => true;
  readonly peers = new Map<number, TestPeer>();
  readonly blamed: { readonly peer: number; readonly code: string }[] = [];
  readonly events: string[] = [];
  readonly sync: BlockSync;
  asked = 0;
  bytesHeldMax = 0;
  openMax = 0;
  #open = 0;
  #request = 0;
  #answers: {
    readonly atMs: number;
    readonly peer: number;
    readonly request: number;
    readonly blocks: Uint8Array[];
  }[] = [];

  constructor(own: readonly SignedBlock[], limits: Partial<SyncLimits> = {}) {
    this.own = [...own];
    this.finalNum = own.length;
    this.sync = new BlockSync(
      {
        ask: (peer, from, count) => this.#ask(peer, from, count),
        give: (_, block) => this.#give(block),
        blame: (peer, code) => this.blamed.push({ peer, code }),
        head: () => point(this.own.at(-1)),
        final: () => point(this.own[this.finalNum - 1]),
        event: (name) => this.events.push(name),
      },
      { ...defaultSyncLimits, ...limits },
    );
  }

  add(peer: number, conduct: Conduct, chain: readonly SignedBlock[], status = statusOf(chain)): void {
    this.peers.set(peer, { conduct, chain, status });
    this.sync.heard(peer, status);
  }

  /** Lets time pass until the condition holds; returns how much did. */
  run(condition: () => boolean, limitMs = 120_000): number {
    const began = this.nowMs;
    while (!condition()) {
      if (this.nowMs - began > limitMs)
        throw new Error(`not so after ${limitMs} ms: at block ${this.own.length}, ${this.events}`);
      this.nowMs += STEP_MS;
      for (const answer of this.#answers.filter(({ atMs }) => atMs <= this.nowMs)) {
        this.#open--;
        this.sync.answered(answer.peer, answer.request, answer.blocks, this.nowMs);
      }
      this.#answers = this.#answers.filter(({ atMs }) => atMs > this.nowMs);
      while (this.sync.advance(this.nowMs));
      this.bytesHeldMax = Math.max(this.bytesHeldMax, this.sync.bytesHeld);
    }
    return this.nowMs - began;
  }

  #ask(peer: number, from: number, count: number): number {
    this.asked++;
    this.openMax = Math.max(this.openMax, ++this.#open);
    const { conduct, chain } = this.peers.get(peer)!;
    const request = ++this.#request;
    const blocks = conduct(from, count, chain)?.map((block) => encode(signedBlockSchema, block));
    if (blocks !== undefined) this.#answers.push({ atMs: this.nowMs + LATENCY_MS, peer, request, blocks });
    return request;
  }

  /** A block on the head extends it; one of another branch replaces what is not final as soon as that is longer. */
  readonly #others = new Map<string, SignedBlock>();
  #give(encoded: Uint8Array): boolean {
    const { header } = decodeBlockSummary(encoded);
    const block = { header } as SignedBlock;
    if (!this.isValid(block)) return true;
    this.#others.set(String(blockId(header)), block);
    const path: SignedBlock[] = [];
    for (let at: SignedBlock | undefined = block; at !== undefined; at = this.#others.get(String(at.header.previous))) {
      path.unshift(at);
      const num = blockNumOfHeader(at.header) - 1;
      if (num > this.own.length || String(point(this.own[num - 1]).id) !== String(at.header.previous)) continue;
      if (num >= this.finalNum && num + path.length > this.own.length) this.own.splice(num, this.own.length, ...path);
      return true;
    }
    return true;
  }
}

const chain = fakeChain(2_000, { isSigned: false });
const otherChain = fakeChain(200, { firstSlot: 2, isSigned: false });
const isDone =
  (world: SyncWorld, num = chain.length) =>
  () =>
    world.own.length === num && !world.sync.isActive;

describe('BlockSync', () => {
  it('fetches ranges of several peers at a time, faster than round trips', () => {
    const world = new SyncWorld([]);
    world.add(1, honest, chain);
    world.add(2, honest, chain);
    const tookMs = world.run(isDone(world));
    expect(world.own.map(({ header }) => header.slot)).toEqual(chain.map(({ header }) => header.slot));
    // One range after the other would take 2,000 / 64 round trips.
    expect(tookMs).toBeLessThan(((chain.length / defaultSyncLimits.rangeBlocks) * LATENCY_MS) / 3);
    expect(world.openMax).toBeLessThanOrEqual(defaultSyncLimits.rangesMax);
    expect(world.blamed).toEqual([]);
    expect(world.events).toEqual(['sync-begun', 'sync-done']);
  });

  it('leaves a few missing blocks to those who send them', () => {
    const world = new SyncWorld(chain.slice(0, 1_997));
    world.add(1, honest, chain);
    world.run(() => world.nowMs > 1_003_000);
    expect([world.asked, world.sync.isActive]).toEqual([0, false]);
  });

  it('asks for the rest when an answer holds less than was asked for', () => {
    const world = new SyncWorld([]);
    world.add(1, sparing, chain.slice(0, 300));
    world.run(isDone(world, 300));
    expect(world.blamed).toEqual([]);
  });

  it.each<[string, Conduct, string | undefined]>([
    ['answers nothing', silent, undefined],
    ['has nothing', empty, 'unhelpful'],
    ['gives other blocks than asked for', (from, count, blocks) => honest(from + 1, count, blocks), 'false_data'],
    ['gives more than asked for', (from, count, blocks) => honest(from, count + 1, blocks), 'false_data'],
    [
      'gives blocks that do not follow on each other',
      (from, count, blocks) =>
        honest(from, count, blocks)!.map((block, i) => (i === 3 ? (blocks[from + 5] ?? block) : block)),
      'false_data',
    ],
    ['gives blocks of another chain', (from, count) => honest(from, count, otherChain), 'unhelpful'],
  ])('goes on with others when a peer %s', (_, conduct, code) => {
    const world = new SyncWorld(chain.slice(0, 10));
    world.add(1, conduct, chain);
    world.add(2, honest, chain);
    expect(world.run(isDone(world))).toBeLessThan(10_000);
    if (code !== undefined) expect(world.blamed[0]).toEqual({ peer: 1, code });
    expect(world.blamed.every(({ peer }) => peer === 1)).toBe(true);
  });

  it('is not moved by a peer that claims the greatest height', () => {
    const world = new SyncWorld(chain.slice(0, 1_000));
    const greatest = { num: 0xffff_ffff, id: new Uint8Array(32), slot: 0xffff_ffff };
    world.add(1, empty, [], { head: greatest, final: greatest, earliestBlockNum: 1 });
    world.run(() => world.blamed.length > 0);
    world.add(2, honest, chain);
    world.run(() => world.own.length === chain.length);
    expect(world.run(() => !world.sync.isActive)).toBeLessThan(1_000);
    expect(world.openMax).toBeLessThanOrEqual(defaultSyncLimits.rangesMax);
    // It is asked again after a while, and blamed each time, until it has too many points.
    world.run(() => world.blamed.length >= 4);
    expect(world.blamed.every(({ peer }) => peer === 1)).toBe(true);
  });

  it('does not wait for a peer that is slow in front of all others', () => {
    const world = new SyncWorld([], { answerMsMax: 60_000 });
    let asked = 0;
    world.add(1, (from, count, blocks) => (asked++ === 0 ? undefined : honest(from, count, blocks)), chain);
    world.add(2, honest, chain);
    expect(world.run(isDone(world))).toBeLessThan(10_000);
    expect(world.blamed).toEqual([]);
  });

  it('blames a peer once for all that it does not answer', () => {
    const world = new SyncWorld([]);
    world.add(1, silent, chain);
    world.run(() => world.blamed.length > 0);
    expect(world.asked).toBe(defaultSyncLimits.rangesMax);
    world.run(() => world.nowMs > 1_024_000);
    expect(world.blamed).toEqual([{ peer: 1, code: 'unhelpful' }]);
  });

  it('blames nobody for the time in which this node stood still', () => {
    const world = new SyncWorld([]);
    world.add(1, honest, chain);
    world.run(() => world.asked > 0);
    world.nowMs += 60_000;
    // Its timers come before the answers that have arrived meanwhile.
    world.sync.advance(world.nowMs);
    world.run(isDone(world));
    expect([world.blamed, world.events]).toEqual([[], ['sync-begun', 'sync-done']]);
  });

  it('goes on with others when peers leave', () => {
    const world = new SyncWorld([]);
    world.add(1, silent, chain);
    world.run(() => world.asked > 0 && world.nowMs > 1_000_500);
    world.sync.left(1);
    world.add(2, honest, chain);
    world.run(isDone(world));
    expect(world.blamed).toEqual([]);
  });

  it('begins again from the final block when the own head is of another branch', () => {
    const own = chain.slice(0, 500);
    for (let slot = 601; slot <= 620; slot++) own.push(fakeBlock(point(own.at(-1)).id, slot, [], false));
    const world = new SyncWorld(own);
    world.finalNum = 500;
    world.add(1, honest, chain, statusOf(chain, 500));
    world.run(isDone(world));
    expect(world.own.at(-1)!.header.slot).toBe(2_000);
    expect(world.blamed).toEqual([]);
  });

  it('leaves a peer aside whose blocks get nowhere', () => {
    const forged = chain.slice(0, 100);
    for (let slot = 3_001; slot <= 3_400; slot++) forged.push(fakeBlock(point(forged.at(-1)).id, slot, [], false));
    const world = new SyncWorld(chain.slice(0, 100));
    world.isValid = ({ header }) => header.slot <= 3_000;
    world.add(1, honest, forged);
    world.run(() => world.sync.isActive && world.nowMs > 1_001_000);
    world.add(2, honest, chain);
    world.run(isDone(world));
    expect(world.events).toContain('sync-stuck');
  });

  it('goes on at once when the replica finds something wrong with the peer that gives', () => {
    const forged = chain.slice(0, 100);
    for (let slot = 3_001; slot <= 3_400; slot++) forged.push(fakeBlock(point(forged.at(-1)).id, slot, [], false));
    const world = new SyncWorld(chain.slice(0, 100));
    world.isValid = ({ header }) => header.slot <= 3_000;
    world.add(1, honest, forged);
    world.run(() => world.sync.isActive && world.nowMs > 1_000_500);
    world.add(2, honest, chain);
    world.sync.distrust(1, world.nowMs);
    expect(world.run(() => world.own.length === chain.length)).toBeLessThan(3_000);
    expect(world.events).not.toContain('sync-stuck');
  });

  it('gives nothing more of a peer whose block the replica finds wrong while it takes it', () => {
    const forged = chain.slice(0, 100);
    for (let slot = 3_001; slot <= 3_400; slot++) forged.push(fakeBlock(point(forged.at(-1)).id, slot, [], false));
    const world = new SyncWorld(chain.slice(0, 100));
    let found = 0;
    world.isValid = ({ header }) => {
      if (header.slot <= 3_000) return true;
      found++;
      world.sync.distrust(1, world.nowMs);
      return false;
    };
    world.add(1, honest, forged);
    world.run(() => found > 0);
    world.add(2, honest, chain);
    expect(world.run(() => world.own.length === chain.length)).toBeLessThan(3_000);
    expect(found).toBe(1);
  });

  it('gives no more blocks than the replica takes without a parent, and holds bounded bytes', () => {
    const world = new SyncWorld([]);
    let given = 0;
    world.isValid = () => {
      given++;
      return false;
    };
    world.add(1, honest, chain);
    world.run(() => world.nowMs > 1_004_000);
    expect(given).toBe(defaultSyncLimits.aheadMax);
    const bytes = chain.map((block) => encode(signedBlockSchema, block).length);
    expect(world.bytesHeldMax).toBeLessThanOrEqual(
      defaultSyncLimits.rangesMax * defaultSyncLimits.rangeBlocks * Math.max(...bytes),
    );
  });
});
