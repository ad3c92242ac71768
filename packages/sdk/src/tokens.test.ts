import { describe, expect, test } from 'vitest';
import { fakeNode } from './testing/fake-node.js';
import { inTokenDecimals, tokenStats, transferAction } from './tokens.js';

const stats = { XST: { supply: '1000.0000 XST', max_supply: '2000.0000 XST', issuer: 'eosio' } };
const { client } = fakeNode({ get_currency_stats: ({ symbol }) => (symbol === 'XST' ? stats : {}) });

describe('inTokenDecimals', () => {
  test.each([
    ['5 XST', '5.0000 XST'],
    ['5.5 XST', '5.5000 XST'],
    ['5.0000 XST', '5.0000 XST'],
    ['0.0001 XST', '0.0001 XST'],
  ])('%s is %s', async (text, full) => expect(await inTokenDecimals(client, text)).toBe(full));

  test('decimals are never cut off', async () => {
    await expect(inTokenDecimals(client, '5.00000 XST')).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('an amount that no token can have', async () => {
    await expect(inTokenDecimals(client, '4611686018427387903 XST')).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('a token that does not exist', async () => {
    await expect(inTokenDecimals(client, '5 ABC')).rejects.toMatchObject({ kind: 'not-found' });
    expect(await tokenStats(client, 'ABC')).toBeUndefined();
  });
});

test('a transfer is signed by who pays, unless told otherwise', () => {
  const transfer = { from: 'alice', to: 'bob', quantity: '1.0000 XST' };
  expect(transferAction(transfer)).toEqual({
    account: 'eosio.token',
    name: 'transfer',
    authorization: ['alice'],
    data: { ...transfer, memo: '' },
  });
  expect(transferAction({ ...transfer, authorization: ['alice@pay'], contract: 'other' })).toMatchObject({
    account: 'other',
    authorization: ['alice@pay'],
  });
});
