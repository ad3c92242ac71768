/** `eosio::linkauth` and `eosio::unlinkauth`. Order of checks and messages are those of nodeos. */
import { formatName, names, reject } from '@snapscale/protocol';
import type { ActionContext } from '../apply/types.js';
import { eraseLink, storeLink } from '../authorization/permission-store.js';
import { permissionExists } from '../authorization/permissions.js';
import { accountExists, getLink } from '../state/records.js';
import { decodeActionData, linkAuthSchema, unlinkAuthSchema } from './action-data.js';
import { billableBytes } from './billable.js';
import { requireValid, requireWritable } from './native-handler.js';

/** Makes `requirement` the least permission with which the account may call an action, or all actions, of a contract. */
export function applyLinkAuth(context: ActionContext): void {
  requireWritable(context);
  const { account, code, type, requirement } = decodeActionData(linkAuthSchema, context.action);
  requireValid(requirement !== names.empty, () => 'Required permission cannot be empty');
  context.requireAuthorization(account);
  const { state } = context;
  if (!accountExists(state, account)) {
    reject('account_query_exception', `Failed to retrieve account: ${formatName(account)}`);
  }
  if (!accountExists(state, code)) {
    reject('account_query_exception', `Failed to retrieve code for account: ${formatName(code)}`);
  }
  if (requirement !== names.eosioAny && !permissionExists(state, { actor: account, permission: requirement })) {
    reject('permission_query_exception', `Failed to retrieve permission: ${formatName(requirement)}`);
  }
  const existing = getLink(state, account, code, type);
  requireValid(
    existing !== requirement,
    () => 'Attempting to update required authority, but new requirement is same as old',
  );
  storeLink(state, { account, code, action: type }, requirement);
  if (existing === undefined) context.chargeRam(account, BigInt(billableBytes.permissionLink));
}

/** Removes a link, so that the contract's link, or `active`, applies again. */
export function applyUnlinkAuth(context: ActionContext): void {
  requireWritable(context);
  const { account, code, type } = decodeActionData(unlinkAuthSchema, context.action);
  context.requireAuthorization(account);
  const { state } = context;
  requireValid(
    getLink(state, account, code, type) !== undefined,
    () => 'Attempting to unlink authority, but no link found',
  );
  eraseLink(state, { account, code, action: type });
  context.chargeRam(account, -BigInt(billableBytes.permissionLink));
}
