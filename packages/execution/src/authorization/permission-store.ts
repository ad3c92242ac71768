/** Writing permissions and links together with their index entries. Nothing else writes 'p', 'l' and 'w' entries. */
import type { Authority, Name } from '@snapscale/protocol';
import { lastUsedKey, linkKey, permissionKey } from '../state/keys.js';
import { getLink, getPermission, i64Bytes, putLastUsedUs, putPermission } from '../state/records.js';
import type { WorkingState } from '../state/working-state.js';
import { indexLink, indexPermission, type LinkTarget, unindexLink, unindexPermission } from './authorizer-index.js';

/** What is stored of a permission, and when. */
export type PermissionChange = {
  /** 0 for `owner`. Ignored when the permission exists: a parent never changes. */
  readonly parent: Name;
  readonly authority: Authority;
  /** Microseconds since 1970. */
  readonly timeUs: bigint;
};

/** Creates a permission, whose last use then is its creation, or replaces its authority. */
export function storePermission(state: WorkingState, account: Name, permission: Name, change: PermissionChange): void {
  const previous = getPermission(state, account, permission);
  const parent = previous?.parent ?? change.parent;
  const { authority, timeUs } = change;
  putPermission(state, account, permission, { parent, lastUpdatedUs: timeUs, authority });
  if (previous === undefined) putLastUsedUs(state, account, permission, timeUs);
  indexPermission(state, { actor: account, permission }, parent, authority, previous?.authority);
}

/** Removes a permission; the caller has checked that it exists, is not linked and has no children. */
export function erasePermission(state: WorkingState, account: Name, permission: Name): void {
  const { parent, authority } = getPermission(state, account, permission)!;
  state.remove(permissionKey(account, permission));
  state.remove(lastUsedKey(account, permission));
  unindexPermission(state, { actor: account, permission }, parent, authority);
}

/** A link: the account whose it is, and what it is for. */
export type LinkSource = LinkTarget & { readonly account: Name };

/** Creates a link or changes the permission that it demands. */
export function storeLink(state: WorkingState, link: LinkSource, requirement: Name): void {
  const { account, code, action } = link;
  const previous = getLink(state, account, code, action);
  if (previous !== undefined) unindexLink(state, account, previous, link);
  state.put(linkKey(account, code, action), i64Bytes(BigInt.asIntN(64, requirement)));
  indexLink(state, account, requirement, link);
}

/** Removes an existing link. */
export function eraseLink(state: WorkingState, link: LinkSource): void {
  const { account, code, action } = link;
  unindexLink(state, account, getLink(state, account, code, action)!, link);
  state.remove(linkKey(account, code, action));
}
