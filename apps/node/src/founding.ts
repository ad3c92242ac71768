/**
 * The first transactions of a new chain: the token contract and its currency, the system contract with its elections, the
 * contracts for several signatures, and on development networks two funded accounts with a first transfer. They are
 * ordinary signed transactions, sent through the ordinary way in.
 */
import { readFileSync } from 'node:fs';
import { type PrivateKey, publicKeyOf } from '@snapscale/crypto';
import { accountExists, getAccount, getTable, type StateReader, tableId } from '@snapscale/execution';
import {
  type Abi,
  type Action,
  abiSchema,
  authoritySchema,
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
  symbolCode,
  systemToken,
} from '@snapscale/protocol';
import { producerSteps } from './founding-producers.js';
import { actionOf, nativeAbi, signedTransaction } from './own-transactions.js';

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

/** What was done, for the first-run text. */
export type Founding = { readonly accounts: readonly string[]; readonly transfer: string | undefined };

const artifacts = new URL('../../../contracts/system/artifacts/', import.meta.url);
const SUPPLY_MAX = '10000000000.0000 XST';
const SUPPLY = '1000000000.0000 XST';
const FUNDS = '1000000.0000 XST';
const FIRST_TRANSFER = '1.0000 XST';

/** Founds the chain; steps that an interrupted start has done already are left out. @throws Error that names the step that was refused, and why */
export async function foundChain(context: FoundingContext): Promise<Founding> {
  const tokenAbi = compileAbi(readAbi('eosio.token.abi'));
  const call = (actor: Name, action: string, data: Json) => actionOf(tokenAbi, names.eosioToken, action, data, actor);
  const keys = keyAuthority(context);
  const newAccount = (account: string, authority = keys) =>
    native(names.eosio, 'newaccount', { creator: 'eosio', name: account, owner: authority, active: authority });

  const systemAbi = compileAbi(readAbi('eosio.abi'));
  const system = (action: string, data: Json) => actionOf(systemAbi, names.eosio, action, data, names.eosio);

  const state = context.state();
  const has = (account: string) => accountExists(state, name(account));
  if (!has('eosio.token')) await send(context, 'create account eosio.token', [newAccount('eosio.token')]);
  await deploy(context, 'eosio.token');
  await context.settled?.();
  if (getTable(state, tableId(names.eosioToken, symbolCode(systemToken.symbol), name('stat'))) === undefined) {
    await send(context, 'create and issue XST', [
      call(names.eosioToken, 'create', { issuer: 'eosio', maximum_supply: SUPPLY_MAX }),
      call(names.eosio, 'issue', { to: 'eosio', quantity: SUPPLY, memo: 'founding' }),
    ]);
  }
  if (!has('eosio.stake')) await send(context, 'create account eosio.stake', [newAccount('eosio.stake', byEosio)]);
  await deploy(context, 'eosio');
  await context.settled?.();
  if (getTable(state, tableId(names.eosio, names.eosio, name('global'))) === undefined) {
    const chainId = Buffer.from(chainIdOf(context.genesis)).toString('hex');
    await send(context, 'begin elections', [system('init', { version: 0, core: '4,XST', chain_id: chainId })]);
  }
  for (const account of ['eosio.msig', 'eosio.wrap']) {
    if (!has(account)) await send(context, `create account ${account}`, [newAccount(account, byEosio)]);
    await deploy(context, account);
    // They act with authority that others have given them, or that the producers have agreed on.
    if (getAccount(context.state(), name(account))?.privileged !== true) {
      await send(context, `make ${account} privileged`, [system('setpriv', { account, is_priv: 1 })]);
    }
  }
  await context.settled?.();
  for (const { what, actions } of producerSteps(context.genesis, context.state())) await send(context, what, actions);
  if (!context.development) return { accounts: ['eosio'], transfer: undefined };
  if (!has('bob')) {
    await send(context, 'create and fund alice and bob', [
      newAccount('alice'),
      newAccount('bob'),
      call(names.eosio, 'transfer', { from: 'eosio', to: 'alice', quantity: FUNDS, memo: 'development funds' }),
      call(names.eosio, 'transfer', { from: 'eosio', to: 'bob', quantity: FUNDS, memo: 'development funds' }),
    ]);
  }
  await send(context, 'first transfer', [
    call(name('alice'), 'transfer', { from: 'alice', to: 'bob', quantity: FIRST_TRANSFER, memo: 'first transfer' }),
  ]);
  return { accounts: ['eosio', 'alice', 'bob'], transfer: `alice paid bob ${FIRST_TRANSFER}` };
}

const native = (actor: Name, action: string, data: Json) => actionOf(nativeAbi, names.eosio, action, data, actor);

/** Whoever may act for `eosio`. */
const byEosio: Json = authoritySchema.toJson({
  threshold: 1,
  keys: [],
  accounts: [{ permission: { actor: names.eosio, permission: names.active }, weight: 1 }],
  waits: [],
});

/** Sets a system contract on the account of its name, unless it has one. */
async function deploy(context: FoundingContext, account: string): Promise<void> {
  const owner = name(account);
  if (getAccount(context.state(), owner)?.codeHash !== undefined) return;
  const code = readFileSync(new URL(`${account}.wasm`, artifacts)).toString('hex');
  const abi = Buffer.from(encode(abiSchema, readAbi(`${account}.abi`))).toString('hex');
  await send(context, `deploy ${account}`, [
    native(owner, 'setcode', { account, vmtype: 0, vmversion: 0, code }),
    native(owner, 'setabi', { account, abi }),
  ]);
}

function readAbi(file: string): Abi {
  return parseAbi(JSON.parse(readFileSync(new URL(file, artifacts), 'utf8')));
}

function keyAuthority({ privateKey }: FoundingContext): Json {
  return authoritySchema.toJson({
    threshold: 1,
    keys: [{ key: publicKeyOf(privateKey), weight: 1 }],
    accounts: [],
    waits: [],
  });
}

/** When the head has just moved, what the step before did may have to be executed again first: a step is tried for so long. */
const TRIES = 20;
const RETRY_MS = 250;

async function send(context: FoundingContext, what: string, actions: readonly Action[]): Promise<void> {
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
