/** Changes of roles, as the actions that make them. Pure: they begin from what get_account has said. */

import type { AccountInfo } from '../accounts.js';
import {
  deletePermissionAction,
  linkPermissionAction,
  setPermissionAction,
  unlinkPermissionAction,
} from '../accounts.js';
import { invalid } from '../errors.js';
import { type PermissionInput, parseAuthority } from '../signing/permission.js';
import type { ActionInput } from '../signing/transaction.js';
import {
  checkedHolder,
  checkedRoleAction,
  checkedRoleName,
  findRole,
  linkText,
  nobody,
  type Role,
  type RoleHolder,
  roleHoldersMax,
  rolesOf,
  withoutStandIn,
} from './role.js';

/** What a role is to be. What is not given stays as it is; for a new role: nobody, one holder is enough, no actions. */
export type RoleDefinition = {
  readonly name: string;
  /** `token::transfer`, `token::*` or `token`. */
  readonly actions?: readonly string[];
  /** `bob`, `bob@active` or a public key. */
  readonly holders?: readonly string[];
  /** How many holders must act together. */
  readonly threshold?: number;
};

/** What is to be done. */
export type RolePlan = {
  /** The role as it will be; undefined when it is removed. */
  readonly role: Role | undefined;
  /** One transaction. Empty: there is nothing to do. */
  readonly actions: readonly ActionInput[];
  /** The same for people, a line for each. */
  readonly changes: readonly string[];
  /** What one might not have thought of. */
  readonly warnings: readonly string[];
};

/** How changes are made. */
export type RoleOptions = {
  /** Who authorises them: `account@active` where not given. */
  readonly by?: readonly PermissionInput[];
  /** Taking the role from its last holder is meant. */
  readonly allowNobody?: boolean;
};

/** Actions with which an account can be taken over, or its programs replaced. */
const powerful: ReadonlySet<string> = new Set(['eosio::*', 'eosio::setcode', 'eosio::setabi']);

/** Makes a role, or makes it what it is to be. @throws SnapError */
export function planRole(account: AccountInfo, definition: RoleDefinition, options: RoleOptions = {}): RolePlan {
  const name = checkedRoleName(definition.name);
  const before = rolesOf(account).find((role) => role.name === name);
  if (before !== undefined) refuseDelays(account, before);
  const threshold = definition.threshold ?? before?.threshold ?? 1;
  const weights = new Map(before?.holders.map(({ holder, weight }) => [holder, weight]));
  const holders = definition.holders
    ?.map(checkedHolder)
    .map((holder) => ({ holder, weight: weights.get(holder) ?? 1 }));
  const after: Role = {
    account: account.account_name,
    name,
    parent: before?.parent ?? 'active',
    threshold,
    holders: withoutStandIn(account.account_name, distinct(holders ?? before?.holders ?? [])),
    actions: [...new Set(definition.actions?.map(checkedRoleAction) ?? before?.actions ?? [])],
  };
  return planBetween(account, before, after, options);
}

/** Gives a role to more holders. @throws SnapError */
export function grantRole(
  account: AccountInfo,
  name: string,
  holders: readonly string[],
  options: RoleOptions = {},
): RolePlan {
  const role = findRole(account, name);
  return planRole(account, { name, holders: [...role.holders.map(({ holder }) => holder), ...holders] }, options);
}

/** Takes a role from holders. @throws SnapError when one does not have it, or nobody would be left */
export function revokeRole(
  account: AccountInfo,
  name: string,
  holders: readonly string[],
  options: RoleOptions = {},
): RolePlan {
  const role = findRole(account, name);
  const gone = new Set(holders.map(checkedHolder));
  const strangers = [...gone].filter((holder) => !role.holders.some((present) => present.holder === holder));
  if (strangers.length > 0) {
    return invalid(
      `${strangers.join(', ')} ${strangers.length === 1 ? 'does' : 'do'} not have the role ${name} of ${role.account}`,
      role.holders.length === 0
        ? 'Nobody has it.'
        : `It is held by ${role.holders.map(({ holder }) => holder).join(', ')}.`,
    );
  }
  const left = role.holders.map(({ holder }) => holder).filter((holder) => !gone.has(holder));
  if (left.length === 0 && options.allowNobody !== true) {
    return invalid(
      `nobody would be left with the role ${name} of ${role.account}: only the account's own keys could act in it`,
      'Grant it to somebody else first, or say that this is meant (--last), or delete the role.',
    );
  }
  return planRole(account, { name, holders: left, ...(left.length === 0 ? { threshold: 1 } : {}) }, options);
}

/** Removes a role: its links, then its permission. @throws SnapError when other permissions are below it */
export function dropRole(
  account: AccountInfo,
  name: string,
  { by = [account.account_name] }: RoleOptions = {},
): RolePlan {
  const role = findRole(account, name);
  const below = account.permissions.filter(({ parent }) => parent === role.name).map(({ perm_name }) => perm_name);
  if (below.length > 0) {
    return invalid(
      `the role ${name} of ${role.account} cannot be removed: ${below.join(', ')} would lose what is above it`,
    );
  }
  return {
    role: undefined,
    actions: [
      ...role.actions.map((action) => unlink(role.account, action, by)),
      deletePermissionAction(role.account, role.name, by),
    ],
    changes: [
      ...role.actions.map((action) => `${action} needs ${role.account}@active again`),
      `the role ${role.name} is removed`,
    ],
    warnings: [],
  };
}

function planBetween(account: AccountInfo, before: Role | undefined, after: Role, { by }: RoleOptions): RolePlan {
  checkHolders(after);
  const { account: owner, name } = after;
  const signers = by ?? [owner];
  const gained = after.actions.filter((action) => !before?.actions.includes(action));
  const lost = (before?.actions ?? []).filter((action) => !after.actions.includes(action));
  const isOther = before === undefined || !sameAuthority(before, after);
  return {
    role: after,
    actions: [
      ...(isOther ? [setPermissionAction(owner, name, authorityOf(after), after.parent, signers)] : []),
      ...lost.map((action) => unlink(owner, action, signers)),
      ...gained.map((action) => link(owner, action, name, signers)),
    ],
    changes: [
      ...(before === undefined ? [`the role ${name} of ${owner} is new`] : []),
      ...holderChanges(before, after),
      ...lost.map((action) => `${action} is taken out: it needs ${owner}@active again`),
      ...gained.map((action) => `${action} is allowed`),
    ],
    warnings: warningsOf(account, after, gained),
  };
}

function checkHolders({ account, name, holders, threshold }: Role): void {
  if (holders.length > roleHoldersMax) {
    invalid(
      `the role ${name} of ${account} would have ${holders.length} holders, at most ${roleHoldersMax}`,
      'Give it to an account whose own permission names them, and change that.',
    );
  }
  const own = holders.find(({ holder }) => holder === `${account}@${name}`);
  if (own !== undefined) invalid(`the role ${name} of ${account} cannot be held by itself`);
  const reach = holders.reduce((sum, { weight }) => sum + weight, 0);
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > 0xffffffff)
    invalid(`a threshold of ${threshold} is none`);
  if (holders.length > 0 && reach < threshold) {
    invalid(
      `nobody could act in the role ${name} of ${account}: it needs a weight of ${threshold}, and its ${holders.length} holders have ${reach} together`,
      'Set a lower threshold as well.',
    );
  }
  if (holders.length === 0 && threshold > 1) {
    invalid(`the role ${name} of ${account} needs ${threshold} holders, and has none`);
  }
}

function warningsOf(
  account: AccountInfo,
  { account: owner, name, parent, holders }: Role,
  gained: readonly string[],
): string[] {
  const others = account.permissions.filter(({ perm_name }) => perm_name !== name);
  return [
    ...gained.flatMap((action) =>
      others
        .filter(({ linked_actions }) => linked_actions.map(linkText).includes(action))
        .map(({ perm_name }) => `${action} is taken from ${perm_name}: an action belongs to one role`),
    ),
    ...gained.flatMap((action) => {
      const all = `${action.split('::')[0]}::*`;
      const holder = others.find(({ linked_actions }) => linked_actions.map(linkText).includes(all));
      return action === all || holder === undefined
        ? []
        : [`${holder.perm_name} has ${all} and loses ${action}: what is named goes before what is not`];
    }),
    ...gained
      .filter((action) => powerful.has(action))
      .map(
        (action) =>
          `who has this role can replace the programs of ${owner} (${action}), and with them all that it holds`,
      ),
    ...(holders.length === 0 ? [`nobody has the role: only ${owner}@${parent} can act in it`] : []),
    ...(holders.length > 0 && holders.every(({ holder }) => holder.startsWith(`${owner}@`))
      ? [`all holders are ${owner} itself: its own keys decide`]
      : []),
  ];
}

function holderChanges(before: Role | undefined, after: Role): string[] {
  const had = new Map(before?.holders.map(({ holder, weight }) => [holder, weight]));
  const has = new Map(after.holders.map(({ holder, weight }) => [holder, weight]));
  const threshold =
    before !== undefined && before.threshold !== after.threshold
      ? [`a weight of ${after.threshold} is needed, and no longer ${before.threshold}`]
      : before === undefined && after.threshold > 1
        ? [`a weight of ${after.threshold} is needed`]
        : [];
  return [
    ...[...has.keys()].filter((holder) => !had.has(holder)).map((holder) => `${holder} gets the role`),
    ...[...had.keys()].filter((holder) => !has.has(holder)).map((holder) => `${holder} loses the role`),
    ...threshold,
  ];
}

function sameAuthority(a: Role, b: Role): boolean {
  const text = ({ threshold, holders }: Role): string =>
    JSON.stringify([threshold, ...holders.map(({ holder, weight }) => `${holder} ${weight}`).sort()]);
  return text(a) === text(b);
}

function authorityOf({ account, holders, threshold }: Role): ReturnType<typeof parseAuthority> {
  const all = holders.length > 0 ? holders : [{ holder: nobody(account), weight: threshold }];
  const keys = all.filter(({ holder }) => holder.startsWith('PUB_'));
  const accounts = all.filter(({ holder }) => !holder.startsWith('PUB_'));
  return parseAuthority({
    threshold,
    keys: keys.map(({ holder: key, weight }) => ({ key, weight })),
    accounts: accounts.map(({ holder, weight }) => {
      const [actor = '', permission = ''] = holder.split('@');
      return { permission: { actor, permission }, weight };
    }),
    waits: [],
  });
}

/** Delays in a permission are no holders: plans would lose them. */
function refuseDelays({ permissions }: AccountInfo, { account, name }: Role): void {
  const delays = permissions.find(({ perm_name }) => perm_name === name)?.required_auth.waits ?? [];
  if (delays.length === 0) return;
  invalid(
    `the permission ${account}@${name} counts delays, which roles do not have`,
    'Change it with: snapscale set account permission',
  );
}

function distinct(holders: readonly RoleHolder[]): RoleHolder[] {
  return [...new Map(holders.map((entry) => [entry.holder, entry])).values()];
}

function link(owner: string, action: string, role: string, by: readonly PermissionInput[]): ActionInput {
  const [contract = '', type = ''] = action.split('::');
  return linkPermissionAction(owner, contract, type === '*' ? '' : type, role, by);
}

function unlink(owner: string, action: string, by: readonly PermissionInput[]): ActionInput {
  const [contract = '', type = ''] = action.split('::');
  return unlinkPermissionAction(owner, contract, type === '*' ? '' : type, by);
}
