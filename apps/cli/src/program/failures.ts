/** How commands fail: exit codes, the errors of the program itself, and what is said about any error. */
import { type AccessRefusalCode, accessRefusals } from '@snapscale/api';
import { type SnapError, type SnapErrorKind, toSnapError } from '@snapscale/sdk/errors';

/** What the exit code of the process means. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  /** Wrong command line, or cancelled by the user. */
  usage: 2,
  notFound: 3,
  /** Keys, permissions or certificates are missing. */
  unauthorized: 4,
  /** The contract refused. */
  contract: 5,
  /** Resources or fees do not suffice. */
  resources: 6,
  /** No answer in time: trying again makes sense. */
  unreachable: 7,
  /** Sent and accepted, but not final in the time given. */
  notFinal: 8,
  /** Key store, files or settings are not usable. */
  configuration: 9,
} as const;

/** An error that the command line itself finds. */
export class CommandError extends Error {
  override readonly name: string;
  readonly exitCode: number;
  readonly hint: string | undefined;
  /** Lines below the message, and values for the problem document. */
  readonly annotation: Pick<Annotation, 'lines' | 'values'>;

  constructor(
    name: string,
    exitCode: number,
    message: string,
    hint?: string,
    annotation: Pick<Annotation, 'lines' | 'values'> = {},
  ) {
    super(message);
    this.name = name;
    this.exitCode = exitCode;
    this.hint = hint;
    this.annotation = annotation;
  }
}

/** The command line cannot be followed. */
export function usageError(message: string, hint?: string): CommandError {
  return new CommandError('usage', exitCodes.usage, message, hint);
}

/** Something on this machine is not usable: the key store, a file, a setting. */
export function configurationError(message: string, hint?: string): CommandError {
  return new CommandError('configuration', exitCodes.configuration, message, hint);
}

/** The user said no. */
export function cancelled(message = 'cancelled'): CommandError {
  return new CommandError('cancelled', exitCodes.usage, message);
}

const exitCodeOfKind: Readonly<Record<SnapErrorKind, number>> = {
  invalid: exitCodes.usage,
  'not-found': exitCodes.notFound,
  unauthorized: exitCodes.unauthorized,
  contract: exitCodes.contract,
  resources: exitCodes.resources,
  expired: exitCodes.unreachable,
  duplicate: exitCodes.failed,
  'not-final': exitCodes.notFinal,
  unreachable: exitCodes.unreachable,
  failed: exitCodes.failed,
};

/** All that is said about an error. */
export type Failure = {
  readonly exitCode: number;
  /** What went wrong, in a sentence without its stop. */
  readonly title: string;
  /** What is known besides. */
  readonly lines: readonly string[];
  /** What to do. */
  readonly hints: readonly string[];
  /** EOSIO's name and number, where there is one. */
  readonly reference: string | undefined;
  /** RFC 9457. */
  readonly problem: Readonly<Record<string, unknown>>;
};

/** Lines and values that a command adds to an error on its way. */
export type Annotation = {
  readonly title?: string;
  readonly lines?: readonly string[];
  readonly hints?: readonly string[];
  readonly values?: Readonly<Record<string, unknown>>;
};

/** An error with what a command knows about its cause. */
export class AnnotatedError extends Error {
  override readonly name = 'AnnotatedError';
  readonly error: SnapError;
  readonly annotation: Annotation;

  constructor(error: SnapError, annotation: Annotation) {
    super(error.message, { cause: error });
    this.error = error;
    this.annotation = annotation;
  }
}

/** What to say about anything that was thrown. @param url of the node, for hints */
export function describeFailure(thrown: unknown, url: string): Failure {
  const own = commandErrorIn(thrown);
  if (own !== undefined) return commandFailure(own);
  const annotation = thrown instanceof AnnotatedError ? thrown.annotation : {};
  const error = thrown instanceof AnnotatedError ? thrown.error : toSnapError(thrown);
  const title = annotation.title ?? titleOf(error);
  const hints = annotation.hints ?? hintsOf(error, url);
  const lines = [...(annotation.lines ?? []), ...error.details.slice(1)];
  const exitCode = exitCodeOfKind[error.kind];
  const reference = error.code === 0 ? undefined : `${error.name} (${error.code})`;
  return {
    exitCode,
    title,
    lines,
    hints,
    reference,
    problem: {
      type: `urn:snapscale:error:${error.name}`,
      title: error.what,
      detail: title,
      code: error.code,
      name: error.name,
      kind: error.kind,
      exit_code: exitCode,
      transient: error.transient,
      ...(error.details.length > 0 ? { details: error.details } : {}),
      ...(Object.keys(error.evidence).length > 0 ? { evidence: error.evidence } : {}),
      ...(hints.length > 0 ? { fix: hints } : {}),
      ...annotation.values,
    },
  };
}

/** An error of the program itself, also where it came up within a request and counts as its failure. */
function commandErrorIn(thrown: unknown): CommandError | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) if (error instanceof CommandError) return error;
  return undefined;
}

function commandFailure({ name, exitCode, message, hint, annotation }: CommandError): Failure {
  const hints = hint === undefined ? [] : [hint];
  return {
    exitCode,
    title: message,
    lines: annotation.lines ?? [],
    hints,
    reference: undefined,
    problem: {
      type: `urn:snapscale:error:${name}`,
      title: titles[name] ?? name,
      detail: message,
      name,
      exit_code: exitCode,
      transient: false,
      ...(hints.length > 0 ? { fix: hints } : {}),
      ...annotation.values,
    },
  };
}

const titles: Readonly<Record<string, string>> = {
  usage: 'The command line cannot be followed',
  configuration: 'Something on this machine is not usable',
  cancelled: 'Cancelled',
  not_in_this_version: 'Not in this version',
  proof_invalid: 'The proof proves nothing',
  tests_failed: 'Tests of the contract failed',
  build_failed: 'The sources cannot be compiled',
  network_not_running: 'No network of this machine is running',
  network_running: 'A network is running already',
  network_refused: 'The network could not do it',
  network_failed: 'The network has ended',
  contract_differs: 'The deployed contract is not what the source builds into',
};

/** The sentence for an error: the words of a contract as the contract's, otherwise the most telling detail. */
function titleOf(error: SnapError): string {
  // Where the node has nothing more to say than what to do, the problem itself is the title.
  const { advice } = accessRefusals[accessCodeOf(error) as AccessRefusalCode] ?? {};
  if (advice !== undefined && error.message === advice) return error.what;
  const assertion = /^assertion failure with message: ?([\s\S]*)$/.exec(error.message)?.[1];
  if (assertion !== undefined) return `the contract refused: ${assertion === '' ? '(no reason given)' : assertion}`;
  const code = /^assertion failure with error code: (\d+)/.exec(error.message)?.[1];
  if (code !== undefined) return `the contract refused with error code ${code}`;
  return error.message;
}

function hintsOf(error: SnapError, url: string): string[] {
  if (error.name === 'unreachable') {
    const distrust = distrustOf(error);
    if (distrust !== undefined) {
      return [
        `It shows a certificate that is not trusted here: ${distrust}. With --identity NAME the roots of its network are; else name a file with them in NODE_EXTRA_CA_CERTS.`,
      ];
    }
    return [
      isLocal(url)
        ? 'Is it running? Start one with: npm start'
        : 'Is the address right? It is set with -u, or with SNAPSCALE_URL.',
    ];
  }
  const access = accessCodeOf(error);
  if (access !== undefined) return [accessHints[access] ?? accessRefusals[access as AccessRefusalCode]?.advice ?? ''];
  return error.hint === undefined ? [] : [error.hint];
}

/** Why a node does not let the user in; undefined for errors of another kind. */
function accessCodeOf({ name }: SnapError): string | undefined {
  return /^snap_access_(.+)$/.exec(name)?.[1];
}

/** What users of this program do when a node does not let them in; the advice of the node is for those who make tokens. */
const accessHints: Readonly<Record<string, string>> = {
  missing:
    'Name your certificate with --identity NAME, or SNAPSCALE_IDENTITY. Without one: ask an organisation for an invitation, then snapscale member apply CODE.',
  certificate_validity:
    'Renew it: snapscale member renew --identity NAME. If it has expired: snapscale member apply CODE.',
  certificate_chain: 'It is of another network, or of an organisation that this one does not know.',
};

/** Why the TLS certificate of a node is not trusted; undefined where that was not the problem. */
function distrustOf(thrown: SnapError): string | undefined {
  for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code)) return error.message;
  }
  return undefined;
}

function isLocal(url: string): boolean {
  return /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])([:/]|$)/.test(url);
}
