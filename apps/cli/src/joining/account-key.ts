/**
 * The key of a joining organisation's account, where it came in a file. A key that the inviter has made is known to both: it
 * is replaced by one that is made here, before anything is built on it.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { formatPrivateKey, generatePrivateKey, type PrivateKey, parsePrivateKey } from '@snapscale/crypto';
import { configurationError } from '../program/failures.js';
import { writePrivate } from './walk.js';

/** Word in the file of a key that its maker knows, too. */
const sharedMark = 'Shared: replace it';

/** The text of a key file that is handed over. */
export function handedOverKey(key: PrivateKey, publicKey: string): string {
  return `Private key: ${formatPrivateKey(key)}\nPublic key: ${publicKey}\n${sharedMark}\n`;
}

/** The key as it is kept in the directory of the organisation. */
export class AccountKey {
  readonly #path: string;

  constructor(directory: string) {
    this.#path = join(directory, 'account.key');
  }

  /** Takes over the key of a file, at the first time. @throws CommandError when it holds none */
  take(file: string): void {
    if (existsSync(this.#path)) return;
    const text = readKeyFile(file);
    writePrivate(this.#path, `${privateKeyIn(file, text)}\n${text.includes(sharedMark) ? `${sharedMark}\n` : ''}`);
  }

  /** The key, and the one that is about to replace it; none where the user's own keys are used. */
  get keys(): PrivateKey[] {
    return [this.#path, this.#next].filter(existsSync).map((path) => parsePrivateKey(privateKeyIn(path)));
  }

  /** Whether somebody else knows it. */
  get isShared(): boolean {
    return existsSync(this.#path) && readKeyFile(this.#path).includes(sharedMark);
  }

  /** The key that is to replace it: made once, and kept before it is used. */
  successor(): PrivateKey {
    if (!existsSync(this.#next)) {
      writePrivate(this.#next, `${formatPrivateKey(generatePrivateKey('K1', randomBytes(32)))}\n`);
    }
    return parsePrivateKey(privateKeyIn(this.#next));
  }

  /** The successor is the key from now on: the chain has it. */
  replace(): void {
    renameSync(this.#next, this.#path);
  }

  get #next(): string {
    return `${this.#path}.next`;
  }
}

/** The private key in a file, which may have labels beside it. @throws CommandError */
function privateKeyIn(file: string, text: string = readKeyFile(file)): string {
  const key = text.split(/\s+/).find((word) => /^(5|PVT_)/.test(word));
  if (key !== undefined) return key;
  throw configurationError(`${file} holds no private key`, 'Private keys begin with PVT_K1_, PVT_R1_ or 5.');
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw configurationError(`the key file cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
