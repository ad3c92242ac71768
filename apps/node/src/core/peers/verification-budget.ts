/**
 * How many signatures blocks of a peer may make this node verify. Anybody can fill a block with transactions that verify, and
 * whether its header is right shows only when its parent is known. One signature is looked at in any case: that of the block.
 * Who is no producer gets little; what producers send without being asked is bounded too, because one of them may cheat.
 *
 * A block that is left out is asked for when it is needed.
 */
import type { PeerId } from '@snapscale/consensus';
import { CryptoError, keyTypeOf } from '@snapscale/crypto';
import type { PackedTransaction, SignedBlock } from '@snapscale/protocol';
import { TokenBucket } from '../../p2p/token-bucket.js';
import type { PeerLinkOwner } from './owner.js';

/** Of blocks that a producer has signed and nobody asked for: in a second, and at once (one full block). */
const OF_PRODUCERS_PER_SECOND = 4_000;
const OF_PRODUCERS_AT_ONCE = 20_000;
/** Of blocks with a key that is in no schedule which is known here: it may be in one that this node has still to hear of. */
const OF_OTHERS_PER_SECOND = 500;
const OF_OTHERS_AT_ONCE = 2_000;
/** Blocks without a known parent are held in memory: so many bytes count as a signature. */
const BYTES_PER_SIGNATURE = 2048;
/** What recovering another key than one of K1 costs, in such of K1. */
const OTHER_CURVE = 7;

type Allowances = { readonly producers: TokenBucket; readonly others: TokenBucket };

export class VerificationBudget {
  readonly #owner: Pick<PeerLinkOwner, 'known' | 'signedBy' | 'isBlockKey' | 'nowMs'>;
  /** Also of who has left: a new connection brings no new allowance. */
  readonly #allowances = new Map<PeerId, Allowances>();

  constructor(owner: Pick<PeerLinkOwner, 'known' | 'signedBy' | 'isBlockKey' | 'nowMs'>) {
    this.#owner = owner;
  }

  /** Whether a block's transactions may be looked at now. @param isAsked this node wanted the block */
  admits(peer: PeerId, block: SignedBlock, isAsked: boolean): boolean {
    const nowMs = this.#owner.nowMs();
    const isOfProducer = this.#isOfProducer(block);
    if (isOfProducer && isAsked) return true;
    const { producers, others } = this.#allowancesOf(peer, nowMs);
    return (isOfProducer ? producers : others).take(this.#costOf(block), nowMs);
  }

  #isOfProducer(block: SignedBlock): boolean {
    try {
      return this.#owner.isBlockKey(this.#owner.signedBy(block));
    } catch (error) {
      if (error instanceof CryptoError) return false;
      throw error;
    }
  }

  /** In signatures of K1. Those of transactions that are named by an id and unknown are not here yet: one each, at least. */
  #costOf({ transactions }: SignedBlock): number {
    let cost = 0;
    for (const { transaction: body } of transactions) {
      if (body.kind === 'packed') cost += costOf(body.packed);
      else cost += this.#owner.known(body.id) === undefined ? 1 : 0.1;
    }
    return cost;
  }

  #allowancesOf(peer: PeerId, nowMs: number): Allowances {
    let allowances = this.#allowances.get(peer);
    if (allowances === undefined) {
      allowances = {
        producers: new TokenBucket(OF_PRODUCERS_PER_SECOND, OF_PRODUCERS_AT_ONCE, nowMs),
        others: new TokenBucket(OF_OTHERS_PER_SECOND, OF_OTHERS_AT_ONCE, nowMs),
      };
      this.#allowances.set(peer, allowances);
    }
    return allowances;
  }
}

function costOf({ signatures, packedTransaction, packedContextFreeData }: PackedTransaction): number {
  let cost = (packedTransaction.length + packedContextFreeData.length) / BYTES_PER_SIGNATURE;
  for (const signature of signatures) cost += keyTypeOf(signature) === 'K1' ? 1 : OTHER_CURVE;
  return cost;
}
