import { readFileSync } from 'node:fs';
import { parseAbi } from '@snapscale/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestLedger } from '../testing/test-ledger.js';

const artifacts = new URL('../../../../contracts/system/artifacts/', import.meta.url);

describe('the token contract on the ledger', () => {
  const ledger = new TestLedger();

  beforeAll(() => {
    for (const account of ['eosio.token', 'alice', 'bob']) ledger.createAccount(account);
    ledger.deploy(
      'eosio.token',
      readFileSync(new URL('eosio.token.wasm', artifacts)),
      parseAbi(JSON.parse(readFileSync(new URL('eosio.token.abi', artifacts), 'utf8'))),
    );
    ledger.push('eosio.token', 'create', 'eosio.token', { issuer: 'alice', maximum_supply: '1000.0000 XST' });
    ledger.push('eosio.token', 'issue', 'alice', { to: 'alice', quantity: '100.0000 XST', memo: '' });
  });

  it('transfers, notifies both sides, and gives receipts', () => {
    const trace = ledger.push('eosio.token', 'transfer', 'alice', {
      from: 'alice',
      to: 'bob',
      quantity: '2.5000 XST',
      memo: 'hi',
    });
    expect(trace.actionTraces.map(({ receipt }) => receipt?.recvSequence)).toHaveLength(3);
    expect(ledger.rows('eosio.token', 'alice', 'accounts')).toEqual([{ balance: '97.5000 XST' }]);
    expect(ledger.rows('eosio.token', 'bob', 'accounts')).toEqual([{ balance: '2.5000 XST' }]);
  });

  it.each([
    ['an overdraft', 'alice', '1000.0000 XST', 'eosio_assert_message_exception', 'overdrawn balance'],
    ['a missing authority', 'bob', '1.0000 XST', 'missing_auth_exception', 'missing authority of alice'],
    ['a wrong precision', 'alice', '1.00 XST', 'eosio_assert_message_exception', 'symbol precision mismatch'],
    ['an amount of zero', 'alice', '0.0000 XST', 'eosio_assert_message_exception', 'must transfer positive quantity'],
  ])('refuses %s', (_, signer, quantity, code, message) => {
    const before = ledger.rows('eosio.token', 'alice', 'accounts');
    const trace = ledger.tryPush('eosio.token', 'transfer', signer, { from: 'alice', to: 'bob', quantity, memo: '' });
    expect(trace.except?.code).toBe(code);
    expect(trace.except?.message).toContain(message);
    expect(ledger.rows('eosio.token', 'alice', 'accounts')).toEqual(before);
  });
});
