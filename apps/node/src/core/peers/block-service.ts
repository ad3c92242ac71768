/** Answers peers' requests for blocks that are not final yet, and for transactions of the newest ones, within bounds. */
import type { PeerId } from '@snapscale/consensus';
import {
  blockNumOf,
  encode,
  limits,
  type PeerMessage,
  packedTransactionSchema,
  peerLimits,
  type SignedBlock,
  signedBlockSchema,
} from '@snapscale/protocol';
import { TokenBucket } from '../../p2p/token-bucket.js';
import { ANCESTORS_MAX } from './block-requests.js';
import type { PeerLinkOwner } from './owner.js';
import type { PeerPort } from './peer-port.js';

type Owner = Pick<PeerLinkOwner, 'block' | 'bestChain' | 'head' | 'final' | 'nowMs'>;
type Message<K extends PeerMessage['kind']> = Extract<PeerMessage, { kind: K }>;

/** What one peer may make this node encode and send. A request beyond it is not answered. */
const BYTES_PER_SECOND = 16 << 20;
const ANSWER_BYTES_MAX = 4 << 20;
/** What a step along the best chain costs, in bytes that could be sent instead. */
const BYTES_PER_STEP = 1024;

export class BlockService {
  readonly #port: Pick<PeerPort, 'send' | 'blame' | 'giveBack'>;
  readonly #owner: Owner;
  readonly #recent: (id: Uint8Array) => SignedBlock | undefined;
  /** Also of who has left: a new connection brings no new allowance. */
  readonly #allowances = new Map<PeerId, TokenBucket>();

  /** `recent`: a block that was sent lately, executed or not. */
  constructor(
    port: Pick<PeerPort, 'send' | 'blame' | 'giveBack'>,
    owner: Owner,
    recent: (id: Uint8Array) => SignedBlock | undefined,
  ) {
    this.#port = port;
    this.#owner = owner;
    this.#recent = recent;
  }

  /** The block, and ancestors of it that are not final, the oldest first. */
  answerBlock(peer: PeerId, message: Message<'getBlock'>): void {
    const { request, id, ancestors } = message.getBlock;
    const allowance = this.#allowanceOf(peer);
    if (!allowance.take(1, this.#owner.nowMs())) return;
    if (blockNumOf(id) <= this.#owner.final().num) {
      this.#port.giveBack(peer, message);
      return;
    }
    const found: Uint8Array[] = [];
    let bytes = 0;
    let block = this.#owner.block(id) ?? this.#recent(id);
    const countMax = 1 + Math.min(ancestors, ANCESTORS_MAX);
    while (block !== undefined && found.length < countMax) {
      const encoded = encode(signedBlockSchema, block);
      if (found.length > 0 && bytes + encoded.length > ANSWER_BYTES_MAX) break;
      found.unshift(encoded);
      bytes += encoded.length;
      block = this.#owner.block(block.header.previous);
    }
    allowance.spend(bytes);
    this.#port.send([peer], { kind: 'blocks', blocks: { request, blocks: found } });
  }

  /** Blocks of the best chain. */
  answerBlocks(peer: PeerId, message: Message<'getBlocks'>): void {
    const { request, from, count } = message.getBlocks;
    const allowance = this.#allowanceOf(peer);
    if (!allowance.take(1, this.#owner.nowMs())) return;
    if (from <= this.#owner.final().num) {
      this.#port.giveBack(peer, message);
      return;
    }
    // The best chain is walked from its end.
    allowance.spend(Math.max(0, this.#owner.head().num - from) * BYTES_PER_STEP);
    const found: Uint8Array[] = [];
    let bytes = 0;
    for (const block of this.#owner.bestChain(from, Math.min(count, peerLimits.blocksPerAnswerMax))) {
      const encoded = encode(signedBlockSchema, block);
      if (found.length > 0 && bytes + encoded.length > ANSWER_BYTES_MAX) break;
      found.push(encoded);
      bytes += encoded.length;
    }
    allowance.spend(bytes);
    this.#port.send([peer], { kind: 'blocks', blocks: { request, blocks: found } });
  }

  /** Transactions of a block; none if the block is not here. */
  answerTransactions(peer: PeerId, { getBlockTransactions: asked }: Message<'getBlockTransactions'>): void {
    const { blockId, positions } = asked;
    const allowance = this.#allowanceOf(peer);
    if (!allowance.take(1, this.#owner.nowMs())) return;
    const block = this.#recent(blockId) ?? this.#owner.block(blockId);
    const transactions: Uint8Array[] = [];
    if (block !== undefined) {
      let last = -1;
      for (const position of positions) {
        const body = block.transactions[position]?.transaction;
        if (body?.kind !== 'packed' || position <= last) {
          this.#port.blame(
            peer,
            'malformed',
            `it asks for transaction ${position} of a block of ${block.transactions.length}`,
          );
          return;
        }
        last = position;
        transactions.push(encode(packedTransactionSchema, body.packed));
      }
    }
    const bytes = transactions.reduce((sum, { length }) => sum + length + 5, 0);
    allowance.spend(bytes);
    // The peer asks for the whole block then.
    const fits =
      bytes <= peerLimits.blockBytesMax - 64 &&
      transactions.every(({ length }) => length <= limits.packedTransactionBytesMax);
    const blockTransactions = { blockId, transactions: fits ? transactions : [] };
    this.#port.send([peer], { kind: 'blockTransactions', blockTransactions });
  }

  #allowanceOf(peer: PeerId): TokenBucket {
    let allowance = this.#allowances.get(peer);
    if (allowance === undefined) {
      allowance = new TokenBucket(BYTES_PER_SECOND, 2 * BYTES_PER_SECOND, this.#owner.nowMs());
      this.#allowances.set(peer, allowance);
    }
    return allowance;
  }
}
