/** An action context for tests of host functions: a real `WorkingState`, everything else recorded or set by the test. */
import type { PublicKey } from '@snapscale/crypto';
import {
  type Action,
  type ChainConfig,
  defaultChainConfig,
  formatName,
  type Name,
  name,
  type PermissionLevel,
  type ProducerSchedule,
  reject,
  type Transaction,
} from '@snapscale/protocol';
import type { ActionContext, BlockInfo, CodeInfo, PrivilegedApi, TransactionInfo } from '../../apply/types.js';
import { MemoryState } from '../../state/memory-state.js';
import { WorkingState } from '../../state/working-state.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The account whose contract runs in tests. */
export const contractAccount = name('contract');
/** An account that exists and authorises the action. */
export const alice = name('alice');
/** An account that exists and authorises nothing. */
export const bob = name('bob');

export class FakeContext implements ActionContext {
  receiver: Name = contractAccount;
  action: Action = {
    account: contractAccount,
    name: name('act'),
    authorization: [{ actor: alice, permission: name('active') }],
    data: Uint8Array.of(1, 2, 3, 4, 5),
  };
  contextFree = false;
  privileged = false;
  sender: Name = name('');
  transaction: Writable<TransactionInfo> = {
    id: new Uint8Array(32),
    transaction: emptyTransaction,
    packed: Uint8Array.of(10, 20, 30, 40),
    contextFreeData: [],
    readOnly: false,
  };
  block: Writable<BlockInfo> = {
    num: 77,
    slot: 1000,
    timeUs: 946_684_800_500_000n,
    producer: name('prod'),
    activeProducers: [name('prod'), name('zzzzz')],
  };
  state = new WorkingState(new MemoryState());
  config: ChainConfig = defaultChainConfig;
  privilegedApi = new FakePrivileges();
  accounts = new Set<Name>([contractAccount, alice, bob]);
  ram = new Map<Name, bigint>();
  console = '';
  returnValue: Uint8Array | undefined;
  recipients: Name[] = [];
  inline: { action: Action; contextFree: boolean }[] = [];
  code: CodeInfo = { codeSequence: 0n, codeHash: new Uint8Array(32), vmType: 0, vmVersion: 0 };
  authorizationAnswer = true;
  checks: unknown[] = [];
  activeFeature = new Uint8Array(32).fill(7);

  requireAuthorization(actor: Name, permission?: Name): void {
    const found = this.action.authorization.some(
      (level) => level.actor === actor && (permission === undefined || level.permission === permission),
    );
    if (!found) reject('missing_auth_exception', `missing authority of ${formatName(actor)}`);
  }

  hasAuthorization(actor: Name): boolean {
    return this.action.authorization.some((level) => level.actor === actor);
  }

  requireRecipient(account: Name): void {
    this.recipients.push(account);
  }

  isAccount(account: Name): boolean {
    return this.accounts.has(account);
  }

  executeInline(action: Action): void {
    this.inline.push({ action, contextFree: false });
  }

  executeContextFreeInline(action: Action): void {
    this.inline.push({ action, contextFree: true });
  }

  readonly consoleRoom: number = 64 * 1024;

  consoleAppend(text: string): void {
    this.console += text;
  }

  setReturnValue(value: Uint8Array): void {
    this.returnValue = value;
  }

  chargeRam(payer: Name, deltaBytes: bigint): void {
    this.ram.set(payer, (this.ram.get(payer) ?? 0n) + deltaBytes);
  }

  checkTransactionAuthorization(
    transaction: Transaction,
    keys: readonly PublicKey[],
    permissions: readonly PermissionLevel[],
  ): boolean {
    this.checks.push({ transaction, keys, permissions });
    return this.authorizationAnswer;
  }

  checkPermissionAuthorization(
    account: Name,
    permission: Name,
    keys: readonly PublicKey[],
    permissions: readonly PermissionLevel[],
    delayUs: bigint,
  ): boolean {
    this.checks.push({ account, permission, keys, permissions, delayUs });
    return this.authorizationAnswer;
  }

  permissionLastUsedUs(account: Name, permission: Name): bigint {
    if (!this.accounts.has(account)) reject('permission_query_exception', 'unknown permission');
    return account + permission;
  }

  accountCreationTimeUs(account: Name): bigint {
    if (!this.accounts.has(account)) reject('account_query_exception', 'unknown account');
    return 946_684_800_000_000n;
  }

  codeInfo(_account: Name): CodeInfo {
    return this.code;
  }

  isFeatureActivated(digest: Uint8Array): boolean {
    return digest.every((byte, i) => byte === this.activeFeature[i]);
  }
}

/** Privileged operations that only record what was asked. */
class FakePrivileges implements PrivilegedApi {
  limits = new Map<Name, { ramBytes: bigint; netWeight: bigint; cpuWeight: bigint }>();
  trusted = new Set<Name>();
  proposed: ProducerSchedule['producers'] | undefined;
  config: ChainConfig | undefined;
  wasmLimits = new Uint8Array(44).fill(3);
  preactivated: Uint8Array[] = [];
  finalizers: Uint8Array | undefined;

  setResourceLimits(account: Name, ramBytes: bigint, netWeight: bigint, cpuWeight: bigint): void {
    this.limits.set(account, { ramBytes, netWeight, cpuWeight });
  }

  getResourceLimits(account: Name): { ramBytes: bigint; netWeight: bigint; cpuWeight: bigint } {
    return this.limits.get(account) ?? { ramBytes: -1n, netWeight: -1n, cpuWeight: -1n };
  }

  isPrivileged(account: Name): boolean {
    return this.trusted.has(account);
  }

  setPrivileged(account: Name, privileged: boolean): void {
    if (privileged) this.trusted.add(account);
    else this.trusted.delete(account);
  }

  setProposedProducers({ producers }: Pick<ProducerSchedule, 'producers'>): bigint {
    this.proposed = producers;
    return 5n;
  }

  setChainConfig(config: ChainConfig): void {
    this.config = config;
  }

  getWasmLimitsPacked(): Uint8Array {
    return this.wasmLimits;
  }

  setWasmLimitsPacked(packed: Uint8Array): void {
    this.wasmLimits = packed.slice();
  }

  preactivateFeature(digest: Uint8Array): void {
    this.preactivated.push(digest);
  }

  setFinalizers(packed: Uint8Array): void {
    this.finalizers = packed;
  }
}

/** A transaction without actions. */
export const emptyTransaction: Transaction = {
  expiration: 1_700_000_000,
  refBlockNum: 513,
  refBlockPrefix: 0xfedcba98,
  maxNetUsageWords: 0,
  maxCpuUsageMs: 0,
  delaySec: 0,
  contextFreeActions: [],
  actions: [],
  transactionExtensions: [],
};
