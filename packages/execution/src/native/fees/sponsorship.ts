/** Sponsors: accounts that agreed to pay for others, up to a cap in each period. */
import { formatName, type Name, reject } from '@snapscale/protocol';
import type { StateReader } from '../../state/reader.js';
import type { WorkingState } from '../../state/working-state.js';
import { getCredit, takeCredit } from './credit.js';
import { formatAmount, type SponsorRow, sponsors } from './tables.js';

const SLOTS_PER_SECOND = 2;

/** The sponsorship of an account as of `slot`, with the period that contains it. */
export function sponsorshipAt(state: StateReader, account: Name, slot: number): SponsorRow | undefined {
  const row = sponsors.get(state, account);
  if (row === undefined) return undefined;
  const periodSlots = row.periodSec * SLOTS_PER_SECOND;
  const periods = Math.floor((slot - row.periodStart) / periodSlots);
  if (periods <= 0) return row;
  return { ...row, periodStart: row.periodStart + periods * periodSlots, used: 0n };
}

/** What the sponsor can still pay: the rest of the cap, or its credit when that is less. */
export function sponsorAvailable(state: StateReader, { sponsor, cap, used }: SponsorRow): bigint {
  const left = cap > used ? cap - used : 0n;
  const { credit } = getCredit(state, sponsor);
  return credit < left ? credit : left;
}

/**
 * Takes `amount` from the credit of `account`'s sponsor and counts it against the cap. The sponsorship must exist.
 * Rejects with `snap_sponsor_limit_exceeded` or, when it is the sponsor's credit that runs out, `snap_insufficient_credit`.
 */
export function takeFromSponsor(state: WorkingState, account: Name, amount: bigint, slot: number): void {
  const row = sponsorshipAt(state, account, slot)!;
  if (row.used + amount > row.cap) rejectSponsorLimit(row, amount);
  takeCredit(state, row.sponsor, amount, `the fee that it sponsors for ${formatName(account)}`);
  sponsors.put(state, account, { ...row, used: row.used + amount });
}

/** Rejects: the cap leaves less than `needed`. */
export function rejectSponsorLimit({ account, sponsor, cap, used, periodSec }: SponsorRow, needed: bigint): never {
  const left = cap > used ? cap - used : 0n;
  return reject(
    'snap_sponsor_limit_exceeded',
    `sponsor ${formatName(sponsor)} pays at most ${formatAmount(cap)} per ${periodSec} s for ${formatName(account)}; ${formatAmount(left)} is left, ${formatAmount(needed)} is needed, and ${formatName(account)} has not enough credit of its own`,
    {
      account: formatName(account),
      sponsor: formatName(sponsor),
      left: formatAmount(left),
      needed: formatAmount(needed),
      missing: formatAmount(needed - left),
    },
  );
}
