/** Running one transaction in a block under construction so that no defect that it finds can stop the producer. */
import { toHex } from '@snapscale/crypto';
import {
  type BlockExecution,
  StateFault,
  type TransactionOutcome,
  type VerifiedTransaction,
} from '@snapscale/execution';
import { type Name, names } from '@snapscale/protocol';
import type { ReplyResult } from './effects.js';
import type { Submission } from './inputs.js';

/** Tells the operator of a defect. */
export type ReportFault = (detail: { readonly transaction: string; readonly message: string }) => void;

/** What a transaction counts that this node could not execute. */
const FAULT_CPU_US = 100_000;

/** The answer to everybody once the node has begun to end. */
export const shuttingDown: ReplyResult = {
  kind: 'rejected',
  rejection: {
    code: 'snap_shutting_down',
    message: 'the node is shutting down and takes no more transactions: send it to another node',
  },
};

/** The account in whose name a transaction waits; none for a transaction that nobody authorises, which will be refused. */
export function authorizerOf({ transaction }: Submission): Name {
  const { actions } = transaction.transaction;
  return actions.find(({ authorization }) => authorization.length > 0)?.authorization[0]?.actor ?? names.empty;
}

/**
 * Runs `work` on a block. An error that is neither a rejection nor a fault of the state would be a defect of ours that some
 * transaction has found: a producer is free to leave a transaction out, so it does, says so, and goes on.
 */
export function guarded(
  execution: BlockExecution,
  transaction: VerifiedTransaction,
  report: ReportFault,
  work: () => TransactionOutcome | undefined,
): TransactionOutcome | undefined {
  const { state } = execution;
  const checkpoint = state.checkpoint();
  try {
    return work();
  } catch (error) {
    if (error instanceof StateFault) throw error;
    state.rollback(checkpoint);
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    report({ transaction: toHex(transaction.id), message });
    return faultOutcome(execution, transaction);
  }
}

function faultOutcome({ num, slot }: BlockExecution, { id }: VerifiedTransaction): TransactionOutcome {
  return {
    actionReceipts: [],
    trace: {
      id,
      blockNum: num,
      slot,
      status: 2,
      cpuUsageUs: 0,
      netUsageWords: 0,
      elapsedUs: FAULT_CPU_US,
      netUsageBytes: 0,
      actionTraces: [],
      bill: { payer: names.empty, sponsor: undefined, cpuFee: 0n, netFee: 0n, edge: names.empty },
      except: {
        code: 'snap_node_failure',
        message: `this node could not execute transaction ${toHex(id)} and left it out; the operator has been told`,
      },
    },
  };
}
