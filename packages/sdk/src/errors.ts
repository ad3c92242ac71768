/**
 * The one error of the SDK: what the node, the network or the caller's input did not allow, with EOSIO's number and name,
 * the details, and what to do about it. Needs nothing but the HTTP client, so that programs can load it alone.
 */
import { ApiError, TransportError } from '@snapscale/api';
import { hintFor } from './hints.js';

/** What to make of an error, whatever its name is. */
export type SnapErrorKind =
  /** The request or the input is wrong; the same again fails again. */
  | 'invalid'
  /** An account, table, block, action or transaction does not exist. */
  | 'not-found'
  /** Keys or permissions are missing. */
  | 'unauthorized'
  /** The contract refused, or faulted. */
  | 'contract'
  /** CPU, NET, RAM or fee credit do not suffice. */
  | 'resources'
  /** The transaction can no longer enter a block. */
  | 'expired'
  /** The node has the transaction already. */
  | 'duplicate'
  /** The transaction is accepted but was not final in the time given. */
  | 'not-final'
  /** The node does not answer, or is too busy: try again. */
  | 'unreachable'
  /** Anything else. */
  | 'failed';

/** The parts of an error. */
export type SnapErrorParts = {
  readonly kind: SnapErrorKind;
  /** EOSIO's number, ours from 3990000, 0 where there is none. */
  readonly code: number;
  /** EOSIO's name of the error, as `eosio_assert_message_exception`. */
  readonly name: string;
  /** What the error means. */
  readonly what: string;
  /** What was attempted, with which values; the most telling first. */
  readonly details: readonly string[];
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** The values alone. */
  readonly evidence?: Readonly<Record<string, string>> | undefined;
  /** The same request may succeed later. */
  readonly transient?: boolean | undefined;
  readonly cause?: unknown;
};

/** An error of the SDK. `message` is the most telling detail. */
export class SnapError extends Error {
  override readonly name: string;
  readonly kind: SnapErrorKind;
  readonly code: number;
  readonly what: string;
  readonly details: readonly string[];
  readonly hint: string | undefined;
  readonly evidence: Readonly<Record<string, string>>;
  readonly transient: boolean;

  constructor(parts: SnapErrorParts) {
    super(parts.details[0] ?? parts.what, parts.cause === undefined ? {} : { cause: parts.cause });
    this.name = parts.name;
    this.kind = parts.kind;
    this.code = parts.code;
    this.what = parts.what;
    this.details = parts.details;
    this.hint = parts.hint;
    this.evidence = parts.evidence ?? {};
    this.transient = parts.transient ?? false;
  }
}

/** Throws for input that cannot be right. */
export function invalid(message: string, hint?: string): never {
  throw new SnapError({
    kind: 'invalid',
    code: 0,
    name: 'invalid_input',
    what: 'Invalid input',
    details: [message],
    hint,
  });
}

/** Throws for something that does not exist. */
export function notFound(message: string, hint?: string): never {
  throw new SnapError({
    kind: 'not-found',
    code: 0,
    name: 'not_found',
    what: 'Not found',
    details: [message],
    hint,
  });
}

/** Any thrown value as a `SnapError`; those of the SDK stay as they are. */
export function toSnapError(error: unknown): SnapError {
  if (error instanceof SnapError) return error;
  if (error instanceof ApiError) return fromApiError(error);
  if (error instanceof TransportError) return fromTransportError(error);
  const message = error instanceof Error ? error.message : String(error);
  const name = error instanceof Error ? error.name : 'Error';
  const rejection = rejectionOf(error);
  const kind =
    rejection !== undefined || ['FormatError', 'DecodeError', 'CryptoError'].includes(name) ? 'invalid' : 'failed';
  return new SnapError({
    kind,
    code: 0,
    name: rejection?.code ?? name,
    what: kind === 'invalid' ? 'Invalid input' : 'Unexpected failure',
    details: [message],
    hint: hintFor(rejection?.code ?? name, [message]),
    evidence: rejection?.evidence,
    cause: error,
  });
}

/** The error that `except` of a trace stands for; undefined when there is none. */
export function exceptionOf(except: unknown): SnapError | undefined {
  if (typeof except !== 'object' || except === null) return undefined;
  const { code, name, message, stack } = except as Record<string, unknown>;
  if (typeof code !== 'number' || typeof name !== 'string') return undefined;
  const details = (Array.isArray(stack) ? stack : []).flatMap((entry: { format?: unknown }) =>
    typeof entry?.format === 'string' ? [entry.format] : [],
  );
  const [first] = Array.isArray(stack) ? (stack as { data?: unknown }[]) : [];
  return new SnapError({
    kind: kindOf(code, name, details),
    code,
    name,
    what: typeof message === 'string' ? message : name,
    details,
    hint: hintFor(name, details),
    evidence: textsOf(first?.data),
  });
}

function fromApiError(error: ApiError): SnapError {
  const account = unknownAccountOf(error.details);
  if (account !== undefined) {
    return new SnapError({
      kind: 'not-found',
      code: 3060002,
      name: 'account_query_exception',
      what: 'Account Query Exception',
      details: [`account ${account} does not exist`],
      hint: hintFor('account_query_exception', []),
      evidence: { account },
      cause: error,
    });
  }
  const kind = kindOf(error.code, error.kind, error.details, error.status);
  return new SnapError({
    kind,
    code: error.code,
    name: error.kind,
    what: error.what,
    details: error.details.length > 0 ? error.details : [error.message],
    hint: hintFor(error.kind, error.details, error.status),
    evidence: error.evidence,
    transient: error.transient,
    cause: error,
  });
}

function fromTransportError(error: TransportError): SnapError {
  return new SnapError({
    kind: 'unreachable',
    code: 0,
    name: 'unreachable',
    what: 'The node does not answer',
    details: [error.message.replace(/^\/\S*: /, '')],
    hint: hintFor('unreachable', []),
    transient: true,
    cause: error,
  });
}

/** What nodeos prints where it looks an account up that does not exist. */
function unknownAccountOf(details: readonly string[]): string | undefined {
  const [text = ''] = details;
  return (/^unknown key \(eosio::chain::name\): (\S+)/.exec(text) ??
    /^Fail to retrieve account for (\S+)/.exec(text) ??
    /^account '?([.1-5a-z]+)'? does not exist$/.exec(text))?.[1];
}

const kindByName: Readonly<Record<string, SnapErrorKind>> = {
  eosio_assert_message_exception: 'contract',
  eosio_assert_code_exception: 'contract',
  abort_called: 'contract',
  wasm_execution_error: 'contract',
  page_memory_error: 'contract',
  expired_tx_exception: 'expired',
  tx_duplicate: 'duplicate',
  unauthorized_ram_usage_increase: 'resources',
  account_query_exception: 'not-found',
  unknown_block_exception: 'not-found',
  unknown_transaction_exception: 'not-found',
  tx_not_found: 'not-found',
  action_not_found_exception: 'not-found',
  abi_not_found_exception: 'not-found',
  permission_query_exception: 'not-found',
  snap_insufficient_credit: 'resources',
  snap_sponsor_limit_exceeded: 'resources',
  snap_member_unknown: 'unauthorized',
  snap_member_revoked: 'unauthorized',
};

function kindOf(code: number, name: string, details: readonly string[], status = 500): SnapErrorKind {
  const known = kindByName[name];
  if (known !== undefined) return known;
  if (status === 503 || status === 429) return 'unreachable';
  if (code >= 3_090_000 && code < 3_100_000) return 'unauthorized';
  if (code >= 3_080_000 && code < 3_090_000) return 'resources';
  if (/is not specified in the ABI|^unknown key/i.test(details[0] ?? '')) return 'not-found';
  if (status === 404) return 'not-found';
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 400 || status === 413 || status === 422) return 'invalid';
  return code >= 3_010_000 && code < 3_020_000 ? 'invalid' : 'failed';
}

/** The rejection that an encoder of the protocol throws. */
function rejectionOf(error: unknown): { code: string; evidence?: Record<string, string> } | undefined {
  if (!(error instanceof Error) || error.name !== 'Reject') return undefined;
  return (error as Error & { rejection?: { code: string; evidence?: Record<string, string> } }).rejection;
}

function textsOf(data: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  const texts = Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return texts.length === 0 ? undefined : Object.fromEntries(texts);
}
