/** What a test expects of an action, and how a disagreement is told. */
import type { Json, Rejection, TransactionTrace } from '@snapscale/protocol';

/** `alice`, `alice@owner`, or several of them. */
export type Actors = string | readonly string[];

/** `ok`, a part of the refusal's text, a pattern for it, or its code with a part of the text. */
export type Expected = 'ok' | RegExp | string | { readonly code: string; readonly message?: string | RegExp };

/** An action as a test writes it. */
export type Attempt = {
  readonly account: string;
  readonly action: string;
  readonly actors: Actors;
  readonly data: Json;
};

/** An action that was refused, or was not although a test expected it. */
export class ContractTestError extends Error {
  override readonly name = 'ContractTestError';
  /** Why the chain refused it; undefined when it did not. */
  readonly rejection: Rejection | undefined;

  constructor(message: string, rejection?: Rejection) {
    super(message);
    this.rejection = rejection;
  }
}

/** Text of a refusal without the words that the chain puts before a contract's own. */
export function refusalText({ message }: Rejection): string {
  return message.replace('assertion failure with message: ', '');
}

/** Whether a refusal is the expected one. */
export function isExpected(rejection: Rejection, expected: Exclude<Expected, 'ok'>): boolean {
  const text = refusalText(rejection);
  if (typeof expected === 'string') return text.includes(expected);
  if (expected instanceof RegExp) return expected.test(text);
  if (expected.code !== rejection.code) return false;
  return expected.message === undefined || isExpected(rejection, expected.message);
}

/** One line that says what was tried. */
export function describeAttempt({ account, action, actors, data }: Attempt): string {
  const by = typeof actors === 'string' ? actors : actors.join(' + ');
  return `${account}::${action} by ${by} with ${JSON.stringify(data)}`;
}

/** What happened, with what contracts had printed until then. */
export function describeOutcome({ except, actionTraces }: TransactionTrace): string {
  if (except === undefined) return 'it succeeded';
  const printed = actionTraces.map(({ console }) => console).join('');
  const said = printed === '' ? '' : `\n  printed:  ${printed}`;
  return `${except.code}: ${refusalText(except)}${said}`;
}

/** An expectation as text. */
export function describeExpected(expected: Expected): string {
  if (expected === 'ok') return 'success';
  if (typeof expected === 'string') return JSON.stringify(expected);
  if (expected instanceof RegExp) return String(expected);
  const { code, message } = expected;
  return message === undefined ? code : `${code}: ${typeof message === 'string' ? JSON.stringify(message) : message}`;
}
