/** Deploying contracts: what would change, whether it can be paid for, and the actions that do it. */
import { toHex } from '@snapscale/crypto';
import type { Client } from './client.js';
import { type ContractComparison, type ContractFiles, compareContract } from './contract-comparison.js';
import { invalid, SnapError } from './errors.js';
import type { PermissionInput } from './signing/permission.js';
import { dryRun, type TransactionResult } from './signing/send.js';
import { type ActionInput, prepareTransaction } from './signing/transaction.js';
import { tableScopes } from './tables.js';

/** A table that has rows, though its layout changes or the ABI no longer has it. */
export type AffectedTable = {
  readonly table: string;
  readonly change: 'removed' | 'changed';
  /** Rows, and the keys of the first secondary index, which the chain counts with them. */
  readonly entries: number;
  readonly scopes: number;
};

/** What deploying would change. */
export type DeployPlan = Omit<ContractComparison, 'after'> & {
  /** Rows that the new code would read with another layout, or not at all. */
  readonly affectedTables: readonly AffectedTable[];
  /** RAM of the account, in billable bytes; the quota is -1 where there is no limit. */
  readonly ram: { readonly before: bigint; readonly after: bigint; readonly quota: bigint };
  /** Fee of the transaction, in the smallest unit of the system token; 0 where the chain takes none. */
  readonly fee: bigint;
  /** Why the account could not deploy it: RAM, credit or another resource does not suffice. */
  readonly refused: SnapError | undefined;
  /** `setcode` and `setabi` as far as needed; empty when nothing would change. */
  readonly actions: readonly ActionInput[];
};

/** Scopes whose rows are counted, at most: more say no more. */
const SCOPES_COUNTED_MAX = 1000;
/** Billable bytes of a byte of code, as Antelope counts; a byte of ABI counts once. */
const RAM_PER_CODE_BYTE = 10n;

/**
 * Compares a contract with what an account has, and tries out what setting it would do. That resources do not suffice is
 * told in the plan, so that it can say how much is missing.
 * @param by `account@active` where not given
 * @throws SnapError when the chain would refuse the contract for another reason, or there is no such account
 */
export async function planDeploy(
  client: Client,
  account: string,
  files: ContractFiles,
  by: readonly PermissionInput[] = [account],
): Promise<DeployPlan> {
  const [info, compared] = await Promise.all([
    client.api.chain.getAccount({ account_name: account }),
    compareContract(client, account, files),
  ]);
  const { after, ...comparison } = compared;
  const { code, abi } = comparison;
  const actions = [
    ...(code.changed ? [setCodeAction(account, after.wasm, by)] : []),
    ...(abi.changed ? [setAbiAction(account, after.abi, by)] : []),
  ];
  const before = BigInt(info.ram_usage);
  const tried = await tryOut(client, actions);
  const delta = tried.result === undefined ? estimatedRam(comparison) : ramDelta(tried.result, account);
  const bill = tried.result?.processed.bill;
  return {
    ...comparison,
    affectedTables: await affectedTables(client, comparison),
    ram: { before, after: before + (actions.length === 0 ? 0n : delta), quota: BigInt(info.ram_quota) },
    fee: bill === undefined ? 0n : BigInt(bill.cpu_fee) + BigInt(bill.net_fee),
    refused: tried.refused,
    actions,
  };
}

/** The action that sets (or, with no bytes, removes) an account's code. */
export function setCodeAction(
  account: string,
  wasm: Uint8Array,
  by: readonly PermissionInput[] = [account],
): ActionInput {
  const data = { account, vmtype: 0, vmversion: 0, code: toHex(wasm) };
  return { account: 'eosio', name: 'setcode', authorization: by, data };
}

/** The action that sets (or, with no bytes, removes) an account's ABI. */
export function setAbiAction(
  account: string,
  abi: Uint8Array,
  by: readonly PermissionInput[] = [account],
): ActionInput {
  return { account: 'eosio', name: 'setabi', authorization: by, data: { account, abi: toHex(abi) } };
}

type Tried = { readonly result?: TransactionResult; readonly refused: SnapError | undefined };

async function tryOut(client: Client, actions: readonly ActionInput[]): Promise<Tried> {
  if (actions.length === 0) return { refused: undefined };
  try {
    return { result: await dryRun(client, await prepareTransaction(client, actions)), refused: undefined };
  } catch (error) {
    if (error instanceof SnapError && error.kind === 'resources') return { refused: error };
    throw error;
  }
}

function ramDelta({ processed }: TransactionResult, account: string): bigint {
  let delta = 0n;
  for (const trace of processed.action_traces) {
    for (const entry of trace.account_ram_deltas) if (entry.account === account) delta += BigInt(entry.delta);
  }
  return delta;
}

/** The same where the chain does not tell, because it refuses. */
function estimatedRam({ code, abi }: Pick<ContractComparison, 'code' | 'abi'>): bigint {
  const growth = ({ before, after }: ContractComparison['code']) => BigInt((after?.bytes ?? 0) - (before?.bytes ?? 0));
  return RAM_PER_CODE_BYTE * growth(code) + growth(abi);
}

async function affectedTables(
  client: Client,
  { account, abi }: Pick<ContractComparison, 'account' | 'abi'>,
): Promise<AffectedTable[]> {
  const { removed, changed } = abi.tables;
  const affected = [
    ...removed.map((table) => ({ table, change: 'removed' as const })),
    ...changed.map((table) => ({ table, change: 'changed' as const })),
  ];
  const counted: AffectedTable[] = [];
  for (const { table, change } of affected) {
    let [entries, scopes] = [0, 0];
    for await (const { count } of tableScopes(client, account, table)) {
      entries += count;
      if (++scopes === SCOPES_COUNTED_MAX) break;
    }
    if (entries > 0) counted.push({ table, change, entries, scopes });
  }
  return counted;
}

/** The first bytes of each WebAssembly file. */
const magic = [0x00, 0x61, 0x73, 0x6d];

/** Refuses files that are no WebAssembly, before they travel. @throws SnapError */
export function assertWasm(bytes: Uint8Array, file: string): void {
  if (magic.some((byte, index) => bytes[index] !== byte)) {
    invalid(`${file} is not a WebAssembly file`, 'Compile the contract first; a .wasm file begins with 00 61 73 6d.');
  }
}
