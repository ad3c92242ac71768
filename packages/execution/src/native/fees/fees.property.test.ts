import { defaultSnapParameters, type Name, name, names, Reject, type SnapParameters } from '@snapscale/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { getResources } from '../../state/records.js';
import { addRamUsage } from '../resources.js';
import { TestLedger } from '../test-support.js';
import { feeActions } from './action-data.js';
import { affordableCpuUs, checkCredit, choosePayer, computeBill, settleFee } from './charge.js';
import { getCredit } from './credit.js';
import { totalFees } from './invariant.js';
import { getParameters, putParameters } from './parameters.js';
import { dividePool, getReward, shareFee } from './rewards.js';
import { credits, edges, rewards, sponsors } from './tables.js';

const accounts = ['alice', 'bob', 'carol', 'edge'] as const;
const supply = 4_000_000n;

const someAccount = fc.constantFrom(...accounts);
const parameters: fc.Arbitrary<SnapParameters> = fc
  .record({
    cpuPrice: fc.bigInt({ min: 0n, max: 2000n }),
    netPrice: fc.bigInt({ min: 0n, max: 2000n }),
    ramPrice: fc.bigInt({ min: 0n, max: 500n }),
    producerShare: fc.integer({ min: 0, max: 10_000 }),
    split: fc.integer({ min: 0, max: 10_000 }),
  })
  .map(({ producerShare, split, ...prices }) => {
    const edgeShare = Math.floor(((10_000 - producerShare) * split) / 10_000);
    const fundShare = 10_000 - producerShare - edgeShare;
    return { ...defaultSnapParameters, ...prices, producerShare, edgeShare, fundShare };
  });

const step = fc.record({
  kind: fc.oneof(
    { arbitrary: fc.constant('transaction' as const), weight: 8 },
    { arbitrary: fc.constant('sponsor' as const), weight: 2 },
    { arbitrary: fc.constant('divide' as const), weight: 2 },
    { arbitrary: fc.constantFrom('top up', 'withdraw', 'claim', 'dismiss', 'prices', 'edge'), weight: 6 },
  ),
  ownRam: fc.boolean(),
  by: someAccount,
  other: someAccount,
  amount: fc.bigInt({ min: 1n, max: 50_000n }),
  cpuUs: fc.integer({ min: 100, max: 5000 }),
  netWords: fc.integer({ min: 10, max: 500 }),
  ram: fc.integer({ min: -3000, max: 3000 }),
  parameters,
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A ledger whose accounts have tokens but no credit, or the same tokens with some of them paid in. */
function newLedger(paidIn = 0n): TestLedger {
  const ledger = new TestLedger();
  ledger.createAccounts(...accounts.map((account, i) => [account, i + 1] as const), ['eosio.token', 9]);
  for (const account of accounts) {
    ledger.balances.set(name(account), supply / 4n);
    if (paidIn > 0n) ledger.transfer(account, 'snap.fees', paidIn);
  }
  return ledger;
}

/** Does one step; a rejection must leave everything as it was. */
function take(ledger: TestLedger, s: Step): void {
  const { state } = ledger;
  const checkpoint = state.checkpoint();
  ledger.slot += 7;
  try {
    switch (s.kind) {
      case 'top up':
        ledger.transfer(s.by, 'snap.fees', s.amount, s.amount % 2n === 0n ? s.other : '');
        break;
      case 'withdraw':
        ledger.act('snap.fees::withdraw', s.by, feeActions.withdraw.schema, { owner: name(s.by), quantity: s.amount });
        break;
      case 'claim':
        ledger.act('snap.fees::claimrewards', s.by, feeActions.claimrewards.schema, { owner: name(s.by) });
        break;
      case 'sponsor':
        ledger.act('snap.fees::setsponsor', `${s.by} ${s.other}`, feeActions.setsponsor.schema, {
          account: name(s.by),
          sponsor: name(s.other),
          cap: s.amount,
          periodSec: 30,
        });
        break;
      case 'dismiss':
        ledger.act('snap.fees::clrsponsor', s.by, feeActions.clrsponsor.schema, { account: name(s.by) });
        break;
      case 'transaction':
        transact(ledger, s);
        break;
      case 'prices':
        putParameters(state, s.parameters);
        break;
      case 'divide':
        dividePool(state, ledger.slot - 200);
        break;
      case 'edge':
        if (edges.get(state, name(s.by)) === undefined) edges.put(state, name(s.by), { owner: name(s.by) });
        else edges.remove(state, name(s.by));
        break;
    }
  } catch (error) {
    if (!(error instanceof Reject)) throw error;
    state.rollback(checkpoint);
  }
}

function transact(ledger: TestLedger, { by, other, ownRam, cpuUs, netWords, ram, amount }: Step): void {
  const { state, slot } = ledger;
  const payer = name(by);
  const authorization = [{ actor: payer, permission: names.active }];
  const transaction = { actions: [{ account: payer, name: name('x'), authorization, data: new Uint8Array(0) }] };
  checkCredit(state, getParameters(state), transaction, slot, { cpuUs: 100, netWords });
  const ramDeltas = new Map<Name, bigint>();
  const ramAccount = ownRam ? payer : name(other);
  if (getResources(state, ramAccount).ramUsage + BigInt(ram) >= 0n) {
    addRamUsage(state, ramAccount, BigInt(ram));
    ramDeltas.set(ramAccount, BigInt(ram));
  }
  const edge = amount % 3n === 0n ? undefined : name(other);
  const bill = computeBill(getParameters(state), choosePayer(state, payer, slot), { cpuUs, netWords, edge });
  settleFee(state, getParameters(state), bill, { producer: name('carol'), slot }, ramDeltas);
}

describe('fees', () => {
  it('neither create nor lose a unit, whatever happens', () => {
    fc.assert(
      fc.property(parameters, fc.array(step, { maxLength: 40 }), (params, steps) => {
        const ledger = newLedger(100_000n);
        putParameters(ledger.state, params);
        for (const s of steps) {
          take(ledger, s);
          expect(totalFees(ledger.state)).toBe(ledger.balance(names.snapFees));
        }
        let tokens = 0n;
        for (const balance of ledger.balances.values()) tokens += balance;
        expect(tokens).toBe(supply);
        for (const { credit, deposit, sponsored, sponsor } of credits.rows(ledger.state)) {
          expect(credit >= 0n && deposit >= 0n && sponsored >= 0n).toBe(true);
          expect(sponsored > 0n).toBe(sponsor !== names.empty);
        }
        for (const { balance } of rewards.rows(ledger.state)) expect(balance >= 0n).toBe(true);
        for (const { used, cap } of sponsors.rows(ledger.state)) expect(used <= cap).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('are divided without rest', () => {
    fc.assert(
      fc.property(parameters, fc.bigInt({ min: 0n, max: 10n ** 15n }), fc.boolean(), (params, fee, named) => {
        const { state } = newLedger();
        shareFee(state, params, fee, { producer: name('carol'), edge: named ? name('edge') : names.empty, slot: 1 });
        expect(totalFees(state)).toBe(fee);
        const exact = (fee * BigInt(params.producerShare)) / 10_000n;
        expect(getReward(state, name('carol')).balance).toBe(exact);
      }),
      { numRuns: 200 },
    );
  });

  it('that are affordable can be paid, and no more can', () => {
    fc.assert(
      fc.property(
        parameters,
        fc.bigInt({ min: 0n, max: 100_000n }),
        fc.integer({ min: 1, max: 500 }),
        (params, amount, netWords) => {
          const ledger = newLedger();
          const { state, slot } = ledger;
          putParameters(state, params);
          if (amount > 0n) ledger.transfer('alice', 'snap.fees', amount);
          const payer = choosePayer(state, name('alice'), slot);
          const cpuUs = affordableCpuUs(params, payer, netWords);
          if (cpuUs === Number.POSITIVE_INFINITY) return;
          const feeOf = (us: number) => {
            const { cpuFee, netFee } = computeBill(params, payer, { cpuUs: us, netWords });
            return cpuFee + netFee;
          };
          if (cpuUs > 0) expect(feeOf(cpuUs) <= amount).toBe(true);
          expect(feeOf(cpuUs + 1) > amount).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of a deposit return in full once all RAM is given up', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 500 }),
        (sizes, price) => {
          const ledger = newLedger();
          const { state, slot } = ledger;
          const alice = name('alice');
          addRamUsage(state, alice, -getResources(state, alice).ramUsage);
          ledger.transfer('alice', 'snap.fees', 900_000n);
          const params = { ...defaultSnapParameters, ramPrice: BigInt(price) };
          putParameters(state, params);
          const change = (bytes: bigint) => {
            addRamUsage(state, alice, bytes);
            const bill = computeBill(params, choosePayer(state, alice, slot), { cpuUs: 0, netWords: 0 });
            settleFee(state, params, bill, { producer: alice, slot }, new Map([[alice, bytes]]));
          };
          for (const size of sizes) change(BigInt(size));
          for (const size of [...sizes].reverse()) change(-BigInt(size));
          expect(getCredit(state, alice)).toMatchObject({ credit: 900_000n, deposit: 0n });
        },
      ),
      { numRuns: 100 },
    );
  });
});
