import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  identitiesPath,
  identityNames,
  identityPath,
  readIdentityFolder,
  sealed,
  unsealed,
  writeIdentityFolder,
} from './identity-files.js';
import { identityOrganisation, openIdentity } from './identity-store.js';

const COST = 2 ** 10;
const key = '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n';
const root = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----';
const origin = { ca: 'http://ca.test', organisation: 'north', request: 'ab' };
let home: string;
let environment: { readonly SNAPSCALE_HOME: string };

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'snapscale-identities-'));
  environment = { SNAPSCALE_HOME: home };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test('a folder is written whole, for its owner alone, and read as it was written', () => {
  expect(identityNames(environment)).toEqual([]);
  const path = writeIdentityFolder(environment, 'mine', { privateKey: key, authorities: [root, root], origin });
  expect(path).toBe(join(identitiesPath(environment), 'mine'));
  expect(readdirSync(path).sort()).toEqual(['authorities.pem', 'origin.json', 'private.key']);
  for (const file of readdirSync(path)) expect(statSync(join(path, file)).mode & 0o777).toBe(0o600);
  const read = readIdentityFolder(environment, 'mine');
  expect(read).toEqual({ privateKey: key, authorities: [root, root], origin, certificate: undefined });
  expect(identityOrganisation(environment, 'mine')).toBe('north');

  writeIdentityFolder(environment, 'mine', { ...read, certificate: root });
  expect(readIdentityFolder(environment, 'mine').certificate).toBe(root);
  expect(identityNames(environment)).toEqual(['mine']);
  expect(readdirSync(identitiesPath(environment))).toEqual(['mine']);
});

test('a change that was interrupted leaves the identity as it was before', () => {
  const path = writeIdentityFolder(environment, 'mine', { privateKey: key, authorities: [root] });
  // Between the two renamings.
  renameSync(path, `${path}.before`);
  mkdirSync(`${path}.next.1234`);
  expect(identityNames(environment)).toEqual(['mine']);
  expect(readIdentityFolder(environment, 'mine').privateKey).toBe(key);
  writeIdentityFolder(environment, 'mine', { privateKey: key, authorities: [root], certificate: root });
  expect(readIdentityFolder(environment, 'mine').certificate).toBe(root);
  expect(readdirSync(identitiesPath(environment)).filter((name) => name.includes('before'))).toEqual([]);
});

describe('a sealed key', () => {
  const folder = (privateKey: string) => ({ privateKey, authorities: [] });

  test('opens with its passphrase alone', async () => {
    const text = await sealed(key, 'correct horse', COST);
    expect(text).not.toContain('PRIVATE KEY');
    await expect(unsealed('mine', folder(text), async () => 'correct horse')).resolves.toBe(key);
    await expect(unsealed('mine', folder(text), async () => 'wrong horse')).rejects.toMatchObject({
      name: 'wrong_passphrase',
      exitCode: 4,
    });
    await expect(sealed(key, undefined)).resolves.toBe(key);
  });

  test.each([
    ['no JSON', 'hello'],
    ['null', 'null'],
    ['nothing in it', '{}'],
    ['a cost that would take hours', '{"derivation":{"name":"scrypt","n":1073741824,"r":8,"p":1}}'],
  ])('that is damaged: %s', async (_, text) => {
    await expect(unsealed('mine', folder(text), async () => 'x')).rejects.toThrow('of the identity mine is damaged');
  });
});

test('what is no identity is refused with a word', async () => {
  for (const name of ['../keys', '', '.', 'a/b', 'x'.repeat(65)]) {
    expect(() => identityPath(environment, name)).toThrow('is no name of an identity');
  }
  expect(() => readIdentityFolder(environment, 'nobody')).toThrow('there is no identity nobody');
  const path = writeIdentityFolder(environment, 'odd', { privateKey: key, authorities: [], origin });
  writeFileSync(join(path, 'origin.json'), '[]');
  expect(() => readIdentityFolder(environment, 'odd')).toThrow('origin.json is damaged');
  writeIdentityFolder(environment, 'odd', { privateKey: key, authorities: [] });
  await expect(openIdentity(environment, 'odd')).rejects.toThrow('has not been issued yet');
  writeIdentityFolder(environment, 'odd', { privateKey: key, authorities: [], certificate: root });
  await expect(openIdentity(environment, 'odd')).rejects.toThrow('the identity odd cannot be used');
});
