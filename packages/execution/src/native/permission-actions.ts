/** `eosio::updateauth` and `eosio::deleteauth`. Order of checks and messages are those of nodeos. */
import { type Authority, authoritySchema, formatName, names } from '@snapscale/protocol';
import type { ActionContext } from '../apply/types.js';
import { authorityRamBytes, isValidAuthority } from '../authorization/authority-rules.js';
import { childOf, linkOf } from '../authorization/authorizer-index.js';
import { erasePermission, storePermission } from '../authorization/permission-store.js';
import { requirePermission } from '../authorization/permissions.js';
import { getPermission } from '../state/records.js';
import { checkReferredPermissions } from './account-actions.js';
import { decodeActionData, deleteAuthSchema, type UpdateAuth, updateAuthSchema } from './action-data.js';
import { billableBytes } from './billable.js';
import { requireValid, requireWritable } from './native-handler.js';

/**
 * Creates a permission or changes its authority; its parent cannot be changed. Which authorization this needs is
 * checked before the action runs (`checkOwnPermissionRule`).
 */
export function applyUpdateAuth(context: ActionContext): void {
  requireWritable(context);
  const update = decodeActionData(updateAuthSchema, context.action);
  const { account, permission, parent, auth } = update;
  context.requireAuthorization(account);
  checkNames(update);
  requireValid(isValidAuthority(auth), () => `Invalid authority: ${authorityText(auth)}`);
  checkParentRule(update);
  checkWaits(context, auth);
  checkReferredPermissions(context, auth);

  const { state, block } = context;
  const existing = getPermission(state, account, permission);
  if (permission !== names.owner && parent !== names.empty) {
    requirePermission(state, { actor: account, permission: parent });
  }
  if (existing !== undefined) {
    requireValid(existing.parent === parent, () => 'Changing parent authority is not currently supported');
  }
  storePermission(state, account, permission, { parent, authority: auth, timeUs: block.timeUs });
  const newBytes = billableBytes.permission + authorityRamBytes(auth);
  const oldBytes = existing === undefined ? 0 : billableBytes.permission + authorityRamBytes(existing.authority);
  context.chargeRam(account, BigInt(newBytes - oldBytes));
}

/** Removes a permission that is neither linked nor the parent of another. */
export function applyDeleteAuth(context: ActionContext): void {
  requireWritable(context);
  const { account, permission } = decodeActionData(deleteAuthSchema, context.action);
  context.requireAuthorization(account);
  requireValid(permission !== names.active, () => 'Cannot delete active authority');
  requireValid(permission !== names.owner, () => 'Cannot delete owner authority');
  const { state } = context;
  const link = linkOf(state, account, permission);
  requireValid(
    link === undefined,
    () =>
      `Cannot delete a linked authority. Unlink the authority first. This authority is linked to ${formatName(link!.code)}::${formatName(link!.action)}.`,
  );
  requirePermission(state, { actor: account, permission });
  requireValid(
    childOf(state, account, permission) === undefined,
    () => 'Cannot remove a permission which has children. Remove the children first.',
  );
  const { authority } = getPermission(state, account, permission)!;
  erasePermission(state, account, permission);
  context.chargeRam(account, -BigInt(billableBytes.permission + authorityRamBytes(authority)));
}

function checkNames({ permission, parent }: UpdateAuth): void {
  requireValid(permission !== names.empty, () => 'Cannot create authority with empty name');
  requireValid(
    !formatName(permission).startsWith('eosio.'),
    () => "Permission names that start with 'eosio.' are reserved",
  );
  requireValid(permission !== parent, () => 'Cannot set an authority as its own parent');
}

function checkParentRule({ permission, parent }: UpdateAuth): void {
  if (permission === names.active) {
    requireValid(parent === names.owner, () => "Cannot change active authority's parent from owner");
  } else if (permission === names.owner) {
    requireValid(parent === names.empty, () => "Cannot change owner authority's parent");
  } else {
    requireValid(parent !== names.empty, () => 'Only owner permission can have empty parent');
  }
}

function checkWaits({ config }: ActionContext, { waits }: Authority): void {
  const longest = waits.at(-1);
  if (longest === undefined) return;
  requireValid(
    longest.waitSec <= config.maxTransactionDelay,
    () => `Cannot set delay longer than max_transacton_delay, which is ${config.maxTransactionDelay} seconds`,
  );
}

/** An authority as JSON, cut to what a message can hold. */
function authorityText(authority: Authority): string {
  const text = JSON.stringify(authoritySchema.toJson(authority));
  return text.length > 1024 ? `${text.slice(0, 1024)}…` : text;
}
