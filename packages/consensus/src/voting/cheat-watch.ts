/** Remembers who produced and voted what in recent slots, to notice a second, different one (FIN-9, FIN-10). */
import { equalBytes, type PublicKey, type Signature, toHex } from '@snapscale/crypto';
import { type BlockHeader, limits, type Name } from '@snapscale/protocol';
import type { PeerId } from '../events.js';
import { contradict, type Evidence, productionEvidence } from './evidence.js';
import type { ReceivedVote } from './vote-book.js';

type SeenHeader = {
  readonly id: Uint8Array;
  readonly header: BlockHeader;
  readonly signature: Signature;
  readonly signedBy: PublicKey;
  reported: boolean;
};

type SeenVotes = { first: ReceivedVote; second: ReceivedVote | undefined; reported: boolean };

export class CheatWatch {
  readonly #headers = new Map<string, SeenHeader>();
  readonly #votes = new Map<string, SeenVotes>();

  /** Notes the header of an accepted block. */
  noteHeader(id: Uint8Array, header: BlockHeader, signature: Signature, signedBy: PublicKey): void {
    const key = keyOf(header.slot, header.producer);
    if (this.#headers.has(key)) return;
    this.#headers.set(key, { id, header, signature, signedBy, reported: false });
  }

  /** Evidence, once per producer and slot, if this header and an accepted one are by the same key for the same slot. */
  checkHeader(id: Uint8Array, header: BlockHeader, signature: Signature, signedBy: PublicKey): Evidence | undefined {
    const seen = this.#headers.get(keyOf(header.slot, header.producer));
    if (seen === undefined || seen.reported || equalBytes(seen.id, id) || !equalBytes(seen.signedBy, signedBy)) {
      return undefined;
    }
    seen.reported = true;
    return productionEvidence(seen, { header, signature });
  }

  /** Notes a vote, not verified yet. Returns a pair to verify if it contradicts another one. */
  noteVote(received: ReceivedVote): readonly [ReceivedVote, ReceivedVote] | undefined {
    const key = keyOf(received.vote.slot, toHex(received.vote.finalizerKey));
    const seen = this.#votes.get(key);
    if (seen === undefined) {
      this.#votes.set(key, { first: received, second: undefined, reported: false });
      return undefined;
    }
    if (seen.reported || seen.second !== undefined || !contradict(seen.first.vote, received.vote)) return undefined;
    seen.second = received;
    return [seen.first, received];
  }

  /** Takes the verdicts on a pair. True if it is evidence: both valid. A forged one makes room for the next. */
  settleVotes([first, second]: readonly [ReceivedVote, ReceivedVote], valid: readonly [boolean, boolean]): boolean {
    const key = keyOf(first.vote.slot, toHex(first.vote.finalizerKey));
    const seen = this.#votes.get(key);
    if (seen === undefined) return false;
    seen.reported = valid[0] && valid[1];
    if (!seen.reported && !valid[0]) {
      if (valid[1]) seen.first = second;
      else this.#votes.delete(key);
    }
    if (!seen.reported) seen.second = undefined;
    return seen.reported;
  }

  /** Forgets what is older than the window. */
  prune(nowSlot: number): void {
    const oldest = nowSlot - limits.evidenceSlotsMax;
    for (const [key, { header }] of this.#headers) if (header.slot < oldest) this.#headers.delete(key);
    for (const [key, { first }] of this.#votes) if (first.vote.slot < oldest) this.#votes.delete(key);
  }

  /** Forgets unverified votes of a peer. */
  dropPeer(peer: PeerId): void {
    for (const [key, { first, second, reported }] of this.#votes) {
      if (!reported && second === undefined && first.from === peer) this.#votes.delete(key);
    }
  }
}

function keyOf(slot: number, who: Name | string): string {
  return `${slot}:${who}`;
}
