/** What a member's certificate says of its holder: URIs in its subject alternative names (consortium.md 1). */

/** Before the name of a node, unique in the network. */
export const nodeUri = 'urn:snap:node:';
/** Before the account of the organisation that issued the certificate. */
export const organisationUri = 'urn:snap:org:';
/** Before a role; a certificate may have several. */
export const roleUri = 'urn:snap:role:';
/** Before the account that the holder acts with, where it has one. */
export const accountUri = 'urn:snap:account:';

/** Roles that a certificate can give. */
export const certificateRoles = ['producer', 'edge', 'observer', 'client', 'device', 'ca-operator', 'auditor'] as const;
export type CertificateRole = (typeof certificateRoles)[number];

/** A role as the chain names it: `ca-operator` is `ca.operator` there, because names have no hyphen. */
export function roleName(role: CertificateRole): string {
  return role.replaceAll('-', '.');
}

/** A role by its name on chain; undefined for one that is defined there alone. */
export function roleOfName(name: string): CertificateRole | undefined {
  return certificateRoles.find((role) => roleName(role) === name);
}

/**
 * Whether a node of this name is one of an organisation: the name is its account, or begins with it and a hyphen. Accounts have
 * no hyphen, so that no organisation can take the name of another one's node.
 */
export function isNodeOf(organisation: string, node: string): boolean {
  return node === organisation || (node.startsWith(`${organisation}-`) && node.length > organisation.length + 1);
}
