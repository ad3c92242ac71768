/** Permissions and authorities as people write them. */
import { compareBytes, parsePublicKey } from '@snapscale/crypto';
import {
  type Authority,
  authoritySchema,
  formatName,
  type Json,
  type PermissionLevel,
  parseName,
} from '@snapscale/protocol';
import { invalid } from '../errors.js';

/** `alice@active`, `alice` (its active permission), or an object. */
export type PermissionInput = string | { readonly actor: string; readonly permission: string };

/** Reads a permission. @throws SnapError, FormatError */
export function parsePermission(input: PermissionInput): PermissionLevel {
  if (typeof input !== 'string') return { actor: parseName(input.actor), permission: parseName(input.permission) };
  const [actor = '', permission = 'active', ...rest] = input.split('@');
  if (actor === '' || permission === '' || rest.length > 0) {
    return invalid(`${JSON.stringify(input)} is not a permission like alice@active`);
  }
  return { actor: parseName(actor), permission: parseName(permission) };
}

/** The text of a permission: `alice@active`. */
export function formatPermission({ actor, permission }: PermissionLevel): string {
  return `${formatName(actor)}@${formatName(permission)}`;
}

/**
 * Reads an authority: a public key (that key alone), `bob` or `bob@active` (that permission alone), or the JSON of an
 * authority, as text or value. Its items are put into the order that the chain demands.
 * @throws SnapError, FormatError, CryptoError
 */
export function parseAuthority(input: string | Json): Authority {
  if (typeof input !== 'string') return sorted(authoritySchema.fromJson({ ...emptyLists, ...(input as object) }));
  const text = input.trim();
  if (text.startsWith('{')) return parseAuthority(jsonOf(text));
  if (/^(EOS[1-9A-HJ-NP-Za-km-z]{20,}|PUB_)/.test(text)) {
    return { threshold: 1, keys: [{ key: parsePublicKey(text), weight: 1 }], accounts: [], waits: [] };
  }
  return { threshold: 1, keys: [], accounts: [{ permission: parsePermission(text), weight: 1 }], waits: [] };
}

const emptyLists = { keys: [], accounts: [], waits: [] };

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return invalid('the authority begins with { but is not JSON');
  }
}

function sorted(authority: Authority): Authority {
  const byLevel = (a: PermissionLevel, b: PermissionLevel): number =>
    a.actor === b.actor ? (a.permission < b.permission ? -1 : 1) : a.actor < b.actor ? -1 : 1;
  return {
    threshold: authority.threshold,
    keys: [...authority.keys].sort((a, b) => compareBytes(a.key, b.key)),
    accounts: [...authority.accounts].sort((a, b) => byLevel(a.permission, b.permission)),
    waits: [...authority.waits].sort((a, b) => a.waitSec - b.waitSec),
  };
}
