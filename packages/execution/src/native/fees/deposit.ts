/**
 * RAM deposits: paid when an account's RAM grows, returned when it shrinks.
 *
 * An account's deposit is not tied to the price at which it was paid: when a part of its RAM is given up, the same part of
 * the deposit returns. An account pays for its own RAM, never for what a contract it called has stored on its own bill;
 * its sponsor may pay instead, and gets back what it paid.
 */
import { type Bill, formatName, type Name, names, type SnapParameters } from '@snapscale/protocol';
import { getAccount, getResources } from '../../state/records.js';
import type { WorkingState } from '../../state/working-state.js';
import { addCredit, getCredit, putCredit, takeCredit } from './credit.js';
import { getParameters } from './parameters.js';
import { sponsorAvailable, sponsorshipAt, takeFromSponsor } from './sponsorship.js';

/** Prices are per this many bytes (of RAM and NET) and microseconds (of CPU). */
export const unitsPerPrice = 1000n;

/** The deposit for `bytes` of RAM, rounded up. */
function ramDeposit({ ramPrice }: SnapParameters, bytes: bigint): bigint {
  return (bytes * ramPrice + unitsPerPrice - 1n) / unitsPerPrice;
}

/**
 * Lets the creator of an account provide the credit from which the deposit for its first RAM will be taken. Nothing
 * happens while RAM has no price. Rejects with `snap_insufficient_credit`.
 */
export function prepayRam(state: WorkingState, creator: Name, account: Name, bytes: number): void {
  const parameters = getParameters(state);
  if (parameters.ramPrice === 0n) return;
  const amount = ramDeposit(parameters, BigInt(bytes));
  takeCredit(state, creator, amount, `the RAM deposit of the new account ${formatName(account)}`);
  addCredit(state, account, amount);
}

/** Returns deposits for RAM that accounts have given up. `ramDeltas`: changes by a transaction, already applied. */
export function returnDeposits(state: WorkingState, ramDeltas: ReadonlyMap<Name, bigint>): void {
  for (const [account, delta] of ramDeltas) {
    if (delta >= 0n) continue;
    const row = getCredit(state, account);
    if (row.deposit === 0n && row.sponsored === 0n) continue;
    const after = getResources(state, account).ramUsage;
    const part = (amount: bigint) => (after <= 0n ? amount : (amount * -delta) / (after - delta));
    const own = part(row.deposit);
    const sponsored = part(row.sponsored);
    const left = row.sponsored - sponsored;
    putCredit(state, {
      ...row,
      credit: row.credit + own,
      deposit: row.deposit - own,
      sponsored: left,
      sponsor: left === 0n ? names.empty : row.sponsor,
    });
    addCredit(state, row.sponsor, sponsored);
  }
}

/**
 * Takes deposits for RAM by which accounts have grown. Privileged accounts need none, nor does `snap.fees`: it takes over
 * the row of its token balance with its first payment, and must be able to pay. Rejects with `snap_insufficient_credit` or
 * `snap_sponsor_limit_exceeded`.
 */
export function takeDeposits(
  state: WorkingState,
  parameters: SnapParameters,
  bill: Bill,
  slot: number,
  ramDeltas: ReadonlyMap<Name, bigint>,
): void {
  if (parameters.ramPrice === 0n) return;
  for (const [account, delta] of ramDeltas) {
    if (delta <= 0n || account === names.snapFees || getAccount(state, account)?.privileged === true) continue;
    const amount = ramDeposit(parameters, delta);
    if (account === bill.payer && depositOfSponsor(state, account, amount, slot)) continue;
    takeCredit(state, account, amount, `the deposit for ${delta} bytes of RAM`);
    const row = getCredit(state, account);
    putCredit(state, { ...row, deposit: row.deposit + amount });
  }
}

/** Lets the payer's sponsor pay a deposit, if it can; a row remembers one sponsor at a time. */
function depositOfSponsor(state: WorkingState, account: Name, amount: bigint, slot: number): boolean {
  const sponsorship = sponsorshipAt(state, account, slot);
  if (sponsorship === undefined || sponsorAvailable(state, sponsorship) < amount) return false;
  const { sponsor } = sponsorship;
  const owed = getCredit(state, account);
  if (owed.sponsored > 0n && owed.sponsor !== sponsor) return false;
  takeFromSponsor(state, account, amount, slot);
  const row = getCredit(state, account);
  putCredit(state, { ...row, sponsored: row.sponsored + amount, sponsor });
  return true;
}
