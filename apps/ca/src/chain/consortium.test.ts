import { formatPublicKey } from '@snapscale/crypto';
import { formatName, parseName } from '@snapscale/protocol';
import { newPrivateKey, signerOf } from '@snapscale/sdk/certificates';
import { expect, test } from 'vitest';
import type { ChainAccess } from './chain-access.js';
import { Consortium } from './consortium.js';

test('applications come page by page: small names do not hide the others', async () => {
  const key = newPrivateKey('K1', (size) => new Uint8Array(size).fill(7));
  const letters = 'abcdefghijklmnopqrst';
  const names = [...letters].flatMap((a) => [...letters].map((b) => `${a}${b}`)).slice(0, 399);
  const row = (applicant: string) => ({
    applicant,
    subject_key: formatPublicKey(signerOf(key).publicKey),
    node: '',
    roles: ['client'],
    request: '',
    expires: '2030-01-01T00:00:00',
  });
  const rows = async (
    _table: string,
    _scope: string,
    { lower = '0', limit }: { lower?: string; limit?: number } = {},
  ) =>
    [...names, 'zz']
      .filter((name) => parseName(name) >= BigInt(lower))
      .slice(0, limit)
      .map(row);
  const consortium = new Consortium({ rows } as unknown as ChainAccess, 'north', key);
  const first = await consortium.applications();
  const second = await consortium.applications(first.next);
  expect([first.applications.length, second.applications.length]).toEqual([200, 200]);
  expect(second.applications.at(-1)!.applicant).toBe('zz');
  expect(formatName(parseName(second.applications[0]!.applicant))).toBe(names[200]);
  const third = await consortium.applications(second.next);
  expect([third.applications.length, third.next]).toEqual([0, undefined]);
});
