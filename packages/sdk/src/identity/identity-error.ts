/** What went wrong with an identity: its key, its certificate, or the authority that gives it one. */

/** What to make of it, whatever the text says. */
export type IdentityErrorCode =
  /** Key and certificate do not belong together, or the certificate is not that of a member. */
  | 'unusable'
  /** The body of a request cannot be signed: it is a stream. */
  | 'wrong_body'
  /** The node's key cannot be encrypted to. */
  | 'not_encryptable'
  /** The certificate authority said no. */
  | 'refused'
  /** The certificate authority has not decided. */
  | 'waiting'
  /** The answer is not what it should be. */
  | 'malformed_answer';

/** An error of this library. Texts never hold key material. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly code: IdentityErrorCode;

  constructor(code: IdentityErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.code = code;
  }
}
