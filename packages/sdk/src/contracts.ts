/** Deploying contracts: what would change, and the actions that do it. */
import { sha256, toHex } from '@snapscale/crypto';
import {
  type Abi,
  abiSchema,
  compileAbi,
  decodeAbi,
  encode,
  formatName,
  type Json,
  parseAbi,
} from '@snapscale/protocol';
import { bytesFromBase64 } from './base64.js';
import type { Client } from './client.js';
import { invalid } from './errors.js';
import type { PermissionInput } from './signing/permission.js';
import { dryRun } from './signing/send.js';
import { type ActionInput, prepareTransaction } from './signing/transaction.js';

/** What to deploy; a part that is missing stays as it is, an empty one is removed. */
export type ContractFiles = {
  readonly wasm?: Uint8Array | undefined;
  /** Packed, as JSON, or `null` to remove it. */
  readonly abi?: Uint8Array | Json | undefined;
};

/** Size and SHA-256 of a part of a contract; undefined where there is none. */
export type ContractPart = { readonly bytes: number; readonly hash: string } | undefined;

/** A part before and after. */
export type PartChange = { readonly before: ContractPart; readonly after: ContractPart; readonly changed: boolean };

/** Names that come, go, or get another type. */
export type NameChanges = {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
};

/** What deploying would change. */
export type DeployPlan = {
  readonly account: string;
  readonly code: PartChange;
  readonly abi: PartChange & { readonly actions: NameChanges; readonly tables: NameChanges };
  /** RAM of the account, in billable bytes; the quota is -1 where there is no limit. */
  readonly ram: { readonly before: bigint; readonly after: bigint; readonly quota: bigint };
  /** `setcode` and `setabi` as far as needed; empty when nothing would change. */
  readonly actions: readonly ActionInput[];
};

/**
 * Compares a contract with what an account has, and tries out what setting it would do.
 * @param by `account@active` where not given
 * @throws SnapError when the chain would refuse the contract, or there is no such account
 */
export async function planDeploy(
  client: Client,
  account: string,
  files: ContractFiles,
  by: readonly PermissionInput[] = [account],
): Promise<DeployPlan> {
  const [info, now] = await Promise.all([
    client.api.chain.getAccount({ account_name: account }),
    client.api.chain.getRawCodeAndAbi({ account_name: account }),
  ]);
  const oldCode = bytesFromBase64(now.wasm);
  const oldAbi = bytesFromBase64(now.abi);
  const newCode = files.wasm ?? oldCode;
  const newAbi = files.abi === undefined ? oldAbi : abiBytes(files.abi);
  const code = change(oldCode, newCode);
  const abi = change(oldAbi, newAbi);
  const [before, after] = [readAbi(oldAbi), readAbi(newAbi)];
  const actions = [
    ...(code.changed ? [setCodeAction(account, newCode, by)] : []),
    ...(abi.changed ? [setAbiAction(account, newAbi, by)] : []),
  ];
  const ramBefore = BigInt(info.ram_usage);
  const delta = actions.length === 0 ? 0n : await ramDelta(client, account, actions);
  return {
    account,
    code,
    abi: {
      ...abi,
      actions: nameChanges(actionSignatures(before), actionSignatures(after)),
      tables: nameChanges(tableSignatures(before), tableSignatures(after)),
    },
    ram: { before: ramBefore, after: ramBefore + delta, quota: BigInt(info.ram_quota) },
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

/** An ABI's bytes from its JSON or packed form, checked. @throws SnapError, Reject */
export function abiBytes(abi: Uint8Array | Json): Uint8Array {
  if (abi === null) return new Uint8Array(0);
  if (!(abi instanceof Uint8Array)) {
    const parsed = parseAbi(abi);
    compileAbi(parsed);
    return encode(abiSchema, parsed);
  }
  if (abi.length > 0) compileAbi(decodeAbi(abi));
  return abi;
}

async function ramDelta(client: Client, account: string, actions: readonly ActionInput[]): Promise<bigint> {
  const { processed } = await dryRun(client, await prepareTransaction(client, actions));
  let delta = 0n;
  for (const trace of processed.action_traces) {
    for (const entry of trace.account_ram_deltas) if (entry.account === account) delta += BigInt(entry.delta);
  }
  return delta;
}

function change(before: Uint8Array, after: Uint8Array): PartChange {
  const [old, next] = [partOf(before), partOf(after)];
  return { before: old, after: next, changed: old?.hash !== next?.hash };
}

function partOf(bytes: Uint8Array): ContractPart {
  return bytes.length === 0 ? undefined : { bytes: bytes.length, hash: toHex(sha256(bytes)) };
}

/** What an account has may be anything; what cannot be read counts as empty. */
function readAbi(bytes: Uint8Array): Abi | undefined {
  if (bytes.length === 0) return undefined;
  try {
    return decodeAbi(bytes);
  } catch {
    return undefined;
  }
}

/** Each action's name with everything that its data consists of. */
function actionSignatures(abi: Abi | undefined): ReadonlyMap<string, string> {
  return new Map(abi?.actions.map(({ name, type }) => [formatName(name), signatureOf(abi, type)]));
}

function tableSignatures(abi: Abi | undefined): ReadonlyMap<string, string> {
  return new Map(abi?.tables.map(({ name, type }) => [formatName(name), signatureOf(abi, type)]));
}

/** The fields of a type, and of the types that they have, as one text. */
function signatureOf(abi: Abi, type: string, above: readonly string[] = []): string {
  const base = type.replace(/(\?|\[\d*\]|\$)+$/, '');
  if (above.includes(base)) return type;
  const path = [...above, base];
  const alias = abi.types.find(({ newTypeName }) => newTypeName === base);
  if (alias !== undefined) return `${type}=${signatureOf(abi, alias.type, path)}`;
  const variant = abi.variants?.find(({ name }) => name === base);
  if (variant !== undefined) return `${type}<${variant.types.map((one) => signatureOf(abi, one, path)).join('|')}>`;
  const struct = abi.structs.find(({ name }) => name === base);
  if (struct === undefined) return type;
  const parent = struct.base === '' ? '' : `${signatureOf(abi, struct.base, path)}+`;
  return `${type}(${parent}${struct.fields.map((field) => `${field.name}:${signatureOf(abi, field.type, path)}`).join(',')})`;
}

function nameChanges(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): NameChanges {
  const names = [...after.keys()].sort();
  return {
    added: names.filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)).sort(),
    changed: names.filter((name) => before.has(name) && before.get(name) !== after.get(name)),
  };
}

/** The first bytes of each WebAssembly file. */
const magic = [0x00, 0x61, 0x73, 0x6d];

/** Refuses files that are no WebAssembly, before they travel. @throws SnapError */
export function assertWasm(bytes: Uint8Array, file: string): void {
  if (magic.some((byte, index) => bytes[index] !== byte)) {
    invalid(`${file} is not a WebAssembly file`, 'Compile the contract first; a .wasm file begins with 00 61 73 6d.');
  }
}
