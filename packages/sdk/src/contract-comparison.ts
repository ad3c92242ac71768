/** What an account's contract is, next to another one: hashes, sizes, and which actions and tables differ. */
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

/** A contract of an account next to another one. */
export type ContractComparison = {
  readonly account: string;
  readonly code: PartChange;
  readonly abi: PartChange & { readonly actions: NameChanges; readonly tables: NameChanges };
  /** The bytes that the account would have. */
  readonly after: { readonly wasm: Uint8Array; readonly abi: Uint8Array };
};

/**
 * Compares what an account has with `files`.
 * @throws SnapError when there is no such account; Reject when the ABI is none
 */
export async function compareContract(
  client: Client,
  account: string,
  files: ContractFiles,
): Promise<ContractComparison> {
  const now = await client.api.chain.getRawCodeAndAbi({ account_name: account });
  const oldCode = bytesFromBase64(now.wasm);
  const oldAbi = bytesFromBase64(now.abi);
  const wasm = files.wasm ?? oldCode;
  const abi = files.abi === undefined ? oldAbi : abiBytes(files.abi);
  const [before, after] = [readAbi(oldAbi), readAbi(abi)];
  return {
    account,
    code: change(oldCode, wasm),
    abi: {
      ...change(oldAbi, abi),
      actions: nameChanges(actionSignatures(before), actionSignatures(after)),
      tables: nameChanges(tableSignatures(before), tableSignatures(after)),
    },
    after: { wasm, abi },
  };
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
