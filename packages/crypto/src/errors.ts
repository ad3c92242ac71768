/**
 * The one error class of this package. It is thrown for input that cannot be what the caller says it is
 * (text that is no key, a signature that recovers to nothing); hosts and the protocol layer turn it into a rejection.
 */

/** A cryptographic input was malformed or did not verify. The message says what was attempted; it never holds secret material. */
export class CryptoError extends Error {
  override readonly name = 'CryptoError';
}

/** Throws a {@link CryptoError}; usable where an expression is wanted. */
export function failCrypto(message: string, cause?: unknown): never {
  throw cause === undefined ? new CryptoError(message) : new CryptoError(message, { cause });
}
