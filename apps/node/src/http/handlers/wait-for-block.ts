/** Waiting until a sent transaction is in a block, or final (`retry_trx`). */
import { equalBytes } from '@snapscale/crypto';
import { reject, slotToMs, type TransactionTrace } from '@snapscale/protocol';
import type { NodeBackend } from '../backend.js';
import { busy } from '../server/failure.js';
import type { RequestContext } from '../server/handler.js';

/** Blocks after which a transaction that is in none is handed in again. */
const RETRY_BLOCKS = 4;

/** A transaction to wait for. */
export type Awaited = {
  readonly id: Uint8Array;
  readonly packed: Uint8Array;
  readonly expirationSec: number;
  /** Blocks that must follow the transaction's; undefined: it must be final. */
  readonly blocks: number | undefined;
};

/** The trace of a transaction in its block, and that block's id. */
export type IncludedTrace = { readonly trace: TransactionTrace; readonly blockId: Uint8Array };

const waiting = new WeakMap<NodeBackend, { count: number }>();

/**
 * Resolves when the transaction stands as asked. Rejects with `expired_tx_exception` when it can no longer enter a
 * block, and when the client hangs up. At most `waitingMax` requests wait at once; more are told 503.
 */
export async function waitForBlock(context: RequestContext, awaited: Awaited): Promise<IncludedTrace> {
  const { backend, options, signal } = context;
  const counter = waiting.get(backend) ?? { count: 0 };
  waiting.set(backend, counter);
  if (counter.count >= options.waitingMax) throw busy('too many requests wait for their transactions');
  counter.count++;
  try {
    return await new Promise<IncludedTrace>((resolve, fail) => {
      let unsubscribe = (): void => undefined;
      let retryAtBlock = backend.chainInfo().head.num + RETRY_BLOCKS;
      const stop = (): void => {
        unsubscribe();
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        stop();
        fail(signal.reason);
      };
      const look = (): void => {
        try {
          const found = lookFor(backend, awaited);
          if (found !== undefined) {
            stop();
            resolve(found);
          } else if (backend.chainInfo().head.num >= retryAtBlock) {
            retryAtBlock = backend.chainInfo().head.num + RETRY_BLOCKS;
            submitAgain(backend, awaited);
          }
        } catch (error) {
          stop();
          fail(error);
        }
      };
      signal.addEventListener('abort', onAbort, { once: true });
      unsubscribe = backend.subscribe(look);
      look();
    });
  } finally {
    counter.count--;
  }
}

function lookFor(backend: NodeBackend, { id, expirationSec, blocks }: Awaited): IncludedTrace | undefined {
  const { state, block } = backend.transactionStatus(id);
  const { head } = backend.chainInfo();
  if (block !== undefined && (state === 'IRREVERSIBLE' || state === 'IN_BLOCK')) {
    const deepEnough = blocks !== undefined && head.num - block.num >= blocks;
    if (state === 'IN_BLOCK' && !deepEnough) return undefined;
    const trace = traceOf(backend, block.num, id);
    return trace === undefined ? undefined : { trace, blockId: block.id };
  }
  if (slotToMs(head.slot) > expirationSec * 1000) {
    return reject('expired_tx_exception', 'the transaction expired before it was in a block');
  }
  return undefined;
}

/** The trace of a transaction in a block. */
export function traceOf(backend: NodeBackend, blockNum: number, id: Uint8Array): TransactionTrace | undefined {
  return backend.tracesOfBlock(blockNum)?.find((trace) => equalBytes(trace.id, id));
}

function submitAgain(backend: NodeBackend, { id, packed }: Awaited): void {
  const { state } = backend.transactionStatus(id);
  if (state === 'IN_BLOCK' || state === 'LOCALLY_APPLIED') return;
  // What comes of it shows in the status; a duplicate is no failure.
  backend.submit(packed, 'push').catch(() => undefined);
}
