/**
 * The rows of `snap.ca` as bytes: contracts/system/snap.ca/README.md has their layout, tables.hpp their meaning.
 *
 * The account is a contract that can be replaced. A row that does not have the layout is read as one that is not there, so
 * that nodes refuse what it would have allowed, and go on. Fields that a later version adds at the end are passed over.
 */
import { type PublicKey, sha256 } from '@snapscale/crypto';
import { DecodeError, type Name, name, names, Reader } from '@snapscale/protocol';
import { rowKey, rowPrefix, tableId } from '../state/keys.js';
import { keyAfter, prefixEnd, type StateKey, type StateReader } from '../state/reader.js';
import { decodeRow } from '../state/records.js';

/** The standing of an organisation (`orgs`). */
export type OrganisationStatus = 'active' | 'suspended' | 'expelled';

/** An organisation of the consortium. */
export type Organisation = {
  readonly account: Name;
  readonly status: OrganisationStatus;
  /** No certificate of its members is valid after this. */
  readonly validUntilSec: number;
  readonly statusSinceSec: number;
  /** Certificates that may be active at a time. */
  readonly quota: number;
  /** Weight of its vote. */
  readonly weight: number;
  readonly title: string;
  /** Roles that it may give. */
  readonly scope: readonly Name[];
  /** Keys of its rows in `authorities`, the newest last. */
  readonly authorities: readonly bigint[];
  /** Accounts of members that may be elected. */
  readonly producers: readonly Name[];
};

/** The standing of a CA's certificate (`authorities`): `retired` ones issue no more, and what they have issued is valid. */
export type AuthorityStatus = 'active' | 'retired' | 'revoked';

/** The certificate of a root or of an organisation's issuing CA. */
export type Authority = {
  /** Its key in the table, as other rows name it. */
  readonly key: bigint;
  /** SHA-256 of the certificate in DER. */
  readonly digest: Uint8Array;
  /** Undefined: a root. */
  readonly organisation: Name | undefined;
  readonly status: AuthorityStatus;
  /** Nothing that it has issued is valid after this. */
  readonly validUntilSec: number;
  readonly notAfterSec: number;
  /** When it was revoked; 0: it was not. */
  readonly revokedSec: number;
  /** RFC 5280 section 5.3.1. */
  readonly reason: number;
  /** X.509 in DER, as the contract has it: nobody has parsed it. */
  readonly der: Uint8Array;
};

/** A certificate that was issued (`members`). */
export type MemberRow = {
  readonly isRevoked: boolean;
  /** Another certificate has taken its place: it is valid only for a while yet. */
  readonly isSuperseded: boolean;
  readonly validUntilSec: number;
  readonly authority: bigint;
  readonly certificate: Uint8Array;
  readonly subjectKey: PublicKey;
  readonly account: Name | undefined;
  readonly serial: Uint8Array;
  readonly node: string;
  readonly roles: readonly Name[];
};

/** What a role allows (`roles`). */
export type Role = {
  readonly role: Name;
  /** In certificates: `urn:snap:role:LABEL`. */
  readonly label: string;
  readonly permissions: readonly Name[];
  /** The longest life of a certificate with it. */
  readonly lifeSec: number;
  /** False: no new certificate gets it. */
  readonly isGiven: boolean;
};

/** What an account holds (`accounts`). */
export type AccountRow = { readonly organisation: Name; readonly members: readonly bigint[] };

/** The row `state`. */
export type StateRow = { readonly version: bigint; readonly roots: readonly bigint[] };

/** Who may read at nodes, by the parameter `reads`. */
export type ReadPolicy = 'open' | 'members' | 'roles';

const organisationStatuses = ['active', 'suspended', 'expelled'] as const;
const authorityStatuses = ['active', 'retired', 'revoked'] as const;
const readPolicies = ['open', 'members', 'roles'] as const;
const memberStatusMax = 2;
const memberSuperseded = 1;
const memberRevoked = 2;

/** More than the contract allows; what a contract in its place writes is not read without end. */
const listMax = 2048;
const namesMax = 64;

const self = names.snapCa;
const ownTable = (table: string): StateKey => tableId(self, self, name(table));
const organisations = ownTable('orgs');
const authorities = ownTable('authorities');
const roles = ownTable('roles');
const accounts = ownTable('accounts');
const stateKey = rowKey(ownTable('state'), name('state'));
const parametersKey = rowKey(ownTable('params'), name('params'));
const members = name('members');

/** The key of a digest: its first eight bytes as a big-endian number. */
export function keyOfDigest(digest: Uint8Array): bigint {
  let key = 0n;
  for (let i = 0; i < 8; i++) key = (key << 8n) | BigInt(digest[i] ?? 0);
  return key;
}

/** The key of a serial, which is big-endian without leading zeros. */
export function keyOfSerial(serial: Uint8Array): bigint {
  return keyOfDigest(sha256(serial));
}

/** One read. */
export function getOrganisation(state: StateReader, account: Name): Organisation | undefined {
  return read(state, rowKey(organisations, account), readOrganisation);
}

/** All organisations by account, those that were expelled included. */
export function listOrganisations(state: StateReader): readonly Organisation[] {
  return list(state, organisations, readOrganisation);
}

/** One read. */
export function getAuthority(state: StateReader, key: bigint): Authority | undefined {
  return read(state, rowKey(authorities, key), readAuthority);
}

/** All certificates of roots and issuing CAs. */
export function listAuthorities(state: StateReader): readonly Authority[] {
  return list(state, authorities, readAuthority);
}

/** One read. */
export function getMember(state: StateReader, organisation: Name, key: bigint): MemberRow | undefined {
  return read(state, rowKey(tableId(self, organisation, members), key), readMember);
}

/** One read. */
export function getRole(state: StateReader, role: Name): Role | undefined {
  return read(state, rowKey(roles, role), readRole);
}

/** All roles by name. */
export function listRoles(state: StateReader): readonly Role[] {
  return list(state, roles, readRole);
}

/** One read. */
export function getAccountRow(state: StateReader, account: Name): AccountRow | undefined {
  return read(state, rowKey(accounts, account), readAccountRow);
}

/** The row `state`; undefined before the consortium is founded, 'malformed' where something else stands there. One read. */
export function getStateRow(state: StateReader): StateRow | 'malformed' | undefined {
  const value = state.get(stateKey);
  return value === undefined ? undefined : (decoded(value, readStateRow) ?? 'malformed');
}

/** Who may read; the strictest where no row says so. One read. */
export function getReadPolicy(state: StateReader): ReadPolicy {
  return read(state, parametersKey, (reader) => oneOf(readPolicies, reader)) ?? 'roles';
}

function read<T>(state: StateReader, key: StateKey, decode: (reader: Reader) => T): T | undefined {
  const value = state.get(key);
  return value === undefined ? undefined : decoded(value, decode);
}

function list<T>(state: StateReader, table: StateKey, decode: (reader: Reader) => T): readonly T[] {
  const prefix = rowPrefix(table);
  const end = prefixEnd(prefix);
  const rows: T[] = [];
  let entry = state.first(prefix, end);
  for (let count = 0; entry !== undefined && count < listMax; count++) {
    const row = decoded(entry.value, decode);
    if (row !== undefined) rows.push(row);
    entry = state.first(keyAfter(entry.key), end);
  }
  return rows;
}

function decoded<T>(value: Uint8Array, decode: (reader: Reader) => T): T | undefined {
  try {
    return decode(new Reader(decodeRow(value).data));
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function readOrganisation(reader: Reader): Organisation {
  const account = reader.u64() as Name;
  const status = oneOf(organisationStatuses, reader);
  const validUntilSec = reader.u32();
  const statusSinceSec = reader.u32();
  const quota = reader.u32();
  const weight = reader.u16();
  reader.u32();
  return {
    account,
    status,
    validUntilSec,
    statusSinceSec,
    quota,
    weight,
    title: reader.string(),
    scope: readNames(reader),
    authorities: readNames(reader),
    producers: readNames(reader),
  };
}

function readAuthority(reader: Reader): Authority {
  return {
    key: reader.u64(),
    digest: reader.raw(32),
    organisation: readAccount(reader),
    status: oneOf(authorityStatuses, reader),
    validUntilSec: reader.u32(),
    notAfterSec: reader.u32(),
    revokedSec: reader.u32(),
    reason: reader.u8(),
    der: reader.bytes(),
  };
}

function readMember(reader: Reader): MemberRow {
  reader.u64();
  const status = reader.u8();
  if (status > memberStatusMax) reader.fail(`there is no status ${status} of a certificate`);
  const validUntilSec = reader.u32();
  const authority = reader.u64();
  const certificate = reader.raw(32);
  const subjectKey = reader.raw(34);
  if (subjectKey[0]! > 1) reader.fail(`there is no kind ${subjectKey[0]} of subject keys`);
  const account = readAccount(reader);
  // When it begins and ends by itself, and its row in `revocations`: `valid_until` and the status say all that counts.
  reader.raw(4 + 4 + 8);
  return {
    isRevoked: status === memberRevoked,
    isSuperseded: status === memberSuperseded,
    validUntilSec,
    authority,
    certificate,
    subjectKey: subjectKey as PublicKey,
    account,
    serial: reader.bytes(),
    node: reader.string(),
    roles: readNames(reader),
  };
}

function readRole(reader: Reader): Role {
  return {
    role: reader.u64() as Name,
    label: reader.string(),
    permissions: readNames(reader),
    lifeSec: reader.u32(),
    isGiven: reader.bool(),
  };
}

function readAccountRow(reader: Reader): AccountRow {
  reader.u64();
  const organisation = reader.u64() as Name;
  const count = reader.count(namesMax, 22);
  const keys: bigint[] = [];
  for (let i = 0; i < count; i++) {
    keys.push(reader.u64());
    // Authority, end and two flags, which the row in `members` has too.
    reader.raw(8 + 4 + 1 + 1);
  }
  return { organisation, members: keys };
}

function readStateRow(reader: Reader): StateRow {
  const version = reader.u64();
  // Counters of proposals, admissions, organisations and weights.
  reader.raw(8 + 4 + 2 + 4);
  return { version, roots: readNames(reader) };
}

function readAccount(reader: Reader): Name | undefined {
  const account = reader.u64() as Name;
  return account === names.empty ? undefined : account;
}

function readNames(reader: Reader): readonly Name[] {
  const count = reader.count(namesMax, 8);
  return Array.from({ length: count }, () => reader.u64() as Name);
}

function oneOf<T>(values: readonly T[], reader: Reader): T {
  const index = reader.u8();
  return values[index] ?? reader.fail(`there is no value ${index}`);
}
