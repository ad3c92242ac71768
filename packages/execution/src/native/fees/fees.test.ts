import {
  assetSchema,
  defaultSnapParameters,
  encode,
  formatName,
  name,
  names,
  Reject,
  type RejectionCode,
  type SnapParameters,
  symbolCode,
  systemToken,
} from '@snapscale/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { rowKey, tableId } from '../../state/keys.js';
import { encodeRow } from '../../state/records.js';
import { newAccountSchema } from '../action-data.js';
import { addRamUsage } from '../resources.js';
import { TestLedger, testAuthority } from '../test-support.js';
import { feeActions, transferSchema } from './action-data.js';
import {
  affordableCpuUs,
  checkCredit,
  choosePayer,
  computeBill,
  firstAuthorizer,
  settleFee,
  type Usage,
} from './charge.js';
import { getCredit } from './credit.js';
import { feeTokenBalance, totalFees } from './invariant.js';
import { getParameters, putParameters } from './parameters.js';
import { dividePool, getReward } from './rewards.js';
import { sponsorshipAt } from './sponsorship.js';
import { edges, fundAccount, gasPrices, sponsors } from './tables.js';

const alice = name('alice');
const bob = name('bob');
const carol = name('carol');
const edge = name('edge');
const producer = name('prod');
const slot = 1_600_000_000;

/** 100 units (0.0100 XST) per millisecond of CPU, 50 per kilobyte of NET. */
const priced: SnapParameters = { ...defaultSnapParameters, cpuPrice: 100n, netPrice: 50n };

let ledger: TestLedger;

beforeEach(() => {
  ledger = new TestLedger();
  ledger.createAccounts(['alice', 1], ['bob', 2], ['carol', 3], ['edge', 4], ['prod', 5], ['eosio.token', 6]);
  for (const account of [alice, bob, carol]) ledger.balances.set(account, 1_000_000n);
});

function codeOf(run: () => unknown): RejectionCode | 'accepted' {
  try {
    run();
    return 'accepted';
  } catch (error) {
    if (error instanceof Reject) return error.rejection.code;
    throw error;
  }
}

function rejectionOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (error instanceof Reject) return error.rejection;
    throw error;
  }
  return expect.unreachable('nothing was rejected');
}

const credit = (account: typeof alice) => getCredit(ledger.state, account).credit;
const reward = (account: typeof alice) => getReward(ledger.state, account).balance;
const consistent = () => expect(totalFees(ledger.state)).toBe(ledger.balance(names.snapFees));
const transactionOf = (actor: string) => ({
  actions: [
    { account: bob, name: name('x'), authorization: [], data: new Uint8Array(0) },
    {
      account: bob,
      name: name('x'),
      authorization: [{ actor: name(actor), permission: names.active }],
      data: new Uint8Array(0),
    },
  ],
});

/** Bills a transaction of `actor`, as `apply-transaction` does. */
function charge(actor: string, usage: Usage, ram: Record<string, bigint> = {}, at = slot) {
  const { state } = ledger;
  const parameters = getParameters(state);
  const deltas = new Map(Object.entries(ram).map(([account, delta]) => [name(account), delta]));
  const bill = computeBill(parameters, choosePayer(state, firstAuthorizer(transactionOf(actor)), at), usage);
  settleFee(state, parameters, bill, { producer, slot: at }, deltas);
  return bill;
}

describe('topping up', () => {
  it('credits the sender, or the account in the memo', () => {
    ledger.transfer('alice', 'snap.fees', 100n);
    ledger.transfer('alice', 'snap.fees', 50n, 'bob');
    ledger.transfer('alice', 'bob', 7n);
    expect([credit(alice), credit(bob)]).toEqual([100n, 50n]);
    consistent();
  });

  it.each([['nobody'], ['Bob'], ['bob '], ['snap.fees'], ['a-very-long-memo-that-names-nobody']])(
    'refuses the memo %j, and so the transfer',
    (memo) => {
      expect(codeOf(() => ledger.transfer('alice', 'snap.fees', 100n, memo))).toBe('action_validate_exception');
      expect(ledger.balance(alice)).toBe(1_000_000n);
      consistent();
    },
  );

  it('refuses other tokens of the same contract', () => {
    const transfer = { from: alice, to: names.snapFees, quantity: { amount: 5n, symbol: 0x534f4504n }, memo: '' };
    const action = ledger.action('eosio.token::transfer', 'alice', transferSchema, transfer);
    expect(rejectionOf(() => ledger.run(action)).message).toBe('snap.fees takes XST only');
  });

  it('takes no notice of transfers in other contracts', () => {
    const transfer = { from: alice, to: names.snapFees, quantity: { amount: 5n, symbol: 0x54535804n }, memo: '' };
    ledger.act('bob::transfer', 'alice', transferSchema, transfer);
    expect(credit(alice)).toBe(0n);
  });
});

describe('feeTokenBalance', () => {
  it("reads the token contract's row of snap.fees", () => {
    const { state } = ledger;
    expect(feeTokenBalance(state)).toBe(0n);
    const id = tableId(systemToken.contract, names.snapFees, name('accounts'));
    const row = encode(assetSchema, { amount: 77n, symbol: systemToken.symbol });
    state.put(rowKey(id, symbolCode(systemToken.symbol)), encodeRow(names.snapFees, row));
    expect(feeTokenBalance(state)).toBe(77n);
  });
});

describe('withdraw', () => {
  const withdraw = (quantity: bigint, actor = 'alice') =>
    ledger.act('snap.fees::withdraw', actor, feeActions.withdraw.schema, { owner: alice, quantity });
  beforeEach(() => ledger.transfer('alice', 'snap.fees', 100n));

  it('returns what is not used', () => {
    withdraw(40n);
    expect(credit(alice)).toBe(60n);
    expect(ledger.balance(alice)).toBe(1_000_000n - 60n);
    withdraw(60n);
    expect(ledger.balance(alice)).toBe(1_000_000n);
    consistent();
  });

  it.each([
    ['more than there is', () => withdraw(101n), 'snap_insufficient_credit'],
    ['nothing', () => withdraw(0n), 'action_validate_exception'],
    ['a negative amount', () => withdraw(-1n), 'action_validate_exception'],
    ["another's credit", () => withdraw(1n, 'bob'), 'missing_auth_exception'],
  ])('refuses %s', (_what, run, code) => {
    expect(codeOf(run)).toBe(code);
    expect(credit(alice)).toBe(100n);
  });

  it('says how much is missing', () => {
    expect(rejectionOf(() => withdraw(150n))).toMatchObject({
      message:
        'account alice has 0.0100 XST of fee credit, but the withdrawal takes 0.0150 XST: 0.0050 XST is missing. Credit is topped up by a transfer to snap.fees',
      evidence: { account: 'alice', credit: '0.0100 XST', needed: '0.0150 XST', missing: '0.0050 XST' },
    });
  });
});

describe('the bill', () => {
  it('is nothing while prices are zero, and nothing is read or written for it', () => {
    const before = ledger.state.checkpoint();
    const payer = choosePayer(ledger.state, alice, slot);
    const bill = computeBill(defaultSnapParameters, payer, { cpuUs: 150_000, netWords: 1000, edge });
    expect(bill).toEqual({ payer: alice, cpuFee: 0n, netFee: 0n, edge });
    settleFee(ledger.state, defaultSnapParameters, bill, { producer, slot }, new Map([[alice, 100n]]));
    checkCredit(ledger.state, defaultSnapParameters, transactionOf('alice'), slot, { cpuUs: 100, netWords: 10 });
    expect(ledger.state.checkpoint()).toBe(before);
  });

  it.each([
    // 500 us at 0.0100 per ms; 10 words = 80 bytes at 0.0050 per kB = 4 units
    [500, 10, 50n, 4n],
    [1, 1, 1n, 1n],
    [100, 16, 10n, 7n],
    [150_000, 65_536, 15_000n, 26_215n],
    [0, 0, 0n, 0n],
  ])('is rounded up: %i us and %i words', (cpuUs, netWords, cpuFee, netFee) => {
    putParameters(ledger.state, priced);
    const bill = computeBill(priced, choosePayer(ledger.state, alice, slot), { cpuUs, netWords });
    expect(bill).toEqual({ payer: alice, cpuFee, netFee, edge: names.empty });
  });

  it('takes nothing from privileged accounts', () => {
    putParameters(ledger.state, priced);
    expect(charge('eosio', { cpuUs: 500, netWords: 10 })).toMatchObject({ cpuFee: 0n, netFee: 0n });
  });

  it('follows the percentage of the account', () => {
    putParameters(ledger.state, priced);
    gasPrices.put(ledger.state, alice, { account: alice, percent: 50 });
    gasPrices.put(ledger.state, bob, { account: bob, percent: 0 });
    ledger.transfer('alice', 'snap.fees', 1000n);
    expect(charge('alice', { cpuUs: 500, netWords: 10 })).toMatchObject({ cpuFee: 25n, netFee: 2n });
    expect(charge('bob', { cpuUs: 500, netWords: 10 })).toMatchObject({ cpuFee: 0n, netFee: 0n });
  });

  it('names the first authoriser as the payer', () => {
    expect(formatName(firstAuthorizer(transactionOf('carol')))).toBe('carol');
    expect(codeOf(() => firstAuthorizer({ actions: [] }))).toBe('tx_no_auths');
  });
});

describe('credit', () => {
  const least = { cpuUs: 100, netWords: 16 };
  const check = () => checkCredit(ledger.state, getParameters(ledger.state), transactionOf('alice'), slot, least);
  beforeEach(() => putParameters(ledger.state, priced));

  it('must cover the least that a transaction costs', () => {
    expect(rejectionOf(check)).toMatchObject({
      code: 'snap_insufficient_credit',
      evidence: { account: 'alice', credit: '0.0000 XST', needed: '0.0017 XST', missing: '0.0017 XST' },
    });
    ledger.transfer('alice', 'snap.fees', 16n);
    expect(rejectionOf(check).evidence).toMatchObject({ missing: '0.0001 XST' });
    ledger.transfer('alice', 'snap.fees', 1n);
    expect(codeOf(check)).toBe('accepted');
  });

  it('limits the CPU that can be used', () => {
    const affordable = () => affordableCpuUs(priced, choosePayer(ledger.state, alice, slot), 16);
    expect(affordable()).toBe(0);
    ledger.transfer('alice', 'snap.fees', 57n);
    expect(affordable()).toBe(500);
    charge('alice', { cpuUs: affordable(), netWords: 16 });
    expect(credit(alice)).toBe(0n);
    expect(affordableCpuUs(defaultSnapParameters, choosePayer(ledger.state, alice, slot), 16)).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it('is taken after execution, or the transaction fails', () => {
    ledger.transfer('alice', 'snap.fees', 53n);
    expect(codeOf(() => charge('alice', { cpuUs: 500, netWords: 10 }))).toBe('snap_insufficient_credit');
    ledger.transfer('alice', 'snap.fees', 1n);
    charge('alice', { cpuUs: 500, netWords: 10 });
    expect(credit(alice)).toBe(0n);
    consistent();
  });
});

describe('sponsors', () => {
  const setSponsor = (cap: bigint, periodSec = 60, actors = 'alice bob', sponsor = bob) =>
    ledger.act('snap.fees::setsponsor', actors, feeActions.setsponsor.schema, {
      account: alice,
      sponsor,
      cap,
      periodSec,
    });
  const clear = (actors: string) =>
    ledger.act('snap.fees::clrsponsor', actors, feeActions.clrsponsor.schema, { account: alice });

  it.each([
    ["without the account's authority", () => setSponsor(100n, 60, 'bob'), 'missing_auth_exception'],
    ["without the sponsor's authority", () => setSponsor(100n, 60, 'alice'), 'missing_auth_exception'],
    ['itself', () => setSponsor(100n, 60, 'alice', alice), 'snap_invalid_sponsor'],
    ['a cap of nothing', () => setSponsor(0n), 'snap_invalid_sponsor'],
    ['a period of nothing', () => setSponsor(1n, 0), 'snap_invalid_sponsor'],
    ['a period of years', () => setSponsor(1n, 366 * 86_400 + 1), 'snap_invalid_sponsor'],
    ['the end of a sponsorship that is not', () => clear('alice'), 'snap_invalid_sponsor'],
  ])('refuses %s', (_what, run, code) => expect(codeOf(run)).toBe(code));

  it('may be dismissed by either side, and by nobody else', () => {
    for (const actor of ['alice', 'bob']) {
      setSponsor(100n);
      expect(codeOf(() => clear('carol'))).toBe('missing_auth_exception');
      clear(actor);
      expect(sponsors.get(ledger.state, alice)).toBeUndefined();
    }
  });

  describe('with a cap of 0.0100 XST a minute', () => {
    const usage = { cpuUs: 500, netWords: 10 };
    beforeEach(() => {
      putParameters(ledger.state, priced);
      setSponsor(100n);
      ledger.transfer('bob', 'snap.fees', 1000n);
    });

    it('pay for an account without credit', () => {
      expect(charge('alice', usage)).toMatchObject({ payer: alice, sponsor: bob, cpuFee: 50n, netFee: 4n });
      expect([credit(alice), credit(bob)]).toEqual([0n, 946n]);
      expect(sponsorshipAt(ledger.state, alice, slot)!.used).toBe(54n);
      consistent();
    });

    it('stop at the cap with a clear error, and go on in the next period', () => {
      charge('alice', usage);
      expect(rejectionOf(() => charge('alice', usage))).toMatchObject({
        code: 'snap_sponsor_limit_exceeded',
        message:
          'sponsor bob pays at most 0.0100 XST per 60 s for alice; 0.0046 XST is left, 0.0054 XST is needed, and alice has not enough credit of its own',
        evidence: { left: '0.0046 XST', needed: '0.0054 XST', missing: '0.0008 XST' },
      });
      const check = () => checkCredit(ledger.state, priced, transactionOf('alice'), slot, usage);
      expect(codeOf(check)).toBe('snap_sponsor_limit_exceeded');
      expect(codeOf(() => charge('alice', usage, {}, slot + 119))).toBe('snap_sponsor_limit_exceeded');
      charge('alice', usage, {}, slot + 120);
      expect(sponsors.get(ledger.state, alice)).toMatchObject({ periodStart: slot + 120, used: 54n });
      expect(sponsorshipAt(ledger.state, alice, slot + 1000)).toMatchObject({ periodStart: slot + 960, used: 0n });
    });

    it('leave it to the account when they can no longer pay and it can', () => {
      charge('alice', usage);
      ledger.transfer('alice', 'snap.fees', 60n);
      expect(charge('alice', usage).sponsor).toBeUndefined();
      expect([credit(alice), credit(bob)]).toEqual([6n, 946n]);
    });

    it('must have credit themselves', () => {
      ledger.act('snap.fees::withdraw', 'bob', feeActions.withdraw.schema, { owner: bob, quantity: 990n });
      const check = () => checkCredit(ledger.state, priced, transactionOf('alice'), slot, usage);
      expect(rejectionOf(check)).toMatchObject({ code: 'snap_insufficient_credit', evidence: { account: 'bob' } });
      expect(codeOf(() => charge('alice', usage))).toBe('snap_insufficient_credit');
    });

    it('do not pay for the actions of others', () => {
      ledger.transfer('carol', 'snap.fees', 100n);
      expect(charge('carol', usage).sponsor).toBeUndefined();
      expect(credit(carol)).toBe(46n);
    });
  });
});

describe('division of a fee', () => {
  beforeEach(() => {
    putParameters(ledger.state, priced);
    ledger.transfer('alice', 'snap.fees', 10_000n);
  });
  const rewardsOf = () => [reward(producer), reward(edge), reward(fundAccount), reward(names.snapFees)];

  it('is 10 % to the producer and 90 % to the edge node', () => {
    charge('alice', { cpuUs: 500, netWords: 10, edge });
    expect(rewardsOf()).toEqual([5n, 49n, 0n, 0n]);
    consistent();
  });

  it('follows the parameters', () => {
    putParameters(ledger.state, { ...priced, producerShare: 2000, edgeShare: 5000, fundShare: 3000 });
    charge('alice', { cpuUs: 500, netWords: 10, edge });
    expect(rewardsOf()).toEqual([10n, 28n, 16n, 0n]);
    putParameters(ledger.state, { ...priced, producerShare: 3333, edgeShare: 0, fundShare: 6667 });
    charge('alice', { cpuUs: 500, netWords: 10, edge });
    expect(rewardsOf()).toEqual([27n, 28n, 53n, 0n]);
    consistent();
  });

  it('puts the edge share into the pool when no edge node is named, or one that does not exist', () => {
    charge('alice', { cpuUs: 500, netWords: 10 });
    charge('alice', { cpuUs: 500, netWords: 10, edge: name('nobody') });
    charge('alice', { cpuUs: 500, netWords: 10, edge: names.snapFees });
    expect(rewardsOf()).toEqual([15n, 0n, 0n, 147n]);
  });

  it('pays only entered edge nodes once there are any', () => {
    edges.put(ledger.state, carol, { owner: carol });
    charge('alice', { cpuUs: 500, netWords: 10, edge });
    charge('alice', { cpuUs: 500, netWords: 10, edge: carol });
    expect([reward(edge), reward(carol), reward(names.snapFees)]).toEqual([0n, 49n, 49n]);
  });

  it('adds up when one account is producer, edge node and payer', () => {
    ledger.transfer('alice', 'snap.fees', 1000n, 'prod');
    charge('prod', { cpuUs: 500, netWords: 10, edge: producer });
    expect(reward(producer)).toBe(54n);
    consistent();
  });

  it.each([['open'], ['entered']])('divides the pool among active edge nodes (%s)', (mode) => {
    if (mode === 'entered') for (const owner of [edge, bob, carol]) edges.put(ledger.state, owner, { owner });
    charge('alice', { cpuUs: 500, netWords: 10, edge: bob }, {}, slot - 500);
    charge('alice', { cpuUs: 500, netWords: 10, edge }, {}, slot);
    charge('alice', { cpuUs: 500, netWords: 10, edge: carol }, {}, slot);
    charge('alice', { cpuUs: 500, netWords: 10 }, {}, slot);
    expect(reward(names.snapFees)).toBe(49n);
    expect(dividePool(ledger.state, slot - 252)).toBe(2);
    expect([reward(bob), reward(edge), reward(carol), reward(names.snapFees)]).toEqual([49n, 73n, 73n, 1n]);
    expect(dividePool(ledger.state, slot - 252)).toBe(0);
    consistent();
  });

  it('leaves the pool alone when nobody was active', () => {
    charge('alice', { cpuUs: 500, netWords: 10 });
    expect(dividePool(ledger.state, slot)).toBe(0);
    expect(reward(names.snapFees)).toBe(49n);
  });
});

describe('claimrewards', () => {
  const claim = (owner: string, actor = owner) =>
    ledger.act('snap.fees::claimrewards', actor, feeActions.claimrewards.schema, { owner: name(owner) });
  const earn = (fee: bigint) => {
    putParameters(ledger.state, { ...priced, cpuPrice: 1000n, netPrice: 0n, producerShare: 10_000, edgeShare: 0 });
    ledger.transfer('alice', 'snap.fees', fee);
    charge('alice', { cpuUs: Number(fee), netWords: 0 });
  };

  it('pays from one whole token', () => {
    earn(9999n);
    expect(rejectionOf(() => claim('prod')).message).toBe(
      'prod has earned 0.9999 XST so far; rewards are paid out from 1.0000 XST',
    );
    earn(1n);
    claim('prod');
    expect([reward(producer), ledger.balance(producer)]).toEqual([0n, 10_000n]);
    expect(codeOf(() => claim('prod'))).toBe('action_validate_exception');
    consistent();
  });

  it('pays to the owner only, never the pool', () => {
    earn(10_000n);
    expect(codeOf(() => claim('prod', 'bob'))).toBe('missing_auth_exception');
    expect(codeOf(() => claim('snap.fees'))).toBe('action_validate_exception');
  });
});

describe('parameters', () => {
  const prices = (actor: string, change: Partial<Record<'cpuPrice' | 'netPrice' | 'ramPrice', bigint>>) =>
    ledger.act('snap.fees::setprices', actor, feeActions.setprices.schema, {
      cpuPrice: 0n,
      netPrice: 0n,
      ramPrice: 0n,
      ...change,
    });
  const params = (actor: string, change: Partial<Omit<SnapParameters, 'cpuPrice' | 'netPrice' | 'ramPrice'>>) =>
    ledger.act('snap.fees::setparams', actor, feeActions.setparams.schema, {
      producerShare: 1000,
      edgeShare: 9000,
      fundShare: 0,
      gasPerMicrosecond: 1000,
      ...change,
    });
  const gasPrice = (actor: string, account: string, percent: number) =>
    ledger.act('snap.fees::setgasprice', actor, feeActions.setgasprice.schema, { account: name(account), percent });
  const setEdge = (actor: string, account: string, allowed: boolean) =>
    ledger.act('snap.fees::setedge', actor, feeActions.setedge.schema, { account: name(account), allowed });

  it.each([
    ['setprices', () => prices('alice', {}), 'missing_auth_exception'],
    ['setparams', () => params('alice', {}), 'missing_auth_exception'],
    ['setgasprice', () => gasPrice('alice', 'bob', 50), 'missing_auth_exception'],
    ['setedge', () => setEdge('alice', 'bob', true), 'missing_auth_exception'],
    ['too high a price', () => prices('eosio', { cpuPrice: 10n ** 12n + 1n }), 'action_validate_exception'],
    ['shares that do not add up', () => params('eosio', { fundShare: 1 }), 'action_validate_exception'],
    ['no gas per microsecond', () => params('eosio', { gasPerMicrosecond: 0 }), 'action_validate_exception'],
    ['the price of nobody', () => gasPrice('eosio', 'nobody', 50), 'action_validate_exception'],
    ['too high a percentage', () => gasPrice('eosio', 'bob', 10_001), 'action_validate_exception'],
    ['nobody as edge node', () => setEdge('eosio', 'nobody', true), 'action_validate_exception'],
  ])('refuses %s', (_what, run, code) => expect(codeOf(run)).toBe(code));

  it('are set by eosio, the others staying as they are', () => {
    prices('eosio', { cpuPrice: 7n, netPrice: 8n, ramPrice: 9n });
    params('eosio', { producerShare: 2000, edgeShare: 8000, gasPerMicrosecond: 500 });
    expect(getParameters(ledger.state)).toEqual({
      cpuPrice: 7n,
      netPrice: 8n,
      ramPrice: 9n,
      producerShare: 2000,
      edgeShare: 8000,
      fundShare: 0,
      stateCommitment: false,
      gasPerMicrosecond: 500,
    });
    gasPrice('eosio', 'bob', 50);
    expect(gasPrices.get(ledger.state, bob)!.percent).toBe(50);
    gasPrice('eosio', 'bob', 100);
    expect(gasPrices.isEmpty(ledger.state)).toBe(true);
    setEdge('eosio', 'edge', true);
    expect(edges.isEmpty(ledger.state)).toBe(false);
    setEdge('eosio', 'edge', false);
    expect(edges.isEmpty(ledger.state)).toBe(true);
  });

  it('cannot be changed, nor anything paid out, by read-only transactions', () => {
    ledger.readOnly = true;
    expect(codeOf(() => prices('eosio', {}))).toBe('action_validate_exception');
    expect(codeOf(() => ledger.transfer('alice', 'snap.fees', 1n))).toBe('action_validate_exception');
  });
});

describe('RAM deposits', () => {
  /** 10 units per kilobyte. */
  beforeEach(() => putParameters(ledger.state, { ...defaultSnapParameters, ramPrice: 10n }));
  const rowOf = (account: typeof alice) => {
    const { credit: left, deposit, sponsored } = getCredit(ledger.state, account);
    return [left, deposit, sponsored];
  };
  /** Changes RAM as an action would, and settles. */
  const use = (actor: string, account: string, bytes: bigint) => {
    const checkpoint = ledger.state.checkpoint();
    try {
      addRamUsage(ledger.state, name(account), bytes);
      charge(actor, { cpuUs: 100, netWords: 1 }, { [account]: bytes });
    } catch (error) {
      ledger.state.rollback(checkpoint);
      throw error;
    }
  };

  it('are taken when RAM grows and return when it shrinks', () => {
    ledger.transfer('alice', 'snap.fees', 100n);
    use('alice', 'alice', 2501n);
    expect(rowOf(alice)).toEqual([74n, 26n, 0n]);
    use('alice', 'alice', -2501n);
    // Of the usage before, 2,724 bytes had been there without deposit: they keep their part.
    expect(rowOf(alice)).toEqual([74n + 12n, 14n, 0n]);
    consistent();
  });

  it('return in proportion, whatever the price is by then', () => {
    ledger.transfer('alice', 'snap.fees', 1000n);
    use('alice', 'alice', 97_276n);
    expect(rowOf(alice)).toEqual([27n, 973n, 0n]);
    putParameters(ledger.state, defaultSnapParameters);
    use('alice', 'alice', -50_000n);
    expect(rowOf(alice)).toEqual([27n + 486n, 487n, 0n]);
    consistent();
  });

  it('are missing: the transaction fails and says of whom', () => {
    expect(rejectionOf(() => use('alice', 'bob', 5000n))).toMatchObject({
      code: 'snap_insufficient_credit',
      evidence: { account: 'bob', missing: '0.0050 XST' },
    });
  });

  it("are the account's own affair, not the payer's", () => {
    ledger.transfer('alice', 'snap.fees', 100n);
    ledger.transfer('bob', 'snap.fees', 100n);
    use('alice', 'bob', 5000n);
    expect([rowOf(alice), rowOf(bob)]).toEqual([
      [100n, 0n, 0n],
      [50n, 50n, 0n],
    ]);
  });

  it('are not asked of privileged accounts', () => {
    use('alice', 'eosio', 5000n);
    expect(rowOf(names.eosio)).toEqual([0n, 0n, 0n]);
  });

  it('can be paid by a sponsor, to whom they return', () => {
    ledger.act('snap.fees::setsponsor', 'alice bob', feeActions.setsponsor.schema, {
      account: alice,
      sponsor: bob,
      cap: 60n,
      periodSec: 60,
    });
    ledger.transfer('bob', 'snap.fees', 100n);
    use('alice', 'alice', 5000n);
    expect([rowOf(alice), rowOf(bob)]).toEqual([
      [0n, 0n, 50n],
      [50n, 0n, 0n],
    ]);
    expect(codeOf(() => use('alice', 'alice', 5000n))).toBe('snap_insufficient_credit');
    ledger.act('snap.fees::clrsponsor', 'alice', feeActions.clrsponsor.schema, { account: alice });
    use('carol', 'alice', -5000n);
    expect([rowOf(alice), rowOf(bob)]).toEqual([
      [0n, 0n, 18n],
      [82n, 0n, 0n],
    ]);
    consistent();
  });

  it('of one sponsor are not mixed with those of another', () => {
    const sponsorBy = (sponsor: string) =>
      ledger.act('snap.fees::setsponsor', `alice ${sponsor}`, feeActions.setsponsor.schema, {
        account: alice,
        sponsor: name(sponsor),
        cap: 1000n,
        periodSec: 60,
      });
    ledger.transfer('bob', 'snap.fees', 100n);
    ledger.transfer('carol', 'snap.fees', 100n);
    ledger.transfer('alice', 'snap.fees', 100n);
    sponsorBy('bob');
    use('alice', 'alice', 1000n);
    sponsorBy('carol');
    use('alice', 'alice', 1000n);
    expect([rowOf(alice), rowOf(bob), rowOf(carol)]).toEqual([
      [90n, 10n, 10n],
      [90n, 0n, 0n],
      [100n, 0n, 0n],
    ]);
  });

  it('of a new account are prepaid by its creator', () => {
    const authority = testAuthority({ keys: [[1, 1]] });
    const create = () =>
      ledger.act('eosio::newaccount', 'alice', newAccountSchema, {
        creator: alice,
        name: name('dave'),
        owner: authority,
        active: authority,
      });
    expect(rejectionOf(create)).toMatchObject({ code: 'snap_insufficient_credit', evidence: { needed: '0.0028 XST' } });
    ledger.transfer('alice', 'snap.fees', 30n);
    const { ramDeltas } = create();
    charge(
      'alice',
      { cpuUs: 100, netWords: 1 },
      Object.fromEntries([...ramDeltas].map(([account, delta]) => [formatName(account), delta])),
    );
    expect([rowOf(alice), rowOf(name('dave'))]).toEqual([
      [2n, 0n, 0n],
      [0n, 28n, 0n],
    ]);
    consistent();
  });
});
