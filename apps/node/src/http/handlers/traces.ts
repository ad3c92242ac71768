/** The trace API, and what of the former history plugin follows from stored blocks. */

import type { ResponseOf, Routes } from '@snapscale/api';
import { formatSignature, fromHex, toHex } from '@snapscale/crypto';
import { permissionsByAuthorizers } from '@snapscale/execution';
import {
  type ActionTrace,
  blockNumOf,
  formatName,
  integerToJson,
  type Name,
  type PackedTransaction,
  packedTransactionSchema,
  reject,
  secondsToText,
  slotToText,
  type TransactionReceipt,
  type TransactionTrace,
  transactionStatusNames,
  unpackTransaction,
} from '@snapscale/protocol';
import { inflateBounded } from '../../verify/verify-transaction.js';
import type { NodeBackend, StoredBlock, TransactionLocation } from '../backend.js';
import { plainFailure } from '../server/failure.js';
import type { HandlersOf } from '../server/handler.js';
import { type AbiSource, decodedData, decodedReturnValue } from '../view/action-json.js';
import { headerFields } from '../view/block-json.js';
import { nameOf, publicKeyOf } from '../view/fields.js';
import { traceJson } from '../view/trace-json.js';
import { idOfPacked, transactionHeaderJson, transactionJson } from '../view/transaction-json.js';
import { transactionIdOf } from './transactions.js';
import { traceOf } from './wait-for-block.js';

type TracedTransaction = ResponseOf<Routes['trace']['getTransactionTrace']>;

/** Most accounts that `get_key_accounts` and `get_controlled_accounts` give. */
const ACCOUNTS_MAX = 1000;
/** Shortest beginning of a transaction id that is searched for, in hex digits. */
const PREFIX_DIGITS_MIN = 8;

export const traceHandlers: HandlersOf<Routes['trace']> = {
  getBlock(context, { block_num }) {
    const { backend } = context;
    const stored = backend.blockByNum(block_num);
    const traces = stored === undefined ? undefined : backend.tracesOfBlock(block_num);
    if (stored === undefined || traces === undefined) throw plainFailure(404, 'Trace API: block trace missing');
    const { previous, ...header } = headerFields(stored.block.header);
    const packed = packedById(stored);
    return {
      id: toHex(stored.id),
      number: block_num,
      previous_id: previous,
      status: block_num <= backend.chainInfo().final.num ? 'irreversible' : 'pending',
      timestamp: header.timestamp,
      producer: header.producer,
      transaction_mroot: header.transaction_mroot,
      action_mroot: header.action_mroot,
      schedule_version: header.schedule_version,
      transactions: traces.map((trace) => tracedTransaction(context, trace, stored, packed.get(toHex(trace.id)))),
    };
  },

  getTransactionTrace(context, { id }) {
    const { backend } = context;
    const location = backend.findTransaction(transactionIdOf(id));
    const found = location === undefined ? undefined : locate(backend, location);
    if (found === undefined) throw plainFailure(404, 'Trace API: transaction id missing in the transaction id log');
    const packed = found.receipt.transaction.kind === 'packed' ? found.receipt.transaction.packed : undefined;
    return tracedTransaction(context, found.trace, found.stored, packed);
  },
};

export const historyHandlers: HandlersOf<Routes['history']> = {
  getTransaction(context, { id, traces }) {
    const { backend } = context;
    const location = backend.findTransaction(idPrefix(id));
    const found =
      location === undefined || !toHex(location.id).startsWith(id.toLowerCase())
        ? undefined
        : locate(backend, location);
    if (found === undefined || found.receipt.transaction.kind !== 'packed') {
      return reject('tx_not_found', `Transaction ${id} not found`);
    }
    const { stored, receipt, trace } = found;
    const { packed } = found.receipt.transaction;
    const opened = unpackTransaction(packed, inflateBounded);
    return {
      id: toHex(trace.id),
      trx: {
        receipt: {
          status: transactionStatusNames[receipt.status]!,
          cpu_usage_us: receipt.cpuUsageUs,
          net_usage_words: receipt.netUsageWords,
          trx: [1, packedTransactionSchema.toJson(packed) as never],
        },
        trx: {
          ...(transactionJson(context, opened.transaction) as object),
          signatures: packed.signatures.map(formatSignature),
          context_free_data: opened.contextFreeData.map(toHex),
        },
      },
      block_time: slotToText(stored.block.header.slot),
      block_num: blockNumOf(stored.id),
      last_irreversible_block: backend.chainInfo().final.num,
      traces: traces === false ? [] : (traceJson(context, trace, stored.id).action_traces as never),
    };
  },

  getKeyAccounts({ state }, { public_key }) {
    const matches = permissionsByAuthorizers(state, { accounts: [], keys: [publicKeyOf(public_key)] }, ACCOUNTS_MAX);
    return { account_names: distinctNames(matches.map(({ account }) => account)) };
  },

  getControlledAccounts({ state }, { controlling_account }) {
    const accounts = [{ actor: nameOf(controlling_account) }];
    const matches = permissionsByAuthorizers(state, { accounts, keys: [] }, ACCOUNTS_MAX);
    return { controlled_accounts: distinctNames(matches.map(({ account }) => account)) };
  },
};

type Found = { readonly stored: StoredBlock; readonly receipt: TransactionReceipt; readonly trace: TransactionTrace };

function locate(backend: NodeBackend, { id, blockNum, position }: TransactionLocation): Found | undefined {
  const stored = backend.blockByNum(blockNum);
  const receipt = stored?.block.transactions[position];
  const trace = traceOf(backend, blockNum, id);
  return stored === undefined || receipt === undefined || trace === undefined ? undefined : { stored, receipt, trace };
}

function packedById({ block }: StoredBlock): ReadonlyMap<string, PackedTransaction> {
  const found = new Map<string, PackedTransaction>();
  for (const { transaction } of block.transactions) {
    const id = transaction.kind === 'packed' ? idOfPacked(transaction.packed) : undefined;
    if (id !== undefined && transaction.kind === 'packed') found.set(toHex(id), transaction.packed);
  }
  return found;
}

/** The header that implicit transactions show. */
const noHeader = {
  expiration: secondsToText(0),
  ref_block_num: 0,
  ref_block_prefix: 0,
  max_net_usage_words: 0,
  max_cpu_usage_ms: 0,
  delay_sec: 0,
};

function tracedTransaction(
  source: AbiSource,
  trace: TransactionTrace,
  { id, block }: StoredBlock,
  packed: PackedTransaction | undefined,
): TracedTransaction {
  return {
    id: toHex(trace.id),
    block_num: blockNumOf(id),
    block_time: slotToText(block.header.slot),
    producer_block_id: toHex(id),
    actions: trace.actionTraces
      .filter((action) => action.receipt !== undefined)
      .sort((a, b) => (a.receipt!.globalSequence < b.receipt!.globalSequence ? -1 : 1))
      .map((action) => tracedAction(source, action)) as TracedTransaction['actions'],
    status: transactionStatusNames[trace.status],
    cpu_usage_us: trace.cpuUsageUs,
    net_usage_words: trace.netUsageWords,
    signatures: (packed?.signatures ?? []).map(formatSignature),
    transaction_header:
      packed === undefined ? noHeader : transactionHeaderJson(unpackTransaction(packed, inflateBounded).transaction),
  };
}

function tracedAction(source: AbiSource, trace: ActionTrace) {
  const { action, returnValue } = trace;
  const params = decodedData(source, action);
  const returned =
    returnValue.length === 0 ? undefined : decodedReturnValue(source, action.account, action.name, returnValue);
  return {
    global_sequence: integerToJson(trace.receipt!.globalSequence),
    receiver: formatName(trace.receiver),
    account: formatName(action.account),
    action: formatName(action.name),
    authorization: action.authorization.map(({ actor, permission }) => ({
      account: formatName(actor),
      permission: formatName(permission),
    })),
    data: toHex(action.data),
    return_value: toHex(returnValue),
    ...(params === undefined ? {} : { params }),
    ...(returned === undefined ? {} : { return_data: returned }),
  };
}

/** The whole bytes of a beginning of a transaction id. */
export function idPrefix(text: string): Uint8Array {
  if (!/^[0-9a-fA-F]*$/.test(text) || text.length < PREFIX_DIGITS_MIN) {
    return reject(
      'transaction_id_type_exception',
      `Invalid transaction ID: ${JSON.stringify(text)} is not ${PREFIX_DIGITS_MIN} to 64 hex digits`,
    );
  }
  return fromHex(text.slice(0, text.length - (text.length % 2)).toLowerCase());
}

function distinctNames(accounts: readonly Name[]): string[] {
  return [...new Set(accounts)].sort((a, b) => (a < b ? -1 : 1)).map((account) => formatName(account));
}
