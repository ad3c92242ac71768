/** Start after a crash: blocks that are in the log, but whose state was not stored yet, are executed again. */
import type { RecoverPort } from '@snapscale/crypto';
import type { VerifiedTransaction } from '@snapscale/execution';
import { chainIdOf, encode, type Genesis, type TransactionReceipt, transactionTraceSchema } from '@snapscale/protocol';
import type { Replica } from '@snapscale/replica';
import { verifyReceived } from '../verify/verify-transaction.js';
import type { CoreStorage } from './core-storage.js';

/** Executes them, and returns how many there were. @throws Reject when the log does not fit the state */
export async function replayLog(
  replica: Replica,
  storage: CoreStorage,
  genesis: Genesis,
  recover: RecoverPort,
): Promise<number> {
  const chainId = chainIdOf(genesis);
  let replayed = 0;
  for (let num = storage.final.num + 1; ; num++) {
    const block = storage.readBlock(num);
    if (block === undefined) return replayed;
    const transactions = block.transactions.map((receipt) => verified(receipt, chainId, recover));
    for (const effect of replica.step({ kind: 'block', block, transactions, logged: true })) {
      if (effect.kind !== 'persist') continue;
      const traces = effect.block.traces.map((trace) => encode(transactionTraceSchema, trace));
      await storage.persist(effect.block, traces);
      replica.step({ kind: 'persisted', num });
    }
    replayed++;
  }
}

function verified(
  { transaction: body }: TransactionReceipt,
  chainId: Uint8Array,
  recover: RecoverPort,
): VerifiedTransaction {
  if (body.kind !== 'packed') throw new Error('a block of the log holds a transaction by its id alone');
  return verifyReceived(body.packed, chainId, recover).verified;
}
