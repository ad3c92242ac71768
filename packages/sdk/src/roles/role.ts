/**
 * Roles for accounts. A role is a named permission of an account, below `active`, with links to the actions that it is for;
 * who has the role stands in its authority. The chain enforces it: there is nothing else to trust.
 */
import { formatPublicKey, parsePublicKey } from '@snapscale/crypto';
import { formatName, parseName } from '@snapscale/protocol';
import type { AccountInfo } from '../accounts.js';
import { invalid, notFound } from '../errors.js';
import { formatPermission, parsePermission } from '../signing/permission.js';
import { closest } from '../spelling.js';

/** A permission as get_account gives it. */
export type Permission = AccountInfo['permissions'][number];
type Link = Permission['linked_actions'][number];

/** Who has a role, and how much it counts. */
export type RoleHolder = {
  /** `bob@active`, or a public key. */
  readonly holder: string;
  readonly weight: number;
};

/** A role. */
export type Role = {
  readonly account: string;
  readonly name: string;
  readonly parent: string;
  /** Sum of weights that is needed: 1 where each holder acts alone. */
  readonly threshold: number;
  /** Empty where the account's own `active` stands there alone: it is enough for each of its roles anyway. */
  readonly holders: readonly RoleHolder[];
  /** `token::transfer`, or `token::*` for all actions of a contract. */
  readonly actions: readonly string[];
};

/** Who acts in a role looks at all of its holders: more than this cost each of them. */
export const roleHoldersMax = 256;
/** Permissions that are no roles. */
const ordinary: ReadonlySet<string> = new Set(['owner', 'active']);
/** Actions for which links have no effect: the chain demands other permissions for them. */
const unlinkable: ReadonlySet<string> = new Set(
  ['updateauth', 'deleteauth', 'linkauth', 'unlinkauth', 'canceldelay'].map((action) => `eosio::${action}`),
);

/** The roles of an account, in the order of the chain. */
export function rolesOf(account: AccountInfo): Role[] {
  return account.permissions.filter(({ perm_name }) => !ordinary.has(perm_name)).map((found) => roleOf(account, found));
}

/** A role of an account. @throws SnapError when it has no such role */
export function findRole(account: AccountInfo, name: string): Role {
  const found = account.permissions.find(({ perm_name }) => perm_name === checkedRoleName(name));
  if (found !== undefined) return roleOf(account, found);
  const names = rolesOf(account).map((role) => role.name);
  const near = closest(name, names);
  return notFound(
    `${account.account_name} has no role ${name}`,
    near !== undefined
      ? `Did you mean ${near}?`
      : names.length === 0
        ? 'It has no roles.'
        : `It has: ${names.join(', ')}.`,
  );
}

/** The name of a role. @throws SnapError when it is that of another permission, FormatError when it is none */
export function checkedRoleName(name: string): string {
  if (ordinary.has(name)) return invalid(`${name} is no role: it controls the whole account`);
  if (name.startsWith('eosio.'))
    return invalid(`${name} cannot be a role: names that begin with eosio. are the system's`);
  if (name === '') return invalid('a role needs a name');
  return formatName(parseName(name));
}

/** An action as text: `token::transfer`, `token::*`. A contract's name alone stands for all its actions. @throws SnapError */
export function checkedRoleAction(text: string): string {
  const [contract = '', action = '*', ...rest] = text.split('::');
  if (contract === '' || action === '' || rest.length > 0) {
    return invalid(`${JSON.stringify(text)} is no action like token::transfer`);
  }
  const name = `${formatName(parseName(contract))}::${action === '*' ? '*' : formatName(parseName(action))}`;
  if (unlinkable.has(name)) {
    return invalid(
      `${name} cannot be given to a role: changing permissions needs the permission itself, or one above it`,
    );
  }
  return name;
}

/** A holder as text: `bob@active`, or `PUB_…`. @throws SnapError, FormatError, CryptoError */
export function checkedHolder(text: string): string {
  if (/^(EOS[1-9A-HJ-NP-Za-km-z]{20,}|PUB_)/.test(text)) return formatPublicKey(parsePublicKey(text));
  return formatPermission(parsePermission(text));
}

/** The text of a link. */
export function linkText({ account, action }: Link): string {
  return `${account}::${action === undefined || action === null || action === '' ? '*' : action}`;
}

/** The permission that stands in a role that nobody has: a permission must have somebody. */
export function nobody(account: string): string {
  return `${account}@active`;
}

/** The holders, or none where only the account itself stands there. */
export function withoutStandIn(account: string, holders: readonly RoleHolder[]): readonly RoleHolder[] {
  return holders.length === 1 && holders[0]!.holder === nobody(account) ? [] : holders;
}

function roleOf({ account_name }: AccountInfo, { perm_name, parent, required_auth, linked_actions }: Permission): Role {
  const holders = [
    ...required_auth.accounts.map(({ permission, weight }) => ({
      holder: `${permission.actor}@${permission.permission}`,
      weight,
    })),
    ...required_auth.keys.map(({ key, weight }) => ({ holder: formatPublicKey(parsePublicKey(key)), weight })),
  ];
  return {
    account: account_name,
    name: perm_name,
    parent,
    threshold: required_auth.threshold,
    holders: withoutStandIn(account_name, holders),
    actions: linked_actions.map(linkText),
  };
}
