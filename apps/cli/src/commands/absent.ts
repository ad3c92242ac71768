/** Verbs of cleos that this version does not have: told so, with what to use instead. */
import type { Handler } from '../program/command.js';
import { CommandError, exitCodes } from '../program/failures.js';

/** A command that only says that it is not there. */
export function absent(what: string, instead?: string): () => Promise<Handler> {
  return async () => async () => {
    throw new CommandError(
      'not_in_this_version',
      exitCodes.notFound,
      `${what} is not in this version of snapscale`,
      instead,
    );
  };
}
