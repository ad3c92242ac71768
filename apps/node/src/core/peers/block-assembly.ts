/**
 * Whole blocks from compact ones: transactions that this node has verified are filled in, the missing ones are asked for,
 * and where that leads nowhere the whole block is. Bounded in number and bytes, in all and for each peer.
 *
 * Knows no clock: times are milliseconds, given by the caller.
 */
import type { PeerId } from '@snapscale/consensus';
import { equalBytes, merkleRoot, toHex } from '@snapscale/crypto';
import type { VerifiedTransaction } from '@snapscale/execution';
import { type PackedTransaction, receiptDigests, type SignedBlock, transactionId } from '@snapscale/protocol';

export type AssemblyLimits = {
  readonly blocksMax: number;
  readonly blocksPerPeerMax: number;
  readonly bytesMax: number;
  /** After this time without the missing transactions the whole block is asked for, and after as long again it is given up. */
  readonly answerMsMax: number;
  /** When a larger part is missing, the whole block is asked for at once, percent. */
  readonly missingPercentMax: number;
};

export const defaultAssemblyLimits: AssemblyLimits = {
  blocksMax: 32,
  blocksPerPeerMax: 6,
  bytesMax: 32 << 20,
  answerMsMax: 2_000,
  missingPercentMax: 60,
};

export type AssembledBlock = {
  readonly block: SignedBlock;
  /** In block order; undefined where a transaction came with the block and is not verified yet. */
  readonly transactions: readonly (VerifiedTransaction | undefined)[];
};

export type AssemblyStep =
  | { readonly kind: 'complete'; readonly assembled: AssembledBlock }
  /** Ask the peer for the transactions at these positions. */
  | { readonly kind: 'missing'; readonly positions: readonly number[] }
  /** Ask for the whole block. */
  | { readonly kind: 'whole' }
  /** There are too many; whoever needs the block will ask for it. */
  | { readonly kind: 'full' };

type Pending = {
  readonly id: Uint8Array;
  readonly peer: PeerId;
  readonly block: SignedBlock;
  readonly transactions: (VerifiedTransaction | undefined)[];
  readonly positions: readonly number[];
  readonly bytes: number;
  readonly beganMs: number;
  isWholeAsked: boolean;
};

export class BlockAssembly {
  readonly #known: (id: Uint8Array) => VerifiedTransaction | undefined;
  readonly #limits: AssemblyLimits;
  /** By peer and block: whoever comes first with a false copy must not hold up those of others. */
  readonly #pending = new Map<string, Pending>();
  #bytes = 0;

  constructor(known: (id: Uint8Array) => VerifiedTransaction | undefined, limits = defaultAssemblyLimits) {
    this.#known = known;
    this.#limits = limits;
  }

  /** Blocks that wait for transactions, and bytes of them. */
  get size(): { readonly blocks: number; readonly bytes: number } {
    return { blocks: this.#pending.size, bytes: this.#bytes };
  }

  /** Whether this peer's copy waits for transactions. */
  isPending(peer: PeerId, id: Uint8Array): boolean {
    return this.#pending.has(keyOf(peer, id));
  }

  /** Begins with a block whose transactions are ids. `bytes`: its size as it came. */
  begin(peer: PeerId, id: Uint8Array, block: SignedBlock, bytes: number, nowMs: number): AssemblyStep {
    const transactions = block.transactions.map(({ transaction }) =>
      transaction.kind === 'id' ? this.#known(transaction.id) : undefined,
    );
    const positions = transactions.flatMap((transaction, position) => {
      return transaction === undefined && block.transactions[position]!.transaction.kind === 'id' ? [position] : [];
    });
    if (positions.length === 0) return this.#complete(block, transactions);
    if (positions.length * 100 > transactions.length * this.#limits.missingPercentMax) return { kind: 'whole' };
    if (!this.#hasRoom(peer, bytes)) return { kind: 'full' };
    this.#bytes += bytes;
    const pending = { id, peer, block, transactions, positions, bytes, beganMs: nowMs, isWholeAsked: false };
    this.#pending.set(keyOf(peer, id), pending);
    return { kind: 'missing', positions };
  }

  /** What a peer was asked for has come. Undefined when it is not, or no longer, waited for. */
  fill(peer: PeerId, id: Uint8Array, found: readonly PackedTransaction[]): AssemblyStep | undefined {
    const pending = this.#pending.get(keyOf(peer, id));
    if (pending === undefined || pending.isWholeAsked) return undefined;
    this.#forget(pending);
    const { block, transactions, positions } = pending;
    if (found.length !== positions.length) return { kind: 'whole' };
    const bodies = new Map(positions.map((position, index) => [position, found[index]!]));
    const receipts = block.transactions.map((receipt, position) => {
      const packed = bodies.get(position);
      return packed === undefined ? receipt : { ...receipt, transaction: { kind: 'packed' as const, packed } };
    });
    return this.#complete({ ...block, transactions: receipts }, transactions);
  }

  /** The block has come another way, or is not wanted any more. */
  drop(id: Uint8Array): void {
    for (const pending of [...this.#pending.values()]) if (equalBytes(pending.id, id)) this.#forget(pending);
  }

  /** Blocks whose missing transactions did not come: whole ones to ask for, and those that are given up. */
  expire(nowMs: number): { readonly whole: readonly Asked[]; readonly given: readonly Asked[] } {
    const whole: Asked[] = [];
    const given: Asked[] = [];
    const { answerMsMax } = this.#limits;
    for (const pending of [...this.#pending.values()]) {
      const { peer, id, beganMs } = pending;
      if (nowMs - beganMs >= 2 * answerMsMax) {
        this.#forget(pending);
        given.push({ peer, id });
      } else if (nowMs - beganMs >= answerMsMax && !pending.isWholeAsked) {
        pending.isWholeAsked = true;
        whole.push({ peer, id });
      }
    }
    return { whole, given };
  }

  /** The peer has left: what it was asked for is asked of others, as whole blocks. */
  left(peer: PeerId): Uint8Array[] {
    const left = [...this.#pending.values()].filter((pending) => pending.peer === peer);
    for (const pending of left) this.#forget(pending);
    return left.map(({ id }) => id);
  }

  #forget({ peer, id, bytes }: Pending): void {
    if (this.#pending.delete(keyOf(peer, id))) this.#bytes -= bytes;
  }

  #hasRoom(peer: PeerId, bytes: number): boolean {
    const { blocksMax, blocksPerPeerMax, bytesMax } = this.#limits;
    let ofPeer = 0;
    for (const pending of this.#pending.values()) if (pending.peer === peer) ofPeer++;
    return this.#pending.size < blocksMax && ofPeer < blocksPerPeerMax && this.#bytes + bytes <= bytesMax;
  }

  #complete(block: SignedBlock, transactions: readonly (VerifiedTransaction | undefined)[]): AssemblyStep {
    const receipts = block.transactions.map((receipt, position) => {
      const transaction = transactions[position];
      if (transaction === undefined) return receipt;
      return { ...receipt, transaction: { kind: 'packed' as const, packed: transaction.received } };
    });
    const whole = { ...block, transactions: receipts };
    // An id does not cover signatures: the block may have a transaction with other ones than those that came here.
    if (!isWhole(whole)) return { kind: 'whole' };
    return { kind: 'complete', assembled: { block: whole, transactions } };
  }
}

function keyOf(peer: PeerId, id: Uint8Array): string {
  return `${peer} ${toHex(id)}`;
}

export type Asked = { readonly peer: PeerId; readonly id: Uint8Array };

/** The block as it travels to peers that have its transactions. The few compressed ones stay: their ids take inflating. */
export function compactOf(block: SignedBlock): SignedBlock {
  const transactions = block.transactions.map((receipt) => {
    const { transaction: body } = receipt;
    if (body.kind === 'id' || body.packed.compression !== 0) return receipt;
    return { ...receipt, transaction: { kind: 'id' as const, id: transactionId(body.packed.packedTransaction) } };
  });
  return { ...block, transactions };
}

/** Whether a block has the transactions that its header names. */
export function isWhole({ header, transactions }: SignedBlock): boolean {
  return equalBytes(merkleRoot(receiptDigests(transactions)), header.transactionMroot);
}
