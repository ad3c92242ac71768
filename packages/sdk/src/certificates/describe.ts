/** Certificates as people read them. */
import { formatPublicKey, toHex } from '@snapscale/crypto';
import type { Certificate } from './certificate.js';
import { formatDistinguishedName } from './names.js';

/** The fields of a certificate as text. Serials and digests are hex, times RFC 3339. */
export type CertificateDescription = {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  /** SHA-256 of the certificate. */
  readonly digest: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly state: 'valid' | 'expired' | 'not yet valid';
  /** `PUB_R1_…` or `PUB_K1_…`: the same key on chain. */
  readonly subject_key: string;
  readonly kind: 'root' | 'issuing CA' | 'member';
  readonly organisation: string | undefined;
  readonly node: string | undefined;
  readonly account: string | undefined;
  readonly roles: readonly string[];
  readonly hosts: readonly string[];
  readonly usages: readonly string[];
  readonly crl_urls: readonly string[];
};

/** Describes a certificate at a time. */
export function describeCertificate(certificate: Certificate, nowMs: number): CertificateDescription {
  const { names, notBeforeSec, notAfterSec } = certificate;
  const nowSec = nowMs / 1000;
  return {
    subject: formatDistinguishedName(certificate.subject),
    issuer: formatDistinguishedName(certificate.issuer),
    serial: toHex(certificate.serial),
    digest: toHex(certificate.digest),
    not_before: rfc3339(notBeforeSec),
    not_after: rfc3339(notAfterSec),
    state: nowSec < notBeforeSec ? 'not yet valid' : nowSec >= notAfterSec ? 'expired' : 'valid',
    subject_key: formatPublicKey(certificate.publicKey),
    kind:
      certificate.authority === undefined ? 'member' : certificate.authority.pathLength === 0 ? 'issuing CA' : 'root',
    organisation: names.organisations[0],
    node: names.nodes[0],
    account: names.accounts[0],
    roles: names.roles,
    hosts: [...names.dns, ...names.addresses],
    usages: [...certificate.keyUsage, ...certificate.extendedKeyUsage],
    crl_urls: certificate.crlUrls,
  };
}

function rfc3339(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
