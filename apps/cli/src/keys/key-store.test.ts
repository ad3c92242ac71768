import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type KeyStore,
  keyStorePath,
  newKeyStore,
  privateKeyOf,
  readKeyStore,
  unlock,
  updateKeyStore,
  withKey,
  withoutKey,
} from './key-store.js';
import { isDerivation, isSealed, newDerivation } from './sealing.js';

/** Low, so that tests are quick; files say what they were made with. */
const COST = 2 ** 10;
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapscale-keys-'));
  path = join(folder, 'deep', 'keys.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function storeWith(...keys: readonly string[]): Promise<KeyStore> {
  const fresh = await newKeyStore('correct horse', COST);
  return keys.reduce((store, key) => withKey({ ...fresh, store }, `PUB_${key}`, `PVT_${key}`), fresh.store);
}

test('where it is', () => {
  expect(keyStorePath({ SNAPSCALE_HOME: '/a' })).toBe(join('/a', 'keys.json'));
  expect(keyStorePath({ XDG_CONFIG_HOME: '/b' })).toBe(join('/b', 'snapscale', 'keys.json'));
  expect(keyStorePath({})).toMatch(/\.config.snapscale.keys\.json$/);
});

describe('passphrase', () => {
  test('the right one opens every key, after writing and reading', async () => {
    const store = await storeWith('one', 'two');
    updateKeyStore(path, () => store);
    const unlocked = await unlock(readKeyStore(path)!, 'correct horse');
    expect(privateKeyOf(unlocked, 'PUB_one')).toBe('PVT_one');
    expect(privateKeyOf(unlocked, 'PUB_two')).toBe('PVT_two');
    expect(privateKeyOf(unlocked, 'PUB_three')).toBeUndefined();
  });

  test('another is refused, also when there are no keys', async () => {
    for (const store of [await storeWith(), await storeWith('one')]) {
      await expect(unlock(store, 'correct horse ')).rejects.toMatchObject({ name: 'wrong_passphrase', exitCode: 4 });
    }
  });

  test('the same letters in another Unicode form are the same passphrase', async () => {
    const { store } = await newKeyStore('pass\u00e9word', COST);
    await expect(unlock(store, 'passe\u0301word')).resolves.toBeDefined();
  });
});

test('keys are added once, and removed', async () => {
  const fresh = await newKeyStore('correct horse', COST);
  const store = withKey(fresh, 'PUB_one', 'PVT_one');
  expect(withKey({ ...fresh, store }, 'PUB_one', 'PVT_one')).toBe(store);
  expect(withoutKey(store, 'PUB_one').keys).toEqual([]);
  expect(withoutKey(store, 'PUB_other')).toEqual(store);
});

test('a secret under another key’s name does not open', async () => {
  const store = await storeWith('one', 'two');
  const [one, two] = store.keys as [KeyStore['keys'][number], KeyStore['keys'][number]];
  const swapped = {
    ...store,
    keys: [
      { ...one, secret: two.secret },
      { ...two, secret: one.secret },
    ],
  };
  const unlocked = await unlock(swapped, 'correct horse');
  expect(() => privateKeyOf(unlocked, 'PUB_one')).toThrow('damaged');
});

test('no private key is in the file, and only its owner may read it', async () => {
  const store = await storeWith('one');
  updateKeyStore(path, () => store);
  expect(readFileSync(path, 'utf8')).not.toContain('PVT_one');
  if (process.platform !== 'win32') {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'deep')).mode & 0o777).toBe(0o700);
  }
});

describe('files that are no key stores', () => {
  test('none is there', () => expect(readKeyStore(path)).toBeUndefined());

  test.each([
    ['no JSON', () => 'hello'],
    ['null', () => 'null'],
    ['another version', (store: KeyStore) => JSON.stringify({ ...store, version: 2 })],
    [
      'a cost that would take hours',
      (store: KeyStore) => JSON.stringify({ ...store, derivation: { ...store.derivation, n: 2 ** 30 } }),
    ],
    [
      'a cost that is no power of two',
      (store: KeyStore) => JSON.stringify({ ...store, derivation: { ...store.derivation, n: 1000 } }),
    ],
    ['keys without secrets', (store: KeyStore) => JSON.stringify({ ...store, keys: [{ publicKey: 'PUB_one' }] })],
    ['keys that are null', (store: KeyStore) => JSON.stringify({ ...store, keys: [null] })],
  ])('%s', async (_, content) => {
    const file = join(folder, 'keys.json');
    writeFileSync(file, content(await storeWith('one')));
    expect(() => readKeyStore(file)).toThrow('is not a key store');
  });

  test('parts', () => {
    expect(isDerivation(newDerivation())).toBe(true);
    expect(isDerivation({ ...newDerivation(), salt: 'zz' })).toBe(false);
    expect(isSealed({ iv: '00'.repeat(12), data: '', tag: '00'.repeat(16) })).toBe(true);
    expect(isSealed({ iv: '00', data: '', tag: '' })).toBe(false);
  });
});

describe('writing', () => {
  test('a change sees what the file holds', async () => {
    const store = await storeWith('one');
    updateKeyStore(path, () => store);
    updateKeyStore(path, (current) => withoutKey(current!, 'PUB_one'));
    expect(readKeyStore(path)!.keys).toEqual([]);
  });

  test('while another writes it is refused; a lock that was left behind is not in the way', async () => {
    const store = await storeWith('one');
    updateKeyStore(path, () => store);
    const lock = `${path}.lock`;
    writeFileSync(lock, '');
    expect(() => updateKeyStore(path, () => store)).toThrow('in use');
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(lock, longAgo, longAgo);
    updateKeyStore(path, (current) => current!);
    expect(statSync(lock, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('a change that throws leaves the file, and no lock', async () => {
    const store = await storeWith('one');
    updateKeyStore(path, () => store);
    const before = readFileSync(path, 'utf8');
    expect(() =>
      updateKeyStore(path, () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(readFileSync(path, 'utf8')).toBe(before);
    updateKeyStore(path, (current) => current!);
  });
});
