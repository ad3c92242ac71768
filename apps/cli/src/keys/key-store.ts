/** The key store: a file of private keys, each encrypted; public keys can be read without the passphrase. */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { CommandError, configurationError, exitCodes } from '../program/failures.js';
import {
  COST_DEFAULT,
  type Derivation,
  deriveKey,
  isDerivation,
  isSealed,
  newDerivation,
  open,
  type Sealed,
  seal,
} from './sealing.js';

/** An encrypted private key with its public key, `PUB_…`. */
export type StoredKey = { readonly publicKey: string; readonly secret: Sealed };

/** The content of the file. */
export type KeyStore = {
  readonly version: 1;
  readonly derivation: Derivation;
  /** A known text, by which a wrong passphrase shows even when there are no keys. */
  readonly check: Sealed;
  readonly keys: readonly StoredKey[];
};

/** A store whose passphrase is known. */
export type UnlockedStore = { readonly store: KeyStore; readonly key: Buffer };

const CHECK_LABEL = 'snapscale key store';
/** A passphrase shorter than this is guessed in no time. */
export const PASSPHRASE_LENGTH_MIN = 8;
/** A lock that is older than this was left behind by a crash. */
const LOCK_AGE_MAX_MS = 10_000;

/** Where the store is: below $SNAPSCALE_HOME, else in the user's folder for settings. */
export function keyStorePath(environment: Readonly<Record<string, string | undefined>>): string {
  const { SNAPSCALE_HOME: own, XDG_CONFIG_HOME: settings } = environment;
  if (own !== undefined && own !== '') return join(own, 'keys.json');
  const base = settings !== undefined && settings !== '' ? settings : join(homedir(), '.config');
  return join(base, 'snapscale', 'keys.json');
}

/** Reads the store; undefined when there is none yet. @throws CommandError when the file is not one */
export function readKeyStore(path: string): KeyStore | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw configurationError(`the key store ${path} cannot be read: ${messageOf(error)}`);
  }
  const store = parse(text);
  if (store === undefined) {
    throw configurationError(
      `${path} is not a key store`,
      'Restore it from a copy, or move it away to begin a new one.',
    );
  }
  return store;
}

/** A new, empty store. @param cost of scrypt */
export async function newKeyStore(passphrase: string, cost: number = COST_DEFAULT): Promise<UnlockedStore> {
  const derivation = newDerivation(cost);
  const key = await deriveKey(passphrase, derivation);
  return { store: { version: 1, derivation, check: seal(key, CHECK_LABEL, CHECK_LABEL), keys: [] }, key };
}

/** Opens a store with its passphrase. @throws CommandError when it is another */
export async function unlock(store: KeyStore, passphrase: string): Promise<UnlockedStore> {
  const key = await deriveKey(passphrase, store.derivation);
  if (open(key, CHECK_LABEL, store.check) === undefined) {
    throw new CommandError('wrong_passphrase', exitCodes.unauthorized, 'this is not the passphrase of the key store');
  }
  return { store, key };
}

/** The store with another key; the same store when it is there already. @param privateKey as text */
export function withKey({ store, key }: UnlockedStore, publicKey: string, privateKey: string): KeyStore {
  if (store.keys.some((stored) => stored.publicKey === publicKey)) return store;
  return { ...store, keys: [...store.keys, { publicKey, secret: seal(key, publicKey, privateKey) }] };
}

/** The store without a key. */
export function withoutKey(store: KeyStore, publicKey: string): KeyStore {
  return { ...store, keys: store.keys.filter((stored) => stored.publicKey !== publicKey) };
}

/** A private key as text; undefined when the store does not have it. @throws CommandError when the file was tampered with */
export function privateKeyOf({ store, key }: UnlockedStore, publicKey: string): string | undefined {
  const stored = store.keys.find((entry) => entry.publicKey === publicKey);
  if (stored === undefined) return undefined;
  const secret = open(key, publicKey, stored.secret);
  if (secret === undefined) throw configurationError(`the entry of ${publicKey} in the key store is damaged`);
  return secret;
}

/**
 * Writes the store whole or not at all, readable by its owner alone. `change` gets what the file holds at that moment;
 * two programs at once wait for each other by turns, one of them failing with a clear text when it takes too long.
 */
export function updateKeyStore(path: string, change: (current: KeyStore | undefined) => KeyStore): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const lock = `${path}.lock`;
  takeLock(lock);
  try {
    const temporary = `${path}.${randomUUID()}.new`;
    const text = `${JSON.stringify(change(readKeyStore(path)), null, 2)}\n`;
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    chmodSync(path, 0o600);
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock(lock: string): void {
  for (let attempt = 0; ; attempt++) {
    try {
      closeSync(openSync(lock, 'wx', 0o600));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 0 || ageOf(lock) < LOCK_AGE_MAX_MS) {
        throw configurationError(
          `the key store is in use or cannot be written: ${messageOf(error)}`,
          `If no other snapscale runs, remove ${lock}.`,
        );
      }
      rmSync(lock, { force: true });
    }
  }
}

function ageOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? Number.POSITIVE_INFINITY : Date.now() - stats.mtimeMs;
}

function parse(text: string): KeyStore | undefined {
  let json: Partial<KeyStore>;
  try {
    json = JSON.parse(text) as Partial<KeyStore>;
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null || json.version !== 1) return undefined;
  const { derivation, check, keys } = json;
  if (!isDerivation(derivation) || !isSealed(check) || !Array.isArray(keys)) return undefined;
  const sound = keys.every((key: Partial<StoredKey>) => typeof key?.publicKey === 'string' && isSealed(key.secret));
  return sound ? { version: 1, derivation, check, keys } : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
