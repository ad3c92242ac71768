/** What an executing action may ask of its surroundings: the interface between host functions and the ledger. */
import type { PublicKey } from '@snapscale/crypto';
import type { Action, ChainConfig, Name, PermissionLevel, ProducerSchedule, Transaction } from '@snapscale/protocol';
import type { WorkingState } from '../state/working-state.js';

/** The block under construction or verification. */
export type BlockInfo = {
  readonly num: number;
  readonly slot: number;
  /** Microseconds since 1970 of the block's slot. */
  readonly timeUs: bigint;
  readonly producer: Name;
  readonly activeProducers: readonly Name[];
};

/** The transaction that contains the action. */
export type TransactionInfo = {
  readonly id: Uint8Array;
  readonly transaction: Transaction;
  /** The uncompressed packed transaction. */
  readonly packed: Uint8Array;
  readonly contextFreeData: readonly Uint8Array[];
  /** Read-only transactions may not write tables. */
  readonly readOnly: boolean;
};

/** What a contract can learn about an account's code (`get_code_hash`). */
export type CodeInfo = {
  readonly codeSequence: bigint;
  /** 32 zero bytes when the account has no code. */
  readonly codeHash: Uint8Array;
  readonly vmType: number;
  readonly vmVersion: number;
};

/** Operations that only privileged receivers may perform; the caller has checked the privilege. */
export interface PrivilegedApi {
  /** -1 = unlimited. */
  setResourceLimits(account: Name, ramBytes: bigint, netWeight: bigint, cpuWeight: bigint): void;
  getResourceLimits(account: Name): { ramBytes: bigint; netWeight: bigint; cpuWeight: bigint };
  isPrivileged(account: Name): boolean;
  setPrivileged(account: Name, privileged: boolean): void;
  /** Returns the new schedule's version, or -1n when it is the one in force or proposed already. */
  setProposedProducers(schedule: Pick<ProducerSchedule, 'producers'>): bigint;
  setChainConfig(config: ChainConfig): void;
  /** WASM limits as the packed `wasm_config` of nodeos. */
  getWasmLimitsPacked(): Uint8Array;
  setWasmLimitsPacked(packed: Uint8Array): void;
  /** Every protocol feature of this chain is active from its first block. */
  preactivateFeature(digest: Uint8Array): void;
  setFinalizers(packed: Uint8Array): void;
}

/** One action being executed for one receiver. */
export interface ActionContext {
  readonly receiver: Name;
  readonly action: Action;
  readonly contextFree: boolean;
  readonly privileged: boolean;
  /** The contract that sent this inline action, or that notified its receiver; 0n at top level. */
  readonly sender: Name;
  readonly transaction: TransactionInfo;
  readonly block: BlockInfo;
  readonly state: WorkingState;
  readonly config: ChainConfig;
  readonly privilegedApi: PrivilegedApi;

  /** Rejects with `missing_auth_exception` unless the action declares `actor` (with `permission`, when given). */
  requireAuthorization(actor: Name, permission?: Name): void;
  hasAuthorization(actor: Name): boolean;
  /** Notifies `account` after this action; an account is notified at most once. */
  requireRecipient(account: Name): void;
  isAccount(account: Name): boolean;

  executeInline(action: Action): void;
  executeContextFreeInline(action: Action): void;

  /** Characters of console output that are still kept; the rest need not be made. */
  readonly consoleRoom: number;
  consoleAppend(text: string): void;
  setReturnValue(value: Uint8Array): void;

  /** Records a change of billable RAM; the rules on who may be charged are checked at the end of the action. */
  chargeRam(payer: Name, deltaBytes: bigint): void;

  checkTransactionAuthorization(
    transaction: Transaction,
    keys: readonly PublicKey[],
    permissions: readonly PermissionLevel[],
  ): boolean;
  checkPermissionAuthorization(
    account: Name,
    permission: Name,
    keys: readonly PublicKey[],
    permissions: readonly PermissionLevel[],
    delayUs: bigint,
  ): boolean;
  /** Rejects when the permission does not exist. */
  permissionLastUsedUs(account: Name, permission: Name): bigint;
  /** Rejects when the account does not exist. */
  accountCreationTimeUs(account: Name): bigint;
  codeInfo(account: Name): CodeInfo;
  isFeatureActivated(digest: Uint8Array): boolean;
}
