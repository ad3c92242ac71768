/** The two token contracts of proton-tsc (C++ and AssemblyScript): the same actions, the same tables, the same refusals. */
import type { Json } from '@snapscale/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { billableBytes } from '../../packages/execution/src/native/billable.js';
import { ContractLedger, executed, protonContract, ramDeltas } from '../testing/contract-ledger.js';

/** The scope of `stat` for IOT: the symbol code as a number. */
const SYMBOL_SCOPE = 0x54_4f_49n;
/** Bytes of an `accounts` row and of a `stat` row. */
const ACCOUNT_BYTES = 16;
const STAT_BYTES = 40;

/** Proton's token has no maximum: whatever is given, it stores zero. */
const contracts = [
  { contract: 'eosio.token', maximum: '0.0000 IOT' },
  { contract: 'xtokens', maximum: '1000.0000 IOT' },
];

describe.each(contracts)('$contract', ({ contract, maximum }) => {
  const limited = maximum !== '0.0000 IOT';
  const ledger = new ContractLedger();
  const self = 'tokens';
  const call = (action: string, signer: string, data: Json) => ledger.push(self, action, signer, data);
  const refuse = (action: string, signer: string, data: Json) => ledger.assertion(self, action, signer, data);
  const transfer = (from: string, to: string, quantity: string, memo = '') => ({ from, to, quantity, memo });
  const stat = () => ledger.onlyRow(self, SYMBOL_SCOPE, 'stat');
  const balance = (owner: string) => ledger.balance(owner, '4,IOT', self);

  beforeAll(() => {
    ledger.createAccounts('alice', 'bob', 'carol', 'issuer');
    ledger.install(self, protonContract(contract));
  });

  it('create makes the currency at the cost of the contract', () => {
    const trace = call('create', self, { issuer: 'issuer', maximum_supply: '1000.0000 IOT' });
    expect(stat()).toEqual({ supply: '0.0000 IOT', max_supply: maximum, issuer: 'issuer' });
    expect(ramDeltas(trace)).toEqual({ [self]: billableBytes.table + billableBytes.row + STAT_BYTES });
    expect(refuse('create', self, { issuer: 'issuer', maximum_supply: '1.0000 IOT' })).toContain('already exists');
    if (limited) {
      const nothing = { issuer: 'issuer', maximum_supply: '0.0000 NIL' };
      expect(refuse('create', self, nothing)).toBe('max-supply must be positive');
    }
    expect(ledger.refusal(self, 'create', 'alice', { issuer: 'alice', maximum_supply: '1.0000 X' }).code).toBe(
      'missing_auth_exception',
    );
  });

  it('issue raises the supply up to its maximum', () => {
    const trace = call('issue', 'issuer', { to: 'issuer', quantity: '500.0000 IOT', memo: 'first' });
    expect(stat()).toMatchObject({ supply: '500.0000 IOT' });
    expect(balance('issuer')).toBe('500.0000 IOT');
    expect(ramDeltas(trace)).toEqual({ issuer: billableBytes.table + billableBytes.row + ACCOUNT_BYTES });
    const issue = (quantity: string, memo = '') => ({ to: 'issuer', quantity, memo });
    if (limited) expect(refuse('issue', 'issuer', issue('500.0001 IOT'))).toBe('quantity exceeds available supply');
    expect(refuse('issue', 'issuer', issue('1.00 IOT'))).toBe('symbol precision mismatch');
    expect(refuse('issue', 'issuer', issue('-1.0000 IOT'))).toBe('must issue positive quantity');
    expect(refuse('issue', 'issuer', issue('1.0000 IOT', 'x'.repeat(257)))).toBe('memo has more than 256 bytes');
    expect(refuse('issue', 'issuer', { ...issue('1.0000 IOT'), to: 'alice' })).toBe(
      'tokens can only be issued to issuer account',
    );
    expect(refuse('issue', 'issuer', issue('1.0000 NIL'))).toContain('token with symbol does not exist');
  });

  it('transfer notifies both sides, and the sender pays for the row of the recipient', () => {
    const trace = call('transfer', 'issuer', transfer('issuer', 'alice', '100.0000 IOT', 'x'.repeat(256)));
    expect(executed(trace)).toEqual([
      `${self} <= ${self}::transfer`,
      `issuer <= ${self}::transfer`,
      `alice <= ${self}::transfer`,
    ]);
    expect(ramDeltas(trace)).toEqual({ issuer: billableBytes.table + billableBytes.row + ACCOUNT_BYTES });
    expect([balance('issuer'), balance('alice')]).toEqual(['400.0000 IOT', '100.0000 IOT']);
    expect(ledger.paidRows(self, 'alice', 'accounts')[0]!.payer).toBe('issuer');
  });

  it('a spending takes over the row that somebody else has paid for', () => {
    const trace = call('transfer', 'alice', transfer('alice', 'bob', '1.0000 IOT'));
    const row = billableBytes.row + ACCOUNT_BYTES;
    // alice pays for bob's new table and row, and for her own row from now on; the issuer gets the row back.
    expect(ramDeltas(trace)).toEqual({ alice: billableBytes.table + row + row, issuer: -row });
    expect(ledger.paidRows(self, 'alice', 'accounts')[0]!.payer).toBe('alice');
  });

  it.each([
    ['to itself', 'alice', transfer('alice', 'alice', '1.0000 IOT'), 'cannot transfer to self'],
    ['to nobody', 'alice', transfer('alice', 'nobody', '1.0000 IOT'), 'to account does not exist'],
    ['of more than there is', 'alice', transfer('alice', 'bob', '1000.0000 IOT'), 'overdrawn balance'],
    ['of nothing', 'alice', transfer('alice', 'bob', '0.0000 IOT'), 'must transfer positive quantity'],
    ['with another precision', 'alice', transfer('alice', 'bob', '1.000 IOT'), 'symbol precision mismatch'],
    ['from an account without balance', 'carol', transfer('carol', 'bob', '1.0000 IOT'), 'no balance object found'],
    [
      'with a long memo',
      'alice',
      transfer('alice', 'bob', '1.0000 IOT', 'x'.repeat(257)),
      'memo has more than 256 bytes',
    ],
  ])('transfer refuses one %s', (_, signer, data, message) => {
    expect(refuse('transfer', signer, data)).toBe(message);
  });

  it('transfer needs the authority of the sender', () => {
    expect(ledger.refusal(self, 'transfer', 'bob', transfer('alice', 'bob', '1.0000 IOT'))).toMatchObject({
      code: 'missing_auth_exception',
      message: 'missing authority of alice',
    });
  });

  it('open and close: a balance of zero at the cost of whoever wants it', () => {
    const row = billableBytes.table + billableBytes.row + ACCOUNT_BYTES;
    expect(ramDeltas(call('open', 'bob', { owner: 'carol', symbol: '4,IOT', ram_payer: 'bob' }))).toEqual({ bob: row });
    expect(balance('carol')).toBe('0.0000 IOT');
    expect(refuse('close', 'alice', { owner: 'alice', symbol: '4,IOT' })).toContain('balance is not zero');
    const trace = call('close', 'carol', { owner: 'carol', symbol: '4,IOT' });
    // The payer of the row is not asked, and gets everything back.
    expect(ramDeltas(trace)).toEqual({ bob: -row });
    expect(ledger.tableCount(self, 'carol', 'accounts')).toBe(0);
    expect(ledger.scopes(self, 'accounts')).not.toContain('carol');
  });

  it('retire lowers the supply', () => {
    call('retire', 'issuer', { quantity: '50.0000 IOT', memo: '' });
    expect(stat()).toMatchObject({ supply: '450.0000 IOT', max_supply: maximum });
    expect(balance('issuer')).toBe('350.0000 IOT');
    expect(ledger.refusal(self, 'retire', 'alice', { quantity: '1.0000 IOT', memo: '' }).code).toBe(
      'missing_auth_exception',
    );
  });

  it('what is held is what was issued', () => {
    const held = ledger.scopes(self, 'accounts').map((owner) => Number(balance(owner).split(' ')[0]));
    expect(held.reduce((sum, amount) => sum + amount, 0)).toBe(450);
  });
});
