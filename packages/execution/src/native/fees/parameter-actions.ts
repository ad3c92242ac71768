/** Actions of `snap.fees` with which `eosio`, and so the consortium's vote, changes prices, shares and edge nodes. */
import { formatName, type Name, names, type SnapParameters } from '@snapscale/protocol';
import type { ActionContext } from '../../apply/types.js';
import { decodeActionData } from '../action-data.js';
import { requireValid, requireWritable } from '../native-handler.js';
import { feeActions } from './action-data.js';
import { getParameters, parametersFault, putParameters } from './parameters.js';
import { edges, gasPrices } from './tables.js';

/** Highest percentage of the ordinary prices that one account can be made to pay. */
const percentMax = 10_000;

export function applySetPrices(context: ActionContext): void {
  begin(context);
  changeParameters(context, decodeActionData(feeActions.setprices.schema, context.action));
}

/** All parameters but the prices, and but `stateCommitment`, which a chain chooses at its genesis. */
export function applySetParams(context: ActionContext): void {
  begin(context);
  changeParameters(context, decodeActionData(feeActions.setparams.schema, context.action));
}

/** Lets an account pay `percent` of the ordinary prices of CPU and NET; 0 frees it of fees, 100 is the rule again. */
export function applySetGasPrice(context: ActionContext): void {
  begin(context);
  const { account, percent } = decodeActionData(feeActions.setgasprice.schema, context.action);
  requireAccount(context, account);
  requireValid(percent <= percentMax, () => `the percentage must be 0 to ${percentMax}, not ${percent}`);
  if (percent === 100) gasPrices.remove(context.state, account);
  else gasPrices.put(context.state, account, { account, percent });
}

/** Enters or strikes an account that may earn as an edge node. What it has earned stays its own. */
export function applySetEdge(context: ActionContext): void {
  begin(context);
  const { account, allowed } = decodeActionData(feeActions.setedge.schema, context.action);
  requireAccount(context, account);
  if (allowed) edges.put(context.state, account, { owner: account });
  else edges.remove(context.state, account);
}

function begin(context: ActionContext): void {
  requireWritable(context);
  context.requireAuthorization(names.eosio);
}

function changeParameters({ state }: ActionContext, changed: Partial<SnapParameters>): void {
  const parameters = { ...getParameters(state), ...changed };
  const fault = parametersFault(parameters);
  requireValid(fault === undefined, () => `cannot set parameters: ${fault}`);
  putParameters(state, parameters);
}

function requireAccount(context: ActionContext, account: Name): void {
  requireValid(context.isAccount(account), () => `account '${formatName(account)}' does not exist`);
}
