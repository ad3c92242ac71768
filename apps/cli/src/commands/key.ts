/** `create key`, `key import`, `key list`, `key export`, `key remove`: keys and the encrypted file that holds them. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  formatLegacyPublicKey,
  formatPrivateKey,
  formatPublicKey,
  formatWif,
  generatePrivateKey,
  type PrivateKey,
  parsePrivateKey,
  parsePublicKey,
  publicKeyOf,
} from '@snapscale/crypto';
import { developmentPublicKey, isDevelopmentNetwork } from '../keys/development.js';
import {
  keyStorePath,
  newKeyStore,
  privateKeyOf,
  readKeyStore,
  type UnlockedStore,
  unlock,
  updateKeyStore,
  withKey,
  withoutKey,
} from '../keys/key-store.js';
import { newPassphrase, passphrase } from '../keys/passphrase.js';
import type { Handler } from '../program/command.js';
import { CommandError, cancelled, configurationError, exitCodes, usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import { fields, table } from '../terminal/layout.js';
import { ask, canAsk, readStandardInput } from '../terminal/prompt.js';

export const createKey: Handler = async (session, values) => {
  const { output } = session;
  const key = generatePrivateKey(values.flag('r1') ? 'R1' : 'K1', randomBytes(32));
  const publicKey = formatPublicKey(publicKeyOf(key));
  const file = values.text('file');
  if (values.flag('save')) {
    await store(session, [key]);
    output.result({ public_key: publicKey, saved: keyStorePath(session.environment) }, () => [publicKey]);
    output.note(`The private key is in ${keyStorePath(session.environment)}, encrypted.`);
    output.next(`create account CREATOR NAME ${publicKey}`);
    return;
  }
  const legacy =
    key.type === 'K1' ? { wif: formatWif(key), legacy_public_key: formatLegacyPublicKey(publicKeyOf(key)) } : {};
  const result = { private_key: formatPrivateKey(key), public_key: publicKey, ...legacy };
  if (file !== undefined) {
    saveSecret(file, `Private key: ${result.private_key}\nPublic key: ${publicKey}\n`);
    output.result({ public_key: publicKey, saved: file }, () => [publicKey]);
    output.note(`The private key is in ${file}, readable by you alone.`);
    return;
  }
  output.result(result, () =>
    fields(
      [
        ['private key', result.private_key],
        ['public key', publicKey],
      ],
      output.style,
    ),
  );
  output.next('key import', `create account CREATOR NAME ${publicKey}`);
};

export const importKey: Handler = async (session, values) => {
  const { output } = session;
  const keys = (
    await privateKeyTexts(values.optionalArgument('key') ?? values.text('privateKey'), values.text('file'))
  ).map(parsePrivateKey);
  const names = keys.map((key) => formatPublicKey(publicKeyOf(key)));
  if (names.includes(developmentPublicKey)) {
    output.warn('this is the published development key: everybody has it. It need not be imported.');
  }
  const added = await store(session, keys);
  output.result({ public_keys: names, added }, () => names);
  output.note(
    added.length > 0 ? `Stored in ${keyStorePath(session.environment)}.` : 'It was in the key store already.',
  );
};

/** Private keys as texts: from the argument, a file, a prompt, or standard input. */
async function privateKeyTexts(given: string | undefined, file: string | undefined): Promise<string[]> {
  let text: string;
  if (given !== undefined && given !== '-') text = given;
  else if (file !== undefined) text = readSecret(file);
  else if (given !== '-' && canAsk()) text = await ask('Private key', { hidden: true, otherwise: '' });
  else text = await readStandardInput();
  // What `create key --file` writes has labels; otherwise each word is a key.
  const words = text.split(/\s+/).filter((word) => /^(5|PVT_)/.test(word));
  if (words.length > 0) return words;
  throw usageError('this holds no private key', 'Private keys begin with PVT_K1_, PVT_R1_ or 5.');
}

/** Adds keys to the store, which is made when there is none. Returns the public keys that are new in it. */
async function store(session: Session, keys: readonly PrivateKey[]): Promise<string[]> {
  const path = keyStorePath(session.environment);
  const unlocked = await openStore(session);
  const added: string[] = [];
  updateKeyStore(path, (current) => {
    // Another program may have written since; its keys stay, if they are under the same passphrase.
    if (current !== undefined && current.derivation.salt !== unlocked.store.derivation.salt) {
      throw configurationError('the key store was replaced by another program just now', 'Try again.');
    }
    let next = current ?? unlocked.store;
    for (const key of keys) {
      const publicKey = formatPublicKey(publicKeyOf(key));
      const before = next;
      next = withKey({ ...unlocked, store: next }, publicKey, formatPrivateKey(key));
      if (next !== before) added.push(publicKey);
    }
    return next;
  });
  return added;
}

async function openStore(session: Session): Promise<UnlockedStore> {
  const present = readKeyStore(keyStorePath(session.environment));
  if (present === undefined) return newKeyStore(await newPassphrase(session));
  return unlock(present, await passphrase(session));
}

export const listKeys: Handler = async (session) => {
  const { output } = session;
  const path = keyStorePath(session.environment);
  const stored = (readKeyStore(path)?.keys ?? []).map(({ publicKey }) => publicKey);
  const [client, { permissionsOfKeys }] = await Promise.all([session.client(), import('@snapscale/sdk')]);
  const development = await isDevelopmentNetwork(client.api).catch(() => false);
  const names = [...stored, ...(development && !stored.includes(developmentPublicKey) ? [developmentPublicKey] : [])];
  const permissions = await permissionsOfKeys(client, names.map(parsePublicKey)).catch(() => undefined);
  const rows = names.map((publicKey) => ({
    public_key: publicKey,
    origin: stored.includes(publicKey) ? 'stored' : 'development',
    permissions: (permissions ?? [])
      .filter(({ key }) => formatPublicKey(parsePublicKey(key)) === publicKey)
      .map(({ permission }) => permission),
  }));
  output.result({ store: path, keys: rows }, () =>
    rows.length === 0
      ? []
      : table(
          [{ title: 'public key' }, { title: 'origin' }, { title: permissions === undefined ? '' : 'may act as' }],
          rows.map((row) => [row.public_key, row.origin, permissions === undefined ? '' : actors(row.permissions)]),
          output.style,
        ),
  );
  if (rows.length === 0) {
    output.note(`There are no keys in ${path}.`);
    output.next('create key --save', 'key import');
  }
  if (permissions === undefined && rows.length > 0)
    output.note(`${session.url} does not answer: accounts are not shown.`);
};

const ACTORS_MAX = 6;

/** Accounts once, with the permission where it is not `active` too. */
function actors(permissions: readonly string[]): string {
  const active = permissions.filter((text) => text.endsWith('@active')).map((text) => text.slice(0, -'@active'.length));
  const others = permissions.filter((text) => !active.includes(text.split('@')[0]!));
  const names = [...active, ...others];
  const rest = names.length - ACTORS_MAX;
  return rest > 0 ? `${names.slice(0, ACTORS_MAX).join(', ')} and ${rest} more` : names.join(', ') || 'nobody here';
}

export const exportKey: Handler = async (session, values) => {
  const { publicKey, unlocked } = await storedKey(session, values.argument('key'));
  const text = privateKeyOf(unlocked, publicKey)!;
  session.output.result({ public_key: publicKey, private_key: text }, () => [text]);
};

export const removeKey: Handler = async (session, values) => {
  const { output, environment } = session;
  const path = keyStorePath(environment);
  const publicKey = inStore(session, values.argument('key'));
  if (!values.flag('yes')) {
    const last = publicKey.slice(-6);
    output.warn(`${publicKey} will be deleted. Without a copy, what it controls is lost.`);
    const answer = await ask(`Type its last 6 characters (${last}) to delete it`, {
      otherwise: 'To delete it without being asked: --yes',
    });
    if (answer.trim() !== last) throw cancelled('nothing was deleted');
  }
  updateKeyStore(path, (current) => {
    if (current === undefined) throw configurationError(`the key store ${path} is gone`);
    return withoutKey(current, publicKey);
  });
  output.result({ removed: publicKey }, () => [publicKey]);
  output.note('Removed.');
};

async function storedKey(session: Session, text: string): Promise<{ publicKey: string; unlocked: UnlockedStore }> {
  const publicKey = inStore(session, text);
  const unlocked = await unlock(readKeyStore(keyStorePath(session.environment))!, await passphrase(session));
  return { publicKey, unlocked };
}

/** The public key in the form of the store. @throws CommandError when the store does not have it */
function inStore({ environment }: Session, text: string): string {
  const publicKey = formatPublicKey(parsePublicKey(text));
  const path = keyStorePath(environment);
  if (readKeyStore(path)?.keys.some((stored) => stored.publicKey === publicKey) === true) return publicKey;
  throw new CommandError(
    'key_not_found',
    exitCodes.notFound,
    `the key store has no ${publicKey}`,
    publicKey === developmentPublicKey
      ? 'The development key is built in; it is not in the store.'
      : 'See which there are: snapscale key list',
  );
}

function saveSecret(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw configurationError(exists ? `${file} exists already; it is left as it is` : `${file} cannot be written`);
  }
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw configurationError(`the key file cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
