/** Which permission an account demands for an action of a contract: its links (`linkauth`), else `active`. */
import { type Action, type Name, names } from '@snapscale/protocol';
import type { StateReader } from '../state/reader.js';
import { getLink } from '../state/records.js';

/** The link for exactly this action, else the one for all actions of the contract. Cost: at most two lookups. */
export function linkedPermission(state: StateReader, account: Name, code: Name, action: Name): Name | undefined {
  return getLink(state, account, code, action) ?? getLink(state, account, code, names.empty);
}

/**
 * The least permission with which `account` may authorise `code`::`action`; undefined when the account has linked it to
 * `eosio.any`, so that every permission will do. Not for the actions of `hasOwnPermissionRule`.
 */
export function minimumPermission(state: StateReader, account: Name, code: Name, action: Name): Name | undefined {
  const linked = linkedPermission(state, account, code, action) ?? names.active;
  return linked === names.eosioAny ? undefined : linked;
}

const actionsWithOwnRule: ReadonlySet<Name> = new Set([
  names.updateauth,
  names.deleteauth,
  names.linkauth,
  names.unlinkauth,
  names.canceldelay,
]);

/** True for the native actions whose permission is derived from their arguments, and which cannot be linked. */
export function hasOwnPermissionRule({ account, name }: Pick<Action, 'account' | 'name'>): boolean {
  return account === names.eosio && actionsWithOwnRule.has(name);
}
