/** What can go wrong in a CA, as it is told to whoever asked. */

/** A refusal: the request is wrong, or may not be. `status` is that of HTTP. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** A word for programs, as `duplicate_key`. */
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The chain cannot be asked or told now. What was asked for is kept; the same again later succeeds. */
export class ChainUnavailable extends Error {
  override readonly name = 'ChainUnavailable';
}

/** The issuing CA is not active on chain any more: it was replaced, and this program has not followed yet. */
export class AuthorityReplaced extends ChainUnavailable {}

/** The contract has refused. */
export class ChainRefusal extends Error {
  override readonly name = 'ChainRefusal';
  /** Keys or permissions are missing: the CA is set up wrongly, the request is not to blame. */
  readonly isUnauthorized: boolean;

  constructor(message: string, isUnauthorized: boolean, options: ErrorOptions = {}) {
    super(message, options);
    this.isUnauthorized = isUnauthorized;
  }
}

/** The CA's directory or command line is not as it must be. The message says what to do. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
