/**
 * One action and its notifications: the `ActionContext` that native handlers and host functions see.
 */
import type { PublicKey } from '@snapscale/crypto';
import {
  type Action,
  actionDigest,
  type ChainConfig,
  formatName,
  type Name,
  names,
  type PermissionLevel,
  Reject,
  reject,
  slotToMs,
  type Transaction,
} from '@snapscale/protocol';
import {
  checkAuthorization,
  isPermissionAuthorized,
  isTransactionAuthorized,
} from '../authorization/check-authorization.js';
import { ChainPrivileges } from '../chain/chain-privileges.js';
import { isProtocolFeature } from '../chain/protocol-features.js';
import { nativeDataGas, nativeHandler } from '../native/handlers.js';
import { addRamUsage } from '../native/resources.js';
import { permissionKey } from '../state/keys.js';
import { accountExists, getAccount, getCode, getLastUsedUs, getPermission } from '../state/records.js';
import type { WorkingState } from '../state/working-state.js';
import { DeclaredLevels } from './declared-levels.js';
import { nativeGas } from './gas.js';
import type { OpenTrace, TransactionExecution } from './transaction-execution.js';
import type { ActionContext, BlockInfo, CodeInfo, PrivilegedApi, TransactionInfo } from './types.js';

export class ActionExecution implements ActionContext {
  readonly #run: TransactionExecution;
  readonly #first: OpenTrace;
  /** Ordinals of the inline actions that it sent. */
  readonly inline: number[] = [];
  readonly contextFreeInline: number[] = [];
  readonly #notified: { readonly receiver: Name; readonly ordinal: number }[] = [];
  /** Receivers in `#notified`, once there are several. */
  #receivers: Set<Name> | undefined;
  readonly #declared: DeclaredLevels;
  #trace: OpenTrace;
  #privileged = false;
  #ramDeltas = new Map<Name, bigint>();
  #console = '';
  #plainDigest: Uint8Array | undefined;
  #returnValue: Uint8Array = EMPTY;

  constructor(run: TransactionExecution, ordinal: number) {
    this.#run = run;
    this.#first = run.traces[ordinal - 1]!;
    this.#trace = this.#first;
    this.#declared = new DeclaredLevels(this.#first.action.authorization);
    this.#notified.push({ receiver: this.#first.receiver, ordinal });
  }

  get receiver(): Name {
    return this.#trace.receiver;
  }
  get action(): Action {
    return this.#first.action;
  }
  get sender(): Name {
    const creator = this.#trace.creatorActionOrdinal;
    return creator === 0 ? names.empty : this.#run.traces[creator - 1]!.receiver;
  }
  get contextFree(): boolean {
    return this.#first.contextFree;
  }
  get privileged(): boolean {
    return this.#privileged;
  }
  get transaction(): TransactionInfo {
    return this.#run.info;
  }
  get block(): BlockInfo {
    return this.#run.place.block;
  }
  get state(): WorkingState {
    return this.#run.place.state;
  }
  get config(): ChainConfig {
    return this.#run.config;
  }
  get privilegedApi(): PrivilegedApi {
    return new ChainPrivileges(this.state, (account) => this.#run.ramToCheck.add(account));
  }

  /** Runs the receiver and then everybody whom it, or they, notified. */
  executeForReceivers(): void {
    for (let i = 0; i < this.#notified.length; i++) {
      this.#trace = this.#run.traces[this.#notified[i]!.ordinal - 1]!;
      this.#executeOne();
    }
  }

  #executeOne(): void {
    const trace = this.#trace;
    const before = this.#run.gasLeft;
    if (this.#ramDeltas.size > 0) this.#ramDeltas = new Map();
    this.#console = '';
    this.#returnValue = EMPTY;
    const account = getAccount(this.state, trace.receiver);
    if (account === undefined) {
      reject('transaction_exception', `receiver account '${formatName(trace.receiver)}' does not exist`);
    }
    this.#privileged = account.privileged;
    try {
      this.#run.charge(nativeGas.action + nativeGas.declaredLevel * Math.max(0, this.action.authorization.length - 1));
      const isNative = this.#runNative();
      // A native `setcode` may have changed the code: FORWARD_SETCODE runs the new one.
      const codeHash = (isNative ? getAccount(this.state, trace.receiver) : account)?.codeHash;
      if (codeHash !== undefined) this.#runContract(codeHash);
      this.#checkRamRules();
    } finally {
      trace.console = this.#console;
      trace.elapsedUs = Math.floor((before - this.#run.gasLeft) / this.#run.parameters.gasPerMicrosecond);
    }
    if (this.#ramDeltas.size > 0) {
      trace.accountRamDeltas = [...this.#ramDeltas]
        .filter(([, delta]) => delta !== 0n)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, delta]) => ({ account: name, delta }));
    }
    trace.returnValue = this.#returnValue;
    this.#recordReceipt(trace);
  }

  /** Runs the native handler of the action, if there is one; tells whether there was. */
  #runNative(): boolean {
    const handler = nativeHandler(this.#trace.receiver, this.action);
    if (handler === undefined) return false;
    this.#run.charge(nativeGas.handler + nativeDataGas(this.action));
    handler(this, this.#run.place.services);
    return true;
  }

  #runContract(codeHash: Uint8Array): void {
    const { services, state } = this.#run.place;
    this.#run.charge(this.#run.loads.gasOf(codeHash, () => getCode(state, codeHash)!.code.length));
    const load = () => getCode(state, codeHash)!.code;
    try {
      this.#run.charge(services.runContract(this, codeHash, load, this.#run.gasLeft));
    } catch (error) {
      if (error instanceof Reject) this.#run.spend(services.lastContractGas);
      throw error;
    }
  }

  /** antelope-core 2.4: who may be charged for RAM by an unprivileged contract. */
  #checkRamRules(): void {
    if (this.#privileged) return;
    const notifying = this.receiver !== this.action.account;
    for (const [account, delta] of this.#ramDeltas) {
      if (delta <= 0n || account === this.receiver) continue;
      if (notifying) {
        reject(
          'unauthorized_ram_usage_increase',
          `unprivileged contract cannot increase RAM usage of another account within a notify context: ${formatName(account)}`,
        );
      }
      if (!this.hasAuthorization(account)) {
        reject(
          'unauthorized_ram_usage_increase',
          `unprivileged contract cannot increase RAM usage of another account that has not authorized the action: ${formatName(account)}`,
        );
      }
    }
  }

  #recordReceipt(trace: OpenTrace): void {
    const { sequences } = this.#run;
    const first = getAccount(this.state, this.action.account);
    const recvSequence = BigInt(sequences.nextRecv(trace.receiver));
    const authSequence = this.#nextAuthSequence();
    trace.receipt = {
      receiver: trace.receiver,
      actDigest: this.#digest(),
      globalSequence: BigInt(sequences.nextGlobal()),
      recvSequence,
      authSequence,
      codeSequence: Number(first?.codeSequence ?? 0n),
      abiSequence: Number(first?.abiSequence ?? 0n),
    };
    this.#run.receipts.push(trace.receipt);
  }

  /** The next number of every actor that the action declares, ascending; levels of one actor count each. */
  #nextAuthSequence(): [Name, bigint][] {
    const { sequences } = this.#run;
    const { authorization } = this.action;
    if (authorization.length === 1) {
      const { actor } = authorization[0]!;
      return [[actor, BigInt(sequences.nextAuth(actor))]];
    }
    const last = new Map<Name, bigint>();
    for (const { actor } of authorization) last.set(actor, BigInt(sequences.nextAuth(actor)));
    return [...last].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Size of the action in each trace that it appears in. */
  #tracedBytes(): number {
    return this.action.data.length + LEVEL_BYTES * this.action.authorization.length;
  }

  /** Digest of the action with what this receiver returned; receivers that return nothing share one. */
  #digest(): Uint8Array {
    if (this.#returnValue.length > 0) {
      if (this.#trace !== this.#first) this.#run.charge(nativeGas.perByte * this.#tracedBytes());
      return actionDigest(this.action, this.#returnValue);
    }
    this.#plainDigest ??= actionDigest(this.action, EMPTY);
    return this.#plainDigest;
  }

  requireAuthorization(actor: Name, permission?: Name): void {
    if (this.#declared.has(actor, permission)) return;
    const what = permission === undefined ? formatName(actor) : `${formatName(actor)}@${formatName(permission)}`;
    reject('missing_auth_exception', `missing authority of ${what}`);
  }

  hasAuthorization(actor: Name): boolean {
    return this.#declared.has(actor);
  }

  requireRecipient(account: Name): void {
    this.#receivers ??= new Set([this.#first.receiver]);
    if (this.#receivers.has(account)) return;
    this.#receivers.add(account);
    this.#run.charge(nativeGas.tracedByte * Math.max(0, this.#tracedBytes() - TRACED_BYTES_FREE));
    const ordinal = this.#run.schedule(
      this.action,
      account,
      this.contextFree,
      this.#trace.actionOrdinal,
      this.#first.actionOrdinal,
    );
    this.#notified.push({ receiver: account, ordinal });
  }

  isAccount(account: Name): boolean {
    return accountExists(this.state, account);
  }

  executeInline(action: Action): void {
    const { state } = this;
    this.#run.charge(nativeGas.authorizationStep * action.authorization.length);
    if (!accountExists(state, action.account)) {
      reject('action_validate_exception', `inline action's code account ${formatName(action.account)} does not exist`);
    }
    for (const { actor, permission } of action.authorization) {
      if (!accountExists(state, actor)) {
        reject('action_validate_exception', `inline action's authorizing actor ${formatName(actor)} does not exist`);
      }
      if (state.get(permissionKey(actor, permission)) === undefined) {
        reject(
          'action_validate_exception',
          `inline action's authorizations include a non-existent permission: ${formatName(actor)}@${formatName(permission)}`,
        );
      }
    }
    // As in nodeos, what only reads may call anything: nothing of it stays.
    if (!this.#privileged && !this.transaction.readOnly) {
      checkAuthorization(state, [action], {
        keys: [],
        permissions: [{ actor: this.receiver, permission: names.eosioCode }],
        delaySec: 0,
        maxDepth: this.config.maxAuthorityDepth,
        onStep: this.#run.chargeAuthorizationStep,
      });
    }
    this.inline.push(this.#scheduleInline(action, false));
  }

  executeContextFreeInline(action: Action): void {
    if (!accountExists(this.state, action.account)) {
      reject('action_validate_exception', `inline action's code account ${formatName(action.account)} does not exist`);
    }
    if (action.authorization.length > 0) {
      reject('action_validate_exception', 'context-free actions cannot have authorizations');
    }
    this.contextFreeInline.push(this.#scheduleInline(action, true));
  }

  #scheduleInline(action: Action, contextFree: boolean): number {
    this.#run.charge(nativeGas.inlineAction + nativeGas.perByte * action.data.length);
    return this.#run.schedule(
      action,
      action.account,
      contextFree,
      this.#trace.actionOrdinal,
      this.#first.actionOrdinal,
    );
  }

  get consoleRoom(): number {
    return Math.min(CONSOLE_CHARS_MAX - this.#console.length, this.#run.consoleCharsLeft);
  }

  consoleAppend(text: string): void {
    const kept = text.slice(0, this.consoleRoom);
    this.#run.consoleCharsLeft -= kept.length;
    this.#console += kept;
  }

  setReturnValue(value: Uint8Array): void {
    this.#returnValue = value;
  }

  chargeRam(payer: Name, deltaBytes: bigint): void {
    if (deltaBytes === 0n) return;
    if (deltaBytes > 0n && !accountExists(this.state, payer)) {
      reject(
        'account_query_exception',
        `cannot charge ${deltaBytes} bytes of RAM to ${formatName(payer)}, which does not exist`,
      );
    }
    addRamUsage(this.state, payer, deltaBytes);
    this.#ramDeltas.set(payer, (this.#ramDeltas.get(payer) ?? 0n) + deltaBytes);
    this.#run.addRam(payer, deltaBytes);
  }

  checkTransactionAuthorization(
    transaction: Transaction,
    keys: readonly PublicKey[],
    permissions: readonly PermissionLevel[],
  ): boolean {
    return isTransactionAuthorized(this.state, transaction, {
      keys,
      permissions,
      maxDepth: this.config.maxAuthorityDepth,
      maxDelaySec: this.config.maxTransactionDelay,
      onStep: this.#run.chargeAuthorizationStep,
    });
  }

  checkPermissionAuthorization(
    account: Name,
    permission: Name,
    keys: readonly PublicKey[],
    permissions: readonly PermissionLevel[],
    delayUs: bigint,
  ): boolean {
    return isPermissionAuthorized(
      this.state,
      { actor: account, permission },
      {
        keys,
        permissions,
        delaySec: Number(delayUs / 1_000_000n),
        maxDepth: this.config.maxAuthorityDepth,
        maxDelaySec: this.config.maxTransactionDelay,
        onStep: this.#run.chargeAuthorizationStep,
      },
    );
  }

  permissionLastUsedUs(account: Name, permission: Name): bigint {
    if (getPermission(this.state, account, permission) === undefined) {
      reject('permission_query_exception', `unknown permission ${formatName(account)}@${formatName(permission)}`);
    }
    return getLastUsedUs(this.state, account, permission);
  }

  accountCreationTimeUs(account: Name): bigint {
    const record = getAccount(this.state, account);
    if (record === undefined) reject('account_query_exception', `unknown account ${formatName(account)}`);
    return BigInt(slotToMs(record.createdSlot)) * 1000n;
  }

  codeInfo(account: Name): CodeInfo {
    const record = getAccount(this.state, account);
    return {
      codeSequence: record?.codeSequence ?? 0n,
      codeHash: record?.codeHash ?? new Uint8Array(32),
      vmType: record?.vmType ?? 0,
      vmVersion: record?.vmVersion ?? 0,
    };
  }

  isFeatureActivated(digest: Uint8Array): boolean {
    return isProtocolFeature(digest);
  }
}

/** Console output kept per action, characters. */
const CONSOLE_CHARS_MAX = 64 * 1024;
/** Bytes of an action whose place in the trace of a notification is part of the price of that notification. */
const TRACED_BYTES_FREE = 256;
const LEVEL_BYTES = 16;
const EMPTY = new Uint8Array(0);
