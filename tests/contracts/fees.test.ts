/** Fees on a chain whose token contract somebody else has written: credit, bills, sponsors, RAM deposits, payouts. */
import type { Json } from '@snapscale/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { feeTokenBalance, totalFees } from '../../packages/execution/src/native/fees/invariant.js';
import { ContractLedger, executed, protonContract } from '../testing/contract-ledger.js';

const token = protonContract('xtokens');
let ledger: ContractLedger;

const transfer = (from: string, to: string, quantity: string, memo = '') =>
  ledger.push('eosio.token', 'transfer', from, { from, to, quantity, memo });
const fees = (action: string, signer: string, data: Json) => ledger.push('snap.fees', action, signer, data);
const prices = (cpu_price: number, net_price: number, ram_price: number) =>
  fees('setprices', 'eosio', { cpu_price, net_price, ram_price });
const units = (asset: string) => Math.round(Number(asset.split(' ')[0]) * 10_000);

type Credit = { owner: string; credit: string; deposit: string };
const creditOf = (owner: string) =>
  (ledger.rows('snap.fees', 'snap.fees', 'credits') as Credit[]).find((row) => row.owner === owner);

beforeEach(() => {
  ledger = new ContractLedger();
  ledger.createAccounts('eosio.token', 'alice', 'bob', 'carol');
  ledger.deploy('eosio.token', token.wasm, token.abi);
  ledger.push('eosio.token', 'create', 'eosio.token', { issuer: 'eosio', maximum_supply: '1000000.0000 XST' });
  ledger.push('eosio.token', 'issue', 'eosio', { to: 'eosio', quantity: '1000.0000 XST', memo: '' });
  transfer('eosio', 'alice', '100.0000 XST');
});

function expectBalanced(): void {
  expect(totalFees(ledger.state)).toBe(feeTokenBalance(ledger.state));
}

describe('credit', () => {
  it('is what was transferred, for the sender or for whom the memo names', () => {
    const trace = transfer('alice', 'snap.fees', '10.0000 XST');
    expect(executed(trace)).toEqual([
      'eosio.token <= eosio.token::transfer',
      'alice <= eosio.token::transfer',
      'snap.fees <= eosio.token::transfer',
    ]);
    transfer('alice', 'snap.fees', '5.0000 XST', 'bob');
    expect(creditOf('alice')?.credit).toBe('10.0000 XST');
    expect(creditOf('bob')?.credit).toBe('5.0000 XST');
    expect(
      ledger.refusal('eosio.token', 'transfer', 'alice', {
        from: 'alice',
        to: 'snap.fees',
        quantity: '1.0000 XST',
        memo: 'no such account',
      }).code,
    ).toBe('action_validate_exception');
    expectBalanced();
  });

  it('that ends while a transaction runs is said to be the reason', () => {
    transfer('alice', 'snap.fees', '0.0100 XST');
    prices(5_000, 0, 0);
    const data = { from: 'alice', to: 'bob', quantity: '1.0000 XST', memo: '' };
    const refusal = ledger.refusal('eosio.token', 'transfer', 'alice', data);
    expect(refusal).toMatchObject({ code: 'snap_insufficient_credit' });
    expect(refusal.message).toContain('enough for 20 us of CPU');
  });

  it('tokens of another contract are no credit', () => {
    ledger.install('forger', token);
    ledger.push('forger', 'create', 'forger', { issuer: 'alice', maximum_supply: '1000.0000 XST' });
    ledger.push('forger', 'issue', 'alice', { to: 'alice', quantity: '1000.0000 XST', memo: '' });
    ledger.push('forger', 'transfer', 'alice', { from: 'alice', to: 'snap.fees', quantity: '900.0000 XST', memo: '' });
    expect(creditOf('alice')).toBeUndefined();
  });

  it('comes back by an inline transfer, also while RAM has a price', () => {
    transfer('alice', 'snap.fees', '10.0000 XST');
    prices(0, 0, 50);
    const before = units(ledger.balance('alice', '4,XST'));
    const trace = fees('withdraw', 'alice', { owner: 'alice', quantity: '4.0000 XST' });
    expect(executed(trace).slice(0, 2)).toEqual([
      'snap.fees <= snap.fees::withdraw',
      'eosio.token <= eosio.token::transfer',
    ]);
    expect(units(ledger.balance('alice', '4,XST'))).toBe(before + 40_000);
    expectBalanced();
  });
});

describe('bills', () => {
  it('are the CPU and NET of the receipt at their prices, from the credit of the first authoriser', () => {
    transfer('alice', 'snap.fees', '10.0000 XST');
    prices(100, 40, 0);
    const before = units(creditOf('alice')!.credit);
    const { bill, cpuUsageUs, netUsageWords } = transfer('alice', 'bob', '1.0000 XST');
    const cpuFee = Math.ceil((cpuUsageUs * 100) / 1000);
    const netFee = Math.ceil((netUsageWords * 8 * 40) / 1000);
    expect([bill.cpuFee, bill.netFee]).toEqual([BigInt(cpuFee), BigInt(netFee)]);
    expect(units(creditOf('alice')!.credit)).toBe(before - cpuFee - netFee);
    expectBalanced();
  });

  it('that nobody can pay keep a transaction from running', () => {
    transfer('eosio', 'bob', '1.0000 XST');
    prices(100, 40, 0);
    const poor = { from: 'bob', to: 'alice', quantity: '0.1000 XST', memo: '' };
    expect(ledger.refusal('eosio.token', 'transfer', 'bob', poor).code).toBe('snap_insufficient_credit');
    expect(ledger.balance('bob', '4,XST')).toBe('1.0000 XST');
  });

  it('may be a sponsor’s, up to the cap', () => {
    transfer('eosio', 'bob', '1.0000 XST');
    transfer('alice', 'snap.fees', '10.0000 XST');
    const sponsor = ledger.action('snap.fees', 'setsponsor', 'bob', {
      account: 'bob',
      sponsor: 'alice',
      cap: '0.0020 XST',
      period_sec: 3600,
    });
    const both = {
      ...sponsor,
      authorization: [
        ...sponsor.authorization,
        ...ledger.action('snap.fees', 'clrsponsor', 'alice', { account: 'bob' }).authorization,
      ],
    };
    ledger.pushAll(both);
    prices(100, 10, 0);
    const before = units(creditOf('alice')!.credit);
    const pay = { from: 'bob', to: 'carol', quantity: '0.0001 XST', memo: '' };
    const { bill } = ledger.push('eosio.token', 'transfer', 'bob', pay);
    const fee = Number(bill.cpuFee + bill.netFee);
    expect(units(creditOf('alice')!.credit)).toBe(before - fee);
    // The cap of twenty units is soon used up: by then a transaction stops where what is left no longer pays for it.
    const outcomes = Array.from({ length: Math.ceil(20 / fee) }, () =>
      ledger.tryPush('eosio.token', 'transfer', 'bob', pay),
    );
    expect(outcomes.at(-1)!.except?.code).toMatch(/^(snap_sponsor_limit_exceeded|tx_cpu_usage_exceeded)$/);
    expect(units(creditOf('alice')!.credit)).toBeGreaterThanOrEqual(before - 20);
    ledger.leap(3600);
    ledger.push('eosio.token', 'transfer', 'bob', pay);
    expectBalanced();
  });
});

describe('RAM deposits', () => {
  it('are taken for what grows and returned for what shrinks', () => {
    prices(0, 0, 1000);
    transfer('eosio', 'snap.fees', '10.0000 XST');
    // The creator's credit provides the deposit for the 2,724 bytes of an account with one key, at a unit a byte.
    ledger.createAccount('dave');
    expect(creditOf('dave')).toMatchObject({ credit: '0.0000 XST', deposit: '0.2724 XST' });
    transfer('eosio', 'snap.fees', '1.0000 XST', 'dave');
    ledger.push('eosio.token', 'open', 'dave', { owner: 'carol', symbol: '4,XST', ram_payer: 'dave' });
    // 112 for the table, 112 and 16 for the row.
    expect(creditOf('dave')).toMatchObject({ credit: '0.9760 XST', deposit: '0.2964 XST' });
    ledger.push('eosio.token', 'close', 'carol', { owner: 'carol', symbol: '4,XST' });
    expect(creditOf('dave')).toMatchObject({ credit: '1.0000 XST', deposit: '0.2724 XST' });
    expectBalanced();
  });
});

describe('earnings', () => {
  it('are the producer’s and the edge nodes’, and are paid out from one token on', () => {
    transfer('alice', 'snap.fees', '50.0000 XST');
    prices(60_000, 0, 0);
    for (let i = 0; i < 20; i++) {
      transfer('alice', 'bob', '0.0001 XST', String(i));
      ledger.produceBlock();
    }
    const rewards = ledger.rows('snap.fees', 'snap.fees', 'rewards') as { owner: string; balance: string }[];
    const producer = rewards.find(({ owner }) => owner === 'eosio')!;
    expect(units(producer.balance)).toBeGreaterThanOrEqual(10_000 / 2);
    expectBalanced();
    while (units(rewardOf('eosio')) < 10_000) transfer('alice', 'bob', '0.0001 XST', `more ${ledger.pending.size}`);
    const before = units(ledger.balance('eosio', '4,XST'));
    const earned = units(rewardOf('eosio'));
    fees('claimrewards', 'eosio', { owner: 'eosio' });
    expect(units(ledger.balance('eosio', '4,XST'))).toBe(before + earned);
    expectBalanced();
  });
});

function rewardOf(owner: string): string {
  const rows = ledger.rows('snap.fees', 'snap.fees', 'rewards') as { owner: string; balance: string }[];
  return rows.find((row) => row.owner === owner)?.balance ?? '0.0000 XST';
}
