/** Error answers: the body that EOSIO clients parse, and the errors that our client throws. */
import { anything, bigInteger, flag, integer, list, optional, record, text, type ValueOf } from './schema.js';

/** What the error is; EOSIO's where EOSIO has it. */
const errorContent = record({
  code: integer('Number of the error.'),
  name: text('Name of the error.'),
  what: text('What it means.'),
  details: list(
    record({
      message: text('What was attempted, with which values.'),
      file: text('Part of the node.'),
      line_number: integer('0.'),
      method: text('Step.'),
    }),
    'Details, most telling first.',
  ),
  evidence: optional(anything('The values alone.')),
  transient: optional(flag('The same request may succeed later.')),
  retry_after_ms: optional(bigInteger('When to try again.')),
});

/** The body of every answer that is not a success. `error.name` and `error.code` are EOSIO's where EOSIO has the error. */
export const errorBody = record(
  {
    code: integer('HTTP status.'),
    message: text('Kind of the error, as nodeos words it.'),
    error: errorContent,
  },
  { title: 'Error' },
);

/** The body of the answer to whom is refused at a node's doors (RFC 9457); it has what `errorBody` has, too. */
export const problemBody = record(
  {
    type: text('`urn:snap:problem:` and the code.'),
    title: text('What the problem is.'),
    status: integer('HTTP status.'),
    detail: text('What is wrong in this case.'),
    code: text('Code of the refusal.'),
    advice: text('What to do about it.'),
    reason: optional(text('What is wrong with the certificate, as `organisation_suspended`.')),
    message: text('Kind of the error, as nodeos words it.'),
    error: errorContent,
  },
  { title: 'Problem' },
);

/** Body of an error answer. */
export type ErrorBody = ValueOf<typeof errorBody>;

/** The node answered that the request failed. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status. */
  readonly status: number;
  /** Path of the request. */
  readonly path: string;
  /** EOSIO's number of the error, or ours from 3990000; 0 when the answer was not of the known form. */
  readonly code: number;
  /** EOSIO's name of the error, as `eosio_assert_message_exception`. */
  readonly kind: string;
  /** What the error means. */
  readonly what: string;
  /** What was attempted, with which values. */
  readonly details: readonly string[];
  /** The values alone. */
  readonly evidence: Readonly<Record<string, string>>;
  /** The same request may succeed later. */
  readonly transient: boolean;

  constructor(path: string, status: number, body: unknown) {
    const { error } = asErrorBody(body);
    const details = error.details.map((detail) => detail.message);
    super(`${path}: ${details[0] ?? error.what} (${status} ${error.name})`);
    this.path = path;
    this.status = status;
    this.code = error.code;
    this.kind = error.name;
    this.what = error.what;
    this.details = details;
    this.evidence = isRecord(error.evidence) ? (error.evidence as Record<string, string>) : {};
    this.transient = error.transient ?? (status === 503 || status === 429);
  }
}

/** There was no answer, or none that is JSON. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** Path of the request. */
  readonly path: string;

  constructor(path: string, message: string, cause?: unknown) {
    super(`${path}: ${message}`, cause === undefined ? {} : { cause });
    this.path = path;
  }
}

function asErrorBody(body: unknown): ErrorBody {
  if (isRecord(body) && isRecord(body.error)) {
    const { code, name, what, details } = body.error;
    if (typeof code === 'number' && typeof name === 'string' && typeof what === 'string') {
      const list = Array.isArray(details) ? details.filter((d) => isRecord(d) && typeof d.message === 'string') : [];
      return { ...body, error: { ...body.error, details: list } } as unknown as ErrorBody;
    }
  }
  return { code: 0, message: '', error: { code: 0, name: 'unknown', what: 'unknown error', details: [] } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
