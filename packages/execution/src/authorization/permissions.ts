/**
 * Reading permissions: the parents of a permission, and its authority prepared for checking.
 *
 * Prepared authorities are kept by the identity of the stored bytes: values of the state are never modified in place, so
 * the same bytes always mean the same authority, and a changed permission has other bytes.
 */
import type { PublicKey } from '@snapscale/crypto';
import { type Authority, formatName, type Name, type PermissionLevel, reject } from '@snapscale/protocol';
import { permissionKey } from '../state/keys.js';
import type { StateReader } from '../state/reader.js';
import { decodePermission } from '../state/records.js';
import type { AuthorizationWork } from './work.js';

/** One thing that can add weight to an authority. */
export type Factor =
  | { readonly kind: 'wait'; readonly weight: number; readonly waitSec: number }
  | { readonly kind: 'key'; readonly weight: number; readonly key: PublicKey }
  | { readonly kind: 'account'; readonly weight: number; readonly level: PermissionLevel };

/** An authority with its factors in the order in which they are tried. */
export type PreparedAuthority = {
  readonly threshold: number;
  /** By falling weight; at equal weight waits, then keys, then accounts; otherwise in the authority's order. */
  readonly factors: readonly Factor[];
  /** Whether satisfying it can lead to other permissions. */
  readonly hasAccounts: boolean;
};

const preparedOf = new WeakMap<Uint8Array, PreparedAuthority>();

/** The authority of a permission, undefined when there is no such permission. Cost: one lookup when seen before. */
export function readAuthority(state: StateReader, actor: Name, permission: Name): PreparedAuthority | undefined {
  const bytes = state.get(permissionKey(actor, permission));
  if (bytes === undefined) return undefined;
  const known = preparedOf.get(bytes);
  if (known !== undefined) return known;
  const prepared = prepareAuthority(decodePermission(bytes).authority);
  preparedOf.set(bytes, prepared);
  return prepared;
}

/** Puts the factors of an authority into the order in which nodeos's authority checker tries them. */
function prepareAuthority({ threshold, keys, accounts, waits }: Authority): PreparedAuthority {
  const factors: Factor[] = [
    ...waits.map(({ waitSec, weight }) => ({ kind: 'wait', weight, waitSec }) as const),
    ...keys.map(({ key, weight }) => ({ kind: 'key', weight, key }) as const),
    ...accounts.map(({ permission, weight }) => ({ kind: 'account', weight, level: permission }) as const),
  ];
  // The sort is stable, so the order of kinds above is kept among equal weights.
  if (factors.length > 1) factors.sort((a, b) => b.weight - a.weight);
  return { threshold, factors, hasAccounts: accounts.length > 0 };
}

/** True when the permission exists. */
export function permissionExists(state: StateReader, { actor, permission }: PermissionLevel): boolean {
  return state.get(permissionKey(actor, permission)) !== undefined;
}

/** Rejects with `permission_query_exception` unless the permission exists. */
export function requirePermission(state: StateReader, level: PermissionLevel): void {
  if (level.actor === 0n || level.permission === 0n) {
    reject('invalid_permission', `Failed to retrieve permission: ${formatLevelJson(level)}: a name is empty`);
  }
  if (!permissionExists(state, level)) {
    reject('permission_query_exception', `Failed to retrieve permission: ${formatLevelJson(level)}`);
  }
}

/**
 * True when `held` is `required` or one of its ancestors among the permissions of `account`; both must exist.
 * Cost: one lookup per generation.
 */
export function permissionCovers(
  state: StateReader,
  account: Name,
  held: Name,
  required: Name,
  work: AuthorizationWork,
): boolean {
  for (let at = required; at !== 0n; ) {
    if (at === held) return true;
    work.count();
    const bytes = state.get(permissionKey(account, at));
    if (bytes === undefined) return false;
    at = parentOf(bytes);
  }
  return false;
}

/** A permission level as nodeos writes it into messages. */
export function formatLevelJson({ actor, permission }: PermissionLevel): string {
  return `{"actor":"${formatName(actor)}","permission":"${formatName(permission)}"}`;
}

/** The parent in a stored permission: its first eight bytes. The authority behind them is not decoded. */
function parentOf(bytes: Uint8Array): Name {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true) as Name;
}
