/**
 * One transaction while it runs: the list of action traces, the order of execution, the gas meter and the RAM ledger.
 *
 * Order (Antelope, apply_context and transaction_context): an action's receiver runs, then the notified accounts in the
 * order of notification, then its context-free inline actions, then its inline actions, depth first. Ordinals are given
 * when an action is scheduled, so the trace list is in the order of scheduling.
 */
import {
  type Action,
  type ActionReceipt,
  type ActionTrace,
  type ChainConfig,
  formatName,
  limits,
  type Name,
  type Rejection,
  reject,
  type SnapParameters,
} from '@snapscale/protocol';
import { getChainConfig } from '../chain/chain-records.js';
import { getParameters } from '../native/fees/parameters.js';
import { billedCpuUs, cpuLimitUs } from '../native/resources.js';
import type { WorkingState } from '../state/working-state.js';
import { ActionExecution } from './action-execution.js';
import type { ChainServices } from './chain-services.js';
import { ContractLoads } from './contract-loads.js';
import { nativeGas } from './gas.js';
import { Sequences } from './sequences.js';
import type { BlockInfo, TransactionInfo } from './types.js';

/** A trace under construction: `ActionTrace` with its fields still open. */
export type OpenTrace = { -readonly [K in keyof ActionTrace]: ActionTrace[K] };

/** Where an execution takes place. */
export type ExecutionPlace = {
  readonly services: ChainServices;
  readonly state: WorkingState;
  readonly block: BlockInfo;
};

export class TransactionExecution {
  readonly place: ExecutionPlace;
  readonly info: TransactionInfo;
  readonly traces: OpenTrace[] = [];
  readonly ramDeltas = new Map<Name, bigint>();
  /** Accounts whose RAM has grown at some moment, or whose quota was lowered: at the end each must be within its quota. */
  readonly ramToCheck = new Set<Name>();
  readonly sequences: Sequences;
  readonly loads = new ContractLoads();
  /** Gas that may still be spent; see `gas-prices`. */
  gasLeft: number;
  #gasLimit: number;
  /** What set the limit, when it is not the transaction or the chain. */
  #funds: 'sponsor' | 'credit' | undefined;
  /** Console output that is still kept, characters: it takes no part in consensus and must not fill the trace. */
  consoleCharsLeft = CONSOLE_CHARS_MAX;
  /** Receipts of the actions, in the order of execution. */
  readonly receipts: ActionReceipt[] = [];

  /** Configuration and parameters at the beginning of the transaction; changes of them take effect after it. */
  readonly config: ChainConfig;
  readonly parameters: SnapParameters;

  constructor(place: ExecutionPlace, info: TransactionInfo) {
    this.place = place;
    this.config = getChainConfig(place.state);
    this.parameters = getParameters(place.state);
    this.sequences = new Sequences(place.state);
    this.info = info;
    this.#gasLimit = cpuLimitUs(info.transaction, this.config) * this.parameters.gasPerMicrosecond;
    this.gasLeft = this.#gasLimit;
  }

  get gasUsed(): number {
    return this.#gasLimit - this.gasLeft;
  }

  /** CPU time that the gas used so far is billed as, microseconds. */
  get cpuUsageUs(): number {
    return billedCpuUs(this.gasUsed, this.parameters, this.config);
  }

  /** Lowers the limit to `gasLimit`, when that is lower: the payer cannot pay for more. */
  lowerLimit(gasLimit: number, bySponsor: boolean): void {
    const used = this.gasUsed;
    if (gasLimit >= this.#gasLimit) return;
    this.#funds = bySponsor ? 'sponsor' : 'credit';
    this.#gasLimit = Math.floor(gasLimit);
    this.gasLeft = this.#gasLimit - used;
    if (this.gasLeft < 0) this.charge(0);
  }

  /** `rejection`, or the true reason where the gas that ran out was as much as the payer could pay for. */
  reasonOf(rejection: Rejection): Rejection {
    if (this.#funds === undefined || rejection.code !== 'tx_cpu_usage_exceeded') return rejection;
    const limitUs = Math.floor(this.#gasLimit / this.parameters.gasPerMicrosecond);
    const evidence = { affordable_cpu_us: String(limitUs) };
    const spent = `enough for ${limitUs} us of CPU, which this transaction has used up`;
    return this.#funds === 'sponsor'
      ? { code: 'snap_sponsor_limit_exceeded', message: `what the sponsor still pays is ${spent}`, evidence }
      : { code: 'snap_insufficient_credit', message: `the credit of the payer is ${spent}`, evidence };
  }

  /** Runs all actions. Throws `Reject` at the first one that fails; the caller rolls the state back. */
  run(): void {
    const { contextFreeActions, actions } = this.info.transaction;
    for (const action of contextFreeActions) this.schedule(action, action.account, true, 0, 0);
    for (const action of actions) this.schedule(action, action.account, false, 0, 0);
    const topLevel = this.traces.length;
    for (let ordinal = 1; ordinal <= topLevel; ordinal++) this.execute(ordinal, 0);
    this.sequences.store();
  }

  /** Appends an action (or a notification) to the trace and returns its ordinal, counted from 1. */
  schedule(action: Action, receiver: Name, contextFree: boolean, creator: number, unnotifiedAncestor: number): number {
    const actionOrdinal = this.traces.length + 1;
    if (actionOrdinal > limits.actionTracesMax) {
      reject(
        'transaction_exception',
        `a transaction may cause at most ${limits.actionTracesMax} actions and notifications, of which ${formatName(receiver)} would be one more`,
      );
    }
    this.traces.push({
      actionOrdinal,
      creatorActionOrdinal: creator,
      closestUnnotifiedAncestorActionOrdinal: unnotifiedAncestor,
      receiver,
      action,
      contextFree,
      elapsedUs: 0,
      console: '',
      accountRamDeltas: NO_DELTAS,
      returnValue: EMPTY,
    });
    return actionOrdinal;
  }

  /** Runs the action with this ordinal: receiver, notifications, inline actions. */
  execute(ordinal: number, depth: number): void {
    const run = new ActionExecution(this, ordinal);
    run.executeForReceivers();
    if (run.contextFreeInline.length + run.inline.length === 0) return;
    const { maxInlineActionDepth } = this.config;
    if (depth >= maxInlineActionDepth) {
      const { action } = this.traces[ordinal - 1]!;
      reject(
        'transaction_exception',
        `max inline action depth per transaction reached: ${maxInlineActionDepth}, at ${formatName(action.account)}::${formatName(action.name)}`,
      );
    }
    for (const next of [...run.contextFreeInline, ...run.inline]) this.execute(next, depth + 1);
  }

  /** Charges gas for native work; rejects when it runs out. */
  charge(gas: number): void {
    this.gasLeft -= gas;
    if (this.gasLeft < 0) {
      reject(
        'tx_cpu_usage_exceeded',
        `transaction ran out of CPU: its limit was ${this.#gasLimit} gas (${Math.floor(this.#gasLimit / this.parameters.gasPerMicrosecond)} us)`,
      );
    }
  }

  /** Counts gas of a contract that has failed: as much as there was. */
  spend(gas: number): void {
    this.gasLeft = Math.max(0, this.gasLeft - gas);
  }

  /** Charges for one step of an authorization check. */
  readonly chargeAuthorizationStep = (): void => this.charge(nativeGas.authorizationStep);

  /** Adds to the RAM bill of `account`. */
  addRam(account: Name, delta: bigint): void {
    if (delta > 0n) this.ramToCheck.add(account);
    this.ramDeltas.set(account, (this.ramDeltas.get(account) ?? 0n) + delta);
  }
}

/** Console output of one transaction that is kept, characters. */
const CONSOLE_CHARS_MAX = 256 * 1024;
const EMPTY = new Uint8Array(0);
const NO_DELTAS: ActionTrace['accountRamDeltas'] = [];
