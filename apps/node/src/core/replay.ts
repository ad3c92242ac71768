/** Start after a stop or a crash: blocks that are on disk, but not in the state, are executed again. */
import { ownPeer } from '@snapscale/consensus';
import { type RecoverPort, recoverPublicKey } from '@snapscale/crypto';
import type { VerifiedTransaction } from '@snapscale/execution';
import { blockDigest, blockId, blockNumOf, type SignedBlock, type TransactionReceipt } from '@snapscale/protocol';
import type { ReplicaInput } from '@snapscale/replica';
import { verifyReceived } from '../verify/verify-transaction.js';
import type { CoreStorage } from './core-storage.js';

/** What the log has beyond the state, then the journal, in order. Each is one input of the replica. */
export function* storedBlocks(
  storage: CoreStorage,
  chainId: Uint8Array,
  recover: RecoverPort,
): Generator<Extract<ReplicaInput, { kind: 'block' }>> {
  const committed = storage.final.num;
  for (let num = committed + 1; ; num++) {
    const block = storage.readBlock(num);
    if (block === undefined) break;
    yield blockInput(block, chainId, recover);
  }
  for (const block of storage.takeJournal()) {
    if (blockNumOf(blockId(block.header)) > committed) yield blockInput(block, chainId, recover);
  }
}

function blockInput(
  block: SignedBlock,
  chainId: Uint8Array,
  recover: RecoverPort,
): Extract<ReplicaInput, { kind: 'block' }> {
  return {
    kind: 'block',
    from: ownPeer,
    block,
    transactions: block.transactions.map((receipt) => verified(receipt, chainId, recover)),
    signedBy: recoverPublicKey(block.producerSignature, blockDigest(block.header), recover),
  };
}

function verified(
  { transaction: body }: TransactionReceipt,
  chainId: Uint8Array,
  recover: RecoverPort,
): VerifiedTransaction {
  if (body.kind !== 'packed') throw new Error('a block on disk holds a transaction by its id alone');
  return verifyReceived(body.packed, chainId, recover).verified;
}
