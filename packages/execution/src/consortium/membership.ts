/**
 * Whether the consortium lets the holder of a certificate in, by a state of the chain (contracts/system/snap.ca/README.md,
 * *Is a certificate in order?*). X.509 itself, its chain of signatures and its dates, is for the caller to check.
 */
import { equalBytes, type PublicKey, toHex } from '@snapscale/crypto';
import { formatName, type Name, names, secondsToText } from '@snapscale/protocol';
import type { StateReader } from '../state/reader.js';
import {
  type Authority,
  getAccountRow,
  getAuthority,
  getMember,
  getOrganisation,
  getRole,
  keyOfDigest,
  keyOfSerial,
  type MemberRow,
  type Organisation,
} from './rows.js';

/** A certificate that somebody shows, with the CAs above it. */
export type PresentedCertificate = {
  /** SHA-256 of the issuing CA's certificate in DER. */
  readonly issuer: Uint8Array;
  /** SHA-256 of the root's certificate in DER. */
  readonly root: Uint8Array;
  /** Big-endian, without leading zeros. */
  readonly serial: Uint8Array;
  /** SHA-256 of the certificate in DER. */
  readonly digest: Uint8Array;
};

/** Why a certificate is refused. */
export type RefusalCode =
  | 'unknown_issuer'
  | 'issuer_revoked'
  | 'issuer_expired'
  | 'organisation_suspended'
  | 'organisation_expelled'
  | 'organisation_expired'
  | 'unknown_certificate'
  | 'certificate_revoked'
  | 'certificate_expired';

/** Somebody whom the consortium lets in. */
export type Member = {
  readonly kind: 'member';
  readonly organisation: Name;
  /** The account that it acts with, where it has one. */
  readonly account: Name | undefined;
  /** Empty for a member that is no node. */
  readonly node: string;
  /** Those of the certificate that its organisation may give now. */
  readonly roles: readonly Name[];
  /** What these roles allow, each once (`memberPermissions`). */
  readonly permissions: readonly Name[];
  /** When the certificate, its CAs' or its organisation's validity ends, whichever is first. Never later than known now. */
  readonly validUntilSec: number;
  readonly subjectKey: PublicKey;
};

export type MembershipRefusal = { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string };
export type MembershipVerdict = Member | MembershipRefusal;

/** What an account may do by the certificates that it holds. */
export type AccountMembership = Pick<Member, 'organisation' | 'roles' | 'permissions' | 'validUntilSec'>;

/**
 * Judges a certificate at `nowSec`, the later one of the final block's time and the clock's. What no later state takes back
 * (an expelled organisation, what is revoked) is found before what can change. Cost: two hashes at most, four reads and one for each role.
 */
export function checkMembership(
  state: StateReader,
  certificate: PresentedCertificate,
  nowSec: number,
): MembershipVerdict {
  const issuer = authorityOf(state, certificate.issuer);
  const organisation = issuer?.organisation === undefined ? undefined : getOrganisation(state, issuer.organisation);
  const root = authorityOf(state, certificate.root);
  const member = issuer?.organisation === undefined ? undefined : memberOf(state, issuer.organisation, certificate);
  const refusal =
    finalRefusal(certificate, issuer, organisation, root, member) ??
    authorityRefusal(certificate, issuer, root, organisation, nowSec) ??
    certificateRefusal(certificate, organisation, member, nowSec);
  if (refusal !== undefined) return refusal;
  const authorities = [issuer!, root!];
  return { kind: 'member', ...memberFacts(state, organisation!, member!, authorities) };
}

/**
 * What an account may do now as a member: the union of its certificates that are in order, all of one organisation; undefined
 * without one. Roots are not looked at: the row does not name them. Cost: two reads, and three and one for each role for each
 * of at most 16 certificates.
 */
export function accountMembership(state: StateReader, account: Name, nowSec: number): AccountMembership | undefined {
  const held = getAccountRow(state, account);
  const organisation = held === undefined ? undefined : getOrganisation(state, held.organisation);
  if (held === undefined || organisation === undefined) return undefined;
  if (organisation.status !== 'active' || organisation.validUntilSec <= nowSec) return undefined;
  const roles = new Set<Name>();
  let validUntilSec = 0;
  for (const key of held.members) {
    const member = getMember(state, organisation.account, key);
    const issuer = member === undefined ? undefined : getAuthority(state, member.authority);
    if (member === undefined || issuer === undefined || member.isRevoked || issuer.status === 'revoked') continue;
    const untilSec = Math.min(member.validUntilSec, issuer.validUntilSec, organisation.validUntilSec);
    if (untilSec <= nowSec) continue;
    validUntilSec = Math.max(validUntilSec, untilSec);
    for (const role of rolesOf(organisation, member)) roles.add(role);
  }
  if (validUntilSec === 0) return undefined;
  return {
    organisation: organisation.account,
    roles: [...roles],
    permissions: permissionsOf(state, roles),
    validUntilSec,
  };
}

/** Eight bytes of a digest find the row; all of it must be the same. */
function authorityOf(state: StateReader, digest: Uint8Array): Authority | undefined {
  const authority = getAuthority(state, keyOfDigest(digest));
  return authority !== undefined && equalBytes(authority.digest, digest) ? authority : undefined;
}

/** The row of a certificate by its issuer and serial, whatever its digest. */
function memberOf(state: StateReader, organisation: Name, shown: PresentedCertificate): MemberRow | undefined {
  const member = getMember(state, organisation, keyOfSerial(shown.serial));
  if (member === undefined || !equalBytes(member.serial, shown.serial)) return undefined;
  return member.authority === keyOfDigest(shown.issuer) ? member : undefined;
}

function finalRefusal(
  shown: PresentedCertificate,
  issuer: Authority | undefined,
  organisation: Organisation | undefined,
  root: Authority | undefined,
  member: MemberRow | undefined,
): MembershipRefusal | undefined {
  // An organisation is forgotten some time after it was expelled; its issuing CA is then revoked still.
  if (issuer?.organisation !== undefined && (organisation === undefined || organisation.status === 'expelled')) {
    return refused('organisation_expelled', `the consortium has expelled ${formatName(issuer.organisation)}`);
  }
  for (const authority of [issuer, root]) {
    if (authority?.status !== 'revoked') continue;
    const what = authority.organisation === undefined ? 'a root' : `an issuing CA of ${nameOf(authority.organisation)}`;
    return refused('issuer_revoked', `the certificate ${hex(authority.digest)} of ${what} is revoked`);
  }
  if (member?.isRevoked !== true) return undefined;
  return refused(
    'certificate_revoked',
    `the certificate ${hex(shown.serial)} of ${nameOf(issuer?.organisation)} is revoked`,
  );
}

function authorityRefusal(
  shown: PresentedCertificate,
  issuer: Authority | undefined,
  root: Authority | undefined,
  organisation: Organisation | undefined,
  nowSec: number,
): MembershipRefusal | undefined {
  if (issuer?.organisation === undefined || organisation === undefined) {
    return refused('unknown_issuer', `no organisation of the consortium has the issuing CA ${hex(shown.issuer)}`);
  }
  if (root === undefined || root.organisation !== undefined) {
    return refused('unknown_issuer', `the consortium has no root ${hex(shown.root)}`);
  }
  const account = formatName(organisation.account);
  if (organisation.status !== 'active') {
    return refused('organisation_suspended', `the consortium has suspended ${account}`);
  }
  for (const authority of [issuer, root]) {
    if (authority.validUntilSec > nowSec) continue;
    const what = authority === root ? 'a root' : `an issuing CA of ${account}`;
    const until = secondsToText(authority.validUntilSec);
    return refused('issuer_expired', `the certificate ${hex(authority.digest)} of ${what} was valid until ${until}`);
  }
  if (organisation.validUntilSec > nowSec) return undefined;
  const until = secondsToText(organisation.validUntilSec);
  return refused('organisation_expired', `the membership of ${account} was valid until ${until}`);
}

function certificateRefusal(
  shown: PresentedCertificate,
  organisation: Organisation | undefined,
  member: MemberRow | undefined,
  nowSec: number,
): MembershipRefusal | undefined {
  const what = `certificate ${hex(shown.serial)}`;
  if (member === undefined || !equalBytes(member.certificate, shown.digest)) {
    return refused('unknown_certificate', `${nameOf(organisation?.account)} has not entered the ${what}`);
  }
  if (member.validUntilSec > nowSec) return undefined;
  return refused('certificate_expired', `the ${what} was valid until ${secondsToText(member.validUntilSec)}`);
}

function memberFacts(
  state: StateReader,
  organisation: Organisation,
  member: MemberRow,
  authorities: readonly Authority[],
): Omit<Member, 'kind'> {
  const roles = rolesOf(organisation, member);
  return {
    organisation: organisation.account,
    account: member.account,
    node: member.node,
    roles,
    permissions: permissionsOf(state, roles),
    validUntilSec: Math.min(
      member.validUntilSec,
      organisation.validUntilSec,
      ...authorities.map((authority) => authority.validUntilSec),
    ),
    subjectKey: member.subjectKey,
  };
}

function rolesOf(organisation: Organisation, member: MemberRow): readonly Name[] {
  return member.roles.filter((role) => organisation.scope.includes(role));
}

function permissionsOf(state: StateReader, roles: Iterable<Name>): readonly Name[] {
  const allowed = new Set<Name>();
  for (const role of roles) {
    for (const permission of getRole(state, role)?.permissions ?? []) allowed.add(permission);
  }
  return [...allowed];
}

function refused(code: RefusalCode, message: string): MembershipRefusal {
  return { kind: 'refused', code, message };
}

function nameOf(account: Name | undefined): string {
  return formatName(account ?? names.empty);
}

/** Bytes of a stranger in a message: as many as a digest has. */
function hex(bytes: Uint8Array): string {
  return toHex(bytes.subarray(0, 32));
}
