/** What all parts of founding share: where the chain is found, and how a step of it is sent. */
import { readFileSync } from 'node:fs';
import { formatPublicKey, type PrivateKey, type PublicKey } from '@snapscale/crypto';
import { accountExists, getAccount, type StateReader } from '@snapscale/execution';
import {
  type Abi,
  type Action,
  abiSchema,
  authoritySchema,
  type CompiledAbi,
  chainIdOf,
  compileAbi,
  encode,
  type Genesis,
  type Json,
  type Name,
  name,
  names,
  parseAbi,
  type Rejection,
  rejections,
} from '@snapscale/protocol';
import { actionOf, nativeAbi, signedTransaction } from '../own-transactions.js';

/** Sends one packed transaction and waits until it has been executed. Undefined: it succeeded. */
export type Submit = (packed: Uint8Array) => Promise<Rejection | undefined>;

/** Where the founder finds the chain. */
export type FoundingContext = {
  readonly genesis: Genesis;
  readonly privateKey: PrivateKey;
  readonly development: boolean;
  readonly submit: Submit;
  /** The state after the newest block, followed live. */
  readonly state: () => StateReader;
  /** Id of a recent block that is on every branch. */
  readonly headId: () => Uint8Array;
  readonly nowMs: () => number;
  /**
   * Resolves when what was sent before is final. Other producers may execute transactions in another order, and an action of
   * an account without a contract succeeds, and does nothing. Undefined: there are no others.
   */
  readonly settled?: () => Promise<unknown>;
};

/** One transaction. */
export type FoundingStep = { readonly what: string; readonly actions: readonly Action[] };

/** When the head has just moved, what the step before did may have to be executed again first: a step is tried for so long. */
const TRIES = 20;
const RETRY_MS = 250;

/** Sends a step, signed with the founder's key. @throws Error when it is refused again and again */
export async function sendStep(context: FoundingContext, { what, actions }: FoundingStep): Promise<void> {
  const chainId = chainIdOf(context.genesis);
  for (let tries = 1; ; tries++) {
    const signing = { ...context, chainId, headId: context.headId(), nowMs: context.nowMs() };
    const rejection = await context.submit(signedTransaction(actions, signing));
    if (rejection === undefined) return;
    if (tries === TRIES) {
      throw new Error(
        `founding the chain failed at "${what}": ${rejections[rejection.code].what}: ${rejection.message}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Creates those of the accounts that are not there, in one transaction. */
export async function createAccounts(
  context: FoundingContext,
  accounts: Readonly<Record<string, Json>>,
): Promise<void> {
  const missing = Object.entries(accounts).filter(([account]) => !accountExists(context.state(), name(account)));
  if (missing.length === 0) return;
  await sendStep(context, {
    what: `create ${missing.map(([account]) => account).join(', ')}`,
    actions: missing.map(([account, authority]) => newAccount(account, authority, authority)),
  });
}

/** Makes an account, at the expense of `eosio`. */
export function newAccount(account: string, owner: Json, active: Json): Action {
  return native(names.eosio, 'newaccount', { creator: 'eosio', name: account, owner, active });
}

/** Sets a system contract on the account of its name, unless it has one. */
export async function deploy(context: FoundingContext, account: string): Promise<void> {
  const owner = name(account);
  if (getAccount(context.state(), owner)?.codeHash !== undefined) return;
  const code = readFileSync(new URL(`${account}.wasm`, artifacts)).toString('hex');
  const abi = Buffer.from(encode(abiSchema, readAbi(account))).toString('hex');
  await sendStep(context, {
    what: `deploy ${account}`,
    actions: [
      native(owner, 'setcode', { account, vmtype: 0, vmversion: 0, code }),
      native(owner, 'setabi', { account, abi }),
    ],
  });
}

/** The ABI of a system contract. */
export function systemContractAbi(account: string): CompiledAbi {
  return compileAbi(readAbi(account));
}

const artifacts = new URL('../../../../contracts/system/artifacts/', import.meta.url);

function readAbi(account: string): Abi {
  return parseAbi(JSON.parse(readFileSync(new URL(`${account}.abi`, artifacts), 'utf8')));
}

/** An action that the ledger executes by itself. */
export function native(actor: Name, action: string, data: Json, permission: Name = names.active): Action {
  return actionOf(nativeAbi, names.eosio, action, data, actor, permission);
}

/** Whoever may act for `eosio`. */
export const byEosio: Json = authorityOf({ accounts: ['eosio@active'] });

/** Who must sign: so many of the keys and accounts, one by default. */
export function authorityOf(parts: {
  readonly keys?: readonly PublicKey[];
  /** As `account@permission`. */
  readonly accounts?: readonly string[];
  readonly threshold?: number;
}): Json {
  const { keys = [], accounts = [], threshold = 1 } = parts;
  const text = (key: PublicKey) => Buffer.from(key).toString('hex');
  const levels = accounts.map((level) => level.split('@') as [string, string]);
  const authority = authoritySchema.fromJson({
    threshold,
    keys: keys
      .toSorted((a, b) => (text(a) < text(b) ? -1 : 1))
      .map((key) => ({ key: formatPublicKey(key), weight: 1 })),
    accounts: levels
      .toSorted(([a], [b]) => (name(a) < name(b) ? -1 : 1))
      .map(([actor, permission]) => ({ permission: { actor, permission }, weight: 1 })),
    waits: [],
  });
  return authoritySchema.toJson(authority);
}
