/** A certificate as doors look at it: read strictly for what it says, and by OpenSSL for its signature. */
import { X509Certificate } from 'node:crypto';
import { sha256, toHex } from '@snapscale/crypto';
import { type Certificate, CertificateError, parseCertificate } from '@snapscale/sdk/certificates';

export type ParsedCertificate = Certificate & {
  /** `digest` in hexadecimal digits. */
  readonly digestHex: string;
  readonly x509: X509Certificate;
};

/** SHA-256 of a certificate in DER, in hexadecimal digits. */
export function digestOf(der: Uint8Array): string {
  return toHex(sha256(der));
}

/** Reads DER that a stranger may have sent. Undefined when it is no certificate of such a network. Cost: about 0.4 ms. */
export function readCertificate(der: Uint8Array): ParsedCertificate | undefined {
  try {
    return openCertificate(der);
  } catch {
    return undefined;
  }
}

/** Reads DER. @throws Error that says what is wrong with it */
export function openCertificate(der: Uint8Array): ParsedCertificate {
  const certificate = parseCertificate(der);
  const x509 = new X509Certificate(certificate.der);
  // Two readers must not see two certificates in the same bytes.
  if (Buffer.compare(x509.raw, certificate.der) !== 0) {
    throw new CertificateError('malformed', 'the bytes are not those of exactly one certificate');
  }
  return { ...certificate, digestHex: toHex(certificate.digest), x509 };
}
