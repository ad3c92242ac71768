/** Fee credit of accounts: what they have paid in and not yet spent. */
import { formatName, type Name, names, reject } from '@snapscale/protocol';
import type { StateReader } from '../../state/reader.js';
import type { WorkingState } from '../../state/working-state.js';
import { type CreditRow, credits, formatAmount } from './tables.js';

/** An account's row; all zero when it never paid in. */
export function getCredit(state: StateReader, owner: Name): CreditRow {
  return credits.get(state, owner) ?? { owner, credit: 0n, deposit: 0n, sponsored: 0n, sponsor: names.empty };
}

/** Stores a row; one that says nothing is removed. */
export function putCredit(state: WorkingState, row: CreditRow): void {
  if (row.credit === 0n && row.deposit === 0n && row.sponsored === 0n) credits.remove(state, row.owner);
  else credits.put(state, row.owner, row);
}

/** Adds to an account's credit. */
export function addCredit(state: WorkingState, owner: Name, amount: bigint): void {
  if (amount === 0n) return;
  const row = getCredit(state, owner);
  putCredit(state, { ...row, credit: row.credit + amount });
}

/** Takes from an account's credit. Rejects with `snap_insufficient_credit` and what is missing. */
export function takeCredit(state: WorkingState, owner: Name, amount: bigint, purpose: string): void {
  if (amount === 0n) return;
  const row = getCredit(state, owner);
  if (row.credit < amount) rejectInsufficientCredit(owner, row.credit, amount, purpose);
  putCredit(state, { ...row, credit: row.credit - amount });
}

/** Rejects: `owner` has `credit`, and `purpose` takes `needed`. */
export function rejectInsufficientCredit(owner: Name, credit: bigint, needed: bigint, purpose: string): never {
  const missing = needed - credit;
  return reject(
    'snap_insufficient_credit',
    `account ${formatName(owner)} has ${formatAmount(credit)} of fee credit, but ${purpose} takes ${formatAmount(needed)}: ${formatAmount(missing)} is missing. Credit is topped up by a transfer to snap.fees`,
    {
      account: formatName(owner),
      credit: formatAmount(credit),
      needed: formatAmount(needed),
      missing: formatAmount(missing),
    },
  );
}
