/**
 * Rules of the native actions that change permissions: which declared authorization they need is derived from their
 * arguments instead of from links. Each takes exactly one authorization. Messages are those of nodeos.
 */
import { toHex } from '@snapscale/crypto';
import { type Action, formatName, type Name, names, type PermissionLevel, reject } from '@snapscale/protocol';
import {
  cancelDelaySchema,
  decodeActionData,
  deleteAuthSchema,
  linkAuthSchema,
  unlinkAuthSchema,
  updateAuthSchema,
} from '../native/action-data.js';
import type { StateReader } from '../state/reader.js';
import { hasOwnPermissionRule, linkedPermission, minimumPermission } from './minimum-permission.js';
import { formatLevelJson, permissionCovers, permissionExists, requirePermission } from './permissions.js';
import type { AuthorizationWork } from './work.js';

type OwnRule = (state: StateReader, action: Action, work: AuthorizationWork) => void;

const rules: ReadonlyMap<Name, OwnRule> = new Map<Name, OwnRule>([
  [names.updateauth, checkUpdateAuth],
  [names.deleteauth, checkDeleteAuth],
  [names.linkauth, checkLinkAuth],
  [names.unlinkauth, checkUnlinkAuth],
  [names.canceldelay, checkCancelDelay],
]);

/** Checks an action for which `hasOwnPermissionRule` holds. Rejects mostly with `irrelevant_auth_exception`. */
export function checkOwnPermissionRule(state: StateReader, action: Action, work: AuthorizationWork): void {
  rules.get(action.name)!(state, action, work);
}

function checkUpdateAuth(state: StateReader, action: Action, work: AuthorizationWork): void {
  const { account, permission, parent } = decodeActionData(updateAuthSchema, action);
  const declared = soleAuthorization(action, 'updateauth action');
  requireActor(declared, account, 'the owner of the affected permission');
  const existing = { actor: account, permission };
  if (account === 0n || permission === 0n) requirePermission(state, existing);
  const minimum = permissionExists(state, existing) ? existing : { actor: account, permission: parent };
  requireCover(state, work, declared, minimum, 'updateauth action');
}

function checkDeleteAuth(state: StateReader, action: Action, work: AuthorizationWork): void {
  const { account, permission } = decodeActionData(deleteAuthSchema, action);
  const declared = soleAuthorization(action, 'deleteauth action');
  requireActor(declared, account, 'the owner of the permission to delete');
  requireCover(state, work, declared, { actor: account, permission }, 'updateauth action');
}

function checkLinkAuth(state: StateReader, action: Action, work: AuthorizationWork): void {
  const { account, code, type } = decodeActionData(linkAuthSchema, action);
  const declared = soleAuthorization(action, 'link action');
  requireActor(declared, account, 'the owner of the linked permission');
  if (hasOwnPermissionRule({ account: code, name: type })) {
    reject('action_validate_exception', `Cannot link eosio::${formatName(type)} to a minimum permission`);
  }
  const permission = minimumPermission(state, account, code, type);
  if (permission !== undefined) requireCover(state, work, declared, { actor: account, permission }, 'link action');
}

function checkUnlinkAuth(state: StateReader, action: Action, work: AuthorizationWork): void {
  const { account, code, type } = decodeActionData(unlinkAuthSchema, action);
  const declared = soleAuthorization(action, 'unlink action');
  requireActor(declared, account, 'the owner of the linked permission');
  const permission = linkedPermission(state, account, code, type);
  if (permission === undefined) {
    reject(
      'transaction_exception',
      `cannot unlink non-existent permission link of account '${formatName(account)}' for actions matching '${formatName(code)}::${formatName(type)}'`,
    );
  }
  if (permission !== names.eosioAny)
    requireCover(state, work, declared, { actor: account, permission }, 'unlink action');
}

/** There are no delayed transactions on this chain, so there is never one to cancel. */
function checkCancelDelay(state: StateReader, action: Action, work: AuthorizationWork): void {
  const { cancelingAuth, trxId } = decodeActionData(cancelDelaySchema, action);
  const declared = soleAuthorization(action, 'canceldelay action');
  requireCover(state, work, declared, cancelingAuth, 'canceldelay action', 'specified authority to satisfy');
  reject(
    'tx_not_found',
    `cannot cancel trx_id=${toHex(trxId)}, there is no deferred transaction with that transaction id`,
  );
}

function soleAuthorization({ authorization }: Action, what: string): PermissionLevel {
  const [declared, ...others] = authorization;
  if (declared === undefined || others.length > 0) {
    reject('irrelevant_auth_exception', `${what} should only have one declared authorization`);
  }
  return declared;
}

function requireActor({ actor }: PermissionLevel, account: Name, who: string): void {
  if (actor !== account) {
    reject('irrelevant_auth_exception', `${who} needs to be the actor of the declared authorization`);
  }
}

function requireCover(
  state: StateReader,
  work: AuthorizationWork,
  declared: PermissionLevel,
  minimum: PermissionLevel,
  what: string,
  label = 'minimum authority',
): void {
  requirePermission(state, minimum);
  requirePermission(state, declared);
  const covers =
    declared.actor === minimum.actor &&
    permissionCovers(state, declared.actor, declared.permission, minimum.permission, work);
  if (!covers) {
    reject(
      'irrelevant_auth_exception',
      `${what} declares irrelevant authority '${formatLevelJson(declared)}'; ${label} is ${formatLevelJson(minimum)}`,
    );
  }
}
