/** Who a node is to other nodes: its certificate and key, and the authorities whose members it lets in. */
import { createPrivateKey, type KeyObject, sign, verify, X509Certificate } from 'node:crypto';
import type { CertificateRole } from '@snapscale/api';
import { keyTypeOf, toHex } from '@snapscale/crypto';
import { parseCertificates } from '@snapscale/sdk/certificates';
import { nodeRefusal, profileOf } from '../admission/profile.js';

/** Roles that a certificate can give (`urn:snap:role:…`). */
export type PeerRole = CertificateRole;

/** What is known of the holder of a node's certificate. */
export type Member = {
  /** Name of the node, unique in the network. */
  readonly node: string;
  /** Account of its organisation. */
  readonly organisation: string;
  readonly roles: readonly string[];
  /** SHA-256 of the certificate in hexadecimal digits. */
  readonly digest: string;
  readonly validFromMs: number;
  /** As far as is known now: the chain may end it sooner, or extend it. */
  readonly validUntilMs: number;
  /** What it showed, in DER: its certificate, and those of CAs. */
  readonly chain: readonly Uint8Array[];
};

/** A node's own identity, as PEM texts. */
export type Identity = {
  readonly certificate: string;
  readonly privateKey: string;
  /** Certificates of the authorities that are trusted. */
  readonly authorities: readonly string[];
};

/** Reads the own identity. @throws Error when it is not that of a node, or the key does not belong to the certificate */
export function openIdentity(identity: Identity): { readonly member: Member; readonly key: KeyObject } {
  const chain = parseCertificates(identity.certificate);
  const certificate = chain[0]!;
  const key = createPrivateKey(identity.privateKey);
  if (!new X509Certificate(certificate.der).checkPrivateKey(key)) {
    throw new Error('the private key does not belong to the certificate');
  }
  if (keyTypeOf(certificate.publicKey) !== 'R1') {
    throw new Error(
      'the key of a node must be P-256: TLS 1.3 has no signatures of secp256k1, which are good for tokens alone',
    );
  }
  const profile = profileOf(certificate);
  const refusal = nodeRefusal(profile);
  if (refusal !== undefined) throw new Error(refusal.message);
  const member = {
    node: profile.node!,
    organisation: profile.organisation,
    roles: profile.roles,
    digest: toHex(certificate.digest),
    validFromMs: certificate.notBeforeSec * 1000,
    validUntilMs: certificate.notAfterSec * 1000,
    chain: chain.map(({ der }) => der),
  };
  return { member, key };
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
