/**
 * What can be asked about permissions backwards: which permissions a key or a permission can satisfy, what is linked to
 * a permission, which permissions are below it.
 *
 * All entries are derived from permissions and links (`rebuildAuthorizerIndex`) and stand under the prefix 'w':
 *
 * | letters | fields                                            |
 * |---------|---------------------------------------------------|
 * | wk      | packed key ‖ account ‖ permission                 |
 * | wa      | actor ‖ permission of actor ‖ account ‖ permission |
 * | wl      | account ‖ permission ‖ code ‖ action              |
 * | wp      | account ‖ parent ‖ permission                     |
 *
 * A packed key tells its own length, so no key's entries begin with another's. The values hold nothing.
 */
import { equalBytes, type PublicKey } from '@snapscale/crypto';
import { type Authority, type Name, type PermissionLevel, reject } from '@snapscale/protocol';
import { bytesKey, nameKey, prefixRange, u64FromKey } from '../state/keys.js';
import { keyAfter, type StateKey, type StateReader } from '../state/reader.js';
import { decodePermission, getPermission } from '../state/records.js';
import type { WorkingState } from '../state/working-state.js';

/** An action, or with action 0 all actions, of a contract. */
export type LinkTarget = { readonly code: Name; readonly action: Name };

/** A permission that a key or another permission can help to satisfy. */
export type AuthorizerMatch = {
  readonly account: Name;
  readonly permission: Name;
  readonly authorizer:
    | { readonly kind: 'key'; readonly key: PublicKey }
    | { readonly kind: 'account'; readonly level: PermissionLevel };
  /** What the authorizer adds, and what the permission needs. */
  readonly weight: number;
  readonly threshold: number;
};

/** Whose permissions are looked for; without `permission`, all permissions of the actor. */
export type AuthorizerQuery = {
  readonly accounts: readonly { readonly actor: Name; readonly permission?: Name | undefined }[];
  readonly keys: readonly PublicKey[];
};

/**
 * Permissions whose authority contains one of the keys or levels (`get_accounts_by_authorizers`), at most `limit`.
 * Rejects with `snap_output_too_large` when the authorities found have more than `ITEMS_MAX` items together.
 */
export function permissionsByAuthorizers(state: StateReader, query: AuthorizerQuery, limit: number): AuthorizerMatch[] {
  const matches: AuthorizerMatch[] = [];
  const matchOf = matcher(state);
  for (const { actor, permission } of query.accounts) {
    const prefix = permission === undefined ? actorPrefix(actor) : levelPrefix({ actor, permission });
    for (const key of keysWithPrefix(state, prefix, limit - matches.length)) {
      const level = { actor, permission: u64FromKey(key, 10) as Name };
      matches.push(matchOf(key, { kind: 'account', level }));
    }
  }
  for (const key of query.keys) {
    for (const entry of keysWithPrefix(state, keyPrefix(key), limit - matches.length)) {
      matches.push(matchOf(entry, { kind: 'key', key }));
    }
  }
  return matches;
}

/** Actions linked to a permission, ascending, at most `limit` (`linked_actions` of `get_account`). */
export function linkedActions(state: StateReader, account: Name, permission: Name, limit: number): LinkTarget[] {
  const prefix = linkPrefix(account, permission);
  return keysWithPrefix(state, prefix, limit).map((key) => linkTarget(key));
}

/** One action linked to a permission, if there is any. Cost: one ordered lookup. */
export function linkOf(state: StateReader, account: Name, permission: Name): LinkTarget | undefined {
  return linkedActions(state, account, permission, 1)[0];
}

/** One permission whose parent is `permission`, if there is any. Cost: one ordered lookup. */
export function childOf(state: StateReader, account: Name, permission: Name): Name | undefined {
  const [key] = keysWithPrefix(state, parentPrefix(account, permission), 1);
  return key === undefined ? undefined : (u64FromKey(key, key.length - 8) as Name);
}

/** Enters a permission that is new or whose authority has changed; `previous` is the authority that it had. */
export function indexPermission(
  state: WorkingState,
  level: PermissionLevel,
  parent: Name,
  authority: Authority,
  previous: Authority | undefined,
): void {
  const stale = new Set(previous === undefined ? [] : authorizerKeys(level, previous));
  for (const key of authorizerKeys(level, authority)) if (!stale.delete(key)) state.put(key, PRESENT);
  for (const key of stale) state.remove(key);
  if (previous === undefined) state.put(parentPrefix(level.actor, parent) + nameKey(level.permission), PRESENT);
}

/** Takes a removed permission out. */
export function unindexPermission(
  state: WorkingState,
  level: PermissionLevel,
  parent: Name,
  authority: Authority,
): void {
  for (const key of authorizerKeys(level, authority)) state.remove(key);
  state.remove(parentPrefix(level.actor, parent) + nameKey(level.permission));
}

export function indexLink(state: WorkingState, account: Name, permission: Name, target: LinkTarget): void {
  state.put(linkPrefix(account, permission) + nameKey(target.code) + nameKey(target.action), PRESENT);
}

export function unindexLink(state: WorkingState, account: Name, permission: Name, target: LinkTarget): void {
  state.remove(linkPrefix(account, permission) + nameKey(target.code) + nameKey(target.action));
}

/** Makes the whole index from permissions and links, for a state that came without it. Cost: reads all of both. */
export function rebuildAuthorizerIndex(state: WorkingState): void {
  const [permissionsFrom, permissionsTo] = prefixRange('p');
  for (let at = permissionsFrom; ; ) {
    const entry = state.first(at, permissionsTo);
    if (entry === undefined) break;
    const level = { actor: u64FromKey(entry.key, 1) as Name, permission: u64FromKey(entry.key, 9) as Name };
    const { parent, authority } = decodePermission(entry.value);
    indexPermission(state, level, parent, authority, undefined);
    at = keyAfter(entry.key);
  }
  const [linksFrom, linksTo] = prefixRange('l');
  for (let at = linksFrom; ; ) {
    const entry = state.first(at, linksTo);
    if (entry === undefined) break;
    const permission = new DataView(entry.value.buffer, entry.value.byteOffset, 8).getBigUint64(0, true) as Name;
    indexLink(state, u64FromKey(entry.key, 1) as Name, permission, linkTarget(entry.key));
    at = keyAfter(entry.key);
  }
}

/** The value of an entry. One byte, since not every store takes empty values. */
const PRESENT = new Uint8Array(1);

const keyPrefix = (key: PublicKey): StateKey => `wk${bytesKey(key)}`;
const actorPrefix = (actor: Name): StateKey => `wa${nameKey(actor)}`;
const levelPrefix = ({ actor, permission }: PermissionLevel): StateKey => actorPrefix(actor) + nameKey(permission);
const linkPrefix = (account: Name, permission: Name): StateKey => `wl${nameKey(account)}${nameKey(permission)}`;
const parentPrefix = (account: Name, parent: Name): StateKey => `wp${nameKey(account)}${nameKey(parent)}`;

function authorizerKeys(level: PermissionLevel, { keys, accounts }: Authority): StateKey[] {
  const suffix = nameKey(level.actor) + nameKey(level.permission);
  return [
    ...keys.map(({ key }) => keyPrefix(key) + suffix),
    ...accounts.map(({ permission }) => levelPrefix(permission) + suffix),
  ];
}

/** Code and action: the last two fields of a link, in either of its entries. */
function linkTarget(key: StateKey): LinkTarget {
  return { code: u64FromKey(key, key.length - 16) as Name, action: u64FromKey(key, key.length - 8) as Name };
}

/** Keys and accounts of all authorities that one query looks at: a tenth of a second. */
const ITEMS_MAX = 500_000;

type Matcher = (entry: StateKey, authorizer: AuthorizerMatch['authorizer']) => AuthorizerMatch;

/** Makes matches of index entries. A permission that is found by many authorizers is decoded once. */
function matcher(state: StateReader): Matcher {
  const decoded = new Map<StateKey, Authority>();
  let items = 0;
  return (entry, authorizer) => {
    const account = u64FromKey(entry, entry.length - 16) as Name;
    const permission = u64FromKey(entry, entry.length - 8) as Name;
    const levelKey = entry.slice(entry.length - 16);
    const authority = decoded.get(levelKey) ?? getPermission(state, account, permission)!.authority;
    decoded.set(levelKey, authority);
    const { threshold, keys, accounts } = authority;
    items += keys.length + accounts.length;
    if (items > ITEMS_MAX) {
      reject('snap_output_too_large', 'the permissions that fit have too many keys and accounts to look through');
    }
    const factor =
      authorizer.kind === 'key'
        ? keys.find(({ key }) => equalBytes(key, authorizer.key))
        : accounts.find(
            ({ permission: { actor, permission: name } }) =>
              actor === authorizer.level.actor && name === authorizer.level.permission,
          );
    return { account, permission, authorizer, weight: factor!.weight, threshold };
  };
}

function keysWithPrefix(state: StateReader, prefix: StateKey, limit: number): StateKey[] {
  const [from, to] = prefixRange(prefix);
  const found: StateKey[] = [];
  for (let at = from; found.length < limit; ) {
    const entry = state.first(at, to);
    if (entry === undefined) break;
    found.push(entry.key);
    at = keyAfter(entry.key);
  }
  return found;
}
