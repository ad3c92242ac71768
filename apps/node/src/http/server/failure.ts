/** From whatever went wrong to the error body that EOSIO clients parse (antelope-core 4.4). */
import type { ErrorBody } from '@snapscale/api';
import { CryptoError } from '@snapscale/crypto';
import { DecodeError, FormatError, Reject, type Rejection, type RejectionCode, rejections } from '@snapscale/protocol';

/** The body of an answer that is not a success: `code` is the status, or a code of ours (docs/spec/access.md). */
export type FailureBody = Omit<ErrorBody, 'code'> & { readonly code: number | string };

/** An answer that is not a success. Headers may name another content type than JSON. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly status: number;
  readonly body: FailureBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: FailureBody, headers: Readonly<Record<string, string>> = {}) {
    super(body.error.details[0]?.message ?? body.error.what);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

const words: Readonly<Record<number, string>> = {
  400: 'Invalid Request',
  401: 'UnAuthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Payload Too Large',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Service Error',
  503: 'Busy',
};

/** How nodeos words a status. */
export function statusWords(status: number): string {
  return words[status] ?? 'Error';
}

const kinds: Partial<Record<RejectionCode, string>> = {
  unknown_block_exception: 'Unknown Block',
  account_query_exception: 'Account lookup',
};

/** What nodeos prints for errors without a number of their own. */
const unspecified = { code: 0, name: 'exception', what: 'unspecified' } as const;

type Detail = { readonly message: string; readonly file?: string; readonly method?: string };

function body(
  status: number,
  message: string,
  error: { readonly code: number; readonly name: string; readonly what: string },
  detail: Detail,
  extra: Readonly<Record<string, unknown>> = {},
): ErrorBody {
  const { message: text, file = 'snapscale', method = '' } = detail;
  return {
    code: status,
    message,
    error: { ...error, details: [{ message: text, file, line_number: 0, method }], ...extra } as ErrorBody['error'],
  };
}

/** A failure for a rejection. `status` overrides the table's. */
export function rejectionFailure(rejection: Rejection, status = rejections[rejection.code].http): HttpFailure {
  const { eosioCode, name, what } = rejections[rejection.code];
  const kind = kinds[rejection.code] ?? words[status] ?? words[500]!;
  const extra = {
    ...(rejection.evidence === undefined ? {} : { evidence: rejection.evidence }),
    ...(status === 503 ? { transient: true } : {}),
  };
  const shown = { code: eosioCode, name, what };
  return new HttpFailure(status, body(status, kind, shown, { message: rejection.message }, extra));
}

/** The request is not of the form that the route takes: 400 with `invalid_http_request`. */
export function invalidRequest(message: string): HttpFailure {
  return rejectionFailure({ code: 'invalid_http_request', message });
}

/** A failure of the transport or of the server, with nodeos's unspecific error. */
export function plainFailure(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  extra: Readonly<Record<string, unknown>> = {},
): HttpFailure {
  const detail = { message, file: 'http_plugin.cpp', method: 'handle_http_request' };
  return new HttpFailure(status, body(status, statusWords(status), unspecified, detail, extra), headers);
}

/** A client asked for more than its rate allows. */
export function tooMany(retryAfterMs: number): HttpFailure {
  const headers = { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
  return plainFailure(429, 'too many requests', headers, { transient: true, retry_after_ms: retryAfterMs });
}

/** Nothing answers at this path. */
export function unknownEndpoint(): HttpFailure {
  return plainFailure(404, 'Unknown Endpoint');
}

/** The queue of transactions is full, or too many requests wait. */
export function busy(message = 'too many requests are waiting, try again later'): HttpFailure {
  return plainFailure(503, message, { 'retry-after': '1' }, { transient: true, retry_after_ms: 1000 });
}

/**
 * An account that does not exist, in the form that nodeos gives it where it looks accounts up directly: wallets (and
 * WharfKit's `Account not found`) recognise the words, the file and the missing number.
 */
export function unknownAccount(account: string): HttpFailure {
  const detail = {
    message: `unknown key (eosio::chain::name): ${account}`,
    file: 'http_plugin.cpp',
    method: 'handle_exception',
  };
  return new HttpFailure(500, body(500, words[500]!, unspecified, detail));
}

/** The failure that an error stands for; undefined when it is a fault of the node, which must be logged. */
export function failureOf(error: unknown): HttpFailure | undefined {
  if (error instanceof HttpFailure) return error;
  if (error instanceof Reject) return rejectionFailure(error.rejection);
  if (error instanceof FormatError || error instanceof DecodeError || error instanceof CryptoError) {
    return invalidRequest(error.message);
  }
  return undefined;
}

/** What clients see of a fault of the node: nothing but that there was one. */
export function faultFailure(): HttpFailure {
  return rejectionFailure({
    code: 'snap_node_failure',
    message: 'the node could not complete the request; see its log',
  });
}
