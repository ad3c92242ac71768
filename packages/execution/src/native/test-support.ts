/**
 * For tests of authorization and native actions: a ledger in memory that runs one action at a time, without contracts,
 * gas, receipts or blocks. Its token contract is a map of balances.
 */
import { type PublicKey, publicKeyFromBytes } from '@snapscale/crypto';
import {
  type Action,
  type Authority,
  defaultChainConfig,
  defaultSnapParameters,
  encode,
  type Genesis,
  type Name,
  name,
  names,
  type PermissionLevel,
  Reader,
  reject,
  type Schema,
  slotToMs,
  systemToken,
  type Transaction,
} from '@snapscale/protocol';
import type { ActionContext, BlockInfo } from '../apply/types.js';
import { checkAuthorization } from '../authorization/check-authorization.js';
import { getChainConfig } from '../chain/chain-records.js';
import { MemoryState } from '../state/memory-state.js';
import { accountExists, getAccount } from '../state/records.js';
import { WorkingState } from '../state/working-state.js';
import { newAccountSchema } from './action-data.js';
import { type Transfer, transferSchema } from './fees/action-data.js';
import { applyGenesis } from './genesis.js';
import { nativeHandler } from './handlers.js';
import type { NativeEnvironment } from './native-handler.js';
import { addRamUsage } from './resources.js';

/** A K1 key that nobody can sign with; equal numbers give equal keys, and the order of keys is that of the numbers. */
export function testKey(number: number): PublicKey {
  const bytes = new Uint8Array(34);
  bytes[1] = 2;
  new DataView(bytes.buffer).setUint32(2, number);
  return publicKeyFromBytes(bytes);
}

/** Parses `alice@active`; without permission it is `active`. */
export function level(text: string): PermissionLevel {
  const [actor, permission = 'active'] = text.split('@') as [string, string?];
  return { actor: name(actor), permission: name(permission) };
}

type AuthorityParts = {
  readonly threshold?: number;
  readonly keys?: readonly (readonly [key: number, weight: number])[];
  readonly accounts?: readonly (readonly [level: string, weight: number])[];
  readonly waits?: readonly (readonly [waitSec: number, weight: number])[];
};

/** An authority from numbers of test keys and texts of levels, in the order given. */
export function testAuthority({ threshold = 1, keys = [], accounts = [], waits = [] }: AuthorityParts): Authority {
  return {
    threshold,
    keys: keys.map(([key, weight]) => ({ key: testKey(key), weight })),
    accounts: accounts.map(([text, weight]) => ({ permission: level(text), weight })),
    waits: waits.map(([waitSec, weight]) => ({ waitSec, weight })),
  };
}

/** What running an action did besides changing the state. */
export type ActionEffects = {
  readonly ramDeltas: ReadonlyMap<Name, bigint>;
  readonly inline: readonly Action[];
};

export type TestLedgerOptions = Partial<Pick<Genesis, 'config' | 'parameters'>>;

/** The key of `eosio` in a `TestLedger`. */
export const initialKeyNumber = 1000;

export class TestLedger {
  readonly state = new WorkingState(new MemoryState());
  /** Balances in the system token; what `snap.fees` holds must equal `totalFees`. */
  readonly balances = new Map<Name, bigint>();
  slot = 1_600_000_000;
  readOnly = false;
  /** Expiration of the transaction that contains the actions; 0 makes them the node's own. */
  expirationSec = 1;
  readonly environment: NativeEnvironment = {
    checkCode(code) {
      if (code[0] === 0xff) reject('wasm_serialization_error', 'bad code');
    },
  };

  constructor({ config = defaultChainConfig, parameters = defaultSnapParameters }: TestLedgerOptions = {}) {
    applyGenesis(this.state, {
      initialSlot: 1,
      initialKey: testKey(initialKeyNumber),
      config,
      parameters,
      producers: [],
    });
  }

  get block(): BlockInfo {
    const timeUs = BigInt(slotToMs(this.slot)) * 1000n;
    return { num: 7, slot: this.slot, timeUs, producer: names.eosio, activeProducers: [names.eosio] };
  }

  /** Creates accounts whose owner and active have one test key each: `keyNumber`, the same for both. */
  createAccounts(...accounts: readonly (readonly [account: string, keyNumber: number])[]): void {
    for (const [account, keyNumber] of accounts) {
      const authority = testAuthority({ keys: [[keyNumber, 1]] });
      this.act('eosio::newaccount', 'eosio', newAccountSchema, {
        creator: names.eosio,
        name: name(account),
        owner: authority,
        active: authority,
      });
    }
  }

  /** Builds an action. `actors`: texts of levels, separated by spaces. */
  action<T>(what: string, actors: string, schema: Schema<T>, data: T): Action {
    const [account, action] = what.split('::') as [string, string];
    const authorization = actors === '' ? [] : actors.split(' ').map(level);
    return { account: name(account), name: name(action), authorization, data: encode(schema, data) };
  }

  /** Builds an action and runs it. */
  act<T>(what: string, actors: string, schema: Schema<T>, data: T): ActionEffects {
    return this.run(this.action(what, actors, schema, data));
  }

  /** Runs an action, its notifications and inline actions; a rejection undoes all of them. */
  run(action: Action): ActionEffects {
    const checkpoint = this.state.checkpoint();
    const balances = new Map(this.balances);
    try {
      return this.#runOne(action, action.account);
    } catch (error) {
      this.state.rollback(checkpoint);
      this.balances.clear();
      for (const [owner, balance] of balances) this.balances.set(owner, balance);
      throw error;
    }
  }

  /** Transfers the system token; `snap.fees` is notified. */
  transfer(from: string, to: string, amount: bigint, memo = ''): void {
    this.act('eosio.token::transfer', from, transferSchema, {
      from: name(from),
      to: name(to),
      quantity: { amount, symbol: systemToken.symbol },
      memo,
    });
  }

  balance(account: Name): bigint {
    return this.balances.get(account) ?? 0n;
  }

  #runOne(action: Action, receiver: Name): ActionEffects {
    const context = new TestContext(this, action, receiver);
    nativeHandler(receiver, action)?.(context, this.environment);
    if (receiver === systemToken.contract && action.name === names.transfer) this.#moveTokens(action);
    for (const inline of context.inline) {
      const permissions = [{ actor: receiver, permission: names.eosioCode }];
      checkAuthorization(this.state, [inline], { keys: [], permissions, delaySec: 0, maxDepth: 6 });
      this.#runOne(inline, inline.account);
    }
    return context;
  }

  #moveTokens(action: Action): void {
    const { from, to, quantity }: Transfer = transferSchema.read(new Reader(action.data));
    if (this.balance(from) < quantity.amount) reject('eosio_assert_message_exception', 'overdrawn balance');
    this.balances.set(from, this.balance(from) - quantity.amount);
    this.balances.set(to, this.balance(to) + quantity.amount);
    for (const notified of [from, to]) if (notified === names.snapFees) this.#runOne(action, notified);
  }
}

/** The part of an `ActionContext` that native actions use; the rest throws. */
class TestContext implements ActionContext, ActionEffects {
  readonly action: Action;
  readonly receiver: Name;
  readonly ramDeltas = new Map<Name, bigint>();
  readonly inline: Action[] = [];
  readonly contextFree = false;
  readonly sender = names.empty;
  readonly #ledger: TestLedger;

  constructor(ledger: TestLedger, action: Action, receiver: Name) {
    this.#ledger = ledger;
    this.action = action;
    this.receiver = receiver;
  }

  get privileged() {
    return getAccount(this.state, this.receiver)?.privileged === true;
  }
  get state() {
    return this.#ledger.state;
  }
  get block() {
    return this.#ledger.block;
  }
  get config() {
    return getChainConfig(this.state);
  }
  get transaction() {
    const transaction: Transaction = {
      expiration: this.#ledger.expirationSec,
      refBlockNum: 0,
      refBlockPrefix: 0,
      maxNetUsageWords: 0,
      maxCpuUsageMs: 0,
      delaySec: 0,
      contextFreeActions: [],
      actions: [this.action],
      transactionExtensions: [],
    };
    const { readOnly } = this.#ledger;
    return { id: new Uint8Array(32), transaction, packed: new Uint8Array(0), contextFreeData: [], readOnly };
  }

  requireAuthorization(actor: Name): void {
    if (!this.hasAuthorization(actor)) reject('missing_auth_exception', 'missing authority');
  }
  hasAuthorization(actor: Name): boolean {
    return this.action.authorization.some((declared) => declared.actor === actor);
  }
  isAccount(account: Name): boolean {
    return accountExists(this.state, account);
  }
  executeInline(action: Action): void {
    this.inline.push(action);
  }
  chargeRam(payer: Name, deltaBytes: bigint): void {
    addRamUsage(this.state, payer, deltaBytes);
    this.ramDeltas.set(payer, (this.ramDeltas.get(payer) ?? 0n) + deltaBytes);
  }

  get privilegedApi(): never {
    return unexpected();
  }
  readonly requireRecipient = unexpected;
  readonly executeContextFreeInline = unexpected;
  readonly consoleRoom = 0;
  readonly consoleAppend = unexpected;
  readonly setReturnValue = unexpected;
  readonly checkTransactionAuthorization = unexpected;
  readonly checkPermissionAuthorization = unexpected;
  readonly permissionLastUsedUs = unexpected;
  readonly accountCreationTimeUs = unexpected;
  readonly codeInfo = unexpected;
  readonly isFeatureActivated = unexpected;
}

function unexpected(): never {
  throw new Error('native actions are not expected to use this');
}
