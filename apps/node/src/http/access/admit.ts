/** From what admission says of a certificate to what the HTTP doors make of it. */
import type { AccessRefusalCode } from '@snapscale/api';
import { memberPermissions } from '@snapscale/execution';
import { formatName } from '@snapscale/protocol';
import type { AdmissionCode, AdmittedMember, Verdict } from '../../admission/verdict.js';

/** Why a request is not let in. */
export type Refused = {
  readonly kind: 'refused';
  readonly code: AccessRefusalCode;
  /** For the client: which check failed, and nothing of what it sent. */
  readonly detail: string | undefined;
  /** What admission says of the certificate, where that is the reason. */
  readonly reason: AdmissionCode | undefined;
};

/** A refusal with a code of the table. */
export function refused(code: AccessRefusalCode, detail?: string, reason?: AdmissionCode): Refused {
  return { kind: 'refused', code, detail, reason };
}

/** The code of the HTTP doors for each of admission's (ACC-6). */
const codes: Readonly<Record<AdmissionCode, AccessRefusalCode>> = {
  malformed: 'certificate_chain',
  untrusted: 'certificate_chain',
  self_signed: 'certificate_chain',
  wrong_profile: 'certificate_chain',
  unknown_issuer: 'certificate_chain',
  not_yet_valid: 'certificate_validity',
  certificate_expired: 'certificate_validity',
  issuer_expired: 'certificate_validity',
  organisation_expired: 'certificate_validity',
  wrong_role: 'role',
  issuer_revoked: 'revoked',
  organisation_suspended: 'revoked',
  organisation_expelled: 'revoked',
  unknown_certificate: 'revoked',
  certificate_revoked: 'revoked',
};

/** The member, or why there is none. */
export function admit(verdict: Verdict): AdmittedMember | Refused {
  if (verdict.kind === 'admitted') return verdict.member;
  return refused(codes[verdict.code], verdict.message, verdict.code);
}

const read = formatName(memberPermissions.read);
const write = formatName(memberPermissions.write);

/** What roles allow at this door where the chain does not say it: as a consortium begins (ACC-14). */
const firstPermissions: Readonly<Record<string, readonly string[]>> = {
  auditor: [read],
  observer: [read],
  'ca-operator': [read, write],
  client: [read, write],
  device: [read, write],
  edge: [read, write],
  producer: [read, write],
};

/** Whether the roles of a member allow something. */
export function isAllowed({ basis, permissions, roles }: AdmittedMember, what: 'read' | 'write'): boolean {
  if (basis === 'chain') return permissions.includes(what);
  return roles.some((role) => firstPermissions[role]?.includes(what) === true);
}
