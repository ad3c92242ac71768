/** Transactions as requests give them: packed, or by their fields with the data of actions as hex or as fields. */
import type { TransactionInput } from '@snapscale/api';
import {
  actionType,
  contextFreeDataSchema,
  encode,
  encodeType,
  FormatError,
  formatName,
  type Json,
  type JsonObject,
  type PackedTransaction,
  packedTransactionSchema,
  packTransaction,
  parseName,
  Reject,
  type RejectionCode,
  reject,
  signatureSchema,
  type Transaction,
  transactionSchema,
} from '@snapscale/protocol';
import { invalidRequest } from '../server/failure.js';
import type { AbiSource } from './action-json.js';

/**
 * The transaction of a request in packed form.
 * Rejects with `packed_transaction_type_exception`, as nodeos, when the fields are not those of a transaction.
 * @throws HttpFailure 400 when there is no transaction at all
 */
export function packedFromInput(source: AbiSource, input: TransactionInput): PackedTransaction {
  const { packed_trx, transaction, actions, signatures = [], compression = 0, packed_context_free_data = '' } = input;
  return translated('packed_transaction_type_exception', 'Invalid packed transaction', () => {
    if (packed_trx !== undefined && packed_trx !== '') {
      return packedTransactionSchema.fromJson({
        signatures,
        compression: /^\d$/.test(String(compression)) ? Number(compression) : compression,
        packed_context_free_data,
        packed_trx,
      });
    }
    const fields = transaction ?? (actions === undefined ? undefined : (input as Json));
    if (fields === undefined) throw invalidRequest('A Request body is required: packed_trx, transaction or actions');
    const given = input.context_free_data ?? (fields as JsonObject).context_free_data ?? [];
    return packTransaction(
      readTransaction(source, fields as Json),
      signatures.map((text) => signatureSchema.fromJson(text)),
      contextFreeDataSchema.fromJson(given as Json),
    );
  });
}

/** The bytes of a packed transaction, as `NodeBackend.submit` takes them. */
export function encodePacked(packed: PackedTransaction): Uint8Array {
  return encode(packedTransactionSchema, packed);
}

/** A transaction given by its fields. Rejects with `code` when they are not those of a transaction. */
export function transactionFromJson(source: AbiSource, json: Json, code: RejectionCode): Transaction {
  return translated(code, 'Invalid transaction', () => readTransaction(source, json));
}

function readTransaction(source: AbiSource, json: Json): Transaction {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new FormatError('a transaction must be an object');
  }
  const fields = json as JsonObject;
  return transactionSchema.fromJson({
    ...fields,
    actions: packActions(source, fields.actions ?? []),
    context_free_actions: packActions(source, fields.context_free_actions ?? []),
  });
}

function packActions(source: AbiSource, json: Json): Json {
  return Array.isArray(json) ? json.map((action: Json) => packAction(source, action)) : json;
}

/** The action with its data as hex. */
function packAction({ state, abis }: AbiSource, json: Json): Json {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  const action = json as JsonObject;
  const { data, hex_data: hex } = action;
  if (typeof data === 'string') return action;
  if (typeof hex === 'string' && hex !== '') return { ...action, data: hex };
  if (data === undefined || data === null) return { ...action, data: '' };
  if (typeof action.account !== 'string' || typeof action.name !== 'string') return action;
  const account = parseName(action.account);
  const abi = abis.get(state, account);
  const type = abi === undefined ? undefined : actionType(abi, parseName(action.name));
  if (abi === undefined || type === undefined) {
    throw new FormatError(
      `the data of ${formatName(account)}::${action.name} cannot be packed: its ABI has no such action; send it as hex`,
    );
  }
  return { ...action, data: Buffer.from(encodeType(abi, type, data)).toString('hex') };
}

function translated<T>(code: RejectionCode, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) return reject(code, `${what}: ${error.message}`);
    if (error instanceof Reject) return reject(code, `${what}: ${error.rejection.message}`);
    throw error;
  }
}
