/** Who a node is to other nodes: its certificate and key, and the authorities whose members it lets in. */
import { createPrivateKey, type KeyObject, sign, verify, X509Certificate } from 'node:crypto';
import { checkName } from './node-name.js';

/** Roles that a certificate can give (`urn:snap:role:…`). */
export const peerRoles = ['producer', 'edge', 'observer', 'client', 'device', 'ca-operator', 'auditor'] as const;
export type PeerRole = (typeof peerRoles)[number];

/** What a member's certificate says of it. */
export type Member = {
  /** Name of the node, unique in the network. */
  readonly node: string;
  readonly organisation: string;
  readonly roles: ReadonlySet<PeerRole>;
  readonly serialNumber: string;
  readonly validToMs: number;
};

/** A node's own identity, as PEM texts. */
export type Identity = {
  readonly certificate: string;
  readonly privateKey: string;
  /** Certificates of the authorities that are trusted. */
  readonly authorities: readonly string[];
};

/** Roles that may hold a connection between nodes. */
const connectable: readonly PeerRole[] = ['producer', 'edge', 'observer'];

/**
 * What a certificate says of its holder. The chain of trust and the dates are the business of TLS.
 * @throws Error when it is not the certificate of a node of such a network
 */
export function memberOf(certificate: X509Certificate): Member {
  const names = uris(certificate);
  const node = one(names, 'urn:snap:node:');
  const organisation = one(names, 'urn:snap:org:');
  checkName(node);
  const roles = names
    .filter((uri) => uri.startsWith('urn:snap:role:'))
    .map((uri) => uri.slice('urn:snap:role:'.length))
    .filter((role): role is PeerRole => (peerRoles as readonly string[]).includes(role));
  if (!roles.some((role) => connectable.includes(role))) {
    throw new Error(
      `the certificate of ${node} gives it the roles [${roles.join(', ')}]: nodes need one of ${connectable.join(', ')}`,
    );
  }
  return {
    node,
    organisation,
    roles: new Set(roles),
    serialNumber: certificate.serialNumber,
    validToMs: Date.parse(certificate.validTo),
  };
}

/** Reads the own identity. @throws Error when the key does not belong to the certificate */
export function openIdentity(identity: Identity): { readonly member: Member; readonly key: KeyObject } {
  const certificate = new X509Certificate(identity.certificate);
  const key = createPrivateKey(identity.privateKey);
  if (!certificate.checkPrivateKey(key)) throw new Error('the private key does not belong to the certificate');
  return { member: memberOf(certificate), key };
}

/** Signature of bytes by a certificate's key. */
export function signAs(key: KeyObject, bytes: Uint8Array): Uint8Array {
  return sign('sha256', bytes, key);
}

/** Whether the holder of a certificate signed these bytes. */
export function isSignedBy(certificate: X509Certificate, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify('sha256', bytes, certificate.publicKey, signature);
  } catch {
    return false;
  }
}

function uris(certificate: X509Certificate): string[] {
  // The text is `URI:a, URI:b`; a name with a comma or a quote in it would be quoted as JSON, which none of ours is.
  return (certificate.subjectAltName ?? '')
    .split(', ')
    .filter((part) => part.startsWith('URI:'))
    .map((part) => part.slice('URI:'.length));
}

function one(names: readonly string[], prefix: string): string {
  const found = names.filter((uri) => uri.startsWith(prefix));
  if (found.length !== 1)
    throw new Error(`the certificate has ${found.length} names that begin with ${prefix}, not one`);
  return found[0]!.slice(prefix.length);
}
