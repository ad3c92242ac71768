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
  return {
    account,
    code: change(oldCode, wasm),
    abi: {
      ...change(oldAbi, abi),
      ...abiChanges(readAbi(oldAbi), readAbi(abi)),
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

/** How a type is defined, and the types that it is directly made of. */
type Definition = { readonly text: string; readonly parts: readonly string[] };

function definitionsOf({ structs, variants, types }: Abi): Map<string, Definition> {
  const found = new Map<string, Definition>();
  for (const { name, base, fields } of structs) {
    const text = `${base}(${fields.map((field) => `${field.name}:${field.type}`).join(',')})`;
    found.set(name, { text, parts: [base, ...fields.map(({ type }) => baseOf(type))] });
  }
  for (const { name, types: choices } of variants ?? []) {
    found.set(name, { text: choices.join('|'), parts: choices.map(baseOf) });
  }
  for (const { newTypeName, type } of types) found.set(newTypeName, { text: type, parts: [baseOf(type)] });
  return found;
}

/** The type without the marks of lists, optionals and extensions. */
function baseOf(type: string): string {
  const mark = type.search(/[?[$]/);
  return mark === -1 ? type : type.slice(0, mark);
}

/**
 * The types that differ, and those that are made of one that does. Each definition is looked at once: an ABI of some
 * hundred bytes, which anybody can have set, describes types that would fill the memory if they were written out.
 */
function changedTypes(before: Abi, after: Abi): ReadonlySet<string> {
  const [old, next] = [definitionsOf(before), definitionsOf(after)];
  const users = new Map<string, string[]>();
  for (const [name, { parts }] of [...old, ...next]) {
    for (const part of parts) {
      const known = users.get(part);
      if (known === undefined) users.set(part, [name]);
      else known.push(name);
    }
  }
  const changed = new Set<string>();
  const open = [...new Set([...old.keys(), ...next.keys()])].filter(
    (name) => old.get(name)?.text !== next.get(name)?.text,
  );
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (changed.has(name)) continue;
    changed.add(name);
    for (const user of users.get(name) ?? []) open.push(user);
  }
  return changed;
}

const noAbi: Abi = parseAbi({ version: 'eosio::abi/1.0' });

function abiChanges(
  before: Abi = noAbi,
  after: Abi = noAbi,
): { readonly actions: NameChanges; readonly tables: NameChanges } {
  const changed = changedTypes(before, after);
  return {
    actions: nameChanges(before.actions, after.actions, changed),
    tables: nameChanges(before.tables, after.tables, changed),
  };
}

type Typed = { readonly name: bigint; readonly type: string };

function nameChanges(before: readonly Typed[], after: readonly Typed[], changed: ReadonlySet<string>): NameChanges {
  const typesOf = (list: readonly Typed[]) => new Map(list.map(({ name, type }) => [formatName(name), type]));
  const [old, next] = [typesOf(before), typesOf(after)];
  const names = [...next.keys()].sort();
  const differs = (type: string, name: string) => old.get(name) !== type || changed.has(baseOf(type));
  return {
    added: names.filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !next.has(name)).sort(),
    changed: names.filter((name) => old.has(name) && differs(next.get(name)!, name)),
  };
}
