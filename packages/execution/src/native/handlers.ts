/** The native actions and the native notifications of the ledger: which code runs for which action. */
import { type Action, type Name, names, systemToken } from '@snapscale/protocol';
import { applyNewAccount } from './account-actions.js';
import { applySetAbi, applySetCode } from './code-actions.js';
import { feeActions } from './fees/action-data.js';
import { applySetEdge, applySetGasPrice, applySetParams, applySetPrices } from './fees/parameter-actions.js';
import { applyClaimRewards, applyWithdraw, creditTransfer } from './fees/payout-actions.js';
import { applyClearSponsor, applySetSponsor } from './fees/sponsor-actions.js';
import { applyLinkAuth, applyUnlinkAuth } from './link-actions.js';
import type { NativeHandler } from './native-handler.js';
import { applyDeleteAuth, applyUpdateAuth } from './permission-actions.js';
import { applyCancelDelay, applyOnBlock, applyOnError } from './transaction-actions.js';

/** Handlers by account, which is also the receiver, and by action. */
export const nativeHandlers: ReadonlyMap<Name, ReadonlyMap<Name, NativeHandler>> = new Map([
  [
    names.eosio,
    new Map<Name, NativeHandler>([
      [names.newaccount, applyNewAccount],
      [names.setcode, applySetCode],
      [names.setabi, applySetAbi],
      [names.updateauth, applyUpdateAuth],
      [names.deleteauth, applyDeleteAuth],
      [names.linkauth, applyLinkAuth],
      [names.unlinkauth, applyUnlinkAuth],
      [names.canceldelay, applyCancelDelay],
      [names.onerror, applyOnError],
      [names.onblock, applyOnBlock],
    ]),
  ],
  [
    names.snapFees,
    new Map<Name, NativeHandler>([
      [feeActions.withdraw.name, applyWithdraw],
      [feeActions.claimrewards.name, applyClaimRewards],
      [feeActions.setsponsor.name, applySetSponsor],
      [feeActions.clrsponsor.name, applyClearSponsor],
      [feeActions.setprices.name, applySetPrices],
      [feeActions.setparams.name, applySetParams],
      [feeActions.setgasprice.name, applySetGasPrice],
      [feeActions.setedge.name, applySetEdge],
    ]),
  ],
]);

/** The handler of `action` for `receiver`: of its own action, or of a notification that it listens to. */
export function nativeHandler(receiver: Name, action: Pick<Action, 'account' | 'name'>): NativeHandler | undefined {
  if (receiver === action.account) return nativeHandlers.get(receiver)?.get(action.name);
  const isCredit =
    receiver === names.snapFees && action.account === systemToken.contract && action.name === names.transfer;
  return isCredit ? creditTransfer : undefined;
}

/** Gas per byte of data of native actions, besides what every native action costs. */
const gasPerByte: ReadonlyMap<Name, number> = new Map([
  // Validation and rewriting of code: 70 to 170 ns a byte for ordinary contracts, up to 700 for crafted ones. Half a MiB of
  // code, the most that fits into a transaction, must stay within the CPU limit of one.
  [names.setcode, 250],
  // As for rows of contracts: 10 ns a byte until it is on the disk.
  [names.setabi, 6],
  // Each 18 bytes can name an account that has to be looked up twice and indexed, about 4 us.
  [names.newaccount, 250],
  [names.updateauth, 250],
]);

/**
 * Gas that a native action costs for the size of its data. 1000 gas are about a microsecond. Without it, an authority of
 * thousands of accounts or a large contract would hold up a block at the price of a transfer.
 */
export function nativeDataGas({ account, name, data }: Action): number {
  const price = (account === names.eosio ? gasPerByte.get(name) : undefined) ?? 4;
  return price * data.length;
}
