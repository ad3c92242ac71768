/** Why the network, or a command to it, did not do what was asked. */
export class LaunchFailure extends Error {
  override readonly name = 'LaunchFailure';
  /** What is known besides, for example the last lines of a log. */
  readonly lines: readonly string[];
  /** What to do. */
  readonly hint: string | undefined;

  constructor(message: string, options: { readonly lines?: readonly string[]; readonly hint?: string } = {}) {
    super(message);
    this.lines = options.lines ?? [];
    this.hint = options.hint;
  }
}

/** Any error as a failure with words for people. */
export function toFailure(error: unknown): LaunchFailure {
  if (error instanceof LaunchFailure) return error;
  if (!(error instanceof Error)) return new LaunchFailure(String(error));
  const code = (error as NodeJS.ErrnoException).code ?? (error.cause as NodeJS.ErrnoException | undefined)?.code;
  const message = error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
  if (code === 'ENOSPC') return new LaunchFailure(`the disk is full: ${message}`, { hint: diskHint });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new LaunchFailure(message, { hint: 'Give a directory that you may write to: --data DIR' });
  }
  return new LaunchFailure(message);
}

/** What to do when the disk is full. */
export const diskHint = 'Make room, or keep the network on another disk: --data DIR';
