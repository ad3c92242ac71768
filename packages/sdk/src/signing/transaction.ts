/** Making transactions: actions from JSON, reference block and expiration from the chain, signatures from a key source. */
import { formatPublicKey, fromHex, parsePublicKey, type Signature, toHex } from '@snapscale/crypto';
import {
  type Action,
  edgeNodeExtensionFor,
  encode,
  encodeType,
  type Json,
  name,
  type PackedTransaction,
  packedTransactionSchema,
  packTransaction,
  parseName,
  parseSeconds,
  refBlockPrefixOf,
  secondsToText,
  signingDigest,
  string,
  type Transaction,
  transactionId,
  transactionSchema,
} from '@snapscale/protocol';
import type { ChainInfo, Client } from '../client.js';
import { invalid, toSnapError } from '../errors.js';
import type { KeySource } from './key-source.js';
import { type PermissionInput, parsePermission } from './permission.js';

/** An action as people write it. */
export type ActionInput = {
  /** Contract. */
  readonly account: string;
  readonly name: string;
  readonly authorization: readonly PermissionInput[];
  /** Fields by the contract's ABI, as an object or in order as an array; or the packed bytes. */
  readonly data: Json | Uint8Array;
};

/** Choices that a transaction leaves open. */
export type TransactionOptions = {
  /** Seconds from the time of the newest block until it expires; 60 where not given. */
  readonly expireSeconds?: number | undefined;
  /** Block that it refers to, by number or id; the newest final block where not given. */
  readonly referenceBlock?: string | number | undefined;
  /** Bounds on what it may use; 0 is none. */
  readonly maxCpuUsageMs?: number | undefined;
  readonly maxNetUsageWords?: number | undefined;
  readonly delaySeconds?: number | undefined;
  readonly contextFreeActions?: readonly ActionInput[] | undefined;
  readonly contextFreeData?: readonly Uint8Array[] | undefined;
  /** A number that makes this transaction differ from an equal one, as an action that does nothing. */
  readonly nonce?: string | undefined;
  /** State of the chain, when it is at hand: saves a request. */
  readonly info?: ChainInfo | undefined;
};

/** A transaction for a certain chain, with the signatures that it has so far. */
export type PreparedTransaction = {
  readonly chainId: Uint8Array;
  readonly transaction: Transaction;
  readonly contextFreeData: readonly Uint8Array[];
  readonly signatures: readonly Signature[];
};

/** Seconds until a transaction expires, where nothing else is said. */
export const defaultExpireSeconds = 60;

/** Packs the data of an action by its contract's ABI. @throws SnapError when there is no such contract, action or field */
export async function encodeAction(client: Client, input: ActionInput): Promise<Action> {
  const account = parseName(input.account);
  const action = parseName(input.name);
  const authorization = input.authorization.map(parsePermission);
  if (input.data instanceof Uint8Array) return { account, name: action, authorization, data: input.data };
  const { abi, type } = await client.abis.action(input.account, input.name);
  try {
    return { account, name: action, authorization, data: encodeType(abi, type, input.data) };
  } catch (error) {
    throw toSnapError(error);
  }
}

/** Makes an unsigned transaction of actions. Where the node earns fees, it is named in an extension. */
export async function prepareTransaction(
  client: Client,
  actions: readonly ActionInput[],
  options: TransactionOptions = {},
): Promise<PreparedTransaction> {
  if (actions.length === 0) return invalid('a transaction needs an action');
  const info = options.info ?? (await client.api.chain.getInfo());
  const reference = await referenceOf(client, info, options.referenceBlock);
  const nonce = options.nonce === undefined ? [] : [nonceAction(options.nonce)];
  return {
    chainId: fromHex(info.chain_id),
    contextFreeData: options.contextFreeData ?? [],
    signatures: [],
    transaction: {
      expiration: parseSeconds(info.head_block_time) + (options.expireSeconds ?? defaultExpireSeconds),
      ...reference,
      maxNetUsageWords: options.maxNetUsageWords ?? 0,
      maxCpuUsageMs: options.maxCpuUsageMs ?? 0,
      delaySec: options.delaySeconds ?? 0,
      contextFreeActions: [...nonce, ...(await encodeAll(client, options.contextFreeActions ?? []))],
      actions: await encodeAll(client, actions),
      transactionExtensions:
        info.edge_account === undefined ? [] : [edgeNodeExtensionFor(parseName(info.edge_account))],
    },
  };
}

/**
 * Signs a transaction with those of the source's keys that its authorizations need; the node tells which.
 * @throws SnapError `unauthorized` when they do not suffice
 */
export async function signTransaction(
  client: Client,
  prepared: PreparedTransaction,
  keys: KeySource,
): Promise<PreparedTransaction> {
  const available = await keys.publicKeys();
  const { required_keys } = await client.api.chain.getRequiredKeys({
    transaction: authorizationsOf(prepared.transaction) as never,
    available_keys: available.map(formatPublicKey),
  });
  return signWith(prepared, required_keys, keys);
}

/** Signs a transaction with certain keys of a source. Nothing is asked of the node. */
export async function signWith(
  prepared: PreparedTransaction,
  publicKeys: readonly string[],
  keys: KeySource,
): Promise<PreparedTransaction> {
  const { packed, packedContextFreeData } = bytesOf(prepared);
  const digest = signingDigest(prepared.chainId, packed, packedContextFreeData);
  const signatures = [...prepared.signatures];
  for (const text of publicKeys) signatures.push(await keys.sign(parsePublicKey(text), digest));
  return { ...prepared, signatures };
}

/** Id of a transaction in hex. Signatures do not change it. */
export function idOf(prepared: PreparedTransaction): string {
  return toHex(transactionId(bytesOf(prepared).packed));
}

/** When a transaction expires, as `2026-01-31T12:00:00`. */
export function expirationOf({ transaction }: PreparedTransaction): string {
  return secondsToText(transaction.expiration);
}

/** The transaction as it is sent. */
export function packedOf({ transaction, signatures, contextFreeData }: PreparedTransaction): PackedTransaction {
  return packTransaction(transaction, signatures, contextFreeData);
}

/** The JSON of `packedOf`: `{signatures, compression, packed_context_free_data, packed_trx}`. */
export function packedJsonOf(prepared: PreparedTransaction): { readonly [key: string]: Json } {
  return packedTransactionSchema.toJson(packedOf(prepared)) as { readonly [key: string]: Json };
}

function bytesOf(prepared: PreparedTransaction): { packed: Uint8Array; packedContextFreeData: Uint8Array } {
  const { packedTransaction, packedContextFreeData } = packedOf(prepared);
  return { packed: packedTransaction, packedContextFreeData };
}

const noBytes = new Uint8Array(0);

/** The transaction without the data of its actions: contracts may be large, and which keys must sign does not depend on it. */
function authorizationsOf(transaction: Transaction): Json {
  const withoutData = (action: Action): Action => ({ ...action, data: noBytes });
  return transactionSchema.toJson({ ...transaction, actions: transaction.actions.map(withoutData) });
}

async function encodeAll(client: Client, inputs: readonly ActionInput[]): Promise<Action[]> {
  return Promise.all(inputs.map((input) => encodeAction(client, input)));
}

async function referenceOf(
  client: Client,
  info: ChainInfo,
  reference: string | number | undefined,
): Promise<Pick<Transaction, 'refBlockNum' | 'refBlockPrefix'>> {
  if (reference === undefined) {
    return {
      refBlockNum: info.last_irreversible_block_num & 0xffff,
      refBlockPrefix: refBlockPrefixOf(fromHex(info.last_irreversible_block_id)),
    };
  }
  const block = await client.api.chain.getBlock({ block_num_or_id: String(reference) });
  return { refBlockNum: block.block_num & 0xffff, refBlockPrefix: block.ref_block_prefix };
}

const nullAccount = name('eosio.null');
const nonceName = name('nonce');
const nonceSchema = string(256);

function nonceAction(nonce: string): Action {
  return { account: nullAccount, name: nonceName, authorization: [], data: encode(nonceSchema, nonce) };
}
