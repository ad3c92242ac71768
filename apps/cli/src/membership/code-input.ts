/** The code of an invitation as the user gives it: in the command, or where other users of the machine do not see it. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { type InvitationCode, isPlainRemote, parseInvitationCode } from '@snapscale/api';
import { CommandError, exitCodes, usageError } from '../program/failures.js';
import { readStandardInput } from '../terminal/prompt.js';

/** Longer files hold no codes. */
const FILE_BYTES_MAX = 8192;

/** A code that was given: itself, `-` for standard input, or the name of a file. @throws CommandError when it is none */
export async function givenCode(text: string | undefined): Promise<string | undefined> {
  if (text === undefined) return undefined;
  const code = text === '-' ? await readStandardInput() : isFile(text) ? readFileSync(text, 'utf8') : text;
  readCode(code);
  return code.trim();
}

/** Reads CODE. @throws CommandError when it is none, or one that must not be used */
export function readCode(text: string): InvitationCode {
  const code = parseInvitationCode(text);
  if (code === undefined) {
    throw usageError(
      'this is no invitation code',
      'A code looks like north~SECRET~http://…: copy the whole of it, or name a file with it, or - for standard input. Without one: snapscale member apply --ca URL --organisation NAME',
    );
  }
  refuseInTheClear(code.url);
  return code;
}

/** @throws CommandError when what is sent to a CA could be read on the way */
export function refuseInTheClear(url: string): void {
  if (!isPlainRemote(url)) return;
  throw new CommandError(
    'in_the_clear',
    exitCodes.usage,
    `${url} is plain HTTP on another machine: codes and secrets could be read on the way there`,
    'Use the HTTPS address of the CA (its --tls-port): with --ca https://…, or in a new code, after "url" in its ca.json is that.',
  );
}

function isFile(path: string): boolean {
  if (path.includes('~') || !existsSync(path)) return false;
  const file = statSync(path);
  return file.isFile() && file.size <= FILE_BYTES_MAX;
}
