/** Routes that take transactions. */
import type { ResponseOf, Routes } from '@snapscale/api';
import { fromHex, toHex } from '@snapscale/crypto';
import { firstAuthorizer } from '@snapscale/execution';
import {
  DecodeError,
  type Inflate,
  type JsonObject,
  type Name,
  type PackedTransaction,
  type Rejection,
  type RejectionCode,
  reject,
  rejectionSchema,
  rejections,
  secondsToText,
  slotToText,
  type TransactionTrace,
  transactionId,
  unpackTransaction,
} from '@snapscale/protocol';
import { inflateBounded } from '../../verify/verify-transaction.js';
import type { SubmitMode, SubmitOutcome } from '../backend.js';
import { busy, failureOf, type HttpFailure, rejectionFailure } from '../server/failure.js';
import type { HandlersOf, RequestContext } from '../server/handler.js';
import { nestedTraceJson, traceJson } from '../view/trace-json.js';
import { encodePacked, packedFromInput } from '../view/transaction-input.js';
import { chainPlace } from './chain-info.js';
import { waitForBlock } from './wait-for-block.js';

type Names =
  | 'sendTransaction'
  | 'sendTransaction2'
  | 'pushTransaction'
  | 'pushTransactions'
  | 'computeTransaction'
  | 'sendReadOnlyTransaction'
  | 'getTransactionId'
  | 'getTransactionStatus';

type Result = ResponseOf<Routes['chain']['sendTransaction']>;

export const transactionHandlers: HandlersOf<Pick<Routes['chain'], Names>> = {
  async sendTransaction(context, input) {
    const trace = successOf(await submit(context, packedFromInput(context, input), 'push'));
    return result(trace, traceJson(context, trace));
  },

  async pushTransaction(context, input) {
    const trace = successOf(await submit(context, packedFromInput(context, input), 'push'));
    return result(trace, nestedTraceJson(context, trace));
  },

  async pushTransactions(context, inputs) {
    context.charge(Math.max(0, inputs.length - 1));
    for (const input of inputs) context.requirePayer(() => payerOf(packedFromInput(context, input)));
    const results: { transaction_id: string; processed: never }[] = [];
    // One after the other, as nodeos: a transaction may build on the one before it.
    for (const input of inputs) {
      try {
        const trace = successOf(await submit(context, packedFromInput(context, input), 'push'));
        results.push({ transaction_id: toHex(trace.id), processed: nestedTraceJson(context, trace) as never });
      } catch (error) {
        const failure = failureOf(error);
        if (failure === undefined) throw error;
        results.push({ transaction_id: zeroId, processed: { error: failure.message } as never });
      }
    }
    return results;
  },

  async sendTransaction2(context, request) {
    const { transaction, return_failure_trace = true, retry_trx = false, retry_trx_num_blocks: blocks } = request;
    const packed = packedFromInput(context, transaction);
    const outcome = await submit(context, packed, 'push');
    if (!retry_trx || failed(outcome)) return failureOrResult(context, packed, outcome, return_failure_trace);
    const { id, expirationSec } = identify(packed);
    const included = await waitForBlock(context, { id, packed: encodePacked(packed), expirationSec, blocks });
    return result(included.trace, traceJson(context, included.trace, included.blockId));
  },

  async computeTransaction(context, { transaction }) {
    const packed = packedFromInput(context, transaction);
    return failureOrResult(context, packed, await submit(context, packed, 'dryRun'), true);
  },

  async sendReadOnlyTransaction(context, { transaction }) {
    const packed = packedFromInput(context, transaction);
    return failureOrResult(context, packed, await submit(context, packed, 'readOnly'), true);
  },

  getTransactionId: (context, input) => toHex(identify(packedFromInput(context, input)).id),

  getTransactionStatus({ backend }, { id }) {
    const chain = backend.chainInfo();
    const { state, block, expirationSec } = backend.transactionStatus(transactionIdOf(id));
    const earliest = backend.blockSummary(chain.earliestBlockNum);
    return {
      state,
      ...(block === undefined
        ? {}
        : { block_number: block.num, block_id: toHex(block.id), block_timestamp: slotToText(block.slot) }),
      ...(expirationSec === undefined ? {} : { expiration: `${secondsToText(expirationSec)}.000` }),
      ...chainPlace(chain),
      earliest_tracked_block_id: earliest === undefined ? zeroId : toHex(earliest.id),
      earliest_tracked_block_number: chain.earliestBlockNum,
    };
  },
};

const zeroId = '0'.repeat(64);

/** A transaction id from its text. Rejects with `transaction_id_type_exception`. */
export function transactionIdOf(text: string): Uint8Array {
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    return reject('transaction_id_type_exception', `Invalid transaction ID: ${JSON.stringify(text.slice(0, 80))}`);
  }
  return fromHex(text.toLowerCase());
}

/** What a transaction of somebody who is no member may be inflated to, before its signatures are verified elsewhere. */
const UNVOUCHED_BYTES_MAX = 64 * 1024;

/** Who pays for a packed transaction. Rejects with `packed_transaction_type_exception` or `tx_no_auths`. */
export function payerOf(packed: PackedTransaction): Name {
  const bounded = (deflated: Uint8Array, bytesMax: number) =>
    inflateBounded(deflated, Math.min(bytesMax, UNVOUCHED_BYTES_MAX));
  return firstAuthorizer(open(packed, bounded).transaction);
}

async function submit(context: RequestContext, packed: PackedTransaction, mode: SubmitMode): Promise<SubmitOutcome> {
  if (mode === 'push') context.requirePayer(() => payerOf(packed));
  const outcome = await context.backend.submit(encodePacked(packed), mode);
  if (outcome.kind === 'busy') throw busy();
  return outcome;
}

/** The rejection of an outcome that is none of success; undefined for a success. */
export function rejectionOf(outcome: SubmitOutcome): Rejection | undefined {
  switch (outcome.kind) {
    case 'executed':
      return outcome.except;
    case 'rejected':
      return outcome.rejection;
    case 'busy':
      return { code: 'snap_queue_full', message: 'too many transactions are waiting' };
  }
}

function failed(outcome: SubmitOutcome): boolean {
  return rejectionOf(outcome) !== undefined;
}

function successOf(outcome: SubmitOutcome): TransactionTrace {
  const rejection = rejectionOf(outcome);
  if (rejection !== undefined || outcome.kind !== 'executed') throw sendFailure(rejection!);
  return outcome.trace;
}

/** nodeos answers 500, not 401, when a transaction that was sent lacks signatures. */
function sendFailure(rejection: Rejection): HttpFailure {
  return rejectionFailure(rejection, rejection.code === 'unsatisfied_authorization' ? 500 : undefined);
}

/** Refusals that come before a transaction is tried at all: nodeos never makes a trace of them. */
const neverTraced: ReadonlySet<RejectionCode> = new Set([
  'tx_duplicate',
  'expired_tx_exception',
  'snap_queue_full',
  'snap_node_syncing',
  'snap_malformed_bytes',
  'snap_node_failure',
  'packed_transaction_type_exception',
  'unknown_transaction_compression',
  'tx_decompression_error',
]);

function failureOrResult(
  context: RequestContext,
  packed: PackedTransaction,
  outcome: SubmitOutcome,
  returnFailureTrace: boolean,
): Result {
  const rejection = rejectionOf(outcome);
  if (rejection !== undefined && (!returnFailureTrace || neverTraced.has(rejection.code))) throw sendFailure(rejection);
  if (outcome.kind === 'executed') return result(outcome.trace, traceJson(context, outcome.trace));
  const { id } = identify(packed);
  return { transaction_id: toHex(id), processed: failureTrace(context, id, rejection!) as never };
}

function result(trace: TransactionTrace, processed: JsonObject): Result {
  return { transaction_id: toHex(trace.id), processed: processed as never };
}

/** A trace that says why nothing was executed. */
function failureTrace({ backend }: RequestContext, id: Uint8Array, rejection: Rejection): JsonObject {
  const { head } = backend.chainInfo();
  return {
    id: toHex(id),
    block_num: head.num + 1,
    block_time: slotToText(head.slot + 1),
    producer_block_id: null,
    receipt: null,
    elapsed: 0,
    net_usage: 0,
    scheduled: false,
    action_traces: [],
    account_ram_delta: null,
    except: rejectionSchema.toJson(rejection),
    error_code: null,
  };
}

/** Id and expiration of a packed transaction. Rejects with `packed_transaction_type_exception`. */
function identify(packed: PackedTransaction): { readonly id: Uint8Array; readonly expirationSec: number } {
  const opened = open(packed);
  return { id: transactionId(opened.packed), expirationSec: opened.transaction.expiration };
}

function open(packed: PackedTransaction, inflate: Inflate = inflateBounded) {
  try {
    return unpackTransaction(packed, inflate);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return reject('packed_transaction_type_exception', `Invalid packed transaction: ${error.message}`);
  }
}

/** The number that EOSIO clients know a rejection by. */
export function eosioCodeOf(rejection: Rejection): number {
  return rejections[rejection.code].eosioCode;
}
