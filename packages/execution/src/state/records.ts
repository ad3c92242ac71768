/**
 * Typed access to the fixed-layout records of the state. All integers are little-endian inside values.
 * Reading never copies more than the record; writing always makes a new value, since stored values are shared.
 */
import { type Authority, authoritySchema, type Name, Reader, Writer } from '@snapscale/protocol';
import {
  abiKey,
  accountKey,
  codeKey,
  globalKeys,
  lastUsedKey,
  linkKey,
  permissionKey,
  resourcesKey,
  rowKey,
  sequenceKey,
  tableKey,
} from './keys.js';
import type { StateKey, StateReader } from './reader.js';
import type { WorkingState } from './working-state.js';

/** An account as the chain knows it. */
export type AccountRecord = {
  readonly createdSlot: number;
  readonly privileged: boolean;
  readonly vmType: number;
  readonly vmVersion: number;
  /** Undefined: no contract. */
  readonly codeHash: Uint8Array | undefined;
  /** Microseconds since 1970; 0 when no code was ever set. */
  readonly lastCodeUpdateUs: bigint;
  readonly codeSequence: bigint;
  readonly abiSequence: bigint;
};

const ACCOUNT_BYTES = 63;

const decodedAccounts = new WeakMap<Uint8Array, AccountRecord>();

/** Decoded records are kept by the identity of their bytes. */
export function getAccount(state: StateReader, account: Name): AccountRecord | undefined {
  const bytes = state.get(accountKey(account));
  if (bytes === undefined) return undefined;
  let record = decodedAccounts.get(bytes);
  if (record === undefined) {
    record = decodeAccount(bytes);
    decodedAccounts.set(bytes, record);
  }
  return record;
}

function decodeAccount(bytes: Uint8Array): AccountRecord {
  const view = viewOf(bytes);
  return {
    createdSlot: view.getUint32(0, true),
    privileged: (bytes[4]! & 1) !== 0,
    vmType: bytes[5]!,
    vmVersion: bytes[6]!,
    codeHash: (bytes[4]! & 2) !== 0 ? bytes.subarray(31, 63) : undefined,
    lastCodeUpdateUs: view.getBigInt64(7, true),
    codeSequence: view.getBigUint64(15, true),
    abiSequence: view.getBigUint64(23, true),
  };
}

export function putAccount(state: WorkingState, account: Name, record: AccountRecord): void {
  const bytes = new Uint8Array(ACCOUNT_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, record.createdSlot, true);
  bytes[4] = (record.privileged ? 1 : 0) | (record.codeHash !== undefined ? 2 : 0);
  bytes[5] = record.vmType;
  bytes[6] = record.vmVersion;
  view.setBigInt64(7, record.lastCodeUpdateUs, true);
  view.setBigUint64(15, record.codeSequence, true);
  view.setBigUint64(23, record.abiSequence, true);
  if (record.codeHash !== undefined) bytes.set(record.codeHash, 31);
  state.put(accountKey(account), bytes);
}

/** True when the account exists. Cost: one lookup. */
export function accountExists(state: StateReader, account: Name): boolean {
  return state.get(accountKey(account)) !== undefined;
}

/** The code with this hash, and how many accounts run it. */
export function getCode(
  state: StateReader,
  codeHash: Uint8Array,
): { readonly references: number; readonly code: Uint8Array } | undefined {
  const bytes = state.get(codeKey(codeHash));
  if (bytes === undefined) return undefined;
  return { references: viewOf(bytes).getUint32(0, true), code: bytes.subarray(4) };
}

/** Stores code under its hash with a reference count; 0 removes it. */
export function putCode(state: WorkingState, codeHash: Uint8Array, references: number, code: Uint8Array): void {
  if (references === 0) {
    state.remove(codeKey(codeHash));
    return;
  }
  const bytes = new Uint8Array(4 + code.length);
  viewOf(bytes).setUint32(0, references, true);
  bytes.set(code, 4);
  state.put(codeKey(codeHash), bytes);
}

/** The packed ABI of an account, undefined when none is set. */
export function getAbiBytes(state: StateReader, account: Name): Uint8Array | undefined {
  return state.get(abiKey(account));
}

/** Receipt sequence numbers of an account: how many actions it received, how many it authorised. Below 2^53. */
export type SequenceRecord = { readonly recv: number; readonly auth: number };

const NO_SEQUENCES: SequenceRecord = { recv: 0, auth: 0 };

export function getSequences(state: StateReader, account: Name): SequenceRecord {
  const bytes = state.get(sequenceKey(account));
  return bytes === undefined ? NO_SEQUENCES : { recv: readSafeU64(bytes, 0), auth: readSafeU64(bytes, 8) };
}

export function putSequences(state: WorkingState, account: Name, { recv, auth }: SequenceRecord): void {
  const bytes = new Uint8Array(16);
  writeSafeU64(bytes, 0, recv);
  writeSafeU64(bytes, 8, auth);
  state.put(sequenceKey(account), bytes);
}

/** The chain-wide count of executed actions. Below 2^53. */
export function getGlobalSequence(state: StateReader): number {
  const bytes = state.get(globalKeys.sequence);
  return bytes === undefined ? 0 : readSafeU64(bytes, 0);
}

export function putGlobalSequence(state: WorkingState, sequence: number): void {
  const bytes = new Uint8Array(8);
  writeSafeU64(bytes, 0, sequence);
  state.put(globalKeys.sequence, bytes);
}

/** RAM use and limits of an account; limits of -1 mean no limit. */
export type ResourceRecord = {
  /** Billable bytes in use. */
  readonly ramUsage: bigint;
  readonly ramQuota: bigint;
  readonly netWeight: bigint;
  readonly cpuWeight: bigint;
};

const UNLIMITED: ResourceRecord = { ramUsage: 0n, ramQuota: -1n, netWeight: -1n, cpuWeight: -1n };

export function getResources(state: StateReader, account: Name): ResourceRecord {
  const bytes = state.get(resourcesKey(account));
  if (bytes === undefined) return UNLIMITED;
  const view = viewOf(bytes);
  return {
    ramUsage: view.getBigInt64(0, true),
    ramQuota: view.getBigInt64(8, true),
    netWeight: view.getBigInt64(16, true),
    cpuWeight: view.getBigInt64(24, true),
  };
}

export function putResources(state: WorkingState, account: Name, record: ResourceRecord): void {
  const bytes = new Uint8Array(32);
  const view = viewOf(bytes);
  view.setBigInt64(0, record.ramUsage, true);
  view.setBigInt64(8, record.ramQuota, true);
  view.setBigInt64(16, record.netWeight, true);
  view.setBigInt64(24, record.cpuWeight, true);
  state.put(resourcesKey(account), bytes);
}

/** A named permission. `parent` is 0 for `owner`. */
export type PermissionRecord = {
  readonly parent: Name;
  readonly lastUpdatedUs: bigint;
  readonly authority: Authority;
};

/** Cost: decodes the authority. */
export function getPermission(state: StateReader, account: Name, permission: Name): PermissionRecord | undefined {
  const bytes = state.get(permissionKey(account, permission));
  return bytes === undefined ? undefined : decodePermission(bytes);
}

/** The value of a 'p' entry. */
export function decodePermission(bytes: Uint8Array): PermissionRecord {
  const reader = new Reader(bytes);
  return {
    parent: reader.u64() as Name,
    lastUpdatedUs: reader.i64(),
    authority: authoritySchema.read(reader),
  };
}

export function putPermission(state: WorkingState, account: Name, permission: Name, record: PermissionRecord): void {
  const writer = new Writer();
  writer.u64(record.parent);
  writer.i64(record.lastUpdatedUs);
  authoritySchema.write(writer, record.authority);
  state.put(permissionKey(account, permission), writer.finish());
}

/** When the permission last authorised a transaction, microseconds since 1970; 0 when never. */
export function getLastUsedUs(state: StateReader, account: Name, permission: Name): bigint {
  return readI64(state.get(lastUsedKey(account, permission)));
}

export function putLastUsedUs(state: WorkingState, account: Name, permission: Name, timeUs: bigint): void {
  state.put(lastUsedKey(account, permission), i64Bytes(timeUs));
}

/** The permission that `account` linked to (code, action); action 0 is the link for all actions of the code. */
export function getLink(state: StateReader, account: Name, code: Name, action: Name): Name | undefined {
  const bytes = state.get(linkKey(account, code, action));
  return bytes === undefined ? undefined : (viewOf(bytes).getBigUint64(0, true) as Name);
}

/** A contract table: how many rows (of its primary and secondary indices) it holds and who pays for the record. */
export type TableRecord = { readonly count: number; readonly payer: Name };

export function getTable(state: StateReader, id: StateKey): TableRecord | undefined {
  const bytes = state.get(tableKey(id));
  return bytes === undefined ? undefined : decodeTable(bytes);
}

/** The value of a 't' entry. */
export function decodeTable(bytes: Uint8Array): TableRecord {
  const view = viewOf(bytes);
  return { count: view.getUint32(0, true), payer: view.getBigUint64(4, true) as Name };
}

export function putTable(state: WorkingState, id: StateKey, record: TableRecord): void {
  const bytes = new Uint8Array(12);
  const view = viewOf(bytes);
  view.setUint32(0, record.count, true);
  view.setBigUint64(4, record.payer, true);
  state.put(tableKey(id), bytes);
}

/** A row of a contract table: payer u64, then the row's bytes. */
export type RowRecord = { readonly payer: Name; readonly data: Uint8Array };

export function getRow(state: StateReader, id: StateKey, primary: bigint): RowRecord | undefined {
  const bytes = state.get(rowKey(id, primary));
  return bytes === undefined ? undefined : decodeRow(bytes);
}

/** The value of a 'k' entry; the data is a view of it. */
export function decodeRow(bytes: Uint8Array): RowRecord {
  return { payer: viewOf(bytes).getBigUint64(0, true) as Name, data: bytes.subarray(8) };
}

/** The value of a 'k' entry from its parts; `data` is copied. */
export function encodeRow(payer: Name, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + data.length);
  viewOf(bytes).setBigUint64(0, payer, true);
  bytes.set(data, 8);
  return bytes;
}

/** Little-endian i64; undefined reads as 0. */
export function readI64(bytes: Uint8Array | undefined): bigint {
  return bytes === undefined ? 0n : viewOf(bytes).getBigInt64(0, true);
}

/** Eight little-endian bytes. */
export function i64Bytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigInt64(0, value, true);
  return bytes;
}

/** A little-endian u64 below 2^53, without BigInt: counters of the hot path. */
function readSafeU64(bytes: Uint8Array, at: number): number {
  const low = bytes[at]! + bytes[at + 1]! * 0x100 + bytes[at + 2]! * 0x1_0000 + bytes[at + 3]! * 0x100_0000;
  const high = bytes[at + 4]! + bytes[at + 5]! * 0x100 + bytes[at + 6]! * 0x1_0000;
  return high * 0x1_0000_0000 + low;
}

function writeSafeU64(bytes: Uint8Array, at: number, value: number): void {
  let rest = value;
  for (let i = at; rest > 0; i++) {
    bytes[i] = rest & 0xff;
    rest = Math.floor(rest / 0x100);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
