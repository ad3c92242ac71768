/** Nothing is made or lost: tokens, RAM, fees, table counts, whatever transactions do or fail to do. */
import { decodePermission, getResources, nameKey, prefixEnd, type StateReader, u64FromKey } from '@snapscale/execution';
import { formatName, type Name, name } from '@snapscale/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feeTokenBalance, totalFees } from '../../packages/execution/src/native/fees/invariant.js';
import type { ContractLedger } from '../testing/contract-ledger.js';
import { mixLedger, randomSteps, runSteps } from '../testing/random-mix.js';

const RUNS = 8;
/** The scope of `stat` for XST: the symbol code as a number. */
const SYMBOL_SCOPE = 0x54_53_58n;

function* entries(state: StateReader, prefix: string): Iterable<readonly [key: string, value: Uint8Array]> {
  for (let from = prefix; ; ) {
    const entry = state.first(from, prefixEnd(prefix));
    if (entry === undefined) return;
    yield [entry.key, entry.value];
    from = `${entry.key}\u0000`;
  }
}

/** Billable bytes of secondary index entries, by family: idx64, idx128, idx256, double, long double. */
const indexBytes: Readonly<Record<string, number>> = { 1: 128, 2: 144, 3: 160, 4: 128, 5: 144 };

/** RAM by account, added up from everything that the state holds, by the published tariff and nothing of the ledger's. */
function ramFromState(state: StateReader): Map<Name, number> {
  const usage = new Map<Name, number>();
  const charge = (account: bigint, bytes: number) =>
    usage.set(account as Name, (usage.get(account as Name) ?? 0) + bytes);
  const payer = (value: Uint8Array, offset = 0) =>
    new DataView(value.buffer, value.byteOffset, value.byteLength).getBigUint64(offset, true);
  const codeBytes = new Map([...entries(state, 'c')].map(([key, value]) => [key.slice(1), value.length - 4]));
  for (const [key, value] of entries(state, 'a')) {
    charge(u64FromKey(key, 1), 2048);
    const hash = String.fromCharCode(...value.subarray(31, 63));
    if ((value[4]! & 2) !== 0) charge(u64FromKey(key, 1), 10 * codeBytes.get(hash)!);
  }
  for (const [key, value] of entries(state, 'b')) charge(u64FromKey(key, 1), value.length);
  for (const [key, value] of entries(state, 'p')) {
    const { keys, accounts, waits } = decodePermission(value).authority;
    const keyBytes = keys.reduce((sum, weighted) => sum + 16 + weighted.key.length, 0);
    charge(u64FromKey(key, 1), 288 + keyBytes + 32 * accounts.length + 16 * waits.length);
  }
  for (const [key] of entries(state, 'l')) charge(u64FromKey(key, 1), 144);
  for (const [, value] of entries(state, 't')) charge(payer(value, 4), 112);
  for (const [, value] of entries(state, 'k')) charge(payer(value), 112 + value.length - 8);
  for (const [key, value] of entries(state, 'j')) charge(payer(value), indexBytes[key[1]!]!);
  return usage;
}

function recordedRam(state: StateReader): Map<Name, number> {
  return new Map(
    [...entries(state, 'r')].map(([key]) => {
      const account = u64FromKey(key, 1) as Name;
      return [account, Number(getResources(state, account).ramUsage)];
    }),
  );
}

/**
 * What the ledger does not bill: the ABIs of the genesis, the tables of `snap.fees`, and the authorities of `eosio.prods`,
 * which follow the schedule. The first is a constant, the others are the protocol's own.
 */
const unbilled: ReadonlySet<string> = new Set(['eosio.prods', 'snap.fees']);

function difference(state: StateReader): Record<string, number> {
  const recorded = recordedRam(state);
  const found: Record<string, number> = {};
  for (const [account, bytes] of ramFromState(state)) {
    const text = formatName(account);
    if (!unbilled.has(text) && recorded.get(account) !== bytes) found[text] = bytes - (recorded.get(account) ?? 0);
  }
  return found;
}

function tokenSums(ledger: ContractLedger): { readonly supply: number; readonly held: number } {
  const units = (asset: string) => Math.round(Number(asset.split(' ')[0]) * 10_000);
  const { supply } = ledger.onlyRow<{ supply: string }>('eosio.token', SYMBOL_SCOPE, 'stat');
  const held = ledger.scopes('eosio.token', 'accounts').map((owner) => units(ledger.balance(owner, '4,XST')));
  return { supply: units(supply), held: held.reduce((sum, amount) => sum + amount, 0) };
}

/** Tables whose count is not that of their rows and index entries. */
function wrongCounts(state: StateReader): string[] {
  const counted = new Map<string, number>();
  const count = (table: string) => counted.set(table, (counted.get(table) ?? 0) + 1);
  for (const [key] of entries(state, 'k')) count(key.slice(1, 25));
  for (const [key] of entries(state, 'j')) count(key.slice(2, 26));
  const wrong: string[] = [];
  for (const [key, value] of entries(state, 't')) {
    const table = key.slice(1);
    const recorded = new DataView(value.buffer, value.byteOffset).getUint32(0, true);
    if (counted.get(table) !== recorded) wrong.push(`${table}: ${recorded} of ${counted.get(table) ?? 0}`);
    counted.delete(table);
  }
  return [...wrong, ...[...counted.keys()].map((table) => `${table} has no record`)];
}

/** Index entries whose two forms, by secondary and by primary key, do not match. */
function unmatchedIndexEntries(state: StateReader): number {
  return Math.abs([...entries(state, 'i')].length - [...entries(state, 'j')].length);
}

/** Code whose count of references is not the number of accounts that run it. */
function wrongReferences(state: StateReader): number {
  const references = new Map<string, number>();
  for (const [, value] of entries(state, 'a')) {
    if ((value[4]! & 2) === 0) continue;
    const hash = String.fromCharCode(...value.subarray(31, 63));
    references.set(hash, (references.get(hash) ?? 0) + 1);
  }
  const stored = [...entries(state, 'c')];
  const wrong = stored.filter(
    ([key, value]) => references.get(key.slice(1)) !== new DataView(value.buffer, value.byteOffset).getUint32(0, true),
  );
  return wrong.length + Math.abs(stored.length - references.size);
}

describe('conservation', () => {
  it('tokens, RAM, fees, counts and references add up after every run, with and without prices', () => {
    const failures = new Map<string, number>();
    let succeeded = 0;
    fc.assert(
      fc.property(randomSteps, fc.boolean(), (steps, priced) => {
        const ledger = mixLedger();
        const systemAbiBytes = difference(ledger.state);
        expect(Object.keys(systemAbiBytes)).toEqual(['eosio']);
        if (priced) ledger.push('snap.fees', 'setprices', 'eosio', { cpu_price: 7, net_price: 3, ram_price: 2 });
        const tally = runSteps(ledger, steps);
        const { supply, held } = tokenSums(ledger);
        expect(held).toBe(supply);
        expect(difference(ledger.state)).toEqual(systemAbiBytes);
        expect(totalFees(ledger.state)).toBe(feeTokenBalance(ledger.state));
        expect(wrongCounts(ledger.state)).toEqual([]);
        expect(unmatchedIndexEntries(ledger.state)).toBe(0);
        expect(wrongReferences(ledger.state)).toBe(0);
        succeeded += tally.succeeded;
        for (const [code, count] of tally.failures) failures.set(code, (failures.get(code) ?? 0) + count);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(succeeded).toBeGreaterThan(RUNS * 8);
    // The ways to fail that the mix is made for.
    for (const code of [
      'tx_duplicate',
      'expired_tx_exception',
      'eosio_assert_message_exception',
      'unsatisfied_authorization',
    ]) {
      expect(failures.get(code) ?? 0, code).toBeGreaterThan(0);
    }
  });

  it('a transaction that fails leaves no trace in the state', () => {
    const ledger = mixLedger();
    const { state } = ledger.pending;
    const before = new Map(state.changes());
    const actions = [
      ledger.action('eosio.token', 'transfer', 'usera', {
        from: 'usera',
        to: 'userb',
        quantity: '1.0000 XST',
        memo: '',
      }),
      ledger.action('eosio.token', 'transfer', 'usera', {
        from: 'usera',
        to: 'userb',
        quantity: '9999999.0000 XST',
        memo: '',
      }),
    ];
    expect(ledger.apply(ledger.transaction(actions)).except?.code).toBe('eosio_assert_message_exception');
    expect(new Map(state.changes())).toEqual(before);
    expect(nameKey(name('usera'))).toHaveLength(8);
  });
});
