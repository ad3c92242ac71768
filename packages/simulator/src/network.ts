/** The network between simulated nodes: latency, loss, duplicates, disorder and partitions, from one source of chance. */
import type { PeerId } from '@snapscale/consensus';
import type { Chance } from '@snapscale/consensus/testing';
import type { VerifiedTransaction } from '@snapscale/execution';
import type { QuorumCertificate, SignedBlock, Vote } from '@snapscale/protocol';
import type { Timeline } from './timeline.js';

/** What travels between nodes. */
export type Packet =
  | { readonly kind: 'block'; readonly block: SignedBlock }
  | { readonly kind: 'vote'; readonly vote: Vote }
  | { readonly kind: 'certificate'; readonly certificate: QuorumCertificate }
  | { readonly kind: 'transactions'; readonly transactions: readonly VerifiedTransaction[] }
  | { readonly kind: 'request'; readonly id: Uint8Array };

export type Weather = {
  readonly latencyMinMs: number;
  /** Delays are even between the two: packets overtake each other. */
  readonly latencyMaxMs: number;
  readonly lossPercent: number;
  readonly duplicatePercent: number;
};

export const calm: Weather = { latencyMinMs: 5, latencyMaxMs: 20, lossPercent: 0, duplicatePercent: 0 };

export class Network {
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #deliver: (to: PeerId, from: PeerId, packet: Packet) => void;
  weather: Weather = calm;
  /** Nodes reach each other only within a group. */
  groups: ReadonlyMap<PeerId, number> = new Map();
  /** These hear nobody, though others hear them. */
  deaf: ReadonlySet<PeerId> = new Set();
  /** These reach everybody, and everybody reaches them. */
  unbound: ReadonlySet<PeerId> = new Set();
  /** Instead of what the weather says. */
  latencyMs: (() => number) | undefined;
  /** What a scenario lets pass. */
  passes: (from: PeerId, to: PeerId, packet: Packet) => boolean = () => true;
  /** Hears of every packet that is sent. */
  onSent: ((packet: Packet) => void) | undefined;

  constructor(timeline: Timeline, chance: Chance, deliver: (to: PeerId, from: PeerId, packet: Packet) => void) {
    this.#timeline = timeline;
    this.#chance = chance;
    this.#deliver = deliver;
  }

  #reaches(from: PeerId, to: PeerId): boolean {
    if (this.unbound.has(from) || this.unbound.has(to)) return true;
    if (this.deaf.has(to)) return false;
    return (this.groups.get(from) ?? 0) === (this.groups.get(to) ?? 0);
  }

  send(from: PeerId, to: PeerId, packet: Packet): void {
    this.onSent?.(packet);
    if (!this.#reaches(from, to) || !this.passes(from, to, packet)) return;
    const { latencyMinMs, latencyMaxMs, lossPercent, duplicatePercent } = this.weather;
    const copies = this.#chance.percent(duplicatePercent) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#chance.percent(lossPercent)) continue;
      const delayMs = this.latencyMs?.() ?? latencyMinMs + this.#chance.below(latencyMaxMs - latencyMinMs + 1);
      this.#timeline.after(delayMs, () => this.#deliver(to, from, packet));
    }
  }
}
