/** Blocks as they come from peers: decoded, with verified transactions and the key of the signature. */
import { CryptoError, equalBytes, type PublicKey, toHex } from '@snapscale/crypto';
import type { VerifiedTransaction } from '@snapscale/execution';
import {
  DecodeError,
  decode,
  encode,
  type PackedTransaction,
  packedTransactionSchema,
  Reject,
  type SignedBlock,
  signedBlockSchema,
  transactionId,
} from '@snapscale/protocol';
import type { PeerFaultCode } from '../../p2p/faults.js';
import type { PeerLinkOwner } from './owner.js';

/** A block that may be given to the replica. */
export type OpenedBlock = {
  readonly id: Uint8Array;
  readonly block: SignedBlock;
  readonly transactions: readonly VerifiedTransaction[];
  readonly signedBy: PublicKey;
};

/** Why a block is its sender's fault. */
export type BlockFault = { readonly code: PeerFaultCode; readonly message: string };

type Opener = Pick<PeerLinkOwner, 'known' | 'verify' | 'signedBy'>;

/** Decodes a `signed_block`. */
export function decodeBlock(encoded: Uint8Array): SignedBlock | BlockFault {
  try {
    return decode(signedBlockSchema, encoded);
  } catch (error) {
    if (error instanceof DecodeError) return { code: 'malformed', message: `a block that is none: ${error.message}` };
    throw error;
  }
}

/** Verifies a decoded block's transactions, but for those that are known, and recovers who signed it. */
export function openBlock(
  block: SignedBlock,
  id: Uint8Array,
  opener: Opener,
  known: readonly (VerifiedTransaction | undefined)[] = [],
): OpenedBlock | BlockFault {
  try {
    const signedBy = opener.signedBy(block);
    const transactions: VerifiedTransaction[] = [];
    for (const [position, { transaction: body }] of block.transactions.entries()) {
      if (body.kind === 'id') return falseBlock(id, 'it has a transaction by its id alone');
      transactions.push(known[position] ?? verifiedOf(body.packed, opener));
    }
    return { id, block, transactions, signedBy };
  } catch (error) {
    if (error instanceof Reject || error instanceof DecodeError || error instanceof CryptoError) {
      return falseBlock(id, error.message);
    }
    throw error;
  }
}

function falseBlock(id: Uint8Array, why: string): BlockFault {
  return { code: 'false_data', message: `block ${toHex(id)} is not valid whatever the state is: ${why}` };
}

/** Recovering keys is the most expensive part of a block, and most transactions came before it. */
function verifiedOf(packed: PackedTransaction, opener: Opener): VerifiedTransaction {
  const known = packed.compression === 0 ? opener.known(transactionId(packed.packedTransaction)) : undefined;
  return known !== undefined && isSame(known.received, packed) ? known : opener.verify(packed);
}

/** The id does not cover signatures: the same transaction may come with others. */
function isSame(a: PackedTransaction, b: PackedTransaction): boolean {
  if (a === b) return true;
  return equalBytes(encode(packedTransactionSchema, a), encode(packedTransactionSchema, b));
}
