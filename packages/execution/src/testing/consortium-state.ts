/** A state with the rows that `snap.ca` writes, for tests of what reads them: doors, views, the reader itself. */
import { sha256 } from '@snapscale/crypto';
import { type Name, name, names, Writer } from '@snapscale/protocol';
import { keyOfDigest, keyOfSerial } from '../consortium/rows.js';
import { rowKey, tableId } from '../state/keys.js';
import { MemoryState } from '../state/memory-state.js';
import type { StateKey, StateReader } from '../state/reader.js';
import { encodeRow } from '../state/records.js';

/** An end that no test reaches. */
export const far = 4_000_000_000;

export type TestOrganisation = {
  readonly status?: number;
  readonly validUntilSec?: number;
  readonly scope?: readonly string[];
  readonly title?: string;
  /** DER of its issuing CAs. */
  readonly authorities?: readonly Uint8Array[];
};

export type TestAuthority = {
  /** Default: a root. */
  readonly organisation?: string;
  readonly status?: number;
  readonly validUntilSec?: number;
};

export type TestMember = {
  /** DER of the issuing CA. */
  readonly issuer: Uint8Array;
  readonly serial: Uint8Array;
  /** SHA-256 of the certificate. */
  readonly digest: Uint8Array;
  readonly roles: readonly string[];
  readonly account?: string;
  readonly node?: string;
  readonly status?: number;
  readonly validUntilSec?: number;
  /** 34 bytes: kind and compressed point. */
  readonly subjectKey?: Uint8Array;
};

/** Counts what is read of it. */
export class ConsortiumState implements StateReader {
  readonly #rows = new MemoryState();
  #roots: bigint[] = [];
  reads = 0;

  get(key: StateKey): Uint8Array | undefined {
    this.reads++;
    return this.#rows.get(key);
  }

  first(from: StateKey, to: StateKey): { readonly key: StateKey; readonly value: Uint8Array } | undefined {
    this.reads++;
    return this.#rows.first(from, to);
  }

  last(from: StateKey, to: StateKey): { readonly key: StateKey; readonly value: Uint8Array } | undefined {
    this.reads++;
    return this.#rows.last(from, to);
  }

  /** The rows `state`, with all roots that were put before, and `params`. */
  found(version = 1n, reads = 0): void {
    const state = new Writer();
    state.u64(version);
    state.raw(new Uint8Array(8 + 4 + 2 + 4));
    state.varuint32(this.#roots.length);
    for (const root of this.#roots) state.u64(root);
    this.put('state', name('state'), state.finish());
    const parameters = new Uint8Array(25);
    parameters[0] = reads;
    this.put('params', name('params'), parameters);
  }

  organisation(account: string, set: TestOrganisation = {}): void {
    const row = new Writer();
    row.u64(name(account));
    row.u8(set.status ?? 0);
    row.u32(set.validUntilSec ?? far);
    row.u32(1_000_000_000);
    row.u32(100);
    row.u16(1);
    row.u32(1);
    row.string(set.title ?? `${account} Ltd`);
    writeNames(row, set.scope ?? ['client', 'edge', 'producer']);
    const authorities = set.authorities ?? [];
    row.varuint32(authorities.length);
    for (const der of authorities) row.u64(keyOfDigest(sha256(der)));
    writeNames(row, []);
    this.put('orgs', name(account), row.finish());
  }

  authority(der: Uint8Array, set: TestAuthority = {}): void {
    const digest = sha256(der);
    const key = keyOfDigest(digest);
    if (set.organisation === undefined && !this.#roots.includes(key)) this.#roots.push(key);
    const row = new Writer();
    row.u64(key);
    row.raw(digest);
    row.u64(name(set.organisation ?? ''));
    row.u8(set.status ?? 0);
    row.u32(set.validUntilSec ?? far);
    row.u32(far);
    row.u32(0);
    row.u8(0);
    row.bytes(der);
    this.put('authorities', key, row.finish());
  }

  member(organisation: string, set: TestMember): void {
    const key = keyOfSerial(set.serial);
    const issuer = keyOfDigest(sha256(set.issuer));
    const validUntilSec = set.validUntilSec ?? far;
    const row = new Writer();
    row.u64(key);
    row.u8(set.status ?? 0);
    row.u32(validUntilSec);
    row.u64(issuer);
    row.raw(set.digest);
    row.raw(set.subjectKey ?? Uint8Array.of(1, 2, ...new Uint8Array(32)));
    row.u64(name(set.account ?? ''));
    row.u32(1_000_000_000);
    row.u32(validUntilSec);
    row.u64(0n);
    row.bytes(set.serial);
    row.string(set.node ?? '');
    writeNames(row, set.roles);
    this.put('members', key, row.finish(), name(organisation));
    if (set.account !== undefined) this.#hold(organisation, set.account, key, issuer);
  }

  role(role: string, ...allowed: readonly string[]): void {
    const row = new Writer();
    row.u64(name(role));
    row.string(role.replaceAll('.', '-'));
    writeNames(row, allowed);
    row.u32(90 * 86_400);
    row.u8(1);
    this.put('roles', name(role), row.finish());
  }

  /** Any row; by default in the contract's own scope. */
  put(table: string, key: bigint, data: Uint8Array, scope: Name = names.snapCa): void {
    const at = rowKey(tableId(names.snapCa, scope, name(table)), key);
    this.#rows.apply(new Map([[at, encodeRow(names.snapCa, data)]]));
  }

  #hold(organisation: string, account: string, member: bigint, issuer: bigint): void {
    const row = new Writer();
    row.u64(name(account));
    row.u64(name(organisation));
    row.varuint32(1);
    row.u64(member);
    row.u64(issuer);
    row.raw(new Uint8Array(6));
    this.put('accounts', name(account), row.finish());
  }
}

function writeNames(writer: Writer, list: readonly string[]): void {
  writer.varuint32(list.length);
  for (const entry of list) writer.u64(name(entry));
}
