/** All votes that this node holds: pools of blocks that it knows, and a bounded number for blocks that it does not (FIN-12). */
import { equalBytes, toHex } from '@snapscale/crypto';
import { limits, type Vote, type VotePhase } from '@snapscale/protocol';
import type { ChainPoint } from '../chain/root.js';
import type { PeerId } from '../events.js';
import { VotePool } from './vote-pool.js';

/** A vote with the peer that sent it. */
export type ReceivedVote = { readonly vote: Vote; readonly from: PeerId };

export class VoteBook {
  readonly #pools = new Map<string, VotePool>();
  /** By block. A peer can fill its own share of this and no more. */
  readonly #unknown = new Map<string, ReceivedVote[]>();
  readonly #unknownOf = new Map<PeerId, number>();

  /** The pool of a block's votes. */
  pool(phase: VotePhase, point: ChainPoint): VotePool {
    const key = poolKey(phase, toHex(point.id));
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new VotePool({ phase, slot: point.slot, blockId: point.id }, point);
      this.#pools.set(key, pool);
    }
    return pool;
  }

  /** Keeps a vote for a block that is not known yet, unless its sender has too many of them here. */
  keep(received: ReceivedVote): void {
    const count = this.#unknownOf.get(received.from) ?? 0;
    if (count >= limits.unknownVotesPerPeerMax) return;
    const key = toHex(received.vote.blockId);
    const votes = this.#unknown.get(key) ?? [];
    const { finalizerKey, phase } = received.vote;
    const isKept = votes.some(
      ({ vote, from }) => equalBytes(vote.finalizerKey, finalizerKey) && vote.phase === phase && from === received.from,
    );
    if (isKept) return;
    this.#unknown.set(key, [...votes, received]);
    this.#unknownOf.set(received.from, count + 1);
  }

  /** The votes that waited for this block. */
  take(blockId: Uint8Array): readonly ReceivedVote[] {
    const key = toHex(blockId);
    const votes = this.#unknown.get(key) ?? [];
    this.#release(key, votes);
    return votes;
  }

  /** Blocks that are gone and votes for slots up to `slot` will not matter any more. */
  prune(slot: number, isGone: (point: ChainPoint) => boolean): void {
    for (const [key, pool] of this.#pools) if (pool.subject.slot <= slot || isGone(pool.point)) this.#pools.delete(key);
    for (const [key, votes] of [...this.#unknown]) {
      const stale = votes.filter(({ vote }) => vote.slot <= slot);
      if (stale.length === 0) continue;
      const kept = votes.filter(({ vote }) => vote.slot > slot);
      this.#release(key, stale);
      if (kept.length > 0) this.#unknown.set(key, kept);
    }
  }

  /** Forgets what a peer sent and nobody verified. */
  dropPeer(peer: PeerId): void {
    for (const pool of this.#pools.values()) pool.drop(({ from }) => from === peer);
    for (const [key, votes] of [...this.#unknown]) {
      const kept = votes.filter(({ from }) => from !== peer);
      this.#release(
        key,
        votes.filter(({ from }) => from === peer),
      );
      if (kept.length > 0) this.#unknown.set(key, kept);
    }
  }

  /** Pools, and votes for unknown blocks: what bounds are about. */
  get size(): { readonly pools: number; readonly unknown: number } {
    let unknown = 0;
    for (const votes of this.#unknown.values()) unknown += votes.length;
    return { pools: this.#pools.size, unknown };
  }

  #release(key: string, votes: readonly ReceivedVote[]): void {
    this.#unknown.delete(key);
    for (const { from } of votes) {
      const count = this.#unknownOf.get(from)! - 1;
      if (count === 0) this.#unknownOf.delete(from);
      else this.#unknownOf.set(from, count);
    }
  }
}

function poolKey(phase: VotePhase, key: string): string {
  return `${phase}:${key}`;
}
