/** `snap.fees::withdraw` and `snap.fees::claimrewards`: tokens that leave `snap.fees`, and the deposits on their way in. */
import {
  encode,
  FormatError,
  formatName,
  type Name,
  names,
  parseName,
  reject,
  symbolPrecision,
  systemToken,
} from '@snapscale/protocol';
import type { ActionContext } from '../../apply/types.js';
import { decodeActionData } from '../action-data.js';
import { requireValid, requireWritable } from '../native-handler.js';
import { feeActions, transferSchema } from './action-data.js';
import { addCredit, takeCredit } from './credit.js';
import { getReward } from './rewards.js';
import { formatAmount, poolAccount, rewards } from './tables.js';

/** The least that is paid out as a reward: one whole token. */
const claimMin = 10n ** BigInt(symbolPrecision(systemToken.symbol));

/** Returns credit to its owner. */
export function applyWithdraw(context: ActionContext): void {
  requireWritable(context);
  const { owner, quantity } = decodeActionData(feeActions.withdraw.schema, context.action);
  context.requireAuthorization(owner);
  requireValid(quantity > 0n, () => `cannot withdraw ${formatAmount(quantity)}: the quantity must be positive`);
  takeCredit(context.state, owner, quantity, 'the withdrawal');
  payOut(context, owner, quantity, 'fee credit returned');
}

/** Pays out all that an account has earned. */
export function applyClaimRewards(context: ActionContext): void {
  requireWritable(context);
  const { owner } = decodeActionData(feeActions.claimrewards.schema, context.action);
  context.requireAuthorization(owner);
  requireValid(owner !== poolAccount, () => 'the pool is divided among edge nodes and cannot be claimed');
  const row = getReward(context.state, owner);
  requireValid(
    row.balance >= claimMin,
    () =>
      `${formatName(owner)} has earned ${formatAmount(row.balance)} so far; rewards are paid out from ${formatAmount(claimMin)}`,
  );
  rewards.put(context.state, owner, { ...row, balance: 0n });
  payOut(context, owner, row.balance, 'rewards');
}

/**
 * Notification of `transfer` from the system token's contract: credits what `snap.fees` was sent to the account in the memo
 * or, without memo, to the sender. Rejects, and so undoes the transfer, when the memo is not an account or the token is not
 * the system token: nobody could get it back.
 */
export function creditTransfer(context: ActionContext): void {
  const { from, to, quantity, memo } = decodeActionData(transferSchema, context.action);
  if (to !== names.snapFees || from === names.snapFees) return;
  requireWritable(context);
  requireValid(quantity.symbol === systemToken.symbol, () => `snap.fees takes ${formatAmount(0n).split(' ')[1]} only`);
  requireValid(quantity.amount > 0n, () => 'snap.fees takes positive amounts only');
  const owner = memo === '' ? from : parseOwner(memo);
  requireValid(
    owner !== names.snapFees && context.isAccount(owner),
    () => `cannot credit '${memo}': the memo of a transfer to snap.fees must be empty or name an account`,
  );
  addCredit(context.state, owner, quantity.amount);
}

function payOut(context: ActionContext, to: Name, amount: bigint, memo: string): void {
  context.executeInline({
    account: systemToken.contract,
    name: names.transfer,
    authorization: [{ actor: names.snapFees, permission: names.active }],
    data: encode(transferSchema, {
      from: names.snapFees,
      to,
      quantity: { amount, symbol: systemToken.symbol },
      memo,
    }),
  });
}

function parseOwner(memo: string): Name {
  try {
    return parseName(memo);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(
      'action_validate_exception',
      `cannot credit '${memo.slice(0, 64)}': the memo of a transfer to snap.fees must be empty or name an account`,
    );
  }
}
