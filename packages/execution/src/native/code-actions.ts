/** `eosio::setcode` and `eosio::setabi`. Order of checks and messages are those of nodeos. */
import { equalBytes, sha256 } from '@snapscale/crypto';
import { formatName, type Name, reject } from '@snapscale/protocol';
import type { ActionContext } from '../apply/types.js';
import { abiKey } from '../state/keys.js';
import { type AccountRecord, getAbiBytes, getAccount, getCode, putAccount, putCode } from '../state/records.js';
import type { WorkingState } from '../state/working-state.js';
import { decodeActionData, setAbiSchema, setCodeSchema } from './action-data.js';
import { billableBytes } from './billable.js';
import { type NativeEnvironment, requireWritable } from './native-handler.js';

/**
 * Sets, replaces or (with empty code) removes an account's contract. Accounts with the same code share one copy in the
 * state, but each is billed for all of it. Cost: validation and compilation of the code.
 */
export function applySetCode(context: ActionContext, environment: NativeEnvironment): void {
  requireWritable(context);
  const { account: owner, vmtype, vmversion, code } = decodeActionData(setCodeSchema, context.action);
  context.requireAuthorization(owner);
  if (vmtype !== 0) reject('invalid_contract_vm_type', `code should be 0, not ${vmtype}`);
  if (vmversion !== 0) reject('invalid_contract_vm_version', `version should be 0, not ${vmversion}`);
  const { state, block } = context;
  const codeHash = code.length > 0 ? sha256(code) : undefined;
  if (codeHash !== undefined) environment.checkCode(code, state);

  const account = existingAccount(state, owner);
  if (codeHash === undefined && account.codeHash === undefined) {
    reject('set_exact_code', 'contract is already cleared');
  }
  if (codeHash !== undefined && account.codeHash !== undefined && equalBytes(codeHash, account.codeHash)) {
    reject('set_exact_code', 'contract is already running this version of code');
  }
  const oldBytes = account.codeHash === undefined ? 0 : releaseCode(state, account.codeHash);
  if (codeHash !== undefined) retainCode(state, codeHash, code);
  putAccount(state, owner, {
    ...account,
    codeHash,
    codeSequence: account.codeSequence + 1n,
    vmType: vmtype,
    vmVersion: vmversion,
    lastCodeUpdateUs: block.timeUs,
  });
  context.chargeRam(owner, BigInt((code.length - oldBytes) * billableBytes.codeByte));
}

/** Sets or (when empty) removes an account's ABI. Its content is not looked at: clients are to be careful. */
export function applySetAbi(context: ActionContext): void {
  requireWritable(context);
  const { account: owner, abi } = decodeActionData(setAbiSchema, context.action);
  context.requireAuthorization(owner);
  const { state } = context;
  const account = existingAccount(state, owner);
  const oldBytes = getAbiBytes(state, owner)?.length ?? 0;
  if (abi.length > 0) state.put(abiKey(owner), abi.slice());
  else if (oldBytes > 0) state.remove(abiKey(owner));
  putAccount(state, owner, { ...account, abiSequence: account.abiSequence + 1n });
  context.chargeRam(owner, BigInt((abi.length - oldBytes) * billableBytes.abiByte));
}

function existingAccount(state: WorkingState, owner: Name): AccountRecord {
  const account = getAccount(state, owner);
  if (account === undefined) reject('account_query_exception', `account '${formatName(owner)}' does not exist`);
  return account;
}

function retainCode(state: WorkingState, codeHash: Uint8Array, code: Uint8Array): void {
  putCode(state, codeHash, (getCode(state, codeHash)?.references ?? 0) + 1, code);
}

/** Gives up one reference; returns the size of the code. */
function releaseCode(state: WorkingState, codeHash: Uint8Array): number {
  const { references, code } = getCode(state, codeHash)!;
  putCode(state, codeHash, references - 1, code);
  return code.length;
}
