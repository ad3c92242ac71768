/** REX (lending of staked tokens), name auctions, and inline actions without authorizations. */
import assert from 'node:assert/strict';
import { getAccount, getResources } from '@snapscale/execution';
import { name } from '@snapscale/protocol';
import { executed } from '../../testing/contract-ledger.js';
import { openByOwner, transfersOf } from './elections.js';
import type { Scenario } from './scenario.js';
import { candidates, type SystemChain, tokens, units } from './system-chain.js';

type Pool = {
  total_lent: string;
  total_unlent: string;
  total_rent: string;
  total_lendable: string;
  total_rex: string;
  loan_num: number;
};
type Loan = { loan_num: number; payment: string; balance: string; total_staked: string; receiver: string };

const lender = 'lender111111';
const borrower = 'borrower1111';
/** REX per core token in the first purchase. */
const REX_RATIO = 10_000;

function pool(chain: SystemChain): Pool {
  return chain.onlyRow<Pool>('eosio', 'eosio', 'rexpool');
}

export const markets: Scenario = {
  title: 'markets',
  steps: [
    [
      'REX is for those who vote',
      (chain) => {
        for (const account of [lender, borrower]) {
          openByOwner(chain, account);
          chain.push('eosio.token', 'transfer', 'eosio@owner', {
            from: 'eosio',
            to: account,
            quantity: tokens(200_000),
            memo: '',
          });
        }
        chain.push('eosio', 'deposit', lender, { owner: lender, amount: tokens(100_000) });
        assert.equal(chain.balance('eosio.rex', '4,SYS'), tokens(100_000));
        assert.equal(
          chain.assertion('eosio', 'buyrex', lender, { from: lender, amount: tokens(50_000) }),
          'must vote for at least 21 producers or for a proxy before buying REX',
        );
        chain.push('eosio', 'voteproducer', lender, { voter: lender, proxy: '', producers: candidates.slice(1, 22) });
      },
    ],
    [
      'buyrex opens the pool and tells eosio.rex by an inline action that nobody authorises',
      (chain) => {
        const trace = chain.push('eosio', 'buyrex', lender, { from: lender, amount: tokens(50_000) });
        assert.deepEqual(executed(trace), ['eosio <= eosio::buyrex', 'eosio.rex <= eosio.rex::buyresult']);
        const told = trace.actionTraces[1]!;
        assert.deepEqual(told.action.authorization, []);
        assert.deepEqual(told.receipt!.authSequence, []);
        const balance = chain.onlyRow<{ rex_balance: string; vote_stake: string }>('eosio', 'eosio', 'rexbal');
        assert.equal(balance.rex_balance, `${(50_000 * REX_RATIO).toFixed(4)} REX`);
        assert.equal(balance.vote_stake, tokens(50_000));
        const { total_lendable, total_unlent, total_rex, total_rent } = pool(chain);
        assert.deepEqual(
          [total_lendable, total_unlent, total_rex, total_rent],
          [tokens(50_000), tokens(50_000), `${(50_000 * REX_RATIO).toFixed(4)} REX`, tokens(20_000)],
        );
      },
    ],
    [
      'rentcpu lends by the Bancor price, and the limit of the receiver rises',
      (chain) => {
        const { total_rent, total_unlent, total_lent } = pool(chain);
        const payment = units(tokens(10));
        const rented = Math.trunc((payment * units(total_unlent)) / (units(total_rent) + payment));
        const before = getResources(chain.state, name(borrower));
        chain.push('eosio', 'deposit', borrower, { owner: borrower, amount: tokens(100) });
        chain.push('eosio', 'rentcpu', borrower, {
          from: borrower,
          receiver: borrower,
          loan_payment: tokens(10),
          loan_fund: tokens(0),
        });
        const loan = chain.onlyRow<Loan>('eosio', 'eosio', 'cpuloan');
        assert.deepEqual(
          { ...loan, total_staked: units(loan.total_staked) },
          { ...loan, loan_num: 1, payment: tokens(10), balance: tokens(0), total_staked: rented, receiver: borrower },
        );
        const after = getResources(chain.state, name(borrower));
        assert.equal(after.cpuWeight, before.cpuWeight + BigInt(rented));
        assert.equal(units(pool(chain).total_lent), units(total_lent) + rented);
      },
    ],
    [
      'a loan ends after thirty days',
      (chain) => {
        const before = getResources(chain.state, name(borrower)).cpuWeight;
        const lent = units(pool(chain).total_lent);
        chain.leap(30 * 86_400 + 1);
        chain.push('eosio', 'rexexec', borrower, { user: borrower, max: 4 });
        assert.equal(chain.tableCount('eosio', 'eosio', 'cpuloan'), 0);
        assert.equal(getResources(chain.state, name(borrower)).cpuWeight, before - BigInt(lent));
        assert.equal(pool(chain).total_lent, tokens(0));
      },
    ],
    [
      'sellrex and withdraw return more than was paid in',
      (chain) => {
        const { rex_balance } = chain.onlyRow<{ rex_balance: string }>('eosio', 'eosio', 'rexbal');
        chain.push('eosio', 'sellrex', lender, { from: lender, rex: rex_balance });
        const fund = (chain.rows('eosio', 'eosio', 'rexfund') as { owner: string; balance: string }[]).find(
          ({ owner }) => owner === lender,
        )!;
        assert.ok(units(fund.balance) >= units(tokens(100_000)), fund.balance);
        const before = units(chain.balance(lender, '4,SYS'));
        chain.push('eosio', 'withdraw', lender, { owner: lender, amount: fund.balance });
        assert.equal(units(chain.balance(lender, '4,SYS')), before + units(fund.balance));
      },
    ],
    [
      'the highest bid of a day wins a name, the loser gets the bid back',
      (chain) => {
        const bid = (bidder: string, amount: number) =>
          chain.push('eosio', 'bidname', bidder, { bidder, newname: 'iot', bid: tokens(amount) });
        const trace = bid(lender, 100);
        assert.deepEqual(transfersOf(trace), [`${lender} eosio.names ${tokens(100)}`]);
        assert.match(
          chain.assertion('eosio', 'bidname', borrower, { bidder: borrower, newname: 'iot', bid: tokens(109) }),
          /must increase bid by 10%/,
        );
        bid(borrower, 120);
        assert.equal(chain.onlyRow<{ amount: string }>('eosio', name('iot'), 'bidrefunds').amount, tokens(100));
        chain.push('eosio', 'bidrefund', lender, { bidder: lender, newname: 'iot' });
        assert.equal(chain.tableCount('eosio', name('iot'), 'bidrefunds'), 0);
        chain.leap(86_400 + 60);
        for (let i = 0; i < 130; i++) chain.produceBlock();
        const row = chain.onlyRow<{ high_bid: number | string }>('eosio', 'eosio', 'namebids');
        assert.equal(Number(row.high_bid), -units(tokens(120)));
        chain.pushAll(
          chain.newAccount('iot', borrower),
          chain.action('eosio', 'buyrambytes', borrower, { payer: borrower, receiver: 'iot', bytes: 4096 }),
        );
        assert.notEqual(getAccount(chain.state, name('iot')), undefined);
        assert.equal(chain.tableCount('eosio', 'eosio', 'namebids'), 0);
      },
    ],
    [
      'the winner of a name alone creates accounts below it',
      (chain) => {
        const trace = chain.apply(chain.transaction([chain.newAccount('sensor.iot', borrower)]));
        assert.match(trace.except!.message, /only suffix may create this account/);
        chain.pushAll(
          chain.newAccount('sensor.iot', 'iot'),
          chain.action('eosio', 'buyrambytes', borrower, { payer: borrower, receiver: 'sensor.iot', bytes: 4096 }),
        );
        assert.notEqual(getAccount(chain.state, name('sensor.iot')), undefined);
      },
    ],
    [
      'every token is somewhere, and every block of the long leaps was made',
      (chain) => {
        const { recorded, held } = chain.supply();
        assert.equal(held, recorded);
        for (const { block } of chain.finished) {
          assert.equal(block.traces[0]!.except, undefined, `onblock of block ${block.num}`);
        }
      },
    ],
  ],
};
