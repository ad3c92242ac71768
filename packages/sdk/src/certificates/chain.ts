/** Chains: from a member's certificate by its organisation's issuing CA to a root, and what each must be. */
import { isNodeOf } from '@snapscale/api';
import { equalBytes } from '@snapscale/crypto';
import { type Certificate, isIssuedBy } from './certificate.js';
import { failCertificate } from './certificate-error.js';
import { formatDistinguishedName } from './names.js';

const CHAIN_LENGTH_MAX = 8;

/** What a member's certificate says of it. */
export type MemberNames = {
  readonly organisation: string;
  readonly node: string | undefined;
  readonly account: string | undefined;
  readonly roles: readonly string[];
};

/** The chain that begins with `leaf`, as far as its issuers are among `others`. Signatures are checked, dates are not. */
export function chainOf(leaf: Certificate, others: readonly Certificate[]): Certificate[] {
  const chain = [leaf];
  for (let last = leaf; chain.length < CHAIN_LENGTH_MAX && !isSelfIssued(last); last = chain.at(-1)!) {
    const issuer = others.find((other) => isIssuedBy(last, other));
    if (issuer === undefined) break;
    chain.push(issuer);
  }
  return chain;
}

/** Whether subject and issuer are the same. */
export function isSelfIssued({ subject, issuer }: Certificate): boolean {
  return equalBytes(subject.encoding, issuer.encoding);
}

/**
 * Checks that a chain is that of a member: member, issuing CA of its organisation, root. Signatures and dates are not
 * looked at.
 * @throws CertificateError `wrong_profile`
 */
export function checkProfiles([leaf, issuing, root]: readonly Certificate[]): MemberNames {
  if (leaf === undefined || issuing === undefined || root === undefined) {
    return failCertificate('wrong_profile', 'the chain does not have three certificates: member, issuing CA, root');
  }
  checkRoot(root);
  const organisation = checkIssuing(issuing);
  const member = checkMember(leaf);
  if (member.organisation !== organisation) {
    failCertificate('wrong_profile', `the CA of ${organisation} has issued a certificate for ${member.organisation}`);
  }
  return member;
}

/** Checks that a certificate is that of a root. @throws CertificateError */
export function checkRoot(certificate: Certificate): void {
  requireAuthority(certificate, 'a root');
  if (!isIssuedBy(certificate, certificate)) refuse(certificate, 'a root: it is not signed by itself');
}

/** Checks that a certificate is that of an issuing CA. Returns the organisation's account. @throws CertificateError */
export function checkIssuing(certificate: Certificate): string {
  requireAuthority(certificate, 'an issuing CA');
  if (certificate.authority?.pathLength !== 0) refuse(certificate, 'an issuing CA: it could sign further CAs');
  return one(certificate, 'organisations', 'urn:snap:org:');
}

/** What a certificate says of a member. @throws CertificateError when it is not that of a member */
export function checkMember(certificate: Certificate): MemberNames {
  const { authority, names, unknownCritical, keyUsage, extendedKeyUsage } = certificate;
  if (authority !== undefined) refuse(certificate, 'a member: it is that of an authority');
  if (unknownCritical.length > 0)
    refuse(certificate, `a member: it demands to understand ${unknownCritical.join(', ')}`);
  if (!keyUsage.has('digitalSignature')) refuse(certificate, 'a member: its key may not sign');
  if (!extendedKeyUsage.has('clientAuth')) refuse(certificate, 'a member: it is not for clients');
  const organisation = one(certificate, 'organisations', 'urn:snap:org:');
  const node = atMostOne(certificate, 'nodes', 'urn:snap:node:');
  if (node !== undefined && !isNodeOf(organisation, node)) {
    refuse(certificate, `a node of ${organisation}: those are called ${organisation}, or begin with ${organisation}-`);
  }
  return {
    organisation,
    node,
    account: atMostOne(certificate, 'accounts', 'urn:snap:account:'),
    roles: names.roles,
  };
}

function requireAuthority(certificate: Certificate, what: string): void {
  const { authority, keyUsage, unknownCritical } = certificate;
  if (authority === undefined || !keyUsage.has('keyCertSign')) refuse(certificate, `${what}: it may not issue`);
  if (unknownCritical.length > 0)
    refuse(certificate, `${what}: it demands to understand ${unknownCritical.join(', ')}`);
}

function one(certificate: Certificate, kind: 'organisations', prefix: string): string {
  const found = certificate.names[kind];
  return found.length === 1 ? found[0]! : refuse(certificate, `one: it has ${found.length} names ${prefix}…, not one`);
}

function atMostOne(certificate: Certificate, kind: 'nodes' | 'accounts', prefix: string): string | undefined {
  const found = certificate.names[kind];
  return found.length < 2 ? found[0] : refuse(certificate, `one: it has ${found.length} names ${prefix}…, at most one`);
}

function refuse(certificate: Certificate, why: string): never {
  return failCertificate(
    'wrong_profile',
    `the certificate of ${formatDistinguishedName(certificate.subject)} is not that of ${why}`,
  );
}
