/** Transactions that the node sends by itself, through the ordinary way in. */
import { setTimeout } from 'node:timers/promises';
import { equalBytes, type PrivateKey, publicKeyOf, sign } from '@snapscale/crypto';
import { getPermission, type StateReader, systemAbi } from '@snapscale/execution';
import {
  type Action,
  actionType,
  type CompiledAbi,
  compileAbi,
  encode,
  encodeType,
  type Json,
  type Name,
  name,
  names,
  packedTransactionSchema,
  packTransaction,
  type Rejection,
  refBlockPrefixOf,
  signingDigest,
  type Transaction,
} from '@snapscale/protocol';

/** What a part of the node that sends transactions by itself needs. */
export type OwnTransactions = {
  readonly chainId: Uint8Array;
  /** Accounts that this node produces for. */
  readonly producers: readonly Name[];
  /** Block signing keys. */
  readonly keys: readonly PrivateKey[];
  headState(): StateReader;
  finalState(): StateReader;
  headId(): Uint8Array;
  nowMs(): number;
  /** Sends a packed transaction and waits for its execution. Undefined: it succeeded. */
  submit(packed: Uint8Array): Promise<Rejection | undefined>;
  /** Resolves after so many milliseconds, or when the signal aborts. */
  wait(delayMs: number, signal: AbortSignal): Promise<void>;
  notice(level: 'info' | 'warn' | 'error', detail: Readonly<Record<string, unknown>>, message: string): void;
};

/** Seconds after which such a transaction is out of date. */
export const expiresSec = 60;

/** On which chain, when, and with which key a transaction is made. */
export type Signing = {
  readonly chainId: Uint8Array;
  /** Id of a recent block. */
  readonly headId: Uint8Array;
  readonly nowMs: number;
  readonly privateKey: PrivateKey;
};

/** The bytes of a signed transaction with these actions. */
export function signedTransaction(actions: readonly Action[], signing: Signing): Uint8Array {
  const { chainId, headId, nowMs, privateKey } = signing;
  const transaction: Transaction = {
    expiration: Math.floor(nowMs / 1000) + expiresSec,
    refBlockNum: ((headId[2]! << 8) | headId[3]!) & 0xffff,
    refBlockPrefix: refBlockPrefixOf(headId),
    maxNetUsageWords: 0,
    maxCpuUsageMs: 0,
    delaySec: 0,
    contextFreeActions: [],
    actions,
    transactionExtensions: [],
  };
  const unsigned = packTransaction(transaction, []);
  const signature = sign(privateKey, signingDigest(chainId, unsigned.packedTransaction));
  return encode(packedTransactionSchema, { ...unsigned, signatures: [signature] });
}

/** Sends actions signed with one key. Undefined: they succeeded. */
export function sendActions(
  context: OwnTransactions,
  actions: readonly Action[],
  privateKey: PrivateKey,
): Promise<Rejection | undefined> {
  const { chainId } = context;
  const signing = { chainId, headId: context.headId(), nowMs: context.nowMs(), privateKey };
  return context.submit(signedTransaction(actions, signing));
}

/** The key of this node that alone holds a permission; undefined if there is none. */
export function keyHolding(
  keys: readonly PrivateKey[],
  state: StateReader,
  account: Name,
  permission: Name,
): PrivateKey | undefined {
  const authority = getPermission(state, account, permission)?.authority;
  return keys.find((privateKey) => {
    const own = publicKeyOf(privateKey);
    return authority?.keys.some(({ key, weight }) => weight >= authority.threshold && equalBytes(key, own));
  });
}

/** Waits by the clock; ends early, without an error, when the signal aborts. */
export async function waitFor(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(delayMs, undefined, { signal, ref: false });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** An action by its fields. `permission` is of `actor`. */
export function actionOf(
  abi: CompiledAbi,
  account: Name,
  action: string,
  data: Json,
  actor: Name,
  permission: Name = names.active,
): Action {
  const type = actionType(abi, name(action));
  if (type === undefined) throw new Error(`the ABI that the node has of its contract lacks the action ${action}`);
  return {
    account,
    name: name(action),
    authorization: [{ actor, permission }],
    data: encodeType(abi, type, data),
  };
}

/** The actions of `eosio` that the ledger executes by itself. */
export const nativeAbi: CompiledAbi = compileAbi(systemAbi);
