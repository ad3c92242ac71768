/** The passphrase of the key store: from a file, from the environment, or asked for. */
import { readFileSync } from 'node:fs';
import { configurationError, usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import { ask } from '../terminal/prompt.js';
import { PASSPHRASE_LENGTH_MIN } from './key-store.js';

const otherwise = 'Give it in $SNAPSCALE_PASSPHRASE, or in a file with --passphrase-file.';

/** The passphrase of the store that exists. */
export async function passphrase(session: Session): Promise<string> {
  return givenPassphrase(session) ?? ask('Passphrase of the key store', { hidden: true, otherwise });
}

/** A passphrase for a new store: asked twice, and not too short. */
export async function newPassphrase(session: Session): Promise<string> {
  const known = givenPassphrase(session);
  if (known !== undefined) return longEnough(known);
  session.output.note('There is no key store yet. Choose a passphrase for it; without it, the keys in it are lost.');
  const first = longEnough(await ask('New passphrase', { hidden: true, otherwise }));
  const second = await ask('The same again', { hidden: true, otherwise });
  if (first !== second) throw usageError('the two passphrases differ');
  return first;
}

/** The passphrase that was given in a file or in the environment; undefined where there is none. */
export function givenPassphrase({ options, environment }: Session): string | undefined {
  const { passphraseFile } = options;
  if (passphraseFile !== undefined) {
    try {
      return readFileSync(passphraseFile, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw configurationError(`the passphrase file cannot be read: ${reason}`);
    }
  }
  const fromEnvironment = environment.SNAPSCALE_PASSPHRASE;
  return fromEnvironment === '' ? undefined : fromEnvironment;
}

function longEnough(text: string): string {
  if ([...text].length >= PASSPHRASE_LENGTH_MIN) return text;
  throw usageError(`a passphrase must have at least ${PASSPHRASE_LENGTH_MIN} characters`);
}
