/** Transactions that users hand in as JSON: with their fields, or packed. */
import { inflateSync } from 'node:zlib';
import { fromHex, parseSignature } from '@snapscale/crypto';
import {
  type Json,
  type JsonObject,
  packedTransactionSchema,
  type Transaction,
  transactionSchema,
  unpackTransaction,
} from '@snapscale/protocol';
import {
  type ActionInput,
  type Client,
  encodeAction,
  type PreparedTransaction,
  prepareTransaction,
  type TransactionOptions,
} from '@snapscale/sdk';
import { usageError } from '../program/failures.js';

/** A transaction, packed or with its fields. Missing header fields are filled in. */
export async function readTransaction(
  client: Client,
  json: Json,
  options: TransactionOptions,
): Promise<PreparedTransaction> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw notATransaction();
  const fields = json as JsonObject;
  if ('packed_trx' in fields) return unpacked(client, fields);
  const inner = fields.transaction;
  if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) {
    return readTransaction(client, { signatures: fields.signatures ?? [], ...(inner as JsonObject) }, options);
  }
  if (!Array.isArray(fields.actions) || fields.actions.length === 0) throw notATransaction();
  const actions = await Promise.all(
    (fields.actions as Json[]).map((action) => encodeAction(client, actionInput(action))),
  );
  const free = Array.isArray(fields.context_free_actions) ? (fields.context_free_actions as Json[]) : [];
  const contextFreeActions = await Promise.all(free.map((action) => encodeAction(client, actionInput(action))));
  const made = await prepareTransaction(client, (fields.actions as Json[]).map(actionInput), options);
  const transaction: Transaction = isStamped(fields)
    ? {
        ...transactionSchema.fromJson({ ...fields, actions: [], context_free_actions: [] }),
        actions,
        contextFreeActions,
      }
    : {
        ...made.transaction,
        actions,
        contextFreeActions: [...made.transaction.contextFreeActions, ...contextFreeActions],
      };
  return {
    ...made,
    transaction,
    signatures: texts(fields.signatures).map(parseSignature),
    contextFreeData: texts(fields.context_free_data).map(fromHex),
  };
}

async function unpacked(client: Client, fields: JsonObject): Promise<PreparedTransaction> {
  const packed = packedTransactionSchema.fromJson({
    signatures: [],
    compression: 0,
    packed_context_free_data: '',
    ...fields,
  });
  const { transaction, contextFreeData } = unpackTransaction(packed, inflate);
  const { chain_id } = await client.api.chain.getInfo();
  return { chainId: fromHex(chain_id), transaction, contextFreeData, signatures: packed.signatures };
}

/** Inflates the parts of a compressed transaction. */
export function inflate(deflated: Uint8Array, bytesMax: number): Uint8Array {
  return inflateSync(deflated, { maxOutputLength: bytesMax });
}

/** Whether the header says for which block and until when the transaction is. */
function isStamped({ expiration, ref_block_num, ref_block_prefix }: JsonObject): boolean {
  return (
    expiration !== undefined && ref_block_num !== undefined && ref_block_prefix !== undefined && ref_block_prefix !== 0
  );
}

/** An action as it is written in JSON; data as fields or hex. */
export function actionInput(json: Json): ActionInput {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw usageError('an action must be an object');
  const { account, name, authorization = [], data = '', hex_data: hex } = json as JsonObject;
  if (typeof account !== 'string' || typeof name !== 'string') {
    throw usageError(
      'an action needs account and name',
      'As {"account":"eosio.token","name":"transfer","authorization":[…],"data":{…}}',
    );
  }
  const bytes = typeof data === 'string' ? data : typeof hex === 'string' && hex !== '' ? hex : undefined;
  return {
    account,
    name,
    authorization: (Array.isArray(authorization) ? authorization : []) as unknown as ActionInput['authorization'],
    data: bytes === undefined ? data : fromHex(bytes),
  };
}

function texts(json: Json | undefined): string[] {
  return Array.isArray(json) ? json.filter((item): item is string => typeof item === 'string') : [];
}

function notATransaction(): Error {
  return usageError('this is not a transaction', 'It needs actions, or packed_trx.');
}
