/**
 * Keeps a node from producing after its start until it has heard from the others. A node that produced at once would build on
 * the block at which it was stopped; and one that runs with the keys of another node (a copy of its directory, say), which
 * the others do not let in, would make second blocks for that one's slots, unseen, until they are seen: evidence against
 * an honest producer. Alone it could make nothing final anyway.
 */
import type { Name } from '@snapscale/protocol';
import type { PeerFigures } from './core-metrics.js';

/** After the first connection peers need a moment to say where they are. */
const CONTACT_MS = 1_000;
/** Catching up may take longer, or a peer lies about how far it is: production is not held for that. */
const CONTACT_MS_MAX = 15_000;

export class ProductionHold {
  readonly #own: ReadonlySet<Name>;
  #contactMs: number | undefined;
  #isHeld = true;

  /** @param own accounts of this node */
  constructor(own: readonly Name[]) {
    this.#own = new Set(own);
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /**
   * Looks whether the hold ends now; it ends once.
   * @param schedule the producers in force
   * @param peers undefined without links to peers
   */
  ends(nowMs: number, schedule: readonly Name[], peers: PeerFigures | undefined): boolean {
    if (!this.#isHeld) return false;
    this.#contactMs = peers === undefined || peers.peers === 0 ? undefined : (this.#contactMs ?? nowMs);
    const isAlone = schedule.every((producer) => this.#own.has(producer));
    this.#isHeld = !isAlone && !this.#isInContact(nowMs, peers?.syncing ?? false);
    return !this.#isHeld;
  }

  #isInContact(nowMs: number, isSyncing: boolean): boolean {
    if (this.#contactMs === undefined) return false;
    return nowMs - this.#contactMs >= (isSyncing ? CONTACT_MS_MAX : CONTACT_MS);
  }
}
