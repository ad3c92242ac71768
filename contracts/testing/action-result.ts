/** What an action did, in the words of a test. */
import {
  actionResultType,
  type CompiledAbi,
  decodeType,
  formatName,
  type Json,
  type TransactionTrace,
} from '@snapscale/protocol';
import type { ContractRun } from './metered-services.js';

/** An action that was executed, with all that it caused. */
export type ActionResult = {
  /** Of all contracts that ran. */
  readonly gas: number;
  /** Each run of a contract, in order. */
  readonly runs: readonly ContractRun[];
  readonly cpuUs: number;
  readonly netBytes: number;
  /** By how many bytes accounts' use of RAM changed. */
  readonly ramDeltas: Readonly<Record<string, number>>;
  /** What contracts printed, in order of execution. */
  readonly console: string;
  /** Decoded; undefined when the action returns nothing. */
  readonly returnValue: Json | undefined;
  /** `receiver <= account::action` of everything that was executed, in order. */
  readonly executed: readonly string[];
  readonly trace: TransactionTrace;
};

/** Gas of several runs together. */
export function gasOf(runs: readonly ContractRun[]): number {
  return runs.reduce((sum, { gas }) => sum + gas, 0);
}

/** @param abiOf the ABI of a contract, to decode what the first action returns */
export function actionResult(
  trace: TransactionTrace,
  runs: readonly ContractRun[],
  abiOf: (account: string) => CompiledAbi | undefined,
): ActionResult {
  const inOrder = trace.actionTraces
    .filter(({ receipt }) => receipt !== undefined)
    .sort((a, b) => (a.receipt!.globalSequence < b.receipt!.globalSequence ? -1 : 1));
  return {
    gas: gasOf(runs),
    runs,
    cpuUs: trace.cpuUsageUs,
    netBytes: trace.netUsageBytes,
    ramDeltas: ramDeltasOf(trace),
    console: inOrder.map((one) => one.console).join(''),
    returnValue: returnValueOf(trace, abiOf),
    executed: inOrder.map(
      ({ receiver, action }) => `${formatName(receiver)} <= ${formatName(action.account)}::${formatName(action.name)}`,
    ),
    trace,
  };
}

/** By how many bytes a transaction changed the use of RAM, by account. */
export function ramDeltasOf({ actionTraces }: TransactionTrace): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { accountRamDeltas } of actionTraces) {
    for (const { account, delta } of accountRamDeltas) {
      const name = formatName(account);
      sums[name] = (sums[name] ?? 0) + Number(delta);
    }
  }
  return sums;
}

function returnValueOf(
  { actionTraces }: TransactionTrace,
  abiOf: (account: string) => CompiledAbi | undefined,
): Json | undefined {
  const first = actionTraces[0];
  if (first === undefined || first.returnValue.length === 0) return undefined;
  const abi = abiOf(formatName(first.action.account));
  const type = abi === undefined ? undefined : actionResultType(abi, first.action.name);
  return type === undefined ? undefined : decodeType(abi!, type, first.returnValue);
}
