import { formatLegacyPublicKey, formatPublicKey, generatePrivateKey, publicKeyOf } from '@snapscale/crypto';
import { authoritySchema } from '@snapscale/protocol';
import { describe, expect, test } from 'vitest';
import { formatPermission, parseAuthority, parsePermission } from './permission.js';

const key = (fill: number) => publicKeyOf(generatePrivateKey('K1', new Uint8Array(32).fill(fill)));

describe('parsePermission', () => {
  test.each([
    ['alice', 'alice@active'],
    ['alice@owner', 'alice@owner'],
  ])('%s is %s', (text, full) => expect(formatPermission(parsePermission(text))).toBe(full));

  test('objects', () => {
    expect(formatPermission(parsePermission({ actor: 'bob', permission: 'pay' }))).toBe('bob@pay');
  });

  test.each(['', '@active', 'alice@', 'a@b@c', 'UPPER'])('%j is refused', (text) => {
    expect(() => parsePermission(text)).toThrow();
  });
});

describe('parseAuthority', () => {
  test('a key, in either form, or a permission stand alone', () => {
    const alone = parseAuthority(formatPublicKey(key(1)));
    expect(alone).toMatchObject({ threshold: 1, accounts: [], waits: [] });
    expect(parseAuthority(formatLegacyPublicKey(key(1)))).toEqual(alone);
    expect(authoritySchema.toJson(parseAuthority('bob'))).toMatchObject({
      keys: [],
      accounts: [{ permission: { actor: 'bob', permission: 'active' }, weight: 1 }],
    });
  });

  test('JSON is completed and put into order', () => {
    const keys = [3, 1, 2].map((fill) => ({ key: formatPublicKey(key(fill)), weight: fill }));
    const authority = parseAuthority(
      JSON.stringify({
        threshold: 2,
        keys,
        accounts: [
          { permission: { actor: 'zed', permission: 'active' }, weight: 1 },
          { permission: { actor: 'amy', permission: 'owner' }, weight: 1 },
          { permission: { actor: 'amy', permission: 'active' }, weight: 1 },
        ],
      }),
    );
    const ordered = authority.keys.map((entry) => Buffer.from(entry.key).toString('hex'));
    expect(ordered).toEqual([...ordered].sort());
    expect(authority.accounts.map(({ permission }) => formatPermission(permission))).toEqual([
      'amy@active',
      'amy@owner',
      'zed@active',
    ]);
    expect(authority.waits).toEqual([]);
  });

  test.each(['{', 'PUB_K1_abc', 'a@b@c', '{"threshold":-1}'])('%s is refused', (text) => {
    expect(() => parseAuthority(text)).toThrow();
  });
});
