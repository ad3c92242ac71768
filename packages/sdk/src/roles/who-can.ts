/** Who can do what: for an account, who may act for it; for a holder, for which accounts it may act. */
import { limits } from '@snapscale/protocol';
import { type AccountInfo, findAccount } from '../accounts.js';
import type { Client } from '../client.js';
import { notFound } from '../errors.js';
import { explainPermission, type PermissionReport } from '../signing/explain-permission.js';
import { formatPermission, parsePermission } from '../signing/permission.js';
import { linkText, type Permission } from './role.js';

/** A permission of an account: what it is for, and who has it. */
export type Capability = {
  /** `alice@trader`. */
  readonly permission: string;
  readonly parent: string;
  /** Actions that are linked to it: `token::transfer`, `token::*`. */
  readonly actions: readonly string[];
  /** Actions of permissions below it, which it can authorise as well. */
  readonly inherited: readonly string[];
  /** `whole account`: `owner`; `all that has no link`: `active`; `its actions`: a role. */
  readonly scope: 'whole account' | 'all that has no link' | 'its actions';
  /** Who has it, through permissions of other accounts. */
  readonly holders: PermissionReport;
  /** What is wrong with it. */
  readonly warnings: readonly string[];
};

/** Who may act for an account. */
export type AccountAccess = {
  readonly account: string;
  readonly capabilities: readonly Capability[];
  /** Actions that any permission of the account can authorise. */
  readonly anyPermission: readonly string[];
};

/** A permission that somebody takes part in. */
export type Participation = {
  /** `shop@cashier`. */
  readonly permission: string;
  /** From the one that was asked about to the one that stands in `permission`. */
  readonly via: readonly string[];
  /** What it counts, of what is needed. */
  readonly weight: number;
  readonly threshold: number;
  /** Whether it is enough by itself, all the way. */
  readonly alone: boolean;
  /** Actions linked to the permission, and to those below it. */
  readonly actions: readonly string[];
  readonly scope: Capability['scope'];
};

/** Permissions that are followed; more are reported as cut off. */
const PERMISSIONS_MAX = 200;

/** Who may act for an account. Cost: for each permission a request for each account involved. @throws SnapError when it does not exist */
export async function whoCan(client: Client, name: string): Promise<AccountAccess> {
  const account = await accountOf(client, name);
  const capabilities: Capability[] = [];
  for (const permission of fromTheTop(account)) {
    const level = `${account.account_name}@${permission.perm_name}`;
    const holders = await explainPermission(client, level, []);
    capabilities.push({
      permission: level,
      parent: permission.parent,
      actions: permission.linked_actions.map(linkText),
      inherited: below(account, permission.perm_name).flatMap(({ linked_actions }) => linked_actions.map(linkText)),
      scope: scopeOf(permission.perm_name),
      holders,
      warnings: warningsOf(holders),
    });
  }
  return {
    account: account.account_name,
    capabilities,
    anyPermission: account.eosio_any_linked_actions.map(linkText),
  };
}

/**
 * For which accounts a permission may act: those in whose permissions it stands, and those in which these stand.
 * Cost: a request for each permission that is found, and one for each account.
 * @param holder `alice` (all its permissions), or `alice@active` (that, and those below it)
 * @returns the permissions, own ones first; `isCut` when there are more than are followed
 */
export async function whatMay(
  client: Client,
  holder: string,
): Promise<{ readonly participations: readonly Participation[]; readonly isCut: boolean }> {
  const [name = '', only] = formatPermission(parsePermission(holder)).split('@');
  const account = await accountOf(client, name);
  const top = holder.includes('@') ? only! : 'owner';
  if (!account.permissions.some(({ perm_name }) => perm_name === top)) notFound(`${name} has no permission ${top}`);
  const accounts = new Map([[name, account]]);
  const found = new Map<string, Participation>();
  const queue: Participation[] = withBelow(account, top, { via: [], weight: 1, threshold: 1, alone: true });
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
    const known = found.get(entry.permission);
    if (known !== undefined && (known.alone || !entry.alone)) continue;
    if (known === undefined && found.size >= PERMISSIONS_MAX)
      return { participations: [...found.values()], isCut: true };
    found.set(entry.permission, entry);
    if (entry.via.length >= limits.authorityDepthMax) continue;
    queue.push(...(await next(client, accounts, entry)));
  }
  return { participations: [...found.values()], isCut: false };
}

/** Permissions in which one stands. */
async function next(
  client: Client,
  accounts: Map<string, AccountInfo>,
  { permission: level, via, alone }: Participation,
): Promise<Participation[]> {
  const [actor = '', permission = ''] = level.split('@');
  const { accounts: rows } = await client.api.chain.getAccountsByAuthorizers({ accounts: [{ actor, permission }] });
  const result: Participation[] = [];
  for (const { account_name, permission_name, authorizing_account: part, weight, threshold } of rows) {
    // Asked with a permission, nodes of some versions answer for the whole account.
    if (part !== undefined && (part.actor !== actor || part.permission !== permission)) continue;
    const account = accounts.get(account_name) ?? (await findAccount(client, account_name));
    if (account === undefined) continue;
    accounts.set(account_name, account);
    const more = { via: [...via, level], weight, threshold, alone: alone && weight >= threshold };
    result.push(...withBelow(account, permission_name, more));
  }
  return result;
}

/** A permission and those below it, which it can act as. */
function withBelow(
  account: AccountInfo,
  top: string,
  how: Pick<Participation, 'via' | 'weight' | 'threshold' | 'alone'>,
): Participation[] {
  const own = account.permissions.filter(({ perm_name }) => perm_name === top);
  return [...own, ...below(account, top)].map((permission) => ({
    permission: `${account.account_name}@${permission.perm_name}`,
    ...how,
    actions: [permission, ...below(account, permission.perm_name)].flatMap(({ linked_actions }) =>
      linked_actions.map(linkText),
    ),
    scope: scopeOf(permission.perm_name),
  }));
}

/** `owner`, `active`, then the roles in the order of the chain. */
function fromTheTop({ permissions }: AccountInfo): Permission[] {
  const rank = ({ perm_name }: Permission): number => ['owner', 'active'].indexOf(perm_name) >>> 0;
  return [...permissions].sort((a, b) => rank(a) - rank(b));
}

/** Permissions below one, at any depth. A chain has no circles there; an answer may. */
function below(account: AccountInfo, top: string): Permission[] {
  const result: Permission[] = [];
  const seen = new Set([top]);
  for (const parents = [top]; parents.length > 0; ) {
    const parent = parents.pop();
    for (const permission of account.permissions) {
      if (permission.parent !== parent || seen.has(permission.perm_name)) continue;
      seen.add(permission.perm_name);
      result.push(permission);
      parents.push(permission.perm_name);
    }
  }
  return result;
}

function warningsOf(report: PermissionReport): string[] {
  const gone = report.parts.flatMap((part) =>
    part.kind === 'permission' && part.report.state.startsWith('no-') ? [part.report.permission] : [],
  );
  return [
    ...gone.map((permission) => `${permission} does not exist and counts nothing`),
    ...(reachable(report)
      ? []
      : [`nobody can use it: a weight of ${report.threshold} is needed, and cannot be reached`]),
  ];
}

/** Whether keys that exist could satisfy a permission. Whether somebody has them nobody knows. */
function reachable({ state, threshold, parts }: PermissionReport): boolean {
  if (state === 'no-account' || state === 'no-permission') return false;
  const weight = parts
    .filter((part) => part.kind !== 'permission' || reachable(part.report))
    .reduce((sum, part) => sum + part.weight, 0);
  return weight >= threshold;
}

function scopeOf(permission: string): Capability['scope'] {
  if (permission === 'owner') return 'whole account';
  return permission === 'active' ? 'all that has no link' : 'its actions';
}

async function accountOf(client: Client, name: string): Promise<AccountInfo> {
  return (await findAccount(client, name)) ?? notFound(`there is no account ${name}`);
}

/** Holders that do not exist: accounts, or permissions of theirs. Cost: a request for each account. */
export async function missingHolders(client: Client, holders: readonly string[]): Promise<string[]> {
  const levels = holders
    .filter((holder) => !holder.startsWith('PUB_'))
    .map(parsePermission)
    .map(formatPermission);
  const names = [...new Set(levels.map((level) => level.split('@')[0]!))];
  const accounts = new Map(
    await Promise.all(names.map(async (name) => [name, await findAccount(client, name)] as const)),
  );
  return levels.filter((level) => {
    const [actor = '', permission = ''] = level.split('@');
    const account = accounts.get(actor);
    if (account === undefined) return true;
    return permission !== 'eosio.code' && !account.permissions.some(({ perm_name }) => perm_name === permission);
  });
}
