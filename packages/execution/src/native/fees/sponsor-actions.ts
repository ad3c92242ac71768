/** `snap.fees::setsponsor` and `snap.fees::clrsponsor`. */
import { formatName, reject } from '@snapscale/protocol';
import type { ActionContext } from '../../apply/types.js';
import { decodeActionData } from '../action-data.js';
import { requireWritable } from '../native-handler.js';
import { feeActions } from './action-data.js';
import { sponsors } from './tables.js';

/** Longest period of a cap: a leap year, seconds. */
const periodSecMax = 366 * 24 * 3600;

/** Makes `sponsor` pay for `account`, or changes the cap; the period begins anew. Needs the authority of both. */
export function applySetSponsor(context: ActionContext): void {
  requireWritable(context);
  const { account, sponsor, cap, periodSec } = decodeActionData(feeActions.setsponsor.schema, context.action);
  context.requireAuthorization(account);
  context.requireAuthorization(sponsor);
  const what = `${formatName(sponsor)} cannot sponsor ${formatName(account)}`;
  if (account === sponsor) reject('snap_invalid_sponsor', `${what}: an account cannot be its own sponsor`);
  if (cap <= 0n) reject('snap_invalid_sponsor', `${what}: the cap must be positive`);
  if (periodSec < 1 || periodSec > periodSecMax) {
    reject('snap_invalid_sponsor', `${what}: the period must be 1 to ${periodSecMax} seconds, not ${periodSec}`);
  }
  sponsors.put(context.state, account, {
    account,
    sponsor,
    cap,
    periodSec,
    periodStart: context.block.slot,
    used: 0n,
  });
}

/** Ends a sponsorship. Needs the authority of the account or of its sponsor. */
export function applyClearSponsor(context: ActionContext): void {
  requireWritable(context);
  const { account } = decodeActionData(feeActions.clrsponsor.schema, context.action);
  const row = sponsors.get(context.state, account);
  if (row === undefined) reject('snap_invalid_sponsor', `${formatName(account)} has no sponsor`);
  if (!context.hasAuthorization(row.sponsor)) context.requireAuthorization(account);
  sponsors.remove(context.state, account);
}
