/**
 * The three ways in which crossing the wire can fail. The first two are what peers and users can cause; they are always
 * thrown by decoders and parsers, and turned into a `Rejection` at the boundary. `EncodeError` is a bug of the caller.
 */

/** Bytes that are not an encoding of the expected type. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  /** What was wrong, without the position. */
  readonly what: string;
  /** Byte offset into the input at which it was noticed. */
  readonly offset: number;

  constructor(what: string, offset: number) {
    super(`${what} (at byte ${offset})`);
    this.what = what;
    this.offset = offset;
  }
}

/** Text or JSON that is not a form of the expected type. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/** A value that its schema cannot represent was passed to an encoder: a mistake in the calling code, never of a peer. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError';
}
