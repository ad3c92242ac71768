/** Traces of transactions as JSON: flat as `send_transaction` gives them, nested as `push_transaction` does. */
import { toHex } from '@snapscale/crypto';
import {
  type ActionReceipt,
  type ActionTrace,
  actionDigest,
  actionReceiptSchema,
  actionTraceSchema,
  billSchema,
  formatName,
  type Json,
  type JsonObject,
  rejectionSchema,
  slotToText,
  type TransactionTrace,
  toWellFormedText,
  transactionStatusSchema,
} from '@snapscale/protocol';
import { type AbiSource, actionJson, decodedReturnValue } from './action-json.js';

type Place = {
  readonly trx_id: string;
  readonly block_num: number;
  readonly block_time: string;
  readonly producer_block_id: string | null;
};

/** A trace as `processed` of `send_transaction`. @param blockId of the block that holds the transaction, if it is in one */
export function traceJson(source: AbiSource, trace: TransactionTrace, blockId?: Uint8Array): JsonObject {
  const place = placeOf(trace, blockId);
  return transactionJson(
    trace,
    place,
    trace.actionTraces.map((action) => actionTraceJson(source, action, place)),
  );
}

/** A trace as `processed` of `push_transaction`: actions under the action that caused them. */
export function nestedTraceJson(source: AbiSource, trace: TransactionTrace, blockId?: Uint8Array): JsonObject {
  const place = placeOf(trace, blockId);
  const children = new Map<number, ActionTrace[]>();
  for (const action of trace.actionTraces) {
    if (action.receipt === undefined && action.except === undefined) continue;
    const parent = action.closestUnnotifiedAncestorActionOrdinal;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [action]);
    else siblings.push(action);
  }
  for (const siblings of children.values()) siblings.sort(byGlobalSequence);
  const below = (ordinal: number, depth: number): JsonObject[] =>
    (depth > NESTING_MAX ? [] : (children.get(ordinal) ?? [])).map((action) => ({
      ...actionTraceJson(source, action, place),
      receipt: actionReceiptSchema.toJson(action.receipt ?? emptyReceipt(action)),
      inline_traces: below(action.actionOrdinal, depth + 1),
    }));
  return transactionJson(trace, place, below(0, 0));
}

/** Far beyond what inline actions can nest; stops ordinals that form a cycle in damaged data. */
const NESTING_MAX = 64;

function transactionJson(trace: TransactionTrace, place: Place, actions: readonly Json[]): JsonObject {
  const { trx_id: id, ...rest } = place;
  return {
    id,
    ...rest,
    receipt:
      trace.except === undefined
        ? {
            status: transactionStatusSchema.toJson(trace.status),
            cpu_usage_us: trace.cpuUsageUs,
            net_usage_words: trace.netUsageWords,
          }
        : null,
    elapsed: trace.elapsedUs,
    net_usage: trace.netUsageBytes,
    scheduled: false,
    action_traces: actions,
    account_ram_delta: null,
    except: trace.except === undefined ? null : rejectionSchema.toJson(trace.except),
    error_code: errorCode(trace.actionTraces),
    bill: billSchema.toJson(trace.bill),
  };
}

/** One action of a trace. */
function actionTraceJson(source: AbiSource, trace: ActionTrace, place: Place): JsonObject {
  const { action } = trace;
  const { error_code: code = null } = actionTraceSchema.toJson({ ...trace, receipt: undefined }) as JsonObject;
  const returned =
    trace.returnValue.length === 0
      ? undefined
      : decodedReturnValue(source, action.account, action.name, trace.returnValue);
  return {
    action_ordinal: trace.actionOrdinal,
    creator_action_ordinal: trace.creatorActionOrdinal,
    closest_unnotified_ancestor_action_ordinal: trace.closestUnnotifiedAncestorActionOrdinal,
    receipt: trace.receipt === undefined ? null : actionReceiptSchema.toJson(trace.receipt),
    receiver: formatName(trace.receiver),
    act: actionJson(source, action),
    context_free: trace.contextFree,
    elapsed: trace.elapsedUs,
    console: toWellFormedText(trace.console),
    ...place,
    account_ram_deltas: trace.accountRamDeltas.map(({ account, delta }) => ({
      account: formatName(account),
      delta: delta > 0xffffffffn || delta < -0xffffffffn ? delta.toString() : Number(delta),
    })),
    except: trace.except === undefined ? null : rejectionSchema.toJson(trace.except),
    error_code: code,
    return_value_hex_data: toHex(trace.returnValue),
    ...(returned === undefined ? {} : { return_value_data: returned }),
  };
}

/** Where a trace stands, as each of its action traces repeats it. */
function placeOf(trace: TransactionTrace, blockId?: Uint8Array): Place {
  return {
    trx_id: toHex(trace.id),
    block_num: trace.blockNum,
    block_time: slotToText(trace.slot),
    producer_block_id: blockId === undefined ? null : toHex(blockId),
  };
}

/** The code that a contract gave to `eosio_assert_code`, from the action that failed. */
function errorCode(actions: readonly ActionTrace[]): Json {
  const failed = actions.find((action) => action.except !== undefined);
  if (failed === undefined) return null;
  return (actionTraceSchema.toJson({ ...failed, receipt: undefined }) as JsonObject).error_code ?? null;
}

function byGlobalSequence(a: ActionTrace, b: ActionTrace): number {
  const left = a.receipt?.globalSequence;
  const right = b.receipt?.globalSequence;
  if (left === undefined || right === undefined) {
    if (left === right) return a.actionOrdinal - b.actionOrdinal;
    return left === undefined ? 1 : -1;
  }
  return left < right ? -1 : left > right ? 1 : 0;
}

/** nodeos gives failed actions of nested traces a receipt without numbers. */
function emptyReceipt(trace: ActionTrace): ActionReceipt {
  return {
    receiver: trace.receiver,
    actDigest: actionDigest(trace.action, trace.returnValue),
    globalSequence: 0n,
    recvSequence: 0n,
    authSequence: [],
    codeSequence: 0,
    abiSequence: 0,
  };
}
