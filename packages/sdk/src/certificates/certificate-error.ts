/** What is wrong with a certificate, a request, a list or a key. */

/** What to make of it, whatever the text says. */
export type CertificateErrorCode =
  /** Not DER, not PEM, or not what it should be. */
  | 'malformed'
  | 'too_large'
  /** A kind of key that is not accepted. */
  | 'weak_key'
  /** A signature that does not belong to the key: no proof of possession, or a forged certificate. */
  | 'wrong_signature'
  /** Well-formed, but not a certificate or request of such a network. */
  | 'wrong_profile'
  | 'wrong_passphrase';

/** An error of this library. Texts never hold key material. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.code = code;
  }
}

/** Throws a `CertificateError`. */
export function failCertificate(code: CertificateErrorCode, message: string): never {
  throw new CertificateError(code, message);
}
