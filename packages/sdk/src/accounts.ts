/** Accounts: creating them, their permissions, and finding them by key. */
import type { ResponseOf, Routes } from '@snapscale/api';
import { formatPublicKey, type PublicKey } from '@snapscale/crypto';
import { type Authority, authoritySchema, type Json } from '@snapscale/protocol';
import type { Client } from './client.js';
import { SnapError } from './errors.js';
import { formatPermission, type PermissionInput, parsePermission } from './signing/permission.js';
import type { ActionInput } from './signing/transaction.js';

/** What the chain says of an account. */
export type AccountInfo = ResponseOf<Routes['chain']['getAccount']>;

/** A permission that a key is part of. */
export type ControlledPermission = {
  readonly permission: string;
  readonly key: string;
  readonly weight: number;
  readonly threshold: number;
};

/** The account, or undefined when there is none. */
export async function findAccount(client: Client, account: string): Promise<AccountInfo | undefined> {
  try {
    return await client.api.chain.getAccount({ account_name: account });
  } catch (error) {
    if (error instanceof SnapError && error.kind === 'not-found') return undefined;
    throw error;
  }
}

/** Permissions that keys are part of, in the order of the node's answer. */
export async function permissionsOfKeys(client: Client, keys: readonly PublicKey[]): Promise<ControlledPermission[]> {
  if (keys.length === 0) return [];
  const { accounts } = await client.api.chain.getAccountsByAuthorizers({ keys: keys.map(formatPublicKey) });
  return accounts.map(({ account_name, permission_name, authorizing_key = '', weight, threshold }) => ({
    permission: `${account_name}@${permission_name}`,
    key: authorizing_key,
    weight,
    threshold,
  }));
}

/** The action that creates an account. `by` is `creator@active` where not given. */
export function createAccountAction(
  creator: string,
  account: string,
  owner: Authority,
  active: Authority = owner,
  by: readonly PermissionInput[] = [creator],
): ActionInput {
  const data = {
    creator,
    name: account,
    owner: authoritySchema.toJson(owner),
    active: authoritySchema.toJson(active),
  };
  return { account: 'eosio', name: 'newaccount', authorization: by, data };
}

/** The action that creates or changes a permission. `by` is `account@active`, for `owner` itself `account@owner`. */
export function setPermissionAction(
  account: string,
  permission: string,
  authority: Authority,
  parent: string,
  by?: readonly PermissionInput[],
): ActionInput {
  const data: Json = { account, permission, parent, auth: authoritySchema.toJson(authority) };
  return { account: 'eosio', name: 'updateauth', authorization: by ?? [ownAuthority(account, permission)], data };
}

/** The action that removes a permission. */
export function deletePermissionAction(
  account: string,
  permission: string,
  by: readonly PermissionInput[] = [account],
): ActionInput {
  return { account: 'eosio', name: 'deleteauth', authorization: by, data: { account, permission } };
}

/** The action that makes a permission enough for a contract's action; an empty `action` stands for all of them. */
export function linkPermissionAction(
  account: string,
  contract: string,
  action: string,
  permission: string,
  by: readonly PermissionInput[] = [account],
): ActionInput {
  const data = { account, code: contract, type: action, requirement: permission };
  return { account: 'eosio', name: 'linkauth', authorization: by, data };
}

/** The action that undoes `linkPermissionAction`. */
export function unlinkPermissionAction(
  account: string,
  contract: string,
  action: string,
  by: readonly PermissionInput[] = [account],
): ActionInput {
  return { account: 'eosio', name: 'unlinkauth', authorization: by, data: { account, code: contract, type: action } };
}

function ownAuthority(account: string, permission: string): string {
  return formatPermission(parsePermission(`${account}@${permission === 'owner' ? 'owner' : 'active'}`));
}
