/**
 * One transaction on the state of the block under construction: the same function for producing, importing and trying.
 *
 * Steps: form and reference checks, NET, authorisation, credit, execution, RAM and CPU limits, settlement of the fee,
 * duplicate record. A transaction that fails leaves no trace in the state.
 */
import type { PublicKey } from '@snapscale/crypto';
import {
  type ActionReceipt,
  type Bill,
  edgeNodeOf,
  type Name,
  type PackedTransaction,
  Reject,
  type Rejection,
  type Transaction,
  type TransactionReceipt,
  type TransactionTrace,
} from '@snapscale/protocol';
import { checkAuthorization } from '../authorization/check-authorization.js';
import {
  affordableCpuUs,
  checkCredit,
  choosePayer,
  computeBill,
  firstAuthorizer,
  settleFee,
} from '../native/fees/charge.js';
import { checkCpuUsage, checkNetUsage, checkRamQuota, netUsageBytes, netUsageWords } from '../native/resources.js';
import { transactionKey } from '../state/keys.js';
import { putLastUsedUs } from '../state/records.js';
import { nativeGas } from './gas.js';
import { checkForm, checkReferences } from './transaction-checks.js';
import { type ExecutionPlace, TransactionExecution } from './transaction-execution.js';

/** A transaction whose bytes were decoded within limits and whose signers were recovered, outside the core. */
export type VerifiedTransaction = {
  readonly id: Uint8Array;
  readonly transaction: Transaction;
  /** As received: what the block will carry. */
  readonly received: PackedTransaction;
  /** The uncompressed packed transaction. */
  readonly packed: Uint8Array;
  readonly contextFreeData: readonly Uint8Array[];
  /** The keys that signed, one per signature. */
  readonly keys: readonly PublicKey[];
};

/**
 * - `user`: everything is checked; changes stay.
 * - `trial`: no signatures are required; the caller rolls back (`compute_transaction`).
 * - `readOnly`: no signatures and no writes (`send_read_only_transaction`); the caller rolls back.
 * - `implicit`: made by the node itself (`onblock`): not billed, not checked.
 */
export type ApplyMode = 'user' | 'trial' | 'readOnly' | 'implicit';

/** What became of a transaction. Without `receipt` it failed, and the state is as before. */
export type TransactionOutcome = {
  readonly trace: TransactionTrace;
  readonly receipt?: TransactionReceipt;
  readonly actionReceipts: readonly ActionReceipt[];
};

/** Applies `verified`. Throws only for faults of the node; a failed transaction is an outcome with `trace.except`. */
export function applyTransaction(
  place: ExecutionPlace,
  verified: VerifiedTransaction,
  mode: ApplyMode,
): TransactionOutcome {
  const { state, block } = place;
  const checkpoint = state.checkpoint();
  const run = new TransactionExecution(place, { ...verified, readOnly: mode === 'readOnly' });
  const usage = { netBytes: 0, bill: FREE };
  let except: Rejection | undefined;
  try {
    if (mode !== 'implicit') prepare(place, verified, mode, run, usage);
    run.run();
    if (mode !== 'implicit') conclude(place, verified, mode, run, usage);
  } catch (error) {
    if (!(error instanceof Reject)) throw error;
    except = run.reasonOf(error.rejection);
    state.rollback(checkpoint);
  }
  const { cpuUsageUs } = run;
  const words = netUsageWords(usage.netBytes);
  const trace: TransactionTrace = {
    id: verified.id,
    blockNum: block.num,
    slot: block.slot,
    status: except === undefined ? 0 : 2,
    cpuUsageUs,
    netUsageWords: words,
    elapsedUs: Math.floor(run.gasUsed / run.parameters.gasPerMicrosecond),
    netUsageBytes: words * 8,
    actionTraces: run.traces,
    bill: usage.bill,
    ...(except === undefined ? {} : { except }),
  };
  if (except !== undefined) return { trace, actionReceipts: [] };
  const receipt: TransactionReceipt = {
    status: 0,
    cpuUsageUs,
    netUsageWords: words,
    transaction: { kind: 'packed', packed: verified.received },
  };
  return { trace, receipt, actionReceipts: run.receipts };
}

type Usage = { netBytes: number; bill: Bill };

function prepare(
  place: ExecutionPlace,
  verified: VerifiedTransaction,
  mode: ApplyMode,
  run: TransactionExecution,
  usage: Usage,
): void {
  const { state, block } = place;
  const { transaction } = verified;
  const { config, parameters } = run;
  checkForm(transaction, mode);
  usage.netBytes = netUsageBytes(verified, config);
  checkNetUsage(usage.netBytes, transaction, config);
  run.charge(
    nativeGas.transaction + nativeGas.signature * verified.keys.length + nativeGas.perByte * verified.packed.length,
  );
  checkReferences(state, block, verified, config, mode);
  if (mode === 'readOnly') return;
  if (mode === 'user') {
    checkAuthorization(state, transaction.actions, {
      keys: verified.keys,
      permissions: [],
      delaySec: 0,
      maxDepth: config.maxAuthorityDepth,
      onStep: run.chargeAuthorizationStep,
    });
  }
  const netWords = netUsageWords(usage.netBytes);
  checkCredit(state, parameters, transaction, block.slot, { cpuUs: config.minTransactionCpuUsage, netWords });
  const payer = choosePayer(state, firstAuthorizer(transaction), block.slot, parameters);
  const bySponsor = (payer.sponsorship?.available ?? -1n) > payer.credit;
  run.lowerLimit(affordableCpuUs(parameters, payer, netWords) * parameters.gasPerMicrosecond, bySponsor);
}

function conclude(
  place: ExecutionPlace,
  verified: VerifiedTransaction,
  mode: ApplyMode,
  run: TransactionExecution,
  usage: Usage,
): void {
  const { state, block } = place;
  for (const account of run.ramToCheck) checkRamQuota(state, account);
  if (mode === 'readOnly') return;
  const { parameters, config, cpuUsageUs: cpuUs } = run;
  checkCpuUsage(cpuUs, verified.transaction, config);
  const payer = choosePayer(state, firstAuthorizer(verified.transaction), block.slot, parameters);
  usage.bill = computeBill(parameters, payer, {
    cpuUs,
    netWords: netUsageWords(usage.netBytes),
    edge: edgeNodeOf(verified.transaction),
  });
  settleFee(state, parameters, usage.bill, block, run.ramDeltas);
  recordUse(place, verified);
}

/** Notes when each permission was used, and the id, so that the transaction cannot run again. */
function recordUse({ state, block }: ExecutionPlace, { id, transaction }: VerifiedTransaction): void {
  for (const { authorization } of transaction.actions) {
    for (const { actor, permission } of authorization) putLastUsedUs(state, actor, permission, block.timeUs);
  }
  state.put(transactionKey(id), expirationBytes(transaction.expiration));
}

/** True when two outcomes of one transaction would make the same receipt. */
export function sameReceipt(a: TransactionReceipt, b: TransactionReceipt): boolean {
  return a.status === b.status && a.cpuUsageUs === b.cpuUsageUs && a.netUsageWords === b.netUsageWords;
}

const FREE: Bill = { payer: 0n as Name, cpuFee: 0n, netFee: 0n, edge: 0n as Name };

let lastExpiration = { seconds: -1, bytes: new Uint8Array(4) };

/** Little-endian u32. Most transactions of a moment expire in the same second and share the value. */
function expirationBytes(seconds: number): Uint8Array {
  if (lastExpiration.seconds !== seconds) {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, seconds, true);
    lastExpiration = { seconds, bytes };
  }
  return lastExpiration.bytes;
}
